"""The level of a recording above 60 Hz. A constant offset, hum and rumble below speech do not count."""

import numpy as np
import scipy.signal

FULL_SCALE = 32767 / 32768
"""The largest sample that 16-bit PCM holds."""

LOWEST_HEARD = 60.0
"""Hz. The lowest voices speak at 65 Hz. Below lie hum and rumble."""

OFFSET_SHARE = 0.1
"""A larger offset, as a share of the level, is removed. RAVDESS's recordings have less than 0.04."""


def audible_filter(sample_rate: int) -> np.ndarray:
    """Design the high-pass filter of ``LOWEST_HEARD``: Butterworth of order 4, in second-order sections."""
    return scipy.signal.butter(4, LOWEST_HEARD, "highpass", fs=sample_rate, output="sos")


def audible(waveform: np.ndarray, sample_rate: int) -> np.ndarray:
    """Keep what is above ``LOWEST_HEARD``, without delay.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
        At least one sample.
    sample_rate : int
        In Hz.

    Returns
    -------
    heard : np.ndarray [shape=(n,), dtype=float64]
    """
    beyond_ends = min(sample_rate // 20, len(waveform) - 1)  # three periods of the lowest that is heard
    return scipy.signal.sosfiltfilt(audible_filter(sample_rate), waveform, padlen=beyond_ends)


def level_db(waveform: np.ndarray, sample_rate: int) -> float:
    """Measure the level above ``LOWEST_HEARD``.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
    sample_rate : int
        In Hz.

    Returns
    -------
    level : float
        RMS above ``LOWEST_HEARD`` in dB, where 0 is a square wave at full scale; -200 at the least.

    Example
    -------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    >>> round(level_db(tone, 16_000), 1), round(level_db(tone + 0.3, 16_000), 1)
    (-3.0, -3.0)
    """
    return float(20.0 * np.log10(max(_rms(audible(waveform, sample_rate)), 1e-10)))


def without_rumble(waveform: np.ndarray, sample_rate: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Remove a large constant offset, and everything below ``LOWEST_HEARD`` where it is louder than the rest.

    A spectrogram is relative to its loudest bin, which must be a bin of speech. Other recordings stay as they are.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,), dtype=float32]
    sample_rate : int
        In Hz.

    Returns
    -------
    waveform : np.ndarray [shape=(n,), dtype=float32]
    done : tuple of str
        What was removed, in words.
    """
    heard = audible(waveform, sample_rate)
    level, offset, done = _rms(heard), float(waveform.mean(dtype=np.float64)), []
    if abs(offset) > OFFSET_SHARE * level:
        waveform = (waveform - offset).astype(np.float32)
        done.append(f"offset of {offset:.2g} removed")
    if _rms(waveform - heard) > level:
        waveform = heard.astype(np.float32)
        done.append(f"rumble below {LOWEST_HEARD:g} Hz removed")
    return waveform, tuple(done)


def match_level(waveform: np.ndarray, like: np.ndarray, sample_rate: int) -> np.ndarray:
    """Scale a waveform to the level of another, or as near to it as full scale allows.

    Parameters
    ----------
    waveform, like : np.ndarray [shape=(n,)]
    sample_rate : int
        Of both, in Hz.

    Returns
    -------
    scaled : np.ndarray [shape=(n,), dtype=float32]
        Within [-1, 1]: it never clips.
    """
    smallest = np.finfo(np.float32).tiny
    gain = _rms(audible(like, sample_rate)) / max(_rms(audible(waveform, sample_rate)), smallest)
    return (waveform * min(gain, FULL_SCALE / max(np.abs(waveform).max(), smallest))).astype(np.float32)


def _rms(waveform: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(waveform, dtype=np.float64))))
