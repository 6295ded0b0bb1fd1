"""What a conversion did, in numbers and in one line of text."""

from typing import NamedTuple

import numpy as np

from cyclegan_keras.audio.files import FAINT_PEAK, is_faint
from cyclegan_keras.audio.level import level_db
from cyclegan_keras.audio.pitch import pitch_contour
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion.convert import Conversion
from cyclegan_keras.conversion.recording import Recording

LEVEL_KEPT_DB = 0.5
"""A smaller level difference is not reported."""


class Summary(NamedTuple):
    """What a conversion did to a clip.

    Attributes
    ----------
    seconds_before, seconds : float
        Duration of the recording and of what is written.
    sample_rate : int
        Of what is written, in Hz.
    pitch_before_hz, pitch_after_hz : float or None
        Median F0; None with too few voiced frames.
    change_db : float
        By how much the network raised or lowered the spectrogram's bins, on average.
    level_before_db, level_after_db : float
        RMS above 60 Hz, in dB of full scale.
    changes : tuple of str
        Other changes, in words.
    """

    seconds_before: float
    seconds: float
    sample_rate: int
    pitch_before_hz: float | None
    pitch_after_hz: float | None
    change_db: float
    level_before_db: float
    level_after_db: float
    changes: tuple[str, ...]

    def __str__(self) -> str:
        before, after = (f"{hz:.0f} Hz" if hz else "unvoiced" for hz in (self.pitch_before_hz, self.pitch_after_hz))
        level = f"level {self.level_before_db:.1f} dB"
        if self.level_before_db - self.level_after_db > LEVEL_KEPT_DB:
            level += f" to {self.level_after_db:.1f} dB, because more would clip"
        else:
            level += " kept"
        changed = [f"network changed bins by {self.change_db:.1f} dB"] if self.change_db else []
        if f"{self.seconds_before:.1f}" != f"{self.seconds:.1f}":
            changed.insert(0, f"duration {self.seconds_before:.1f} s to {self.seconds:.1f} s")
        return "; ".join([f"pitch {before} to {after}", *changed, level, *self.changes])


def summarise(recording: Recording, conversion: Conversion, config: SpectrogramConfig) -> Summary:
    """Measure what a conversion did.

    Parameters
    ----------
    recording : Recording
    conversion : Conversion
    config : SpectrogramConfig
    """
    before, after = (recording.clip, config.sample_rate), (conversion.waveform, conversion.sample_rate)
    faint = (f"written in 24 bits, because its peak is below {20 * np.log10(FAINT_PEAK):.0f} dB",)
    return Summary(
        seconds_before=round(len(recording.clip) / config.sample_rate, 3),
        seconds=round(len(conversion.waveform) / conversion.sample_rate, 3),
        sample_rate=conversion.sample_rate,
        pitch_before_hz=_rounded(pitch_contour(*before).median),
        pitch_after_hz=_rounded(pitch_contour(*after).median),
        change_db=round(conversion.change_db, 2),
        level_before_db=round(level_db(*before), 2),
        level_after_db=round(level_db(*after), 2),
        changes=recording.changes + (faint if is_faint(conversion.waveform) else ()),
    )


def _rounded(hz: float | None) -> float | None:
    return None if hz is None else round(hz, 1)
