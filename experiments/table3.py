"""Table 3: calm to six emotions, 150 epochs, four clips that training has seen."""

import numpy as np

from experiments.answers import ask
from experiments.clips import SEEN
from experiments.measures import ARRIVED
from experiments.runs import Settings, needed
from experiments.speech_table import Column, SpeechTable

BEST = ("fearful", "surprised")

TARGETS = (*BEST, "anger", "disgust", "happy", "sad")


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""

    def claims(find):
        ours = {target: find(target, SEEN) for target in TARGETS}
        every = [
            ask(f"Is calm moved towards {target}?", "gap closed", ARRIVED, cells, over=0.0)
            for target, cells in ours.items()
        ]
        best = ask(
            "Are fearful and surprised reached best?", "gap closed, the lesser of the two less the best of the others",
            ARRIVED, *ours.values(), over=0.0,
            combine=lambda *gaps: np.minimum(*gaps[:2]) - np.max(gaps[2:], axis=0),
        )  # fmt: skip
        return [*every, best]

    return SpeechTable(
        "table3",
        "Table 3: calm to six emotions",
        "Four clips that training has seen. The report finds fearful and surprised best. The answers are by all calm clips "
        "that training has seen.",
        [Column(target, needed(settings, f"calm_{target}", 150)) for target in TARGETS],
        [(SEEN, ["calm_04", "calm_01", "calm_02", "calm_03"])],
        [SEEN],
        claims,
    )
