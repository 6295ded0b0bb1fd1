"""The measures of content, cleanness, pitch and mimicry."""

import sys

import numpy as np
import pytest

from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.corpora.demo import synthesise_clip
from cyclegan_keras.measuring import metrics
from cyclegan_keras.measuring.attacks import vocoded
from cyclegan_keras.shared.errors import InputError

CONFIG = SpectrogramConfig()


@pytest.fixture(scope="module")
def sound():
    return vocoded(synthesise_clip("calm", 1, 1, 1, actor=1, seed=0), CONFIG)


def noisy(sound, level):
    return sound + level * np.random.default_rng(0).normal(size=sound.shape).astype(np.float32)


def test_estoi_is_one_for_the_clip_itself_and_falls_with_noise(sound):
    values = [metrics.estoi(sound, noisy(sound, level), 16_000) for level in (0.0, 0.02, 0.2)]
    assert values[0] == pytest.approx(1.0, abs=1e-3) and values[0] > values[1] > values[2]


def test_dnsmos_hears_noise_and_not_level(sound):
    sound = sound[16_000:52_800]  # 2.3 s, which fit in one of its windows
    clean, quiet, rough = (metrics.dnsmos(s, 16_000) for s in (sound, 0.05 * sound, noisy(sound, 0.2)))
    assert quiet == pytest.approx(clean, abs=1e-3) and 1.0 <= rough < clean <= 5.0


@pytest.mark.parametrize("measure, module", [("estoi", "pystoi"), ("dnsmos", "speechmos")])
def test_a_package_that_is_missing_is_named_with_what_brings_it(measure, module, sound, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    arguments = (sound, sound, 16_000) if measure == "estoi" else (sound, 16_000)
    with pytest.raises(InputError, match=f"{module}.*eval"):
        getattr(metrics, measure)(*arguments)


def test_pitch_is_the_median_in_hertz_and_the_range_in_semitones():
    time = np.arange(48_000) / 16_000
    hertz = 200 * 2 ** (np.sin(2 * np.pi * time) * 6 / 12)  # an octave in all
    phase = 2 * np.pi * np.cumsum(hertz) / 16_000
    voice = sum(np.sin(n * phase) / n for n in range(1, 8)).astype(np.float32)
    median, span = metrics.pitch_of(voice, 16_000)
    assert median == pytest.approx(200, rel=0.03) and span == pytest.approx(11.4, abs=0.7)


def test_without_a_voice_there_is_no_pitch(sound):
    assert np.isnan(metrics.pitch_of(noisy(0 * sound, 1.0), 16_000)).all()


def test_mimicry_is_zero_for_a_generator_that_does_nothing():
    image = np.linspace(-1, 1, 50).reshape(5, 10)
    assert metrics.mimicry(image, image) == 0.0 and metrics.mimicry(image, image + 0.25) == pytest.approx(0.25)
