"""The media of a table cell: a spectrogram as a small picture, and a small sound file."""

import io
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

SECONDS = 4.096
"""The length of every picture."""

SIZE = (384, 192)
"""Size of a picture in pixels; one pixel is 11 ms and 42 Hz."""

COMPRESSION = 0.75
"""libsndfile's compression level, from 0 to 1: 32 kbit/s in Vorbis for speech at 16 kHz."""


def write_cell(
    folder: Path, name: str, spectrogram: np.ndarray, waveform: np.ndarray, config: SpectrogramConfig
) -> dict:
    """Draw a spectrogram (WebP) and write its sound (Ogg Vorbis), some 10 KB each; return the files' names.

    Parameters
    ----------
    folder : Path
    name : str
        Name of the files, without the ending.
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
    """Draw a spectrogram without axes: up to ``SECONDS`` and 8 kHz, with a colour range of 80 dB."""
    frames = round(SECONDS * config.sample_rate / config.hop_length) + 1
    shown = np.full((len(spectrogram), frames), SILENCE)
    shown[:, : spectrogram.shape[1]] = spectrogram[:, :frames]
    scaled = np.clip((shown[::-1] - SILENCE) / (1.0 - SILENCE), 0.0, 1.0)
    pixels = PIL.Image.fromarray(matplotlib.colormaps["magma"](scaled, bytes=True)[:, :, :3])
    return pixels.resize(SIZE, PIL.Image.Resampling.LANCZOS)


def save_curves(file: Path, panels: Mapping[str, Mapping[str, Sequence[float]]], steps: Sequence[int], of: str) -> None:
    """Draw curves over steps or epochs, one panel per title, as WebP.

    Parameters
    ----------
    file : Path
    panels : mapping of title to mapping of label to sequence of float
    steps : sequence of int
    of : str
        Label of the x axis: "step" or "epoch".
    """
    figure = Figure(figsize=(3.2 * len(panels), 2.6), layout="constrained")
    for axis, (title, lines) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items()):
        for label, values in lines.items():
            axis.plot(steps, values, marker="." if len(steps) < 50 else "", label=label, linewidth=1)
        axis.set(title=title, xlabel=of)
        axis.grid(alpha=0.3)
        if len(lines) > 1:
            axis.legend(fontsize=7)
    with written_beside(file) as beside:
        figure.savefig(beside, format="webp", dpi=110, pil_kwargs={"quality": 80})
