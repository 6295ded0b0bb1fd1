"""What the networks are shown of a generated image is what a listener would be given of it."""

import librosa
import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from cyclegan_keras import audio
from cyclegan_keras.config import PRESETS, Gains, SpectrogramConfig
from cyclegan_keras.infer import ConversionOptions, Reading, synthesise
from cyclegan_keras.resynthesis import (
    HIGHEST_PITCH,
    REFINEMENTS,
    SMOOTHING,
    analyse,
    correlogram,
    listened,
    resynthesise,
    resynthesise_refined,
    smooth_gains,
)

FINE = PRESETS["cpu-fine"].spectrogram
SMALL = SpectrogramConfig(n_fft=64, hop_length=16, n_frames=57, image_size=60, sample_rate=1000)
CONFIGS = (SpectrogramConfig(), SMALL)
INSIDE = slice(4, -4)
"""Frames that see no edge of the image, where the sound of a whole clip goes on."""


def analysed(config):
    """A second or more of a chirp in noise: its image, its phases, its waveform and reference."""
    rng = np.random.default_rng(0)
    time = np.arange(config.n_samples) / config.sample_rate
    waveform = np.sin(2 * np.pi * (300 + 400 * time) * time) + 0.05 * rng.standard_normal(time.size)
    waveform = (0.5 * waveform).astype(np.float32)
    spectrogram, reference = audio.waveform_to_spectrogram(waveform, config)
    phase = audio.spectrogram_to_image(audio.waveform_to_phase(waveform, config), config)
    return audio.spectrogram_to_image(spectrogram, config), phase, waveform, reference


def heard(image, phase, config):
    sound = resynthesise(tf.constant(image[np.newaxis]), tf.constant(phase[np.newaxis]), config)
    return analyse(sound, config).numpy()[0]


@pytest.mark.parametrize("config", (*CONFIGS, FINE))
def test_a_clip_with_its_own_phase_is_heard_as_it_is(config):
    image, phase, *_ = analysed(config)
    difference = audio.image_to_spectrogram(heard(image, phase, config) - image, config)
    # A bin at the floor of -80 dB held less than the image says.
    assert np.abs(difference[:, INSIDE]).max() < 0.02


@pytest.mark.parametrize("config", CONFIGS)
def test_a_repainted_clip_is_heard_as_its_sound_is_analysed(config):
    image, phase, waveform, reference = analysed(config)
    painted = np.roll(image, 5, axis=0) - 0.1  # raised by five bins: no spectrogram of any sound
    spectrogram = audio.image_to_spectrogram(painted, config)
    magnitude = reference * librosa.db_to_amplitude((1.0 - spectrogram) * config.floor_db / 2.0)
    turned = magnitude * np.exp(1j * audio.waveform_to_phase(waveform, config))
    sound = librosa.istft(turned, hop_length=config.hop_length, n_fft=config.n_fft, length=len(waveform))
    again, peak = audio.waveform_to_spectrogram(sound, config)
    expected = again - 2.0 / config.floor_db * 20.0 * np.log10(peak / reference)  # 0 dB is where it was
    difference = audio.image_to_spectrogram(heard(painted, phase, config), config) - np.clip(expected, -1.0, 1.0)
    assert np.abs(difference[:, INSIDE]).mean() < 1e-3
    assert np.abs(heard(painted, phase, config) - painted).mean() > 0.02, "what is painted is not what is heard"


@pytest.mark.parametrize("config", CONFIGS)
def test_with_a_refined_phase_it_is_heard_as_its_conversion_is_analysed(config):
    image, phase, waveform, reference = analysed(config)
    source = audio.image_to_spectrogram(image, config)
    painted = np.clip(source + 0.3 * np.sin(0.8 * np.arange(config.n_frames)) - 0.3, -1.0, 1.0).astype(np.float32)
    shown = tf.constant(audio.spectrogram_to_image(painted, config)[np.newaxis])
    images, phases = (tf.constant(array[np.newaxis]) for array in (image, phase))
    refined_sound = resynthesise_refined(shown, images, phases, config)
    refined = audio.image_to_spectrogram(analyse(refined_sound, config).numpy()[0], config)

    gains = Gains(envelope_smoothing=SMOOTHING, harmonics_smoothing=SMOOTHING, refinements=REFINEMENTS)
    how = ConversionOptions(strength=1.0, gains=gains)
    sound = synthesise(Reading(waveform, source, reference), painted, config, how)
    again, _ = audio.waveform_to_spectrogram(sound, config)
    loud = refined > -0.25
    loud[:, :4] = loud[:, -4:] = False
    difference = (refined - again)[loud]
    # A conversion has its recording's level, so all bins differ by the same.
    assert loud.mean() > 0.05 and np.abs(difference - np.median(difference)).mean() < 1e-3
    own = audio.image_to_spectrogram(analyse(resynthesise(shown, phases, config), config).numpy()[0], config)
    assert np.abs(refined - own)[loud].mean() > 0.01, "a phase that was left as it is sounds otherwise"


