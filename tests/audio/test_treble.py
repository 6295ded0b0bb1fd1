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


def power_db(waveform, rate, low, high):
    power = np.abs(np.fft.rfft(waveform[rate // 4 : -rate // 4])) ** 2
    frequencies = np.fft.rfftfreq(len(waveform[rate // 4 : -rate // 4]), 1 / rate)
    return 10 * np.log10(power[(low < frequencies) & (frequencies < high)].sum())


def with_high_band(waveform, gain_db):
    """Raise or lower what is above 4 kHz of 8."""
    transform = np.fft.rfft(waveform)
    transform[len(transform) // 2 :] *= 10 ** (gain_db / 20)
    return np.fft.irfft(transform, len(waveform)).astype(np.float32)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000])
def test_an_unchanged_clip_comes_back_as_it_was_at_any_rate(rate):
    original = noise(rate)
    before = analysed(original, rate)
    wide = with_treble(before, original, rate, CONFIG)
    assert wide.shape == original.shape and wide.dtype == np.float32
    error = (wide - original)[rate // 10 : -rate // 10]
    assert np.sqrt(np.mean(error**2)) < 0.02 * original.std()


@pytest.mark.parametrize("gain_db, heard_db", [(-12.0, -12.0), (6.0, 6.0), (-60.0, -20.0)])
def test_treble_is_raised_and_lowered_with_the_highest_band_within_limits(gain_db, heard_db):
    original = noise(48_000)
    before = analysed(original, 48_000)
    wide = with_treble(with_high_band(before, gain_db), original, 48_000, CONFIG)

    def treble_db(waveform):
        return power_db(waveform, 48_000, 8_500, 24_000) - power_db(waveform, 48_000, 100, 3_900)

    assert treble_db(wide) - treble_db(original) == pytest.approx(heard_db, abs=0.3)
