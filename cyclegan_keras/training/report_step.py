"""One training step in the report's order (section 4)."""

import tensorflow as tf

from cyclegan_keras.config import LossWeights
from cyclegan_keras.training.state import (
    Losses,
    TrainState,
    generator_losses,
    named,
    recording,
    update_discriminator,
)


def train_step(state: TrainState, weights: LossWeights, a: tf.Tensor, b: tf.Tensor) -> Losses:
    """Update F, D_A, G and D_B once.

    Each fake is generated once: the one made for a generator's loss also goes to the pool, as if both had been
    generated first. G is updated last, so that F's update uses the same G(a).

    Parameters
    ----------
    state : TrainState
    weights : LossWeights
    a, b : tf.Tensor [shape=(batch, height, width, channels)]
        Real images of domains A and B.

    Returns
    -------
    losses : dict of scalar tensors
        ``f_*`` and ``g_*``: total and the four unweighted parts; ``d_a_*`` and ``d_b_*``: weighted.
    """
    optimizer_g, optimizer_f = state.optimizers["g"], state.optimizers["f"]
    with recording(optimizer_g) as tape_g:
        fake_b = state.g(a, training=True)

    with recording(optimizer_f) as tape_f:
        fake_a, *outputs = state.composite_f([b, a, fake_b], training=True)
        losses_f = generator_losses(weights, b, a, *outputs)
        to_minimize = optimizer_f.scaled(losses_f["loss"])
    optimizer_f.apply_gradients(tape_f.gradient(to_minimize, optimizer_f.weights))
    losses_d_a = update_discriminator(state.d_a, state.optimizers["d_a"], weights, a, state.pool_a.exchange(fake_a))

    with tape_g:
        losses_g = generator_losses(weights, a, b, *state.composite_g([fake_b, b], training=True))
        to_minimize = optimizer_g.scaled(losses_g["loss"])
    optimizer_g.apply_gradients(tape_g.gradient(to_minimize, optimizer_g.weights))
    losses_d_b = update_discriminator(state.d_b, state.optimizers["d_b"], weights, b, state.pool_b.exchange(fake_b))

    state.step.assign_add(1)
    return named(g=losses_g, f=losses_f, d_a=losses_d_a, d_b=losses_d_b)
