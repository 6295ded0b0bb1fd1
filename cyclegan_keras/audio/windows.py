"""Cutting a spectrogram of any length into overlapping images, and blending the images into one spectrogram."""

import numpy as np

from cyclegan_keras.audio.spectrogram import image_to_spectrogram, spectrogram_to_image
from cyclegan_keras.config import SpectrogramConfig

WINDOW_OVERLAP = 1 / 4
"""The least overlap of two neighbouring windows, as a share of a window."""


def split_windows(spectrogram: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Cut a spectrogram of any length into images that overlap by at least ``WINDOW_OVERLAP`` and cover all of it.

    Parameters
    ----------
    spectrogram : np.ndarray [shape=(n_bins, frames)]
    config : SpectrogramConfig

    Returns
    -------
    images : np.ndarray [shape=(windows, height, width, 1), dtype=float32]
    """
    return np.stack(
        [
            spectrogram_to_image(spectrogram[:, start : start + config.n_frames], config)
            for start in _window_starts(spectrogram.shape[1], config)
        ]
    )


def blend_windows(images: np.ndarray, frames: int, config: SpectrogramConfig) -> np.ndarray:
    """Join the windows of ``split_windows``, cross-fading neighbours in dB.

    Parameters
    ----------
    images : np.ndarray [shape=(windows, height, width, 1)]
    frames : int
        Number of frames of the spectrogram that was split.
    config : SpectrogramConfig

    Returns
    -------
    spectrogram : np.ndarray [shape=(n_bins, frames), dtype=float32]
    """
    longest = max(frames, config.n_frames)
    total = np.zeros((config.n_bins, longest), np.float32)
    weight = np.zeros(longest, np.float32)
    # A triangle, because a network has the least context at the edges of a window.
    fade = np.bartlett(config.n_frames + 2)[1:-1].astype(np.float32)
    for start, image in zip(_window_starts(frames, config), images):
        span = slice(start, start + config.n_frames)
        total[:, span] += fade * image_to_spectrogram(image, config)
        weight[span] += fade
    return (total / weight)[:, :frames]


def _window_starts(frames: int, config: SpectrogramConfig) -> np.ndarray:
    beyond_first = max(0, frames - config.n_frames)
    stride = config.n_frames * (1.0 - WINDOW_OVERLAP)
    windows = 1 + int(np.ceil(beyond_first / stride))
    return np.linspace(0, beyond_first, windows).round().astype(int)
