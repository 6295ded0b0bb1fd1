"""Answers to the report's claims from all clips that a claim is about: yes, no, or "cannot be told".

The interval is from a bootstrap in two stages: speakers are drawn with replacement, then clips of each speaker (Davison
& Hinkley, *Bootstrap Methods and their Application*, 1997, section 3.8). Sets that share clips are compared by those,
which are drawn together, so that the difference is paired.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

DRAWS = 5000

FEWEST_CLIPS = 6
"""Of fewer clips nothing is told: were there no effect, all five would lie on one side once in 16 times."""

PERCENTILES = (2.5, 97.5)
"""Percentiles of the draws at the ends of the interval."""

Cells = Sequence[dict]
Estimator = Callable[[Cells, np.ndarray], np.ndarray]
"""Takes cells, and how often each is drawn [shape=(draws, cells)]; returns one estimate per draw."""


class Quantity(NamedTuple):
    """An estimator, its name in a sentence, and the decimals that are shown and that decide."""

    name: str
    estimator: Estimator
    digits: int = 2


@dataclass(frozen=True)
class Answer:
    """A claim as a question, the answer, and the numbers behind it (empty without any)."""

    question: str
    answer: str
    evidence: str


@dataclass(frozen=True)
class Estimate:
    """A number with its interval; ``counts`` has the clips and the speakers of each set of clips behind it."""

    value: float
    low: float
    high: float
    counts: tuple[tuple[int, int], ...]

    @property
    def tells(self) -> bool:
        """Whether each set has clips enough to conclude anything, and of more than one speaker."""
        return all(clips >= FEWEST_CLIPS and speakers > 1 for clips, speakers in self.counts)


def mean(measure: str, less: str = "") -> Estimator:
    """Estimate the mean of a measure, or of its difference from another."""

    def estimate(cells: Cells, drawn: np.ndarray) -> np.ndarray:
        values = np.array([cell[measure] - (cell[less] if less else 0.0) for cell in cells])
        return drawn @ values / drawn.sum(axis=1)

    estimate.needs = (measure, *([less] if less else ()))
    return estimate


def gap_closed(measure: str) -> Estimator:
    """Estimate the gap that conversions close to the actors' own recordings.

    1 - sum |converted - real| / sum |recording - real|: 1 if they reach them, 0 without a change, below 0 if they are
    further away.
    """

    def estimate(cells: Cells, drawn: np.ndarray) -> np.ndarray:
        after, before = (np.array([cell[name] for cell in cells]) for name in estimate.needs)
        with np.errstate(invalid="ignore", divide="ignore"):  # where none of the clips was drawn
            return 1.0 - drawn @ after / (drawn @ before)

    estimate.needs = (measure, f"{measure}_before")
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
    value = estimator(cells, np.ones((1, len(cells))))[0] if cells else np.nan
    return float(value) if np.isfinite(value) else None


def estimate(estimator: Estimator, *groups: Cells, combine: Callable[..., np.ndarray] | None = None) -> Estimate | None:
    """Estimate a number and its interval from groups of clips; None if a group has no clip with the needed measures.

    Parameters
    ----------
    estimator : Estimator
    *groups : sequences of cells
    combine : callable, optional
        Combines the groups' estimates into one number; by default the only one, or the first minus the second.
    """
    groups = _comparable(estimator, groups)
    points = [point(estimator, cells) for cells in groups]
    if None in points:
        return None
    combine = combine or (lambda first, second=0.0: first - second)
    clips = tuple(tuple(_clip(cell) for cell in cells) for cells in groups)
    value = combine(*points)
    with np.errstate(invalid="ignore"):  # where none of a group's clips was drawn
        draws = combine(*(estimator(cells, drawn) for cells, drawn in zip(groups, _drawn(clips))))
    low, high = np.nanpercentile(draws, PERCENTILES)
    counts = tuple((len(of), len({speaker for _, speaker in of})) for of in dict.fromkeys(map(frozenset, clips)))
    return Estimate(float(value), float(low), float(high), counts)


def ask(
    question: str,
    quantity: Quantity,
    *groups: Cells,
    over: float | None = None,
    under: float | None = None,
    combine: Callable[..., np.ndarray] | None = None,
    noun: str = "clip",
) -> Answer:
    """Answer whether a number lies over, or under, a threshold.

    It is yes or no if the whole interval, rounded as it is shown, lies on one side. So an end that differs from the
    threshold only by chance in the draws decides nothing.

    Parameters
    ----------
    question : str
        The claim.
    quantity : Quantity
    *groups, combine
        As for ``estimate``.
    over, under : float
        The threshold; give one of them. The claim holds over, or under, it.
    noun : str
        What the cells are of.
    """
    groups = _comparable(quantity.estimator, groups)
    found = estimate(quantity.estimator, *groups, combine=combine)
    if found is None:
        return Answer(question, "cannot be told", "")
    threshold = under if over is None else over
    above, below = round(found.low, quantity.digits) > threshold, round(found.high, quantity.digits) < threshold
    holds, fails = (above, below) if over is not None else (below, above)
    answer = "cannot be told" if not (found.tells and (holds or fails)) else "yes" if holds else "no"
    shown, low, high = (decimals(number, quantity.digits) for number in (found.value, found.low, found.high))
    if found.tells:
        shown += f" ({low} to {high})"
    if len(groups) == 2 and combine is None:
        first, second = (decimals(point(quantity.estimator, cells), quantity.digits) for cells in groups)
        shown = f"{first} against {second}, a difference of {shown}"
    yes = f"yes is {'under' if over is None else 'over'} {threshold:g}"
    return Answer(question, answer, f"{quantity.name} {shown}; {yes}; n = {counted(found, noun)}")


def decimals(value: float, digits: int = 2) -> str:
    """Write a number with some decimals; what rounds to 0 has no sign."""
    return f"{round(value, digits) + 0.0:.{digits}f}"


def counted(found: Estimate, noun: str = "clip") -> str:
    """Write the number of clips and speakers of an estimate's sets; of anything else than clips, the number alone."""
    return " and ".join(
        f"{clips} {noun}{'s' * (clips != 1)}"
        + (f" of {speakers} speaker{'s' * (speakers != 1)}" if noun == "clip" else "")
        for clips, speakers in found.counts
    )


