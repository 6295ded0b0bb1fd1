"""Command line: convert recordings. ``python -m cyclegan_keras.infer clip.wav --pair calm_fearful``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from cyclegan_keras.audio.files import duration
from cyclegan_keras.config import PHASES, RunConfig
from cyclegan_keras.conversion.batch import convert_batch
from cyclegan_keras.conversion.convert import read_recording
from cyclegan_keras.conversion.generators import load_generator
from cyclegan_keras.conversion.jobs import plan_outputs
from cyclegan_keras.conversion.settings import chosen_conversion
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.shared.cli import EXIT_FAILED, CommandParser, end_at_once, printable, run_command
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.machine import prepare_tensorflow
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory, newest_run

RUNS = Path("runs")

CLIPS_TO_TRACE_FOR = 4
"""From so many clips on, tracing the generator takes less time than it saves."""


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
        choices=PHASES,
        help="griffin-lim: estimated, as in the report; source: the clip's own; default: the run's",
    )
    parser.add_argument(
        "--strength",
        type=float,
        help="with the clip's own phase, how many times the generator's change is applied, 0 to 10; default: the run's",
    )
    parser.add_argument("--plot", action="store_true", help="draw source and converted spectrogram beside each output")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    run_command(parser(), command, argv)


def command(arguments: argparse.Namespace) -> int:
    """Convert as the options say; returns the exit status."""
    run = RunDirectory(arguments.run_dir) if arguments.run_dir else newest_run(arguments.pair, RUNS)
    config = RunConfig.load(run.config_file)
    epoch = run.epoch_or_latest(arguments.epoch)
    source, target = split_pair(config.pair)[:: -1 if arguments.reverse else 1]
    settings = chosen_conversion(config.conversion, arguments.reverse, arguments.phase, arguments.strength)
    jobs = plan_outputs(arguments.clips, arguments.output, target)
    if len(jobs) == 1 and not duration(jobs[0].clip):
        read_recording(jobs[0].clip, config.spectrogram)  # says what is wrong before TensorFlow takes its seconds

    def load():
        prepare_tensorflow()
        traced = len(jobs) >= CLIPS_TO_TRACE_FOR
        generator = load_generator(run, config, epoch, DIRECTIONS[arguments.reverse], traced)
        print(f"{source} to {target}, with {run.path}, epoch {epoch}, {settings}", flush=True)
        return generator

    progress = Progress(len(jobs))
    picture = (source, target) if arguments.plot else None
    convert_batch(jobs, load, config.spectrogram, settings, picture, progress)
    return progress.exit_status()


class Progress:
    """Prints a line for every clip; a bad one among several is named and passed over."""

    def __init__(self, clips: int):
        self.clips = clips
        self.done = self.failed = 0

    def not_read(self, error: InputError) -> None:
        """Name a clip that cannot be used; end where it is the only one."""
        if self.clips == 1:
            raise error
        print(printable(str(error)), file=sys.stderr, flush=True)
        self.failed += 1

    def written(self, paths: Sequence[Path]) -> None:
        """Say where a conversion is."""
        self.done += 1
        count = f"{self.done + self.failed}/{self.clips} " if self.clips > 1 else ""
        print(f"{count}{' '.join(printable(str(path)) for path in paths)}", flush=True)

    def exit_status(self) -> int:
        """What the command exits with."""
        if self.failed:
            print(f"{self.failed} of {self.clips} clips could not be converted", file=sys.stderr)
        return EXIT_FAILED if self.failed else 0


if __name__ == "__main__":
    end_at_once(main)
