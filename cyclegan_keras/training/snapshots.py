"""Snapshots: both generators' weights at the end of an epoch, and sample clips as they convert them."""

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from cyclegan_keras.audio.files import save_waveform
from cyclegan_keras.config import RunConfig
from cyclegan_keras.conversion.convert import convert
from cyclegan_keras.conversion.recording import Recording
from cyclegan_keras.conversion.settings import run_settings
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.networks.weights import save_weights
from cyclegan_keras.shared import plots
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory
from cyclegan_keras.training.logs import RunLogs
from cyclegan_keras.training.state import TrainState


@dataclass(frozen=True)
class Sample:
    """A clip that is converted at every snapshot, the same one throughout a run."""

    name: str
    recording: Recording


def write_snapshot(
    state: TrainState,
    config: RunConfig,
    run: RunDirectory,
    epoch: int,
    samples: dict[str, Sequence[Sample]],
    logs: RunLogs,
) -> None:
    """Write both generators' weights of an epoch, and the sample clips of each direction, if there are any."""
    with state.finished_generators() as generators:
        for direction, generator in zip(DIRECTIONS, generators, strict=True):
            save_weights(run.weights_file(epoch, direction), generator)
            if samples[direction]:
                _write_samples(generator, config, run, epoch, direction, samples[direction], logs)


def _write_samples(
    generator: tf.keras.Model,
    config: RunConfig,
    run: RunDirectory,
    epoch: int,
    direction: str,
    samples: Sequence[Sample],
    logs: RunLogs,
) -> None:
    analysis, folder, reverse = config.spectrogram, run.samples(epoch), direction == DIRECTIONS[1]
    source, target = split_pair(config.pair)[:: -1 if reverse else 1]
    settings = run_settings(run, config, reverse)
    converted = [convert(sample.recording, generator, analysis, settings) for sample in samples]
    figure = plots.spectrogram_grid(
        [[each.source, each.converted] for each in converted],
        [source, f"{target}, epoch {epoch}"],
        [sample.name for sample in samples],
        analysis,
    )
    plots.save_figure(figure, folder / f"{direction}.png")
    logs.write_picture(direction, plots.figure_pixels(figure))
    for sample, conversion in zip(samples, converted, strict=True):
        save_waveform(folder / f"{sample.name}_{target}.wav", conversion.waveform, analysis.sample_rate)
        logs.write_audio(f"{direction}/{sample.name}", conversion.waveform, analysis.sample_rate)
