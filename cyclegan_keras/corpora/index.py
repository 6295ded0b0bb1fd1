"""The clips of one folder or several, whatever corpus each holds, and what of it is passed over and why."""

import os
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from cyclegan_keras.corpora import folders
from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.known import SPEECH, Corpus, corpus_of_name, known_corpora
from cyclegan_keras.corpora.recordings import GET_DATA, LFS_POINTER, Below, copies, files_below, look
from cyclegan_keras.shared.errors import InputError

MOST_UNUSABLE = 0.1
"""Of the recordings; where more cannot be used, something is wrong with the whole, and nothing is."""

SAMPLE = 1000
"""So many names are enough to recognise a corpus by."""

MOST_NAMED = 10
"""Of the files passed over; more are only counted."""

FOLDERS = "folders"
"""For ``--corpus``: emotions are folders' names, whatever the files' names look like."""

LOSSY = (".mp3", ".ogg", ".oga", ".opus")


class PassedOver(NamedTuple):
    """A file that is not used, and why."""

    path: Path
    why: str


@dataclass(frozen=True)
class Folder:
    """What a folder was taken for: a known corpus, or None where its own folders or table name the emotions."""

    root: Path
    name: str
    corpus: Corpus | None


@dataclass(frozen=True)
class Index:
    """The clips of one folder or several, what each was taken for, and what is passed over.

    ``unusable`` are recordings that hold no sound to use; ``others`` are fine and yet not taken: copies, song where
    speech is asked for, turns without an emotion; ``of_macos`` counts the ``._`` files that macOS leaves beside others.
    """

    clips: tuple[Clip, ...]
    folders: tuple[Folder, ...]
    unusable: tuple[PassedOver, ...]
    others: tuple[PassedOver, ...]
    of_macos: int


def index_clips(data: Path | str | Sequence[Path], corpus: str | None = None, channel: str = SPEECH) -> list[Clip]:
    """Find the clips of a folder, or of several as one corpus; other files are passed over.

    Parameters, errors and order are those of ``index_corpora``.

    Example
    -------
    >>> [clip.key for clip in index_clips(Path("data/ravdess"))][:1]  # doctest: +SKIP
    ['03-01-01-01-01-01-01']
    """
    return list(index_corpora(data, corpus, channel).clips)


def index_corpora(data: Path | str | Sequence[Path], corpus: str | None = None, channel: str = SPEECH) -> Index:
    """Find the clips of a folder, or of several as one corpus, and what is passed over.

    Parameters
    ----------
    data : Path or sequence of Path
        Each is recognised by its files' names, or else by folders named by emotion, or by its ``clips.csv``.
    corpus : str, optional
        What the folders hold, where that is not to be recognised: a known corpus's name, or ``"folders"``.
    channel : str
        ``"speech"``, or ``"song"`` where a corpus has some (RAVDESS).

    Returns
    -------
    index : Index
        Its clips are sorted by corpus and key. A recording that is there several times, by the name that its corpus
        gave it or by content, is counted once, from where it lies least deep.

    Raises
    ------
    InputError
        There is no such folder, it cannot be read, none of its files is a clip, or more than a tenth cannot be used.
    """
    roots = [Path(data)] if isinstance(data, (str, Path)) else [Path(root) for root in data]
    taken, clips, unusable, others, of_macos = [], [], [], [], 0
    for root in roots:
        below = files_below(root)
        folder, of_folder, not_taken = _read_folder(root, below, corpus, channel, {other.name for other in taken})
        looks = [look(clip.path) for clip in of_folder]
        bad = [PassedOver(clip.path, seen.problem) for clip, seen in zip(of_folder, looks) if seen.problem]
        refuse_many_unusable(root, bad, len(looks))
        taken.append(folder)
        clips += [(clip, seen.mark) for clip, seen in zip(of_folder, looks) if not seen.problem]
        unusable += bad
        others += not_taken
        of_macos += below.of_macos
    kept, doubles = _once(clips, {folder.name for folder in taken if folder.corpus})
    return Index(tuple(kept), tuple(taken), tuple(unusable), tuple(others + doubles), of_macos)


def refuse_many_unusable(where: object, unusable: Sequence[PassedOver], total: int) -> None:
    """Raise an ``InputError`` where more than a tenth of ``total`` recordings cannot be used."""
    if len(unusable) <= MOST_UNUSABLE * total:
        return
    pointers = sum(bad.why == LFS_POINTER for bad in unusable)
    if pointers > len(unusable) / 2:
        raise InputError(
            f"{where}: {pointers} of {total} recordings are Git LFS pointers instead of sound; "
            "run `git lfs install` and `git lfs pull` there"
        )
    raise InputError(
        f"{where}: {len(unusable)} of {total} recordings cannot be used ({reasons(unusable)}; "
        f"the first is {unusable[0].path}); get them again, or take them away"
    )


def reasons(passed_over: Iterable[PassedOver]) -> str:
    """Count what is passed over by why.

    Example
    -------
    >>> reasons([PassedOver(Path("a"), "empty"), PassedOver(Path("b"), "silent"), PassedOver(Path("c"), "empty")])
    'empty 2, silent 1'
    """
    return ", ".join(f"{why} {count}" for why, count in Counter(file.why for file in passed_over).most_common())


