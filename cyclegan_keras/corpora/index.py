"""The clips of one or several folders of any corpus, and the files that are passed over, with reasons."""

import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cyclegan_keras.corpora import folders
from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.known import Corpus, corpus_of_name, known_corpora
from cyclegan_keras.corpora.passed_over import PassedOver, refuse_many_unusable
from cyclegan_keras.corpora.recordings import CONTAINED_PROBLEM, GET_DATA, Below, copies, files_below, probe
from cyclegan_keras.shared.errors import InputError

SAMPLE = 1000
"""The number of file names by which a corpus is recognised."""

FOLDERS = "folders"
"""Value of ``--corpus`` for folders named by emotion, whatever the files' names are."""

LOSSY = (".mp3", ".ogg", ".oga", ".opus")


@dataclass(frozen=True)
class Folder:
    """A folder and its corpus; ``corpus`` is None if the folder's own subfolders or table name the emotions."""

    root: Path
    name: str
    corpus: Corpus | None


@dataclass(frozen=True)
class Index:
    """The clips of one or several folders, the folders' corpora, and the files that are passed over.

    ``unusable`` are recordings without usable sound. ``others`` are intact but not used: copies, files of another
    corpus, turns without an emotion. ``of_macos`` counts the ``._`` files that macOS writes.
    """

    clips: tuple[Clip, ...]
    folders: tuple[Folder, ...]
    unusable: tuple[PassedOver, ...]
    others: tuple[PassedOver, ...]
    of_macos: int


def index_clips(data: Path | str | Sequence[Path], corpus: str | None = None) -> list[Clip]:
    """Find the clips of a folder, or of several folders as one corpus.

    Parameters, errors and order are those of ``index_corpora``.

    Example
    -------
    >>> [clip.key for clip in index_clips(Path("data/ravdess"))][:1]  # doctest: +SKIP
    ['03-01-01-01-01-01-01']
    """
    return list(index_corpora(data, corpus).clips)


def index_corpora(data: Path | str | Sequence[Path], corpus: str | None = None, strict: bool = True) -> Index:
    """Find the clips of a folder, or of several folders as one corpus, and the files that are passed over.

    Parameters
    ----------
    data : Path or sequence of Path
        The corpus of each folder is recognised by its files' names, its folders' names or its ``clips.csv``.
    corpus : str, optional
        Instead of recognition: the name of a known corpus, or ``"folders"``.
    strict : bool
        Whether more than ``MOST_UNUSABLE`` unusable recordings are an error, rather than all of them.

    Returns
    -------
    index : Index
        Its clips are sorted by corpus and key. Copies of a recording, equal in name or content, count once: a
        lossless copy before others, then the one in the fewest folders.

    Raises
    ------
    InputError
        The folder does not exist or cannot be read, none of its files is a clip, or too many recordings cannot be used.
    """
    roots = [Path(data)] if isinstance(data, (str, Path)) else [Path(root) for root in data]
    taken, clips, unusable, others, of_macos = [], [], [], [], 0
    for root in roots:
        below = files_below(root)
        folder, of_folder, not_taken = _read_folder(root, below, corpus, {other.name for other in taken})
        probes = [probe(clip.path) for clip in of_folder]
        bad = [PassedOver(clip.path, probed.problem) for clip, probed in zip(of_folder, probes) if probed.problem]
        if strict or len(bad) == len(probes):
            refuse_many_unusable(root, bad, len(probes))
        taken.append(folder)
        clips += [(clip, probed.mark) for clip, probed in zip(of_folder, probes) if not probed.problem]
        unusable += [*bad, *(PassedOver(path, CONTAINED_PROBLEM) for path in below.contained)]
        others += not_taken
        of_macos += below.of_macos
    kept, doubles = _once(clips, {folder.name for folder in taken if folder.corpus})
    return Index(tuple(kept), tuple(taken), tuple(unusable), tuple(others + doubles), of_macos)


