"""Table 1: neutral to anger with 3, 6 and 9 ResNet blocks, 100 epochs, the same clip."""

from experiments import clips
from experiments.answers import is_more
from experiments.runs import Settings, needed
from experiments.speech_table import Column, SpeechTable

BLOCKS = (3, 6, 9)


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""

    def recordings():
        return clips.of_report(settings, ["neutral_01"]) or clips.of_data(
            settings.split().held_back, "neutral", "held back", [2]
        )

    def answers(cells):
        three, six, nine = (cells[f"anger, {blocks} blocks"] for blocks in BLOCKS)
        return [
            is_more("Do 6 blocks transfer more than 3?", "score", six, three),
            is_more("Do 6 blocks keep the sentence better than 3?", "estoi", six, three),
            is_more("Do 9 blocks sound noisier than 6?", "dnsmos", six, nine),
        ]

    columns = [
        Column(
            f"anger, {blocks} blocks", needed(settings, "neutral_anger", 100, n_resnet=blocks),
            lambda clip, blocks=blocks: f"{clip}_anger{blocks}_generated",
        )
        for blocks in BLOCKS
    ]  # fmt: skip
    return SpeechTable(
        "table1",
        "Table 1: 3, 6 and 9 ResNet blocks",
        "Neutral to anger, the same clip through generators of three depths. The report finds 3 blocks poor, "
        "6 good, and 9 noisy.",
        columns,
        recordings,
        answers,
    )
