"""Command line: make the report's tables. ``python -m experiments.make --help``."""

import argparse
import datetime
import importlib
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from cyclegan_keras.corpora.ravdess import index_clips
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.cli import CommandParser, printable, run_command
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import written_beside
from cyclegan_keras.shared.machine import prepare_tensorflow
from experiments.runs import Settings, commit_here

NAMES = ("table1", "table2", "table3", "curve", "table4", "table5", "table6", "table7", "figure5", "resources")
"""Everything that can be made, in the report's order; each is a module beside this one."""

WITHOUT_SPEECH = {"figure5", "resources"}
"""Of these, what needs no --data."""

SHARED = Path("../shared")
"""Where data is looked for that was not named."""

DEMO = "demo"
"""As --data: the demo corpus, made where it is missing."""


def parser() -> CommandParser:
    """Describe the options."""
    parser = CommandParser(
        prog="python -m experiments.make",
        description="Make the report's tables, Figure 5 and the cost table under --results. First comes the plan: "
        "what is trained for them, resumed or reused.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; default: all of them")
    parser.add_argument("--data", default="data/ravdess", help=f"folder of RAVDESS clips, or {DEMO}")
    parser.add_argument("--preset", choices=PRESETS, help="default: report where TensorFlow sees a GPU, else cpu")
    parser.add_argument("--epochs", type=int, default=0, help="of every training; 0: the table's own, or the preset's")
    parser.add_argument("--runs", type=Path, help="folder of run directories; default: runs, or runs/demo for the demo")
    parser.add_argument(
        "--clips", type=Path, help=f"recordings to start from; default: {SHARED}/report_audio/inputs where it is"
    )
    parser.add_argument("--faces", type=Path, default=SHARED / "fer2013", help="fer2013.csv, or folders of faces")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder for what is made")
    parser.add_argument("--plan", action="store_true", help="print the plan and make nothing")
    parser.add_argument("--as-is", action="store_true", help="train nothing: show each training as far as it got")
    parser.add_argument("--train-options", default="", help="more options for the train command line, in one word")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    run_command(parser(), command, argv)


def command(arguments: argparse.Namespace) -> int:
    """Make what the options name; returns the exit status."""
    unknown = [name for name in arguments.names if name not in NAMES]
    if unknown:
        parser().error(f"argument NAME: {unknown[0]!r} is none of {', '.join(NAMES)}")
    if arguments.epochs < 0:
        parser().error("argument --epochs: must be 1 or more, or 0 for the table's own")
    settings = settings_from(arguments)
    names = arguments.names or NAMES
    experiments = [importlib.import_module(f"experiments.{name}").experiment(settings) for name in names]
    if arguments.data != DEMO and not WITHOUT_SPEECH.issuperset(names):
        index_clips(settings.data)  # what is wrong with the folder is told once, not for every training
    print(f"preset {settings.preset}; data {settings.data}; making {', '.join(names)}")
    for run in dict.fromkeys(run for experiment in experiments for run in experiment.runs):
        try:
            print(f"  {run.plan(settings)}", flush=True)
        except InputError as error:
            print(f"  {run.directory.path}: {printable(str(error))}", flush=True)
    if not WITHOUT_SPEECH.issuperset(names):
        print("  and a judge for each pair, fitted in some minutes where it is not cached", flush=True)
    if arguments.plan:
        return 0
    prepare_tensorflow()
    for experiment in experiments:
        try:
            make(experiment, settings)
        except InputError as error:
            if len(experiments) == 1:
                raise
            # Faces, or a language, that are not at hand must not cost the other tables.
            print(f"{experiment.name}: left out: {printable(str(error))}", file=sys.stderr, flush=True)
            _write(
                settings,
                experiment.name,
                {"title": experiment.title, "compares": experiment.compares, "left_out": str(error)},
            )
    return 0


def settings_from(arguments: argparse.Namespace) -> Settings:
    """Fill in what was not named: the preset that suits the machine, folders that are there, the demo corpus."""
    data = Path("data/demo") if arguments.data == DEMO else Path(arguments.data)
    if arguments.data == DEMO and not data.exists() and not arguments.plan:
        subprocess.run([sys.executable, "-m", "cyclegan_keras.data", "demo", "--data", str(data)], check=True)
    preset = arguments.preset
    if preset is None:
        preset = prepare_tensorflow().preset
    audio = Path(os.environ.get("REPORT_AUDIO_DIR") or SHARED / "report_audio")
    clips = arguments.clips or audio / "inputs"
    if arguments.clips and not clips.is_dir():
        raise InputError(f"--clips {clips}: no such folder; give one of WAV or FLAC files")
    runs = arguments.runs or (Path("runs/demo") if arguments.data == DEMO else Path("runs"))
    return Settings(
        data=data, preset=preset, epochs=arguments.epochs, runs=runs, clips=clips if clips.is_dir() else None,
        report_outputs=audio / "outputs" if (audio / "outputs").is_dir() else None, faces=arguments.faces,
        results=arguments.results, as_is=arguments.as_is, train_options=tuple(shlex.split(arguments.train_options)),
    )  # fmt: skip


def make(experiment, settings: Settings) -> None:
    """Train what an experiment lacks, make it, write its section for the page, and say its paragraph."""
    began = time.monotonic()
    for run in experiment.runs:
        run.train(settings)
    folder = settings.results / experiment.name
    section = experiment.make(settings, folder)
    section["seconds"] = round(time.monotonic() - began)
    _write(settings, experiment.name, section)
    print(f"\n{section['title']}: {section['paragraph']}\n", flush=True)
    print(f"written: {folder}; make report renders the page\n", flush=True)


def _write(settings: Settings, name: str, section: dict) -> None:
    section = {
        "name": name,
        "data": "the demo corpus (synthetic speech)" if settings.demo else settings.data.name,
        **section,
        "preset": settings.preset,
        "demo": settings.demo,
        "commit": commit_here(),
        "date": datetime.date.today().isoformat(),
    }
    with written_beside(settings.results / name / "section.json") as beside:
        beside.write_text(json.dumps(section, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
