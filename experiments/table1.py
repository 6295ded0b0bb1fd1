"""Table 1: neutral to anger with 3, 6 and 9 ResNet blocks, 100 epochs, the same clip."""

from experiments.answers import ask
from experiments.clips import HELD_BACK, SEEN, UNSEEN
from experiments.measures import CLEANNESS, GAP, MCD, WORDS
from experiments.runs import Settings
from experiments.speech_runs import needed
from experiments.speech_table import Column, SpeechTable

BLOCKS = {"anger, 3 blocks": 3, "anger, 6 blocks": 6, "anger, 9 blocks": 9}


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""

    def claims(find):
        three, six, nine = (find(title, HELD_BACK, UNSEEN) or find(title) for title in BLOCKS)
        return [
            ask("Do 6 blocks close more of the gap to anger than 3?", GAP, six, three, over=0.0),
            ask("Is MCD smaller with 6 blocks than with 3?", MCD, six, three, under=0.0),
            ask("Do 6 blocks keep more of the words than 3?", WORDS, six, three, under=0.0),
            ask("Do 9 blocks sound noisier than 6?", CLEANNESS, nine, six, under=0.0),
        ]

    return SpeechTable(
        "table1",
        "Table 1: 3, 6 and 9 ResNet blocks",
        "Neutral to anger, the same clip through generators of three depths. The report finds 3 blocks poor, 6 good, "
        "and 9 noisy. The answers are from all neutral clips held back and all of unseen actors; those of the report's "
        "own conversions are from the one clip that it shows.",
        [Column(title, needed(settings, "neutral_anger", 100, n_resnet=n)) for title, n in BLOCKS.items()],
        [(SEEN, ["neutral_01"])],
        [SEEN, HELD_BACK, UNSEEN],
        claims,
    )
