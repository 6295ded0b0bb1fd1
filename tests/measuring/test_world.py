"""The baseline by statistics."""

import numpy as np
import pytest

from cyclegan_keras.measuring import world
from cyclegan_keras.measuring.voice import analyse_voice


def statistics(log_f0=0.0, f0_spread=1.0, envelope=0.0, level_spread=1.0):
    return world.Statistics(log_f0, f0_spread, np.zeros(513) + envelope, level_spread)


@pytest.fixture(scope="module")
def clip():
    """A voice about 150 Hz whose pitch sways by two semitones and whose level by ten decibels."""
    time = np.arange(19_200) / 16_000
    sway = np.sin(2 * np.pi * 2.5 * time)
    phase = 2 * np.pi * np.cumsum(150 * 2 ** (2 * sway / 12)) / 16_000
    return (0.05 * 10 ** (sway / 2) * sum(np.sin(n * phase) / n for n in range(1, 20))).astype(np.float32)


def test_a_recording_is_moved_by_as_much_as_the_statistics_say(clip):
    before = analyse_voice(clip, 16_000)
    moved = world.convert(clip, statistics(log_f0=np.log(2) / 3, f0_spread=1.5), 16_000)
    after = analyse_voice(moved, 16_000)
    assert after.f0_median - before.f0_median == pytest.approx(4.0, abs=0.2)
    assert after.f0_spread / before.f0_spread == pytest.approx(1.5, abs=0.1)
    assert len(moved) == len(clip) and moved.dtype == np.float32 and np.abs(moved).max() <= 1.0
    assert np.sqrt(np.mean(moved**2)) == pytest.approx(np.sqrt(np.mean(clip**2)), rel=0.01)


def test_envelope_and_level_are_moved_where_there_is_a_voice(clip):
    same = analyse_voice(world.convert(clip, statistics(), 16_000), 16_000)
    slope = np.where(np.arange(513) * 16_000 / 1024 < 1000, 0.0, 6.0)
    brighter = analyse_voice(world.convert(clip, statistics(envelope=slope), 16_000), 16_000)
    livelier = analyse_voice(world.convert(clip, statistics(level_spread=2.0), 16_000), 16_000)
    assert brighter.treble - same.treble == pytest.approx(6.0, abs=1.0)
    assert livelier.level_spread > same.level_spread + 0.3


def test_what_has_no_voice_is_converted_all_the_same():
    hiss = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    assert np.isfinite(world.convert(hiss, statistics(0.3, 2.0, 3.0, 2.0), 16_000)).all()
    assert world.describe(hiss, 16_000) is None


def test_pitch_is_compared_a_speaker_at_a_time():
    def described(log_f0, spread=0.1, level=2.0, shape=0.0):
        return np.array([log_f0, spread, level, *(np.zeros(513) + shape)])

    # The low speaker is calm three times: means over all would take the speakers' difference for the emotions'.
    calm = [described(4.6)] * 3 + [described(5.4)]
    anger = [described(4.9, 0.2, 3.0, 1.5), described(5.7, 0.2, 3.0, 1.5)]
    found = world.compare(calm, [1, 1, 1, 2], anger, [1, 2])
    assert found.log_f0 == pytest.approx(0.3) and found.f0_spread == pytest.approx(2.0)
    assert found.level_spread == pytest.approx(1.5)
    np.testing.assert_allclose(found.envelope, np.full(513, 1.5))
    strangers = world.compare(calm, [1, 1, 1, 2], anger, [3, 4])
    assert strangers.log_f0 == pytest.approx(5.3 - 4.8), "nobody speaks both, so all count as one"
