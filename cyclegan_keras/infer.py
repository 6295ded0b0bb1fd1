"""Command line: convert recordings. ``python -m cyclegan_keras.infer clip.wav --pair calm_fearful``."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from cyclegan_keras.audio.files import read_sound
from cyclegan_keras.config import PHASES
from cyclegan_keras.conversion.jobs import Job, plan_outputs
from cyclegan_keras.conversion.model import RUNS, Model, load_model
from cyclegan_keras.conversion.output import save_conversion
from cyclegan_keras.conversion.summary import Summary
from cyclegan_keras.shared.cli import EXIT_FAILED, CommandParser, end_at_once, printable, run_command, use_one_heap
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.run_directory import RunDirectory

CLIPS_TO_TRACE_FOR = 4
"""The least number of clips for which tracing the generator saves time."""


def parser() -> CommandParser:
    """Describe the options."""
    parser = CommandParser(
        prog="python -m cyclegan_keras.infer",
        description="Convert recordings from one emotion to another with a trained model. "
        "Clips of up to ten minutes are converted whole; the output is WAV at 16 kHz and at the input's level, in 16 "
        "bits, or in 24 where the input is faint.",
    )
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP", help="a recording, or a folder of recordings")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--run-dir", type=Path, help="the run directory, or the folder of a model, to use")
    which.add_argument(
        "--pair",
        help=f"take the newest finished run of this pair under {RUNS}/, else the model that comes with the project, "
        "else an unfinished run",
    )
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
        help="with the clip's own phase, the multiple of the change, 0 to 10; default: the run's",
    )
    parser.add_argument(
        "--keep-duration", action="store_true", help="leave the tempo as it is, where the run's model would change it"
    )
    parser.add_argument(
        "--sample-rate",
        choices=("16000", "source"),
        default="16000",
        help="source: the input's own, with what it has above 8 kHz",
    )
    parser.add_argument("--plot", action="store_true", help="draw source and converted spectrogram beside each output")
    parser.add_argument("--json", action="store_true", help="print a JSON object a clip, for programs")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    use_one_heap()
    run_command(parser(), command, argv)


def command(arguments: argparse.Namespace) -> int:
    """Convert as the options say; returns the exit status."""
    model = _model(arguments)
    jobs, passed_over = plan_outputs(arguments.clips, arguments.output, model.target)
    for line in passed_over:
        print(printable(line), file=sys.stderr, flush=True)
    progress = (JsonProgress if arguments.json else Progress)(len(jobs), model)
    if len(jobs) == 1:
        try:
            read_sound(jobs[0].clip)  # says what is wrong before TensorFlow takes its seconds
        except InputError as error:
            progress.not_read(jobs[0], error)

    if not arguments.json:
        print(model, flush=True)

    if model.settings.uses_network:
        model.load_network(traced=len(jobs) >= CLIPS_TO_TRACE_FOR)
    emotions = (model.source, model.target) if arguments.plot else None
    for job in jobs:
        try:
            converted = model.convert_fully(job.clip, keep_rate=arguments.sample_rate == "source")
        except InputError as error:
            progress.not_read(job, error)
        else:
            files = save_conversion(job, converted.conversion, model.config.spectrogram, emotions)
            progress.written(job, files, converted.summary)
            del converted  # ten minutes take much memory
    return progress.exit_status()


def _model(arguments: argparse.Namespace) -> Model:
    how = {name: getattr(arguments, name) for name in ("epoch", "reverse", "phase", "strength", "keep_duration")}
    return Model(RunDirectory(arguments.run_dir), **how) if arguments.run_dir else load_model(arguments.pair, **how)


class Progress:
    """Prints a line for every clip; a bad one among several is named and passed over."""

    def __init__(self, clips: int, model: Model):
        self.clips, self.model = clips, model
        self.done = self.failed = 0

    def not_read(self, job: Job, error: InputError) -> None:
        """Name a clip that cannot be used; end where it is the only one."""
        if self.clips == 1:
            raise error
        print(printable(str(error)), file=sys.stderr, flush=True)
        self.failed += 1

    def written(self, job: Job, paths: Sequence[Path], summary: Summary) -> None:
        """Say where a conversion is and what it did."""
        self.done += 1
        count = f"{self.done + self.failed}/{self.clips} " if self.clips > 1 else ""
        print(f"{count}{' '.join(printable(str(path)) for path in paths)}: {summary}", flush=True)

    def exit_status(self) -> int:
        """What the command exits with."""
        if self.failed:
            print(f"{self.failed} of {self.clips} clips could not be converted", file=sys.stderr)
        return EXIT_FAILED if self.failed else 0


class JsonProgress(Progress):
    """Prints a JSON object for every clip, on a line of its own."""

    def not_read(self, job: Job, error: InputError) -> None:
        """Print the clip and what is wrong with it."""
        print(json.dumps({"clip": str(job.clip), "error": str(error)}), flush=True)
        super().not_read(job, error)

    def written(self, job: Job, paths: Sequence[Path], summary: Summary) -> None:
        """Print the clip, what it became, by which model, and what that did."""
        files = dict(zip(("output", "picture"), map(str, paths)))
        settings = self.model.settings
        how = {
            "from": self.model.source, "to": self.model.target, "model": str(self.model.run.path),
            "epoch": self.model.epoch, "phase": settings.phase, "strength": settings.strength,
        }  # fmt: skip
        print(json.dumps({"clip": str(job.clip), **files, **how, **summary._asdict()}), flush=True)


if __name__ == "__main__":
    end_at_once(main)
