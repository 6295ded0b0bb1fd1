"""What Tables 1 to 7 have in common: clips in rows, trainings in columns, the report's conversion beside ours."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments import clips, yields
from experiments.answers import Answer, Cells, point
from experiments.measures import SUMMARY
from experiments.results import YIELD, read_json
from experiments.runs import Needed

Find = Callable[..., Cells]
"""Takes a column's title and sets of clips; gives the conversions of those."""


@dataclass(frozen=True)
class Column:
    """A training whose conversions fill a column."""

    title: str
    run: Needed


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
    def runs(self) -> list[Needed]:
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
        for cell in next(each["ours"] for each in stored.values() if each):
            names.setdefault(cell["of"], []).append(cell["name"])
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
            "rows": rows,
            "figures": figures(stored, self.sets),
            "questions": questions(self.claims, stored),
            "trainings": {title: each["training"] for title, each in stored.items() if each},
            "missing": [column.run.name for column in self.columns if not stored[column.title]],
            "judges": list(dict.fromkeys(each["judge"] for each in stored.values() if each)),
        }


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
                    measured = [point(estimator, cells) for estimator in SUMMARY.values()]
                    rows[f"{of_what}, {of}, {whose}"] = [len(cells), *measured]
    return {"columns": ["", "clips", *SUMMARY], "rows": [[title, *row] for title, row in rows.items()]}


def questions(claims: Callable[[Find], Sequence[Answer]], stored: dict[str, dict]) -> list[dict]:
    """Answer claims by our conversions, and by the report's own where there are any."""

    def finder(whose: str) -> Find:
        def find(title: str, *sets: str) -> Cells:
            return [cell for cell in stored[title].get(whose, ()) if not sets or cell["of"] in sets]

        return find

    ours = claims(finder("ours"))
    theirs = claims(finder("theirs")) if any(each.get("theirs") for each in stored.values()) else [None] * len(ours)
    return [
        {"ours": dataclasses.asdict(own), "theirs": other and dataclasses.asdict(other)}
        for own, other in zip(ours, theirs)
    ]


def _cells(column: Column, stored: dict, name: str) -> list[dict]:
    return [
        {"title": title, "folder": column.run.name, **cell}
        for title, whose in ((f"ours, epoch {stored['training']['epoch']}", "ours"), ("the report's", "theirs"))
        for cell in stored[whose]
        if cell["name"] == name
    ]
