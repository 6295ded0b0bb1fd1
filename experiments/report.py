"""Command line: render the results as one page. ``python -m experiments.report --help``."""

import argparse
import importlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from cyclegan_keras.shared.cli import CommandParser, run_command
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import written_beside
from experiments.answers import decimals
from experiments.legend import LEGEND, PICTURES
from experiments.losses import LOSSES
from experiments.make import NAMES, take_published
from experiments.results import PUBLISHED, YIELD, read_json, write_json
from experiments.runs import PRESETS_OF_TABLES, Settings
from experiments.yields import RECORDINGS

PAGE, SUMMARY = "index.html", "README.md"
"""The page, and its answers and figures in Markdown; each has a template beside this file."""

PUBLISHABLE = {"RAVDESS": False, "espeak-ng": True}
"""Sources whose spectrograms and our conversions may be published; True if their recordings may be, too."""

MOST_BYTES = 12_000_000
"""The largest size of the published pictures and sound, in bytes."""


def parser() -> CommandParser:
    """Describe the options."""
    parser = CommandParser(
        prog="python -m experiments.report",
        description="Render what was made as index.html in --results, one page with relative links that needs no "
        "network, and its answers and figures as README.md. The page holds recordings that may not be published; "
        "--publish writes both without them.",
    )
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder that experiments.make wrote")
    parser.add_argument(
        "--preset", choices=PRESETS_OF_TABLES, help="show the trainings by this preset; needed if there are several"
    )
    parser.add_argument(
        "--publish", type=Path, nargs="?", const=PUBLISHED, metavar="FOLDER",
        help=f"write what may be published, and its page; default: {PUBLISHED.relative_to(PUBLISHED.parents[1])}",
    )  # fmt: skip
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    run_command(parser(), command, argv)


def command(arguments: argparse.Namespace) -> int:
    """Render the page; returns the exit status."""
    folder = arguments.results
    preset = chosen_preset(folder, arguments.preset)
    if arguments.publish:
        publish(folder, arguments.publish, preset)
        folder = arguments.publish
    for file in (SUMMARY, PAGE):
        text = render(folder, preset, file)
        with written_beside(folder / file) as beside:
            beside.write_text(text, encoding="utf-8")
    print(folder / PAGE)
    return 0


def chosen_preset(results: Path, asked: str | None = None) -> str:
    """Name the preset of the trainings in a folder of results; of several, the one that is asked for.

    Raises
    ------
    InputError
        There is no such folder, nothing was made in it, something is damaged, or no preset or several are left.
    """
    if not results.is_dir():
        raise InputError(f"{results}: no such folder; give the one that the tables were made in (RESULTS=)")
    presets = sorted({each["preset"] for each in _trainings(results)})
    if not presets:
        raise InputError(f"{results}: holds nothing of a training yet; make a table first, such as make table1")
    if asked and asked not in presets:
        raise InputError(f"{results}: holds no training by {asked}; name {' or '.join(presets)} (PRESET=)")
    if len(presets) > 1 and not asked:
        raise InputError(f"{results}: holds trainings by {' and '.join(presets)}; name one with --preset (PRESET=)")
    return asked or presets[0]


def tables_of(results: Path, preset: str) -> list:
    """State every table as trained by a preset."""
    nowhere = Path()
    settings = Settings(nowhere, preset, 0, nowhere, None, None, nowhere, results, as_is=True)
    return [importlib.import_module(f"experiments.{name}").experiment(settings) for name in NAMES]


def render(results: Path, preset: str, file: str = PAGE) -> str:
    """Render the results in a folder as ``PAGE`` or ``SUMMARY``.

    Raises
    ------
    InputError
        Jinja2 is missing.
    """
    try:
        import jinja2
    except ImportError:
        raise InputError("jinja2: not installed; pip install -e '.[report]' brings what renders the page") from None
    from experiments.measures import SHOWN

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=file == PAGE,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        number=number, digits_of=digits_of, url=lambda *parts: quote("/".join(parts)), shown=SHOWN,
        legend=LEGEND, pictures=PICTURES,
    )  # fmt: skip
    tables = tables_of(results, preset)
    names = dict.fromkeys(run.name for table in tables for run in table.runs)
    stored = {name: read_json(results / name / YIELD) for name in names}
    trainings = {name: each["training"] for name, each in stored.items() if each}
    sections = [table.section(results) for table in tables]
    return environment.get_template(f"{file}.j2").render(
        sections=[section for section in sections if section],
        overview=[(table.title, section) for table, section in zip(tables, sections)],
        trainings=trainings,
        preset=preset,
        demo=any(training["demo"] for training in trainings.values()),
    )


