"""The audio is the report's: 257 frames of decibels in a 260 x 260 image, and back."""

import numpy as np
import pytest
import scipy

from cyclegan_keras.audio.spectrogram import spectrogram_to_image, waveform_to_spectrogram
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.presets import SPECTROGRAM_520

CONFIG = SpectrogramConfig()
BOTH = pytest.mark.parametrize("config", [CONFIG, SPECTROGRAM_520], ids=["260", "520"])


@BOTH
def test_the_analysis_is_a_centred_stft_with_a_hann_window(config):
    noise = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)
    window = scipy.signal.get_window("hann", config.n_fft)
    padded = np.pad(noise, config.n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, config.n_fft)[:: config.hop_length]
    magnitude = np.abs(np.fft.rfft(frames * window)).T
    spectrogram, reference = waveform_to_spectrogram(noise, config)
    assert reference == pytest.approx(magnitude.max(), rel=1e-4)
    expected = 1 + 2 * np.maximum(20 * np.log10(magnitude / magnitude.max()), -80) / 80
    np.testing.assert_allclose(spectrogram, expected, atol=2e-3)


@BOTH
def test_an_image_spans_65536_samples_or_4_096_seconds(config):
    assert config.n_samples == 65_536 and config.n_samples / config.sample_rate == 4.096


@BOTH
def test_4_096_seconds_fill_an_images_frames_exactly(config):
    noise = np.random.default_rng(0).normal(0, 0.1, 65_536).astype(np.float32)
    spectrogram, _ = waveform_to_spectrogram(noise, config)
    assert spectrogram.shape == (config.n_bins, config.n_frames) == ((257,) * 2 if config is CONFIG else (513,) * 2)
    assert spectrogram_to_image(spectrogram, config).shape == config.image_shape


def test_the_scale_maps_minus_80_to_0_db_of_the_clips_maximum_onto_minus_1_to_1(tone):
    spectrogram, reference = waveform_to_spectrogram(tone, CONFIG)
    assert spectrogram.max() == 1.0 and spectrogram.min() == -1.0 and spectrogram.dtype == np.float32
    quieter, quiet_reference = waveform_to_spectrogram(tone / 10, CONFIG)
    np.testing.assert_allclose(quieter, spectrogram, atol=1e-3)
    assert quiet_reference == pytest.approx(reference / 10)


def test_half_the_amplitude_lies_6_db_lower_on_the_scale():
    time = np.arange(16_000) / 16_000
    tones = np.sin(2 * np.pi * 1000 * time) + 0.5 * np.sin(2 * np.pi * 4000 * time)
    spectrogram, _ = waveform_to_spectrogram(tones.astype(np.float32), CONFIG)
    middle = spectrogram[:, 30]
    assert 40 * (middle[32] - middle[128]) == pytest.approx(6.02, abs=0.05)


def test_padding_is_silence_at_the_high_frequencies_and_at_the_end_of_time():
    image = spectrogram_to_image(np.ones((257, 257), np.float32), CONFIG)
    assert np.all(image[257:] == -1) and np.all(image[:, 257:] == -1) and np.all(image[:257, :257] == 1)


def test_a_shorter_clip_is_followed_by_silence():
    image = spectrogram_to_image(np.zeros((257, 100), np.float32), CONFIG)
    assert np.all(image[:257, :100] == 0) and np.all(image[:, 100:] == -1)


def test_a_longer_clip_gives_its_middle():
    frames = np.tile(np.arange(301, dtype=np.float32), (257, 1))
    assert list(spectrogram_to_image(frames, CONFIG)[0, :257, 0]) == list(range(22, 279))
