"""Training images as unpaired batches: shuffled by seed, batched, prefetched (tf.data)."""

import numpy as np
import tensorflow as tf

from cyclegan_keras.shared.errors import InputError


def steps_per_epoch(clips_a: int, batch_size: int) -> int:
    """Steps of an epoch: as many as domain A fills batches (report, section 4).

    Raises
    ------
    InputError
        Domain A does not fill one batch.
    """
    steps = clips_a // batch_size
    if steps == 0:
        raise InputError(f"--batch-size {batch_size}: domain A has only {clips_a} clips to train on; lower it")
    return steps


def unpaired_epoch(
    images_a: np.ndarray | tf.Tensor,
    images_b: np.ndarray | tf.Tensor,
    *,
    seed: int,
    epoch: int,
    batch_size: int = 1,
    first_step: int = 0,
) -> tf.data.Dataset:
    """Make one epoch of unpaired batches, each domain in an order of its own.

    The order is a function of seed and epoch alone, so a resumed training meets the batches that an uninterrupted one
    would have.

    Parameters
    ----------
    images_a, images_b : np.ndarray or tf.Tensor [shape=(n, height, width, channels), dtype=float32]
        The domains; their sizes may differ. Domain B starts over in a new order when it runs out. Arrays are copied,
        tensors are not.
    seed, epoch : int
    batch_size : int
    first_step : int
        Steps of this epoch to leave out, because they were taken before an interruption.

    Returns
    -------
    batches : tf.data.Dataset
        Pairs of float32 tensors (batch_size, height, width, channels).

    Example
    -------
    >>> a, b = np.zeros((5, 4, 4, 1), np.float32), np.ones((3, 4, 4, 1), np.float32)
    >>> len(list(unpaired_epoch(a, b, seed=0, epoch=0)))
    5
    """

    def draw(index_a, index_b):
        return tf.gather(tensor_a, index_a), tf.gather(tensor_b, index_b)

    with tf.device("CPU"):
        tensor_a, tensor_b = tf.constant(images_a), tf.constant(images_b)
    indices = unpaired_indices(
        len(images_a), len(images_b), seed=seed, epoch=epoch, batch_size=batch_size, first_step=first_step
    )
    # tf.data's tuning has a thread, whose end TensorFlow 2.15 may await for half a minute after every epoch.
    options = tf.data.Options()
    options.autotune.enabled = False
    return indices.map(draw).prefetch(2).with_options(options)


def unpaired_indices(
    clips_a: int, clips_b: int, *, seed: int, epoch: int, batch_size: int = 1, first_step: int = 0
) -> tf.data.Dataset:
    """Draw which clips of each domain ``unpaired_epoch`` gives together, by their position there.

    Returns
    -------
    indices : tf.data.Dataset
        Pairs of int64 tensors (batch_size,).
    """

    def shuffled(domain: int, size: int) -> tf.data.Dataset:
        order_seed = int(np.random.SeedSequence([seed, epoch, domain]).generate_state(1, np.uint32)[0])
        return tf.data.Dataset.range(size).shuffle(size, seed=order_seed)

    pairs = tf.data.Dataset.zip((shuffled(0, clips_a), shuffled(1, clips_b).repeat()))
    batches = pairs.batch(batch_size, drop_remainder=True)
    return batches.take(steps_per_epoch(clips_a, batch_size)).skip(first_step)
