"""Writing files so that a final name never holds half a file, and one process at a time."""

import errno
import fcntl
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from cyclegan_keras.errors import InputError, RunError


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
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix="-part" + path.suffix)
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


def _not_written(path: Path, error: OSError) -> RunError:
    no_room = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    advice = "make room, or choose another folder" if no_room else "choose another folder"
    return RunError(f"{path}: not written ({error.strerror or error}); {advice}")
