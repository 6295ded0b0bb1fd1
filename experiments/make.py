"""Command line: make the report's tables. ``python -m experiments.make --help``."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cyclegan_keras.corpora.demo_speech import LAST_CLIP
from cyclegan_keras.corpora.recordings import RAVDESS
from cyclegan_keras.shared.cli import EXIT_FAILED, CommandParser, printable, run_command
from cyclegan_keras.shared.errors import InputError, RunError
from cyclegan_keras.shared.machine import prepare_tensorflow
from experiments import yields
from experiments.clips import sound_files
from experiments.published import take_published
from experiments.results import PUBLISHED
from experiments.runs import PRESETS_OF_TABLES, Settings, Training
from experiments.tables import NAMES, tables_of

WITHOUT_SPEECH = {"figure5", "resources"}
"""The experiments that need no --data."""

TURNS = (
    "calm_fearful", "calm_anger", "calm_surprised", "neutral_anger", "calm_disgust", "calm_happy", "calm_sad",
    "-520", "sad_happy",
)  # fmt: skip
"""The order in which trainings are made: those first that most tables show, then the larger image, then faces."""

DEMO = "demo"
"""As --data: the demo corpus, on which every training has one epoch by default."""


def parser() -> CommandParser:
    """Describe the options."""
    parser = CommandParser(
        prog="python -m experiments.make",
        description="Make the report's tables, Figure 5 and the cost table under --results. First comes the plan: "
        "what is trained for them, resumed or reused. What a training has yielded is not made again, here or in "
        "--published; delete its folder for that.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; default: all of them")
    parser.add_argument("--data", default=str(RAVDESS), help=f"folder of RAVDESS clips, or {DEMO}")
    parser.add_argument(
        "--preset", choices=PRESETS_OF_TABLES, help="default: report where TensorFlow sees a GPU, else cpu"
    )
    parser.add_argument(
        "--epochs", type=int, default=0, help="of every training; 0: the table's own or the preset's, 1 for the demo"
    )
    parser.add_argument("--runs", type=Path, help="folder of run directories; default: runs, or runs/demo for the demo")
    parser.add_argument(
        "--clips", type=Path, help="more recordings; default: the report's, in $REPORT_AUDIO_DIR or data/report_audio"
    )
    parser.add_argument("--faces", type=Path, help="fer2013.csv, or folders of faces; without it, no Figure 5")
    parser.add_argument("--emodb", type=Path, help="folder of EmoDB, for Table 7")
    parser.add_argument(
        "--results", type=Path, help=f"folder for what is made; default: results, or results/{DEMO} for the demo"
    )
    parser.add_argument(
        "--published", type=Path, default=PUBLISHED, help="folder of published yields, used where results lack them"
    )
    parser.add_argument("--plan", action="store_true", help="print the plan and make nothing")
    parser.add_argument("--as-is", action="store_true", help="train nothing: show each training as far as it got")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    run_command(parser(), command, argv)


def command(arguments: argparse.Namespace) -> int:
    """Make the experiments that the options name; returns the exit status."""
    unknown = [name for name in arguments.names if name not in NAMES]
    if unknown:
        parser().error(f"argument NAME: {unknown[0]!r} is none of {', '.join(NAMES)}")
    if arguments.epochs < 0:
        parser().error("argument --epochs: must be 1 or more, or 0 for the table's own or the demo's")
    settings = settings_from(arguments)
    names = arguments.names or NAMES
    tables = tables_of(settings, names)
    if arguments.data != DEMO and not WITHOUT_SPEECH.issuperset(names):
        _check_data(settings)
    why = "asked for" if arguments.preset else prepare_tensorflow().reason
    print(f"preset {settings.preset} ({why}); data {settings.data}; making {', '.join(names)}")
    # Tables that share a training take the longest that one of them asks for.
    by_length = sorted((run for table in tables for run in table.runs), key=lambda run: run.epochs)
    trainings = sorted({run.name: run for run in by_length}.values(), key=_turn)
    for run in trainings:
        with _left_out(run.directory.path):
            print(f"  {run.plan(settings)}", flush=True)
    if not arguments.plan:
        failed = make(tables, trainings, settings)
        print(f"\nwritten: {settings.results}; make report renders the page", flush=True)
        return EXIT_FAILED if failed else 0
    return 0


def _check_data(settings: Settings) -> None:
    """Tell what is wrong with the recordings once, not for every training."""
    if settings.as_is and not settings.data.exists():
        return
    if not all(clip.corpus == "ravdess" for clip in settings.clips_of_data):
        raise InputError(f"--data {settings.data}: the report's tables are of RAVDESS's speech; give its folder")


def make(tables: Sequence, trainings: Sequence[Training], settings: Settings) -> list[str]:
    """Train, measure, and print the answers of each table; returns the names of trainings that failed."""
    failed: list[str] = []
    if settings.published:
        take_published(settings.published, settings.results, settings.preset, trainings)
    prepare_tensorflow()
    wanted: dict[str, yields.Wanted] = {}
    for table in (table for table in tables if hasattr(table, "want")):
        table.want(wanted)
    for run in trainings:
        with _left_out(run.name, len(tables) == 1 and len(trainings) == 1):
            try:
                run.train(settings)
            except RunError as error:
                print(f"{run.name}: failed: {printable(str(error))}", file=sys.stderr, flush=True)
                failed.append(run.name)
            if run.name in wanted:
                yields.make(settings, run, wanted[run.name])
    for table in tables:
        if hasattr(table, "make"):
            with _left_out(table.name, len(tables) == 1):
                table.make(settings)
        section = table.section(settings.results)
        print(f"\n{table.title}" + ("" if section else ": nothing of it is trained yet"))
        for answer in (each["ours"] for each in section["questions"]) if section else ():
            absent = f"not trained yet: {', '.join(section['missing'])}" if section["missing"] else "no reliable judge"
            evidence = answer["evidence"] or f"nothing measured, or {absent}"
            print(f"  {answer['question']} {answer['answer']}: {evidence}")
    return failed


def _turn(run: Training) -> int:
    """The last of ``TURNS`` that is in the name: that of a larger image is not its pair's."""
    return max((turn for turn, part in enumerate(TURNS) if part in run.name), default=len(TURNS))


