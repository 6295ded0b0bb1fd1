"""Command line: render the results as one page. ``python -m experiments.report --help``."""

import argparse
import importlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.cli import CommandParser, run_command
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import written_beside
from experiments.make import NAMES, take_published
from experiments.results import PUBLISHED, YIELD, read_json, write_json
from experiments.runs import Settings
from experiments.yields import RECORDINGS

PAGE, SUMMARY = "index.html", "README.md"
"""The page, and its answers and figures in Markdown; each has a template beside this file."""

PUBLISHABLE = {"RAVDESS": False, "espeak-ng": True}
"""Whose speech may be published as pictures and converted by us, and whether as it is, too."""

MOST_BYTES = 12_000_000
"""Of the published page, with everything beside it."""


def parser() -> CommandParser:
    """Describe the options."""
    parser = CommandParser(
        prog="python -m experiments.report",
        description="Render what was made as index.html in --results, one page with relative links that needs no "
        "network, and its answers and figures as README.md. The page holds recordings that may not be published; "
        "--publish writes both without them.",
    )
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder that experiments.make wrote")
    parser.add_argument("--preset", choices=PRESETS, help="whose trainings to show; default: the only one's there")
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
    preset = arguments.preset or only_preset(folder)
    if arguments.publish:
        take_published(arguments.publish, folder)
        publish(folder, arguments.publish, preset)
        folder = arguments.publish
    for file in (SUMMARY, PAGE):
        text = render(folder, preset, file)
        with written_beside(folder / file) as beside:
            beside.write_text(text, encoding="utf-8")
    print(folder / PAGE)
    return 0


def only_preset(results: Path) -> str:
    """Name the preset of the trainings in a folder of results.

    Raises
    ------
    InputError
        There is no such folder, nothing was made in it, something is damaged, or there are several presets.
    """
    if not results.is_dir():
        raise InputError(f"{results}: no such folder; give the one that the tables were made in (RESULTS=)")
    stored = [read_json(file) for file in sorted(results.glob(f"*/{YIELD}"))]
    presets = sorted({each["training"]["preset"] for each in stored if "training" in each})
    if not presets:
        raise InputError(f"{results}: holds nothing of a training yet; make a table first, such as make table1")
    if len(presets) > 1:
        raise InputError(f"{results}: holds trainings by {' and '.join(presets)}; name one with --preset (PRESET=)")
    return presets[0]


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
    environment.globals.update(number=number, url=lambda *parts: quote("/".join(parts)), shown=SHOWN)
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
        The results are of synthetic speech, or take more than ``MOST_BYTES``.
    """
    origins = {each["name"]: each["origin"] for each in read_json(results / RECORDINGS / YIELD).get("recordings", ())}
    kept: set[Path] = set()

    def keep(file: Path) -> None:
        kept.add(published / file.relative_to(results))
        if file.exists():
            (published / file.relative_to(results)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, published / file.relative_to(results))

    def without_recordings(cells: Sequence[dict], folder: Path, sound: bool) -> list[dict]:
        allowed = []
        for cell in cells:
            origin = origins.get(cell["name"])
            hidden = set() if origin in PUBLISHABLE else {"picture", "sound"}
            hidden |= set() if sound or PUBLISHABLE.get(origin) else {"sound"}
            allowed.append({name: value for name, value in cell.items() if name not in hidden})
            for media in ("picture", "sound"):
                if media in allowed[-1]:
                    keep(folder / allowed[-1][media])
        return allowed

    runs = dict.fromkeys(run.name for table in tables_of(results, preset) for run in table.runs)
    for name in (RECORDINGS, *runs, "resources"):
        stored, folder = read_json(results / name / YIELD), results / name
        if not stored:
            continue
        if stored.get("training", {}).get("demo"):
            raise InputError(f"{results}: made from synthetic speech, which shows nothing of the report; not published")
        for whose, sound in (("recordings", False), ("ours", True), ("theirs", False)):
            if whose in stored:
                stored[whose] = without_recordings(stored[whose], folder, sound)
        for picture in (folder / "losses.webp", *(folder / each["picture"] for each in stored.get("pictures", ()))):
            keep(picture)
        write_json(published / name / YIELD, stored)
        kept.add(published / name / YIELD)
    for file in published.glob("*/*"):
        if file not in kept:
            file.unlink()
    size = sum(file.stat().st_size for file in published.rglob("*") if file.is_file())
    if size > MOST_BYTES:
        raise InputError(f"{published}: takes {size} bytes, and {MOST_BYTES} are the most; show fewer clips")


def number(value: float | None, digits: int = 2) -> str:
    """Write a measure; a dash stands for nothing to measure."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.{digits}f}"


if __name__ == "__main__":
    main()
