"""The training that a configuration asks for: its state, and its step as a ``tf.function``."""

from collections.abc import Callable

import tensorflow as tf

from cyclegan_keras.config import ModelConfig, TrainConfig
from cyclegan_keras.training import replicas
from cyclegan_keras.training.joint_step import build_joint_state, joint_train_step
from cyclegan_keras.training.report_step import train_step
from cyclegan_keras.training.state import Losses, TrainState, build_state

TrainStep = Callable[[tf.Tensor, tf.Tensor], Losses]


def build_training(
    image_shape: tuple[int, int, int],
    model: ModelConfig,
    train: TrainConfig,
    output_start: tuple[float, float] = (1.0, 0.0),
) -> tuple[TrainState, TrainStep]:
    """Build a training: the report's for ``update`` ``"alternating"``, ours for ``"joint"``.

    Parameters
    ----------
    image_shape : (height, width, channels)
    model, train : ModelConfig, TrainConfig
    output_start : (scale, offset)
        Where the generators' output norm starts.

    Returns
    -------
    state : TrainState
    take_step : callable
        Takes real images a and b of shape (batch, height, width, channels), changes ``state``, returns the losses.
    """
    build = build_joint_state if train.update == "joint" else build_state
    state = build(image_shape, model, train, output_start)
    return state, compile_train_step(state, train)


def compile_train_step(state: TrainState, train: TrainConfig) -> TrainStep:
    """Make the ``tf.function`` that takes one step on ``state``, on every device of TensorFlow's strategy."""
    update = joint_train_step if train.update == "joint" else train_step
    strategy = tf.distribute.get_strategy()

    def step_of_a_replica(a: tf.Tensor, b: tf.Tensor) -> Losses:
        return replicas.mean(update(state, train.loss_weights, replicas.own_share(a), replicas.own_share(b)))

    def step(a: tf.Tensor, b: tf.Tensor) -> Losses:
        return strategy.experimental_local_results(strategy.run(step_of_a_replica, (a, b)))[0]

    # Nothing in the step needs AutoGraph, which would only make tracing longer.
    return tf.function(step, autograph=False, jit_compile=train.xla or None)
