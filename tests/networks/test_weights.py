"""Weights of a network as files."""

import numpy as np
import pytest

from cyclegan_keras.networks.discriminator import build_discriminator
from cyclegan_keras.networks.generator import build_generator
from cyclegan_keras.networks.weights import load_weights, save_weights
from cyclegan_keras.shared.errors import InputError

SHAPE = (64, 64, 1)


@pytest.fixture(scope="module")
def generator():
    return build_generator(SHAPE, n_resnet=1, filters=2, seed=0)


def test_saved_weights_come_back_bit_for_bit(generator, tmp_path):
    other = build_generator(SHAPE, n_resnet=1, filters=2, seed=1)
    save_weights(tmp_path / "weights.npz", generator)
    load_weights(tmp_path / "weights.npz", other)
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(generator.get_weights(), other.get_weights()))


def flip_middle_byte(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda _: b"", flip_middle_byte])
def test_damaged_weights_are_refused_by_name(generator, tmp_path, damage):
    file = tmp_path / "weights.npz"
    save_weights(file, generator)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(InputError, match="weights.npz"):
        load_weights(file, generator)


def test_weights_of_another_network_are_refused(generator, tmp_path):
    save_weights(tmp_path / "weights.npz", build_discriminator(SHAPE, filters=2))
    with pytest.raises(InputError, match="another network"):
        load_weights(tmp_path / "weights.npz", generator)
