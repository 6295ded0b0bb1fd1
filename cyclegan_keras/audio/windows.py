"""Recordings of any length as overlapping images, and the images blended into one spectrogram again."""

import numpy as np

from cyclegan_keras.audio.spectrogram import image_to_spectrogram, spectrogram_to_image
from cyclegan_keras.config import SpectrogramConfig

WINDOW_OVERLAP = 1 / 4
"""The least share of a window that its neighbour sees too, when a long clip is converted."""


def split_windows(spectrogram: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Cut a spectrogram of any length into images that cover it whole, overlapping by a quarter or more.

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
    """Join the windows of ``split_windows`` again, fading from each into the next in dB.

    Parameters
    ----------
    images : np.ndarray [shape=(windows, height, width, 1)]
    frames : int
        Frames of the spectrogram that was split.
    config : SpectrogramConfig

    Returns
    -------
    spectrogram : np.ndarray [shape=(n_bins, frames), dtype=float32]
    """
    longest = max(frames, config.n_frames)
    total = np.zeros((config.n_bins, longest), np.float32)
    weight = np.zeros(longest, np.float32)
    # A triangle: it weighs a frame by its distance from the window's edges, where a network sees least context.
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
