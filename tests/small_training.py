"""A training small enough for tests: two filters, one ResNet block, images of 64 x 64."""

import csv
import dataclasses
import shutil
from pathlib import Path

import numpy as np
import tensorflow as tf

from cyclegan_keras.config import ConversionConfig, ModelConfig, RunConfig, SpectrogramConfig, TrainConfig
from cyclegan_keras.conversion.recording import Recording
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory
from cyclegan_keras.training import loop
from cyclegan_keras.training.snapshots import Sample


def run_config(preset: str = "cpu", **changes) -> RunConfig:
    """A run's configuration, by default that of a preset."""
    chosen = PRESETS[preset]
    values = {"pair": "calm_fearful", "preset": preset, "data": "/data", "data_key": "0" * 16, **vars(chosen)}
    return RunConfig(**{**values, **changes})


def finished_copy(trained, folder) -> RunDirectory:
    """A copy of a training that `--steps` ended, as if it had ended by itself."""
    run = RunDirectory(shutil.copytree(trained, folder))
    config = RunConfig.load(run.config_file)
    dataclasses.replace(config, train=dataclasses.replace(config.train, epochs=1)).save(run.config_file)
    return run


# The precision is fixed: what `auto` chooses depends on the machine.
OPTIONS = ["--pair", "calm_fearful", "--preset", "cpu", "--precision", "float32"]
OPTIONS += ["--filters", "2", "--n-resnet", "1", "--steps", "3"]
"""Of the command line, as the fixture ``trained_run`` trains."""

SMALL = SpectrogramConfig(n_fft=126, hop_length=64, n_frames=64, image_size=64, griffin_lim_iterations=2)
CONFIG = run_config(
    "cpu-plus",
    spectrogram=SMALL,
    model=ModelConfig(filters=2, n_resnet=1, output_init="data"),
    train=TrainConfig(epochs=2, pool_size=2, snapshot_every=1, update="joint", average_decay=0.9),
    conversion=ConversionConfig("source", 1.5, 1.5),
)
CLIPS, STEPS = 4, 6
"""Two epochs of four steps each, stopped in the middle of the second."""

NAMES = tuple([f"{domain}{i}.wav" for i in range(CLIPS)] for domain in "ab")


class Recorder:
    """An observer that asks to stop after some steps, and remembers what it was told."""

    def __init__(self, stop_after: int | None = None):
        self.stop_after = stop_after
        self.steps, self.epochs, self.resumes, self.lost = 0, [], [], None

    def resumed(self, step, damaged):
        self.resumes.append((step, [prefix.rpartition("/")[2] for prefix in damaged]))

    def rows_lost(self, file, rows):
        self.lost = (file.rpartition("/")[2], rows)

    def epoch_begins(self, epoch, first_step, steps):
        self.epochs.append((epoch, first_step, steps))

    def step_done(self, losses):
        self.steps += 1

    def stop_requested(self):
        return self.steps == self.stop_after


def images(seed: int) -> np.ndarray:
    """The images of a domain."""
    return np.random.default_rng(seed).uniform(-1, 1, (CLIPS, *SMALL.image_shape)).astype(np.float32)


def sample(direction: str) -> Sample:
    """A clip to convert at every snapshot."""
    waveform = np.random.default_rng(9).normal(0, 0.1, SMALL.n_samples).astype(np.float32)
    spectrogram = images(9)[0, :, :, 0]
    return Sample(f"clip_{direction}", Recording(waveform, spectrogram, 1.0, waveform))


SAMPLES = {direction: [sample(direction)] for direction in DIRECTIONS}


def train(path: Path, last_step=STEPS, config=CONFIG, stop_after=None, samples=SAMPLES, **options):
    """Train in a run directory; whether it finished, and what its observer saw."""
    run, observer = RunDirectory(path), Recorder(stop_after)
    loop.open_run(run, config)
    domains = [loop.Domain(images(seed), names) for seed, names in zip((1, 2), NAMES)]
    return loop.train(config, run, *domains, samples, last_step, observer, **options), observer


def losses(run: Path) -> list[dict[str, str]]:
    """The rows of a run's ``train.csv``, without how long a step took and the row's check."""
    with RunDirectory(run).losses_file.open() as file:
        return [{k: v for k, v in row.items() if k not in ("seconds", "crc32")} for row in csv.DictReader(file)]


def checkpointed(run: Path) -> dict[str, np.ndarray]:
    """Every tensor of a run's newest checkpoint."""
    newest = max(RunDirectory(run).checkpoints.glob("*.index"), key=lambda file: int(file.stem.partition("-")[2]))
    reader = tf.train.load_checkpoint(str(newest.with_suffix("")))
    names = [name for name in reader.get_variable_to_shape_map() if "OBJECT_GRAPH" not in name]
    return {name: reader.get_tensor(name) for name in names}
