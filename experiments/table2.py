"""Table 2: calm to anger at 260 x 260 (FFT 512, hop 256) and at 520 x 520 (FFT 1024, hop 128), 100 epochs."""

from experiments.answers import ask, mean
from experiments.clips import HELD_BACK, SEEN, UNSEEN
from experiments.runs import Settings, needed
from experiments.speech_table import Column, SpeechTable

SIZES = (260, 520)


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""
    titles = [f"anger, {size} x {size}" for size in SIZES]

    def claims(find):
        small, large = map(find, titles)
        return [
            ask("Does 260 x 260 come back from both generators with less error?", "cycle error", mean("cycle"), small, large, under=0.0),
            ask("Does 260 x 260 keep more of the words?", "word error rate", mean("wer"), small, large, under=0.0),
            ask("Does 260 x 260 sound cleaner?", "DNSMOS", mean("dnsmos"), small, large, over=0.0),
        ]  # fmt: skip

    return SpeechTable(
        "table2",
        "Table 2: 260 x 260 and 520 x 520",
        "Calm to anger with an FFT of 512 and a hop of 256, and with 1024 and 128. The report finds that 260 x 260 "
        "reconstructs better. The answers are by all calm clips.",
        [Column(title, needed(settings, "calm_anger", 100, image_size=size)) for title, size in zip(titles, SIZES)],
        [(SEEN, ["260_real_calm_for_anger"])],
        [SEEN, HELD_BACK, UNSEEN],
        claims,
    )
