"""What Tables 1 to 7 have in common: clips in rows, trainings in columns, the report's conversion beside ours."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments import clips, yields
from experiments.answers import Answer, Cells, Estimate, estimate
from experiments.measures import SUMMARY
from experiments.results import YIELD, read_json
from experiments.speech_runs import SpeechTraining

Find = Callable[..., Cells]
"""Takes a column's title and sets of clips; gives their conversions, or those of another maker named by ``beside``."""


@dataclass(frozen=True)
class Column:
    """A training whose conversions fill a column."""

    title: str
    run: SpeechTraining


@dataclass(frozen=True)
class SpeechTable:
    """One of the report's tables of speech.

    Parameters
    ----------
    name, title, compares : str
    columns : sequence of Column
    rows : sequence of (set, number or names)
        The clips that are shown, as ``clips.chosen`` takes them.
    sets : sequence of str
        The sets whose clips are all measured.
    claims : callable
        Answers the report's claims from conversions.
    """

    name: str
    title: str
    compares: str
    columns: Sequence[Column]
    rows: Sequence[tuple[str, int | Sequence[str]]]
    sets: Sequence[str]
    claims: Callable[[Find], Sequence[Answer]]

    @property
    def runs(self) -> list[SpeechTraining]:
        """The trainings that the table needs."""
        return [column.run for column in self.columns]

    def want(self, wanted: dict[str, yields.Wanted]) -> None:
        """Add the conversions that the table needs, by training."""
        for run in self.runs:
            of_run = wanted.setdefault(run.name, yields.Wanted())
            of_run.sets.update(self.sets)
            of_run.rows.extend(self.rows)

    def section(self, results: Path) -> dict | None:
        """The table for the page, from the stored yields; None if none of its trainings has one."""
        stored = {column.title: read_json(results / column.run.name / YIELD) for column in self.columns}
        if not any(stored.values()):
            return None
        recordings = read_json(results / yields.RECORDINGS / YIELD).get("recordings", ())
        sources = {each["name"]: each for each in recordings}
        names: dict[str, list[str]] = {}
        cells = [cell for each in stored.values() for cell in each.get("ours", ())]
        cells.sort(key=lambda cell: "picture" not in cell)  # a clip added later may have none
        for of, name in dict.fromkeys((cell["of"], cell["name"]) for cell in cells):
            names.setdefault(of, []).append(name)
        rows = [
            {
                "source": {**sources[name], "folder": yields.RECORDINGS},
                "groups": [
                    {"title": column.title, "run": column.run.name, "cells": _cells(column, stored[column.title], name)}
                    for column in self.columns
                    if stored[column.title]
                ],
            }
            for name in clips.chosen(names, self.rows)
            if name in sources
        ]
        return {
            "name": self.name,
            "title": self.title,
            "compares": self.compares,
            "clips": counts(stored, self.sets),
            "rows": rows,
            "figures": figures(stored, self.sets),
            "questions": questions(self.claims, stored),
            "trainings": {title: each["training"] for title, each in stored.items() if each},
            "note": differing_epochs(stored),
            "missing": [column.run.name for column in self.columns if not stored[column.title]],
            "judges": list(dict.fromkeys(each["judge"] for each in stored.values() if each)),
        }


def differing_epochs(stored: dict[str, dict]) -> str:
    """Say so if the columns are not of one epoch."""
    epochs = {each["training"]["epoch"] for each in stored.values() if each}
    return "The columns are of different epochs, which is a part of any difference." if len(epochs) > 1 else ""


def counts(stored: dict[str, dict], sets: Sequence[str]) -> str:
    """Say how many clips and speakers each set has; few speakers are named."""
    said = []
    cells = [cell for each in stored.values() for cell in each.get("ours", ())]
    for of in sets:
        speaker_of = {cell["name"]: cell["speaker"] for cell in cells if cell["of"] == of}
        speakers = sorted(set(speaker_of.values()))
        if speakers:
            who = " and ".join(speakers) if len(speakers) < 3 else f"{len(speakers)} speakers"
            said.append(f"{of}: {len(speaker_of)} of {who}")
    return "; ".join(said)


def figures(stored: dict[str, dict], sets: Sequence[str]) -> dict:
    """Give the measures of all conversions: ours, the report's and a fixed equaliser's, a line a column and set."""
    rows: dict[str, list] = {}
    for title, each in stored.items():
        pair = each["training"]["pair"].replace("_", " to ") if each else ""
        of_each = {"ours": (title, "ours"), "theirs": (title, "the report's"), "equalised": (pair, "a fixed equaliser")}
        for key, (of_what, whose) in of_each.items():
            for of in sets:
                cells = [cell for cell in each.get(key, ()) if cell["of"] == of]
                if cells:  # columns of one pair have one equaliser
                    measured = [_figure(estimate(quantity.estimator, cells)) for quantity in SUMMARY]
                    rows[f"{of_what}, {of}, {whose}"] = [len(cells), *measured]
    return {
        "columns": ["", "clips", *(quantity.name for quantity in SUMMARY)],
        "digits": {quantity.name: quantity.digits for quantity in SUMMARY},
        "rows": [[title, *row] for title, row in rows.items()],
    }


def _figure(found: Estimate | None) -> float | tuple[float, float, float] | None:
    return found and ((found.value, found.low, found.high) if found.tells else found.value)


def questions(claims: Callable[[Find], Sequence[Answer]], stored: dict[str, dict]) -> list[dict]:
    """Answer claims by our conversions, and by the report's own and the fixed equaliser's where there are any."""

    def answers(whose: str) -> list[dict]:
        def find(title: str, *sets: str, beside: str = "") -> Cells:
            if beside == whose:
                return []  # nothing is compared with itself
            cells = stored[title].get(beside or whose, ())
            return [cell for cell in cells if not sets or cell["of"] in sets]

        return [dataclasses.asdict(answer) for answer in claims(find)]

    pairs = [each["training"]["pair"] for each in stored.values() if each]
    ours = answers("ours")
    others = {
        "theirs": any(each.get("theirs") for each in stored.values()),
        "equalised": len(set(pairs)) == len(pairs),  # trainings of one pair have one equaliser
    }
    found = {whose: answers(whose) if there else [None] * len(ours) for whose, there in others.items()}
    return [{"ours": own, **dict(zip(found, others))} for own, *others in zip(ours, *found.values())]


def _cells(column: Column, stored: dict, name: str) -> list[dict]:
    return [
        {"title": title, "folder": column.run.name, **cell}
        for title, whose in ((f"ours, epoch {stored['training']['epoch']}", "ours"), ("the report's", "theirs"))
        for cell in stored[whose]
        if cell["name"] == name
    ]
