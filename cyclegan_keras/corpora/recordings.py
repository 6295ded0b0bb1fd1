"""The files below a folder: possible recordings, other files, and copies."""

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import NamedTuple, NoReturn

from cyclegan_keras.audio import containers
from cyclegan_keras.audio.sources import LFS_POINTER, SIGNATURES, SUFFIXES
from cyclegan_keras.shared.errors import InputError

ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar")
"""Endings of archives that may hold recordings."""

RAVDESS = Path("data/ravdess")
"""Where ``make data`` puts RAVDESS."""

GET_DATA = "fetch RAVDESS with `make data`, or name the folder of your recordings"

CONTAINED_PROBLEM = "not trained on in this format (make a WAV with ffmpeg)"

LFS_PROBLEM = "a Git LFS pointer instead of sound"

_HEADER_BYTES = 44  # of a WAV file without samples
_PROBE_BYTES = 1024


class Below(NamedTuple):
    """The content of a folder.

    Attributes
    ----------
    recordings : list of Path
        Files with the endings of recordings.
    archives : list of Path
    contained : list of Path
        Recordings in formats that are converted, but not trained on, such as .m4a.
    others : list of Path
        All other files, except hidden ones.
    of_macos : int
        The number of ``._`` files.
    """

    recordings: list[Path]
    archives: list[Path]
    contained: list[Path]
    others: list[Path]
    of_macos: int


class Probe(NamedTuple):
    """The result of reading a file's first bytes: why it is not a recording (or None), and a hash of size and bytes.

    Files of the same content have the same ``mark``; few other files share it.
    """

    problem: str | None
    mark: tuple[int, int] = (0, 0)


def files_below(root: Path) -> Below:
    """List the files below a folder. Links to folders are followed, each folder once.

    Raises
    ------
    InputError
        The folder does not exist, or a folder below it cannot be read.
    """
    if not root.is_dir():
        if root.suffix.lower() in ARCHIVES and root.is_file():
            raise InputError(f"{root}: an archive that is not unpacked; unpack it and name its folder with --data")
        if root.exists():
            raise InputError(f"{root}: not a folder; name the folder it lies in")
        raise InputError(f"{root}: no such folder; {GET_DATA}")
    found, archives, contained, others, of_macos, seen = [], [], [], [], 0, set()
    for folder, folders, names in os.walk(root, onerror=_refuse_unreadable, followlinks=True):
        at = os.stat(folder)
        if (at.st_dev, at.st_ino) in seen:
            folders.clear()
            continue
        seen.add((at.st_dev, at.st_ino))
        # Sorted, so that the order does not depend on the file system.
        folders[:] = sorted(name for name in folders if name[0] != "." and name != "__MACOSX")
        here = Path(folder)
        for name in sorted(names):
            ending = os.path.splitext(name)[1].lower()
            if name[0] == ".":
                of_macos += name.startswith("._")
            elif ending in SUFFIXES:
                found.append(here / name)
            elif ending in ARCHIVES:
                archives.append(here / name)
            elif ending in containers.SUFFIXES:
                contained.append(here / name)
            else:
                others.append(here / name)
    return Below(found, archives, contained, others, of_macos)


def probe(path: Path) -> Probe:
    """Decide by the first bytes of a file whether it may be a recording."""
    try:
        # Non-blocking, because opening a named pipe would wait for a writer.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return Probe("a broken link" if path.is_symlink() else "missing")
    except OSError as error:
        return Probe(f"cannot be opened ({error.strerror})")
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return Probe("not a file")
        head = os.read(handle, _PROBE_BYTES)
    except OSError as error:
        return Probe(f"cannot be read ({error.strerror})")
    finally:
        os.close(handle)
    return Probe(_problem(head, status.st_size), (status.st_size, hash(head)))


def _problem(head: bytes, size: int) -> str | None:
    if not size:
        return "empty"
    if head.startswith(LFS_POINTER):
        return LFS_PROBLEM
    if not head.startswith(SIGNATURES):
        return "not audio despite its name"
    return "holds no samples" if head.startswith(b"RIFF") and size <= _HEADER_BYTES else None


def copies(files: Iterable[tuple[Path, Hashable]]) -> dict[Path, Path]:
    """Find files of the same content.

    Parameters
    ----------
    files : iterable of tuple
        Paths and their marks from ``probe``. Only files that share a mark are read completely. The first of several
        files with the same content is the original.

    Returns
    -------
    copies : dict
        The original of every copy.
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


def _refuse_unreadable(error: OSError) -> NoReturn:
    """Raise an ``InputError`` for a folder that ``os.walk`` cannot read."""
    raise InputError(f"{error.filename}: cannot be read ({error.strerror}); change its permissions") from None
