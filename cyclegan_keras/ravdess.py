"""RAVDESS speech: file names, index, splits, and the way from Zenodo's archive to a folder of clips.

Livingstone & Russo, *The Ryerson Audio-Visual Database of Emotional Speech and Song (RAVDESS)*, PLoS ONE
13(5): e0196391, 2018. Zenodo record 1188976, licence CC BY-NC-SA 4.0.
"""

import functools
import hashlib
import http.client
import os
import re
import stat
import urllib.error
import urllib.request
import zipfile
import zlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Callable, Dict, Iterable, Iterator, List, NoReturn, Optional, Sequence, Tuple

from cyclegan_keras.config import EMOTIONS
from cyclegan_keras.errors import InputError, RunError
from cyclegan_keras.files import written_beside

UNSEEN_ACTORS = (19, 20)
"""Never trained on, so that a conversion of their clips shows what a new speaker gets."""

MAX_UNPACKED_BYTES = 2 * 1024**3
"""Above the 1.5 GB that 1,440 clips come to if each were the longest (5.3 s) and stereo."""

OnProgress = Callable[[int, int], None]
"""Called with the bytes done and the bytes in total."""

_CHUNK_BYTES = 256 * 1024
_ENCRYPTED = 0x1
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_NAME = re.compile(r"03-01-(0[1-8])-(0[12])-(0[12])-(0[12])-(0[1-9]|1[0-9]|2[0-4])")
_GET_DATA = "fetch RAVDESS with `make data`, or name the folder of your copy with --data"


@dataclass(frozen=True, order=True)
class Clip:
    """One recording, as its name describes it.

    ``emotion`` is in the report's spelling; ``intensity`` 1 is normal and 2 strong; ``statement`` 1 is
    "Kids are talking by the door" and 2 "Dogs are sitting by the door"; odd actors are male.
    """

    path: Path
    emotion: str
    intensity: int
    statement: int
    repetition: int
    actor: int

    @property
    def key(self) -> str:
        """The seven fields of the name: the same for every copy of the recording, in whatever format."""
        return self.path.stem


@dataclass(frozen=True)
class Split:
    """Clips to train on, clips of known actors held back from training, and clips of unseen actors."""

    train: Tuple[Clip, ...]
    held_back: Tuple[Clip, ...]
    unseen: Tuple[Clip, ...]


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


def parse_name(path: Path) -> Optional[Clip]:
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


def index_clips(root: Path) -> List[Clip]:
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


def split_clips(clips: Iterable[Clip]) -> Split:
    """Divide clips into those to train on and those to judge by.

    The division follows from a clip's name alone, whatever else is there.

    Parameters
    ----------
    clips : iterable of Clip

    Returns
    -------
    split : Split

    Example
    -------
    >>> names = "03-01-02-01-02-02-03.wav", "03-01-02-01-02-02-04.wav", "03-01-02-01-02-02-19.wav"
    >>> split = split_clips(parse_name(Path(name)) for name in names)
    >>> len(split.train), len(split.held_back), len(split.unseen)
    (1, 1, 1)
    """
    train, held_back, unseen = [], [], []
    for clip in clips:
        if clip.actor in UNSEEN_ACTORS:
            unseen.append(clip)
        elif clip.actor % 4 == 0 and (clip.intensity, clip.statement, clip.repetition) == (1, 2, 2):
            # A few takes by speakers and of words that training knows; one speaker in four leaves training
            # nearly whole. Intensity 1, because neutral has no other.
            held_back.append(clip)
        else:
            train.append(clip)
    return Split(tuple(train), tuple(held_back), tuple(unseen))


def domain(clips: Iterable[Clip], *emotions: str) -> List[Clip]:
    """Choose the clips of an emotion, or of several.

    Parameters
    ----------
    clips : iterable of Clip
    *emotions : str
        From ``config.EMOTIONS``.

    Returns
    -------
    chosen : list of Clip
        In the order of ``clips``.

    Raises
    ------
    InputError
        There are none of one; the message says which emotions there are.

    Example
    -------
    >>> [clip.actor for clip in domain([parse_name(Path("03-01-02-01-02-02-04.wav"))], "calm")]
    [4]
    """
    clips = list(clips)
    counts = Counter(clip.emotion for clip in clips)
    for emotion in emotions:
        if not counts[emotion]:
            others = ", ".join(f"{name} {counts[name]}" for name in EMOTIONS if name in counts) or "none at all"
            folder = f" in {os.path.commonpath([clip.path.parent for clip in clips])}" if clips else ""
            raise InputError(
                f"no clips of {emotion!r} to use{folder}: there are {others}; "
                "choose another emotion, or another folder with --data"
            )
    return [clip for clip in clips if clip.emotion in emotions]


def describe(split: Split, emotions: Sequence[str]) -> str:
    """Say in one line how many clips a split has of each emotion.

    Example
    -------
    >>> describe(split_clips([parse_name(Path("03-01-02-01-02-02-04.wav"))]), ["calm"])
    'calm 0 train, 1 held back, 0 by unseen actors'
    """

    train, held_back, unseen = (
        Counter(clip.emotion for clip in clips) for clips in (split.train, split.held_back, split.unseen)
    )
    return "; ".join(
        f"{name} {train[name]} train, {held_back[name]} held back, {unseen[name]} by unseen actors" for name in emotions
    )


def download(archive: Archive, target: Path, on_progress: Optional[OnProgress] = None, timeout: float = 30.0) -> None:
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


def unpack(archive_path: Path, root: Path, on_progress: Optional[OnProgress] = None) -> None:
    """Unpack the clips of a zip archive into ``root/Actor_XX``; other members are passed over.

    A clip that is there already in its full size is kept.

    Parameters
    ----------
    archive_path : Path
    root : Path
        Created where missing.
    on_progress : callable, optional
        Called after every clip with the bytes done and in total.

    Raises
    ------
    RunError
        The archive is damaged, holds no clips, or holds what RAVDESS's does not: names that lead out of
        the folder, links, encryption, more than ``MAX_UNPACKED_BYTES``. Or the disk is full.

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
                        for chunk in iter(functools.partial(source.read, _CHUNK_BYTES), b""):
                            done += len(chunk)
                            # What the archive declares need not be what it holds.
                            if done > total:
                                _refuse(archive_path, "it holds more than it declares")
                            file.write(chunk)
            if on_progress:
                on_progress(done, total)


def _unreadable(error: OSError) -> NoReturn:
    raise InputError(f"{error.filename}: cannot be read ({error.strerror}); change its permissions") from None


def _matches(path: Path, archive: Archive) -> bool:
    if not path.is_file() or path.stat().st_size != archive.size:
        return False
    md5 = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        for chunk in iter(functools.partial(file.read, _CHUNK_BYTES), b""):
            md5.update(chunk)
    return md5.hexdigest() == archive.md5


def _fetch(archive: Archive, part: Path, on_progress: Optional[OnProgress], timeout: float) -> None:
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


def _connect(archive: Archive, start: int, timeout: float) -> Tuple[http.client.HTTPResponse, int]:
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
            chunk = response.read1(min(_CHUNK_BYTES, remaining))
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


def _clips_inside(archive: zipfile.ZipFile, archive_path: Path) -> Dict[str, zipfile.ZipInfo]:
    """The members to unpack, by the path each gets, to which the folders of its name add nothing."""
    members: Dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        # The Windows reading of a name knows both separators and drive letters.
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


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{path}: cannot be written ({error.strerror or error}); make room or name another folder with "
            "--data, then run the same command again"
        ) from None
