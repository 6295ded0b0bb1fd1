"""The trainings that the tables start from: which there are, which are missing, and how long those will take."""

import datetime
import functools
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.demo_speech import DEMO_MARK
from cyclegan_keras.corpora.index import index_clips
from cyclegan_keras.corpora.split import Split, split_clips
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.run_directory import RunDirectory
from cyclegan_keras.shared.stored import StoredConfig
from experiments.losses import is_of, loss_rows
from experiments.pace import processor
from experiments.results import YIELD, read_json

PRESETS_OF_TABLES = ("report", "cpu")
"""The presets that tables are made by: the report's system, at its width and at a quarter of it."""


@dataclass(frozen=True)
class Settings:
    """What a person chose for the tables; ``epochs`` 0 leaves them to the preset and the table."""

    data: Path
    preset: str
    epochs: int
    runs: Path
    clips: Path | None
    report_outputs: Path | None
    faces: Path | None
    results: Path
    emodb: Path | None = None
    published: Path | None = None
    as_is: bool = False

    @property
    def demo(self) -> bool:
        """Whether the recordings are the synthetic ones of the demo corpus."""
        return (self.data / DEMO_MARK).exists()

    def epochs_for(self, reports: int) -> int:
        """Epochs of a training that has ``reports`` of them in the report."""
        epochs = reports if self.preset.startswith("report") else PRESETS[self.preset].train.epochs
        return self.epochs or epochs

    @functools.cached_property
    def clips_of_data(self) -> list[Clip]:
        """The clips of the data set."""
        return index_clips(self.data)

    def split(self) -> Split:
        """The clips of the data set, divided."""
        return split_clips(self.clips_of_data)


@dataclass(frozen=True)
class Training:
    """A training that a table needs, in its run directory. Its yield is stored under the same name."""

    directory: RunDirectory
    epochs: int

    @property
    def name(self) -> str:
        """The name of its run directory and of its yield, such as ``calm_anger-cpu``."""
        return self.directory.path.name

    def epoch(self) -> int:
        """The epoch to measure: the last with weights up to ``epochs``, else the first beyond; 0 if there are none."""
        there = self.directory.epochs()
        until = [epoch for epoch in there if epoch <= self.epochs]
        return until[-1] if until else min(there, default=0)

    def is_done(self) -> bool:
        """Whether there is nothing left to train."""
        return max(self.directory.epochs(), default=0) >= self.epochs

    def is_due(self, settings: Settings) -> bool:
        """Whether to train now: not if all is trained or measured, nor with ``--as-is``."""
        return not (settings.as_is or self.is_done() or self.has_yielded(settings))

    def stored(self, settings: Settings) -> tuple[Path, int]:
        """The folder of its yield and the epoch measured there; a published one if there are no weights here."""
        folders = [settings.results, *([settings.published] if settings.published and not self.epoch() else ())]
        found = ((folder / self.name, read_json(folder / self.name / YIELD)) for folder in folders)
        epochs = [(path, each["training"]["epoch"]) for path, each in found if each and self.made(each)]
        return max(epochs, key=lambda each: each[1], default=(folders[0] / self.name, 0))

    def made(self, stored: dict) -> bool:
        """Whether a yield is of the training that is here, if one is."""
        return not self.epoch() or is_of(stored, self.directory.losses_file, stored["training"]["epoch"])

    def has_yielded(self, settings: Settings) -> bool:
        """Whether so many epochs were measured already."""
        return self.stored(settings)[1] >= self.epochs

    def plan(self, settings: Settings) -> str:
        """Describe the plan for this training: reuse, resume or train, and the expected time."""
        epoch, path = self.epoch(), self.directory.path
        folder, measured = self.stored(settings)
        if measured >= self.epochs:
            asked = f", and {self.epochs} asked for" if measured > self.epochs else ""
            return f"{path}: epoch {measured} is measured{asked}: {folder}"
        if self.is_done() or settings.as_is:
            return f"{path}: epoch {epoch} of {self.epochs}, as it is" if epoch else f"{path}: not there, left out"
        left = self.epochs - epoch
        what = f"to be resumed after epoch {epoch}" if epoch else "to be trained"
        return f"{path}: {what}, {left} epoch{'s' if left > 1 else ''} {self.left(left, settings)}"

    def left(self, epochs: int, settings: Settings) -> str:
        """Say how many steps so many epochs are, and how long they take."""
        raise NotImplementedError

    def described(self, settings: Settings, config: StoredConfig, pair: str) -> dict:
        """Describe how far the training came, on which processor and in how many hours, for the page.

        The hours are the steps times their median, which a training that was suspended within a step does not change.
        """
        seconds = [float(row["seconds"]) for row in loss_rows(self.directory.losses_file, self.epoch())]
        hours = len(seconds) * statistics.median(seconds or [0.0]) / 3600
        height, width, _ = config.image_shape
        return {
            "pair": pair, "preset": settings.preset, "image": f"{height} x {width}", "filters": config.model.filters,
            "n_resnet": config.model.n_resnet, "epoch": self.epoch(), "epochs": self.epochs,
            "seed": config.train.seed, "precision": config.train.precision, "steps": len(seconds),
            "hours": round(hours, 2), "processor": processor(), "demo": settings.demo,
            "commit": commit_here(), "date": datetime.date.today().isoformat(),
        }  # fmt: skip


def commit_here() -> str:
    """The commit that the code is at, with a mark where files differ from it; "unknown" outside a repository."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=7"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent)
    except FileNotFoundError:
        return "unknown"
    return done.stdout.strip() or "unknown"
