"""The recording's own rate comes back, and what it has above 8 kHz moves with the highest band below."""

import librosa
import numpy as np
import pytest

from cyclegan_keras.audio.treble import with_treble
from cyclegan_keras.config import SpectrogramConfig

CONFIG = SpectrogramConfig()


def noise(rate, seconds=1.5):
    return np.random.default_rng(0).normal(0, 0.05, int(rate * seconds)).astype(np.float32)


def analysed(original, rate):
    return librosa.resample(original, orig_sr=rate, target_sr=CONFIG.sample_rate)


def above_8_khz_db(waveform, rate):
    power = np.abs(np.fft.rfft(waveform[rate // 4 : -rate // 4])) ** 2
    high = np.fft.rfftfreq(len(waveform[rate // 4 : -rate // 4]), 1 / rate) > 8_500
    return 10 * np.log10(power[high].sum())


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_an_unchanged_clip_comes_back_as_it_was_at_any_rate(rate):
    original = noise(rate)
    before = analysed(original, rate)
    wide = with_treble(before, before, original, rate, CONFIG)
    assert wide.shape == original.shape and wide.dtype == np.float32
    error = (wide - original)[rate // 10 : -rate // 10]
    assert np.sqrt(np.mean(error**2)) < (0.25 if rate == 8_000 else 0.02) * original.std()


@pytest.mark.parametrize("gain_db", [-12.0, 6.0])
def test_treble_is_raised_and_lowered_with_the_highest_band(gain_db):
    original = noise(48_000)
    before = analysed(original, 48_000)
    wide = with_treble(before * 10 ** (gain_db / 20), before, original, 48_000, CONFIG)
    change = above_8_khz_db(wide, 48_000) - above_8_khz_db(original, 48_000)
    assert change == pytest.approx(gain_db, abs=0.3)


def test_the_gain_is_limited_and_nothing_clips():
    original = noise(48_000)
    before = analysed(original, 48_000)
    louder = with_treble(before * 1000, before, original, 48_000, CONFIG)
    assert np.abs(louder).max() <= 32767 / 32768
    below = with_treble(before * 0.0, before, original, 48_000, CONFIG)
    assert above_8_khz_db(below, 48_000) - above_8_khz_db(original, 48_000) == pytest.approx(-20.0, abs=0.5)
