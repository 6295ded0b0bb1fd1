"""How long a training takes: its pace by trainings that were made on this machine, or on such a processor."""

import os
import platform
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cyclegan_keras.config import RunConfig
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.machine import processor_flags
from cyclegan_keras.shared.run_directory import RunDirectory
from cyclegan_keras.shared.terminal import readable_duration
from experiments.losses import loss_rows
from experiments.results import YIELD, read_json

ROWS_FOR_PACE = 50
"""The newest steps of a run, whose median is its pace."""


class Size(NamedTuple):
    """What decides a step's seconds: the image's width in pixels, the first layer's channels, the ResNet blocks."""

    image: int
    filters: int
    n_resnet: int


def processor() -> str:
    """The processor's name and the number of its cores that this machine has."""
    lines = processor_flags().splitlines()
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{name}, {os.cpu_count()} cores"


def how_long(steps: int, pace: float) -> str:
    """Say how long steps take at so many seconds each; 0 is a pace that is not known."""
    return f"about {readable_duration(steps * pace)}" if pace else "at a pace not known yet"


def log_pace(losses_file: Path) -> float:
    """Seconds a step by the newest rows of a ``train.csv``; 0 where there are none that can be read."""
    try:
        return statistics.median(float(row["seconds"]) for row in loss_rows(losses_file)[-ROWS_FOR_PACE:])
    except (OSError, KeyError, statistics.StatisticsError):
        return 0.0


def pace_of(size: Size, own_losses: Path, runs: Path, yields: Sequence[Path]) -> float:
    """Seconds a step of networks of a size; 0 if nothing tells them.

    Parameters
    ----------
    size : Size
    own_losses : Path
        ``train.csv`` of the training itself, which comes first.
    runs : Path
        Folder of run directories of this machine.
    yields : sequence of Path
        Folders of yields, of which those made on such a processor count.
    """
    for file in (own_losses, *sorted(runs.glob("*/train.csv"))):
        try:
            config = RunConfig.load(RunDirectory(file.parent).config_file)
        except InputError:
            continue  # a run that cannot be read tells no pace
        if file.exists() and size == (config.spectrogram.image_size, config.model.filters, config.model.n_resnet):
            return log_pace(file)
    measured = (pace for folder in yields for pace in _paces_of_yields(folder))
    return next((seconds for of, seconds in measured if of == size and seconds), 0.0)


def _paces_of_yields(folder: Path) -> Iterator[tuple[Size, float]]:
    """The sizes and paces of trainings, and of Section 5.3's timings, on this processor by the yields in a folder."""
    for stored in map(read_json, sorted(folder.glob(f"*/{YIELD}"))):
        training = stored.get("training", {})
        if training.get("processor") == processor() and training["steps"]:
            size = Size(int(training["image"].split()[0]), training["filters"], training["n_resnet"])
            yield size, training["hours"] * 3600 / training["steps"]
        if stored.get("machine", "").startswith(processor()):
            for timed in stored["paces"]:
                yield Size(timed["image_size"], timed["filters"], timed["n_resnet"]), timed["seconds"]