@contextmanager
def _left_out(what: object, alone: bool = False) -> Iterator[None]:
    """Report a training or a table whose recordings are missing, and go on."""
    try:
        yield
    except InputError as error:
        if alone:
            raise
        print(f"{what}: left out: {printable(str(error))}", file=sys.stderr, flush=True)


def settings_from(arguments: argparse.Namespace) -> Settings:
    """Fill in the defaults: the preset for this machine, the folders that exist, the demo corpus."""
    demo = arguments.data == DEMO
    data = Path("data/demo") if demo else Path(arguments.data)
    if demo and not (arguments.plan or arguments.as_is or (data / LAST_CLIP).exists()):
        made = subprocess.run([sys.executable, "-m", "cyclegan_keras.data", "demo", "--data", str(data)])
        if made.returncode:
            raise RunError(f"{data}: the demo corpus was not written, as said above")
    preset = arguments.preset or prepare_tensorflow().preset
    audio = Path(os.environ.get("REPORT_AUDIO_DIR") or "data/report_audio")
    given = arguments.clips
    if given and (given / "inputs").is_dir():
        audio, given = given, None  # the report's recordings, with its conversions beside them
    clips = given or audio / "inputs"
    if given and not sound_files(clips):
        raise InputError(f"--clips {clips}: no folder of WAV or FLAC files")
    if arguments.faces and not arguments.faces.exists():
        raise InputError(f"--faces {arguments.faces}: no such file or folder; give fer2013.csv, or folders of faces")
    if arguments.emodb and not arguments.emodb.is_dir():
        raise InputError(f"--emodb {arguments.emodb}: no such folder; give the one that EmoDB was unpacked in")
    runs = arguments.runs or Path("runs", DEMO if demo else "")
    return Settings(
        data=data, preset=preset, epochs=arguments.epochs or int(demo), runs=runs,
        clips=clips if clips.is_dir() else None,
        report_outputs=audio / "outputs" if (audio / "outputs").is_dir() else None, faces=arguments.faces,
        emodb=arguments.emodb,
        results=arguments.results or Path("results", DEMO if demo else ""),
        published=None if demo else arguments.published, as_is=arguments.as_is,
    )  # fmt: skip


if __name__ == "__main__":
    main()
