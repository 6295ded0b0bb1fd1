"""Instance normalization and convolutions as Keras layers: the one place that imports tensorflow-addons."""

import warnings

import tensorflow as tf

from cyclegan_keras.networks.kernels import (
    COLUMNS,
    convolution_by_columns,
    convolution_with_product_gradient,
    on_cpu,
    product_is_faster,
    transposed_with_product_gradient,
)

try:
    with warnings.catch_warnings():
        # tensorflow-addons announces its end of life on import; docs/training.md says why it is still here.
        warnings.simplefilter("ignore")
        from tensorflow_addons.layers import GroupNormalization
except ImportError:
    # It ended in 2024, with TensorFlow 2.15; its layer lives on as Keras's own.
    GroupNormalization = tf.keras.layers.GroupNormalization

EPSILON = 1e-3


class InstanceNormalization(GroupNormalization):
    """Normalize each channel of each image to a learned scale and offset (Ulyanov et al., 2016).

    Group normalization with a group a channel, epsilon 1e-3, computed with fewer operations. Where the batch is known
    to hold one image of several channels, instance norm is batch norm, so TensorFlow's fused kernel computes it.
    Statistics, scale and offset are float32; the output has the input's type.

    Parameters
    ----------
    scale_start, offset_start : float
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
        if filters == 1 and size % 2 and self.strides == (1, 1) and width and width % COLUMNS == 0 and on_cpu():
            return convolution_by_columns(inputs, kernel) + bias
        if inputs.shape.is_fully_defined() and product_is_faster(kernel.shape):
            return convolution_with_product_gradient(inputs, kernel, bias, self.strides[0])
        return super().call(inputs)


class Conv2DTranspose(tf.keras.layers.Conv2DTranspose):
    """Keras's transposed convolution with padding "same", its filter's gradient as in ``Conv2D``."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Enlarge ``inputs`` of shape (batch, height, width, channels) by the stride."""
        kernel = tf.convert_to_tensor(self.kernel)
        if not inputs.shape.is_fully_defined() or not product_is_faster(kernel.shape):
            return super().call(inputs)
        return transposed_with_product_gradient(inputs, kernel, self.strides[0]) + tf.convert_to_tensor(self.bias)
