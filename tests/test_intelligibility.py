"""What training takes for intelligible is what ESTOI does, and a generator can be led by it."""

import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from cyclegan_keras import audio, metrics
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.intelligibility import BANDS, estoi, third_octaves

CONFIG = SpectrogramConfig()


@pytest.fixture(scope="module")
def clip(demo_clips):
    waveform = audio.load_waveform(sorted(demo_clips.rglob("*.wav"))[0], CONFIG.sample_rate)[: CONFIG.n_samples]
    return waveform, audio.waveform_to_spectrogram(waveform, CONFIG)[0]


def score(changed, spectrogram, config=CONFIG):
    images = (audio.spectrogram_to_image(np.float32(one), config)[np.newaxis] for one in (changed, spectrogram))
    return float(estoi(*map(tf.constant, images), config)[0])


def rough_gains(spectrogram, decibels):
    gains = np.random.default_rng(0).standard_normal(spectrogram.shape)
    gains = scipy.ndimage.gaussian_filter(gains, 2.0)
    return decibels * CONFIG.decibel * gains / gains.std()


def test_a_clip_is_understood_as_itself(clip):
    _, spectrogram = clip
    assert score(spectrogram, spectrogram) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("decibels", [3.0, 8.0, 14.0])
def test_it_is_what_pystoi_measures_of_the_sound(clip, decibels):
    waveform, spectrogram = clip
    changed = np.clip(spectrogram + rough_gains(spectrogram, decibels), -1.0, 1.0)
    gains = (changed - spectrogram) / CONFIG.decibel
    sound = audio.apply_gains(waveform, gains, CONFIG, refinements=0)
    measured = metrics.estoi(waveform, sound, CONFIG.sample_rate)
    assert measured < 0.98 and score(changed, spectrogram) == pytest.approx(measured, abs=0.05)


def test_an_equaliser_and_a_change_of_level_cost_next_to_nothing(clip):
    _, spectrogram = clip
    tilt = np.linspace(0.0, -0.3, CONFIG.n_bins)[:, np.newaxis]
    assert score(np.maximum(spectrogram + tilt, -1.0), spectrogram) > 0.95


def test_silence_is_not_understood(clip):
    _, spectrogram = clip
    assert score(np.full_like(spectrogram, -1.0), spectrogram) == pytest.approx(0.0, abs=1e-3)


def test_a_source_of_less_speech_than_a_segment_has_no_score():
    short = np.full((CONFIG.n_bins, CONFIG.n_frames), -1.0)
    short[:, 100:120] = 1.0
    assert score(short, short) == 0.0


def test_pauses_are_left_out(clip):
    _, spectrogram = clip
    half = spectrogram[:, :128]
    changed = np.clip(half + rough_gains(half, 8.0), -1.0, 1.0)
    paused = [np.insert(one, [64] * 100, -1.0, axis=1) for one in (changed, half)]
    assert score(*paused) == pytest.approx(score(changed, half), abs=1e-3)


@pytest.mark.parametrize("fill", [-1.0, 0.0, 1.0])
def test_the_gradient_is_finite_however_even_the_image(clip, fill):
    source = tf.constant(audio.spectrogram_to_image(clip[1], CONFIG)[np.newaxis])
    images = tf.Variable(tf.fill(source.shape, fill))
    with tf.GradientTape() as tape:
        scores = estoi(images, source, CONFIG)
    assert np.isfinite(tape.gradient(scores, images)).all()


def test_descending_its_gradient_makes_an_image_more_intelligible(clip):
    _, spectrogram = clip
    source = tf.constant(audio.spectrogram_to_image(spectrogram, CONFIG)[np.newaxis])
    changed = np.clip(spectrogram + rough_gains(spectrogram, 14.0), -1.0, 1.0)
    images = tf.Variable(audio.spectrogram_to_image(np.float32(changed), CONFIG)[np.newaxis])
    scores = []
    for _ in range(5):
        with tf.GradientTape() as tape:
            lost = 1.0 - estoi(images, source, CONFIG)
        scores.append(1.0 - float(lost[0]))
        gradient = tape.gradient(lost, images)
        images.assign_sub(0.05 * gradient / tf.reduce_max(tf.abs(gradient)))
    assert scores == sorted(scores) and scores[-1] > scores[0] + 0.01


def test_bands_are_third_octaves_from_150_hz_on_and_share_no_bin():
    bands = third_octaves(CONFIG)
    assert bands.shape == (BANDS, CONFIG.n_bins) and bands.sum(0).max() == 1.0
    hertz = np.arange(CONFIG.n_bins) * CONFIG.sample_rate / CONFIG.n_fft
    lowest, highest = hertz[bands[0] == 1], hertz[bands[-1] == 1]
    assert list(lowest) == [125.0] and (highest[0], highest[-1]) == (3406.25, 4250.0)


def test_a_coarse_analysis_has_the_bands_that_hold_a_bin():
    bands = third_octaves(SpectrogramConfig(n_fft=64, hop_length=16, n_frames=57, image_size=60))
    assert 0 < len(bands) < BANDS and bands.any(1).all()
