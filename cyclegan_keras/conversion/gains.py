"""A generator's change of a spectrogram as gains on the clip itself. This is ours; the report has only Griffin-Lim."""

import numpy as np
import scipy

from cyclegan_keras.config import SpectrogramConfig

SMOOTHING_SECONDS = 0.024
"""Standard deviation of the Gaussian that smooths the change along time. What changes faster is mostly roughness."""

ENVELOPE_BINS = 4.0
"""Standard deviation of the Gaussian along frequency that leaves the spectral envelope: 125 Hz in the report's
analysis, which removes the harmonics."""

ENVELOPE_SHARE = 0.75
"""The share of the envelope's change that is applied. More of it costs intelligible words."""

GAIN_LIMIT_DB = 40.0
"""The largest gain or loss of a bin. Larger changes would no longer fit the clip's phase."""

AUDIBLE_DB = -60.0
"""Bins that stay below are left out of the mean change: they hold noise and the floor."""


def limited_change(source: np.ndarray, converted: np.ndarray, strength: float, config: SpectrogramConfig) -> np.ndarray:
    """Smooth what a generator changed, multiply it by ``strength``, limit it, and apply it to the source.

    Parameters
    ----------
    source, converted : np.ndarray [shape=(n_bins, frames)]
        In [-1, 1].
    strength : float
        1 applies the smoothed change once.
    config : SpectrogramConfig

    Returns
    -------
    changed : np.ndarray [shape=(n_bins, frames)]
        In [-1, 1], and within ``GAIN_LIMIT_DB`` of the source.
    """
    change = converted - source
    envelope = scipy.ndimage.gaussian_filter1d(change, ENVELOPE_BINS, axis=0)
    change = change - (1.0 - ENVELOPE_SHARE) * envelope
    frames = SMOOTHING_SECONDS * config.sample_rate / config.hop_length
    gains = strength * scipy.ndimage.gaussian_filter1d(change, frames, axis=1)
    limit = GAIN_LIMIT_DB * config.decibel
    return np.clip(source + np.clip(gains, -limit, limit), -1.0, 1.0)


def mean_change_db(source: np.ndarray, converted: np.ndarray, config: SpectrogramConfig) -> float:
    """Average by how many dB bins were raised or lowered, over the bins above ``AUDIBLE_DB`` before or after.

    Parameters
    ----------
    source, converted : np.ndarray [shape=(n_bins, frames)]
        In [-1, 1].
    config : SpectrogramConfig
    """
    audible = np.maximum(source, converted) > 1.0 + AUDIBLE_DB * config.decibel
    change = np.abs(converted - source)[audible] / config.decibel
    return float(change.mean()) if change.size else 0.0
