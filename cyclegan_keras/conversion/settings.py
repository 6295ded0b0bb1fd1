"""The conversion settings of one direction: the run's, or the user's."""

import dataclasses
from typing import NamedTuple

from cyclegan_keras.config import STRENGTHS, ConversionConfig, RunConfig
from cyclegan_keras.prosody.move import UNMOVED, Prosody, scaled
from cyclegan_keras.prosody.stored import load_prosody
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory

SHIFTS = 4
"""With the clip's own phase, the conversions that are averaged: the strides of a generator repeat after four pixels."""


class ConversionSettings(NamedTuple):
    """How a clip is converted.

    Attributes
    ----------
    phase : str
        One of ``config.PHASES``.
    strength : float
        With the clip's own phase, the factor on the generator's change.
    move_before, move_after : Prosody
        The statistics, scaled by the strength, that move the clip before the network or its conversion after it.
    network : bool
        Whether there is a network.
    """

    phase: str
    strength: float = 1.0
    move_before: Prosody = UNMOVED
    move_after: Prosody = UNMOVED
    network: bool = True

    @property
    def shifts(self) -> range:
        """By how many bins and frames the image is shifted before each of the conversions that are averaged."""
        return range(SHIFTS if self.phase == "source" else 1)

    def __str__(self) -> str:
        strength = f", strength {self.strength:g}" if self.phase == "source" else ""
        moved = ", prosody moved" if self.moves else ""
        return f"phase {self.phase}{strength}{moved}"

    @property
    def moves(self) -> bool:
        """Whether clips are moved at all."""
        return (self.move_before, self.move_after) != (UNMOVED, UNMOVED)

    @property
    def uses_network(self) -> bool:
        """Whether a generator changes anything."""
        return self.network and (self.phase == "griffin-lim" or self.strength > 0.0)

    @property
    def keeps_duration(self) -> bool:
        """Whether a conversion is as long as its clip."""
        return self.move_before.tempo == self.move_after.tempo == 1.0


def run_settings(
    run: RunDirectory,
    config: RunConfig,
    reverse: bool,
    phase: str | None = None,
    strength: float | None = None,
    keep_duration: bool = False,
) -> ConversionSettings:
    """Choose the settings of a run's conversions, and read its prosody if it moves clips.

    Parameters
    ----------
    run : RunDirectory
    config : RunConfig
        The run's own.
    reverse, phase, strength
        As ``chosen_conversion``.
    keep_duration : bool
        Leave the tempo of clips as it is.

    Raises
    ------
    InputError
        As ``chosen_conversion``, or the run's prosody is missing or damaged.
    """
    settings = chosen_conversion(config.conversion, reverse, phase, strength)
    settings = settings._replace(network=config.train.epochs > 0)
    if not config.conversion.prosody or settings.strength == 0.0:
        return settings
    prosody = scaled(load_prosody(run.prosody_file, DIRECTIONS[reverse]), settings.strength)
    if keep_duration:
        prosody = dataclasses.replace(prosody, tempo=1.0)
    return settings._replace(move_after=prosody) if reverse else settings._replace(move_before=prosody)


def chosen_conversion(
    run: ConversionConfig, reverse: bool, phase: str | None = None, strength: float | None = None
) -> ConversionSettings:
    """Choose the settings of a conversion.

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
        The strength is out of range, or was given with Griffin-Lim, which has none.
    """
    phase = phase or run.phase
    if strength is None:
        return ConversionSettings(phase, run.strength_back if reverse else run.strength)
    if phase == "griffin-lim":
        raise InputError("--strength: not available with Griffin-Lim; add --phase source")
    low, high = STRENGTHS
    if not low <= strength <= high:  # NaN is in no range
        raise InputError(f"--strength: must lie between {low:g} and {high:g}, not {strength:g}")
    return ConversionSettings(phase, strength)
