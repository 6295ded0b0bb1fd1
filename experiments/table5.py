"""Table 5: the same script by an actor that training has not heard, calm to anger and fearful."""

from experiments.clips import OTHER_SPEAKER, SEEN, UNSEEN, YOURS
from experiments.runs import Settings
from experiments.speech_table import SpeechTable
from experiments.two_emotions import columns, parallel_claims


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""
    return SpeechTable(
        "table5",
        "Table 5: the same script, unseen actor",
        "Calm to anger and fearful, of the same sentences by speakers whom training has not heard. The report finds "
        "that the emotion transfers to them equally well. The answers are from all calm clips of unseen actors.",
        columns(settings),
        [(OTHER_SPEAKER, 1), (YOURS, 4), (UNSEEN, ["03-01-02-01-01-01-19", "03-01-02-01-02-01-20"])],
        [SEEN, UNSEEN, OTHER_SPEAKER, YOURS],
        lambda find: parallel_claims(find, UNSEEN, "clips of unseen actors"),
    )
