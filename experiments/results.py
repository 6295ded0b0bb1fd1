"""Results as files: where they lie, and how they are written and read."""

import functools
import json
from pathlib import Path

from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import written_beside

YIELD = "yield.json"
"""Name of a training's yield in a folder of results. Its pictures and sound lie beside it."""

PUBLISHED = Path(__file__).parent.parent / "docs" / "tables"
"""What of the results may be seen and heard by anyone; in the repository."""


def read_json(file: Path) -> dict:
    """Read what ``write_json`` wrote; nothing where there is no such file.

    Raises
    ------
    InputError
        The file is damaged.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        if not isinstance(values, dict):
            raise ValueError("not a JSON object")
        return values
    except ValueError as error:
        raise InputError(f"{file}: damaged ({error}); delete it and make it again") from None


def write_json(file: Path, values: dict) -> None:
    """Write values as JSON with one line per item of a list, which keeps differences between commits readable."""
    text = functools.partial(json.dumps, ensure_ascii=False, allow_nan=False)

    def lines(value: object) -> str:
        rows = isinstance(value, list) and value and isinstance(value[0], dict)
        return "[\n" + ",\n".join(map(text, value)) + "\n]" if rows else text(value)

    with written_beside(file) as beside:
        content = ",\n".join(f"{text(name)}: {lines(value)}" for name, value in values.items())
        beside.write_text(f"{{\n{content}\n}}\n", encoding="utf-8")


def trainings_in(folder: Path) -> list[dict]:
    """The descriptions of the trainings whose yields are in a folder."""
    stored = (read_json(file) for file in sorted(folder.glob(f"*/{YIELD}")))
    return [each["training"] for each in stored if "training" in each]
