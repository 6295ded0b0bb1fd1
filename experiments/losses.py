"""A run's ``train.csv``: its losses, thinned for the page, and its pace."""

import csv
import statistics
from pathlib import Path

STEPS_TOGETHER = 20
"""Of the losses that are stored, so many steps are one number."""

ROWS_FOR_PACE = 50
"""A run's pace is the median over so many of its newest steps."""


def loss_rows(losses_file: Path) -> list[dict[str, str]]:
    """Read a run's ``train.csv``; rows that are cut off are left out."""
    if not losses_file.exists():
        return []
    with losses_file.open(encoding="utf-8", errors="replace") as rows:
        return [row for row in csv.DictReader(rows) if None not in row.values()]


def thinned_losses(losses_file: Path) -> dict[str, list[float]]:
    """Thin a run's losses to means of ``STEPS_TOGETHER`` steps; ``step`` is the last of each."""
    rows = loss_rows(losses_file)
    groups = [rows[i : i + STEPS_TOGETHER] for i in range(0, len(rows), STEPS_TOGETHER)]
    names = ("g_loss", "f_loss", "d_a_real", "d_a_fake", "d_b_real", "d_b_fake")
    means = {name: [round(statistics.mean(float(row[name]) for row in group), 4) for group in groups] for name in names}
    return {"step": [int(group[-1]["step"]) for group in groups], **means}


def how_long(steps: int, pace: float) -> str:
    """Say how long steps take at so many seconds each; 0 is a pace that is not known."""
    if not pace:
        return "at a pace not known yet"
    return f"about {steps * pace / 3600:.1f} h" if steps * pace > 5400 else f"about {steps * pace / 60:.0f} min"


def log_pace(losses_file: Path) -> float:
    """Seconds a step by the newest rows of a ``train.csv``; 0 where there are none that can be read."""
    try:
        return statistics.median(float(row["seconds"]) for row in loss_rows(losses_file)[-ROWS_FOR_PACE:])
    except (OSError, KeyError, ValueError, statistics.StatisticsError):
        return 0.0
