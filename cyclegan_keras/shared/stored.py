"""Configurations as JSON files, written with a checksum and checked key by key when read."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import written_beside

MAX_FILE_BYTES = 100_000
"""The largest file that is read: a hundred times the size of a ``config.json``."""

Stored = TypeVar("Stored", bound="StoredConfig")


class StoredConfig:
    """Base class of a frozen dataclass of plain values that is stored in a file."""

    def save(self, path: Path) -> None:
        """Write the configuration as JSON, with a checksum to detect damage."""
        values = dataclasses.asdict(self)
        with written_beside(path) as beside:
            text = json.dumps({**values, "checksum": _checksum(values)}, indent=2)
            beside.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls: type[Stored], path: Path) -> Stored:
        """Read a configuration and check every key and value.

        Raises
        ------
        InputError
            The file is missing, is not JSON, was changed since ``save``, or has invalid keys or values; the message
            names all of them.
        """
        path = Path(path)
        if not path.exists():
            raise InputError(f"{path}: not found; is this a run directory that `train` made?")
        try:
            if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
                raise InputError(f"not a file of at most {MAX_FILE_BYTES} bytes")
            values = json.loads(path.read_text(encoding="utf-8"))
            checksum = values.pop("checksum", None) if isinstance(values, dict) else None
            config = _from_dict(cls, values)
            # Deleting the checksum allows an edit on purpose.
            if checksum not in (None, _checksum(values)):
                raise InputError("checksum: does not match, the file was changed; if on purpose, delete this line")
            return config
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{path}: not a run's configuration ({error})") from None


def refuse(problems: Sequence[str]) -> None:
    """Raise an ``InputError`` with all problems, if there are any."""
    if problems:
        raise InputError("; ".join(problems))


def outside(config: object, **ranges: tuple[float, float]) -> list[str]:
    """List the fields of ``config`` that lie outside their range. NaN lies outside every range."""
    return [
        f"{name}: must lie between {low} and {high}, not {_short(getattr(config, name))}"
        for name, (low, high) in ranges.items()
        if not low <= getattr(config, name) <= high
    ]


def not_among(config: object, **choices: Sequence[str]) -> list[str]:
    """List the fields of ``config`` that have none of the allowed values."""
    return [
        f"{name}: must be one of {', '.join(names)}, not {_short(getattr(config, name))}"
        for name, names in choices.items()
        if getattr(config, name) not in names
    ]


def differences(before: object, after: object) -> list[str]:
    """List the fields in which two configurations of one type differ, including nested fields."""
    differing = []
    for name, old in vars(before).items():
        new = getattr(after, name)
        if dataclasses.is_dataclass(old):
            differing += differences(old, new)
        elif old != new:
            differing.append(name)
    return differing


def _checksum(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _from_dict(cls: type, values: Any) -> Any:
    if not isinstance(values, dict):
        raise InputError(f"{cls.__name__} must be an object, not {_short(values)}")
    fields = {f.name: f for f in dataclasses.fields(cls)}
    problems = [f"unknown key {_short(name)} in {cls.__name__}" for name in sorted(values.keys() - fields)]
    problems += [f"missing key {name!r} in {cls.__name__}" for name in fields if name not in values]
    read = {}
    for name in (name for name in fields if name in values):
        try:
            read[name] = _checked(name, fields[name].type, values[name])
        except InputError as error:
            problems.append(str(error))
            if dataclasses.is_dataclass(fields[name].type):
                read[name] = fields[name].type()  # defaults, so that the other fields are checked as well
    without_default = [f.name for f in fields.values() if f.default is f.default_factory is dataclasses.MISSING]
    if all(name in read for name in without_default):
        try:
            config = cls(**read)
        except InputError as error:
            problems.append(str(error))
    refuse(problems)
    return config


def _checked(name: str, wanted: type, value: Any) -> Any:
    if dataclasses.is_dataclass(wanted):
        return _from_dict(wanted, value)
    if wanted is float and type(value) is int and abs(value) < 2**53:
        return float(value)
    if type(value) is not wanted:
        raise InputError(f"{name} must be {wanted.__name__}, not {_short(value)}")
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
