"""Recordings converted one after another, from file to file."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cyclegan_keras.audio.files import read_sound, save_waveform, without_offset_and_rumble
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion.convert import convert
from cyclegan_keras.conversion.jobs import Job
from cyclegan_keras.conversion.recording import analyse_sound
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.conversion.summary import Summary, summarise
from cyclegan_keras.shared.cli import printable
from cyclegan_keras.shared.errors import InputError

if TYPE_CHECKING:  # models without a network do without TensorFlow
    import tensorflow as tf


class Output(NamedTuple):
    """What is written of each clip.

    Attributes
    ----------
    picture : (source emotion, target emotion), optional
        Draw both spectrograms beside the sound, under these titles.
    keep_rate : bool
        Write the recording's own rate, with what it has above the analysis's range.
    """

    picture: tuple[str, str] | None = None
    keep_rate: bool = False


class BatchObserver(Protocol):
    """Callbacks of a batch."""

    def not_read(self, job: Job, error: InputError) -> None:
        """A clip cannot be used; raising the error ends the batch."""

    def written(self, job: Job, paths: Sequence[Path], summary: Summary) -> None:
        """A conversion is complete in these files."""


def convert_batch(
    jobs: Sequence[Job],
    load: Callable[[], "tf.keras.Model"],
    config: SpectrogramConfig,
    settings: ConversionSettings,
    output: Output,
    observer: BatchObserver,
) -> None:
    """Convert recordings into files.

    Parameters
    ----------
    jobs : sequence of Job
    load : callable
        Loads the generator; called if ``settings`` use a network.
    config : SpectrogramConfig
    settings : ConversionSettings
    output : Output
    observer : BatchObserver
    """
    generator = load() if settings.uses_network else None
    for job in jobs:
        try:
            written = convert_file(job, generator, config, settings, output)
        except InputError as error:
            observer.not_read(job, error)
        else:
            observer.written(job, *written)


def convert_file(
    job: Job,
    generator: "tf.keras.Model | None",
    config: SpectrogramConfig,
    settings: ConversionSettings,
    output: Output,
) -> tuple[list[Path], Summary]:
    """Convert a recording into a WAV file, and draw both spectrograms as PNG if requested.

    Returns
    -------
    written : list of Path
    summary : Summary

    Raises
    ------
    InputError
        The recording cannot be used, or becomes shorter than one analysis window; the message names it.
    """
    sound = without_offset_and_rumble(read_sound(job.clip))
    recording = analyse_sound(sound, str(job.clip), config, settings.move_before)
    full_band = sound if output.keep_rate else None
    del sound  # ten minutes take much memory
    try:
        conversion = convert(recording, generator, config, settings, full_band)
    except InputError as error:
        raise InputError(f"{job.clip}: once moved, {error}; give a longer recording") from None
    save_waveform(job.output, conversion.waveform, conversion.sample_rate)
    summary = summarise(recording, conversion, config)
    if not output.picture:
        return [job.output], summary
    from cyclegan_keras.shared.plots import save_figure, spectrogram_grid

    file = job.output.with_suffix(".png")
    spectrograms = [[conversion.source, conversion.converted]]
    save_figure(spectrogram_grid(spectrograms, output.picture, [printable(job.clip.name)], config), file)
    return [job.output, file], summary
