"""RAVDESS speech: file names and index.

Livingstone & Russo, *The Ryerson Audio-Visual Database of Emotional Speech and Song (RAVDESS)*, PLoS ONE
13(5): e0196391, 2018. Zenodo record 1188976, licence CC BY-NC-SA 4.0.
"""

import os
import re
from pathlib import Path
from typing import NoReturn

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.emotions import EMOTIONS
from cyclegan_keras.shared.errors import InputError

_NAME = re.compile(r"03-01-(0[1-8])-(0[12])-(0[12])-(0[12])-(0[1-9]|1[0-9]|2[0-4])")
_GET_DATA = "fetch RAVDESS with `make data`, or name the folder of your copy with --data"


def parse_name(path: Path) -> Clip | None:
    """Read a clip's description from its file name.

    Parameters
    ----------
    path : Path
        Only the name counts; the file need not exist.

    Returns
    -------
    clip : Clip or None
        None for anything but a RAVDESS speech recording (modality 03, channel 01) in WAV or FLAC.

    Example
    -------
    >>> parse_name(Path("Actor_04/03-01-02-01-02-02-04.wav")).emotion
    'calm'
    >>> parse_name(Path("notes.txt")) is None
    True
    """
    path = Path(path)
    fields = _NAME.fullmatch(path.stem)
    if fields is None or path.suffix.lower() not in (".wav", ".flac"):
        return None
    emotion, *others = map(int, fields.groups())
    return Clip(path, EMOTIONS[emotion - 1], *others)


def index_clips(root: Path) -> list[Clip]:
    """Find the clips below a folder; other files are passed over.

    Parameters
    ----------
    root : Path

    Returns
    -------
    clips : list of Clip
        Sorted by key. A recording that is there several times (some distributions hold a second copy of
        everything in a folder within) is counted once, from where it lies least deep.

    Raises
    ------
    InputError
        There is no such folder, a folder cannot be read, or none of the files is a RAVDESS clip.

    Example
    -------
    >>> [clip.key for clip in index_clips(Path("data/ravdess"))][:1]  # doctest: +SKIP
    ['03-01-01-01-01-01-01']
    """
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"{root}: {'not a folder' if root.exists() else 'no such folder'}; {_GET_DATA}")
    paths = (Path(folder, name) for folder, _, names in os.walk(root, onerror=_unreadable) for name in names)
    clips = [clip for clip in map(parse_name, paths) if clip is not None]
    if not clips:
        raise InputError(f"{root}: holds no clips named like 03-01-02-01-01-01-01.wav or .flac; {_GET_DATA}")
    # Deepest first, so that the copy that stays in the dictionary is the least deep one.
    clips.sort(key=lambda clip: (len(clip.path.parts), clip.path), reverse=True)
    once = {clip.key: clip for clip in clips}
    return [once[key] for key in sorted(once)]


def _unreadable(error: OSError) -> NoReturn:
    raise InputError(f"{error.filename}: cannot be read ({error.strerror}); change its permissions") from None
