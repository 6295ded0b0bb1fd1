"""Table 4: clips held back from training, both statements, calm to anger and fearful."""

from experiments.clips import HELD_BACK, SEEN, UNSEEN
from experiments.runs import Settings
from experiments.speech_table import SpeechTable
from experiments.two_emotions import columns, parallel_claims


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""
    return SpeechTable(
        "table4",
        "Table 4: clips held back",
        "Calm to anger and fearful, of clips that training has not seen, by speakers that it knows. The report shows "
        "two clips of actor 20. The authors' models were trained on other clips of this actor. Ours were not, so these "
        "two clips are unseen for ours. The answers are from all clips held back, beside seen clips of the same "
        "sentence, intensity and repetition. They are too few to tell.",
        columns(settings),
        [(UNSEEN, ["calm_orig1", "calm_orig2"]), (HELD_BACK, 2)],
        [SEEN, HELD_BACK, UNSEEN],
        lambda find: parallel_claims(find, HELD_BACK, "clips held back"),
    )
