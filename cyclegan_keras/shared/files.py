"""Safe files: written completely or not at all, locked against a second process, and read without running code."""

import errno
import fcntl
import io
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath

import numpy as np

from cyclegan_keras.shared.errors import InputError, RunError

UNFINISHED = "-part"
"""Part of a file's name while it is being written."""

_UMASK = os.umask(0)  # reading it changes it for a moment, which no thread may meet
os.umask(_UMASK)

PERMISSIONS = 0o666 & ~_UMASK
"""Those of any new file of this process."""

HEADER_BYTES = 1000
"""The largest overhead of an array in an ``.npz`` file."""


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``; rename it to ``path`` once the block ends.

    If the block raises an exception, the temporary file is removed and ``path`` stays unchanged. Parent folders are
    created. The temporary name has the ending of ``path``, for writers that choose a format by it.

    Raises
    ------
    RunError
        The folder is not writable, or the disk is full; the message names ``path``.

    Example
    -------
    >>> with written_beside(Path("runs/demo/config.json")) as beside:  # doctest: +SKIP
    ...     beside.write_text("{}")
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=UNFINISHED + path.suffix)
        os.close(handle)
        beside = Path(name)
        try:
            yield beside
            beside.chmod(PERMISSIONS)  # mkstemp makes files private
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise _not_written(path, error) from error


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an ``.npz`` file for ``read_arrays``, completely or not at all.

    Raises
    ------
    RunError
        As ``written_beside``.
    """
    # Made in memory, because on a full disk numpy leaves its archive open and fails again when it is collected.
    content = io.BytesIO()
    np.savez(content, **arrays)
    with written_beside(path) as beside:
        beside.write_bytes(content.getvalue())


def remove_unfinished(folder: Path) -> None:
    """Delete the temporary files that killed processes left in a folder and below.

    Call it only if no other process is writing there.
    """
    for path in Path(folder).rglob(f".*{UNFINISHED}*"):
        path.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path`` during a ``with`` block. Its parent folders are created.

    The system releases the lock whenever the process ends, so a lock is never stale.

    Raises
    ------
    InputError
        Another process holds the lock.
    RunError
        The folder is not writable.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    except OSError as error:
        raise _not_written(path, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"{path.parent}: another training is running there; wait for it, or stop it") from None
        yield


def read_arrays(path: Path, max_bytes: int) -> dict[str, np.ndarray]:
    """Read an ``.npz`` file of numbers. Nothing is unpickled, so an untrusted file is safe.

    Parameters
    ----------
    path : Path
    max_bytes : int
        The largest total size of the arrays.

    Returns
    -------
    arrays : dict of np.ndarray
        Read-only.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is damaged, is not an archive of numbers, or takes more than ``max_bytes``.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            if total > max_bytes:
                raise ValueError(f"its arrays take {total} bytes; the limit is {max_bytes}")
            return {PurePath(member.filename).stem: _read_array(archive, member) for member in members}
    except FileNotFoundError:
        raise
    except Exception as error:  # zipfile and numpy raise many kinds of exceptions for a malicious archive
        raise ValueError(" ".join(str(error).split())[:120] or type(error).__name__) from None


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    # Read completely, because zipfile checks a checksum only at a member's end; and no more than declared.
    with archive.open(member) as file:
        content = file.read(member.file_size)
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError(f"{member.filename}: not an array of format 1.0")
    shape, column_major, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.kind not in "biuf":
        raise ValueError(f"{member.filename}: holds {dtype}, not numbers")
    # The declared shape may be wrong: the content must fill it exactly, and no memory is allocated by it.
    numbers = np.frombuffer(content, dtype, offset=stream.tell())
    return numbers.reshape(shape, order="F" if column_major else "C")


def _not_written(path: Path, error: OSError) -> RunError:
    disk_full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    advice = "make room, or choose another folder" if disk_full else "choose another folder"
    return RunError(f"{path}: not written ({error.strerror or error}); {advice}")
