"""A cell of a table: the picture of a spectrogram, its sound as a small file, and its measures."""

import io
from pathlib import Path

import numpy as np
import soundfile
from matplotlib.figure import Figure

from cyclegan_keras import audio
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.shared.files import written_beside

SECONDS = 4.096
"""The length of every picture's axis: what an image holds."""

HIGHEST_HZ = 8000


def write_cell(
    folder: Path, name: str, title: str, spectrogram: np.ndarray, waveform: np.ndarray, config: SpectrogramConfig
) -> dict[str, str]:
    """Draw a spectrogram (WebP) and write its sound (Ogg Vorbis), 20 KB each; give the files' names and the title.

    Parameters
    ----------
    folder : Path
    name : str
        Of the files, without the ending.
    title : str
    spectrogram : np.ndarray [shape=(n_bins, frames)]
        In [-1, 1].
    waveform : np.ndarray [shape=(n,)]
        Its level does not matter: it is written at a peak of 0.9.
    config : SpectrogramConfig
    """
    with written_beside(folder / f"{name}.webp") as beside:
        draw(spectrogram, config).savefig(beside, format="webp", dpi=150, pil_kwargs={"quality": 80})
    peak = max(float(np.abs(waveform).max(initial=0.0)), np.finfo(np.float32).tiny)
    encoded = io.BytesIO()
    soundfile.write(encoded, 0.9 * waveform / peak, config.sample_rate, format="OGG", subtype="VORBIS")
    with written_beside(folder / f"{name}.ogg") as beside:
        beside.write_bytes(encoded.getvalue())
    return {"title": title, "picture": f"{name}.webp", "sound": f"{name}.ogg"}


def draw(spectrogram: np.ndarray, config: SpectrogramConfig) -> Figure:
    """Draw a spectrogram in Hz and seconds; every one on the same axes and the same 80 dB of colour."""
    figure = Figure(figsize=(3.0, 2.1), layout="constrained")
    axis = figure.subplots()
    axis.imshow(
        spectrogram, origin="lower", aspect="auto", cmap="magma", vmin=audio.SILENCE, vmax=1.0,
        extent=(0.0, spectrogram.shape[1] * config.hop_length / config.sample_rate, 0, config.sample_rate / 2),
    )  # fmt: skip
    axis.set(xlim=(0.0, SECONDS), ylim=(0, HIGHEST_HZ), facecolor="black")
    axis.set_xlabel("seconds", fontsize=8)
    axis.set_ylabel("Hz", fontsize=8)
    axis.tick_params(labelsize=7)
    return figure


def as_json(value: float | None) -> float | None:
    """Round a measure for a file; JSON has no NaN, which stands for nothing to measure."""
    return None if value is None or not np.isfinite(value) else round(float(value), 4)
