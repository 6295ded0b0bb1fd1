"""The features that are compared with the actor's own recording."""

import sys

import numpy as np
import pytest

from cyclegan_keras.measuring.voice import analyse_voice
from cyclegan_keras.shared.errors import InputError
from tests.sounds import harmonic_voice


def test_pitch_is_told_in_semitones_above_100_hertz():
    voice = analyse_voice(harmonic_voice(200.0, seconds=1.0), 16_000)
    assert voice.f0_median == pytest.approx(12.0, abs=0.1) and voice.f0_spread < 0.3
    assert voice.cepstra.shape == (24, len(voice.f0))


def test_pitch_that_moves_has_a_spread():
    time = np.arange(24_000) / 16_000
    hertz = 200 * 2 ** (np.sin(2 * np.pi * time) * 4 / 12)
    phase = 2 * np.pi * np.cumsum(hertz) / 16_000
    moving = sum(np.sin(n * phase) / n for n in range(1, 8)).astype(np.float32)
    assert analyse_voice(moving, 16_000).f0_spread == pytest.approx(4 / np.sqrt(2), abs=0.3)


def test_treble_is_the_energy_above_one_kilohertz_over_that_below():
    time = np.arange(16_000) / 16_000
    low, high = (np.sin(2 * np.pi * hertz * time) for hertz in (200.0, 2000.0))
    voice = analyse_voice((low + 0.1 * high).astype(np.float32), 16_000)
    assert voice.treble == pytest.approx(-20.0, abs=0.5)


def test_level_does_not_matter_and_its_spread_does():
    steady = harmonic_voice(150.0, seconds=1.0)
    loud, quiet = analyse_voice(steady, 16_000), analyse_voice(0.1 * steady, 16_000)
    assert quiet.treble == pytest.approx(loud.treble, abs=0.1)
    assert quiet.level_spread == pytest.approx(loud.level_spread, abs=0.1)
    swelling = steady * (10 ** np.linspace(-1, 0, len(steady))).astype(np.float32)  # by 20 dB, evenly
    assert analyse_voice(swelling, 16_000).level_spread == pytest.approx(20 / np.sqrt(12), abs=0.7)


def test_a_hiss_has_no_pitch_and_no_treble():
    hiss = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    voice = analyse_voice(hiss, 16_000)
    assert np.isnan([voice.f0_median, voice.treble]).all() and np.isfinite(voice.level_spread)


def test_without_pyworld_it_is_named_with_what_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyworld", None)
    with pytest.raises(InputError, match="pyworld.*eval"):
        analyse_voice(harmonic_voice(200.0, seconds=0.5), 16_000)
