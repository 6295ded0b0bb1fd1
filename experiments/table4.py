"""Table 4: clips held back from training, both statements, calm to anger and fearful."""

from experiments import clips
from experiments.answers import TRANSFERRED, UNDERSTOOD, reaches
from experiments.runs import Settings
from experiments.speech_table import SpeechTable
from experiments.two_emotions import all_ours, columns

REPORTS = ("calm_orig1", "calm_orig2")


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""

    def recordings():
        own = clips.of_data(settings.split().held_back, "calm", "held back here", [2, 2])
        return clips.of_report(settings, REPORTS) + own

    def answers(cells):
        return [
            reaches("Is the emotion transferred to clips that were held back?", "score", all_ours(cells), TRANSFERRED),
            reaches("Are the sentences still there?", "estoi", all_ours(cells), UNDERSTOOD),
        ]

    return SpeechTable(
        "table4",
        "Table 4: clips held back",
        "Calm to anger and fearful, of clips that training has not seen, by speakers that it knows. The "
        "report's two are by an actor that training here has not heard at all.",
        columns(settings),
        recordings,
        answers,
    )