def _clip(cell: dict) -> tuple:
    return cell["name"], cell["speaker"]


def _measured(estimator: Estimator, cells: Cells) -> list[dict]:
    return [cell for cell in cells if all(name in cell for name in estimator.needs)]


def _comparable(estimator: Estimator, groups: Sequence[Cells]) -> list[list[dict]]:
    """The cells with the needed measures; if the groups have clips in common, only those."""
    groups = [_measured(estimator, cells) for cells in groups]
    common = set.intersection(*({_clip(cell) for cell in cells} for cells in groups))
    return [[cell for cell in cells if _clip(cell) in common] for cells in groups] if common else groups


def _speakers(clips: Sequence[tuple]) -> tuple[str, ...]:
    return tuple(sorted({speaker for _, speaker in clips}))


@functools.lru_cache(maxsize=16)  # most figures of a page are of the same clips
def _drawn(groups: tuple[tuple[tuple, ...], ...]) -> list[np.ndarray]:
    """How often each clip of each group is drawn [shape=(draws, clips)]."""
    rng = np.random.default_rng(0)
    counts: dict[tuple, dict[tuple, np.ndarray]] = {}
    # Groups with the same speakers are drawn together, others separately, so that no group is ever empty.
    for speakers in dict.fromkeys(map(_speakers, groups)):
        clips = {clip for group in groups if _speakers(group) == speakers for clip in group}
        times = rng.multinomial(len(speakers), np.full(len(speakers), 1 / len(speakers)), size=DRAWS)
        counts[speakers] = {}
        for speaker, drawn in zip(speakers, times.T):
            own = sorted(clip for clip in clips if clip[1] == speaker)
            of_clips = rng.multinomial(drawn * len(own), np.full(len(own), 1 / len(own)))
            counts[speakers].update(zip(own, of_clips.T))
    drawn = (np.stack([counts[_speakers(group)][clip] for clip in group], axis=1) for group in groups)
    return [each.astype(float) for each in drawn]
