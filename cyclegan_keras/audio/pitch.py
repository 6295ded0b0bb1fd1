"""The pitch of a voice over time."""

from typing import NamedTuple

import librosa
import numpy as np

LOWEST_PITCH, HIGHEST_PITCH = 65.0, 700.0
"""Hz: the range of adult speech, shouted included."""

SILENCE_DB = -35.0
"""Frames this far below the loudest count as pauses."""

VOICED = 0.5
"""Frames whose autocorrelation at the pitch period reaches this share of their energy count as voiced."""

FRAME_SECONDS, HOP_SECONDS = 0.064, 0.016

SECONDS_AT_ONCE = 60
"""So much is followed together, which bounds the memory of long recordings."""


LEAST_VOICED = 0.1
"""The share of the frames that are no pauses in which a voice must be heard for a median to mean anything."""


class Contour(NamedTuple):
    """Pitch in Hz by time in seconds, NaN where no voice is heard; and which frames are no pauses."""

    seconds: np.ndarray
    hz: np.ndarray
    active: np.ndarray

    @property
    def median(self) -> float | None:
        """The median in Hz; None where hardly a voice is heard."""
        voiced = self.hz[np.isfinite(self.hz)]
        return float(np.median(voiced)) if len(voiced) > max(4, LEAST_VOICED * self.active.sum()) else None


def pitch_contour(waveform: np.ndarray, sample_rate: int) -> Contour:
    """Follow the pitch of speech (YIN; de Cheveigné & Kawahara, 2002).

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
        Its level does not matter.
    sample_rate : int
        In Hz.

    Returns
    -------
    contour : Contour
        A value every ``HOP_SECONDS``.

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
    # The longer the lag, the fewer samples meet: undone, so that low voices are not less harmonic.
    period = np.minimum(np.round(sample_rate / pitch).astype(int), length // 2 - 1)
    at_period = correlation[period, np.arange(count)] * length / (length - period)
    return pitch, at_period / np.maximum(correlation[0], 1e-9), np.sqrt(np.mean(np.square(frames), axis=0))
