"""Files: a final name never holds half of one, one process writes at a time, and what is read is data and no code."""

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
"""In the name of a file while it is written."""

HEADER_BYTES = 1000
"""The most that an array in an ``.npz`` file takes beside its numbers."""


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Give a temporary path in the folder of ``path``; rename it to ``path`` once the block ends.

    If the block raises, the temporary file is removed and what ``path`` held before is untouched.
    Parent folders are created. The temporary name ends like ``path``, for writers that choose a
    format by extension.

    Raises
    ------
    RunError
        The folder cannot be written to, or the disk is full; the message names ``path``.

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
            # mkstemp makes files private; a result has the permissions any new file would have.
            umask = os.umask(0)
            os.umask(umask)
            beside.chmod(0o666 & ~umask)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise _not_written(path, error) from error


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an ``.npz`` file that ``read_arrays`` reads, whole or not at all.

    Raises
    ------
    RunError
        As ``written_beside``.
    """
    # Made in memory: on a full disk numpy leaves its archive open, which complains again when it is collected.
    content = io.BytesIO()
    np.savez(content, **arrays)
    with written_beside(path) as beside:
        beside.write_bytes(content.getvalue())


def remove_unfinished(folder: Path) -> None:
    """Delete what ``written_beside`` left in a folder and below when its process was killed.

    No other process may be writing there.
    """
    for path in Path(folder).rglob(f".*{UNFINISHED}*"):
        path.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path`` for the length of a ``with`` block; its parent folders are created.

    The system drops the lock when the process ends, however it ends, so none is ever stale.

    Raises
    ------
    InputError
        Another process holds it.
    RunError
        The folder cannot be written to.
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
            raise InputError(f"{path.parent}: another training is under way there; wait for it, or stop it") from None
        yield


def read_arrays(path: Path, max_bytes: int) -> dict[str, np.ndarray]:
    """Read an ``.npz`` file of numbers. Nothing in it is unpickled, so that it can come from anybody.

    Parameters
    ----------
    path : Path
    max_bytes : int
        The most that its arrays may take, whatever the file says of their sizes.

    Returns
    -------
    arrays : dict of np.ndarray
        Read-only.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is damaged, is no archive of numbers, or takes more than ``max_bytes``.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            if total > max_bytes:
                raise ValueError(f"its arrays take {total} bytes, but {max_bytes} is the most they can")
            return {PurePath(member.filename).stem: _read_array(archive, member) for member in members}
    except FileNotFoundError:
        raise
    except Exception as error:  # zipfile and numpy raise a dozen kinds for an archive made to be hostile
        raise ValueError(" ".join(str(error).split())[:120] or type(error).__name__) from None


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    # Read whole, because zipfile compares checksums at a member's end alone; and no more than was declared.
    with archive.open(member) as file:
        content = file.read(member.file_size)
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError(f"{member.filename}: not an array of format 1.0")
    shape, column_major, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.kind not in "biuf":
        raise ValueError(f"{member.filename}: holds {dtype}, not numbers")
    # The shape is a claim: what is there must fill it exactly, and nothing is allocated by it.
    numbers = np.frombuffer(content, dtype, offset=stream.tell())
    return numbers.reshape(shape, order="F" if column_major else "C")


def _not_written(path: Path, error: OSError) -> RunError:
    no_room = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    advice = "make room, or choose another folder" if no_room else "choose another folder"
    return RunError(f"{path}: not written ({error.strerror or error}); {advice}")
