"""F0 of speech over time."""

from typing import NamedTuple

import librosa
import numpy as np

LOWEST_PITCH, HIGHEST_PITCH = 65.0, 700.0
"""Hz: the F0 range of adult speech, including shouting."""

SILENCE_DB = -35.0
"""A frame this far below the loudest is a pause."""

VOICED = 0.5
"""Frames of at least this harmonicity count as voiced."""

FRAME_SECONDS, HOP_SECONDS = 0.064, 0.016

SECONDS_AT_ONCE = 60
"""Length of the pieces that are analysed one after the other, which bounds the memory of long recordings."""

LEAST_VOICED = 0.1
"""The least share of voiced frames among the frames that are not pauses, for a median F0."""


class Contour(NamedTuple):
    """Times in seconds, F0 in Hz (NaN in unvoiced frames), and whether each frame is speech rather than a pause."""

    seconds: np.ndarray
    hz: np.ndarray
    active: np.ndarray

    @property
    def median(self) -> float | None:
        """Median F0 in Hz over voiced frames; None if too few frames are voiced."""
        voiced = self.hz[np.isfinite(self.hz)]
        return float(np.median(voiced)) if len(voiced) > max(4, LEAST_VOICED * self.active.sum()) else None


def pitch_contour(waveform: np.ndarray, sample_rate: int) -> Contour:
    """Track the F0 of speech (YIN; de Cheveigné & Kawahara, 2002).

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
        Its level does not matter.
    sample_rate : int
        In Hz.

    Returns
    -------
    contour : Contour
        One frame every ``HOP_SECONDS``.

    Example
    -------
    >>> harmonics = sum(np.sin(2 * np.pi * 200 * n * np.arange(16_000) / 16_000) / n for n in range(1, 9))
    >>> round(pitch_contour(harmonics, 16_000).median)
    200
    """
    waveform = librosa.util.normalize(waveform.astype(np.float32))
    hop = round(HOP_SECONDS * sample_rate)
    hz, harmonicity = yin(waveform, sample_rate, FRAME_SECONDS, HOP_SECONDS)
    length = round(FRAME_SECONDS * sample_rate) // 2 * 2
    level = librosa.feature.rms(y=waveform, frame_length=length, hop_length=hop)[0, : len(hz)]
    active = level > level.max() * 10.0 ** (SILENCE_DB / 20.0)
    hz = np.where(active & (harmonicity > VOICED), hz, np.nan)
    return Contour(np.arange(len(hz)) * hop / sample_rate, hz, active)


def yin(
    waveform: np.ndarray,
    sample_rate: int,
    frame_seconds: float,
    hop_seconds: float,
    limits: tuple[float, float] = (LOWEST_PITCH, HIGHEST_PITCH),
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate F0 by YIN (de Cheveigné & Kawahara, 2002), and how periodic each frame is.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
    sample_rate : int
        In Hz.
    frame_seconds, hop_seconds : float
    limits : (float, float)
        The lowest and highest F0 that is looked for, in Hz.

    Returns
    -------
    hz : np.ndarray [shape=(1 + n // hop,)]
        Also in unvoiced frames, where it means nothing.
    harmonicity : np.ndarray [shape=(1 + n // hop,)]
        The autocorrelation at the pitch period, as a share of the frame's energy.
    """
    hop = round(hop_seconds * sample_rate)
    length = round(frame_seconds * sample_rate) // 2 * 2
    padded = np.pad(waveform, length // 2)
    frames, at_once = 1 + len(waveform) // hop, round(SECONDS_AT_ONCE / hop_seconds)
    pieces = [
        _yin(padded[first * hop : (min(first + at_once, frames) - 1) * hop + length], sample_rate, length, hop, limits)
        for first in range(0, frames, at_once)
    ]
    hz, harmonicity = (np.concatenate(parts) for parts in zip(*pieces))
    return hz, harmonicity


def _yin(
    waveform: np.ndarray, sample_rate: int, length: int, hop: int, limits: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    frames = librosa.util.frame(waveform, frame_length=length, hop_length=hop)
    hz = librosa.yin(
        waveform, fmin=limits[0], fmax=limits[1], sr=sample_rate, frame_length=length, hop_length=hop, center=False
    )
    correlation = librosa.autocorrelate(frames, max_size=length // 2, axis=0)
    # A longer lag has fewer overlapping samples. The correction keeps low voices from seeming less harmonic.
    period = np.clip(np.round(sample_rate / hz).astype(int), 1, length // 2 - 1)
    at_period = correlation[period, np.arange(len(hz))] * length / (length - period)
    return hz, at_period / np.maximum(correlation[0], 1e-12)
