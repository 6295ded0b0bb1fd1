"""Instance normalization and convolution, whichever kernel computes them."""

import numpy as np
import pytest
import tensorflow as tf

from cyclegan_keras import layers
from cyclegan_keras.layers import Conv2D, InstanceNormalization, convolution_with_product_gradient


@pytest.fixture
def images():
    return tf.constant(np.random.default_rng(0).normal(3.0, 2.0, (2, 9, 7, 5)).astype(np.float32))


@pytest.mark.parametrize("batch", [1, 2])
def test_it_is_kerass_group_normalization_with_one_group_a_channel(images, batch):
    reference = tf.keras.layers.GroupNormalization(groups=-1, epsilon=1e-3)
    np.testing.assert_allclose(InstanceNormalization()(images[:batch]), reference(images[:batch]), atol=2e-6)


@pytest.mark.parametrize("batch", [1, 2])
def test_it_computes_what_tensorflow_addons_would(images, batch):
    theirs = layers.tfa.layers.InstanceNormalization(epsilon=1e-3)
    np.testing.assert_allclose(InstanceNormalization()(images[:batch]), theirs(images[:batch]), atol=2e-6)


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


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("size", [3, 5])
def test_a_filter_gradient_as_a_matrix_product_is_the_kernels(images, batch, size):
    images = images[:batch]
    kernel = tf.constant(np.random.default_rng(1).normal(size=(size, size, 5, 4)).astype(np.float32))

    def outputs_and_gradients(convolve):
        with tf.GradientTape() as tape:
            tape.watch([images, kernel])
            output = convolve(images, kernel)
            loss = tf.reduce_sum(output**3)
        return [output, *tape.gradient(loss, [images, kernel])]

    ours = outputs_and_gradients(convolution_with_product_gradient)
    for one, other in zip(ours, outputs_and_gradients(lambda x, k: tf.nn.conv2d(x, k, 1, "SAME"))):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4 * float(tf.reduce_max(tf.abs(other))))


@pytest.mark.parametrize("faster", [True, False])
def test_a_blocks_convolution_takes_the_product_where_it_is_faster(images, faster, monkeypatch):
    taken = []
    monkeypatch.setattr(layers, "_product_is_faster", lambda: faster)
    monkeypatch.setattr(
        layers,
        "convolution_with_product_gradient",
        lambda x, kernel: (taken.append(kernel.shape), convolution_with_product_gradient(x, kernel))[1],
    )
    block, first, strided = Conv2D(4, 3, padding="same"), Conv2D(4, 7, padding="same"), Conv2D(4, 3, 2, padding="same")
    for layer in (block, first, strided):
        layer(images)
    assert taken == ([(3, 3, 5, 4)] if faster else [])
    plain = tf.nn.conv2d(images, block.kernel, 1, "SAME")
    np.testing.assert_allclose(block(images), plain, atol=1e-5)
