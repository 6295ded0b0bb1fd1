"""Table 5: the same script by an actor that training has not heard, calm to anger and fearful."""

from experiments import clips
from experiments.answers import TRANSFERRED, UNDERSTOOD, reaches
from experiments.runs import Settings
from experiments.speech_table import SpeechTable
from experiments.two_emotions import all_ours, columns


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""

    def recordings():
        found = clips.of_report(settings, ["calm_eng2"], "the report's recording of another speaker")
        own = clips.of_data(settings.split().unseen, "calm", "unseen", [1, 2])
        return (found or clips.given(settings)) + own

    def answers(cells):
        return [
            reaches("Is the emotion transferred for unseen actors?", "score", all_ours(cells), TRANSFERRED),
            reaches("Are the sentences still there?", "estoi", all_ours(cells), UNDERSTOOD),
        ]

    return SpeechTable(
        "table5",
        "Table 5: the same script, unseen actor",
        "Calm to anger and fearful, of the same sentences by speakers whom training has not heard. The report"
        " finds that they do as well.",
        columns(settings),
        recordings,
        answers,
    )
