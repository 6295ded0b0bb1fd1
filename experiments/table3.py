"""Table 3: calm to six emotions, 150 epochs, four clips that training has seen."""

import numpy as np

from experiments.answers import Quantity, ask
from experiments.clips import SEEN
from experiments.measures import gap_of
from experiments.runs import Settings, needed
from experiments.speech_table import Column, SpeechTable

Number = float | np.ndarray

TARGETS = ("fearful", "surprised", "anger", "disgust", "happy", "sad")


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""

    def claims(find):
        every, answers = [find(target, SEEN) for target in TARGETS], []
        for target, cells in zip(TARGETS, every):
            equalised = find(target, SEEN, baseline=True)
            further = f"Further than by a fixed equaliser ({target})?"
            answers += [
                ask(f"Is calm moved towards {target}?", gap_of(cells), cells, over=0.0),
                ask(further, gap_of(cells, equalised), cells, equalised, over=0.0),
            ]
        gap = gap_of(*every)
        ahead = Quantity(f"{gap.name}, the mean of the two less that of the other four,", gap.estimator)
        question = "Is more of the gap closed for fearful and surprised than for the others?"
        best = ask(question, ahead, *every, over=0.0, combine=two_less_others)
        return [*answers, best]

    return SpeechTable(
        "table3",
        "Table 3: calm to six emotions",
        "Shown are four clips that training has seen. The report finds fearful and surprised best. The answers are "
        "from all calm clips that training has seen.",
        [Column(target, needed(settings, f"calm_{target}", 150)) for target in TARGETS],
        [(SEEN, ["calm_04", "calm_01", "calm_02", "calm_03"])],
        [SEEN],
        claims,
    )


def two_less_others(first: Number, second: Number, *others: Number) -> Number:
    """How far the mean of two is ahead of the mean of the others."""
    return (first + second) / 2 - sum(others) / len(others)
