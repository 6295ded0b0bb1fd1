"""Instance normalization, whichever kernel computes it."""

import numpy as np
import pytest
import tensorflow as tf

from cyclegan_keras.layers import InstanceNormalization


@pytest.fixture
def images():
    return tf.constant(np.random.default_rng(0).normal(3.0, 2.0, (2, 9, 7, 5)).astype(np.float32))


@pytest.mark.parametrize("batch", [1, 2])
def test_it_is_kerass_group_normalization_with_one_group_a_channel(images, batch):
    reference = tf.keras.layers.GroupNormalization(groups=-1, epsilon=1e-3)
    np.testing.assert_allclose(InstanceNormalization()(images[:batch]), reference(images[:batch]), atol=2e-6)


def test_a_sample_does_not_see_its_neighbours_in_the_batch(images):
    layer = InstanceNormalization()
    alone = [layer(images[i : i + 1]) for i in range(2)]
    np.testing.assert_allclose(layer(images), tf.concat(alone, axis=0), atol=2e-6)


def test_both_kernels_have_the_same_gradients(images):
    layer = InstanceNormalization()
    layer.build(images.shape)

    def gradients(batch):
        with tf.GradientTape() as tape:
            tape.watch(batch)
            loss = tf.reduce_sum(layer(batch)[:1] ** 3)
        by_input, by_scale, by_offset = tape.gradient(loss, [batch, layer.gamma, layer.beta])
        return by_input[:1], by_scale, by_offset

    # Twins in the batch: the second adds nothing to the loss, so the gradients must agree.
    fused, plain = gradients(images[:1]), gradients(tf.concat([images[:1]] * 2, axis=0))
    for one, other in zip(fused, plain):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_scale_and_offset_start_where_they_are_told(images):
    normalized = InstanceNormalization(scale_start=2.0, offset_start=-1.0)(images).numpy()
    assert normalized.mean() == pytest.approx(-1.0, abs=1e-3) and normalized.std() == pytest.approx(2.0, rel=1e-2)
