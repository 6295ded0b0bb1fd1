"""Random equalisers for training images: another room, microphone and distance every time a clip is met.

Without them a generator learns to which spectra of its actors an emotion belongs, and convinces less of other voices.
"""

import math

import tensorflow as tf

from cyclegan_keras.audio import SILENCE

BANDS = 6
"""Cosines along frequency that an equaliser is made of: from one half period over all bins to six."""

EQUALISER_DECIBELS = 4.0
"""Standard deviation of the first cosine's amplitude; that of the k-th is smaller by the root of k."""

LEVEL_DECIBELS = 2.0
"""Standard deviation of what is added to a whole image."""


def equalise(images: tf.Tensor, decibel: float, seed: tf.Tensor) -> tf.Tensor:
    """Give every image a random equaliser and level; silence stays silence.

    Parameters
    ----------
    images : tf.Tensor [shape=(batch, height, width, 1 or 2), dtype=float32]
        In [-1, 1]; a second channel, the phase, is left as it is.
    decibel : float
        In units of an image (``SpectrogramConfig.decibel``).
    seed : tf.Tensor [shape=(2,), dtype=int]
        The same gives the same equalisers.

    Returns
    -------
    equalised : tf.Tensor [shape, dtype as images]
        In [-1, 1]: what would be louder is cut off.

    Example
    -------
    >>> equalise(tf.zeros((1, 260, 260, 1)), 0.025, (0, 0)).shape
    TensorShape([1, 260, 260, 1])
    """
    batch, height = tf.shape(images)[0], images.shape[1]
    orders = tf.range(1.0, BANDS + 1)
    cosines = tf.cos(math.pi / height * orders[:, tf.newaxis] * (tf.range(height, dtype=tf.float32) + 0.5))
    # The level is an equaliser as well: a cosine of no period.
    shapes = tf.concat([tf.ones((1, height)), cosines], 0)
    deviations = tf.concat([[LEVEL_DECIBELS], EQUALISER_DECIBELS / tf.sqrt(orders)], 0)
    decibels = deviations * tf.random.stateless_normal((batch, BANDS + 1), seed) @ shapes
    spectrograms, phases = images[..., :1], images[..., 1:]
    louder = tf.clip_by_value(spectrograms + decibel * decibels[:, :, tf.newaxis, tf.newaxis], SILENCE, 1.0)
    return tf.concat([tf.where(spectrograms == SILENCE, SILENCE, louder), phases], -1)
