"""F0 of speech over time."""

from typing import NamedTuple

import librosa
import numpy as np

LOWEST_PITCH, HIGHEST_PITCH = 65.0, 700.0
"""Hz: the F0 range of adult speech, including shouting."""

SILENCE_DB = -35.0
"""A frame this far below the loudest is a pause."""

VOICED = 0.5
"""A frame is voiced if its autocorrelation at the pitch period exceeds this share of its energy."""

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
    piece = SECONDS_AT_ONCE * sample_rate // hop * hop
    tracks = [_track(waveform[start : start + piece], sample_rate, hop) for start in range(0, len(waveform), piece)]
    hz, harmonicity, level = (np.concatenate(parts) for parts in zip(*tracks))
    active = level > level.max() * 10.0 ** (SILENCE_DB / 20.0)
    hz = np.where(active & (harmonicity > VOICED), hz, np.nan)
    return Contour(np.arange(len(hz)) * hop / sample_rate, hz, active)


def _track(waveform: np.ndarray, sample_rate: int, hop: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    length = round(FRAME_SECONDS * sample_rate) // 2 * 2
    pitch = librosa.yin(
        waveform, fmin=LOWEST_PITCH, fmax=HIGHEST_PITCH, sr=sample_rate, frame_length=length, hop_length=hop
    )
    frames = librosa.util.frame(np.pad(waveform, length // 2), frame_length=length, hop_length=hop)
    count = min(len(pitch), frames.shape[1], -(-len(waveform) // hop))
    frames, pitch = frames[:, :count], pitch[:count]
    correlation = librosa.autocorrelate(frames, max_size=length // 2, axis=0)
    # A longer lag has fewer overlapping samples. The correction keeps low voices from seeming less harmonic.
    period = np.minimum(np.round(sample_rate / pitch).astype(int), length // 2 - 1)
    at_period = correlation[period, np.arange(count)] * length / (length - period)
    return pitch, at_period / np.maximum(correlation[0], 1e-9), np.sqrt(np.mean(np.square(frames), axis=0))
