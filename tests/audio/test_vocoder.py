"""The way back to sound keeps spectrum and level."""

import numpy as np
import pytest

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.audio.spectrogram import spectrogram_to_image, waveform_to_spectrogram
from cyclegan_keras.audio.vocoder import apply_gains, image_to_waveform, spectrogram_to_waveform
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.presets import SPECTROGRAM_520
from tests.sounds import level_db, speech_of

CONFIG = SpectrogramConfig()

BOTH = pytest.mark.parametrize("config", [CONFIG, SPECTROGRAM_520], ids=["260", "520"])


def absolute_db(waveform, config):
    spectrogram, reference = waveform_to_spectrogram(waveform, config)
    return 40 * (spectrogram - 1) + 20 * np.log10(reference), spectrogram


def round_trip_error_db(waveform, config):
    """Mean absolute dB error over the bins above -60 dB, analysis to Griffin-Lim to analysis."""
    spectrogram, reference = waveform_to_spectrogram(waveform, config)
    back = spectrogram_to_waveform(spectrogram, reference, config, len(waveform))
    before, spectrogram = absolute_db(waveform, config)
    after, _ = absolute_db(back, config)
    return np.abs(before - after)[40 * (spectrogram - 1) > -60].mean(), back


@BOTH
@pytest.mark.parametrize("seconds", [0.5, 2.0, 4.096, 6.0])
def test_without_a_network_the_round_trip_keeps_spectrum_and_level(config, seconds):
    spoken = speech_of(seconds)
    error, back = round_trip_error_db(spoken, config)
    assert error < 3.0
    assert len(back) == len(spoken) and level_db(back) == pytest.approx(level_db(spoken), abs=1.0)


@BOTH
def test_sound_is_made_by_fast_griffin_lim_with_32_iterations(config, monkeypatch):
    told = {}
    monkeypatch.setattr("librosa.griffinlim", lambda _, **how: told.update(how) or np.zeros(how["length"]))
    spectrogram_to_waveform(np.zeros((config.n_bins, 10), np.float32), 1.0, config, 100)
    assert (told["n_iter"], told["momentum"], told["window"]) == (32, 0.99, "hann")
    assert (told["n_fft"], told["hop_length"]) == (config.n_fft, config.hop_length)


def test_an_image_becomes_4_096_seconds_of_sound_at_the_level_of_the_reference(tone):
    spectrogram, reference = waveform_to_spectrogram(np.tile(tone, 3)[:65_536], CONFIG)
    back = image_to_waveform(spectrogram_to_image(spectrogram, CONFIG), reference, CONFIG)
    assert back.shape == (65_536,) and level_db(back) == pytest.approx(level_db(tone), abs=1.0)


@pytest.mark.real
@BOTH
def test_real_speech_survives_the_round_trip_within_3_db_and_at_its_level(ravdess_dir, config):
    clips = sorted(ravdess_dir.rglob("*-0[12]-0[12]-01-*.*"))[::40]
    assert len(clips) >= 10
    for clip in clips:
        speech = load_waveform(clip, config.sample_rate)
        error, back = round_trip_error_db(speech, config)
        assert error < 3.0, clip
        assert level_db(back) == pytest.approx(level_db(speech), abs=1.0), clip


def test_the_clip_itself_comes_back_where_no_bin_is_changed():
    spoken = speech_of(1.0)
    frames = waveform_to_spectrogram(spoken, CONFIG)[0].shape[1]
    np.testing.assert_allclose(apply_gains(spoken, np.zeros((CONFIG.n_bins, frames)), CONFIG), spoken, atol=1e-4)
