"""Answers to the report's claims from all clips that a claim is about: yes, no, or "cannot be told".

The interval is from a bootstrap in two stages: speakers are drawn with replacement, then clips of each speaker (Davison
& Hinkley, *Bootstrap Methods and their Application*, 1997, section 3.8). Two sets with the same speakers and clips are
drawn together, so that their difference is paired.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

DRAWS = 2000

PERCENTILES = (2.5, 97.5)
"""Percentiles of the draws at the ends of the interval."""

Cells = Sequence[dict]
Estimator = Callable[[Cells, np.ndarray], np.ndarray]
"""Takes cells, and how often each is drawn [shape=(draws, cells)]; returns one estimate per draw."""


class Quantity(NamedTuple):
    """An estimator and its name in a sentence."""

    name: str
    estimator: Estimator


@dataclass(frozen=True)
class Answer:
    """A claim as a question, the answer, and the numbers behind it (empty without any)."""

    question: str
    answer: str
    evidence: str


@dataclass(frozen=True)
class Estimate:
    """A number with its interval, and the number of clips and speakers."""

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
    """Estimate the gap that conversions close to the actors' own recordings.

    1 - sum |converted - real| / sum |recording - real|: 1 if they reach them, 0 without a change, below 0 if they are
    further away. ``floor`` is the least value of a distance that never reaches 0; it is subtracted from both sums.
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
    """Estimate a number, without an interval, from the cells with the needed measures; None if there are none."""
    cells = _measured(estimator, cells)
    return float(estimator(cells, np.ones((1, len(cells))))[0]) if cells else None


def estimate(estimator: Estimator, *groups: Cells, combine: Callable[..., np.ndarray] | None = None) -> Estimate | None:
    """Estimate a number and its interval from groups of clips; None if a group has no clip with the needed measures.

    Parameters
    ----------
    estimator : Estimator
    *groups : sequences of cells
    combine : callable, optional
        Combines the groups' estimates into one number; by default the only one, or the first minus the second.
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
    """Answer whether a number lies over, or under, a threshold. It is yes or no if the whole interval lies on one side.

    Parameters
    ----------
    question : str
        The claim.
    quantity : Quantity
    *groups, combine
        As for ``estimate``.
    over, under : float
        The threshold; give one of them. The claim holds over, or under, it.
    """
    found = estimate(quantity.estimator, *groups, combine=combine)
    if found is None:
        return Answer(question, "cannot be told", "")
    threshold = under if over is None else over
    above, below = found.low > threshold, found.high < threshold
    holds, fails = (above, below) if over is not None else (below, above)
    answer = "yes" if holds else "no" if fails else "cannot be told"
    shown = f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"
    if found.speakers < 2:  # one speaker allows no conclusion on others
        answer, shown = "cannot be told", f"{found.value:.2f}"
    if len(groups) == 2 and combine is None:
        first, second = (point(quantity.estimator, cells) for cells in groups)
        shown = f"{first:.2f} against {second:.2f}, a difference of {shown}"
    return Answer(question, answer, f"{quantity.name} {shown}; {counted(found)}")


def counted(found: Estimate) -> str:
    """Write the number of clips and speakers of an estimate."""
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
    # Groups with the same speakers are drawn together, others separately, so that no group is ever empty.
    for speakers in dict.fromkeys(map(_speakers, groups)):
        clips = {_clip(cell) for cells in groups if _speakers(cells) == speakers for cell in cells}
        times = rng.multinomial(len(speakers), np.full(len(speakers), 1 / len(speakers)), size=DRAWS)
        counts[speakers] = {}
        for speaker, drawn in zip(speakers, times.T):
            own = sorted(clip for clip in clips if clip[1] == speaker)
            of_clips = rng.multinomial(drawn * len(own), np.full(len(own), 1 / len(own)))
            counts[speakers].update(zip(own, of_clips.T))
    return [np.stack([counts[_speakers(cells)][_clip(cell)] for cell in cells], axis=1) for cells in groups]
