"""A run's ``train.csv``: its losses, thinned for the page."""

import csv
import statistics
from pathlib import Path

import numpy as np

STEPS_TOGETHER = 20
"""Steps that are averaged into one stored loss."""


def loss_rows(losses_file: Path, epochs: int | None = None) -> list[dict[str, str]]:
    """Read the first epochs, or all, of a run's ``train.csv``; rows that are not whole are left out."""
    if not losses_file.exists():
        return []
    with losses_file.open(encoding="utf-8", errors="replace") as file:
        rows = [row for row in csv.DictReader(file) if _is_whole(row)]
    return [row for row in rows if epochs is None or int(row["epoch"]) <= epochs]


def _is_whole(row: dict[str, str]) -> bool:
    try:
        return all(np.isfinite(float(value)) for name, value in row.items() if name != "crc32")
    except (TypeError, ValueError):
        return False


def thinned_losses(losses_file: Path, epochs: int | None = None) -> dict[str, list[float]]:
    """Thin a run's losses to means of ``STEPS_TOGETHER`` steps; ``step`` is the last of each."""
    rows = loss_rows(losses_file, epochs)
    groups = [rows[i : i + STEPS_TOGETHER] for i in range(0, len(rows), STEPS_TOGETHER)]
    names = ("g_loss", "f_loss", "d_a_real", "d_a_fake", "d_b_real", "d_b_fake")
    means = {name: [round(statistics.mean(float(row[name]) for row in group), 4) for group in groups] for name in names}
    return {"step": [int(group[-1]["step"]) for group in groups], **means}


def is_of(stored: dict, losses_file: Path, epoch: int) -> bool:
    """Whether a stored yield is of the training with these losses, at this epoch."""
    return (
        bool(stored)
        and stored["training"]["epoch"] == epoch
        and (stored["losses"] == thinned_losses(losses_file, epoch))
    )
