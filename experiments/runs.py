"""The trainings that the tables start from: which there are, which are missing, and how long those will take."""

import contextlib
import csv
import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cyclegan_keras.config import RunConfig
from cyclegan_keras.corpora.clips import Split, domain, split_clips
from cyclegan_keras.corpora.demo_speech import DEMO_MARK
from cyclegan_keras.corpora.ravdess import index_clips
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.cli import EXIT_INTERRUPTED
from cyclegan_keras.shared.errors import InputError, RunError
from cyclegan_keras.shared.run_directory import RunDirectory

ROWS_FOR_PACE = 50
"""The newest steps of a ``train.csv`` whose median is a run's pace."""


@dataclass(frozen=True)
class Settings:
    """What a person chose for the tables; ``epochs`` 0 leaves them to the preset and the table."""

    data: Path
    preset: str
    epochs: int
    runs: Path
    clips: Path | None
    report_outputs: Path | None
    faces: Path
    results: Path
    as_is: bool = False
    train_options: tuple[str, ...] = ()

    @property
    def demo(self) -> bool:
        """Whether the recordings are the synthetic ones of the demo corpus."""
        return (self.data / DEMO_MARK).exists()

    def epochs_for(self, reports: int) -> int:
        """Epochs of a training that has ``reports`` of them in the report."""
        epochs = reports if self.preset.startswith("report") else PRESETS[self.preset].train.epochs
        return self.epochs or epochs

    def split(self) -> Split:
        """The clips of the data set, divided."""
        return split_clips(index_clips(self.data))


@dataclass(frozen=True)
class Needed:
    """A training that a table needs; ``options`` are those of the train command line beside the usual."""

    pair: str
    preset: str
    epochs: int
    n_resnet: int
    filters: int
    image_size: int
    directory: RunDirectory
    options: tuple[str, ...]

    def epoch(self) -> int:
        """The epoch whose weights stand for this training: the last until ``epochs``, or 0 where there are none."""
        there = self.directory.epochs()
        until = [epoch for epoch in there if epoch <= self.epochs]
        return until[-1] if until else min(there, default=0)

    def is_done(self) -> bool:
        """Whether there is nothing left to train."""
        return max(self.directory.epochs(), default=0) >= self.epochs

    def plan(self, settings: Settings) -> str:
        """Say what becomes of this training: reused, resumed or trained, and how long that takes."""
        epoch, path = self.epoch(), self.directory.path
        if self.is_done() or settings.as_is:
            return f"{path}: epoch {epoch} of {self.epochs}, as it is" if epoch else f"{path}: not there, left out"
        left = self.epochs - epoch
        what = f"to be resumed after epoch {epoch}" if epoch else "to be trained"
        what += f", {left} epoch{'s' if left > 1 else ''}"
        if not settings.data.exists():
            return f"{path}: {what} on a demo corpus that is not made yet"
        steps = self._epoch_steps(settings)
        return f"{path}: {what} of {steps} steps, {how_long(left * steps, _pace(self, settings))}"

    def train(self, settings: Settings) -> None:
        """Train, or resume, what is missing, by the train command line.

        Raises
        ------
        InputError
            An emotion has no clips to train on.
        RunError
            Training ended with an error, which it has said.
        """
        if settings.as_is or self.is_done():
            return
        self._epoch_steps(settings)
        command = [sys.executable, "-m", "cyclegan_keras.train", "--pair", self.pair, "--data", str(settings.data)]
        command += ["--preset", self.preset, "--epochs", str(self.epochs), "--run-dir", str(self.directory.path)]
        with subprocess.Popen([*command, *self.options]) as training:
            while training.poll() is None:
                with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C reaches it as well, and it saves first
                    training.wait()
        status = training.returncode
        if status == EXIT_INTERRUPTED:
            raise KeyboardInterrupt
        if status:
            raise RunError(f"{self.directory.path}: training ended with status {status}; the same command resumes it")

    def _epoch_steps(self, settings: Settings) -> int:
        train = settings.split().train
        clips_a, _ = (domain(train, emotion) for emotion in split_pair(self.pair))
        return len(clips_a)


