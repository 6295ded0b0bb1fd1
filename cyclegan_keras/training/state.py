"""The train state: four networks with their optimizers and image pools, and the losses they are trained by.

In the notation of the CycleGAN paper (Zhu et al., 2017): G maps domain A to B, F maps B to A, D_A and D_B tell real
from generated images of their domain.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import tensorflow as tf
from tensorflow.keras import mixed_precision

from cyclegan_keras.config import LossWeights, ModelConfig, TrainConfig
from cyclegan_keras.networks.composite import FAKE, TRANSLATED, build_composite
from cyclegan_keras.networks.discriminator import build_discriminator
from cyclegan_keras.networks.generator import build_generator
from cyclegan_keras.networks.weights import variables
from cyclegan_keras.training.adam import Adam
from cyclegan_keras.training.image_pool import ImagePool

Losses = dict[str, tf.Tensor]


@dataclass
class TrainState:
    """Everything a training step changes, and nothing else.

    The composites share the four networks, and both are given G(a): ``composite_f`` takes b, a and G(a) and gives F(b)
    first, ``composite_g`` takes G(a) and b; then come the four outputs of ``composite.build_composite``.
    """

    g: tf.keras.Model
    f: tf.keras.Model
    d_a: tf.keras.Model
    d_b: tf.keras.Model
    composite_g: tf.keras.Model
    composite_f: tf.keras.Model
    optimizers: dict[str, Adam]
    pool_a: ImagePool
    pool_b: ImagePool
    step: tf.Variable

    def networks(self) -> dict[str, tf.keras.Model]:
        """The four networks by name."""
        return {"g": self.g, "f": self.f, "d_a": self.d_a, "d_b": self.d_b}

    def checkpoint(self) -> tf.train.Checkpoint:
        """Everything that must be saved to go on exactly where training stopped.

        Networks are lists of variables in it, not Keras's objects, so that what one Keras saved another restores.
        """
        networks = {name: variables(network) for name, network in self.networks().items()}
        return tf.train.Checkpoint(
            **networks, optimizers=self.optimizers, pool_a=self.pool_a, pool_b=self.pool_b, step=self.step
        )

    @contextmanager
    def finished_generators(self) -> Iterator[tuple[tf.keras.Model, tf.keras.Model]]:
        """Give G and F with the weights that conversions should use, for the length of a ``with`` block."""
        yield self.g, self.f


def build_state(
    image_shape: tuple[int, int, int],
    model: ModelConfig,
    train: TrainConfig,
    output_start: tuple[float, float] = (1.0, 0.0),
) -> TrainState:
    """Build the networks, optimizers and pools of a training that starts from nothing.

    The networks compute in ``train.precision``; losses, weights and optimizers are float32.

    Parameters
    ----------
    image_shape : (height, width, channels)
    model, train : ModelConfig, TrainConfig
    output_start : (scale, offset)
        Where the generators' output norm starts.
    """
    scale, offset = output_start

    def generator(number: int) -> tf.keras.Model:
        return build_generator(
            image_shape, model.n_resnet, model.filters,
            output_scale=scale, output_offset=offset, seed=4 * train.seed + number,
        )  # fmt: skip

    with _policy(train.precision):
        networks = {
            "g": generator(0),
            "f": generator(1),
            "d_a": build_discriminator(image_shape, model.filters, seed=4 * train.seed + 2),
            "d_b": build_discriminator(image_shape, model.filters, seed=4 * train.seed + 3),
        }
    for network in networks.values():
        # A step runs each network up to five times; this way it is traced once, which takes half as long.
        network.call = tf.function(network.call, autograph=False)
    g, f, d_a, d_b = networks.values()
    return TrainState(
        **networks,
        composite_g=_given_fake(build_composite(g, d_b, f, image_shape)),
        composite_f=_given_translated(build_composite(f, d_a, g, image_shape)),
        # All of a network's weights are trained; `trainable_weights` would depend on which composite was built last.
        optimizers={name: build_adam(variables(network), train) for name, network in networks.items()},
        pool_a=ImagePool(image_shape, train.pool_size, seed=2 * train.seed),
        pool_b=ImagePool(image_shape, train.pool_size, seed=2 * train.seed + 1),
        step=tf.Variable(0, dtype=tf.int64, trainable=False, name="step"),
    )


def build_adam(weights: list[tf.Variable], train: TrainConfig) -> Adam:
    """Build the optimizer of some weights."""
    return Adam(weights, train.learning_rate, train.beta_1, loss_scaling=train.precision == "mixed_float16")


def recording(optimizer: Adam) -> tf.GradientTape:
    """A gradient tape that watches the weights of an optimizer and no others."""
    tape = tf.GradientTape(watch_accessed_variables=False)
    with tape:
        tape.watch(optimizer.weights)
    return tape


def generator_losses(
    weights: LossWeights,
    source: tf.Tensor,
    target: tf.Tensor,
    patches: tf.Tensor,
    same: tf.Tensor,
    forward: tf.Tensor,
    backward: tf.Tensor,
) -> Losses:
    """The weighted total and the four parts of a composite's loss (report, section 4).

    Parameters
    ----------
    weights : LossWeights
    source, target : tf.Tensor [shape=(batch, height, width, channels)]
        Real images a and b.
    patches, same, forward, backward : tf.Tensor
        The composite's outputs D(G(a)), G(b), F(G(a)) and G(F(b)).
    """
    losses = {
        "adversarial": _mean_squared_error(1.0, patches),
        "identity": _mean_absolute_error(target, same),
        "forward_cycle": _mean_absolute_error(source, forward),
        "backward_cycle": _mean_absolute_error(target, backward),
    }
    return {"loss": tf.add_n([getattr(weights, name) * loss for name, loss in losses.items()]), **losses}


def update_discriminator(
    discriminator: tf.keras.Model, optimizer: Adam, weights: LossWeights, real: tf.Tensor, fake: tf.Tensor
) -> Losses:
    """Train a discriminator in two optimizer steps: on real images, then on fakes (report, section 4)."""
    losses = {}
    for name, images, wanted in (("real", real, 1.0), ("fake", fake, 0.0)):
        with recording(optimizer) as tape:
            losses[name] = weights.discriminator * _mean_squared_error(wanted, discriminator(images, training=True))
            to_minimize = optimizer.scaled(losses[name])
        optimizer.apply_gradients(tape.gradient(to_minimize, optimizer.weights))
    return losses


def named(**by_network: Losses) -> Losses:
    """Join losses by network into one dict, as ``g_loss`` or ``d_a_real``."""
    return {f"{name}_{part}": loss for name, losses in by_network.items() for part, loss in losses.items()}


def _given_fake(composite: tf.keras.Model) -> tf.keras.Model:
    _, target = composite.inputs
    return tf.keras.Model([composite.get_layer(FAKE).output, target], composite.outputs)


def _given_translated(composite: tf.keras.Model) -> tf.keras.Model:
    inputs = [*composite.inputs, composite.get_layer(TRANSLATED).output]
    return tf.keras.Model(inputs, [composite.get_layer(FAKE).output, *composite.outputs])


@contextmanager
def _policy(precision: str) -> Iterator[None]:
    # Layers keep the policy they are built under.
    before = mixed_precision.global_policy()
    mixed_precision.set_global_policy(precision)
    try:
        yield
    finally:
        mixed_precision.set_global_policy(before)


def _mean_squared_error(wanted: float, patches: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.square(patches - wanted))


def _mean_absolute_error(wanted: tf.Tensor, image: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.abs(image - wanted))
