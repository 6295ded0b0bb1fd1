"""What Tables 4 to 7 have in common: calm to anger and calm to fearful, and the questions asked of both."""

from collections.abc import Sequence

from experiments.answers import Answer, ask, mean
from experiments.clips import SEEN
from experiments.measures import ARRIVED, JUDGED
from experiments.runs import Settings, needed
from experiments.speech_table import Column, Find

TARGETS = ("anger", "fearful")

WORDS_LOST = 0.1
"""Of the word error rate: more than so far above the recording's own, a conversion has lost words."""

CLEANNESS_LOST = 0.2
"""Of DNSMOS: more than so far below the recording's own after the same vocoder, a conversion is damaged."""


def columns(settings: Settings) -> list[Column]:
    """A column an emotion, 150 epochs in the report."""
    return [Column(target, needed(settings, f"calm_{target}", 150)) for target in TARGETS]


def parallel_claims(find: Find, of: str, what: str) -> list[Answer]:
    """Ask of clips whose real counterparts there are: do they arrive, as well as clips seen, with their words?"""
    answers = []
    for target in TARGETS:
        cells, seen = find(target, of), find(target, SEEN)
        answers += [
            ask(f"Are {what} moved towards {target}?", "gap closed", ARRIVED, cells, over=0.0),
            ask(f"Less than clips seen in training ({target})?", "gap closed", ARRIVED, cells, seen, under=0.0),
            ask(f"Are their words still there ({target})?", "word error rate above the recording's", mean("wer", "wer_before"), cells, under=WORDS_LOST),
        ]  # fmt: skip
    return answers


def judged_claims(find: Find, sets: Sequence[str], what: str, moved: bool) -> list[Answer]:
    """Ask of speech without real counterparts: does the judge hear the emotion (or not), and is it still clean?"""
    side = {"over" if moved else "under": 0.0 if moved else 0.1}
    answers = []
    for target in TARGETS:
        cells = find(target, *sets)
        heard = f"Does the judge hear {what} moved towards {target}?" if moved else f"Is {what} left without {target}?"
        answers += [
            ask(heard, "judge, more than before", JUDGED, cells, **side),
            ask(f"Is it still clean ({target})?", "DNSMOS above the recording's", mean("dnsmos", "dnsmos_before"), cells, over=-CLEANNESS_LOST),
        ]  # fmt: skip
    return answers
