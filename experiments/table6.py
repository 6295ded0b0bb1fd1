"""Table 6: other English sentences by unseen speakers, calm to anger and fearful."""

from experiments.clips import ENGLISH, ESPEAK_ENGLISH, YOURS
from experiments.runs import Settings
from experiments.speech_table import SpeechTable
from experiments.two_emotions import claims_without_counterparts, columns

SETS = (ENGLISH, ESPEAK_ENGLISH)


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""
    return SpeechTable(
        "table6",
        "Table 6: other English sentences",
        "Calm to anger and fearful, of sentences that training has not heard by speakers whom it has not heard; the "
        "synthetic voices of espeak-ng stand beside the report's, and count as speakers. No actor says these "
        "sentences in anger or fear. So the answers are from the pitch, compared with that of a fixed equaliser, which "
        "does not change it, from the judges, and from DNSMOS.",
        columns(settings),
        [(ENGLISH, 2), (YOURS, 4), (ESPEAK_ENGLISH, 2)],
        [*SETS, YOURS],
        lambda find: claims_without_counterparts(find, SETS, "English", moved=True),
    )