def told(passed_over: Sequence[PassedOver]) -> list[str]:
    """Say what is passed over: a line that counts it by why, and a line for each of the first files.

    Example
    -------
    >>> told([PassedOver(Path("a.wav"), "silent from start to end")])
    ['passed over: silent from start to end 1', '  a.wav: silent from start to end']
    """
    if not passed_over:
        return []
    lines = [f"passed over: {reasons(passed_over)}"]
    lines += [f"  {file.path}: {file.why}" for file in passed_over[:MOST_NAMED]]
    left = len(passed_over) - MOST_NAMED
    return lines + ([f"  and {left} more"] if left > 0 else [])


def _read_folder(
    root: Path, below: Below, corpus: str | None, channel: str, names: set[str]
) -> tuple[Folder, list[Clip], list[PassedOver]]:
    """The clips of one folder, and the recordings that its corpus says are none to take."""
    chosen = corpus_of_name(corpus, channel) if corpus not in (None, FOLDERS) else None
    name = chosen.name if chosen else _new_name(root.resolve().name or "folder", names)
    if chosen is None and (root / folders.TABLE).is_file():
        return Folder(root, name, None), folders.clips_of_table(root, name), []
    paths = below.recordings
    if chosen is None and corpus is None:
        chosen = _recognise(root, paths, channel)
        name = chosen.name if chosen else name
        if chosen is None and not folders.has_emotion_folders(root, paths):
            raise InputError(_nothing_there(root, below, None, channel, ()))
    found = [chosen.parse(path) for path in paths] if chosen else folders.clips_of_folders(root, paths, name)
    clips = [clip for clip in found if isinstance(clip, Clip)]
    if not clips:
        raise InputError(_nothing_there(root, below, chosen, channel, [why for why in found if why]))
    foreign = f"not named as {chosen.name} names its clips" if chosen else ""
    others = [PassedOver(path, why or foreign) for path, why in zip(paths, found) if not isinstance(why, Clip)]
    return Folder(root, name, chosen), clips, others


def _recognise(root: Path, paths: Sequence[Path], channel: str) -> Corpus | None:
    """The corpus by whose rules most of the files are named, or None where folders are named by emotion instead."""
    corpora = [corpus for corpus in known_corpora() if corpus.channel == channel]
    sample = paths[:: max(1, len(paths) // SAMPLE)]
    best = max(corpora, key=lambda corpus: _named_so(corpus, sample))
    if 2 * _named_so(best, sample) > len(sample):
        return best
    if folders.has_emotion_folders(root, paths):
        return None
    best = max(corpora, key=lambda corpus: _named_so(corpus, paths))
    return best if _named_so(best, paths) else None


def _named_so(corpus: Corpus, paths: Sequence[Path]) -> int:
    return sum(corpus.parse(path) is not None for path in paths)


def _new_name(name: str, names: set[str]) -> str:
    """``name``, or with a number where another folder has it already."""
    taken, number = name, 2
    while taken in names:
        taken, number = f"{name}-{number}", number + 1
    return taken


def _nothing_there(root: Path, below: Below, chosen: Corpus | None, channel: str, whys: Sequence[str]) -> str:
    if below.archives and not below.recordings:
        return f"{root}: holds {below.archives[0].name}, not unpacked, and no recordings; unpack it there"
    if whys and chosen:
        return f"{root}: none of {len(below.recordings)} recordings is one to use: {whys[0]}"
    for corpus in known_corpora():
        if corpus.channel != channel and _named_so(corpus, below.recordings):
            return f"{root}: holds no clips of {channel}, but of {corpus.channel}; give --channel {corpus.channel}"
    asked = f"named as {chosen.name} names its own" if chosen else "named as a known corpus names its own"
    return (
        f"{root}: holds no clips {asked} (of {len(below.recordings)} recordings), and none in a folder named by "
        f"a usual emotion, such as calm/a.wav (--corpus {FOLDERS} takes any name); {GET_DATA}"
    )


def _once(clips: Sequence[tuple[Clip, Hashable]], known: set[str]) -> tuple[list[Clip], list[PassedOver]]:
    """Keep of every recording one file, and sort: of files that a known corpus names alike, or of one content."""
    first, doubles = {}, []
    for clip, mark in sorted(clips, key=_least_deep):
        # A folder of somebody's own may give many clips one name.
        name = (clip.corpus, clip.speaker, clip.emotion, clip.key) if clip.corpus in known else str(clip.path)
        if name in first:
            doubles.append(PassedOver(clip.path, "there twice, by its name"))
        else:
            first[name] = clip, mark
    same = copies((clip.path, mark) for clip, mark in first.values())
    emotions = {clip.path: clip.emotion for clip, _ in first.values()} if same else {}
    for copy, original in same.items():
        also = "" if emotions[copy] == emotions[original] else f", as {emotions[original]} and {emotions[copy]}"
        doubles.append(PassedOver(copy, f"there twice, by its content{also}"))
    kept = [clip for clip, _ in first.values() if not same or clip.path not in same]
    return sorted(kept, key=lambda clip: (clip.corpus, clip.key, str(clip.path))), doubles


def _least_deep(clip_and_mark: tuple[Clip, Hashable]) -> tuple[bool, int, str]:
    path = str(clip_and_mark[0].path)
    return path.lower().endswith(LOSSY), path.count(os.sep), path
