"""Recordings as files: reading any rate and channels as mono, and writing WAV."""

import io
import os
from pathlib import Path

import librosa
import numpy as np
import soundfile

from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import written_beside

FULL_SCALE = 32767 / 32768
"""The largest sample that 16-bit PCM holds."""

QUIETEST_PEAK = 1 / 32768
"""A clip whose peak stays below one 16-bit step carries no sound."""

LOUDEST_PEAK = 1e6
"""A recording in floats may exceed full scale, but not so far: its spectrum would overflow."""

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


def load_waveform(path: Path, sample_rate: int) -> np.ndarray:
    """Read a recording as mono at ``sample_rate``: any rate, any channels.

    Parameters
    ----------
    path : Path
        WAV, FLAC, Ogg, AIFF or MP3.
    sample_rate : int
        Wanted rate in Hz.

    Returns
    -------
    waveform : np.ndarray [shape=(n,), dtype=float32]
        The mean of the channels, at the level of the file.

    Raises
    ------
    InputError
        The file is missing, not audio, empty, silent, longer than ``LONGEST_SECONDS``, or holds values
        that are not finite or absurd.

    Example
    -------
    >>> load_waveform("clip.flac", 16_000).shape  # doctest: +SKIP
    (65536,)
    """
    path = Path(path)
    try:
        with _opened(path) as file:
            waveform, file_rate = _mono(file, path), file.samplerate
    except (soundfile.SoundFileError, OSError) as error:
        reason = getattr(error, "error_string", None) or getattr(error, "strerror", None) or error
        raise InputError(f"{path}: not readable as audio ({reason}); give {FORMATS}") from None
    if waveform.size == 0:
        raise InputError(f"{path}: holds no samples; give a recording with sound")
    if not np.isfinite(waveform).all():
        raise InputError(f"{path}: holds NaN or infinite samples; export the recording again")
    peak = max(waveform.max(), -waveform.min())
    if peak > LOUDEST_PEAK:
        raise InputError(f"{path}: holds samples of {peak:.0e} where 1 is full scale; export the recording again")
    if peak < QUIETEST_PEAK:
        raise InputError(f"{path}: silent from start to end; give a recording with sound")
    return librosa.resample(waveform, orig_sr=file_rate, target_sr=sample_rate)


def duration(path: Path) -> float:
    """Tell how many seconds a recording says it lasts; 0 where it cannot be read, of which reading it will tell."""
    try:
        with _opened(Path(path)) as file:
            return file.frames / file.samplerate
    except (soundfile.SoundFileError, OSError, InputError):
        return 0.0


def _opened(path: Path) -> soundfile.SoundFile:
    if not path.is_file():
        found = "not a file" if path.exists() else "not found"
        raise InputError(f"{path}: {found}; give a recording (WAV, FLAC, ...)")
    with path.open("rb") as file:  # of what cannot be opened libsndfile would say no more than "System error"
        if not file.read(4).startswith(SIGNATURES):
            raise InputError(f"{path}: not readable as audio (no format taken here); give {FORMATS}")
    return soundfile.SoundFile(os.fsencode(path))  # bytes, because a name need not be text


def _mono(file: soundfile.SoundFile, path: Path) -> np.ndarray:
    # In pieces: what a header says of the length is a claim, and channels take memory.
    if not SAMPLE_RATES[0] <= file.samplerate <= SAMPLE_RATES[1]:
        raise InputError(f"{path}: has {file.samplerate} samples a second; export the recording again")
    pieces, frames = [np.empty(0, np.float32)], 0
    while True:
        piece = file.read(max(1, SAMPLES_AT_ONCE // file.channels), dtype="float32", always_2d=True)
        frames += len(piece)
        if frames > LONGEST_SECONDS * file.samplerate:
            raise InputError(f"{path}: longer than {LONGEST_SECONDS // 60} minutes; give it in parts")
        if not len(piece):
            return np.concatenate(pieces)
        with np.errstate(invalid="ignore", over="ignore"):  # of infinite samples, which the caller refuses
            pieces.append(piece.mean(axis=1))


def save_waveform(path: Path, waveform: np.ndarray, sample_rate: int) -> None:
    """Write a mono waveform as 16-bit WAV; the file appears under its name only when complete.

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
    soundfile.write(encoded, waveform, sample_rate, format="WAV", subtype="PCM_16")
    with written_beside(path) as beside:
        beside.write_bytes(encoded.getvalue())


def match_level(waveform: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Scale a waveform to the RMS level of another, or as near to it as full scale allows.

    Parameters
    ----------
    waveform, like : np.ndarray [shape=(n,)]

    Returns
    -------
    scaled : np.ndarray [shape=(n,), dtype=float32]
        Within [-1, 1]: it never clips.
    """
    gain = np.sqrt(np.mean(np.square(like)) / max(np.mean(np.square(waveform)), np.finfo(np.float32).tiny))
    peak = max(np.abs(waveform).max(), np.finfo(np.float32).tiny)
    return (waveform * min(gain, FULL_SCALE / peak)).astype(np.float32)
