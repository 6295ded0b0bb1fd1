"""Weights of a network as files of plain arrays, which every Keras reads."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.keras import Model

from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import HEADER_BYTES, read_arrays, write_arrays


def variables(network: Model) -> list[tf.Variable]:
    """TensorFlow's variables of a network's weights, in the order the layers were built. Keras 3 wraps them."""
    return [weight if isinstance(weight, tf.Variable) else weight.value for weight in network.weights]


def save_weights(path: Path, network: Model, dtype: type = np.float32) -> None:
    """Write a network's weights as plain arrays (``.npz``) of ``dtype``, in the order the layers were built."""
    write_arrays(path, {f"{i:03d}": array.astype(dtype) for i, array in enumerate(network.get_weights())})


def load_weights(path: Path, network: Model) -> None:
    """Read weights that ``save_weights`` wrote into a network of the same shape.

    Raises
    ------
    InputError
        The file is missing or damaged, or its weights are another network's or not finite. Never unpickles.
    """
    try:
        expected = network.get_weights()
        arrays = read_arrays(path, sum(array.nbytes + HEADER_BYTES for array in expected))
        weights = [arrays[name] for name in sorted(arrays)]
        if not all(array.dtype in (np.float32, np.float16) and np.isfinite(array).all() for array in weights):
            raise ValueError("not all of it is finite numbers of type float32 or float16")
        network.set_weights(weights)
    except FileNotFoundError:
        raise InputError(f"{path}: not found") from None
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path}: damaged, or weights of another network ({reason})") from None
