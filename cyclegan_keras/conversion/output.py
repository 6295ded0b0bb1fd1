"""Conversions written as files."""

from pathlib import Path

from cyclegan_keras.audio.files import save_waveform
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion.convert import Conversion
from cyclegan_keras.conversion.jobs import Job
from cyclegan_keras.shared.cli import printable


def save_conversion(
    job: Job, conversion: Conversion, config: SpectrogramConfig, emotions: tuple[str, str] | None = None
) -> list[Path]:
    """Write a conversion as WAV, and both spectrograms as PNG beside it, if requested.

    Parameters
    ----------
    job : Job
    conversion : Conversion
    config : SpectrogramConfig
    emotions : (source, target), optional
        Draw both spectrograms under these titles.

    Returns
    -------
    written : list of Path
    """
    save_waveform(job.output, conversion.waveform, conversion.sample_rate)
    if not emotions:
        return [job.output]
    from cyclegan_keras.shared.plots import save_figure, spectrogram_grid

    picture = job.output.with_suffix(".png")
    spectrograms = [[conversion.source, conversion.converted]]
    save_figure(spectrogram_grid(spectrograms, emotions, [printable(job.clip.name)], config), picture)
    return [job.output, picture]
