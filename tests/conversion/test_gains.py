"""How a generator's change becomes gains on the clip itself."""

import numpy as np
import pytest

from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion.gains import limited_change

CONFIG = SpectrogramConfig()
BINS = np.arange(CONFIG.n_bins)[:, np.newaxis]
HARMONICS = 0.2 * np.cos(2 * np.pi * BINS / 6.4)  # of 200 Hz
FORMANT = 0.2 * np.exp(-(((BINS - 100) / 40.0) ** 2))


def changed(change, strength=1.0, source=0.0):
    source = np.full((CONFIG.n_bins, 41), source)
    return limited_change(source, source + change, strength, CONFIG) - source


def test_a_change_is_applied_as_often_as_asked():
    once, twice = changed(HARMONICS), changed(HARMONICS, 2.0)
    np.testing.assert_allclose(twice, 2.0 * once, atol=1e-6)
    assert not changed(HARMONICS, 0.0).any()


def test_a_change_is_smoothed_along_time():
    one_frame = HARMONICS * (np.arange(41) == 20)
    frames, gains = np.arange(41) - 20, changed(one_frame)[96]
    width_seconds = np.sqrt((gains * frames**2).sum() / gains.sum()) * CONFIG.hop_length / CONFIG.sample_rate
    assert width_seconds == pytest.approx(0.024, rel=0.05)


def test_of_what_neighbouring_bins_share_three_quarters_are_applied_and_of_what_they_do_not_all():
    assert changed(FORMANT)[100].mean() == pytest.approx(0.75 * 0.2, rel=0.02)
    np.testing.assert_allclose(changed(HARMONICS)[20:-20], np.broadcast_to(HARMONICS, (257, 41))[20:-20], atol=1e-3)


def test_no_bin_is_raised_or_lowered_by_more_than_40_db():
    assert changed(1.4, strength=10.0, source=-0.9).max() == pytest.approx(1.0)  # 40 dB of an image's 80
    assert changed(-1.4, strength=10.0, source=0.9).min() == pytest.approx(-1.0)


def test_what_is_made_stays_on_the_scale_of_an_image():
    assert changed(0.5, strength=10.0, source=0.8).max() == pytest.approx(0.2)
    assert changed(-0.5, strength=10.0, source=-0.8).min() == pytest.approx(-0.2)
