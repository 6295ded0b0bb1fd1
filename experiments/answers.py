"""What a table's numbers say to what the report claims: yes, no, or not shown."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MARGINS = {"score": 0.1, "estoi": 0.03, "dnsmos": 0.1, "cycle": 0.01}
"""Differences of means below which two sets of clips count as alike; clips of one set differ by several times that."""

NAMES = {"score": "judged", "estoi": "ESTOI", "dnsmos": "DNSMOS", "cycle": "cycle error"}

JUDGED = ("transfer", "score")
"""Measures that are the judge's, and nothing where it does not hold."""

TRANSFERRED = 0.5
"""The judge's score above which a clip counts as the target."""

UNDERSTOOD = 0.4
"""A little below the ESTOI of the report's own conversions of calm_01 to calm_15 (docs/models.md)."""


@dataclass(frozen=True)
class Answer:
    """A claim as a question, the answer, and the numbers it was made from."""

    question: str
    answer: str
    evidence: str


def mean(cells: Sequence[dict], measure: str) -> float | None:
    """Mean of a measure over cells; None where none has it, or a judge that does not hold gave it."""
    values = [
        cell["measures"][measure]
        for cell in cells
        if cell.get("measures", {}).get(measure) is not None and (measure not in JUDGED or cell["judge_holds"])
    ]
    return float(np.mean(values)) if values else None


def is_more(question: str, measure: str, more: Sequence[dict], less: Sequence[dict]) -> Answer:
    """Answer whether a measure is greater in some cells than in others, by more than its margin."""
    higher, lower = mean(more, measure), mean(less, measure)
    if higher is None or lower is None:
        return Answer(question, "not shown", _nothing(measure))
    difference = higher - lower
    answer = "not shown" if abs(difference) < MARGINS[measure] else "yes" if difference > 0 else "no"
    return Answer(question, answer, f"{NAMES[measure]} {higher:.2f} against {lower:.2f}, {_clips(more)}")


def reaches(question: str, measure: str, cells: Sequence[dict], least: float, wanted: bool = True) -> Answer:
    """Answer whether the mean of a measure reaches ``least``, or where ``wanted`` is False, whether it does not."""
    found = mean(cells, measure)
    if found is None:
        return Answer(question, "not shown", _nothing(measure))
    answer = "yes" if (found >= least) == wanted else "no"
    return Answer(
        question, answer, f"{NAMES[measure]} {found:.2f} on average, {_clips(cells)}; the line is {least:.1f}"
    )


def best_two(question: str, measure: str, cells_by_name: dict, named: Sequence[str]) -> Answer:
    """Answer whether the two sets of cells with the highest mean of a measure are those named."""
    means = {name: mean(cells, measure) for name, cells in cells_by_name.items()}
    ranked = sorted((name for name in means if means[name] is not None), key=means.get, reverse=True)
    untrained = [name for name in means if not any("measures" in cell for cell in cells_by_name[name])]
    unjudged = [name for name in means if name not in (*ranked, *untrained)]
    evidence = [f"{NAMES[measure]} " + ", ".join(f"{name} {means[name]:.2f}" for name in ranked)] if ranked else []
    evidence += [f"no weights yet of {', '.join(untrained)}"] if untrained else []
    evidence += [f"no judge that holds of {', '.join(unjudged)}"] if unjudged else []
    comparable = len(ranked) >= 3 and set(named) <= set(ranked)
    answer = "not shown" if not comparable else "yes" if set(ranked[:2]) == set(named) else "no"
    return Answer(question, answer, "; ".join(evidence))


def paragraph(answers: Sequence[Answer], demo: bool) -> str:
    """Write answers as one paragraph; synthetic speech shows nothing of what the report claims."""
    if demo:
        answers = [Answer(each.question, "not shown", f"synthetic speech; {each.evidence}") for each in answers]
    sentences: list[str] = [f"{each.question} {each.answer.capitalize()}: {each.evidence}." for each in answers]
    return " ".join(sentences)


def _clips(cells: Sequence[dict]) -> str:
    number = sum("measures" in cell for cell in cells)
    return f"{number} conversion{'s' if number != 1 else ''}"


def _nothing(measure: str) -> str:
    reason = ", or the judge does not hold" if measure in JUDGED else ""
    return f"no weights yet{reason}"
