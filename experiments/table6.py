"""Table 6: other English sentences by unseen speakers, calm to anger and fearful."""

from experiments import clips
from experiments.answers import TRANSFERRED, UNDERSTOOD, reaches
from experiments.runs import Settings
from experiments.speech_table import SpeechTable
from experiments.two_emotions import all_ours, columns

REPORTS = ("calm_eng1", "calm_eng3")


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""

    def recordings():
        found = clips.of_report(settings, REPORTS, "English, the report's recording") or clips.given(settings)
        return found or clips.by_espeak(settings, "en")

    def answers(cells):
        return [
            reaches("Is the emotion transferred to other sentences?", "score", all_ours(cells), TRANSFERRED),
            reaches("Are the sentences still there?", "estoi", all_ours(cells), UNDERSTOOD),
        ]

    return SpeechTable(
        "table6",
        "Table 6: other English sentences",
        "Calm to anger and fearful, of sentences that training has not heard by speakers whom it has not heard.",
        columns(settings),
        recordings,
        answers,
    )
