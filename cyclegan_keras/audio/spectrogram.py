"""Waveform to spectrogram to image, and image to spectrogram (report, section 3).

A *spectrogram* is a float32 array ``(n_bins, frames)``: the STFT magnitude in dB relative to the clip's maximum,
floored at -80 dB, with [-80, 0] dB mapped onto [-1, 1]. Row 0 is 0 Hz. An *image* is the ``(260, 260, 1)`` square
that the networks see: exactly 257 frames of a spectrogram, padded with silence at the high-frequency end and at the
end of time.
"""

from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.shared.errors import InputError

SILENCE = -1.0
"""The value of silence in an image: the floor of -80 dB."""


def waveform_to_spectrogram(waveform: np.ndarray, config: SpectrogramConfig) -> tuple[np.ndarray, float]:
    """Analyse a waveform of any length.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,), dtype=float32]
    config : SpectrogramConfig

    Returns
    -------
    spectrogram : np.ndarray [shape=(n_bins, 1 + n // hop_length), dtype=float32]
        In [-1, 1].
    reference : float
        The clip's largest STFT magnitude, needed for resynthesis because [-1, 1] is relative to it.

    Raises
    ------
    InputError
        The waveform is shorter than one analysis window, or has no energy.

    Example
    -------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000).astype(np.float32)
    >>> waveform_to_spectrogram(tone, SpectrogramConfig())[0].shape
    (257, 63)
    """
    if len(waveform) < config.n_fft:
        raise InputError(f"shorter than one analysis window ({config.n_fft} samples at {config.sample_rate} Hz)")
    magnitude = np.abs(librosa.stft(waveform, n_fft=config.n_fft, hop_length=config.hop_length, window="hann"))
    reference = float(magnitude.max())
    if reference == 0.0:
        raise InputError("silent: nothing to analyse")
    decibels = librosa.amplitude_to_db(magnitude / reference, ref=1.0, top_db=-config.floor_db)
    return (1.0 - 2.0 * decibels / config.floor_db).astype(np.float32), reference


def spectrogram_to_image(spectrogram: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Cut or pad a spectrogram to ``n_frames``, and pad it to the size of an image.

    A longer spectrogram is cut to its middle; a shorter one is padded with silence at its end.

    Parameters
    ----------
    spectrogram : np.ndarray [shape=(n_bins, frames), dtype=float32]
    config : SpectrogramConfig

    Returns
    -------
    image : np.ndarray [shape=(height, width, 1), dtype=float32]
    """
    start = max(0, (spectrogram.shape[1] - config.n_frames) // 2)
    middle = spectrogram[:, start : start + config.n_frames]
    height, width, _ = config.image_shape
    padding = ((0, height - middle.shape[0]), (0, width - middle.shape[1]))
    return np.pad(middle, padding, constant_values=SILENCE)[:, :, np.newaxis]


def image_to_spectrogram(image: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Remove an image's padding.

    Parameters
    ----------
    image : np.ndarray [shape=(height, width, 1)]
    config : SpectrogramConfig

    Returns
    -------
    spectrogram : np.ndarray [shape=(n_bins, n_frames)]
    """
    return image[: config.n_bins, : config.n_frames, 0]


def load_image(
    path: Path, config: SpectrogramConfig, change: Callable[[np.ndarray], np.ndarray] | None = None
) -> tuple[np.ndarray, float]:
    """Read a recording as an image.

    Parameters
    ----------
    path : Path
    config : SpectrogramConfig
    change : callable, optional
        Applied to the waveform first.

    Returns
    -------
    image : np.ndarray [shape=(height, width, 1), dtype=float32]
        In [-1, 1].
    reference : float
        The STFT magnitude of 0 dB.

    Raises
    ------
    InputError
        As ``load_waveform``, or the clip is shorter than one analysis window; names the file.
    """
    waveform = load_waveform(path, config.sample_rate)
    try:
        waveform = change(waveform) if change else waveform
        spectrogram, reference = waveform_to_spectrogram(waveform, config)
    except InputError as error:
        raise InputError(f"{path}: {error}; give a longer recording") from None
    return spectrogram_to_image(spectrogram, config), reference
