"""Our own training, which is not the report's: joint updates of both generators, and averages of their weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import tensorflow as tf

from cyclegan_keras.config import LossWeights, ModelConfig, TrainConfig
from cyclegan_keras.networks.weights import variables
from cyclegan_keras.training.state import (
    Losses,
    TrainState,
    build_adam,
    build_state,
    generator_losses,
    named,
    recording,
    update_discriminator,
)

AVERAGE_WARM_UP_STEPS = 10.0
"""A young average covers about the last ninth of the training, as in ``tf.train.ExponentialMovingAverage``."""


@dataclass
class JointState(TrainState):
    """A train state with one optimizer for both generators, and the averages of their weights by name, if kept."""

    averages: dict[str, list[tf.Variable]]
    average_decay: float

    def checkpoint(self) -> tf.train.Checkpoint:
        """As ``TrainState.checkpoint``, with the averages."""
        checkpoint = super().checkpoint()
        checkpoint.averages = self.averages
        return checkpoint

    @contextmanager
    def finished_generators(self) -> Iterator[tuple[tf.keras.Model, tf.keras.Model]]:
        """Give G and F with their averaged weights, if they are kept, for the length of a ``with`` block."""
        before = {name: getattr(self, name).get_weights() for name in self.averages}
        for name, averages in self.averages.items():
            getattr(self, name).set_weights([average.numpy() for average in averages])
        try:
            yield self.g, self.f
        finally:
            for name, weights in before.items():
                getattr(self, name).set_weights(weights)


def build_joint_state(
    image_shape: tuple[int, int, int],
    model: ModelConfig,
    train: TrainConfig,
    output_start: tuple[float, float] = (1.0, 0.0),
) -> JointState:
    """Build the state of a joint training; parameters as of ``build_state``."""
    state = build_state(image_shape, model, train, output_start)
    generators = build_adam(variables(state.g) + variables(state.f), train)
    discriminators = {name: state.optimizers[name] for name in ("d_a", "d_b")}
    averages = {
        name: [tf.Variable(weight, trainable=False) for weight in variables(network)]
        for name, network in (("g", state.g), ("f", state.f))
        if train.average_decay
    }
    fields = {**vars(state), "optimizers": {"generators": generators, **discriminators}}
    return JointState(**fields, averages=averages, average_decay=train.average_decay)


def joint_train_step(state: JointState, weights: LossWeights, a: tf.Tensor, b: tf.Tensor) -> Losses:
    """Update G and F together, then D_A and D_B (Zhu et al., 2017).

    Each generator gets the gradient its composite would give it, both from before either moved. The composites have
    both cycles in common, so this is the work of 18 generator passes instead of 23.

    Parameters
    ----------
    state : JointState
    weights : LossWeights
    a, b : tf.Tensor [shape=(batch, height, width, channels)]
        Real images of domains A and B.

    Returns
    -------
    losses : dict of scalar tensors
        As of ``report_step.train_step``.
    """
    g, f, optimizer = state.g, state.f, state.optimizers["generators"]
    with recording(optimizer) as tape:
        fake_b, fake_a = g(a, training=True), f(b, training=True)
        cycle_a, cycle_b = f(fake_b, training=True), g(fake_a, training=True)
        patches_a, patches_b = state.d_a(fake_a, training=True), state.d_b(fake_b, training=True)
        losses_g = generator_losses(weights, a, b, patches_b, g(b, training=True), cycle_a, cycle_b)
        # The cycles are in both losses; the gradient counts them once.
        cycles = map(tf.stop_gradient, (cycle_b, cycle_a))
        losses_f = generator_losses(weights, b, a, patches_a, f(a, training=True), *cycles)
        to_minimize = optimizer.scaled(losses_g["loss"] + losses_f["loss"])
    optimizer.apply_gradients(tape.gradient(to_minimize, optimizer.weights))
    losses_d_a = update_discriminator(state.d_a, state.optimizers["d_a"], weights, a, state.pool_a.exchange(fake_a))
    losses_d_b = update_discriminator(state.d_b, state.optimizers["d_b"], weights, b, state.pool_b.exchange(fake_b))
    state.step.assign_add(1)
    update_averages(state)
    return named(g=losses_g, f=losses_f, d_a=losses_d_a, d_b=losses_d_b)


def update_averages(state: JointState) -> None:
    """Move the averages of the generators' weights towards the weights.

    The decay is at most (1 + steps) / (10 + steps), so that a young average does not hold on to the random start.
    """
    steps = tf.cast(state.step, tf.float32)
    towards = 1.0 - tf.minimum(state.average_decay, (1.0 + steps) / (AVERAGE_WARM_UP_STEPS + steps))
    for name, averages in state.averages.items():
        for average, weight in zip(averages, variables(getattr(state, name)), strict=True):
            average.assign_add(towards * (weight - average))
