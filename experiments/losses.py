"""A run's ``train.csv``: its losses, thinned for the page."""

import csv
import statistics
from pathlib import Path

import numpy as np

from experiments.cells import save_curves

LOSSES = "losses.webp"
"""The picture of a training's losses, in the folder of its yield."""

STEPS_TOGETHER = 20
"""The fewest steps that are averaged into one stored loss."""

MOST_STORED = 2000
"""The most stored losses of a training; of a longer one, more steps are averaged."""


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
    """Thin a run's losses to means of ``STEPS_TOGETHER`` or more steps; ``step`` is the last of each."""
    rows = loss_rows(losses_file, epochs)
    together = max(STEPS_TOGETHER, -(-len(rows) // MOST_STORED))
    groups = [rows[i : i + together] for i in range(0, len(rows), together)]
    names = ("g_loss", "f_loss", "d_a_real", "d_a_fake", "d_b_real", "d_b_fake")
    means = {name: [round(statistics.mean(float(row[name]) for row in group), 4) for group in groups] for name in names}
    return {"step": [int(group[-1]["step"]) for group in groups], **means}


def stored_losses(losses_file: Path, epochs: int, folder: Path) -> dict[str, list[float]]:
    """Thin a run's losses for its yield, and draw them into the yield's folder."""
    losses = thinned_losses(losses_file, epochs)
    panels = {"generators": {"G": losses["g_loss"], "F": losses["f_loss"]}}
    panels["discriminators"] = {
        f"D_{name.upper()}, {kind}": losses[f"d_{name}_{kind}"] for name in "ab" for kind in ("real", "fake")
    }
    save_curves(folder / LOSSES, panels, losses["step"], "step")
    return losses


def is_of(stored: dict, losses_file: Path, epoch: int) -> bool:
    """Whether a stored yield is of the training with these losses, at this epoch."""
    return (
        bool(stored)
        and stored["training"]["epoch"] == epoch
        and (stored["losses"] == thinned_losses(losses_file, epoch))
    )
