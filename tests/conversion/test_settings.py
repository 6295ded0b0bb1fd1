"""Clips are converted as the run's configuration says, unless the user says otherwise."""

import pytest

from cyclegan_keras.config import ConversionConfig
from cyclegan_keras.conversion.settings import ConversionSettings, chosen_conversion
from cyclegan_keras.shared.errors import InputError

OURS = ConversionConfig("source", strength=2.0, strength_back=1.25)
REPORTS = ConversionConfig()


def test_the_phase_is_the_runs_and_the_strength_that_of_the_direction():
    assert chosen_conversion(OURS, reverse=False) == ConversionSettings("source", 2.0)
    assert chosen_conversion(OURS, reverse=True) == ConversionSettings("source", 1.25)
    assert chosen_conversion(REPORTS, reverse=False).phase == "griffin-lim"


def test_what_the_user_asks_for_goes_before_the_run():
    assert chosen_conversion(REPORTS, False, "source") == ConversionSettings("source", 1.0)
    assert chosen_conversion(REPORTS, False, "source", 3.0) == ConversionSettings("source", 3.0)
    assert chosen_conversion(OURS, True, strength=3.0) == ConversionSettings("source", 3.0)
    assert chosen_conversion(OURS, False, "griffin-lim").phase == "griffin-lim"


@pytest.mark.parametrize("run, phase", [(OURS, "griffin-lim"), (REPORTS, None)])
def test_a_strength_is_refused_with_griffin_lim_whoever_chose_it(run, phase):
    with pytest.raises(InputError, match="^--strength: not available with Griffin-Lim; add --phase source$"):
        chosen_conversion(run, False, phase, 2.0)


@pytest.mark.parametrize("strength", [-1.0, 11.0, float("nan")])
def test_a_strength_out_of_range_is_refused(strength):
    with pytest.raises(InputError, match=f"^--strength: must lie between 0 and 10, not {strength:g}$"):
        chosen_conversion(OURS, False, None, strength)


def test_conversions_are_averaged_over_four_shifts_with_the_clips_own_phase_and_never_with_griffin_lim():
    assert list(ConversionSettings("source").shifts) == [0, 1, 2, 3]
    assert list(ConversionSettings("griffin-lim").shifts) == [0]


def test_a_line_says_the_phase_and_where_it_counts_the_strength():
    assert str(ConversionSettings("source", 1.5)) == "phase source, strength 1.5"
    assert str(ConversionSettings("griffin-lim")) == "phase griffin-lim"
