"""Random equalisers: smooth along frequency, steady along time, and nothing but images' levels."""

import numpy as np
import pytest
import tensorflow as tf

from cyclegan_keras.augmentation import BANDS, EQUALISER_DECIBELS, LEVEL_DECIBELS, equalise

DECIBEL = 0.025


def changes(seed, batch=1, height=64, width=3):
    images = tf.zeros((batch, height, width, 1))
    return equalise(images, DECIBEL, seed).numpy()[..., 0] / DECIBEL


def test_an_equaliser_is_the_same_in_every_frame_and_another_for_every_image():
    first, second = changes((0, 0), batch=2)
    np.testing.assert_array_equal(first, np.repeat(first[:, :1], 3, axis=1))
    assert np.abs(first - second).max() > 1.0


def test_the_same_seed_gives_the_same_equaliser_and_another_one_another():
    np.testing.assert_array_equal(changes((3, 1)), changes((3, 1)))
    assert np.abs(changes((3, 1)) - changes((3, 2))).max() > 1.0
    assert np.abs(changes((3, 1)) - changes((4, 1))).max() > 1.0


def test_it_is_made_of_a_level_and_of_cosines_whose_sizes_are_as_told():
    drawn = changes((0, 0), batch=4000, width=1)[..., 0]
    bins = np.arange(64) + 0.5
    shapes = np.stack([np.ones(64), *(np.cos(np.pi * k * bins / 64) for k in range(1, BANDS + 1))], 1)
    # No change of 40 dB or more is among them, so nothing was cut off.
    amplitudes, rest, *_ = np.linalg.lstsq(shapes, drawn.T, rcond=None)
    np.testing.assert_allclose(rest, 0.0, atol=1e-5)
    told = [LEVEL_DECIBELS, *(EQUALISER_DECIBELS / np.sqrt(np.arange(1, BANDS + 1)))]
    np.testing.assert_allclose(amplitudes.std(axis=1), told, rtol=0.05)
    np.testing.assert_allclose(amplitudes.mean(axis=1), 0.0, atol=0.3)


@pytest.mark.parametrize("value", [-1.0, 0.9, -0.95])
def test_silence_stays_silence_and_an_image_stays_in_its_range(value):
    images = np.full((50, 16, 2, 1), value, np.float32)
    equalised = equalise(images, DECIBEL, (0, 0)).numpy()
    assert equalised.min() >= -1.0 and equalised.max() <= 1.0
    assert (equalised == -1.0).all() if value == -1.0 else np.unique(equalised).size > 50


def test_the_phase_is_left_as_it_is():
    images = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 16, 4, 2)).astype(np.float32)
    equalised = equalise(images, DECIBEL, (0, 0)).numpy()
    np.testing.assert_array_equal(equalised[..., 1], images[..., 1])
    assert (equalised[..., 0] != images[..., 0]).all()
