"""Command line: measure conversions. ``python -m cyclegan_keras.evaluate --help``."""

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from cyclegan_keras.config import PHASES, RunConfig, SpectrogramConfig
from cyclegan_keras.conversion.settings import chosen_conversion
from cyclegan_keras.corpora.clips import domain, split_clips
from cyclegan_keras.corpora.ravdess import index_clips
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.measuring.conversions import (
    SETS,
    choose_sources,
    draw_curves,
    measure_folder,
    measure_run,
    recordings_in,
    table,
)
from cyclegan_keras.measuring.ruler import Row, Ruler, build_ruler, describe_verdict
from cyclegan_keras.shared.cli import CommandParser, run_command
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import written_beside
from cyclegan_keras.shared.machine import prepare_tensorflow
from cyclegan_keras.shared.run_directory import RunDirectory, evaluation_file


def parser() -> CommandParser:
    """Describe the options."""
    parser = CommandParser(
        prog="python -m cyclegan_keras.evaluate",
        description="Measure what conversions are worth: emotion (by a judge fitted to --data and attacked first), "
        "content (ESTOI, which statement is heard), cleanness (DNSMOS), pitch, mimicry.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--run-dir", type=Path, help="the run whose generators convert")
    what.add_argument(
        "--converted", type=Path, help="a folder of conversions made elsewhere, with --inputs and --target"
    )
    parser.add_argument("--data", type=Path, default=Path("data/ravdess"), help="RAVDESS clips for the judge")
    parser.add_argument("--clips", default="unseen", help=f"{', '.join(SETS)} clips of --data, or a folder")
    parser.add_argument("--reverse", action="store_true", help="from B to A")
    parser.add_argument("--epochs", default="latest", help="all, latest, or numbers such as 1,5,10")
    parser.add_argument("--phase", choices=PHASES, help="as in infer; default: the run's")
    parser.add_argument("--strength", type=float, help="as in infer; default: the run's")
    parser.add_argument("--inputs", type=Path, help="the recordings that --converted was made from")
    parser.add_argument("--source", default="calm", help="emotion of --inputs")
    parser.add_argument("--target", help="emotion of --converted")
    parser.add_argument("--output", type=Path, help="folder for evaluate.json; default: the run's or --converted's")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    run_command(parser(), command, argv)


def command(arguments: argparse.Namespace) -> int:
    """Measure as the options say; returns the exit status."""
    if arguments.converted:
        if not (arguments.inputs and arguments.target):
            parser().error("--converted: needs --inputs and --target")
        return _measure_folder(arguments)
    return _measure_run(arguments)


def _measure_folder(arguments: argparse.Namespace) -> int:
    source, target = split_pair(f"{arguments.source}_{arguments.target}")
    for folder in (arguments.converted, arguments.inputs):
        recordings_in(folder)  # an empty one is told before minutes go into the judge
    ruler = build_ruler(arguments.data, source, target, SpectrogramConfig())
    rows = measure_folder(ruler, arguments.converted, arguments.inputs)
    _tell(f"{source} to {target}, {arguments.converted}", ruler, rows)
    _write(evaluation_file(arguments.output or arguments.converted, arguments.reverse), ruler, rows)
    return 0


def _measure_run(arguments: argparse.Namespace) -> int:
    run = RunDirectory(arguments.run_dir)
    config = RunConfig.load(run.config_file)
    source, target = split_pair(config.pair)[:: -1 if arguments.reverse else 1]
    epochs = _epochs(run, arguments.epochs)
    settings = chosen_conversion(config.conversion, arguments.reverse, arguments.phase, arguments.strength)
    prepare_tensorflow()
    split = split_clips(index_clips(arguments.data))
    sources = choose_sources(arguments.clips, split, source, config.spectrogram)
    ruler = build_ruler(arguments.data, source, target, SpectrogramConfig())
    rows = measure_run(ruler, run, config, epochs, sources, domain(split.unseen, target), settings)
    caption = (
        f"{source} to {target}, {run.path}, preset {config.preset}, seed {config.train.seed}, "
        f"{arguments.clips} clips, {settings}"
    )
    _tell(caption, ruler, rows)
    output = evaluation_file(arguments.output or arguments.run_dir, arguments.reverse)
    _write(output, ruler, rows, caption=caption, **settings._asdict())
    if len(epochs) > 1:
        print(draw_curves(rows, epochs, caption, output.with_suffix(".png")))
    return 0


def _tell(caption: str, ruler: Ruler, rows: Sequence[Row]) -> None:
    print(describe_verdict(ruler))
    print(f"\n{caption}\n\n{table(rows)}")


def _write(output: Path, ruler: Ruler, rows: Sequence[Row], **about: object) -> None:
    judge = {**dataclasses.asdict(ruler.verdict), "holds": ruler.verdict.holds}
    measured = {**about, "judge": judge, "rows": [dataclasses.asdict(row) for row in rows]}
    with written_beside(output) as beside:
        beside.write_text(json.dumps(measured, indent=2) + "\n")
    print(f"\nwritten: {output}")


def _epochs(run: RunDirectory, wanted: str) -> list[int]:
    if wanted == "all":
        run.epoch_or_latest()
        return run.epochs()
    if wanted == "latest":
        return [run.epoch_or_latest()]
    if not all(number.strip().isdigit() for number in wanted.split(",")):
        raise InputError(f"--epochs {wanted}: not all, latest, or numbers such as 1,5,10")
    return [run.epoch_or_latest(int(number)) for number in wanted.split(",")]


if __name__ == "__main__":
    main()
