"""The columns of Tables 4 to 7: calm to anger and calm to fearful."""

from experiments.runs import Settings, needed
from experiments.speech_table import CellsByColumn, Column

TARGETS = ("anger", "fearful")


def columns(settings: Settings) -> list[Column]:
    """A column an emotion, 150 epochs in the report."""
    return [
        Column(
            target, needed(settings, f"calm_{target}", 150), lambda clip, target=target: f"{clip}_{target}_generated"
        )
        for target in TARGETS
    ]


def all_ours(cells: CellsByColumn) -> list[dict]:
    """Our conversions to both emotions."""
    return [cell for target in TARGETS for cell in cells[target]]
