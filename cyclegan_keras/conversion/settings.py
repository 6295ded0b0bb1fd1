"""How clips are converted in one direction: as the run's configuration says, unless the user says otherwise."""

from typing import NamedTuple

from cyclegan_keras.config import STRENGTHS, ConversionConfig
from cyclegan_keras.shared.errors import InputError

SHIFTS = 4
"""With the clip's own phase, the conversions that are averaged: the strides of a generator repeat after four pixels."""


class ConversionSettings(NamedTuple):
    """The phase, one of ``config.PHASES``, and with the clip's own phase the multiple of the generator's change."""

    phase: str
    strength: float = 1.0

    @property
    def shifts(self) -> range:
        """By how many bins and frames the image is shifted before each of the conversions that are averaged."""
        return range(SHIFTS if self.phase == "source" else 1)

    def __str__(self) -> str:
        return f"phase {self.phase}" + (f", strength {self.strength:g}" if self.phase == "source" else "")


def chosen_conversion(
    run: ConversionConfig, reverse: bool, phase: str | None = None, strength: float | None = None
) -> ConversionSettings:
    """Settle how clips are converted.

    Parameters
    ----------
    run : ConversionConfig
        The run's own.
    reverse : bool
        From B to A.
    phase, strength : optional
        What the user asked for instead.

    Raises
    ------
    InputError
        The strength is out of range, or was given with Griffin-Lim, which takes the image as it is.
    """
    phase = phase or run.phase
    if strength is None:
        return ConversionSettings(phase, run.strength_back if reverse else run.strength)
    if phase == "griffin-lim":
        raise InputError("--strength: not with phase griffin-lim, which takes the image as it is; add --phase source")
    low, high = STRENGTHS
    if not low <= strength <= high:  # NaN is in no range
        raise InputError(f"--strength: must lie between {low:g} and {high:g}, not {strength:g}")
    return ConversionSettings(phase, strength)
