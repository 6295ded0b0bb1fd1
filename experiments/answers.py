"""A claim of the report as a question, and the answer by all clips it is about: yes, no, or it cannot be told.

The interval is that of a bootstrap in two stages: speakers are drawn with replacement, then clips of each (Davison &
Hinkley, *Bootstrap Methods and their Application*, 1997, section 3.8). What two sets of clips have in common, speakers
and clips, is drawn together, so that their difference is one of pairs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

DRAWS = 2000

PERCENTILES = (2.5, 97.5)
"""Of the draws: the ends of the interval."""

Cells = Sequence[dict]
Estimator = Callable[[Cells, np.ndarray], np.ndarray]
"""Takes cells, and how often each is drawn [shape=(draws, cells)]; gives an estimate a draw."""


class Quantity(NamedTuple):
    """Something that is estimated, and its name in a sentence."""

    name: str
    estimator: Estimator


@dataclass(frozen=True)
class Answer:
    """A claim as a question, the answer, and the numbers it was made from, if there are any yet."""

    question: str
    answer: str
    evidence: str


@dataclass(frozen=True)
class Estimate:
    """A number with its interval, and how many clips and speakers it was made from."""

    value: float
    low: float
    high: float
    clips: int
    speakers: int


def mean(measure: str, less: str = "") -> Estimator:
    """Estimate the mean of a measure, or of its difference from another."""

    def estimate(cells: Cells, drawn: np.ndarray) -> np.ndarray:
        values = np.array([cell[measure] - (cell[less] if less else 0.0) for cell in cells])
        return drawn @ values / drawn.sum(axis=1)

    estimate.needs = (measure, *([less] if less else ()))
    return estimate


def gap_closed(measure: str, floor: str = "") -> Estimator:
    """Estimate the share of the way to the actors' own recordings that conversions go.

    1 - sum |converted - real| / sum |recording - real|: 1 arrived, 0 nothing done, below 0 further away than before.
    Where a distance never reaches 0, ``floor`` is what it is at best, and both sums are those above it.
    """

    def estimate(cells: Cells, drawn: np.ndarray) -> np.ndarray:
        after, before, best = (np.array([cell[name] if name else 0.0 for cell in cells]) for name in names)
        return 1.0 - drawn @ (after - best) / (drawn @ (before - best))

    names = (measure, f"{measure}_before", floor)
    estimate.needs = tuple(name for name in names if name)
    return estimate


def average(*estimators: Estimator) -> Estimator:
    """Estimate the average of several estimates of the same cells."""

    def estimate(cells: Cells, drawn: np.ndarray) -> np.ndarray:
        return np.mean([each(cells, drawn) for each in estimators], axis=0)

    estimate.needs = tuple(name for each in estimators for name in each.needs)
    return estimate


def point(estimator: Estimator, cells: Cells) -> float | None:
    """Estimate a number from the cells that have what it needs, without an interval; None where none has."""
    cells = _measured(estimator, cells)
    return float(estimator(cells, np.ones((1, len(cells))))[0]) if cells else None


def estimate(estimator: Estimator, *groups: Cells, combine: Callable[..., np.ndarray] | None = None) -> Estimate | None:
    """Estimate a number from groups of clips, with its interval; None where a group has no clip that was so measured.

    Parameters
    ----------
    estimator : Estimator
    *groups : sequences of cells
    combine : callable, optional
        Makes one number of the groups' estimates; by default the only one, or the first less the second.
    """
    groups = [_measured(estimator, cells) for cells in groups]
    if not all(groups):
        return None
    combine = combine or (lambda first, second=0.0: first - second)
    drawn = _drawn(groups, np.random.default_rng(0))
    value = combine(*(point(estimator, cells) for cells in groups))
    with np.errstate(invalid="ignore"):  # where none of a group's clips was drawn
        draws = combine(*(estimator(cells, counts) for cells, counts in zip(groups, drawn)))
    clips = {_clip(cell) for cells in groups for cell in cells}
    low, high = np.nanpercentile(draws, PERCENTILES)
    return Estimate(float(value), float(low), float(high), len(clips), len({speaker for _, speaker in clips}))


def ask(
    question: str,
    quantity: Quantity,
    *groups: Cells,
    over: float | None = None,
    under: float | None = None,
    combine: Callable[..., np.ndarray] | None = None,
) -> Answer:
    """Answer whether a number lies over, or under, a threshold: yes or no where its whole interval does.

    Parameters
    ----------
    question : str
        The claim.
    quantity : Quantity
    *groups, combine
        As for ``estimate``.
    over, under : float
        One of them: the threshold, and the side of it on which the claim holds.
    """
    found = estimate(quantity.estimator, *groups, combine=combine)
    if found is None:
        return Answer(question, "cannot be told", "")
    threshold = under if over is None else over
    above, below = found.low > threshold, found.high < threshold
    holds, fails = (above, below) if over is not None else (below, above)
    answer = "yes" if holds else "no" if fails else "cannot be told"
    shown = f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"
    if found.speakers < 2:  # who says nothing of others
        answer, shown = "cannot be told", f"{found.value:.2f}"
    if len(groups) == 2 and combine is None:
        first, second = (point(quantity.estimator, cells) for cells in groups)
        shown = f"{first:.2f} against {second:.2f}, a difference of {shown}"
    return Answer(question, answer, f"{quantity.name} {shown}; {counted(found)}")


def counted(found: Estimate) -> str:
    """Say how many clips and speakers an estimate was made from."""
    return f"n = {found.clips} clip{'s' * (found.clips != 1)} of {found.speakers} speaker{'s' * (found.speakers != 1)}"


def _clip(cell: dict) -> tuple:
    return cell["name"], cell["speaker"]


def _measured(estimator: Estimator, cells: Cells) -> list[dict]:
    return [cell for cell in cells if all(name in cell for name in estimator.needs)]


def _speakers(cells: Cells) -> tuple[str, ...]:
    return tuple(sorted({cell["speaker"] for cell in cells}))


def _drawn(groups: Sequence[Cells], rng: np.random.Generator) -> list[np.ndarray]:
    """How often each cell of each group is drawn [shape=(draws, cells)]."""
    counts: dict[tuple, dict[tuple, np.ndarray]] = {}
    # Groups of the same speakers are drawn together; others apart, so that none is ever empty.
    for speakers in dict.fromkeys(map(_speakers, groups)):
        clips = {_clip(cell) for cells in groups if _speakers(cells) == speakers for cell in cells}
        times = rng.multinomial(len(speakers), np.full(len(speakers), 1 / len(speakers)), size=DRAWS)
        counts[speakers] = {}
        for speaker, drawn in zip(speakers, times.T):
            own = sorted(clip for clip in clips if clip[1] == speaker)
            of_clips = rng.multinomial(drawn * len(own), np.full(len(own), 1 / len(own)))
            counts[speakers].update(zip(own, of_clips.T))
    return [np.stack([counts[_speakers(cells)][_clip(cell)] for cell in cells], axis=1) for cells in groups]
