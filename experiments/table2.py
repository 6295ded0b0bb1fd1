"""Table 2: calm to anger at 260 x 260 (FFT 512, hop 256) and at 520 x 520 (FFT 1024, hop 128), 100 epochs."""

from experiments.answers import ask
from experiments.clips import HELD_BACK, SEEN, TABLE_2, UNSEEN
from experiments.measures import CLEANNESS, CYCLE, DNSMOS_CHANGE, GAP, WORDS
from experiments.runs import Settings
from experiments.speech_runs import needed
from experiments.speech_table import Column, SpeechTable

SIZES = {"anger, 260 x 260": 260, "anger, 520 x 520": 520}


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""

    def claims(find):
        small, large = map(find, SIZES)
        return [
            ask("Is the cycle error smaller at 260 x 260?", CYCLE, small, large, under=0.0),
            ask("Does 260 x 260 keep more of the words?", WORDS, small, large, under=0.0),
            ask("Does 260 x 260 sound cleaner?", CLEANNESS, small, large, over=0.0),
            ask("Does conversion cost less cleanness at 260 x 260?", DNSMOS_CHANGE, small, large, over=0.0),
            ask("Does 260 x 260 close more of the gap to the actors' own recordings?", GAP, small, large, over=0.0),
        ]

    return SpeechTable(
        "table2",
        "Table 2: 260 x 260 and 520 x 520",
        "Calm to anger with an FFT of 512 and a hop of 256, and with 1024 and 128. The report finds that 260 x 260 "
        "reconstructs better. The answers are from all calm clips; a cycle error is of an image at its own resolution. "
        "Griffin-Lim alone is cleaner with the shorter hop, so what conversion costs is asked as well. The authors "
        "published one conversion for each size. The two files hold the same sound, so they cannot be compared. The "
        "report's other rows are by the models of Table 3.",
        [Column(title, needed(settings, "calm_anger", 100, image_size=size)) for title, size in SIZES.items()],
        [(SEEN, ["260_real_calm_for_anger"])],
        [SEEN, TABLE_2, HELD_BACK, UNSEEN],
        claims,
    )
