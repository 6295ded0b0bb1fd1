"""Adam by TensorFlow's own kernel, so that training and its checkpoints are the same under every Keras."""

from collections.abc import Sequence

import tensorflow as tf

from cyclegan_keras.training import replicas

STARTING_LOSS_SCALE = 2.0**15
STEPS_UNTIL_LOSS_SCALE_DOUBLES = 2000


class Adam(tf.Module):
    """Adam (Kingma & Ba, 2015) for a fixed list of weights, with optional loss scaling.

    One fused kernel a weight, which is what Keras's older Adam runs; Keras 3 no longer has it, and its newer Adam,
    twenty small kernels a weight, takes twice as long to trace. The numbers are the same.

    float16 has too few exponents for small gradients. So losses are scaled up and gradients down again; a step whose
    gradients overflow is left out and the scale halved, and after 2000 steps that did not it is doubled.

    Parameters
    ----------
    weights : sequence of tf.Variable
    learning_rate, beta_1, beta_2, epsilon : float
    loss_scaling : bool
    """

    def __init__(
        self,
        weights: Sequence[tf.Variable],
        learning_rate: float,
        beta_1: float,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        loss_scaling: bool = False,
    ):
        super().__init__(name="adam")
        self.weights = list(weights)
        self.learning_rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon
        # They exist before a checkpoint is restored, so that a damaged one is found out at once.
        self.means, self.squares = (
            [tf.Variable(tf.zeros_like(weight), trainable=False) for weight in self.weights] for _ in range(2)
        )
        self.steps = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.loss_scaling = loss_scaling
        if loss_scaling:
            self.loss_scale = tf.Variable(STARTING_LOSS_SCALE, trainable=False)
            self.finite_steps = tf.Variable(0, dtype=tf.int64, trainable=False)

    def scaled(self, loss: tf.Tensor) -> tf.Tensor:
        """Scale the loss whose gradients ``apply_gradients`` is to be given."""
        return loss * self.loss_scale if self.loss_scaling else loss

    def apply_gradients(self, gradients: list[tf.Tensor]) -> None:
        """Take one step; ``gradients`` are those of a ``scaled`` loss by ``weights``, in their order.

        Where there are several replicas, all take the step of the mean of their gradients.
        """
        gradients = replicas.mean(gradients)
        if not self.loss_scaling:
            self._step(gradients)
            return
        gradients = [gradient / self.loss_scale for gradient in gradients]
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(gradient)) for gradient in gradients])
        tf.cond(finite, lambda: self._step(gradients), lambda: None)
        self._adapt_loss_scale(finite)

    def _step(self, gradients: list[tf.Tensor]) -> None:
        step = tf.cast(self.steps.assign_add(1), tf.float32)
        settings = {
            "beta1_power": tf.pow(self.beta_1, step), "beta2_power": tf.pow(self.beta_2, step),
            "lr": self.learning_rate, "beta1": self.beta_1, "beta2": self.beta_2, "epsilon": self.epsilon,
        }  # fmt: skip
        for weight, mean, square, gradient in zip(self.weights, self.means, self.squares, gradients):
            tf.raw_ops.ResourceApplyAdam(var=weight.handle, m=mean.handle, v=square.handle, grad=gradient, **settings)

    def _adapt_loss_scale(self, finite: tf.Tensor) -> None:
        grow = finite & (self.finite_steps >= STEPS_UNTIL_LOSS_SCALE_DOUBLES - 1)
        factor = tf.where(finite, tf.where(grow, 2.0, 1.0), 0.5)
        self.loss_scale.assign(tf.maximum(self.loss_scale * factor, 1.0))
        self.finite_steps.assign(tf.where(finite & ~grow, self.finite_steps + 1, 0))
