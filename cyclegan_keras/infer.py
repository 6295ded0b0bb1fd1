"""Command line: convert recordings. ``python -m cyclegan_keras.infer clip.wav --pair calm_fearful``."""

import argparse
import atexit
import os
import signal
import sys
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, List, NamedTuple, NoReturn, Optional, Sequence, Tuple

import numpy as np
import scipy.ndimage

from cyclegan_keras import audio
from cyclegan_keras.cli import EXIT_FAILED, CommandParser, end_at_once, printable, run_command
from cyclegan_keras.config import (
    PHASES,
    PRESETS,
    STRENGTH,
    STRENGTHS,
    Gains,
    RunConfig,
    SpectrogramConfig,
    StoredConfig,
    split_pair,
)
from cyclegan_keras.errors import InputError, RunError
from cyclegan_keras.machine import prepare_tensorflow
from cyclegan_keras.run_directory import DIRECTIONS, RunDirectory, newest_run

if TYPE_CHECKING:  # TensorFlow takes seconds to import; a mistyped option should be answered at once.
    import tensorflow as tf

RUNS = Path("runs")

GAIN_LIMIT_DB = 40.0
"""With the recording's own phase, what the generator may make of each bin: so much louder or so much fainter.

A phase fits the magnitudes it was measured with. Chosen on clips that were trained on: less costs transfer, and more
costs words and cleanness.
"""

ENVELOPE_BINS = 4.0
"""The standard deviation of the Gaussian along frequency that leaves the envelope of what is changed, in the
report's analysis 125 Hz, in windows twice as long 62 Hz: a voice's harmonics hardly pass either."""

SPINS = {"source": 4, "griffin-lim": 1}
"""By phase, the conversions of a clip, each with the image further on, that are averaged: strides repeat after four."""

WINDOWS_AT_ONCE = 4
"""Windows of a long clip that go through the generator together."""


CLIPS_AT_ONCE = 8
"""Clips that are read, converted and written together, if they are short; so many are held in memory three times."""

SECONDS_AT_ONCE = 600.0
"""The most that those clips last together, unless one alone lasts longer."""

CLIPS_TO_TRACE_FOR = 4
"""From so many clips on, tracing the generator takes less time than it saves."""


class Job(NamedTuple):
    """A recording and the file its conversion goes to."""

    clip: Path
    output: Path


class ConversionOptions(NamedTuple):
    """How clips are converted.

    ``phase`` is one of ``PHASES``; with the recording's own, what the generator changed is taken as ``gains``,
    ``strength`` times.
    """

    phase: str = PHASES[0]
    strength: float = STRENGTH
    gains: Gains = Gains()

    @property
    def moves(self) -> List[Tuple[int, int]]:
        """Bins and frames by which the image is moved before each of the conversions that are averaged."""
        return [(spin, spin * self.gains.frames_apart) for spin in range(SPINS[self.phase])]


class Conversion(NamedTuple):
    """A converted clip, and the spectrograms (in [-1, 1]) of its source and of what the generator made."""

    waveform: np.ndarray
    source: np.ndarray
    converted: np.ndarray


class Reading(NamedTuple):
    """A recording: its waveform, and its spectrogram with the STFT magnitude of 0 dB."""

    waveform: np.ndarray
    spectrogram: np.ndarray
    reference: float


def convert(
    waveform: np.ndarray,
    generator: "tf.keras.Model",
    config: SpectrogramConfig,
    how: ConversionOptions = ConversionOptions(),
) -> Conversion:
    """Convert a waveform of any length: windows with overlap, blended, then turned into sound as a whole.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,), dtype=float32]
        At ``config.sample_rate``.
    generator : tf.keras.Model
        From ``load_generator``.
    config : SpectrogramConfig
        The analysis that the generator was trained with.
    how : ConversionOptions

    Returns
    -------
    conversion : Conversion
        Its waveform has n samples and the source's RMS level, and never clips.

    Raises
    ------
    InputError
        The waveform is shorter than one analysis window.
    """
    spectrogram, reference = audio.waveform_to_spectrogram(waveform, config)
    (converted,) = repaint([spectrogram], generator, config, how.moves)
    sound = synthesise(Reading(waveform, spectrogram, reference), converted, config, how)
    return Conversion(sound, spectrogram, converted)