def publish(results: Path, published: Path, preset: str) -> None:
    """Copy the publishable part of results: no recordings, and only numbers for speakers who may not be published.

    Raises
    ------
    InputError
        The results are of synthetic speech, lack a file or clips that are published already, or take more than
        ``MOST_BYTES``; or another preset is published.
    """
    if any(each["demo"] for each in _trainings(results)):
        raise InputError(f"{results}: made from synthetic speech, which shows nothing of the report; not published")
    others = {each["preset"] for each in _trainings(published)} - {preset}
    if others:
        raise InputError(f"{published}: holds trainings by {min(others)}; delete it, or publish to another folder")
    take_published(published, results, preset)
    stored, media = _to_publish(results, published, preset)
    for file in media:
        if not file.exists():
            raise InputError(f"{file}: missing; delete {file.parent} and make it again")
    size = sum(file.stat().st_size for file in media)
    if size > MOST_BYTES:
        raise InputError(f"{results}: pictures and sound take {size} bytes, and {MOST_BYTES} are the most")
    kept = {published / name / YIELD for name in stored}
    for file in media:
        there = published / file.relative_to(results)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, there)
        kept.add(there)
    for name, each in stored.items():
        write_json(published / name / YIELD, each)
    for file in (file for name in stored for file in (published / name).glob("*")):
        if file not in kept:
            file.unlink()


def _to_publish(results: Path, published: Path, preset: str) -> tuple[dict[str, dict], list[Path]]:
    """The yields without what may not be published, by name, and the pictures and sound that stay."""
    origins = {each["name"]: each["origin"] for each in read_json(results / RECORDINGS / YIELD).get("recordings", ())}
    runs = dict.fromkeys(run.name for table in tables_of(results, preset) for run in table.runs)
    every = {name: read_json(results / name / YIELD) for name in (RECORDINGS, *runs, "resources")}
    stored = {name: each for name, each in every.items() if each}
    media: list[Path] = []
    for name, each in stored.items():
        lost = len(_measured(read_json(published / name / YIELD)) - _measured(each))
        if lost:
            raise InputError(
                f"{results / name}: {lost} of the conversions and epochs in {published / name} are missing; make all "
                "tables, or delete that folder"
            )
        for whose in {"recordings", "ours", "theirs"} & each.keys():
            each[whose] = [publishable(cell, origins.get(cell["name"]), whose == "ours") for cell in each[whose]]
            media += [results / name / cell[of] for cell in each[whose] for of in ("picture", "sound") if of in cell]
        media += [results / name / LOSSES] if "losses" in each else []
    return stored, media


def _trainings(folder: Path) -> list[dict]:
    """The descriptions of the trainings whose yields are in a folder."""
    stored = (read_json(file) for file in sorted(folder.glob(f"*/{YIELD}")))
    return [each["training"] for each in stored if "training" in each]


def _measured(stored: dict) -> set[tuple]:
    """What a yield has figures of: the epochs of the training, and clips by column."""
    epochs = range(stored.get("training", {}).get("epoch", 0))
    columns = ("ours", "theirs", "equalised", "by_epoch")
    return {("epoch", epoch) for epoch in epochs} | {
        (column, cell.get("of"), cell["name"]) for column in columns for cell in stored.get(column, ())
    }


def publishable(cell: dict, origin: str | None, converted: bool) -> dict:
    """Leave out the picture and the sound of a cell that may not be published."""
    hidden = set() if origin in PUBLISHABLE else {"picture", "sound"}
    hidden |= set() if converted or PUBLISHABLE.get(origin) else {"sound"}
    return {name: value for name, value in cell.items() if name not in hidden}


def digits_of(figures: dict, column: int) -> int:
    """The decimals of a column of figures: 2, unless the figures say otherwise."""
    return figures.get("digits", {}).get(figures["columns"][column], 2)


def number(value: float | None, digits: int = 2) -> str:
    """Write a measure; a dash stands for nothing to measure."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else decimals(value, digits)


if __name__ == "__main__":
    main()
