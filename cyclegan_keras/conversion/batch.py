"""Many recordings converted at once: one process reads and writes sound while this one runs the network."""

import atexit
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from cyclegan_keras.audio.files import read_sound, save_waveform, without_offset_and_rumble
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion.convert import generate, synthesise
from cyclegan_keras.conversion.jobs import Job, grouped
from cyclegan_keras.conversion.recording import Recording, read_recording
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.conversion.summary import Summary, summarise
from cyclegan_keras.shared.cli import printable
from cyclegan_keras.shared.errors import InputError, RunError

if TYPE_CHECKING:  # TensorFlow takes seconds to import, and librosa is imported meanwhile by the other process.
    import tensorflow as tf

Reading = list[tuple[Job, "Future[Recording]"]]
Writing = list[tuple[Job, "Future[tuple[list[Path], Summary]]"]]


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
    """Convert recordings into files, a few at a time.

    Parameters
    ----------
    jobs : sequence of Job
    load : callable
        Loads the generator; called while the first recordings are read, if ``settings`` use a network.
    config : SpectrogramConfig
    settings : ConversionSettings
    output : Output
    observer : BatchObserver

    Raises
    ------
    RunError
        The process that reads and writes sound was killed.
    """
    groups = list(grouped(jobs))
    with _sound_process() as sound:
        reading = _begin_reading(sound, groups[0], config, settings)
        generator = load() if settings.uses_network else None
        writing: Writing = []
        for upcoming in (*groups[1:], []):
            recordings = list(_finish_reading(reading, observer))
            reading = _begin_reading(sound, upcoming, config, settings)
            spectrograms = [recording.spectrogram for _, recording in recordings]
            generated = generate(spectrograms, generator, config, settings.shifts) if generator else spectrograms
            _finish_writing(writing, observer)
            writing = [
                (job, sound.submit(write, job, recording, spectrogram, config, settings, output))
                for (job, recording), spectrogram in zip(recordings, generated, strict=True)
            ]
        _finish_writing(writing, observer)


def write(
    job: Job,
    recording: Recording,
    generated: np.ndarray,
    config: SpectrogramConfig,
    settings: ConversionSettings,
    output: Output,
) -> tuple[list[Path], Summary]:
    """Write a conversion as WAV, and both spectrograms as PNG if requested.

    Returns
    -------
    written : list of Path
    summary : Summary

    Raises
    ------
    InputError
        The recording became shorter than one analysis window, as with a large strength; the message names it.
    """
    # Read again rather than kept in memory all the while.
    full_band = without_offset_and_rumble(read_sound(job.clip)) if output.keep_rate else None
    try:
        conversion = synthesise(recording, generated, config, settings, full_band)
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


def _begin_reading(
    sound: Executor, jobs: Sequence[Job], config: SpectrogramConfig, settings: ConversionSettings
) -> Reading:
    return [(job, sound.submit(read_recording, job.clip, config, settings.move_before)) for job in jobs]


def _finish_reading(reading: Reading, observer: BatchObserver) -> Iterator[tuple[Job, Recording]]:
    for job, future in reading:
        try:
            yield job, future.result()
        except InputError as error:
            observer.not_read(job, error)


def _finish_writing(writing: Writing, observer: BatchObserver) -> None:
    for job, future in writing:
        try:
            written = future.result()
        except InputError as error:
            observer.not_read(job, error)
        else:
            observer.written(job, *written)


@contextmanager
def _sound_process() -> Iterator[Executor]:
    executor = ProcessPoolExecutor(1, get_context("spawn"), initializer=_begin_sound_process)
    try:
        yield executor
    except BrokenProcessPool as error:
        raise RunError(
            "the process that reads and writes sound was killed, perhaps for lack of memory; convert shorter recordings"
        ) from error
    finally:
        executor.shutdown(cancel_futures=True)


def _begin_sound_process() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C for both
    import librosa.core.pitch  # noqa: F401  its numba functions load while the parent loads TensorFlow

    atexit.register(os._exit, 0)  # taking librosa's modules down would keep the parent waiting for half a second
