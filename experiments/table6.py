"""Table 6: other English sentences by unseen speakers, calm to anger and fearful."""

from experiments.clips import ENGLISH, ESPEAK_ENGLISH, YOURS
from experiments.runs import Settings
from experiments.speech_table import SpeechTable
from experiments.two_emotions import columns, judged_claims

SETS = (ENGLISH, ESPEAK_ENGLISH)


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""
    return SpeechTable(
        "table6",
        "Table 6: other English sentences",
        "Calm to anger and fearful, of sentences that training has not heard by speakers whom it has not heard; the "
        "synthetic voices of espeak-ng stand beside the report's, and count as speakers. No actor says these "
        "sentences in anger or fear, so the answers are from the judges and DNSMOS.",
        columns(settings),
        [(ENGLISH, 2), (YOURS, 4), (ESPEAK_ENGLISH, 2)],
        [*SETS, YOURS],
        lambda find: judged_claims(find, SETS, "English", moved=True),
    )
