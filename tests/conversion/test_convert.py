"""Sound of any length through a generator and back to sound."""

import numpy as np
import pytest

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.audio.spectrogram import spectrogram_to_image, waveform_to_spectrogram
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion.convert import convert, generate, synthesise
from cyclegan_keras.conversion.recording import analyse
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.measuring.metrics import pitch_of
from tests.sounds import SHORT_CLIP, harmonic_voice, level_db, speech_of

CONFIG = SpectrogramConfig()


@pytest.mark.parametrize("seconds", [0.1, 1.0, 4.096, 5.0, 13.3])
def test_a_clip_of_any_length_keeps_its_duration_and_level(generator, seconds):
    spoken = speech_of(seconds)
    converted = convert(analyse(spoken, CONFIG), generator, CONFIG, ConversionSettings("griffin-lim"))
    assert converted.waveform.shape == spoken.shape and converted.waveform.dtype == np.float32
    assert converted.source.shape == converted.converted.shape
    assert level_db(converted.waveform) == pytest.approx(level_db(spoken), abs=0.5)


def test_with_the_clips_own_phase_duration_and_level_stay_too(generator):
    spoken = speech_of(5.0)
    converted = convert(analyse(spoken, CONFIG), generator, CONFIG, ConversionSettings("source", 1.5))
    assert converted.waveform.shape == spoken.shape and converted.waveform.dtype == np.float32
    assert level_db(converted.waveform) == pytest.approx(level_db(spoken), abs=0.5)


@pytest.mark.parametrize("phase, shifts", [("source", 4), ("griffin-lim", 1)])
def test_what_a_generator_makes_of_a_clip_is_the_mean_over_the_shifts(generator, tone, phase, shifts):
    spectrogram, _ = waveform_to_spectrogram(tone, CONFIG)
    image = spectrogram_to_image(spectrogram, CONFIG)
    made = []
    for shift in range(shifts):
        shifted = generator(np.roll(image, (shift, shift), (0, 1))[np.newaxis]).numpy()[0]
        made.append(np.roll(shifted, (-shift, -shift), (0, 1))[:257, :126, 0])
    (generated,) = generate([spectrogram], generator, CONFIG, ConversionSettings(phase).shifts)
    np.testing.assert_allclose(generated, np.mean(made, axis=0), atol=1e-4)


def test_clips_that_are_converted_together_become_what_each_becomes_alone(generator, tone):
    spectrograms = [waveform_to_spectrogram(sound, CONFIG)[0] for sound in (tone, speech_of(5.0))]
    for together, alone in zip(generate(spectrograms, generator, CONFIG), spectrograms):
        np.testing.assert_allclose(together, generate([alone], generator, CONFIG)[0], atol=1e-3)
    assert generate([], generator, CONFIG) == []


def test_the_pitch_of_moved_harmonics_is_heard():
    recording = analyse(harmonic_voice(200), CONFIG)
    painted, _ = waveform_to_spectrogram(harmonic_voice(240), CONFIG)
    sound = synthesise(recording, painted, CONFIG, ConversionSettings("source")).waveform
    assert pitch_of(sound, 16_000).median_hz == pytest.approx(240, rel=0.02)


def test_where_nothing_was_changed_the_clip_comes_back():
    recording = analyse(harmonic_voice(200), CONFIG)
    conversion = synthesise(recording, recording.spectrogram, CONFIG, ConversionSettings("source"))
    np.testing.assert_allclose(conversion.waveform, recording.waveform, atol=1e-4)


def test_a_strength_of_nothing_gives_the_clip_back_and_more_changes_more(generator, demo_clips):
    clip = load_waveform(demo_clips / SHORT_CLIP, CONFIG.sample_rate)
    recording = analyse(clip, CONFIG)
    (generated,) = generate([recording.spectrogram], generator, CONFIG)
    same, once, thrice = (
        np.abs(synthesise(recording, generated, CONFIG, ConversionSettings("source", strength)).waveform - clip)
        for strength in (0.0, 1.0, 3.0)
    )
    assert same.max() < 1e-3 and 0 < once.mean() < thrice.mean()


def test_with_griffin_lim_the_spectrogram_is_taken_as_it_was_made():
    recording = analyse(speech_of(1.0), CONFIG)
    painted = np.roll(recording.spectrogram, 3, axis=0)
    conversion = synthesise(recording, painted, CONFIG, ConversionSettings("griffin-lim"))
    np.testing.assert_array_equal(conversion.converted, painted)
