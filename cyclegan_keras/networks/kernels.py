"""Convolutions computed faster than TensorFlow's own kernels do it on a CPU; the results are the same."""

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from cyclegan_keras.shared.machine import channels_for_products, processor_flags

COLUMNS = 4
"""Columns that a convolution to one channel computes at once."""

Margin = tuple[int, int]


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

    Returns
    -------
    convolved : tf.Tensor [shape=(batch, height, width, 1)]
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

    Returns
    -------
    convolved : tf.Tensor [shape=(batch, ceil(height / stride), ceil(width / stride), filters)]
    """

    @tf.custom_gradient
    def convolve(images: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
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

    Returns
    -------
    convolved : tf.Tensor [shape=(batch, stride * height, stride * width, filters)]
    """
    batch, height, width, _ = images.shape
    enlarged = [batch, stride * height, stride * width, kernel.shape[2]]

    @tf.custom_gradient
    def convolve(images: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
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


@functools.cache
def _pixels_of_patches(
    size: int, stride: int, height: int, width: int, mirrored: bool
) -> tuple[tf.Tensor, Margin, Margin]:
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


def product_is_faster(kernel_shape: tf.TensorShape) -> bool:
    """Whether a filter of this shape gets its gradient faster by one matrix product."""
    channels = _channels_for_products()
    return channels is not None and min(kernel_shape[2:]) >= channels


@functools.cache
def _channels_for_products() -> int | None:
    return channels_for_products(not on_cpu(), processor_flags())


@functools.cache
def on_cpu() -> bool:
    """Whether TensorFlow sees no GPU."""
    return not tf.config.list_physical_devices("GPU")
