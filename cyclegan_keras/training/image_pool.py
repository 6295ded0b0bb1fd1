"""The pool of past fakes that steadies a discriminator (Shrivastava et al., 2017; report, section 4)."""

import tensorflow as tf

from cyclegan_keras.training import replicas


class ImagePool(tf.Module):
    """Up to ``size`` generated images, kept on the device and saved in checkpoints.

    While the pool fills, ``exchange`` returns the fresh fake. Once full, with probability 1/2 the
    fresh fake is returned as it is; else a random pooled image is returned and replaced by it.

    Parameters
    ----------
    image_shape : (height, width, channels)
    size : int
        50 in the report.
    seed : int
        Draws depend on it and on the number of images seen, so a restored pool goes on as it was.
    """

    def __init__(self, image_shape: tuple[int, int, int], size: int = 50, seed: int = 0):
        super().__init__(name="image_pool")
        self.size = size
        self.seed = seed
        self.images = tf.Variable(tf.zeros((size, *image_shape)), trainable=False, name="images")
        self.seen = tf.Variable(0, dtype=tf.int32, trainable=False, name="seen")

    def exchange(self, fakes: tf.Tensor) -> tf.Tensor:
        """Exchange fresh fakes for the images that the discriminator is trained on.

        Where there are several replicas, each keeps a pool of the fakes of all, so that all pools are the same.

        Parameters
        ----------
        fakes : tf.Tensor [shape=(batch, height, width, channels)]
            The batch size must be known.
        """
        fakes = replicas.whole_batch(fakes)
        return replicas.own_share(tf.stack([self._exchange_one(fake) for fake in tf.unstack(fakes)]))

    def _exchange_one(self, fake: tf.Tensor) -> tf.Tensor:
        draw = tf.random.stateless_uniform([2], seed=[self.seed, self.seen], alg="philox")
        full = self.seen >= self.size
        use_pooled = full & (draw[0] >= 0.5)
        random_index = tf.cast(draw[1] * self.size, tf.int32)
        index = tf.where(full, random_index, tf.minimum(self.seen, self.size - 1))
        pooled = tf.gather(self.images, index)
        kept = tf.where(~full | use_pooled, fake, pooled)
        self.images.scatter_update(tf.IndexedSlices(kept[tf.newaxis], index[tf.newaxis]))
        self.seen.assign_add(1)
        return tf.where(use_pooled, pooled, fake)
