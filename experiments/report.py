"""Command line: render what was made as one page. ``python -m experiments.report --results results``."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from cyclegan_keras.shared.cli import CommandParser, run_command
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import written_beside
from experiments.make import NAMES

TEMPLATE = "report.html.j2"


def parser() -> CommandParser:
    """Describe the options."""
    parser = CommandParser(
        prog="python -m experiments.report",
        description="Render what was made as index.html in --results: one page with relative links, no network needed.",
    )
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder that experiments.make wrote")
    parser.add_argument(
        "--numbers", action="store_true",
        help="render numbers.html, one file without pictures and sound: it holds no recording and may be published",
    )  # fmt: skip
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    run_command(parser(), command, argv)


def command(arguments: argparse.Namespace) -> int:
    """Render the page; returns the exit status."""
    page = arguments.results / ("numbers.html" if arguments.numbers else "index.html")
    html = render(read_sections(arguments.results), media=not arguments.numbers)
    with written_beside(page) as beside:
        beside.write_text(html, encoding="utf-8")
    print(page)
    return 0


def read_sections(results: Path) -> list[dict]:
    """Read what was made, in the report's order.

    Raises
    ------
    InputError
        There is no such folder, nothing was made in it, or a section is damaged.
    """
    if not results.is_dir():
        raise InputError(f"{results}: no such folder; give the one that the tables were made in (RESULTS=)")
    sections = []
    for file in (results / name / "section.json" for name in NAMES):
        if file.exists():
            try:
                sections.append(json.loads(file.read_text(encoding="utf-8")))
            except ValueError as error:
                raise InputError(f"{file}: damaged ({error}); delete it and make it again") from None
    if not sections:
        raise InputError(f"{results}: holds no tables yet; make some first, such as make table1")
    return sections


def render(sections: Sequence[dict], media: bool = True) -> str:
    """Render sections as an HTML page, with pictures and sound where ``media``.

    Raises
    ------
    InputError
        Jinja2 is missing.
    """
    try:
        import jinja2
    except ImportError:
        raise InputError("jinja2: not installed; pip install -e '.[report]' brings what renders the page") from None
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(number=number, url=lambda *parts: quote("/".join(parts)))
    return environment.get_template(TEMPLATE).render(
        sections=[{**section, "banner": banner(section)} for section in sections], media=media
    )


def banner(section: dict) -> str:
    """What must be known before a table is read: that its speech is synthetic, or its networks are small."""
    if section["demo"]:
        return (
            "Trained and judged on the demo corpus, which is synthetic speech: it shows that the commands work, and "
            "nothing else."
        )
    if section["preset"].startswith("cpu"):
        return (
            f"Made at preset {section['preset']}: the report's architecture a quarter as wide and trained for fewer "
            "epochs. It is not the report's system at its size."
        )
    return ""


def number(value: float | None, digits: int = 2) -> str:
    """Write a measure; a dash stands for nothing to measure."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.{digits}f}"


if __name__ == "__main__":
    main()
