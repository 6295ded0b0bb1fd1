"""Table 2: calm to anger at 260 x 260 (FFT 512, hop 256) and at 520 x 520 (FFT 1024, hop 128), 100 epochs."""

from experiments import clips
from experiments.answers import is_more
from experiments.runs import Settings, needed
from experiments.speech_table import Column, SpeechTable

SIZES = (260, 520)


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""

    def recordings():
        names = [f"{size}_real_calm_for_anger" for size in SIZES]
        return clips.of_report(settings, names) or clips.of_data(settings.split().held_back, "calm", "held back", [2])

    def answers(cells):
        small, large = (cells[f"anger, {size} x {size}"] for size in SIZES)
        return [
            is_more("Does 260 x 260 keep the sentence better than 520 x 520?", "estoi", small, large),
            is_more("Does 260 x 260 come back from both generators in turn with less error?", "cycle", large, small),
            is_more("Does 260 x 260 sound cleaner?", "dnsmos", small, large),
        ]

    def of_size(size):
        return lambda clip: clip.replace("real_calm_for", "generated") if clip.startswith(f"{size}_") else ""

    columns = [
        Column(f"anger, {size} x {size}", needed(settings, "calm_anger", 100, image_size=size), of_size(size))
        for size in SIZES
    ]
    return SpeechTable(
        "table2",
        "Table 2: 260 x 260 and 520 x 520",
        "Calm to anger with an FFT of 512 and a hop of 256, and with 1024 and 128. The report finds that 260 "
        "x 260 reconstructs better.",
        columns,
        recordings,
        answers,
    )
