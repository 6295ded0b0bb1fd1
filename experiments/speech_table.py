"""What Tables 1 to 7 have in common: recordings in rows, trainings in columns, the report's output beside ours."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cyclegan_keras import audio
from cyclegan_keras.config import RunConfig, SpectrogramConfig
from cyclegan_keras.conversion.generators import load_generator
from cyclegan_keras.conversion.settings import ConversionOptions
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.infer import repaint, synthesise
from cyclegan_keras.measuring import judge, metrics
from cyclegan_keras.measuring.ruler import Ruler, build_ruler, describe_verdict, load_source, middle
from cyclegan_keras.shared.run_directory import DIRECTIONS
from experiments.answers import Answer, paragraph
from experiments.cells import as_json, write_cell
from experiments.clips import Recording
from experiments.runs import Needed, Settings, describe

REPORTS_WAY = ConversionOptions("griffin-lim")
"""The report's way to sound, whatever `infer` does unasked."""

MEASURES = ("transfer", "score", "estoi", "dnsmos", "pitch_hz", "pitch_range")

CellsByColumn = dict[str, list[dict]]
"""A table's conversions, ours by a column's title and the report's own by that title with " (report)" behind."""


@dataclass(frozen=True)
class Column:
    """A training whose conversions stand in a column, and the name of the report's own conversion of a clip, if any."""

    title: str
    run: Needed
    reports_output: Callable[[str], str]


@dataclass(frozen=True)
class SpeechTable:
    """One of the report's tables of speech.

    ``recordings`` is called when the table is made; ``answers`` with its cells, for the paragraph below it.
    """

    name: str
    title: str
    compares: str
    columns: Sequence[Column]
    recordings: Callable[[], Sequence[Recording]]
    answers: Callable[[CellsByColumn], Sequence[Answer]]

    @property
    def runs(self) -> list[Needed]:
        """The trainings that the table needs."""
        return [column.run for column in self.columns]

    def make(self, settings: Settings, folder: Path) -> dict:
        """Convert, measure, draw and write the cells; give the table as the page shows it.

        Raises
        ------
        InputError
            There are no recordings to start from, or none to fit a judge to.
        """
        recordings = list(self.recordings())
        cells: CellsByColumn = {}
        rows = [
            {
                "title": recording.name,
                "what": recording.what,
                "source": _source_cell(recording, folder),
                "groups": [{"title": column.title, "cells": []} for column in self.columns],
            }
            for recording in recordings
        ]
        rulers = []
        for number, column in enumerate(self.columns):
            ruler = cached_ruler(settings.data, *split_pair(column.run.pair))
            rulers.append(ruler)
            ours = _conversions(column, recordings, ruler, folder)
            theirs = [_reports_cell(column, recording, ruler, settings, folder) for recording in recordings]
            cells[column.title] = ours
            cells[f"{column.title} (report)"] = [cell for cell in theirs if cell]
            for row, *both in zip(rows, ours, theirs):
                row["groups"][number]["cells"] = [cell for cell in both if cell]
        found = list(self.answers(cells))
        return {
            "title": self.title,
            "compares": self.compares,
            "rows": rows,
            "answers": [dataclasses.asdict(answer) for answer in found],
            "paragraph": paragraph(found, settings.demo),
            "judges": list(dict.fromkeys(describe_verdict(ruler) for ruler in rulers)),
            "trainings": list(dict.fromkeys(describe(run) for run in self.runs if run.epoch())),
        }


@functools.cache
def cached_ruler(data: Path, source: str, target: str) -> Ruler:
    """The ruler of a pair, fitted once: with the 260 x 260 analysis, so that all columns are measured alike."""
    return build_ruler(data, source, target, SpectrogramConfig())


def measured(ruler: Ruler, sound: np.ndarray, reference: np.ndarray, statement: int) -> dict:
    """A conversion's measures, with the judge's score of the clip before, and whether that judge holds."""
    reference = reference[: len(sound)]
    row = dataclasses.asdict(ruler.measure("", [sound[: len(reference)]], [reference], [statement]))
    measures = {name: as_json(row[name]) for name in MEASURES}
    measures["score_before"] = as_json(ruler.judge.scores([reference], ruler.target)[0])
    return {"measures": measures, "judge_holds": ruler.verdict.holds}


def _source_cell(recording: Recording, folder: Path) -> dict:
    config = SpectrogramConfig()
    source = load_source(recording.path, recording.statement, config)
    cell = write_cell(
        folder, recording.name, "the recording", source.reading.spectrogram, source.reading.waveform, config
    )
    pitch = metrics.pitch_of(source.reading.waveform, config.sample_rate)
    dnsmos = metrics.dnsmos(source.reading.waveform, config.sample_rate)
    return {**cell, "measures": {"dnsmos": as_json(dnsmos), "pitch_hz": as_json(pitch.median_hz)}}


def _conversions(column: Column, recordings: Sequence[Recording], ruler: Ruler, folder: Path) -> list[dict]:
    epoch = column.run.epoch()
    if not epoch:
        return [
            {"title": "ours", "missing": f"{column.run.directory.path.name} is not trained yet"} for _ in recordings
        ]
    config = RunConfig.load(column.run.directory.config_file)
    analysis = config.spectrogram
    sources = [load_source(recording.path, recording.statement, analysis) for recording in recordings]
    spectrograms = [source.reading.spectrogram for source in sources]
    there, back = (load_generator(column.run.directory, config, epoch, direction) for direction in DIRECTIONS)
    converted = repaint(spectrograms, there, analysis)
    restored = repaint(converted, back, analysis)
    cells = []
    for source, painted, again in zip(sources, converted, restored):
        sound = synthesise(source.reading, painted, analysis, REPORTS_WAY)
        untouched = synthesise(source.reading, source.reading.spectrogram, analysis, REPORTS_WAY)
        cell = write_cell(
            folder, f"{source.name}-{_slug(column.title)}", f"ours, epoch {epoch}", painted, sound, analysis
        )
        cell.update(measured(ruler, sound, untouched, source.statement))
        cell["measures"]["mimicry"] = as_json(metrics.mimicry(source.reading.spectrogram, painted))
        cell["measures"]["cycle"] = as_json(metrics.mimicry(source.reading.spectrogram, again))
        cells.append(cell)
    return cells


def _reports_cell(column: Column, recording: Recording, ruler: Ruler, settings: Settings, folder: Path) -> dict | None:
    path = _reports_file(settings.report_outputs, column.reports_output(recording.name))
    if path is None:
        return None
    config = SpectrogramConfig()
    output = load_source(path, recording.statement, config).reading
    waveform = middle(audio.load_waveform(recording.path, config.sample_rate), config)
    name = f"{recording.name}-{_slug(column.title)}-report"
    cell = write_cell(folder, name, "the report's", output.spectrogram, output.waveform, config)
    return {**cell, **measured(ruler, output.waveform, judge.vocoded(waveform, config), recording.statement)}


def _reports_file(folder: Path | None, name: str) -> Path | None:
    # The report's files write emotions with and without a capital.
    found = [path for path in folder.glob("*.*") if path.stem.lower() == name.lower()] if folder and name else []
    return found[0] if found else None


def _slug(title: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in title)