def repaint(
    spectrograms: Sequence[np.ndarray],
    generator: "tf.keras.Model",
    config: SpectrogramConfig,
    moves: Sequence[Tuple[int, int]] = ((0, 0),),
) -> List[np.ndarray]:
    """Convert spectrograms of any length; the windows of all go through the generator in batches.

    What a generator with strides makes depends on where the strides fall, and on how far off the image's borders are.
    The mean of several conversions, each with the image moved further (cycle spinning; Coifman & Donoho, 1995), is
    without that pattern.

    Parameters
    ----------
    spectrograms : sequence of np.ndarray [shape=(n_bins, frames)]
    generator, config
        As for ``convert``.
    moves : sequence of (int, int)
        For each of the conversions to average, by how many bins and frames the image is moved, round the ends.

    Returns
    -------
    converted : list of np.ndarray
        One for each, of the same shape.
    """
    if not spectrograms:
        return []
    windows = [audio.split_windows(spectrogram, config) for spectrogram in spectrograms]
    together = np.concatenate(windows)
    painted = np.zeros_like(together)
    for bins, frames in moves:
        moved = np.roll(together, (bins, frames), (1, 2))
        made = [
            generator(moved[start : start + WINDOWS_AT_ONCE], training=False).numpy()
            for start in range(0, len(moved), WINDOWS_AT_ONCE)
        ]
        painted += np.roll(np.concatenate(made), (-bins, -frames), (1, 2)) / len(moves)
    ends = np.cumsum([len(cut) for cut in windows])
    return [
        audio.blend_windows(images, spectrogram.shape[1], config)
        for images, spectrogram in zip(np.split(painted, ends[:-1]), spectrograms)
    ]


def synthesise(
    reading: Reading, converted: np.ndarray, config: SpectrogramConfig, how: ConversionOptions
) -> np.ndarray:
    """Turn a converted spectrogram into sound of the recording's duration and RMS level, which never clips.

    The phase is the recording's own, fitted to gains as ``change_gains`` makes them, or Griffin-Lim's, as the report's,
    with the spectrogram as it is.
    """
    if how.phase == "griffin-lim":
        sound = audio.spectrogram_to_waveform(converted, reading.reference, config, len(reading.waveform))
    else:
        changed = change_gains(reading.spectrogram, converted, config, how)
        gains = (changed - reading.spectrogram) / config.decibel
        sound = audio.apply_gains(reading.waveform, gains, config, how.gains.refinements)
    return audio.match_level(sound, reading.waveform)


def change_gains(
    source: np.ndarray, converted: np.ndarray, config: SpectrogramConfig, how: ConversionOptions
) -> np.ndarray:
    """Take what a generator changed as gains on the recording: smoothed along time, ``how.strength`` times, limited.

    What it changes from one frame to the next is mostly roughness. What is left is weaker, hence the strength.

    Parameters
    ----------
    source, converted : np.ndarray [shape=(n_bins, frames)]
        In [-1, 1].
    config : SpectrogramConfig
    how : ConversionOptions
        A strength of 1 takes the gains as they are, more overdoes them.

    Returns
    -------
    changed : np.ndarray [shape=(n_bins, frames)]
        -1 or more, without a ceiling beyond 1 as well, and within ``GAIN_LIMIT_DB`` of the source.
    """

    def smoothed(change: np.ndarray, seconds: float) -> np.ndarray:
        return scipy.ndimage.gaussian_filter1d(change, seconds * config.sample_rate / config.hop_length, axis=1)

    change = converted - source
    envelope = scipy.ndimage.gaussian_filter1d(change, ENVELOPE_BINS, axis=0)
    gains = smoothed(change - envelope, how.gains.harmonics_smoothing)
    gains += how.gains.envelope * smoothed(envelope, how.gains.envelope_smoothing)
    limit = GAIN_LIMIT_DB * config.decibel
    changed = source + np.clip(how.strength * gains, -limit, limit)
    return np.clip(changed, -1.0, 1.0 if how.gains.ceiling else None)


