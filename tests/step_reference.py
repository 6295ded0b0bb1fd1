"""What a conversion and the first training steps give, stored so that every TensorFlow is held against one.

    python -m tests.step_reference    # writes tests/data again, from the TensorFlow at hand

All weights and images are drawn by NumPy, since every Keras draws its own.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf

from cyclegan_keras.config import ModelConfig, TrainConfig
from cyclegan_keras.networks.generator import build_generator
from cyclegan_keras.networks.weights import save_weights
from cyclegan_keras.shared.cli import prepare_environment
from cyclegan_keras.training.state import build_state
from cyclegan_keras.training.step import compile_train_step

DATA = Path(__file__).resolve().parent / "data"
GENERATOR_FILE, STEPS_FILE = DATA / "generator.npz", DATA / "steps.npz"

SHAPE = (32, 32, 1)
MODEL = ModelConfig(filters=2, n_resnet=1)
STEPS = 3
NETWORKS = ("g", "f", "d_a", "d_b")


def drawn_images(count: int) -> np.ndarray:
    """Images in [-1, 1]."""
    return np.random.default_rng(1).uniform(-1, 1, (count, 1, *SHAPE)).astype(np.float32)


def draw_weights(network: tf.keras.Model, seed: int) -> None:
    """Give a network weights all of which matter."""
    rng = np.random.default_rng(seed)
    network.set_weights([before + rng.normal(0, 0.1, before.shape) for before in network.get_weights()])


def new_generator() -> tf.keras.Model:
    """The network whose weights are in ``GENERATOR_FILE``."""
    return build_generator(SHAPE, MODEL.n_resnet, MODEL.filters)


def conversion(generator: tf.keras.Model) -> np.ndarray:
    """Convert an image."""
    return generator(drawn_images(1)[0]).numpy()


def steps() -> dict:
    """Take three steps, the last from a full pool; their losses, and where the gradients of all of them point.

    Of a kernel, the gradients' running mean in Adam is projected onto a direction drawn for it, in units of its norm.
    """
    train = TrainConfig(pool_size=2)
    state = build_state(SHAPE, MODEL, train)
    for seed, name in enumerate(NETWORKS):
        draw_weights(getattr(state, name), seed)
    take_step = compile_train_step(state, train)
    images = drawn_images(2 * STEPS)
    losses = [take_step(tf.constant(a), tf.constant(b)) for a, b in zip(images[::2], images[1::2])]
    names = sorted(losses[0])
    values = [[float(of_step[name]) for name in names] for of_step in losses]
    found = {"names": np.array(names), "losses": np.array(values)}
    for name in NETWORKS:
        means = [mean.numpy() for mean in state.optimizers[name].means]
        kernels = [mean for mean in means if mean.ndim == 4]
        rng = np.random.default_rng(2)
        found[name] = np.array([np.vdot(mean, rng.normal(size=mean.shape)) / np.linalg.norm(mean) for mean in kernels])
    return found


if __name__ == "__main__":
    prepare_environment()
    DATA.mkdir(exist_ok=True)
    shipped = new_generator()
    draw_weights(shipped, 0)
    save_weights(GENERATOR_FILE, shipped)
    np.savez(STEPS_FILE, conversion=conversion(shipped), **steps())
