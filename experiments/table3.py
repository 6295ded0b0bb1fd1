"""Table 3: calm to six emotions, 150 epochs, four clips that training has seen."""

from experiments import clips
from experiments.answers import TRANSFERRED, best_two, reaches
from experiments.runs import Settings, needed
from experiments.speech_table import Column, SpeechTable

TARGETS = ("surprised", "fearful", "anger", "disgust", "happy", "sad")

CLIPS = ("calm_04", "calm_01", "calm_02", "calm_03")


def experiment(settings: Settings) -> SpeechTable:
    """State the table."""

    def recordings():
        return clips.of_report(settings, CLIPS) or clips.of_data(
            settings.split().train, "calm", "seen in training", [1, 2, 2, 2]
        )

    def answers(cells):
        ours = {target: cells[target] for target in TARGETS}
        return [
            reaches(
                "Are the emotions transferred?", "score", [cell for of in ours.values() for cell in of], TRANSFERRED
            ),
            best_two("Are fearful and surprised transferred best?", "score", ours, ("fearful", "surprised")),
        ]

    columns = [
        Column(
            target, needed(settings, f"calm_{target}", 150), lambda clip, target=target: f"{clip}_{target}_generated"
        )
        for target in TARGETS
    ]
    return SpeechTable(
        "table3",
        "Table 3: calm to six emotions",
        'Four clips of the training set, one "Kids are talking by the door" and three "Dogs are sitting by '
        'the door". The report finds fearful and surprised best.',
        columns,
        recordings,
        answers,
    )
