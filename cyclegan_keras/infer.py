"""Command line: convert recordings. ``python -m cyclegan_keras.infer clip.wav --pair calm_fearful``."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np
import soundfile

from cyclegan_keras import audio
from cyclegan_keras.cli import EXIT_FAILED, CommandParser, run_command
from cyclegan_keras.config import RunConfig, SpectrogramConfig, split_pair
from cyclegan_keras.errors import InputError
from cyclegan_keras.run_directory import DIRECTIONS, RunDirectory, newest_run

if TYPE_CHECKING:  # TensorFlow takes seconds to import; a mistyped option should be answered at once.
    import tensorflow as tf

RUNS = Path("runs")

WINDOWS_AT_ONCE = 4
"""Windows of a long clip that go through the generator together."""


class Conversion(NamedTuple):
    """A converted clip, and the spectrograms (in [-1, 1]) of its source and of what the generator made."""

    waveform: np.ndarray
    source: np.ndarray
    converted: np.ndarray


def convert(waveform: np.ndarray, generator: "tf.keras.Model", config: SpectrogramConfig) -> Conversion:
    """Convert a waveform of any length: windows with overlap, blended, then one Griffin-Lim over the whole.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,), dtype=float32]
        At ``config.sample_rate``.
    generator : tf.keras.Model
        From ``load_generator``.
    config : SpectrogramConfig
        The analysis that the generator was trained with.

    Returns
    -------
    conversion : Conversion
        Its waveform has n samples and the source's RMS level, and never clips.

    Raises
    ------
    InputError
        The waveform is shorter than one analysis window.
    """
    source, reference = audio.waveform_to_spectrogram(waveform, config)
    windows = audio.split_windows(source, config)
    painted = [
        generator(windows[start : start + WINDOWS_AT_ONCE], training=False).numpy()
        for start in range(0, len(windows), WINDOWS_AT_ONCE)
    ]
    converted = audio.blend_windows(np.concatenate(painted), source.shape[1], config)
    sound = audio.spectrogram_to_waveform(converted, reference, config, len(waveform))
    return Conversion(audio.match_level(sound, waveform), source, converted)


def load_generator(run: RunDirectory, config: RunConfig, epoch: int, direction: str) -> "tf.keras.Model":
    """Build a run's generator and load its weights of an epoch.

    Parameters
    ----------
    run : RunDirectory
    config : RunConfig
        The run's own.
    epoch : int
    direction : str
        ``"a_to_b"`` or ``"b_to_a"``.

    Raises
    ------
    InputError
        The weights are missing or damaged.
    """
    from cyclegan_keras.models import build_generator, load_weights

    generator = build_generator(config.spectrogram.image_shape, config.model.n_resnet, config.model.filters)
    load_weights(run.weights_file(epoch, direction), generator)
    return generator


def parser() -> CommandParser:
    """Describe the options."""
    parser = CommandParser(
        prog="python -m cyclegan_keras.infer",
        description="Convert recordings from one emotion to another with a trained generator. "
        "Clips of any length are converted whole; the output is 16-bit WAV at 16 kHz, at the input's level.",
    )
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP", help="a recording, or a folder of recordings")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--run-dir", type=Path, help="the run to take the generator from")
    which.add_argument("--pair", help=f"take the newest run of this pair under {RUNS}/")
    parser.add_argument(
        "--output", type=Path, default=Path("converted"),
        help="a .wav file for one clip, else a folder for CLIP_EMOTION.wav",
    )  # fmt: skip
    parser.add_argument("--reverse", action="store_true", help="convert from B to A")
    parser.add_argument("--epoch", type=int, default=0, help="use this epoch's weights; 0 is the latest")
    parser.add_argument("--plot", action="store_true", help="draw source and converted spectrogram beside each output")
    return parser


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Run the command line."""
    run_command(parser(), command, argv)


def command(arguments: argparse.Namespace) -> int:
    """Convert as the options say; returns the exit status."""
    run = RunDirectory(arguments.run_dir) if arguments.run_dir else newest_run(arguments.pair, RUNS)
    config = RunConfig.load(run.config_file)
    epoch = run.epoch_or_latest(arguments.epoch)
    source, target = reversed(split_pair(config.pair)) if arguments.reverse else split_pair(config.pair)
    jobs = plan_outputs(arguments.clips, arguments.output, target)

    generator = load_generator(run, config, epoch, DIRECTIONS[arguments.reverse])
    print(f"{source} to {target}, with {run.path}, epoch {epoch}", flush=True)
    failed = 0
    for clip, output in jobs:
        try:
            conversion = convert_file(clip, output, generator, config.spectrogram)
        except InputError as error:
            if len(jobs) == 1:
                raise
            print(error, file=sys.stderr)
            failed += 1
            continue
        print(output, flush=True)
        if arguments.plot:
            print(draw(conversion, clip.name, (source, target), config.spectrogram, output.with_suffix(".png")))
    if failed:
        print(f"{failed} of {len(jobs)} clips could not be converted", file=sys.stderr)
    return EXIT_FAILED if failed else 0


def convert_file(clip: Path, output: Path, generator: "tf.keras.Model", config: SpectrogramConfig) -> Conversion:
    """Convert a recording into a 16-bit WAV file.

    Raises
    ------
    InputError
        The recording cannot be used; the message names it.
    """
    waveform = audio.load_waveform(clip, config.sample_rate)
    try:
        conversion = convert(waveform, generator, config)
    except InputError as error:
        raise InputError(f"{clip}: {error}; give a longer recording") from None
    audio.save_waveform(output, conversion.waveform, config.sample_rate)
    return conversion


def draw(conversion: Conversion, name: str, emotions: Tuple[str, str], config: SpectrogramConfig, path: Path) -> Path:
    """Draw a conversion's source and converted spectrogram side by side as PNG."""
    from cyclegan_keras.plots import save_figure, spectrogram_grid

    save_figure(spectrogram_grid([[conversion.source, conversion.converted]], emotions, [name], config), path)
    return path


def plan_outputs(clips: Sequence[Path], output: Path, target: str) -> List[Tuple[Path, Path]]:
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
    if not output.is_dir() and (output.exists() or output.suffix.lower() in _audio_suffixes()):
        if output.suffix.lower() != ".wav":
            raise InputError(f"--output {output}: what is written is WAV; give a name ending in .wav, or a folder")
        if len(clips) != 1 or clips[0].is_dir():
            raise InputError(f"--output {output}: one file for several clips; give a folder")
        jobs = [(clips[0], output)]
    else:
        jobs = [
            (clip, (output / name).with_name(f"{name.stem}_{target}.wav"))
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


def _audio_suffixes() -> Set[str]:
    return {f".{name.lower()}" for name in soundfile.available_formats()}


def _recordings(given: Path) -> Iterator[Tuple[Path, Path]]:
    if not given.is_dir():
        yield given, Path(given.name)
        return
    found = sorted(file for file in given.rglob("*") if file.suffix.lower() in _audio_suffixes())
    if not found:
        raise InputError(f"{given}: holds no recordings; give a folder of WAV or FLAC files")
    for file in found:
        yield file, file.relative_to(given)


if __name__ == "__main__":
    main()
