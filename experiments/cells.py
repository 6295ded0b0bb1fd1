"""The media of a cell: a spectrogram as a small picture, and its sound as a small file."""

import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
import PIL.Image
import soundfile
from matplotlib.figure import Figure

from cyclegan_keras.audio.spectrogram import SILENCE
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.shared.files import written_beside

SECONDS, HIGHEST_HZ = 4.096, 8000
"""What every picture's axes span, from 0."""

SIZE = (384, 192)
"""Of a picture, in pixels: 11 ms and 42 Hz each."""

COMPRESSION = 0.75
"""libsndfile's, from 0 to 1: Vorbis takes 32 kbit/s for speech at 16 kHz with it."""


def write_cell(
    folder: Path, name: str, spectrogram: np.ndarray, waveform: np.ndarray, config: SpectrogramConfig
) -> dict:
    """Draw a spectrogram (WebP) and write its sound (Ogg Vorbis), some 10 KB each; give the files' names.

    Parameters
    ----------
    folder : Path
    name : str
        Of the files, without the ending.
    spectrogram : np.ndarray [shape=(n_bins, frames)]
        In [-1, 1].
    waveform : np.ndarray [shape=(n,)]
        Its level does not matter: it is written at a peak of 0.9.
    config : SpectrogramConfig
    """
    with written_beside(folder / f"{name}.webp") as beside:
        draw(spectrogram, config).save(beside, format="webp", quality=75)
    peak = max(float(np.abs(waveform).max(initial=0.0)), np.finfo(np.float32).tiny)
    encoded = io.BytesIO()
    soundfile.write(
        encoded,
        0.9 * waveform / peak,
        config.sample_rate,
        format="OGG",
        subtype="VORBIS",
        compression_level=COMPRESSION,
    )
    with written_beside(folder / f"{name}.ogg") as beside:
        beside.write_bytes(encoded.getvalue())
    return {"picture": f"{name}.webp", "sound": f"{name}.ogg"}


def draw(spectrogram: np.ndarray, config: SpectrogramConfig) -> PIL.Image.Image:
    """Draw a spectrogram without axes; every one spans ``SECONDS`` and ``HIGHEST_HZ`` and the same 80 dB of colour."""
    frames = round(SECONDS * config.sample_rate / config.hop_length) + 1
    shown = np.full((len(spectrogram), frames), SILENCE)
    shown[:, : spectrogram.shape[1]] = spectrogram[:, :frames]
    scaled = np.clip((shown[::-1] - SILENCE) / (1.0 - SILENCE), 0.0, 1.0)
    pixels = PIL.Image.fromarray(matplotlib.colormaps["magma"](scaled, bytes=True)[:, :, :3])
    return pixels.resize(SIZE, PIL.Image.Resampling.LANCZOS)


def save_curves(file: Path, panels: Mapping[str, Mapping[str, Sequence[float]]], steps: Sequence[int], of: str) -> None:
    """Draw curves over steps or epochs, a panel each, as WebP.

    Parameters
    ----------
    file : Path
    panels : mapping of title to mapping of label to sequence of float
    steps : sequence of int
    of : str
        What is counted: "step" or "epoch".
    """
    figure = Figure(figsize=(3.2 * len(panels), 2.6), layout="constrained")
    for axis, (title, lines) in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels.items()):
        for label, values in lines.items():
            axis.plot(steps, values, marker="." if len(steps) < 50 else "", label=label, linewidth=1)
        axis.set(title=title, xlabel=of)
        axis.grid(alpha=0.3)
        if len(lines) > 1:
            axis.legend(fontsize=7)
    with written_beside(file) as beside, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")
        figure.savefig(beside, format="webp", dpi=110, pil_kwargs={"quality": 80})