def needed(settings: Settings, pair: str, reports_epochs: int, n_resnet: int = 6, image_size: int = 0) -> Needed:
    """Name the training of a pair with the settings' preset, at another depth or size where asked."""
    chosen = PRESETS[settings.preset]
    image_size = image_size or chosen.spectrogram.image_size
    options: tuple[str, ...] = ()
    preset = settings.preset
    if n_resnet != chosen.model.n_resnet:
        options += ("--n-resnet", str(n_resnet))
    if image_size != chosen.spectrogram.image_size:
        preset = next(name for name, other in PRESETS.items() if other.spectrogram.image_size == image_size)
        options += ("--filters", str(chosen.model.filters), "--output-init", chosen.model.output_init)
        options += ("--update", chosen.train.update)
        # So that a training stopped early can be shown as far as it got.
        options += ("--snapshot-every", str(chosen.train.snapshot_every))
    name = f"{pair}-{settings.preset}"
    name += f"-{n_resnet}-blocks" if n_resnet != chosen.model.n_resnet else ""
    name += f"-{image_size}" if image_size != chosen.spectrogram.image_size else ""
    return Needed(
        pair, preset, settings.epochs_for(reports_epochs), n_resnet, chosen.model.filters, image_size,
        RunDirectory(settings.runs / name), (*options, *settings.train_options),
    )  # fmt: skip


def describe(run: Needed) -> str:
    """A caption's part on a training: preset, networks, epoch and seed."""
    config = RunConfig.load(run.directory.config_file)
    height, width, _ = config.spectrogram.image_shape
    return (
        f"{config.pair}: preset {config.preset}, {height} x {width}, "
        f"{config.model.filters} filters, {config.model.n_resnet} blocks, epoch {run.epoch()} of {run.epochs}, "
        f"seed {config.train.seed}"
    )


def commit_here() -> str:
    """The commit that the code is at, with a mark where files differ from it; "unknown" outside a repository."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=7"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent)
    except FileNotFoundError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def how_long(steps: int, pace: float) -> str:
    """Say how long steps take at so many seconds each; 0 is a pace that is not known."""
    if not pace:
        return "at a pace not known here (make resources measures it)"
    return f"about {steps * pace / 3600:.1f} h" if steps * pace > 5400 else f"about {steps * pace / 60:.0f} min"


def log_pace(losses_file: Path) -> float:
    """Seconds a step by the newest rows of a ``train.csv``; 0 where there are none that can be read."""
    try:
        with losses_file.open(encoding="utf-8", errors="replace") as rows:
            seconds = [float(row["seconds"]) for row in csv.DictReader(rows)]
        return statistics.median(seconds[-ROWS_FOR_PACE:])
    except (OSError, KeyError, TypeError, ValueError, statistics.StatisticsError):
        return 0.0


def _pace(run: Needed, settings: Settings) -> float:
    """Seconds a step of networks like a run's, from its own steps, another run's, or ``resources``; 0 if none."""
    for file in (run.directory.losses_file, *sorted(settings.runs.glob("*/train.csv"))):
        other = RunDirectory(file.parent)
        try:
            config = RunConfig.load(other.config_file)
            like = (config.spectrogram.image_size, config.model.filters, config.model.n_resnet)
            if file.exists() and like == (run.image_size, run.filters, run.n_resnet):
                return log_pace(file)
        except InputError:
            continue  # a run that cannot be read tells no pace
    measured = settings.results / "resources" / "section.json"
    if measured.exists():
        for row in json.loads(measured.read_text(encoding="utf-8")).get("paces", ()):
            if (row["image_size"], row["filters"], row["n_resnet"]) == (run.image_size, run.filters, run.n_resnet):
                return row["seconds"]
    return 0.0
