"""Recordings as files: reading any rate and channels as mono, and writing WAV."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

import librosa
import numpy as np
import soundfile

from cyclegan_keras.audio import containers
from cyclegan_keras.audio.mixing import ChannelBalance
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import written_beside

QUIETEST_PEAK = 2.0**-20
"""A clip that swings by less to either side, 120 dB below full scale, carries no sound."""

LOUDEST_PEAK = 1e6
"""A recording in floats may exceed full scale, but not so far: its spectrum would overflow."""

FAINT_PEAK = 1 / 128
"""A clip below is written in 24 bits: of 16 it would use less than 8."""

LONGEST_SECONDS = 600
"""So much is read of a recording at most, which bounds the memory a conversion takes."""

SAMPLE_RATES = (1_000, 1_000_000)
"""Hz: beyond lies no recording of sound, but a damaged header."""

SAMPLES_AT_ONCE = 2**22
"""Read together, of all channels."""

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".mp3"})
"""Of the files that are taken for recordings in a folder."""

FORMATS = "WAV, FLAC, Ogg, AIFF or MP3"
"""The same, for messages."""

SIGNATURES = (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS", b"FORM", b"ID3", b"\xff")
"""How WAV, FLAC, Ogg, AIFF and MP3 files begin. libsndfile reads two dozen formats more, by parsers that few have
tested (CVE-2025-52194 is in one of them): a file from somebody else is not handed to those."""

LFS_POINTER = b"version https://git-lfs"
"""How the file begins that Git leaves in the place of one that Git LFS keeps."""


class Sound(NamedTuple):
    """A mono waveform at its own rate, and what was done to it, in words."""

    waveform: np.ndarray
    sample_rate: int
    done: tuple[str, ...] = ()


class _Source(Protocol):
    """An opened recording."""

    sample_rate: int
    channels: int
    seconds: float

    def pieces(self) -> Iterator[np.ndarray]:
        """Give the samples from the first on, in arrays ``(frames, channels)``."""


def read_sound(path: Path) -> Sound:
    """Read a recording as mono at its own rate.

    Parameters
    ----------
    path : Path
        WAV, FLAC, Ogg, AIFF or MP3; with the extra ``av``, what telephones, browsers and cameras record as well.

    Returns
    -------
    sound : Sound
        The mean of the channels, or the loudest where they cancel each other; float32, at the level of the file.

    Raises
    ------
    InputError
        The file is missing, not audio, empty, silent, longer than ``LONGEST_SECONDS``, or holds values that are not
        finite or absurd.
    """
    path = Path(path)
    try:
        with _opened(path) as source:
            waveform, done = _mono(source, path)
            rate = source.sample_rate
    except (soundfile.SoundFileError, OSError) as error:
        reason = getattr(error, "error_string", None) or getattr(error, "strerror", None) or error
        raise InputError(f"{path}: not readable as audio ({reason}); give {FORMATS}") from None
    _check(waveform, path)
    return Sound(waveform, rate, done)


def sound_of_samples(samples: np.ndarray, sample_rate: int, name: str) -> Sound:
    """Take an array for a recording, under the rules of ``read_sound``.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,) or (n, channels)]
        Floats, where 1 is full scale, or signed integers, whose type tells theirs.
    sample_rate : int
        In Hz.
    name : str
        What messages call it.

    Raises
    ------
    InputError
        As ``read_sound``, or it is no array of samples.
    """
    if samples.dtype.kind not in "fi" or samples.ndim not in (1, 2) or 0 in samples.shape[1:]:
        shape = " x ".join(map(str, samples.shape))
        raise InputError(f"{name}: is {shape} of {samples.dtype}; give floats or signed integers, n or n x channels")
    if samples.dtype.kind == "i":
        samples = samples / -float(np.iinfo(samples.dtype).min)
    columns = samples[:, np.newaxis] if samples.ndim == 1 else samples
    source = _Samples(columns.astype(np.float32), int(sample_rate))
    waveform, done = _mono(source, name)
    _check(waveform, name)
    return Sound(waveform, source.sample_rate, done)


def load_waveform(path: Path, sample_rate: int) -> np.ndarray:
    """Read a recording as mono at ``sample_rate``: any rate, any channels.

    Parameters
    ----------
    path : Path
        As for ``read_sound``.
    sample_rate : int
        Wanted rate in Hz.

    Returns
    -------
    waveform : np.ndarray [shape=(n,), dtype=float32]

    Raises
    ------
    InputError
        As ``read_sound``.

    Example
    -------
    >>> load_waveform("clip.flac", 16_000).shape  # doctest: +SKIP
    (65536,)
    """
    sound = read_sound(path)
    return librosa.resample(sound.waveform, orig_sr=sound.sample_rate, target_sr=sample_rate)


def duration(path: Path) -> float:
    """Tell how many seconds a recording says it lasts; 0 where it cannot be read, of which reading it will tell."""
    try:
        with _opened(Path(path)) as source:
            return source.seconds
    except (soundfile.SoundFileError, OSError, InputError):
        return 0.0


class _SoundFile:
    """A recording that libsndfile reads."""

    def __init__(self, file: soundfile.SoundFile):
        self._file = file
        self.sample_rate, self.channels = file.samplerate, file.channels
        self.seconds = file.frames / file.samplerate

    def pieces(self) -> Iterator[np.ndarray]:
        if self._file.tell():
            self._file.seek(0)
        while True:
            piece = self._file.read(max(1, SAMPLES_AT_ONCE // self.channels), dtype="float32", always_2d=True)
            if not len(piece):
                return
            yield piece


class _Samples(NamedTuple):
    """A recording that is in memory."""

    samples: np.ndarray
    sample_rate: int

    @property
    def channels(self) -> int:
        return self.samples.shape[1]

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate

    def pieces(self) -> Iterator[np.ndarray]:
        yield from (self.samples,) if len(self.samples) else ()


@contextmanager
def _opened(path: Path) -> Iterator[_Source]:
    if not path.is_file():
        found = "not a file" if path.exists() else "not found"
        raise InputError(f"{path}: {found}; give a recording (WAV, FLAC, ...)")
    with path.open("rb") as file:  # of what cannot be opened libsndfile would say no more than "System error"
        head = file.read(len(LFS_POINTER))
    if head == LFS_POINTER:
        raise InputError(f"{path}: a Git LFS pointer, not the recording itself; fetch it with git lfs pull")
    container = containers.container_of(head)
    if container:
        with containers.opened(path, container) as source:
            yield source
        return
    if not head.startswith(SIGNATURES):
        raise InputError(f"{path}: not readable as audio (no format taken here); give {FORMATS}")
    with soundfile.SoundFile(os.fsencode(path)) as file:  # bytes, because a name need not be text
        yield _SoundFile(file)


def _mono(source: _Source, name: Path | str) -> tuple[np.ndarray, tuple[str, ...]]:
    # In pieces: what a header says of the length is a claim, and channels take memory.
    if not SAMPLE_RATES[0] <= source.sample_rate <= SAMPLE_RATES[1]:
        raise InputError(f"{name}: has {source.sample_rate} samples a second; export the recording again")
    balance = ChannelBalance(source.channels, source.sample_rate)
    pieces, frames = [np.empty(0, np.float32)], 0
    for piece in source.pieces():
        frames += len(piece)
        if frames > LONGEST_SECONDS * source.sample_rate:
            raise InputError(f"{name}: longer than {LONGEST_SECONDS // 60} minutes; give it in parts")
        balance.add(piece)
        with np.errstate(invalid="ignore", over="ignore"):  # of infinite samples, which the caller refuses
            pieces.append(piece.mean(axis=1))
    if not balance.cancels:
        return np.concatenate(pieces), ()
    pieces = [piece[:, balance.loudest] for piece in source.pieces()]
    return np.concatenate(pieces), (f"channels in opposite phase, number {balance.loudest + 1} taken",)


def _check(waveform: np.ndarray, name: Path | str) -> None:
    if waveform.size == 0:
        raise InputError(f"{name}: holds no samples; give a recording with sound")
    if not np.isfinite(waveform).all():
        raise InputError(f"{name}: holds NaN or infinite samples; export the recording again")
    high, low = float(waveform.max()), float(waveform.min())
    peak = max(high, -low)
    if peak > LOUDEST_PEAK:
        raise InputError(f"{name}: holds samples of {peak:.0e} where 1 is full scale; export the recording again")
    if (high - low) / 2 < QUIETEST_PEAK:
        raise InputError(f"{name}: silent from start to end; give a recording with sound")


def is_faint(waveform: np.ndarray) -> bool:
    """Whether ``save_waveform`` writes a waveform in 24 bits."""
    return 0.0 < np.abs(waveform).max(initial=0.0) < FAINT_PEAK


def save_waveform(path: Path, waveform: np.ndarray, sample_rate: int) -> None:
    """Write a mono waveform as 16-bit WAV, a faint one in 24 bits; the file has its name only when complete.

    Parameters
    ----------
    path : Path
    waveform : np.ndarray [shape=(n,)]
        Samples in [-1, 1]; what exceeds the range is an error of the caller, not clipped away.
    sample_rate : int
        In Hz.

    Raises
    ------
    ValueError
        A sample lies outside [-1, 1].
    """
    if np.abs(waveform).max(initial=0.0) > 1.0:
        raise ValueError(f"{path}: the waveform exceeds full scale")
    # Encoded in memory: libsndfile says nothing of a full disk, Python does.
    encoded = io.BytesIO()
    subtype = "PCM_24" if is_faint(waveform) else "PCM_16"
    soundfile.write(encoded, waveform, sample_rate, format="WAV", subtype=subtype)
    with written_beside(path) as beside:
        beside.write_bytes(encoded.getvalue())
