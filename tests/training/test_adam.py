"""Adam and its loss scaling."""

import numpy as np
import pytest
import tensorflow as tf

from cyclegan_keras.training import adam
from cyclegan_keras.training.adam import Adam

SETTINGS = {"learning_rate": 0.01, "beta_1": 0.5}


def drawn_gradients(steps):
    return [tf.constant(row) for row in np.random.default_rng(0).normal(size=(steps, 3)).astype(np.float32)]


def after_steps(gradients, **settings):
    weight = tf.Variable([1.0, -2.0, 3.0])
    optimizer = Adam([weight], **SETTINGS, **settings)
    for gradient in gradients:
        optimizer.apply_gradients([optimizer.scaled(gradient)])
    return weight, optimizer


@pytest.mark.parametrize("loss_scaling", [False, True])
def test_adam_takes_the_same_steps_as_that_of_keras(loss_scaling):
    gradients = drawn_gradients(20)
    expected = tf.Variable([1.0, -2.0, 3.0])
    reference = tf.keras.optimizers.Adam(**SETTINGS)
    for gradient in gradients:
        reference.apply_gradients([(gradient, expected)])
    weight, _ = after_steps(gradients, loss_scaling=loss_scaling)
    np.testing.assert_allclose(weight, expected, atol=1e-5)


def test_a_step_whose_gradients_overflow_is_left_out_and_the_scale_halved():
    gradients = drawn_gradients(4)
    expected, _ = after_steps(gradients, loss_scaling=True)
    infinite = tf.constant([1.0, np.inf, 1.0])
    weight, optimizer = after_steps([*gradients[:2], infinite, *gradients[2:]], loss_scaling=True)
    np.testing.assert_allclose(weight, expected, atol=1e-6)
    assert float(optimizer.loss_scale) == adam.STARTING_LOSS_SCALE / 2 and int(optimizer.finite_steps) == 2


def test_the_scale_doubles_after_many_finite_steps(monkeypatch):
    monkeypatch.setattr(adam, "STEPS_UNTIL_LOSS_SCALE_DOUBLES", 3)
    _, optimizer = after_steps(drawn_gradients(7), loss_scaling=True)
    assert float(optimizer.loss_scale) == adam.STARTING_LOSS_SCALE * 4 and int(optimizer.finite_steps) == 1


def test_a_restored_one_goes_on_as_the_saved_one_would_have(tmp_path):
    gradients = drawn_gradients(6)
    expected, _ = after_steps(gradients)
    weight, optimizer = after_steps(gradients[:3])
    path = tf.train.Checkpoint(optimizer=optimizer).save(str(tmp_path / "adam"))
    restored = Adam([tf.Variable(tf.zeros(3))], **SETTINGS)
    tf.train.Checkpoint(optimizer=restored).restore(path).assert_existing_objects_matched()
    for gradient in gradients[3:]:
        restored.apply_gradients([gradient])
    np.testing.assert_array_equal(restored.weights[0], expected)
