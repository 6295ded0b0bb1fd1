"""Table 7: Hindi, Kannada and German, calm to anger and fearful."""

from experiments.answers import ask
from experiments.clips import ENGLISH, ESPEAK_ENGLISH, ESPEAK_HINDI, ESPEAK_KANNADA, GERMAN, HINDI, KANNADA, YOURS
from experiments.measures import CHANGE
from experiments.runs import Settings
from experiments.speech_table import SpeechTable
from experiments.two_emotions import TARGETS, claims_without_counterparts, columns

SETS = (HINDI, KANNADA, GERMAN, ESPEAK_HINDI, ESPEAK_KANNADA)

ANSWERED = {"Hindi and Kannada": (HINDI, KANNADA, ESPEAK_HINDI, ESPEAK_KANNADA), "German": (GERMAN,)}
"""The sets that are answered apart, because their speech is of different kinds."""


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""

    def claims(find):
        answers = []
        for language, sets in ANSWERED.items():
            answers += claims_without_counterparts(find, sets, language, moved=False)
            for target in TARGETS:
                question = f"Do the generators to {target} change speech in {language} less than in English?"
                answers.append(
                    ask(question, CHANGE, find(target, *sets), find(target, ENGLISH, ESPEAK_ENGLISH), under=0.0)
                )
        return answers

    return SpeechTable(
        "table7",
        "Table 7: Hindi, Kannada and German",
        "Calm to anger and fearful, of languages that training has not heard. The report finds that the emotion is not "
        "transferred and the speech is reconstructed. Beside the report's two recordings stand three neutral clips "
        "of each of EmoDB's ten speakers, in German, and synthetic voices of espeak-ng, which count as speakers. The "
        "pitch is compared with that of a fixed equaliser, which does not change it.",
        columns(settings),
        [(HINDI, 1), (KANNADA, 1), (YOURS, 4), (ESPEAK_HINDI, 1), (ESPEAK_KANNADA, 1)],
        [*SETS, ENGLISH, ESPEAK_ENGLISH, YOURS],
        claims,
    )
