"""Files that are not used although a folder holds them: how many are too many, and what is said of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from cyclegan_keras.corpora.recordings import LFS_PROBLEM
from cyclegan_keras.shared.cli import printable
from cyclegan_keras.shared.errors import InputError

MOST_UNUSABLE = 0.1
"""The largest share of unusable recordings. A folder with more is refused."""

MOST_NAMED = 10
"""The number of passed-over files that are listed; the rest are counted."""


class PassedOver(NamedTuple):
    """A file that is not used, and why."""

    path: Path
    why: str


def refuse_many_unusable(where: object, unusable: Sequence[PassedOver], total: int) -> None:
    """Raise an ``InputError`` if more than ``MOST_UNUSABLE`` of ``total`` recordings cannot be used."""
    if len(unusable) <= MOST_UNUSABLE * total:
        return
    pointers = sum(bad.why == LFS_PROBLEM for bad in unusable)
    if pointers > len(unusable) / 2:
        raise InputError(
            f"{where}: {pointers} of {total} recordings are Git LFS pointers instead of sound; "
            "run `git lfs install` and `git lfs pull` there"
        )
    raise InputError(
        f"{where}: {len(unusable)} of {total} recordings cannot be used ({reasons(unusable)}; "
        f"the first is {unusable[0].path}; data list names the others); correct, fetch or remove them"
    )


def reasons(passed_over: Iterable[PassedOver]) -> str:
    """Count the passed-over files by reason.

    Example
    -------
    >>> reasons([PassedOver(Path("a"), "empty"), PassedOver(Path("b"), "silent"), PassedOver(Path("c"), "empty")])
    '2 x empty, 1 x silent'
    """
    return ", ".join(f"{count} x {why}" for why, count in Counter(file.why for file in passed_over).most_common())


def passed_over_lines(passed_over: Sequence[PassedOver]) -> list[str]:
    """Report the passed-over files: one line of counts by reason, and one line for each of the first files.

    Example
    -------
    >>> passed_over_lines([PassedOver(Path("a.wav"), "silent from start to end")])
    ['passed over: 1 x silent from start to end', '  a.wav: silent from start to end']
    """
    if not passed_over:
        return []
    lines = [f"passed over: {reasons(passed_over)}"]
    lines += [printable(f"  {file.path}: {file.why}") for file in passed_over[:MOST_NAMED]]
    left = len(passed_over) - MOST_NAMED
    return lines + ([f"  and {left} more"] if left > 0 else [])
