"""Files as archives really hold them: which may be recordings, which are none, and which are there twice."""

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import NamedTuple, NoReturn

from cyclegan_keras.audio.files import SIGNATURES, SUFFIXES
from cyclegan_keras.shared.errors import InputError

ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar")
"""Endings of files that recordings may still be packed in."""

GET_DATA = "fetch RAVDESS with `make data`, or name the folder of your recordings with --data"

LFS_POINTER = "a Git LFS pointer instead of sound"

_LFS_HEAD = b"version https://git-lfs"
_HEADER_BYTES = 44  # of a WAV file without samples
_PROBE_BYTES = 1024


class Below(NamedTuple):
    """What lies below a folder: files named like recordings, archives, and how many files macOS left beside."""

    recordings: list[Path]
    archives: list[Path]
    of_macos: int


class Look(NamedTuple):
    """What a file's first bytes tell: why it is no recording (None where it may be one), and a mark of its content.

    Files of the same content have the same mark; of those that have it, few differ.
    """

    problem: str | None
    mark: tuple[int, int] = (0, 0)


def files_below(root: Path) -> Below:
    """List the files below a folder by their names; links to folders are followed, each folder once.

    Raises
    ------
    InputError
        There is no such folder, or one within cannot be read.
    """
    if not root.is_dir():
        if root.suffix.lower() in ARCHIVES and root.is_file():
            raise InputError(f"{root}: an archive that is not unpacked; unpack it and name its folder with --data")
        found = "not a folder" if root.exists() else "no such folder"
        raise InputError(f"{root}: {found}; {GET_DATA}")
    found, archives, of_macos, seen = [], [], 0, set()
    for folder, folders, names in os.walk(root, onerror=_unreadable, followlinks=True):
        at = os.stat(folder)
        if (at.st_dev, at.st_ino) in seen:
            folders.clear()
            continue
        seen.add((at.st_dev, at.st_ino))
        # In an order that does not depend on the file system.
        folders[:] = sorted(name for name in folders if name[0] != "." and name != "__MACOSX")
        here = Path(folder)
        for name in sorted(names):
            ending = os.path.splitext(name)[1].lower()
            if name.startswith("._"):
                of_macos += 1
            elif name[0] != "." and ending in SUFFIXES:
                found.append(here / name)
            elif name[0] != "." and ending in ARCHIVES:
                archives.append(here / name)
    return Below(found, archives, of_macos)


def look(path: Path) -> Look:
    """Read the first bytes of a file, which tell whether it may be a recording."""
    try:
        # Opened so that a pipe does not wait for whoever writes into it.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return Look("a link that leads nowhere" if path.is_symlink() else "not there")
    except OSError as error:
        return Look(f"cannot be opened ({error.strerror})")
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return Look("not a file")
        head = os.read(handle, _PROBE_BYTES)
    except OSError as error:
        return Look(f"cannot be read ({error.strerror})")
    finally:
        os.close(handle)
    return Look(_problem(head, status.st_size), (status.st_size, hash(head)))


def _problem(head: bytes, size: int) -> str | None:
    if not size:
        return "empty"
    if head.startswith(_LFS_HEAD):
        return LFS_POINTER
    if not head.startswith(SIGNATURES):
        return "not sound, whatever its name says"
    return "holds no samples" if head.startswith(b"RIFF") and size <= _HEADER_BYTES else None


def copies(files: Iterable[tuple[Path, Hashable]]) -> dict[Path, Path]:
    """Find files of the same content.

    Parameters
    ----------
    files : iterable of tuple
        Paths and their marks as ``look`` gives them: only files of one mark are read whole. Of files with the same
        content the first stays.

    Returns
    -------
    copies : dict
        For every file that is a copy, the one that it is a copy of.
    """
    found: dict[Path, Path] = {}
    for alike in _groups(files):
        for first, *others in _groups((path, hashlib.sha256(path.read_bytes()).digest()) for path in alike):
            found.update(dict.fromkeys(others, first))
    return found


def _groups(files: Iterable[tuple[Path, Hashable]]) -> list[list[Path]]:
    groups = defaultdict(list)
    for path, mark in files:
        groups[mark].append(path)
    return [group for group in groups.values() if len(group) > 1]


def _unreadable(error: OSError) -> NoReturn:
    raise InputError(f"{error.filename}: cannot be read ({error.strerror}); change its permissions") from None
