"""Download of an archive over HTTP: resumed where it broke off, verified by size and md5."""

import functools
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cyclegan_keras.shared.errors import RunError

OnProgress = Callable[[int, int], None]
"""Called with the bytes done and the bytes in total."""

CHUNK_BYTES = 256 * 1024
"""Read from the network or a file at once."""


@dataclass(frozen=True)
class Archive:
    """A file to download: where it is, how many bytes it has, and their md5 in hexadecimal."""

    url: str
    size: int
    md5: str


SPEECH_ARCHIVE = Archive(
    url="https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip",
    size=208_468_073,
    md5="bc696df654c87fed845eb13823edef8a",
)
"""RAVDESS's speech, audio only: 24 actors, 1,440 clips (Zenodo record 1188976)."""


def download(archive: Archive, target: Path, on_progress: OnProgress | None = None, timeout: float = 30.0) -> None:
    """Download an archive and verify it; what an earlier call left unfinished is continued.

    The bytes go to ``target`` with ``.part`` behind its name, which becomes ``target`` once the md5 is
    right. A ``target`` that is right already is left alone.

    Parameters
    ----------
    archive : Archive
    target : Path
    on_progress : callable, optional
        Called after every piece with the bytes done and in total.
    timeout : float
        Seconds without a byte after which the connection counts as broken.

    Raises
    ------
    RunError
        The server or the connection failed, the disk is full, or the md5 is wrong. What came is kept.

    Example
    -------
    >>> download(SPEECH_ARCHIVE, Path("data/ravdess/speech.zip"))  # doctest: +SKIP
    """
    target = Path(target)
    if _matches(target, archive):
        return
    part = target.with_name(target.name + ".part")
    if not _matches(part, archive):
        with _writing(part):
            target.parent.mkdir(parents=True, exist_ok=True)
        _fetch(archive, part, on_progress, timeout)
        if not _matches(part, archive):
            raise RunError(
                f"{part}: {archive.size} bytes came from {archive.url}, but their md5 is not {archive.md5}; "
                "run the same command again to start over"
            )
    os.replace(part, target)


def _matches(path: Path, archive: Archive) -> bool:
    if not path.is_file() or path.stat().st_size != archive.size:
        return False
    md5 = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        for chunk in iter(functools.partial(file.read, CHUNK_BYTES), b""):
            md5.update(chunk)
    return md5.hexdigest() == archive.md5


def _fetch(archive: Archive, part: Path, on_progress: OnProgress | None, timeout: float) -> None:
    kept = part.stat().st_size if part.exists() else 0
    response, done = _connect(archive, kept if kept < archive.size else 0, timeout)
    with response:
        # Before the part is opened: a server gone wrong must not cost what came earlier.
        _check_response(response, done, archive)
        with _writing(part), part.open("ab" if done else "wb") as file:
            for chunk in _received(response, archive, part, archive.size - done):
                file.write(chunk)
                done += len(chunk)
                if on_progress:
                    on_progress(done, archive.size)


def _connect(archive: Archive, start: int, timeout: float) -> tuple[http.client.HTTPResponse, int]:
    """Ask for the archive from byte ``start``; returns the answer and the byte at which it begins."""
    request = urllib.request.Request(archive.url, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        response = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if start and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _connect(archive, 0, timeout)
        # What urllib says of a redirect that it does not follow takes several lines.
        answer = "redirects that lead nowhere" if 300 <= error.code < 400 else f"{error.code} {error.reason}"
        raise RunError(f"{archive.url}: the server answers {answer}; run the same command later") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise RunError(
            f"{archive.url}: no connection ({_reason(error)}); check the network and run the command again"
        ) from None
    if response.status != http.HTTPStatus.PARTIAL_CONTENT:
        return response, 0
    if not start:
        response.close()
        raise RunError(f"{archive.url}: the server sends a part that nobody asked for; run the same command later")
    if not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        response.close()
        return _connect(archive, 0, timeout)
    return response, start


def _check_response(response: http.client.HTTPResponse, start: int, archive: Archive) -> None:
    if response.headers.get_content_type() == "text/html":
        problem = "a web page came instead of the archive"
    elif response.length is not None and start + response.length != archive.size:
        problem = f"{start + response.length} bytes are offered, but the archive has {archive.size}"
    else:
        return
    raise RunError(f"{archive.url}: {problem}; open the address in a browser to see what is wrong")


def _received(response: http.client.HTTPResponse, archive: Archive, part: Path, remaining: int) -> Iterator[bytes]:
    while remaining:
        try:
            # read1 hands over what is there, so that a connection that stalls costs nothing that came.
            chunk = response.read1(min(CHUNK_BYTES, remaining))
            if not chunk:
                raise ConnectionError(f"closed {remaining} bytes early")
        except (OSError, http.client.HTTPException) as error:
            raise RunError(
                f"{archive.url}: the connection broke ({_reason(error)}); what came is kept in {part}, "
                "and the same command goes on from there"
            ) from None
        remaining -= len(chunk)
        yield chunk


def _reason(error: Exception) -> str:
    # A server's own words can be among it.
    return " ".join(str(getattr(error, "reason", error)).split())[:200] or type(error).__name__


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{path}: cannot be written ({error.strerror or error}); make room or name another folder with "
            "--data, then run the same command again"
        ) from None
