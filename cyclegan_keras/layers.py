"""Instance normalization and convolution: the one place that knows tensorflow-addons, and which kernels are fast."""

import functools
import warnings
from typing import Callable, Optional, Sequence, Tuple

import numpy as np
import tensorflow as tf

from cyclegan_keras.machine import channels_for_products, processor_flags

try:
    with warnings.catch_warnings():
        # tensorflow-addons announces its end of life on import; README.md says why it is still here.
        warnings.simplefilter("ignore")
        from tensorflow_addons.layers import GroupNormalization
except ImportError:
    # It ended in 2024, with TensorFlow 2.15; its layer lives on as Keras's own.
    GroupNormalization = tf.keras.layers.GroupNormalization

EPSILON = 1e-3

COLUMNS = 4
"""Columns that a convolution to one channel computes at once."""

Margin = Tuple[int, int]


@tf.keras.utils.register_keras_serializable(package="cyclegan_keras")
class InstanceNormalization(GroupNormalization):
    """Normalize each channel of each image to a learned scale and offset (Ulyanov et al., 2016).

    Group normalization with a group a channel, epsilon 1e-3, computed with fewer operations. Where the batch is known
    to hold one image of several channels, instance norm is batch norm, so TensorFlow's fused kernel computes it.
    Statistics, scale and offset are float32 whatever the images' type, which is the output's.

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
            groups=-1,
            gamma_initializer=tf.keras.initializers.Constant(scale_start),
            beta_initializer=tf.keras.initializers.Constant(offset_start),
            # float32 of its own under a mixed precision policy, but taking the images as they come.
            dtype="float32",
            autocast=False,
            **kwargs,
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Normalize ``inputs`` of shape (batch, height, width, channels) over height and width."""
        # Of one channel alone the fused kernel is slow: it computes sixteen at a time.
        if inputs.shape[0] == 1 and inputs.shape[-1] > 1:
            return tf.compat.v1.nn.fused_batch_norm(inputs, self.gamma, self.beta, epsilon=self.epsilon)[0]
        images = tf.cast(inputs, tf.float32)
        mean, variance = tf.nn.moments(images, [1, 2], keepdims=True)
        normalized = tf.nn.batch_normalization(images, mean, variance, self.beta, self.gamma, self.epsilon)
        return tf.cast(normalized, inputs.dtype)


@tf.keras.utils.register_keras_serializable(package="cyclegan_keras")
class Conv2D(tf.keras.layers.Conv2D):
    """Keras's convolution with padding "same", computed the fastest way for its shape on this machine.

    Where the image's size is known: the filter's gradient as a matrix product where ``machine.channels_for_products``
    says so, and on a CPU an output of one channel as four columns at once.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Convolve ``inputs`` of shape (batch, height, width, channels)."""
        kernel, bias = tf.convert_to_tensor(self.kernel), tf.convert_to_tensor(self.bias)
        size, _, _, filters = kernel.shape
        width = inputs.shape[2]
        if filters == 1 and size % 2 and self.strides == (1, 1) and width and width % COLUMNS == 0 and _on_cpu():
            return convolution_by_columns(inputs, kernel) + bias
        if inputs.shape.is_fully_defined() and _product_is_faster(kernel.shape):
            return convolution_with_product_gradient(inputs, kernel, bias, self.strides[0])
        return super().call(inputs)


@tf.keras.utils.register_keras_serializable(package="cyclegan_keras")
class Conv2DTranspose(tf.keras.layers.Conv2DTranspose):
    """Keras's transposed convolution with padding "same", its filter's gradient as in ``Conv2D``."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Enlarge ``inputs`` of shape (batch, height, width, channels) by the stride."""
        kernel = tf.convert_to_tensor(self.kernel)
        if not inputs.shape.is_fully_defined() or not _product_is_faster(kernel.shape):
            return super().call(inputs)
        return transposed_with_product_gradient(inputs, kernel, self.strides[0]) + tf.convert_to_tensor(self.bias)


