"""The trainings of speech, by the train command line."""

import subprocess
import sys
from dataclasses import dataclass

from cyclegan_keras.config import RunConfig
from cyclegan_keras.corpora.clips import domain
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.cli import EXIT_INTERRUPTED, EXIT_USAGE
from cyclegan_keras.shared.errors import InputError, RunError
from cyclegan_keras.shared.run_directory import RunDirectory
from experiments.pace import Size, how_long, pace_of
from experiments.runs import Settings, Training


@dataclass(frozen=True)
class SpeechTraining(Training):
    """A training of speech; ``options`` are those of the train command line beside the usual."""

    pair: str
    preset: str
    n_resnet: int
    filters: int
    image_size: int
    options: tuple[str, ...]

    def left(self, epochs: int, settings: Settings) -> str:
        """Say how many steps so many epochs are, and how long they take."""
        if not settings.data.exists():
            return "on a demo corpus that is not made yet"
        steps = self._epoch_steps(settings)
        size = Size(self.image_size, self.filters, self.n_resnet)
        folders = [folder for folder in (settings.results, settings.published) if folder]
        pace = pace_of(size, self.directory.losses_file, settings.runs, folders)
        return f"of {steps} steps, {how_long(epochs * steps, pace)}"

    def train(self, settings: Settings) -> None:
        """Train what is missing with the train command line.

        Raises
        ------
        InputError
            An emotion has no clips to train on.
        RunError
            Training ended with an error, which it has said.
        """
        if not self.is_due(settings):
            return
        self._epoch_steps(settings)
        command = [sys.executable, "-m", "cyclegan_keras.train", "--pair", self.pair, "--data", str(settings.data)]
        command += ["--preset", self.preset, "--epochs", str(self.epochs), "--run-dir", str(self.directory.path)]
        interrupted = False
        with subprocess.Popen([*command, *self.options]) as training:
            while training.poll() is None:
                try:
                    training.wait()
                except KeyboardInterrupt:  # Ctrl-C reaches it as well, and it saves first
                    interrupted = True
        status = training.returncode
        if interrupted or status == EXIT_INTERRUPTED:
            raise KeyboardInterrupt
        if status:
            next_step = "as said above" if status == EXIT_USAGE else "the same command resumes it"
            raise RunError(f"{self.directory.path}: training ended with status {status}; {next_step}")

    def refuse_other_options(self, config: RunConfig) -> None:
        """Refuse a run that was trained by other options than the tables', which ``train`` may give the same name.

        Raises
        ------
        InputError
            What differs is named.
        """
        wanted = {
            "n_resnet": (self.n_resnet, config.model.n_resnet), "filters": (self.filters, config.model.filters),
            "image_size": (self.image_size, config.spectrogram.image_size),
            "update": ("alternating", config.train.update), "batch_size": (1, config.train.batch_size),
            "unseen_speakers": ("", config.unseen_speakers),
        }  # fmt: skip
        differing = [name for name, (tables, of_run) in wanted.items() if tables != of_run]
        if differing:
            raise InputError(
                f"{self.directory.path}: trained otherwise than the tables ask for ({', '.join(differing)} differ); "
                "rename it, or give another --runs (RUNS=)"
            )

    def _epoch_steps(self, settings: Settings) -> int:
        train = settings.split().train
        clips_a, _ = (domain(train, emotion) for emotion in split_pair(self.pair))
        return len(clips_a)


def needed(
    settings: Settings, pair: str, reports_epochs: int, n_resnet: int = 6, image_size: int = 0
) -> SpeechTraining:
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
        # So that a training stopped early can be shown as far as it got.
        options += ("--snapshot-every", str(chosen.train.snapshot_every))
    name = f"{pair}-{settings.preset}"
    name += f"-{n_resnet}-blocks" if n_resnet != chosen.model.n_resnet else ""
    name += f"-{image_size}" if image_size != chosen.spectrogram.image_size else ""
    return SpeechTraining(
        RunDirectory(settings.runs / name), settings.epochs_for(reports_epochs), pair, preset, n_resnet,
        chosen.model.filters, image_size, options,
    )  # fmt: skip
