"""Table 7: Hindi and Kannada, calm to anger and fearful."""

from experiments import clips
from experiments.answers import TRANSFERRED, UNDERSTOOD, reaches
from experiments.runs import Settings
from experiments.speech_table import SpeechTable
from experiments.two_emotions import all_ours, columns

REPORTS = {"calm_hin": "Hindi, the report's recording", "calm_kan": "Kannada, the report's recording"}


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""

    def recordings():
        reports = [clip for name, what in REPORTS.items() for clip in clips.of_report(settings, [name], what)]
        found = reports or clips.given(settings)
        return found or clips.by_espeak(settings, "hi") + clips.by_espeak(settings, "kn")

    def answers(cells):
        return [
            reaches("Is the emotion left untransferred?", "score", all_ours(cells), TRANSFERRED, wanted=False),
            reaches("Are the sentences reconstructed?", "estoi", all_ours(cells), UNDERSTOOD),
        ]

    return SpeechTable(
        "table7",
        "Table 7: Hindi and Kannada",
        "Calm to anger and fearful, of languages that training has not heard. The report finds that the "
        "emotion is not transferred and the speech is reconstructed.",
        columns(settings),
        recordings,
        answers,
    )