def test_what_is_heard_of_longer_windows_is_listened_to_in_the_reports():
    image, phase, waveform, reference = analysed(FINE)
    sound = resynthesise(tf.constant(image[np.newaxis]), tf.constant(phase[np.newaxis]), FINE)
    shown = analyse(listened(sound, FINE), FINE.listening).numpy()[0]
    expected, own_reference = audio.waveform_to_spectrogram(waveform, FINE.listening)
    expected = expected + 40.0 / 80.0 * np.log10(own_reference / reference)  # 0 dB is the longer windows' loudest bin
    difference = audio.image_to_spectrogram(shown, FINE.listening) - np.clip(expected, -1.0, 1.0)
    assert shown.shape == (260, 260, 1) and np.abs(difference[:, 8:-8]).mean() < 5e-3


def test_padding_is_heard_as_silence_and_silence_as_silence():
    config = CONFIGS[0]
    image, phase, *_ = analysed(config)
    sounding = heard(image, phase, config)
    assert np.all(sounding[257:] == audio.SILENCE) and np.all(sounding[:, 257:] == audio.SILENCE)
    floor = heard(np.full_like(image, -1.0), phase, config)
    assert floor.max() < audio.SILENCE + 0.15 and floor.mean() < audio.SILENCE + 0.02, "it is 1/10,000, not nothing"


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("shown", [analyse, correlogram])
@pytest.mark.parametrize("sound", [lambda painted, _, *rest: resynthesise(painted, *rest), resynthesise_refined])
def test_the_gradient_reaches_what_sounds_and_is_finite_everywhere(sound, shown, config):
    image, phase, *_ = analysed(config)
    images = tf.constant(np.stack([image, np.full_like(image, -1.0)]))
    with tf.GradientTape() as tape:
        tape.watch(images)
        heard = sound(images, tf.constant(np.stack([image, image])), np.stack([phase, phase]), config)
        total = tf.reduce_sum(shown(heard, config))
    gradient = tape.gradient(total, images).numpy()
    assert np.isfinite(gradient).all() and np.abs(gradient[0][image > -0.5]).min() > 0.0


@pytest.mark.parametrize("frames", [0.5, 1.0, 2.0])
def test_gains_are_smoothed_as_conversions_smooth_them(frames):
    source, painted = np.random.default_rng(0).uniform(-0.4, 0.4, (2, 1, 20, 30, 1)).astype(np.float32)
    expected = source + scipy.ndimage.gaussian_filter1d(painted - source, frames, axis=2)
    smoothed = smooth_gains(tf.constant(painted), tf.constant(source), frames)
    np.testing.assert_allclose(smoothed, expected, atol=1e-5)


def voice(pitch, config):
    """Twenty harmonics of a pitch that may change, at most up to a third of the sample rate."""
    phase = 2.0 * np.pi * np.cumsum(np.broadcast_to(pitch, config.n_samples + config.n_fft)) / config.sample_rate
    harmonics = np.arange(1, 21)[:, np.newaxis]
    return (np.sin(harmonics * phase) * (harmonics * np.max(pitch) < config.sample_rate / 3)).sum(0).astype(np.float32)


@pytest.mark.parametrize("pitch", [80.0, 140.0, 220.0, 400.0])
def test_in_a_correlogram_a_voices_period_stands_out(pitch):
    config = CONFIGS[0]
    shown = correlogram(tf.constant(voice(pitch, config)[np.newaxis]), config).numpy()[0, :, 5:250, 0]
    first = round(config.sample_rate / HIGHEST_PITCH)
    # The periods that it is not, for twice a period is one as well.
    once = int(1.5 * config.sample_rate / pitch) - first
    periods = shown[:once].argmax(0) + first
    assert np.abs(periods - config.sample_rate / pitch).max() <= 1.0
    assert shown[:once].max(0).min() > 0.5 and np.abs(shown[:once]).mean() < 0.3


def test_in_a_correlogram_pitch_is_followed_and_pauses_are_blank():
    config = CONFIGS[0]
    rising = np.linspace(150.0, 250.0, config.n_samples + config.n_fft)
    sound = np.where(np.arange(rising.size) < 40_000, voice(rising, config), 0.0).astype(np.float32)
    image = correlogram(tf.constant(sound[np.newaxis]), config).numpy()[0, :, :, 0]
    assert image.shape == (260, 260) and np.abs(image).max() <= 1.0
    frames = np.arange(10, 140)
    found = config.sample_rate / (image[30:100, frames].argmax(0) + 30 + round(config.sample_rate / HIGHEST_PITCH))
    assert np.abs(found / rising[256 + frames * config.hop_length] - 1.0).max() < 0.02
    assert np.abs(image[:, 165:]).max() < 1e-3


def test_a_correlogram_does_not_tell_how_loud_a_voice_is():
    config = CONFIGS[0]
    loud = voice(150.0, config)[np.newaxis] * 0.05
    images = [correlogram(tf.constant(gain * loud), config) for gain in (1.0, 0.1)]
    np.testing.assert_allclose(*images, atol=2e-3)
