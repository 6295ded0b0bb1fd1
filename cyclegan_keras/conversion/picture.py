"""A picture of one conversion: both spectrograms, and both pitch contours on one axis."""

from matplotlib.figure import Figure

from cyclegan_keras.audio.pitch import pitch_contour
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion.convert import Conversion
from cyclegan_keras.conversion.recording import Recording

COLOURS = ("#4c72b0", "#dd8452")
"""Of the pitch before and after. Colour-blind readers can tell them apart."""


def conversion_figure(
    recording: Recording, conversion: Conversion, names: tuple[str, str], config: SpectrogramConfig
) -> Figure:
    """Draw a conversion.

    Parameters
    ----------
    recording : Recording
    conversion : Conversion
    names : (str, str)
        The emotions: titles of the spectrograms and entries of the legend.
    config : SpectrogramConfig

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    figure = Figure(figsize=(9.0, 6.0), layout="constrained")
    grid = figure.add_gridspec(2, 2)
    clip, after = (recording.clip, config.sample_rate), (conversion.waveform, conversion.sample_rate)
    seconds = max(len(waveform) / rate for waveform, rate in (clip, after))
    for column, (spectrogram, name) in enumerate(zip((conversion.source, conversion.converted), names)):
        axis = figure.add_subplot(grid[0, column])
        picture = axis.imshow(
            (spectrogram - 1.0) / config.decibel,
            origin="lower", aspect="auto", cmap="magma", vmin=config.floor_db, vmax=0.0,
            extent=(0.0, spectrogram.shape[1] * config.hop_length / config.sample_rate, 0.0, config.sample_rate / 2000),
        )  # fmt: skip
        axis.set(title=name, xlabel="seconds", ylabel="" if column else "kHz", xlim=(0.0, seconds))
    figure.colorbar(picture, ax=axis, label="dB")
    axis = figure.add_subplot(grid[1, :])
    for sound, name, colour in zip((clip, after), names, COLOURS):
        contour = pitch_contour(*sound)
        axis.plot(contour.seconds, contour.hz, ".-", color=colour, label=name, markersize=4, linewidth=1)
    axis.set(xlabel="seconds", ylabel="pitch, Hz", xlim=(0.0, seconds))
    axis.grid(alpha=0.3)
    axis.legend()
    return figure
