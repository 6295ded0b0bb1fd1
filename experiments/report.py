"""Command line: render the results as one page. ``python -m experiments.report --help``."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from cyclegan_keras.shared.cli import CommandParser, run_command
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import written_beside
from experiments.answers import decimals
from experiments.legend import LEGEND, PICTURES
from experiments.published import publish
from experiments.results import PUBLISHED, YIELD, read_json, trainings_in
from experiments.runs import PRESETS_OF_TABLES
from experiments.tables import tables_as_trained

PAGE, SUMMARY = "index.html", "README.md"
"""The page, and its answers and figures in Markdown; each has a template beside this file."""


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
    presets = sorted({each["preset"] for each in trainings_in(results)})
    if not presets:
        raise InputError(f"{results}: holds nothing of a training yet; make a table first, such as make table1")
    if asked and asked not in presets:
        raise InputError(f"{results}: holds no training by {asked}; name {' or '.join(presets)} (PRESET=)")
    if len(presets) > 1 and not asked:
        raise InputError(f"{results}: holds trainings by {' and '.join(presets)}; name one with --preset (PRESET=)")
    return asked or presets[0]


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
    tables = tables_as_trained(results, preset)
    names = dict.fromkeys(run.name for table in tables for run in table.runs)
    stored = {name: read_json(results / name / YIELD) for name in names}
    trainings = {name: each["training"] for name, each in stored.items() if each}
    sections = [table.section(results) for table in tables]
    asked = [each["ours"] for section in sections if section for each in section["questions"]]
    return environment.get_template(f"{file}.j2").render(
        sections=[section for section in sections if section],
        overview=[(table.title, section) for table, section in zip(tables, sections)],
        answers=[each["answer"] for each in asked if each["evidence"]],
        trainings=trainings,
        preset=preset,
        demo=any(training["demo"] for training in trainings.values()),
    )


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
