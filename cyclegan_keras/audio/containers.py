"""Recordings by telephones, browsers and cameras. PyAV (FFmpeg) reads them if the extra ``av`` is installed.

The file's signature decides which demuxer FFmpeg uses, and only the audio decoders in ``DECODERS`` may run. FFmpeg
never guesses the format, so an untrusted file cannot choose among its hundreds of parsers.
"""

import importlib.util
import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cyclegan_keras.shared.errors import InputError

SUFFIXES = frozenset(
    {".m4a", ".mp4", ".m4v", ".mov", ".3gp", ".webm", ".mkv", ".mka", ".avi", ".caf", ".w64", ".aac", ".amr"}
)
"""Endings of the files that count as recordings if PyAV is installed."""

VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".3gp", ".mkv", ".avi"})

DECODERS = (
    "aac,alac,amrnb,amrwb,flac,mp3,mp3float,opus,vorbis,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,pcm_alaw,pcm_mulaw,pcm_u8,"
    "pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be"
)
"""The decoders that may run, by FFmpeg's names."""


class Container(NamedTuple):
    """A file format: its name in messages, and FFmpeg's demuxer for it."""

    name: str
    demuxer: str


def container_of(head: bytes) -> Container | None:
    """Identify a container by the first 16 bytes of a file; None for any other format."""
    if head[4:8] == b"ftyp":
        return Container("MP4 or QuickTime", "mp4")
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return Container("WebM or Matroska", "matroska")
    if head.startswith(b"caff"):
        return Container("Core Audio", "caf")
    if head.startswith(b"riff\x2e\x91\xcf\x11"):
        return Container("Wave64", "w64")
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return Container("AVI", "avi")
    if head.startswith(b"#!AMR"):
        return Container("AMR", "amr")
    if head[:1] == b"\xff" and head[1:2] in (b"\xf0", b"\xf1", b"\xf8", b"\xf9"):
        return Container("AAC", "aac")
    return None


def readable() -> bool:
    """Whether PyAV is installed."""
    return importlib.util.find_spec("av") is not None


def advice(path: Path) -> str:
    """Say what to do about a file that only PyAV reads."""
    video = " (only the sound of a video is needed)" if path.suffix.lower() in VIDEO_SUFFIXES else ""
    return f"install the extra av (pip install -e '.[av]'), or make a WAV: ffmpeg -i {path.name} {path.stem}.wav{video}"


class ContainedSound:
    """The first audio stream in a container, decoded piece by piece.

    Attributes
    ----------
    sample_rate : int
        In Hz.
    channels : int
    """

    def __init__(self, path: Path, container: Any):
        self._path, self._container = path, container
        self._stream = container.streams.audio[0]
        self.sample_rate, self.channels = self._stream.rate, self._stream.channels
        self._begun = False

    def pieces(self) -> Iterator[np.ndarray]:
        """Decode from the start.

        Yields
        ------
        piece : np.ndarray [shape=(frames, channels), dtype=float32]

        Raises
        ------
        InputError
            The file is damaged.
        """
        import av

        with _named(self._path):
            if self._begun:
                self._container.seek(0)
            self._begun = True
            to_floats = av.AudioResampler(format="fltp", layout=self._stream.layout.name, rate=self.sample_rate)
            for frame in chain(self._container.decode(self._stream), [None]):
                for converted in to_floats.resample(frame):
                    yield converted.to_ndarray().T


@contextmanager
def opened(path: Path, container: Container) -> Iterator[ContainedSound]:
    """Open the audio stream of a container.

    Parameters
    ----------
    path : Path
    container : Container
        From ``container_of``.

    Raises
    ------
    InputError
        PyAV is not installed, the file is damaged, or it has no audio stream that one of ``DECODERS`` reads.
    """
    if not readable():
        raise InputError(f"{path}: reading {container.name} needs PyAV; {advice(path)}")
    import av

    # An open file, not a name: FFmpeg may read a name as a network address.
    with _Reader(io.FileIO(path)) as file, _named(path):
        allowed = {"codec_whitelist": DECODERS}  # opening a file already decodes
        with av.open(file, format=container.demuxer, options=allowed) as opened_container:
            if not opened_container.streams.audio:
                raise InputError(f"{path}: {container.name} without sound; give a recording with sound")
            context = opened_container.streams.audio[0].codec_context
            coded = context.codec.name if context else "an unknown codec"
            if coded not in DECODERS.split(","):
                raise InputError(f"{path}: not readable as audio ({coded} is not supported); give AAC, Opus or WAV")
            yield ContainedSound(path, opened_container)


class _Reader(io.BufferedReader):
    """A file in which a damaged header may ask for any position."""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position; return -1, FFmpeg's error code, if it lies outside. PyAV would print an exception."""
        try:
            return super().seek(offset, whence)
        except (OSError, ValueError):
            return -1


@contextmanager
def _named(path: Path) -> Iterator[None]:
    import av

    try:
        yield
    except (av.FFmpegError, ValueError, MemoryError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:80] or type(error).__name__
        raise InputError(f"{path}: not readable as audio ({reason}); export the recording again") from None
