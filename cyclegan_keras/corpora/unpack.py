"""Unpacking RAVDESS's zip archive safely: nothing is written outside the folder, and the total size is limited."""

import functools
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import NoReturn

from cyclegan_keras.corpora.download import CHUNK_BYTES, OnProgress
from cyclegan_keras.corpora.known.ravdess import parse_name
from cyclegan_keras.shared.errors import RunError
from cyclegan_keras.shared.files import written_beside

MAX_UNPACKED_BYTES = 2 * 1024**3
"""Limit of the unpacked size. 1,440 clips, each stereo and as long as the longest (5.3 s), would take 1.5 GB."""

_ENCRYPTED = 0x1
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def unpack(archive_path: Path, root: Path, on_progress: OnProgress | None = None) -> None:
    """Unpack the clips of a zip archive into ``root/Actor_XX``; other members are passed over.

    A clip that already exists in its full size is kept.

    Parameters
    ----------
    archive_path : Path
    root : Path
        Created if missing.
    on_progress : callable, optional
        Is called after every clip with the bytes unpacked and the total.

    Raises
    ------
    RunError
        The disk is full; or the archive is damaged, holds no clips, or has names that lead out of the folder, links,
        encryption, or more than ``MAX_UNPACKED_BYTES``.

    Example
    -------
    >>> unpack(Path("data/ravdess/speech.zip"), Path("data/ravdess"))  # doctest: +SKIP
    """
    with _reading_zip(archive_path), zipfile.ZipFile(archive_path) as archive:
        members = _clips_inside(archive, archive_path)
        total = sum(member.file_size for member in members.values())
        if total > MAX_UNPACKED_BYTES:
            _refuse(archive_path, f"its clips would take {total} bytes, more than RAVDESS can")
        done = 0
        for name, member in members.items():
            clip = Path(root, name)
            if clip.is_file() and clip.stat().st_size == member.file_size:
                done += member.file_size
            else:
                with archive.open(member) as source, written_beside(clip) as beside:
                    with beside.open("wb") as file:
                        for chunk in iter(functools.partial(source.read, CHUNK_BYTES), b""):
                            done += len(chunk)
                            # The declared size may be wrong.
                            if done > total:
                                _refuse(archive_path, "it holds more than it declares")
                            file.write(chunk)
            if on_progress:
                on_progress(done, total)


def _clips_inside(archive: zipfile.ZipFile, archive_path: Path) -> dict[str, zipfile.ZipInfo]:
    """Find the members to unpack, by their new paths, which ignore the folders in the archive."""
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        # PureWindowsPath parses both kinds of separators and drive letters.
        name = PureWindowsPath(member.filename)
        if name.anchor or ".." in name.parts:
            _refuse(archive_path, f"{member.filename!r} leads out of the folder")
        if stat.S_ISLNK(member.external_attr >> 16):
            _refuse(archive_path, f"{member.filename!r} is a link")
        clip = None if member.is_dir() else parse_name(Path(member.filename))
        if clip is None:
            continue
        if member.flag_bits & _ENCRYPTED or member.compress_type not in _COMPRESSIONS:
            _refuse(archive_path, f"{member.filename!r} is encrypted or compressed in an unknown way")
        members.setdefault(f"Actor_{clip.actor:02d}/{clip.path.name}", member)
    if not members:
        _refuse(archive_path, "it holds no clips named like 03-01-02-01-01-01-01.wav")
    return members


def _refuse(archive_path: Path, problem: str) -> NoReturn:
    raise RunError(f"{archive_path}: not RAVDESS's archive: {problem}; delete it and run `make data`")


@contextmanager
def _reading_zip(archive_path: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        reason = str(error) or type(error).__name__
        raise RunError(
            f"{archive_path}: cannot be read as a zip archive ({reason}); delete it and run `make data`"
        ) from None
