"""Recordings of an unknown corpus: folders named by emotion, or a table ``clips.csv``."""

import csv
import functools
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.emotions import EMOTION_ALIASES, EMOTIONS, emotion_name
from cyclegan_keras.shared.errors import InputError

TABLE = "clips.csv"

COLUMNS = ("path", "emotion", "speaker", "sentence", "intensity", "repetition", "language")
"""Columns of ``clips.csv``; the first two are required."""

OTHER_EMOTIONS = {"amused", "boredom", "sleepiness", "excited", "frustrated", "contempt", "pride", "tender", "whisper"}
"""Further names by which a folder is recognised as named by emotion. Folders on its level may have any other name."""

NO_SPEAKERS = {
    "train", "test", "dev", "val", "valid", "validation", "eval", "evaluation", "wav", "wavs", "flac", "mp3", "audio",
    "sound", "sounds", "clips", "data", "recordings", "speech",
}  # fmt: skip
"""Names of folders that never name a speaker."""


def clips_of_folders(root: Path, paths: Sequence[Path], corpus: str) -> list[Clip | str]:
    """Take the emotion of each recording from one folder's name, and its speaker from another's.

    The emotion is the innermost folder with the name of a usual emotion. If a recording has no such folder, its emotion
    is the folder on the level that most other recordings use. If no recording has one, it is the recording's own
    folder. The speaker is the outermost other folder: two speakers may be merged, but one is never split in two.

    Parameters
    ----------
    root : Path
    paths : sequence of Path
        Recordings below ``root``.
    corpus : str
        The name for the clips' ``corpus``.

    Returns
    -------
    clips : list
        For each path a clip, or the reason why there is none.
    """
    folders = _folders(root, paths)
    known = [_usual_level(names) for names in folders]
    levels = Counter(level for level in known if level is not None)
    usual = levels.most_common(1)[0][0] if levels else None
    return [
        _of_folders(path, names, next(at for at in (level, usual, len(names) - 1) if at is not None), corpus)
        for path, names, level in zip(paths, folders, known)
    ]


def has_emotion_folders(root: Path, paths: Sequence[Path]) -> bool:
    """Whether any recording lies in a folder with the name of a usual emotion."""
    return any(_usual_level(names) is not None for names in set(_folders(root, paths)))


def names_emotion(folder: str) -> bool:
    """Whether a folder has the name of a usual emotion."""
    return _usual_level((folder,)) is not None


def clips_of_table(root: Path, corpus: str) -> list[Clip]:
    """Read ``clips.csv``: one line per recording, after a line with the columns' names.

    Parameters
    ----------
    root : Path
        The folder of ``clips.csv``; the paths in it are relative to this folder.
    corpus : str
        The name for the clips' ``corpus``.

    Returns
    -------
    clips : list of Clip

    Raises
    ------
    InputError
        A column is missing or unknown, or a line cannot be used; the message names the line.
    """
    table = root / TABLE
    try:
        text = table.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{table}: cannot be read ({error}); save it as UTF-8") from None
    first = text.split("\n", 1)[0]
    # Spreadsheets in many European locales write semicolons.
    rows = csv.DictReader(text.splitlines(), delimiter=";" if ";" in first and "," not in first else ",")
    try:
        clips = _of_table(table, root, rows, corpus)
    except csv.Error as error:
        raise InputError(f"{table}, line {rows.line_num + 1}: {error}") from None
    if not clips:
        raise InputError(f"{table}: names no clips; write a line for each")
    return clips


def _of_table(table: Path, root: Path, rows: csv.DictReader, corpus: str) -> list[Clip]:
    names = [name.strip().lower() for name in rows.fieldnames or ()]
    wrong = [name for name in names if name not in COLUMNS]
    if not {"path", "emotion"} <= set(names) or wrong:
        what = f"unknown column {wrong[0]!r}" if wrong else "its first line is not path,emotion"
        raise InputError(f"{table}: {what}; the columns are {', '.join(COLUMNS)}, the first two are required")
    rows.fieldnames = names
    return list(_of_rows(table, root, rows, corpus))


def _folders(root: Path, paths: Sequence[Path]) -> list[tuple[str, ...]]:
    """The folders between the root and each recording."""
    parts = functools.cache(lambda folder: Path(folder).relative_to(root).parts)  # of far fewer folders than files
    return [parts(os.path.dirname(path)) for path in paths]


def _of_rows(table: Path, root: Path, rows: csv.DictReader, corpus: str) -> Iterator[Clip]:
    for row in rows:
        field = {name: (row.get(name) or "").strip() for name in COLUMNS}
        try:
            if not field["path"]:
                raise InputError("no path")
            intensity, repetition = (_number(name, field[name]) for name in ("intensity", "repetition"))
            yield Clip(
                root / field["path"], plain(field["speaker"]), emotion_name(field["emotion"]),
                field["sentence"] or None, intensity, repetition, field["language"] or None, corpus,
            )  # fmt: skip
        except InputError as error:
            raise InputError(f"{table}, line {rows.line_num}: {error}") from None


def _number(name: str, text: str) -> int | None:
    try:
        return int(text) if text else None
    except ValueError:
        raise InputError(f"{name} {text!r}: write a whole number, or leave it empty") from None


@functools.lru_cache(maxsize=10_000)
def _usual_level(names: tuple[str, ...]) -> int | None:
    """The level of the innermost folder with the name of a usual emotion; None without one."""
    for level in reversed(range(len(names))):
        name = names[level].strip().lower().replace(" ", "-").replace("_", "-")
        if EMOTION_ALIASES.get(name, name) in OTHER_EMOTIONS.union(EMOTIONS):
            return level
    return None


def _of_folders(path: Path, names: Sequence[str], level: int, corpus: str) -> Clip | str:
    if not 0 <= level < len(names):
        return "in no folder that names its emotion"
    try:
        emotion = emotion_name(names[level])
    except InputError:
        return "in a folder whose name is not an emotion"
    others = [name for at, name in enumerate(names) if at != level and name.lower() not in NO_SPEAKERS]
    return Clip(path, plain(others[0] if others else ""), emotion, corpus=corpus)


def plain(name: str) -> str:
    """A name without commas, which separate the names in a list of speakers."""
    return name.replace(",", " ")
