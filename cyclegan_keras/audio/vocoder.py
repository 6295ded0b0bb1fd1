"""Spectrogram to waveform: Griffin-Lim, as in the report, or gains applied to the clip itself with its own phase."""

import librosa
import numpy as np

from cyclegan_keras.audio.spectrogram import image_to_spectrogram
from cyclegan_keras.config import SpectrogramConfig

FRAMES_THAT_OVERLAP = 8
"""Frames that overlap at each sample when gains are applied. With two, as in the analysis, gain changes are audible."""

PHASE_ITERATIONS = 4
"""Iterations of Griffin-Lim that start from the clip's own phase. Without any, pitch hardly moves; more of them sound
less clean."""


def spectrogram_to_waveform(
    spectrogram: np.ndarray, reference: float, config: SpectrogramConfig, length: int
) -> np.ndarray:
    """Invert ``waveform_to_spectrogram`` by Griffin-Lim (fast variant; the initial phase is seeded).

    Parameters
    ----------
    spectrogram : np.ndarray [shape=(n_bins, frames)]
        In [-1, 1].
    reference : float
        The STFT magnitude of 0 dB.
    config : SpectrogramConfig
    length : int
        Samples to return.

    Returns
    -------
    waveform : np.ndarray [shape=(length,), dtype=float32]
    """
    # librosa 1.0 renamed the argument, and an integer would seed another generator there.
    seeded = {"rng" if librosa.__version__.startswith("1.") else "random_state": np.random.RandomState(0)}
    return librosa.griffinlim(
        librosa.db_to_amplitude(_decibels(spectrogram, config), ref=reference),
        n_iter=config.griffin_lim_iterations,
        hop_length=config.hop_length,
        n_fft=config.n_fft,
        window="hann",
        length=length,
        momentum=config.griffin_lim_momentum,
        **seeded,
    ).astype(np.float32)


def image_to_waveform(image: np.ndarray, reference: float, config: SpectrogramConfig) -> np.ndarray:
    """Resynthesise an image: 4.096 s of audio.

    Parameters
    ----------
    image : np.ndarray [shape=(height, width, 1)]
        In [-1, 1].
    reference : float
        The STFT magnitude of 0 dB.
    config : SpectrogramConfig

    Returns
    -------
    waveform : np.ndarray [shape=(n_samples,), dtype=float32]
    """
    return spectrogram_to_waveform(image_to_spectrogram(image, config), reference, config, config.n_samples)


def apply_gains(waveform: np.ndarray, gains: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Apply gains to a waveform's spectrogram, starting from its own phase (Griffin & Lim, 1984).

    A few iterations fit the phase to the new magnitudes. The gains are interpolated to denser frames.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,), dtype=float32]
    gains : np.ndarray [shape=(n_bins, 1 + n // hop_length)]
        In dB, for the bins and frames of ``waveform_to_spectrogram``.
    config : SpectrogramConfig

    Returns
    -------
    changed : np.ndarray [shape=(n,), dtype=float32]

    Example
    -------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000).astype(np.float32)
    >>> halved = apply_gains(tone, np.full((257, 63), -6.02), SpectrogramConfig())
    >>> bool(np.allclose(halved, tone / 2, atol=1e-3))
    True
    """
    frames = {"n_fft": config.n_fft, "hop_length": config.n_fft // FRAMES_THAT_OVERLAP, "window": "hann"}
    transform = librosa.stft(waveform, **frames)
    magnitude = np.abs(transform)
    times = np.arange(magnitude.shape[1]) * frames["hop_length"] / config.hop_length
    for bin_magnitude, bin_gains in zip(magnitude, gains):
        bin_magnitude *= librosa.db_to_amplitude(np.interp(times, np.arange(len(bin_gains)), bin_gains))
    for _ in range(PHASE_ITERATIONS):
        _set_magnitude(transform, magnitude)
        sound = librosa.istft(transform, length=len(waveform), **frames)
        del transform  # 300 MB for ten minutes
        transform = librosa.stft(sound, **frames)
    _set_magnitude(transform, magnitude)
    return librosa.istft(transform, length=len(waveform), **frames).astype(np.float32)


def _set_magnitude(transform: np.ndarray, magnitude: np.ndarray) -> None:
    # Bin by bin: all at once would take three times the memory.
    for of_bin, wanted in zip(transform, magnitude):
        _, phase = librosa.magphase(of_bin)
        of_bin[:] = wanted * phase


def _decibels(spectrogram: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    return (1.0 - np.clip(spectrogram, -1.0, 1.0)) * config.floor_db / 2.0
