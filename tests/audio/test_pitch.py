"""The pitch contour follows a voice, and says nothing where there is none."""

import numpy as np
import pytest

from cyclegan_keras.audio.pitch import pitch_contour

RATE = 16_000


def voice(hertz, rate=RATE, seconds=1.0):
    time = np.arange(int(seconds * rate)) / rate
    return 0.1 * sum(np.sin(2 * np.pi * n * hertz * time) / n for n in range(1, 9))


@pytest.mark.parametrize("hertz", [80, 110, 220, 400, 600])
@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_a_voices_pitch_is_followed(hertz, rate):
    assert pitch_contour(voice(hertz, rate), rate).median == pytest.approx(hertz, rel=0.02)


def test_noise_and_pauses_have_none():
    noise = np.random.default_rng(0).normal(0, 0.1, RATE)
    assert pitch_contour(noise, RATE).median is None
    contour = pitch_contour(np.concatenate([np.zeros(RATE), voice(200), np.zeros(RATE)]), RATE)
    heard = np.isfinite(contour.hz)
    assert contour.seconds[heard].min() > 0.9 and contour.seconds[heard].max() < 2.1 and heard.sum() > 50


@pytest.mark.parametrize("seconds", [0.032, 0.1, 3.0])
def test_clips_of_any_length_have_a_contour(seconds):
    contour = pitch_contour(voice(200, seconds=seconds), RATE)
    assert len(contour.seconds) == len(contour.hz) == len(contour.active) > 0


def test_a_long_clip_is_followed_in_pieces_as_in_one(monkeypatch):
    clip = np.concatenate([voice(hz, seconds=0.75) for hz in (150, 200, 250, 300)])
    whole = pitch_contour(clip, RATE)
    monkeypatch.setattr("cyclegan_keras.audio.pitch.SECONDS_AT_ONCE", 1)
    pieces = pitch_contour(clip, RATE)
    np.testing.assert_array_equal(pieces.seconds, whole.seconds)
    heard = np.isfinite(whole.hz) & np.isfinite(pieces.hz)
    assert heard.sum() > 0.9 * np.isfinite(whole.hz).sum() > 50
    assert np.mean(np.abs(pieces.hz[heard] / whole.hz[heard] - 1) < 0.01) > 0.95
