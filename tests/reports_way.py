"""The training step written plainly, the report's way: slow, and what ours is held against.

Tests compare losses and weights with it, ``benchmarks/train_step.py`` its speed.
"""

import numpy as np
import tensorflow as tf

from cyclegan_keras.networks.composite import build_composite
from cyclegan_keras.training.image_pool import ImagePool
from cyclegan_keras.training.state import build_state

PARTS = ("adversarial", "identity", "forward_cycle", "backward_cycle")


class ReportsWay:
    """The networks of ``build_state``, trained by compiled composites, ``train_on_batch`` and ``predict``."""

    def __init__(self, image_shape, model, train):
        state = build_state(image_shape, model, train)
        self.networks = {"g": state.g, "f": state.f, "d_a": state.d_a, "d_b": state.d_b}
        for discriminator in (state.d_a, state.d_b):
            discriminator.trainable = True
            discriminator.compile(loss="mse", optimizer=self.adam(), loss_weights=[0.5])
        self.composite_g = self.compiled(build_composite(state.g, state.d_b, state.f, image_shape))
        self.composite_f = self.compiled(build_composite(state.f, state.d_a, state.g, image_shape))
        self.pool_a = ImagePool(image_shape, train.pool_size, seed=2 * train.seed)
        self.pool_b = ImagePool(image_shape, train.pool_size, seed=2 * train.seed + 1)

    @staticmethod
    def adam():
        return tf.keras.optimizers.Adam(learning_rate=2e-4, beta_1=0.5)

    def compiled(self, composite):
        # Keras 3 tells losses apart by their outputs' names, of which the composite's G has two.
        outputs = [tf.keras.layers.Identity(name=name)(output) for name, output in zip(PARTS, composite.outputs)]
        composite = tf.keras.Model(composite.inputs, outputs)
        composite.compile(loss=["mse", "mae", "mae", "mae"], loss_weights=[1, 5, 10, 10], optimizer=self.adam())
        return composite

    def only(self, name):
        # Keras looks at the flags when it first trains a model, not when it compiles it.
        for other, network in self.networks.items():
            network.trainable = other == name
        return self.networks[name]

    def step(self, a, b):
        patches = (len(a), *self.networks["d_a"].output_shape[1:])
        ones, zeros = np.ones(patches), np.zeros(patches)
        fake_a = self.pool_a.exchange(tf.constant(self.networks["f"].predict(b, verbose=0)))
        fake_b = self.pool_b.exchange(tf.constant(self.networks["g"].predict(a, verbose=0)))
        losses = {}
        self.only("f")
        losses_f = self.composite_f.train_on_batch([b, a], [ones, a, b, a], return_dict=True)
        losses["d_a_real"] = self.only("d_a").train_on_batch(a, ones)
        losses["d_a_fake"] = self.only("d_a").train_on_batch(fake_a, zeros)
        self.only("g")
        losses_g = self.composite_g.train_on_batch([a, b], [ones, b, a, b], return_dict=True)
        losses["d_b_real"] = self.only("d_b").train_on_batch(b, ones)
        losses["d_b_fake"] = self.only("d_b").train_on_batch(fake_b, zeros)
        for network, by_name in (("f", losses_f), ("g", losses_g)):
            losses[f"{network}_loss"] = by_name["loss"]
            losses.update({f"{network}_{name}": by_name[f"{name}_loss"] for name in PARTS})
        return losses
