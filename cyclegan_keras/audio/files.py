"""Reading recordings as mono, whatever their rate and channels, and writing WAV."""

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import librosa
import numpy as np
import soundfile

from cyclegan_keras.audio.level import without_rumble
from cyclegan_keras.audio.mixing import ChannelBalance
from cyclegan_keras.audio.sources import FORMATS, opened_source
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import written_beside

QUIETEST_PEAK = 2.0**-20
"""Half the range of a clip that counts as silent: 120 dB below full scale."""

LOUDEST_PEAK = 1e6
"""The largest sample of a recording in floats, where 1 is full scale. The spectrum of a larger one would overflow."""

FAINT_PEAK = 1 / 128
"""A clip with a lower peak is written in 24 bits; it would use fewer than 8 of 16 bits."""

LONGEST_SECONDS = 600
"""The longest recording that is read. It bounds the memory of a conversion."""

SAMPLE_RATES = (2_000, 1_000_000)
"""Lowest and highest sample rate in Hz: below, there is no room for a voice; above, a header is damaged."""


class Sound(NamedTuple):
    """A mono waveform at its own rate. ``changes`` says in words what differs from the file."""

    waveform: np.ndarray
    sample_rate: int
    changes: tuple[str, ...] = ()


def read_sound(path: Path) -> Sound:
    """Read a recording as mono at its own rate.

    Parameters
    ----------
    path : Path
        WAV, FLAC, Ogg, AIFF or MP3. With the extra ``av`` also the formats in ``containers.SUFFIXES``.

    Returns
    -------
    sound : Sound
        The mean of the channels, or the loudest channel if they cancel each other; float32, at the level of the file.

    Raises
    ------
    InputError
        The file is missing, not audio, empty, silent, longer than ``LONGEST_SECONDS``, or holds samples that are not
        finite or exceed ``LOUDEST_PEAK``.
    """
    path = Path(path)
    try:
        with opened_source(path) as source:
            rate = source.sample_rate
            waveform, changes = _mono(source.pieces, rate, source.channels, path)
    except (soundfile.SoundFileError, OSError) as error:
        reason = getattr(error, "error_string", None) or getattr(error, "strerror", None) or error
        raise InputError(f"{path}: not readable as audio ({reason}); give {FORMATS}") from None
    _check(waveform, path)
    return Sound(waveform, rate, changes)


def sound_of_samples(samples: np.ndarray, sample_rate: int, name: str) -> Sound:
    """Make an array of samples a ``Sound``, under the rules of ``read_sound``.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,) or (n, channels)]
        Floats, where 1 is full scale, or signed integers, where the type's range is full scale.
    sample_rate : int
        In Hz.
    name : str
        The array's name in messages.

    Raises
    ------
    InputError
        As ``read_sound``, or the array has another type or shape.
    """
    turned = samples.ndim == 2 and 0 < len(samples) < samples.shape[1]  # channels first, as librosa has them
    if samples.dtype.kind not in "fi" or samples.ndim not in (1, 2) or 0 in samples.shape[1:] or turned:
        shape = " x ".join(map(str, samples.shape))
        raise InputError(f"{name}: is {shape} of {samples.dtype}; give floats or signed integers, n or n x channels")
    if samples.dtype.kind == "i":
        samples = samples / -float(np.iinfo(samples.dtype).min)
    columns = (samples[:, np.newaxis] if samples.ndim == 1 else samples).astype(np.float32)
    pieces = [columns] if len(columns) else []
    waveform, changes = _mono(lambda: pieces, int(sample_rate), columns.shape[1], name)
    _check(waveform, name)
    return Sound(waveform, int(sample_rate), changes)


def load_waveform(path: Path, sample_rate: int) -> np.ndarray:
    """Read a recording as mono and resample it to ``sample_rate``.

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


def without_offset_and_rumble(sound: Sound) -> Sound:
    """Remove a large constant offset and loud rumble; ``changes`` says so."""
    waveform, changes = without_rumble(sound.waveform, sound.sample_rate)
    return Sound(waveform, sound.sample_rate, sound.changes + changes)


def _mono(
    read_pieces: Callable[[], Iterable[np.ndarray]], sample_rate: int, channels: int, name: Path | str
) -> tuple[np.ndarray, tuple[str, ...]]:
    # In pieces: the length in a header may be wrong, and many channels take much memory.
    if not SAMPLE_RATES[0] <= sample_rate <= SAMPLE_RATES[1]:
        raise InputError(f"{name}: has {sample_rate} samples a second; export the recording again")
    balance = ChannelBalance(channels, sample_rate)
    pieces, frames = [np.empty(0, np.float32)], 0
    for piece in read_pieces():
        frames += len(piece)
        if frames > LONGEST_SECONDS * sample_rate:
            raise InputError(f"{name}: longer than {LONGEST_SECONDS // 60} minutes; give it in parts")
        balance.add(piece)
        with np.errstate(invalid="ignore", over="ignore"):  # the caller refuses infinite samples
            pieces.append(piece.mean(axis=1))
    if not balance.cancels:
        return np.concatenate(pieces), ()
    pieces = [piece[:, balance.loudest] for piece in read_pieces()]
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
    """Write a mono waveform as 16-bit WAV, or 24-bit if it is faint. The file gets its name once it is complete.

    Parameters
    ----------
    path : Path
    waveform : np.ndarray [shape=(n,)]
        Samples in [-1, 1]. Others are not clipped, but raise an error.
    sample_rate : int
        In Hz.

    Raises
    ------
    ValueError
        A sample lies outside [-1, 1].
    """
    if np.abs(waveform).max(initial=0.0) > 1.0:
        raise ValueError(f"{path}: the waveform exceeds full scale")
    # Encoded in memory: libsndfile does not report a full disk, Python does.
    encoded = io.BytesIO()
    subtype = "PCM_24" if is_faint(waveform) else "PCM_16"
    soundfile.write(encoded, waveform, sample_rate, format="WAV", subtype=subtype)
    with written_beside(path) as beside:
        beside.write_bytes(encoded.getvalue())
