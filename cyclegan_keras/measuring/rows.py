"""The measures of one set of sounds as a row of a table, written as Markdown or JSON."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from cyclegan_keras.measuring.parallel import Gap


@dataclass(frozen=True)
class Row:
    """The measures of one set of sounds; None if a measure does not apply.

    Distance to the actor's own recording: ``f0_gap``, ``f0_spread_gap``, ``treble_gap``, ``level_gap`` (gap closed),
    ``f0_away`` (mean distance, semitones), ``treble_off`` and ``level_off`` (mean difference, dB), ``contour``
    (correlation of F0), ``mcd`` (dB) and ``mcd_gap`` (gap closed to the second take).
    Words: ``wer`` and ``whole`` (share of sentences without an error). Sound: ``dnsmos`` and ``estoi``. Speaker:
    ``voice`` (similarity to the actor's other recordings). Judges: ``svm`` and ``logistic`` (shares classified as the
    target). Generator: ``mimicry`` and ``cycle`` (mean absolute differences of images).
    ``by_clip``: name, speaker, differences to the real recording (``parallel.Distance``), WER and DNSMOS of each clip.
    """

    name: str
    clips: int
    f0_gap: Gap | None = None
    f0_away: float | None = None
    f0_spread_gap: Gap | None = None
    contour: float | None = None
    treble_gap: Gap | None = None
    treble_off: float | None = None
    level_gap: Gap | None = None
    level_off: float | None = None
    mcd: float | None = None
    mcd_gap: Gap | None = None
    wer: float | None = None
    whole: float | None = None
    dnsmos: float | None = None
    voice: float | None = None
    svm: float | None = None
    logistic: float | None = None
    estoi: float | None = None
    mimicry: float | None = None
    cycle: float | None = None
    by_clip: tuple[dict, ...] = ()


TITLES = {
    "f0_gap": "F0 closed",
    "f0_away": "F0 away, st",
    "f0_spread_gap": "F0 spread closed",
    "contour": "F0 contour",
    "treble_gap": "treble closed",
    "treble_off": "treble off, dB",
    "level_gap": "level spread closed",
    "level_off": "level spread off, dB",
    "mcd": "MCD, dB",
    "mcd_gap": "MCD, of the way",
    "wer": "WER",
    "whole": "sentences whole",
    "dnsmos": "DNSMOS",
    "voice": "same voice",
    "svm": "judge: SVM",
    "logistic": "judge: logistic",
    "estoi": "ESTOI",
}
"""Titles of columns; the title of any other column is its field's name."""


def table(rows: Sequence[Row]) -> str:
    """Write rows as a Markdown table, without columns that are empty in all rows and without the single clips."""
    names = [field.name for field in dataclasses.fields(Row) if field.name != "by_clip"]
    columns = [name for name in names if any(getattr(row, name) is not None for row in rows)]
    lines = ["| " + " | ".join(TITLES.get(name, name) for name in columns) + " |", "|---" * len(columns) + "|"]
    lines += ["| " + " | ".join(_cell(getattr(row, name)) for name in columns) + " |" for row in rows]
    return "\n".join(lines)


def from_json(stored: dict) -> Row:
    """Make a row of its fields as ``json`` stores them: a gap is a list of value, low and high.

    Raises
    ------
    TypeError
        The row has unknown or missing fields.
    """
    columns = {name: value for name, value in stored.items() if name != "by_clip"}
    gaps = {name: Gap(*value) for name, value in columns.items() if isinstance(value, list)}
    return Row(**columns | gaps, by_clip=tuple(stored.get("by_clip", ())))


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, Gap):
        interval = "" if value.low is None else f" [{value.low:.2f}, {value.high:.2f}]"
        return f"{value.value:.2f}{interval}"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
