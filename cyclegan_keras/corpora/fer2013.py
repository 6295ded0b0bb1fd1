"""The faces of FER2013, from Kaggle's CSV or from folders of JPEG files.

Goodfellow et al., *Challenges in Representation Learning: A report on three machine learning contests*, 2013.
"""

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image

from cyclegan_keras.shared.errors import InputError

SIZE = 48
"""Pixels of a side."""

CODES = {"anger": 0, "disgust": 1, "fearful": 2, "happy": 3, "sad": 4, "surprised": 5, "neutral": 6}
"""The CSV's number of each emotion, in the report's spelling. FER2013 has no calm faces."""

FOLDERS = {"anger": "angry", "fearful": "fear", "surprised": "surprise"}
"""Names of folders that differ from the report's names of emotions."""

USAGES = {"train": "Training", "test": "PrivateTest"}
"""The CSV's names of the two subsets. PublicTest is not used."""

_GET_DATA = "name Kaggle's fer2013.csv, or a folder with train/happy/*.jpg and the like"


def load_faces(data: Path, emotion: str, subset: str) -> np.ndarray:
    """Read the faces of one emotion.

    Parameters
    ----------
    data : Path
        ``fer2013.csv``, a folder that holds it, or a folder with one folder per subset and emotion (``train/happy``).
    emotion : str
        One of ``CODES``.
    subset : str
        ``"train"`` or ``"test"``.

    Returns
    -------
    faces : np.ndarray [shape=(n, 48, 48, 1), dtype=float32]
        Grey, in [-1, 1], in the order of the CSV or of the files' names.

    Raises
    ------
    InputError
        There are no faces, or one cannot be used; the message names the line or the file.

    Example
    -------
    >>> load_faces(Path("fer2013.csv"), "sad", "train").shape  # doctest: +SKIP
    (4830, 48, 48, 1)
    """
    data = Path(data)
    if emotion not in CODES:
        raise InputError(f"{emotion!r}: not an emotion of FER2013; choose from {', '.join(CODES)}")
    table = data / "fer2013.csv" if data.is_dir() else data
    if table.is_file():
        faces = list(_from_csv(table, CODES[emotion], USAGES[subset]))
    elif data.is_dir():
        faces = list(_from_folder(data / subset / FOLDERS.get(emotion, emotion)))
    else:
        raise InputError(f"{data}: no such file or folder; {_GET_DATA}")
    if not faces:
        raise InputError(f"{data}: holds no faces of {emotion!r} to {subset} with; {_GET_DATA}")
    return (np.stack(faces)[..., np.newaxis] / 127.5 - 1.0).astype(np.float32)


def faces_key(*faces: np.ndarray) -> str:
    """Fingerprint sets of faces by their pixels: 16 hexadecimal digits."""
    return hashlib.sha256(b"".join(images.tobytes() for images in faces)).hexdigest()[:16]


def _from_csv(table: Path, code: int, usage: str) -> Iterator[np.ndarray]:
    with table.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = csv.DictReader(file)
        try:
            if not {"emotion", "pixels", "Usage"} <= set(rows.fieldnames or ()):
                raise ValueError("its first line is not emotion,pixels,Usage")
            for row in rows:
                if row["emotion"] == str(code) and row["Usage"] == usage:
                    yield _pixels(row["pixels"] or "")
        except (ValueError, csv.Error) as error:
            raise InputError(f"{table}, line {max(1, rows.line_num)}: {error}; get the file again") from None


def _pixels(text: str) -> np.ndarray:
    pixels = np.array(text.split(), float)
    if pixels.shape != (SIZE * SIZE,) or not ((pixels >= 0) & (pixels <= 255)).all():
        raise ValueError(f"holds {pixels.size} pixels, not {SIZE * SIZE} from 0 to 255")
    return pixels.reshape(SIZE, SIZE)


def _from_folder(folder: Path) -> Iterator[np.ndarray]:
    for path in sorted(folder.glob("[!.]*")):  # without the ._ files of macOS
        if path.suffix.lower() in (".jpg", ".jpeg", ".png"):
            try:
                with PIL.Image.open(path, formats=("JPEG", "PNG")) as picture:
                    if picture.size != (SIZE, SIZE):
                        raise ValueError(f"has {picture.size[0]} x {picture.size[1]} pixels, not {SIZE} x {SIZE}")
                    yield np.asarray(picture.convert("L"), float)
            except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
                reason = " ".join(str(error).split())[:120]
                raise InputError(f"{path}: not usable as a face ({reason}); remove the file") from None
