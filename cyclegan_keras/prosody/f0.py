"""The fundamental frequency of a recording every 5 ms, precise enough to cut a waveform into its periods."""

import numpy as np
import scipy

from cyclegan_keras.audio.level import high_passed
from cyclegan_keras.audio.pitch import HIGHEST_PITCH, LOWEST_PITCH, VOICED, yin

FRAME_SECONDS = 0.005
"""From one frame to the next."""

WINDOW_SECONDS = 0.032
"""Length of a frame: two periods of the lowest voice."""

RUMBLE_HZ = 85.0
"""The analysis leaves out everything below. In a quiet room, rumble is louder than the end of a sentence."""

STILL_VOICED = 0.2
"""Frames beside a voiced one need only this harmonicity: a voice that fades or glides is less periodic."""

SILENCE_DB = 40.0
"""Frames this far below the loudest count as silence."""

SPEECH_DB = 35.0
"""Speech begins and ends with the first and last frame that is so near the loudest."""

OCTAVE_GUARD = (0.6, 1.5)
"""The second pass searches from 0.6 times the first pass's 35th percentile to 1.5 times its 65th, so that few frames
are taken for an octave higher or lower (De Looze & Hirst, 2008)."""

MEDIAN_FRAMES = 5
"""F0 is smoothed by a median over so many frames, which takes out single errors."""


def frame_level(waveform: np.ndarray, sample_rate: int) -> np.ndarray:
    """Measure the level around every frame.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
    sample_rate : int
        In Hz.

    Returns
    -------
    level : np.ndarray [shape=(1 + n // hop,)]
        RMS in dB, every ``FRAME_SECONDS``.
    """
    length, hop = round(WINDOW_SECONDS * sample_rate) // 2 * 2, round(FRAME_SECONDS * sample_rate)
    power = scipy.ndimage.uniform_filter1d(np.pad(np.square(waveform), (0, hop)), length, mode="constant")
    return 10.0 * np.log10(np.maximum(power[::hop][: 1 + len(waveform) // hop], 1e-16))


def speech_span(level: np.ndarray) -> slice:
    """The frames from the first to the last that is within ``SPEECH_DB`` of the loudest; ``level`` in dB."""
    loud = np.flatnonzero(level > level.max() - SPEECH_DB)
    return slice(loud[0], loud[-1] + 1)


def track_f0(waveform: np.ndarray, sample_rate: int) -> np.ndarray:
    """Follow the fundamental frequency by YIN in two passes, the second in the range that the first found.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
    sample_rate : int
        In Hz.

    Returns
    -------
    f0 : np.ndarray [shape=(1 + n // hop,)]
        In Hz, every ``FRAME_SECONDS``; 0 in unvoiced frames.

    Example
    -------
    >>> harmonics = sum(np.sin(2 * np.pi * 200 * n * np.arange(16_000) / 16_000) / n for n in range(1, 9))
    >>> round(float(np.median(track_f0(harmonics, 16_000))))
    200
    """
    filtered = high_passed(waveform, sample_rate, RUMBLE_HZ)
    level = frame_level(filtered, sample_rate)
    loud = level > level.max() - SILENCE_DB
    f0, harmonicity = _yin(filtered, sample_rate, LOWEST_PITCH, HIGHEST_PITCH)
    voiced = loud & (harmonicity > VOICED)
    if not voiced.any():
        return np.zeros(len(f0))
    low, high = np.percentile(f0[voiced], (35, 65)) * OCTAVE_GUARD
    f0, harmonicity = _yin(filtered, sample_rate, max(low, LOWEST_PITCH), min(high, HIGHEST_PITCH))
    runs, _ = scipy.ndimage.label(loud & (harmonicity > STILL_VOICED))
    voiced = np.isin(runs, np.setdiff1d(runs[harmonicity > VOICED], 0))
    return np.where(voiced, scipy.ndimage.median_filter(f0, MEDIAN_FRAMES), 0.0)


def _yin(waveform: np.ndarray, sample_rate: int, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    return yin(waveform, sample_rate, WINDOW_SECONDS, FRAME_SECONDS, (low, high))
