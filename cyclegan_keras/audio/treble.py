"""The recording's band above 8 kHz, where the analysis ends, added to the resynthesised audio."""

import librosa
import numpy as np
import scipy

from cyclegan_keras.config import SpectrogramConfig

HIGHEST_BAND = (0.75, 0.9)
"""The band that sets the gain, as shares of the analysis's highest frequency: 6 to 7.2 kHz of 8. Above it the
resampling filter attenuates."""

SMOOTHING_SECONDS = 0.05
"""Standard deviation of the Gaussian that smooths the band's power over time. A faster gain is audible."""

GAIN_LIMIT_DB = 20.0
"""The largest gain or loss. A gain of 40 dB would make the noise above 8 kHz in pauses audible."""


def with_treble(
    converted: np.ndarray, original: np.ndarray, original_rate: int, config: SpectrogramConfig
) -> np.ndarray:
    """Resample a conversion to the recording's rate, and add the recording's band above the analysis's range.

    The band gets the gain that the conversion gave to the band just below it.

    Parameters
    ----------
    converted : np.ndarray [shape=(n,), dtype=float32]
        The conversion, at ``config.sample_rate``.
    original : np.ndarray [shape=(m,), dtype=float32]
        The recording that was converted.
    original_rate : int
        In Hz, above ``config.sample_rate``.
    config : SpectrogramConfig

    Returns
    -------
    wide : np.ndarray [shape=(m,), dtype=float32]
        At ``original_rate``.
    """
    below = _resampled(original, original_rate, config.sample_rate, len(converted))
    treble = original - _resampled(below, config.sample_rate, original_rate, len(original))
    gains = _band_gains(converted, below, config)
    times = np.arange(len(original)) * (config.sample_rate / original_rate / config.hop_length)
    wide = _resampled(converted, config.sample_rate, original_rate, len(original))
    wide += np.interp(times, np.arange(len(gains)), gains).astype(np.float32) * treble
    return wide


def _resampled(waveform: np.ndarray, from_rate: int, to_rate: int, length: int) -> np.ndarray:
    return librosa.util.fix_length(librosa.resample(waveform, orig_sr=from_rate, target_sr=to_rate), size=length)


def _band_gains(converted: np.ndarray, before: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    low, high = (round(share * config.n_fft / 2) for share in HIGHEST_BAND)
    frames = SMOOTHING_SECONDS * config.sample_rate / config.hop_length

    def power(waveform):
        transform = librosa.stft(waveform, n_fft=config.n_fft, hop_length=config.hop_length)[low:high]
        return scipy.ndimage.gaussian_filter1d(np.square(np.abs(transform)).sum(axis=0), frames)

    smallest = np.finfo(np.float32).tiny
    decibels = 10.0 * np.log10((power(converted) + smallest) / (power(before) + smallest))
    return librosa.db_to_amplitude(np.clip(decibels, -GAIN_LIMIT_DB, GAIN_LIMIT_DB))
