"""Instance normalization and convolution: the one place that knows tensorflow-addons, and which kernels are fast."""

import functools
import warnings
from typing import Callable, Tuple

import numpy as np
import tensorflow as tf

from cyclegan_keras.machine import processor_flags, product_beats_kernel

with warnings.catch_warnings():
    # tensorflow-addons announces its end of life on import; README.md says why it is still here.
    warnings.simplefilter("ignore")
    import tensorflow_addons as tfa

EPSILON = 1e-3


@tf.keras.utils.register_keras_serializable(package="cyclegan_keras")
class InstanceNormalization(tfa.layers.InstanceNormalization):
    """Normalize each channel of each image to a learned scale and offset (Ulyanov et al., 2016).

    tensorflow-addons' layer, epsilon 1e-3, computed with fewer operations. Where the batch is known to
    hold one image, instance norm is batch norm, so TensorFlow's fused kernel computes it. Statistics,
    scale and offset are float32 whatever the images' type, which is the output's.

    Parameters
    ----------
    scale, offset : float
        Where the learned scale and offset start.

    Example
    -------
    >>> float(tf.math.reduce_std(InstanceNormalization(scale_start=2.0)(tf.random.normal([1, 32, 32, 1]))))
    ... # doctest: +SKIP
    2.0
    """

    def __init__(self, scale_start: float = 1.0, offset_start: float = 0.0, **kwargs):
        kwargs.setdefault("epsilon", EPSILON)
        super().__init__(
            gamma_initializer=tf.keras.initializers.Constant(scale_start),
            beta_initializer=tf.keras.initializers.Constant(offset_start),
            # float32 of its own under a mixed precision policy, but taking the images as they come.
            dtype="float32",
            autocast=False,
            **kwargs,
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Normalize ``inputs`` of shape (batch, height, width, channels) over height and width."""
        if inputs.shape[0] == 1:
            return tf.compat.v1.nn.fused_batch_norm(inputs, self.gamma, self.beta, epsilon=self.epsilon)[0]
        images = tf.cast(inputs, tf.float32)
        mean, variance = tf.nn.moments(images, [1, 2], keepdims=True)
        normalized = tf.nn.batch_normalization(images, mean, variance, self.beta, self.gamma, self.epsilon)
        return tf.cast(normalized, inputs.dtype)


@tf.keras.utils.register_keras_serializable(package="cyclegan_keras")
class Conv2D(tf.keras.layers.Conv2D):
    """Keras's convolution, with the filter gradient of a ResNet block's as one matrix product where that is faster.

    Where it is, ``machine.product_beats_kernel`` says; the image's size must be known.
    """

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Convolve ``inputs`` of shape (batch, height, width, channels)."""
        in_a_block = self.kernel_size == (3, 3) and self.strides == (1, 1)
        if in_a_block and inputs.shape.is_fully_defined() and _product_is_faster():
            return convolution_with_product_gradient(inputs, tf.convert_to_tensor(kernel))
        return super().convolution_op(inputs, kernel)


@tf.custom_gradient
def convolution_with_product_gradient(images: tf.Tensor, kernel: tf.Tensor) -> Tuple[tf.Tensor, Callable]:
    """Convolve at stride 1 with padding "same"; the filter's gradient is one matrix product.

    Entry (i, j) of the filter joins each output pixel to the image pixel (i, j) away from it. So its gradient sums
    products of image pixels with the upstream gradients around them: images^T times those, laid out in rows.

    Parameters
    ----------
    images : tf.Tensor [shape=(batch, height, width, channels)]
        Of known shape.
    kernel : tf.Tensor [shape=(size, size, channels, filters)]
        Size odd.
    """
    size, _, channels, filters = kernel.shape
    batch, height, width, _ = images.shape

    def gradients(upstream: tf.Tensor) -> Tuple[tf.Tensor, tf.Tensor]:
        by_images = tf.raw_ops.Conv2DBackpropInput(
            input_sizes=images.shape, filter=kernel, out_backprop=upstream, strides=[1, 1, 1, 1], padding="SAME"
        )
        margin = size // 2
        padded = tf.pad(upstream, [[0, 0], [margin, margin], [margin, margin], [0, 0]])
        pixels = tf.reshape(padded, [batch, -1, filters])
        around = tf.gather(pixels, _pixels_around(size, height, width), axis=1)
        product = tf.matmul(
            tf.reshape(images, [-1, channels]), tf.reshape(around, [-1, size * size * filters]), transpose_a=True
        )
        return by_images, tf.transpose(tf.reshape(product, [channels, size, size, filters]), [1, 2, 0, 3])

    return tf.nn.conv2d(images, kernel, 1, "SAME"), gradients


@functools.lru_cache(maxsize=None)
def _pixels_around(size: int, height: int, width: int) -> tf.Tensor:
    # For every pixel of an image, in a padded and flattened one: the pixel that each filter entry takes it to.
    row, column, i, j = np.mgrid[:height, :width, :size, :size]
    indices = (row + i) * (width + size - 1) + column + j
    with tf.init_scope():  # one constant for all layers and graphs
        return tf.constant(indices[..., ::-1, ::-1].reshape(-1), tf.int32)


@functools.lru_cache(maxsize=None)
def _product_is_faster() -> bool:
    return product_beats_kernel(bool(tf.config.list_physical_devices("GPU")), processor_flags())
