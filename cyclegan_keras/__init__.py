"""SpectroGAN: a CycleGAN that changes the emotion of recorded speech by repainting its spectrogram.

Ellore, Telagimathada Ravi, Hegde, *SpectroGAN: Emotion transfer on images and spectrogram of
speech*, USC EE599, 2020. ``README.md`` shows the commands; ``config.py`` holds every number.

Example
-------
>>> from cyclegan_keras import load_model
>>> model = load_model("calm_fearful")
>>> waveform, sample_rate = model.convert("clip.wav")  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclegan_keras.conversion.model import load_model

__all__ = ["load_model"]
__version__ = "0.1.0"


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    # Imported on first use, because it imports librosa, which `train --help` does not need.
    if name == "load_model":
        from cyclegan_keras.conversion.model import load_model

        return load_model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