@tf.keras.utils.register_keras_serializable(package="cyclegan_keras")
class ClippedSum(tf.keras.layers.Add):
    """The sum of images, in float32, clipped to [-1, 1]."""

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})

    def call(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        """Add images of one shape."""
        return tf.clip_by_value(super().call(inputs), -1.0, 1.0)


def convolution_by_columns(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Convolve to one channel at stride 1 with padding "same", four neighbouring columns as four channels.

    A kernel that computes sixteen output channels at once wastes fifteen on an output of one. Four columns seen
    as channels of one pixel are convolved with the filter at four offsets: the same sums, with zeros among them.

    Parameters
    ----------
    images : tf.Tensor [shape=(batch, height, width, channels)]
        Width a multiple of 4.
    kernel : tf.Tensor [shape=(size, size, channels, 1)]
        Size odd, 9 at most.
    """
    size, _, channels, _ = kernel.shape
    _, height, width, _ = images.shape
    # Output column q of four meets the three pixels around it from column q + 4 - size // 2 on.
    starts = [column + COLUMNS - size // 2 for column in range(COLUMNS)]
    shifted = [tf.pad(kernel, [[0, 0], [start, 3 * COLUMNS - size - start], [0, 0], [0, 0]]) for start in starts]
    together = tf.reshape(tf.concat(shifted, -1), [size, 3, COLUMNS * channels, COLUMNS])
    columns = tf.nn.conv2d(tf.reshape(images, [-1, height, width // COLUMNS, COLUMNS * channels]), together, 1, "SAME")
    return tf.reshape(columns, [-1, height, width, 1])


def convolution_with_product_gradient(
    images: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, stride: int = 1
) -> tf.Tensor:
    """Convolve with padding "same"; the filter's gradient is one matrix product (``filter_gradient``).

    Parameters
    ----------
    images : tf.Tensor [shape=(batch, height, width, channels)]
        Of known shape.
    kernel : tf.Tensor [shape=(size, size, channels, filters)]
    bias : tf.Tensor [shape=(filters,)]
        Added here because a kernel that convolves adds it at no cost.
    stride : int
    """

    @tf.custom_gradient
    def convolve(images: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> Tuple[tf.Tensor, Callable]:
        def gradients(upstream: tf.Tensor) -> Tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            by_images = tf.nn.conv2d_transpose(upstream, kernel, images.shape, stride, "SAME")
            by_kernel = filter_gradient(images, upstream, kernel.shape[0], stride)
            return by_images, by_kernel, tf.reduce_sum(upstream, [0, 1, 2])

        return tf.nn.bias_add(tf.nn.conv2d(images, kernel, stride, "SAME"), bias), gradients

    return convolve(images, kernel, bias)


def transposed_with_product_gradient(images: tf.Tensor, kernel: tf.Tensor, stride: int) -> tf.Tensor:
    """Convolve transposed, with padding "same"; the filter's gradient is one matrix product (``filter_gradient``).

    Parameters
    ----------
    images : tf.Tensor [shape=(batch, height, width, channels)]
        Of known shape.
    kernel : tf.Tensor [shape=(size, size, filters, channels)]
    stride : int
        The output is so many times as high and wide.
    """
    batch, height, width, _ = images.shape
    enlarged = [batch, stride * height, stride * width, kernel.shape[2]]

    @tf.custom_gradient
    def convolve(images: tf.Tensor, kernel: tf.Tensor) -> Tuple[tf.Tensor, Callable]:
        def gradients(upstream: tf.Tensor) -> Tuple[tf.Tensor, tf.Tensor]:
            by_images = tf.nn.conv2d(upstream, kernel, stride, "SAME")
            return by_images, filter_gradient(upstream, images, kernel.shape[0], stride)

        return tf.nn.conv2d_transpose(images, kernel, enlarged, stride, "SAME"), gradients

    return convolve(images, kernel)


def filter_gradient(images: tf.Tensor, upstream: tf.Tensor, size: int, stride: int) -> tf.Tensor:
    """A convolution's gradient by its filter, as one matrix product (padding "same").

    Entry (i, j) of the filter joins an image pixel to the output pixel (i, j) away from it, so its gradient sums their
    products: patches of the images, in rows, times the upstream gradients. The narrower of the two is laid
    out in patches, which at stride 1 is the same sum seen from the other end.

    Parameters
    ----------
    images : tf.Tensor [shape=(batch, height, width, channels)]
        Of known shape.
    upstream : tf.Tensor [shape=(batch, ceil(height / stride), ceil(width / stride), filters)]
    size, stride : int

    Returns
    -------
    gradient : tf.Tensor [shape=(size, size, channels, filters)]
    """
    channels, filters = images.shape[-1], upstream.shape[-1]
    if stride == 1 and size % 2 and filters < channels:
        mirrored = _patches(upstream, size, stride, mirrored=True)
        product = tf.matmul(tf.reshape(images, [-1, channels]), mirrored, transpose_a=True)
        return tf.transpose(tf.reshape(product, [channels, size, size, filters]), [1, 2, 0, 3])
    product = tf.matmul(_patches(images, size, stride), tf.reshape(upstream, [-1, filters]), transpose_a=True)
    return tf.reshape(product, [size, size, channels, filters])


def _patches(images: tf.Tensor, size: int, stride: int, mirrored: bool = False) -> tf.Tensor:
    # A row an output pixel: the size x size pixels that it sees, each with all its channels.
    batch, height, width, channels = images.shape
    indices, *margins = _pixels_of_patches(size, stride, height, width, mirrored)
    pixels = tf.reshape(tf.pad(images, [(0, 0), *margins, (0, 0)]), [batch, -1, channels])
    return tf.reshape(tf.gather(pixels, indices, axis=1), [-1, size * size * channels])


@functools.lru_cache(maxsize=None)
def _pixels_of_patches(
    size: int, stride: int, height: int, width: int, mirrored: bool
) -> Tuple[tf.Tensor, Margin, Margin]:
    # Indices into a padded and flattened image, and the padding: TensorFlow's "same" has the odd pixel behind.
    margins = []
    for length in (height, width):
        padding = max((-(-length // stride) - 1) * stride + size - length, 0)
        margins.append((padding // 2, padding - padding // 2))
    row, column, i, j = np.mgrid[: -(-height // stride), : -(-width // stride), :size, :size]
    indices = (row * stride + i) * (width + sum(margins[1])) + column * stride + j
    if mirrored:
        indices = indices[..., ::-1, ::-1]
    with tf.init_scope():  # one constant for all layers and graphs
        return tf.constant(indices.reshape(-1), tf.int32), *margins


def _product_is_faster(kernel_shape: tf.TensorShape) -> bool:
    channels = _channels_for_products()
    return channels is not None and min(kernel_shape[2:]) >= channels


@functools.lru_cache(maxsize=None)
def _channels_for_products() -> Optional[int]:
    return channels_for_products(not _on_cpu(), processor_flags())


@functools.lru_cache(maxsize=None)
def _on_cpu() -> bool:
    return not tf.config.list_physical_devices("GPU")
