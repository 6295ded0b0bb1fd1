"""The level of a recording above 60 Hz, without constant offset, hum and rumble."""

import numpy as np
import scipy

FULL_SCALE = 32767 / 32768
"""The largest sample in 16-bit PCM."""

HIGH_PASS_HZ = 60.0
"""Cut-off of the high-pass filter. The lowest F0 of speech is 65 Hz; below lie hum and rumble."""

OFFSET_SHARE = 0.1
"""A constant offset above this share of the level is removed. RAVDESS's recordings have less than 0.04."""


def high_pass_filter(sample_rate: int, cutoff: float = HIGH_PASS_HZ) -> np.ndarray:
    """Design a Butterworth high-pass filter of order 4, in second-order sections; ``cutoff`` in Hz."""
    return scipy.signal.butter(4, cutoff, "highpass", fs=sample_rate, output="sos")


def high_passed(waveform: np.ndarray, sample_rate: int, cutoff: float = HIGH_PASS_HZ) -> np.ndarray:
    """Filter out frequencies below ``cutoff``, with zero phase.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
        At least one sample.
    sample_rate : int
        In Hz.
    cutoff : float
        In Hz.

    Returns
    -------
    filtered : np.ndarray [shape=(n,), dtype=float64]
    """
    beyond_ends = min(sample_rate // 20, len(waveform) - 1)  # three periods at the cut-off
    return scipy.signal.sosfiltfilt(high_pass_filter(sample_rate, cutoff), waveform, padlen=beyond_ends)


def level_db(waveform: np.ndarray, sample_rate: int) -> float:
    """Measure the level above ``HIGH_PASS_HZ``.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
    sample_rate : int
        In Hz.

    Returns
    -------
    level : float
        RMS in dB, at least -200; a square wave at full scale has 0 dB.

    Example
    -------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    >>> round(level_db(tone, 16_000), 1), round(level_db(tone + 0.3, 16_000), 1)
    (-3.0, -3.0)
    """
    return float(20.0 * np.log10(max(_rms(high_passed(waveform, sample_rate)), 1e-10)))


def without_rumble(waveform: np.ndarray, sample_rate: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Remove a large constant offset, and rumble below ``HIGH_PASS_HZ`` if it is louder than the speech.

    A spectrogram is relative to its loudest bin, which must be a bin of speech. Other recordings are not changed.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,), dtype=float32]
    sample_rate : int
        In Hz.

    Returns
    -------
    waveform : np.ndarray [shape=(n,), dtype=float32]
    changes : tuple of str
        What was removed, in words.
    """
    speech = high_passed(waveform, sample_rate)
    level, offset, changes = _rms(speech), float(waveform.mean(dtype=np.float64)), []
    if abs(offset) > OFFSET_SHARE * level:
        waveform = (waveform - offset).astype(np.float32)
        changes.append(f"offset of {offset:.2g} removed")
    if _rms(waveform - speech) > level:
        waveform = speech.astype(np.float32)
        changes.append(f"rumble below {HIGH_PASS_HZ:g} Hz removed")
    return waveform, tuple(changes)


def match_level(waveform: np.ndarray, like: np.ndarray, sample_rate: int) -> np.ndarray:
    """Scale a waveform to the level of another, or less if it would clip.

    Parameters
    ----------
    waveform, like : np.ndarray [shape=(n,)]
    sample_rate : int
        Of both, in Hz.

    Returns
    -------
    scaled : np.ndarray [shape=(n,), dtype=float32]
        Within [-1, 1].
    """
    smallest = np.finfo(np.float32).tiny
    gain = _rms(high_passed(like, sample_rate)) / max(_rms(high_passed(waveform, sample_rate)), smallest)
    return (waveform * min(gain, FULL_SCALE / max(np.abs(waveform).max(), smallest))).astype(np.float32)


def _rms(waveform: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(waveform, dtype=np.float64))))
