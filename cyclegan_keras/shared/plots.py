"""Figures of spectrograms and measures by matplotlib; they need no screen."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.shared.files import written_beside


def spectrogram_grid(
    rows: Sequence[Sequence[np.ndarray]],
    titles: Sequence[str],
    row_names: Sequence[str],
    config: SpectrogramConfig,
) -> Figure:
    """Draw spectrograms in rows and columns, all on the same axes in Hz, seconds and dB.

    Parameters
    ----------
    rows : sequence of sequences of np.ndarray [shape=(n_bins, frames)]
        In [-1, 1]; larger values are drawn as 1.
    titles, row_names : sequence of str
        Titles of the columns, and names of the rows.
    config : SpectrogramConfig

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    figure = Figure(figsize=(4.5 * len(titles), 2.8 * len(rows) + 0.4), layout="constrained")
    axes = figure.subplots(len(rows), len(titles), squeeze=False, sharex=True, sharey=True)
    for row_axes, spectrograms, name in zip(axes, rows, row_names):
        for axis, spectrogram in zip(row_axes, spectrograms):
            picture = axis.imshow(
                (spectrogram - 1.0) / config.decibel,
                origin="lower", aspect="auto", cmap="magma", vmin=config.floor_db, vmax=0.0,
                extent=(0.0, spectrogram.shape[1] * config.hop_length / config.sample_rate, 0, config.sample_rate / 2),
            )  # fmt: skip
        row_axes[0].set_ylabel(f"{name}\nHz", parse_math=False)  # a file's name may hold dollar signs
    for axis, title in zip(axes[0], titles):
        axis.set_title(title)
    longest = max(spectrogram.shape[1] for spectrograms in rows for spectrogram in spectrograms)
    for axis in axes[-1]:
        axis.set(xlabel="seconds", xlim=(0.0, longest * config.hop_length / config.sample_rate))
    figure.colorbar(picture, ax=axes, label="dB relative to the clip's maximum")
    return figure


def curves(curves_by_name: Mapping[str, Sequence[float]], epochs: Sequence[int], title: str) -> Figure:
    """Draw measures over epochs, each in its own axes.

    Parameters
    ----------
    curves_by_name : mapping of str to sequence of float
        One value per epoch.
    epochs : sequence of int
    title : str
    """
    figure = Figure(figsize=(3.2 * len(curves_by_name), 3.2), layout="constrained")
    figure.suptitle(title)
    for axis, (name, values) in zip(np.atleast_1d(figure.subplots(1, len(curves_by_name))), curves_by_name.items()):
        axis.plot(epochs, values, marker="o")
        axis.set(title=name, xlabel="epoch")
        axis.grid(alpha=0.3)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG."""
    with written_beside(path) as beside, warnings.catch_warnings():
        # The font may lack letters of a clip's name, which are then drawn as boxes.
        warnings.filterwarnings("ignore", "Glyph")
        figure.savefig(beside, format="png", dpi=100)


def figure_pixels(figure: Figure) -> np.ndarray:
    """Render a figure to pixels, for TensorBoard.

    Returns
    -------
    pixels : np.ndarray [shape=(height, width, 4), dtype=uint8]
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())
