"""Table 3: calm to six emotions, 150 epochs, four clips that training has seen."""

import numpy as np

from experiments.answers import Answer, Quantity, ask
from experiments.clips import SEEN
from experiments.measures import GAP, MCD_CHANGE
from experiments.runs import Settings
from experiments.speech_runs import needed
from experiments.speech_table import Column, SpeechTable

Number = float | np.ndarray

TARGETS = ("fearful", "surprised", "anger", "disgust", "happy", "sad")


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""

    def claims(find):
        def of_each(question: str, quantity: Quantity, beside: str = "", **threshold: float) -> list[Answer]:
            answers = []
            for target in TARGETS:
                compared = [find(target, SEEN, beside=beside)] if beside else []
                answers.append(ask(question.format(target), quantity, find(target, SEEN), *compared, **threshold))
            return answers

        ahead = Quantity(f"{GAP.name}, the mean of the two less that of the other four,", GAP.estimator)
        best = "Is more of the gap closed for fearful and surprised than for the others?"
        return [
            ask(best, ahead, *(find(target, SEEN) for target in TARGETS), over=0.0, combine=two_less_others),
            *of_each("Is calm moved towards {}?", GAP, over=0.0),
            *of_each("Is MCD smaller than before ({})?", MCD_CHANGE, under=0.0),
            *of_each("Is it moved further than by a fixed equaliser ({})?", GAP, "equalised", over=0.0),
            *of_each("Is it moved further than by the authors' own networks ({})?", GAP, "theirs", over=0.0),
        ]

    return SpeechTable(
        "table3",
        "Table 3: calm to six emotions",
        "The pictures show four training clips. The report finds fearful and surprised best. The answers are from all "
        "calm training clips. The authors' conversions are compared with ours on the clips that both were trained on.",
        [Column(target, needed(settings, f"calm_{target}", 150)) for target in TARGETS],
        [(SEEN, ["calm_04", "calm_01", "calm_02", "calm_03"])],
        [SEEN],
        claims,
    )


def two_less_others(first: Number, second: Number, *others: Number) -> Number:
    """How far the mean of two is ahead of the mean of the others."""
    return (first + second) / 2 - sum(others) / len(others)
