"""What a conversion did, in numbers and in a line."""

from typing import NamedTuple

import numpy as np

from cyclegan_keras.audio.files import FAINT_PEAK, is_faint
from cyclegan_keras.audio.level import level_db
from cyclegan_keras.audio.pitch import pitch_contour
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion.convert import Conversion, Recording

HEARD_DB = -60.0
"""Bins below, before and after, are not counted in the mean change: there is the floor, and noise."""

LEVEL_KEPT_DB = 0.5
"""A difference of levels that is not worth telling."""


class Summary(NamedTuple):
    """What a conversion did to a clip.

    Attributes
    ----------
    seconds : float
    sample_rate : int
        Of what is written, in Hz.
    pitch_before_hz, pitch_after_hz : float or None
        Medians; None where hardly a voice is heard.
    change_db : float
        By how much the spectrogram's bins were raised or lowered, on average.
    level_before_db, level_after_db : float
        RMS above 60 Hz, in dB of full scale.
    done : tuple of str
        What else was done, in words.
    """

    seconds: float
    sample_rate: int
    pitch_before_hz: float | None
    pitch_after_hz: float | None
    change_db: float
    level_before_db: float
    level_after_db: float
    done: tuple[str, ...]

    def __str__(self) -> str:
        before, after = (f"{hz:.0f} Hz" if hz else "no voice" for hz in (self.pitch_before_hz, self.pitch_after_hz))
        level = f"level {self.level_before_db:.1f} dB"
        if abs(self.level_after_db - self.level_before_db) > LEVEL_KEPT_DB:
            level += f" to {self.level_after_db:.1f} dB, because more would clip"
        else:
            level += " kept"
        return "; ".join([f"pitch {before} to {after}", f"bins changed by {self.change_db:.1f} dB", level, *self.done])


def summarise(
    recording: Recording, conversion: Conversion, waveform: np.ndarray, sample_rate: int, config: SpectrogramConfig
) -> Summary:
    """Measure what a conversion did.

    Parameters
    ----------
    recording : Recording
    conversion : Conversion
    waveform : np.ndarray [shape=(n,)]
        What is written, at ``sample_rate``.
    sample_rate : int
        In Hz.
    config : SpectrogramConfig
    """
    analysed = config.sample_rate
    heard = np.maximum(conversion.source, conversion.converted) > 1.0 + HEARD_DB * config.decibel
    change = np.abs(conversion.converted - conversion.source)[heard] / config.decibel
    faint = (f"written in 24 bits, because its peak is below {20 * np.log10(FAINT_PEAK):.0f} dB",)
    return Summary(
        seconds=round(len(waveform) / sample_rate, 3),
        sample_rate=sample_rate,
        pitch_before_hz=_rounded(pitch_contour(recording.waveform, analysed).median),
        pitch_after_hz=_rounded(pitch_contour(conversion.waveform, analysed).median),
        change_db=round(float(change.mean()) if change.size else 0.0, 2),
        level_before_db=round(level_db(recording.waveform, analysed), 2),
        level_after_db=round(level_db(conversion.waveform, analysed), 2),
        done=recording.done + (faint if is_faint(waveform) else ()),
    )


def _rounded(hz: float | None) -> float | None:
    return None if hz is None else round(hz, 1)
