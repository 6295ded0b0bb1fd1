"""What Tables 4 to 7 have in common: calm to anger and calm to fearful, and the questions asked of both."""

from collections.abc import Sequence

from cyclegan_keras.measuring.judge import MOST_FALSE_ALARMS
from experiments.answers import FEWEST_CLIPS, Answer, Cells, ask
from experiments.clips import SEEN
from experiments.measures import DNSMOS_CHANGE, GAP, JUDGED, LOST, MCD_CHANGE, PITCH, false_alarms, with_judges
from experiments.runs import Settings
from experiments.speech_runs import needed
from experiments.speech_table import Column, Find

TARGETS = ("anger", "fearful")

MOST_LOST = 0.1
"""A conversion has lost words if its word error rate exceeds that of the actor's own recording by more."""

MOST_DAMAGE = 0.2
"""A conversion is damaged if its DNSMOS is lower by more than that of the recording after the same vocoder."""

NEXT_TO_NOTHING = 0.1
"""Speech counts as left as it was if the judges' mean score rises by less."""


def columns(settings: Settings) -> list[Column]:
    """A column an emotion, 150 epochs in the report."""
    return [Column(target, needed(settings, f"calm_{target}", 150)) for target in TARGETS]


def parallel_claims(find: Find, of: str, what: str) -> list[Answer]:
    """Questions about clips with a parallel recording: gap closed, the drop from seen clips, and words.

    Seen clips are those of the same sentence, intensity and repetition: how far a clip is moved depends on them.
    """
    answers = []
    for target in TARGETS:
        cells = find(target, of)
        seen = same_takes(find(target, SEEN), cells)
        less = f"Are they moved less than clips seen in training ({target})?"
        answers += [
            ask(f"Are {what} moved towards {target}?", GAP, cells, over=0.0),
            ask(less, GAP, cells, seen, under=0.0),
            ask(f"Is their MCD smaller than before ({target})?", MCD_CHANGE, cells, under=0.0),
            ask(f"Are their words kept ({target})?", LOST, cells, under=MOST_LOST),
        ]
    return answers


def same_takes(cells: Cells, like: Cells) -> Cells:
    """Those cells whose sentence, intensity and repetition one of the others has, by RAVDESS's names."""
    takes = {cell["name"].rpartition("-")[0] for cell in like}
    return [cell for cell in cells if cell["name"].rpartition("-")[0] in takes]


def claims_without_counterparts(find: Find, sets: Sequence[str], language: str, moved: bool) -> list[Answer]:
    """Ask of speech without recordings in the target emotion whether pitch and judges' scores rise, and it stays clean.

    Anger and fear are spoken higher than calm. A fixed equaliser leaves the pitch as it is.
    """
    answers = []
    for target in TARGETS:
        cells = find(target, *sets)
        what = f"speech in {language}"
        equalised = find(target, *sets, beside="equalised")
        higher = f"Is the pitch of {what} higher after conversion to {target}?"
        clean = f"Is {what} still clean when converted to {target}?"
        if moved:
            heard = judged(f"Do the judges' scores for {target} rise on {what}?", cells, over=0.0)
        else:
            less = f"Do the judges' scores for {target} rise by less than {NEXT_TO_NOTHING} on {what}?"
            heard = judged(less, cells, under=NEXT_TO_NOTHING)
        answers += [
            ask(higher, PITCH, cells, equalised, over=0.0),
            heard,
            ask(clean, DNSMOS_CHANGE, cells, over=-MOST_DAMAGE),
        ]
    return answers


def judged(question: str, cells: Cells, **threshold: float) -> Answer:
    """Ask the judges, of which only those count that take few of the untouched recordings for the target emotion.

    They were tested on RAVDESS, so each must pass on these clips as well, and of few clips none is asked.
    """
    alarms = false_alarms(cells) if len(cells) >= FEWEST_CLIPS else {}
    kinds = [kind for kind, share in alarms.items() if share <= MOST_FALSE_ALARMS]
    if alarms and not kinds:
        shares = ", ".join(f"{kind} {share:.2f}" for kind, share in alarms.items())
        what = "share of untouched clips that a judge takes for the target emotion"
        return Answer(question, "cannot be told", f"{what} {shares}; {MOST_FALSE_ALARMS} is allowed")
    return ask(question, JUDGED, with_judges(cells, kinds), **threshold)