def load_generator(
    run: RunDirectory, config: StoredConfig, epoch: int, direction: str, traced: bool = True
) -> "tf.keras.Model":
    """Build a run's generator and load its weights of an epoch.

    Parameters
    ----------
    run : RunDirectory
    config : RunConfig or FaceRunConfig
        The run's own.
    epoch : int
    direction : str
        ``"a_to_b"`` or ``"b_to_a"``.
    traced : bool
        Trace the network at its first call, which pays from some four clips on.

    Raises
    ------
    InputError
        The weights are missing or damaged.
    RunError
        There is not enough memory for the network that the configuration describes.
    """
    import tensorflow as tf

    from cyclegan_keras.models import build_generator, load_weights

    model = config.model
    try:
        generator = build_generator(config.image_shape, model.n_resnet, model.filters, residual=model.residual)
    except tf.errors.ResourceExhaustedError:
        raise RunError(f"{run.config_file}: not enough memory for a network of {model.filters} filters") from None
    load_weights(run.weights_file(epoch, direction), generator)
    if traced:
        generator.call = tf.function(generator.call, autograph=False)
    return generator


def parser() -> CommandParser:
    """Describe the options."""
    parser = CommandParser(
        prog="python -m cyclegan_keras.infer",
        description="Convert recordings from one emotion to another with a trained generator. "
        "Clips of up to ten minutes are converted whole; the output is 16-bit WAV at 16 kHz, at the input's level.",
    )
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP", help="a recording, or a folder of recordings")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--run-dir", type=Path, help="the run to take the generator from")
    which.add_argument("--pair", help=f"take the newest run of this pair under {RUNS}/, else the shipped model")
    parser.add_argument(
        "--output", type=Path, default=Path("converted"),
        help="a .wav file for one clip, else a folder for CLIP_EMOTION.wav",
    )  # fmt: skip
    parser.add_argument("--reverse", action="store_true", help="convert from B to A")
    parser.add_argument("--epoch", type=int, default=0, help="use this epoch's weights; 0 is the latest")
    parser.add_argument(
        "--phase",
        default=PHASES[0],
        choices=PHASES,
        help="the clip's own, fitted to what was changed; or one made up, as the report does (default: %(default)s)",
    )
    parser.add_argument(
        "--strength",
        type=float,
        help="with the clip's own phase, how much of what the generator changes, 0 to 10; "
        "default: the run's, its preset's or as shipped",
    )
    parser.add_argument("--plot", action="store_true", help="draw source and converted spectrogram beside each output")
    return parser


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Run the command line."""
    run_command(parser(), command, argv)


def command(arguments: argparse.Namespace) -> int:
    """Convert as the options say; returns the exit status."""
    if arguments.run_dir:
        run = RunDirectory(arguments.run_dir)
    else:
        run = newest_run(arguments.pair, RUNS, reverse=arguments.reverse)
    config = RunConfig.load(run.config_file)
    epoch = run.epoch_or_latest(arguments.epoch)
    source, target = reversed(split_pair(config.pair)) if arguments.reverse else split_pair(config.pair)
    how = chosen_conversion(arguments, config)
    jobs = plan_outputs(arguments.clips, arguments.output, target)
    if len(jobs) == 1 and not audio.duration(jobs[0].clip):
        read(jobs[0].clip, config.spectrogram)  # says what is wrong with it before TensorFlow takes its seconds

    # Another process reads and writes sound: it imports librosa while this one imports TensorFlow.
    with _sound_process() as sound:
        groups = list(_grouped(jobs))
        reading = [(job, sound.submit(read, job.clip, config.spectrogram)) for job in groups[0]]
        prepare_tensorflow()
        generator = load_generator(run, config, epoch, DIRECTIONS[arguments.reverse], len(jobs) >= CLIPS_TO_TRACE_FOR)
        print(f"{source} to {target}, with {run.path}, epoch {epoch}, {describe_conversion(how)}", flush=True)
        progress = Progress(len(jobs))
        writing: List[Tuple[Job, Future]] = []
        for upcoming in (*groups[1:], []):
            readings = progress.take(reading)
            reading = [(job, sound.submit(read, job.clip, config.spectrogram)) for job in upcoming]
            spectrograms = [recording.spectrogram for _, recording in readings]
            converted = repaint(spectrograms, generator, config.spectrogram, how.moves)
            progress.finish(writing)
            picture = (source, target) if arguments.plot else None
            writing = [
                (job, sound.submit(write, job, recording, spectrogram, config, how, picture))
                for (job, recording), spectrogram in zip(readings, converted)
            ]
        progress.finish(writing)
    return progress.exit_status()


def chosen_conversion(arguments: argparse.Namespace, config: RunConfig) -> ConversionOptions:
    """The phase that the options ask for, the strength they do, else the run's, its preset's gains, of that direction.

    Raises
    ------
    InputError
        The strength is out of range, or there is no phase of the clip's that it could be of.
    """
    strength = config.strength_back if arguments.reverse else config.strength
    if arguments.strength is not None:
        strength = arguments.strength
        if arguments.phase == "griffin-lim":
            raise InputError("--strength: not with --phase griffin-lim, which takes the image as it is painted")
        low, high = STRENGTHS
        if not low <= strength <= high:  # NaN is in no range
            raise InputError(f"--strength: must lie between {low:g} and {high:g}, not {strength:g}")
    preset = PRESETS[config.preset]
    gains = preset.gains_back if arguments.reverse and preset.gains_back else preset.gains
    return ConversionOptions(arguments.phase, strength, gains)


def describe_conversion(how: ConversionOptions) -> str:
    """Say how clips are converted; Griffin-Lim takes the image as it is, so no strength is its."""
    if how.phase == "griffin-lim":
        return f"phase {how.phase}"
    return f"phase {how.phase}, strength {how.strength:g}"


def read(clip: Path, config: SpectrogramConfig) -> Reading:
    """Read and analyse a recording.

    Raises
    ------
    InputError
        The recording cannot be used; the message names it.
    """
    waveform = audio.load_waveform(clip, config.sample_rate)
    try:
        return Reading(waveform, *audio.waveform_to_spectrogram(waveform, config))
    except InputError as error:
        raise InputError(f"{clip}: {error}; give a longer recording") from None


def write(
    job: Job,
    reading: Reading,
    converted: np.ndarray,
    config: RunConfig,
    how: ConversionOptions,
    emotions: Optional[Tuple[str, str]] = None,
) -> List[Path]:
    """Write a conversion as 16-bit WAV, and both spectrograms as PNG where ``emotions`` to name them by are given.

    Returns
    -------
    written : list of Path
    """
    analysis = config.spectrogram
    audio.save_waveform(job.output, synthesise(reading, converted, analysis, how), analysis.sample_rate)
    if not emotions:
        return [job.output]
    from cyclegan_keras.plots import save_figure, spectrogram_grid

    if how.phase != "griffin-lim":  # what is heard
        converted = change_gains(reading.spectrogram, converted, analysis, how)
    picture = job.output.with_suffix(".png")
    save_figure(
        spectrogram_grid([[reading.spectrogram, converted]], emotions, [printable(job.clip.name)], analysis), picture
    )
    return [job.output, picture]


class Progress:
    """Tells of every clip as it is done; a bad one among several is told and passed over."""

    def __init__(self, clips: int):
        self.clips = clips
        self.done = self.failed = 0

    def take(self, reading: Sequence[Tuple[Job, "Future[Reading]"]]) -> List[Tuple[Job, Reading]]:
        """Wait for recordings to be read; gives those that can be used."""
        readings = []
        for job, future in reading:
            try:
                readings.append((job, future.result()))
            except InputError as error:
                if self.clips == 1:
                    raise
                print(printable(str(error)), file=sys.stderr, flush=True)
                self.failed += 1
        return readings

    def finish(self, writing: Sequence[Tuple[Job, "Future[List[Path]]"]]) -> None:
        """Wait for conversions to be written, and say where they are."""
        for _, future in writing:
            self.done += 1
            count = f"{self.done + self.failed}/{self.clips} " if self.clips > 1 else ""
            print(f"{count}{' '.join(printable(str(path)) for path in future.result())}", flush=True)

    def exit_status(self) -> int:
        """What the command exits with."""
        if self.failed:
            print(f"{self.failed} of {self.clips} clips could not be converted", file=sys.stderr)
        return EXIT_FAILED if self.failed else 0


@contextmanager
def _sound_process() -> Iterator[Executor]:
    executor = ProcessPoolExecutor(1, get_context("spawn"), initializer=_begin_sound_process)
    try:
        yield executor
    except BrokenProcessPool as error:
        raise RunError(
            "the process that reads and writes sound was killed, for want of memory perhaps; convert shorter recordings"
        ) from error
    finally:
        executor.shutdown(cancel_futures=True)


def _begin_sound_process() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C for both
    atexit.register(os._exit, 0)  # taking librosa's modules down would keep the parent waiting for half a second


def _grouped(jobs: Sequence[Job]) -> Iterator[List[Job]]:
    group, seconds = [], 0.0
    for job in jobs:
        length = audio.duration(job.clip)
        if group and (len(group) == CLIPS_AT_ONCE or seconds + length > SECONDS_AT_ONCE):
            yield group
            group, seconds = [], 0.0
        group.append(job)
        seconds += length
    yield group


def plan_outputs(clips: Sequence[Path], output: Path, target: str) -> List[Job]:
    """Pair every recording with the file its conversion goes to.

    Parameters
    ----------
    clips : sequence of Path
        Recordings and folders of recordings.
    output : Path
        A name ending in .wav is the file for the one clip; anything else is a folder.
    target : str
        The emotion, part of the output's name in a folder.

    Raises
    ------
    InputError
        A file for several clips, two clips for one name, or a clip that would be overwritten.
    """
    if not output.is_dir() and (output.exists() or output.suffix.lower() in audio.SUFFIXES):
        if output.suffix.lower() != ".wav":
            raise InputError(f"--output {output}: what is written is WAV; give a name ending in .wav, or a folder")
        if len(clips) != 1 or clips[0].is_dir():
            raise InputError(f"--output {output}: one file for several clips; give a folder")
        jobs = [Job(clips[0], output)]
    else:
        jobs = [
            Job(clip, (output / name).with_name(f"{name.stem}_{target}.wav"))
            for given in clips
            for clip, name in _recordings(given)
        ]
    taken = {}
    for clip, path in jobs:
        if path.exists() and clip.exists() and path.samefile(clip):
            raise InputError(f"--output {path}: is the clip itself; give another name")
        if path in taken:
            raise InputError(f"{clip} and {taken[path]}: both would become {path}; convert them into different folders")
        taken[path] = clip
    return jobs


def _unreadable(error: OSError) -> NoReturn:
    raise InputError(f"{error.filename}: cannot be read ({error.strerror}); change its permissions") from None


def _recordings(given: Path) -> Iterator[Tuple[Path, Path]]:
    if not given.is_dir():
        yield given, Path(given.name)
        return
    found = sorted(
        Path(folder, name)
        for folder, folders, files in os.walk(given, onerror=_unreadable)
        for name in (*folders, *files)
        if Path(name).suffix.lower() in audio.SUFFIXES
    )
    if not found:
        raise InputError(f"{given}: holds no recordings; give a folder of {audio.FORMATS} files")
    for file in found:
        yield file, file.relative_to(given)


if __name__ == "__main__":
    end_at_once(main)
