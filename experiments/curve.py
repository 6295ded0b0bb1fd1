"""Section 5.2.3: transfer and mimicry over the epochs of calm to anger, 500 in the report."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.answers import Answer, Quantity, ask, point
from experiments.cells import save_curves
from experiments.clips import UNSEEN
from experiments.measures import CHANGE, CLEANNESS, GAP, MCD_CHANGE, WORDS
from experiments.results import YIELD, read_json
from experiments.runs import Settings
from experiments.speech_runs import SpeechTraining, needed
from experiments.yields import Wanted

MIMICRY = 0.5
"""Generators that change the image less than this share of what they did at most are back at mimicry."""

REPORTS_MIMICRY = 500
"""The epochs after which the report sees mimicry."""


@dataclass(frozen=True)
class Curve:
    """The curve of one training over its epochs."""

    run: SpeechTraining
    name: str = "curve"
    title: str = "Section 5.2.3: over the epochs"
    compares: str = (
        "Calm to anger, all calm clips of unseen actors, by epoch of Table 3's training. The report sees its best at "
        "150 epochs, and mimicry towards 500: generators whose output is nearly their input. The best epoch is chosen "
        "by these same clips, so its figure is too good."
    )

    @property
    def runs(self) -> list[SpeechTraining]:
        """The one training."""
        return [self.run]

    def want(self, wanted: dict[str, Wanted]) -> None:
        """Add that the training's epochs are to be measured."""
        of_run = wanted.setdefault(self.run.name, Wanted())
        of_run.sets.add(UNSEEN)
        of_run.by_epoch = True

    def section(self, results: Path) -> dict | None:
        """The curve for the page, from the stored yield; None if its training has none."""
        stored = read_json(results / self.run.name / YIELD)
        by_epoch: dict[int, list[dict]] = {}
        for cell in stored.get("by_epoch", ()):
            by_epoch.setdefault(cell["epoch"], []).append(cell)
        if not by_epoch:
            return None
        quantities = (GAP, MCD_CHANGE, CHANGE, WORDS, CLEANNESS)
        drawn = {each.name: [point(each.estimator, cells) for cells in by_epoch.values()] for each in quantities}
        drawn = {name: values for name, values in drawn.items() if None not in values}
        save_curves(
            results / self.name / "curve.webp",
            {name: {"": values} for name, values in drawn.items()}, list(by_epoch), "epoch",
        )  # fmt: skip
        return {
            "name": self.name, "title": self.title, "compares": self.compares,
            "pictures": [{"folder": self.name, "picture": "curve.webp", "title": ", ".join(drawn) + " by epoch"}],
            "figures": {
                "columns": ["epoch", *drawn], "digits": {each.name: each.digits for each in quantities},
                "rows": [list(row) for row in zip(map(str, by_epoch), *drawn.values())],
            },
            "questions": [{"ours": dataclasses.asdict(each), "theirs": None} for each in answers(by_epoch)],
            "trainings": {"anger": stored["training"]}, "missing": [], "judges": [],
            "note": too_short(max(by_epoch)),
        }  # fmt: skip


def experiment(settings: Settings) -> Curve:
    """State the curve: as long as Table 3's trainings, unless EPOCHS says otherwise."""
    return Curve(needed(settings, "calm_anger", 150))


def too_short(epochs: int) -> str:
    """Say so if a training is too short to test what the report sees."""
    if epochs >= REPORTS_MIMICRY:
        return ""
    return f"The report's training has {REPORTS_MIMICRY} epochs. This one has {epochs}, too few to show it."


def answers(by_epoch: dict[int, list[dict]]) -> list[Answer]:
    """Answer whether transfer has passed its best, and whether the generators are back at mimicry."""
    last = max(by_epoch)

    def best(quantity: Quantity) -> int:
        found = {epoch: point(quantity.estimator, cells) for epoch, cells in by_epoch.items()}
        return max((epoch for epoch in found if found[epoch] is not None), key=found.get, default=last)

    nearest, most = best(GAP), best(CHANGE)
    gaps = Quantity(f"{GAP.name} at epoch {nearest} and at {last},", GAP.estimator)
    left = Quantity(f"change of the image, as a share of that at epoch {most}, the largest,", CHANGE.estimator)
    return [
        ask(f"Has transfer passed its best by epoch {last}?", gaps, by_epoch[nearest], by_epoch[last], over=0.0),
        ask(
            f"Have the generators fallen back to mimicry by epoch {last}?", left, by_epoch[last], by_epoch[most],
            under=MIMICRY, combine=lambda now, then: now / np.maximum(then, np.finfo(float).tiny),
        ),
    ]  # fmt: skip