def _read_folder(
    root: Path, below: Below, corpus: str | None, names: set[str]
) -> tuple[Folder, list[Clip], list[PassedOver]]:
    """Find the clips of one folder, and the recordings that its corpus excludes."""
    chosen = corpus_of_name(corpus) if corpus not in (None, FOLDERS) else None
    name = chosen.name if chosen else _new_name(folders.plain(root.resolve().name) or "folder", names)
    if chosen is None and (root / folders.TABLE).is_file():
        return Folder(root, name, None), folders.clips_of_table(root, name), []
    paths = below.recordings
    if chosen is None and corpus is None:
        chosen = _recognise(root, paths)
        name = chosen.name if chosen else name
        if chosen is None and not folders.has_emotion_folders(root, paths):
            raise InputError(_nothing_there(root, below, None, ()))
    found = [chosen.parse(path) for path in paths] if chosen else folders.clips_of_folders(root, paths, name)
    clips = [clip for clip in found if isinstance(clip, Clip)]
    if not clips:
        raise InputError(_nothing_there(root, below, chosen, [why for why in found if why]))
    foreign = f"not named as {chosen.name} names its clips" if chosen else ""
    others = [PassedOver(path, why or foreign) for path, why in zip(paths, found) if not isinstance(why, Clip)]
    return Folder(root, name, chosen), clips, others


def _recognise(root: Path, paths: Sequence[Path]) -> Corpus | None:
    """Find the corpus that named most of the files; None if folders are named by emotion instead."""
    sample = paths[:: max(1, len(paths) // SAMPLE)]
    best = max(known_corpora(), key=lambda corpus: _named_so(corpus, sample))
    if best.name == "ravdess-song" and _named_so(corpus_of_name("ravdess"), paths):
        return corpus_of_name("ravdess")  # where both lie together, song must be asked for
    if 2 * _named_so(best, sample) > len(sample):
        return best
    if folders.has_emotion_folders(root, paths):
        return None
    best = max(known_corpora(), key=lambda corpus: _named_so(corpus, paths))
    return best if _named_so(best, paths) else None


def _named_so(corpus: Corpus, paths: Sequence[Path]) -> int:
    return sum(corpus.parse(path) is not None for path in paths)


def _new_name(name: str, names: set[str]) -> str:
    """``name``, with a number added if another folder has it already."""
    taken, number = name, 2
    while taken in names:
        taken, number = f"{name}-{number}", number + 1
    return taken


def _nothing_there(root: Path, below: Below, chosen: Corpus | None, whys: Sequence[str]) -> str:
    if below.archives and not below.recordings:
        return f"{root}: holds the archive {below.archives[0].name} and no recordings; unpack it there"
    if whys and chosen:
        return f"{root}: none of {len(below.recordings)} recordings can be used: {whys[0]}"
    if below.contained and not below.recordings:
        path = below.contained[0]
        return (
            f"{root}: {len(below.contained)} recordings are in formats that are not trained on ({path.suffix}); "
            f"make WAV files of them: ffmpeg -i {path.name} {path.stem}.wav"
        )
    if not below.recordings:
        return f"{root}: holds no recordings; {GET_DATA}"
    if not chosen and folders.names_emotion(root.resolve().name):
        return f"{root}: holds recordings of one emotion; name the folder above it"
    named = f"named as in {chosen.name}" if chosen else "named as in a known corpus"
    return (
        f"{root}: none of {len(below.recordings)} recordings is {named}, or lies in a folder with the name of a usual "
        f"emotion, such as calm/a.wav (--corpus {FOLDERS} accepts any name); {GET_DATA}"
    )


def _once(clips: Sequence[tuple[Clip, Hashable]], known: set[str]) -> tuple[list[Clip], list[PassedOver]]:
    """Keep one file of every recording, and sort. Copies have one content, or one name in a known corpus."""
    first, doubles = {}, []
    for clip, mark in sorted(clips, key=_least_deep):
        # In an unknown corpus several recordings may share a name.
        name = (clip.corpus, clip.speaker, clip.emotion, clip.key) if clip.corpus in known else str(clip.path)
        if name in first:
            doubles.append(PassedOver(clip.path, "a second copy, by its name"))
        else:
            first[name] = clip, mark
    same = copies((clip.path, mark) for clip, mark in first.values())
    emotions = {clip.path: clip.emotion for clip, _ in first.values()} if same else {}
    for copy, original in same.items():
        also = "" if emotions[copy] == emotions[original] else f", as {emotions[original]} and {emotions[copy]}"
        doubles.append(PassedOver(copy, f"a second copy, by its content{also}"))
    kept = [clip for clip, _ in first.values() if not same or clip.path not in same]
    return sorted(kept, key=lambda clip: (clip.corpus, clip.key, str(clip.path))), doubles


def _least_deep(clip_and_mark: tuple[Clip, Hashable]) -> tuple[bool, int, str]:
    path = str(clip_and_mark[0].path)
    return path.lower().endswith(LOSSY), path.count(os.sep), path
