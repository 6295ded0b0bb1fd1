"""The generator, the PatchGAN discriminator and the composite model that trains a generator.

All are Functional API models (report, section 4). Under a mixed precision policy of Keras their
inputs and outputs are still float32. Trainable weights of a composite's three
networks: 20,846,791 with 3 ResNet blocks, 43,859,143 with 6, 77,488,327 with 9.
"""

import itertools
from pathlib import Path
from typing import Callable, List, Tuple

import numpy as np
import tensorflow as tf
from tensorflow.keras import Input, Model, layers

from cyclegan_keras.errors import InputError
from cyclegan_keras.files import HEADER_BYTES, read_arrays, write_arrays
from cyclegan_keras.layers import ClippedSum, Conv2D, Conv2DTranspose, InstanceNormalization

FAKE, TRANSLATED = "fake", "translated"
"""Names of the layers in a composite whose outputs are G(a), and F(b) on its way back to b."""

LEAK = 0.2


def build_generator(
    image_shape: Tuple[int, int, int],
    n_resnet: int = 6,
    filters: int = 64,
    *,
    output_scale: float = 1.0,
    output_offset: float = 0.0,
    residual: bool = False,
    seed: int = 0,
) -> Model:
    """Build the network that repaints an image in the other domain.

    Two strided convolutions down, ``n_resnet`` ResNet blocks that each concatenate ``4 * filters``
    channels to their input, two strided transposed convolutions up, tanh.

    Parameters
    ----------
    image_shape : (height, width, channels)
        Height and width must be multiples of 4.
    n_resnet : int
        ResNet blocks: 6, or 3 and 9 in the report's Table 1.
    filters : int
        Channels of the first layer: 64 in the report.
    output_scale, output_offset : float
        Where the norm before tanh starts.
    residual : bool
        Paint what is to be added to the image, not the image anew (ours): without a norm before tanh, for a change has
        the level that it has, and from a start that changes nothing.
    seed : int
        Of the weights; each layer draws from a seed of its own.

    Returns
    -------
    generator : tf.keras.Model
        (batch, height, width, channels) to the same shape, in [-1, 1].

    Example
    -------
    >>> build_generator((260, 260, 1)).output_shape
    (None, 260, 260, 1)
    """
    initializer = _seeded_initializers(seed)

    def conv(x, channels, size, stride=1, layer=Conv2D):
        x = layer(channels, size, strides=stride, padding="same", kernel_initializer=initializer())(x)
        return InstanceNormalization()(x)

    def resnet_block(x):
        y = layers.ReLU()(conv(x, 4 * filters, 3))
        return layers.Concatenate()([conv(y, 4 * filters, 3), x])

    image = Input(image_shape)
    x = layers.ReLU()(conv(image, filters, 7))
    x = layers.ReLU()(conv(x, 2 * filters, 3, stride=2))
    x = layers.ReLU()(conv(x, 4 * filters, 3, stride=2))
    for _ in range(n_resnet):
        x = resnet_block(x)
    x = layers.ReLU()(conv(x, 2 * filters, 3, stride=2, layer=Conv2DTranspose))
    x = layers.ReLU()(conv(x, filters, 3, stride=2, layer=Conv2DTranspose))
    start = "zeros" if residual else initializer()
    x = Conv2D(image_shape[-1], 7, padding="same", kernel_initializer=start)(x)
    if not residual:
        x = InstanceNormalization(scale_start=output_scale, offset_start=output_offset)(x)
    painted = layers.Activation("tanh", dtype="float32")(x)
    return Model(image, ClippedSum()([image, painted]) if residual else painted)


def build_discriminator(image_shape: Tuple[int, int, int], filters: int = 64, *, seed: int = 0) -> Model:
    """Build the PatchGAN that tells real from generated; an output value sees 142 x 142 pixels.

    Parameters
    ----------
    image_shape : (height, width, channels)
    filters : int
        Channels of the first layer: 64 in the report.
    seed : int
        Of the weights.

    Returns
    -------
    discriminator : tf.keras.Model
        Images to patches without a sigmoid: 17 x 17 x 1 for 260 x 260, 33 x 33 x 1 for 520 x 520.

    Example
    -------
    >>> build_discriminator((260, 260, 1)).output_shape
    (None, 17, 17, 1)
    """
    initializer = _seeded_initializers(seed)

    def conv(x, channels, stride, dtype=None):
        settings = dict(strides=stride, padding="same", kernel_initializer=initializer(), dtype=dtype)
        return Conv2D(channels, 4, **settings)(x)

    image = Input(image_shape)
    x = layers.LeakyReLU(LEAK)(conv(image, filters, 2))
    for channels, stride in ((2 * filters, 2), (4 * filters, 2), (8 * filters, 2), (8 * filters, 1)):
        x = layers.LeakyReLU(LEAK)(InstanceNormalization()(conv(x, channels, stride)))
    return Model(image, conv(x, 1, 1, dtype="float32"))


def build_composite(
    generator: Model, discriminator: Model, other_generator: Model, image_shape: Tuple[int, int, int]
) -> Model:
    """Compose the model that trains ``generator``; the other two networks are frozen in it.

    With G the generator, D the target domain's discriminator and F the other generator, the inputs
    are [source image a, target image b] and the outputs, in order, D(G(a)), G(b), F(G(a)), G(F(b)):
    adversarial, identity, forward cycle and backward cycle.

    Parameters
    ----------
    generator, discriminator, other_generator : tf.keras.Model
        Their ``trainable`` flags are set: True, False, False.
    image_shape : (height, width, channels)

    Returns
    -------
    composite : tf.keras.Model
        Its layers ``"fake"`` and ``"translated"`` put G(a) and F(b) out.
    """
    generator.trainable = True
    discriminator.trainable = False
    other_generator.trainable = False
    source, target = Input(image_shape), Input(image_shape)
    fake = layers.Identity(name=FAKE)(generator(source))
    translated = layers.Identity(name=TRANSLATED)(other_generator(target))
    return Model(
        [source, target], [discriminator(fake), generator(target), other_generator(fake), generator(translated)]
    )


def variables(network: Model) -> List[tf.Variable]:
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


def _seeded_initializers(seed: int) -> Callable[[], tf.keras.initializers.Initializer]:
    # One initializer object shared by layers of one shape would give them all the same weights in Keras 2.15.
    seeds = itertools.count(1000 * seed)
    return lambda: tf.keras.initializers.RandomNormal(stddev=0.02, seed=next(seeds))
