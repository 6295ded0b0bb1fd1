"""Instance normalization: the one place that knows tensorflow-addons."""

import warnings

import tensorflow as tf

with warnings.catch_warnings():
    # tensorflow-addons announces its end of life on import; README.md says why it is still here.
    warnings.simplefilter("ignore")
    import tensorflow_addons as tfa

EPSILON = 1e-3


@tf.keras.utils.register_keras_serializable(package="cyclegan_keras")
class InstanceNormalization(tfa.layers.InstanceNormalization):
    """Normalize each channel of each image to a learned scale and offset (Ulyanov et al., 2016).

    tensorflow-addons' layer, epsilon 1e-3, with one addition: where the batch is known to hold one
    image, instance norm is batch norm, so TensorFlow's fused kernel computes it. Statistics, scale and
    offset are float32 whatever the images' type, which is the output's.

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
        if inputs.shape[0] != 1:
            return tf.cast(super().call(tf.cast(inputs, tf.float32)), inputs.dtype)
        normalized, _, _ = tf.compat.v1.nn.fused_batch_norm(inputs, self.gamma, self.beta, epsilon=self.epsilon)
        return normalized
