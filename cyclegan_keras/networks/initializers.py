"""How the networks' weights start (report, section 4)."""

import itertools
from collections.abc import Callable

import tensorflow as tf


def seeded_initializers(seed: int) -> Callable[[], tf.keras.initializers.Initializer]:
    """Give a function that makes a fresh N(0, 0.02) initializer for each layer, seeded by ``seed`` and its number.

    In Keras 2.15 one initializer object shared by layers of one shape would give them all the same weights.
    """
    seeds = itertools.count(1000 * seed)
    return lambda: tf.keras.initializers.RandomNormal(stddev=0.02, seed=next(seeds))
