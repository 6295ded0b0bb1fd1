"""Opened recordings: files of the formats that are read, as samples in pieces."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile

from cyclegan_keras.audio import containers
from cyclegan_keras.shared.errors import InputError

SAMPLES_AT_ONCE = 2**22
"""Samples read at once, counted over all channels."""

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".mp3"})
"""Endings of the files that count as recordings."""

FORMATS = "WAV, FLAC, Ogg, AIFF or MP3"
"""The formats of ``SUFFIXES``, for messages."""

SIGNATURES = (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS", b"FORM", b"ID3", b"\xff")
"""The first bytes of WAV, FLAC, Ogg, AIFF and MP3 files. libsndfile reads two dozen more formats with parsers that are
little tested (CVE-2025-52194 is in one of them). No file reaches those parsers."""

LFS_POINTER = b"version https://git-lfs"
"""The first bytes of a pointer file, which Git leaves in place of a file that Git LFS stores."""


class Source(Protocol):
    """An opened recording."""

    sample_rate: int
    channels: int

    def pieces(self) -> Iterator[np.ndarray]:
        """Give the samples from the first on, in arrays ``(frames, channels)``."""


class _SoundFileSource:
    """A recording that libsndfile reads."""

    def __init__(self, file: soundfile.SoundFile):
        self._file = file
        self.sample_rate, self.channels = file.samplerate, file.channels

    def pieces(self) -> Iterator[np.ndarray]:
        if self._file.tell():
            self._file.seek(0)
        while True:
            piece = self._file.read(max(1, SAMPLES_AT_ONCE // self.channels), dtype="float32", always_2d=True)
            if not len(piece):
                return
            yield piece


@contextmanager
def opened_source(path: Path) -> Iterator[Source]:
    """Open a recording by its first bytes.

    Raises
    ------
    InputError
        There is no such file, or its format is not read.
    soundfile.SoundFileError, OSError
        The file cannot be read.
    """
    if not path.is_file():
        found = "not a file" if path.exists() else "not found"
        raise InputError(f"{path}: {found}; give a recording (WAV, FLAC, ...)")
    with path.open("rb") as file:  # libsndfile's message for a file that cannot be opened is only "System error"
        head = file.read(len(LFS_POINTER))
    if head == LFS_POINTER:
        raise InputError(f"{path}: a Git LFS pointer, not the recording itself; fetch it with git lfs pull")
    container = containers.container_of(head)
    if container:
        with containers.opened(path, container) as source:
            yield source
        return
    if not head.startswith(SIGNATURES):
        raise InputError(f"{path}: not readable as audio (unknown format); give {FORMATS}")
    with soundfile.SoundFile(os.fsencode(path)) as file:  # bytes, because a name need not be text
        yield _SoundFileSource(file)
