"""Download of an archive over HTTP, resumed after a break, and verified by size and MD5."""

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
"""Is called with the number of bytes received and the total."""

CHUNK_BYTES = 256 * 1024
"""Bytes read at once from the network or a file."""


@dataclass(frozen=True)
class Archive:
    """A file to download: its address, its size in bytes, and its MD5 in hexadecimal."""

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
    """Download an archive and verify it; continue an unfinished download.

    The bytes go to a file named like ``target`` with ``.part`` added. The file is renamed to ``target`` once its MD5 is
    right. If ``target`` already has the right MD5, nothing is downloaded.

    Parameters
    ----------
    archive : Archive
    target : Path
    on_progress : callable, optional
        Is called after every chunk with the bytes received and the total.
    timeout : float
        Seconds without a byte after which the connection counts as broken.

    Raises
    ------
    RunError
        The server or the connection failed, the disk is full, or the MD5 is wrong. The bytes received are kept.

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
                f"{part}: {archive.size} bytes were received from {archive.url}, but their md5 is not {archive.md5}; "
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
        # Before the part is opened, so that a wrong response does not overwrite earlier bytes.
        _check_response(response, done, archive)
        with _writing(part), part.open("ab" if done else "wb") as file:
            for chunk in _received(response, archive, part, archive.size - done):
                file.write(chunk)
                done += len(chunk)
                if on_progress:
                    on_progress(done, archive.size)


def _connect(archive: Archive, start: int, timeout: float) -> tuple[http.client.HTTPResponse, int]:
    """Request the archive from byte ``start``; return the response and the byte at which it begins."""
    request = urllib.request.Request(archive.url, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        response = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if start and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _connect(archive, 0, timeout)
        # urllib's message for a redirect that it does not follow has several lines.
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
        raise RunError(f"{archive.url}: the server sends a part instead of the whole; run the same command later")
    if not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        response.close()
        return _connect(archive, 0, timeout)
    return response, start


def _check_response(response: http.client.HTTPResponse, start: int, archive: Archive) -> None:
    if response.headers.get_content_type() == "text/html":
        problem = "the server sends a web page instead of the archive"
    elif response.length is not None and start + response.length != archive.size:
        problem = f"the server offers {start + response.length} bytes, but the archive has {archive.size}"
    else:
        return
    raise RunError(f"{archive.url}: {problem}; open the address in a browser to see what is wrong")


def _received(response: http.client.HTTPResponse, archive: Archive, part: Path, remaining: int) -> Iterator[bytes]:
    while remaining:
        try:
            # read1 returns the bytes that are there, so that a stalled connection loses none of them.
            chunk = response.read1(min(CHUNK_BYTES, remaining))
            if not chunk:
                raise ConnectionError(f"closed {remaining} bytes early")
        except (OSError, http.client.HTTPException) as error:
            raise RunError(
                f"{archive.url}: the connection broke ({_reason(error)}); run the same command again to continue, "
                f"the bytes received are kept in {part}"
            ) from None
        remaining -= len(chunk)
        yield chunk


def _reason(error: Exception) -> str:
    # The text may come from the server, so it is cut to one short line.
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
