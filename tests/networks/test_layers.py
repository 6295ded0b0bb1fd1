"""Instance normalization and convolution, whichever kernel computes them."""

import numpy as np
import pytest
import tensorflow as tf

from cyclegan_keras.networks import kernels
from cyclegan_keras.networks.kernels import (
    convolution_by_columns,
    convolution_with_product_gradient,
    filter_gradient,
    transposed_with_product_gradient,
)
from cyclegan_keras.networks.layers import Conv2D, Conv2DTranspose, InstanceNormalization


@pytest.fixture
def images():
    return tf.constant(np.random.default_rng(0).normal(3.0, 2.0, (2, 9, 7, 5)).astype(np.float32))


@pytest.mark.parametrize("batch", [1, 2])
def test_instance_norm_equals_keras_group_norm_with_one_group_a_channel(images, batch):
    reference = tf.keras.layers.GroupNormalization(groups=-1, epsilon=1e-3)
    np.testing.assert_allclose(InstanceNormalization()(images[:batch]), reference(images[:batch]), atol=2e-6)


@pytest.mark.parametrize("batch", [1, 2])
def test_it_computes_what_tensorflow_addons_would(images, batch):
    addons = pytest.importorskip("tensorflow_addons", reason="it ended with TensorFlow 2.15")
    theirs = addons.layers.InstanceNormalization(epsilon=1e-3)
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


def outputs_and_gradients(convolve, *inputs):
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        output = convolve(*inputs)
        loss = tf.reduce_sum(output**3)
    return [output, *tape.gradient(loss, inputs)]


def assert_same(ours, theirs):
    for one, other in zip(ours, theirs):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4 * float(tf.reduce_max(tf.abs(other))))


def normal(*shape):
    return tf.constant(np.random.default_rng(1).normal(size=shape).astype(np.float32))


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("size, stride", [(3, 1), (5, 1), (4, 1), (3, 2), (4, 2)])
@pytest.mark.parametrize("filters", [4, 6])
def test_a_filter_gradient_as_a_matrix_product_is_the_kernels(images, batch, size, stride, filters):
    inputs = images[:batch], normal(size, size, 5, filters), normal(filters)
    assert_same(
        outputs_and_gradients(lambda x, k, b: convolution_with_product_gradient(x, k, b, stride), *inputs),
        outputs_and_gradients(lambda x, k, b: tf.nn.conv2d(x, k, stride, "SAME") + b, *inputs),
    )


@pytest.mark.parametrize("batch", [1, 2])
def test_a_transposed_filter_gradient_as_a_matrix_product_is_the_kernels(images, batch):
    inputs = images[:batch], normal(3, 3, 4, 5)
    assert_same(
        outputs_and_gradients(lambda x, k: transposed_with_product_gradient(x, k, 2), *inputs),
        outputs_and_gradients(lambda x, k: tf.nn.conv2d_transpose(x, k, [batch, 18, 14, 4], 2, "SAME"), *inputs),
    )


@pytest.mark.parametrize("size", [1, 3, 7, 9])
def test_one_channel_made_by_four_columns_at_once_is_the_kernels(size):
    inputs = normal(2, 9, 12, 5), normal(size, size, 5, 1)
    plain = outputs_and_gradients(lambda x, k: tf.nn.conv2d(x, k, 1, "SAME"), *inputs)
    assert_same(outputs_and_gradients(convolution_by_columns, *inputs), plain)


@pytest.mark.parametrize("batch", [1, 2])
def test_one_channel_is_normalized_as_several_are(images, batch):
    layer, images = InstanceNormalization(), images[:batch]
    np.testing.assert_allclose(layer(images[..., :1]), InstanceNormalization()(images)[..., :1], atol=2e-6)


@pytest.mark.parametrize("channels, taken", [(None, []), (5, [(5, 6), (6, 5)]), (1, [(5, 6), (6, 5), (5, 4), (4, 5)])])
def test_layers_take_the_product_where_it_is_faster(images, channels, taken, monkeypatch):
    shapes = []

    def noting(images, upstream, *settings):
        shapes.append((images.shape[-1], upstream.shape[-1]))
        return filter_gradient(images, upstream, *settings)

    monkeypatch.setattr(kernels, "_channels_for_products", lambda: channels)
    monkeypatch.setattr(kernels, "filter_gradient", noting)
    for filters in (6, 4):
        plain, transposed = Conv2D(filters, 3, padding="same"), Conv2DTranspose(filters, 3, 2, padding="same")
        for layer, theirs in ((plain, tf.keras.layers.Conv2D), (transposed, tf.keras.layers.Conv2DTranspose)):
            with tf.GradientTape() as tape:
                output = layer(images)
            assert tape.gradient(output, layer.kernel).shape == layer.kernel.shape
            reference = theirs.from_config(layer.get_config())
            reference.build(images.shape)
            reference.set_weights(layer.get_weights())
            np.testing.assert_allclose(output, reference(images), atol=1e-5)
    assert shapes == taken
