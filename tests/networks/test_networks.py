"""The networks are the report's."""

import numpy as np
import pytest
import tensorflow as tf

from cyclegan_keras.networks.composite import build_composite
from cyclegan_keras.networks.discriminator import build_discriminator
from cyclegan_keras.networks.generator import build_generator

REPORT = (260, 260, 1)
SMALL = (64, 64, 1)


@pytest.fixture(scope="module")
def small_networks():
    """G, D and F."""
    g = build_generator(SMALL, n_resnet=1, filters=2, seed=0)
    f = build_generator(SMALL, n_resnet=1, filters=2, seed=1)
    return g, build_discriminator(SMALL, filters=2, seed=2), f


def trainable_count(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


@pytest.mark.parametrize("blocks, printed", [(3, 20_846_791), (6, 43_859_143), (9, 77_488_327)])
def test_a_composites_three_networks_hold_the_reports_number_of_trainable_weights(blocks, printed):
    generator, discriminator = build_generator(REPORT, blocks), build_discriminator(REPORT)
    assert 2 * trainable_count(generator) + trainable_count(discriminator) == printed
    joined = [layer for layer in generator.layers if isinstance(layer, tf.keras.layers.Concatenate)]
    assert [layer.output.shape[-1] for layer in joined] == [256 * (2 + block) for block in range(blocks)]


def described(layer):
    """What a layer does, in a line."""
    kind = type(layer).__name__
    if hasattr(layer, "kernel"):
        return f"{kind} {layer.kernel_size[0]} / {layer.strides[0]} to {layer.filters}"
    if kind == "LeakyReLU":
        return f"LeakyReLU {-float(layer(tf.constant([-1.0]))[0]):.1f}"
    return f"norm {layer.epsilon}" if kind == "InstanceNormalization" else getattr(layer, "activation", None) or kind


def test_the_generators_layers_are_the_reports():
    _, *layers = build_generator(SMALL, n_resnet=1, filters=2).layers
    norm = "norm 0.001"
    assert [getattr(each, "__name__", each) for each in map(described, layers)] == [
        "Conv2D 7 / 1 to 2", norm, "ReLU", "Conv2D 3 / 2 to 4", norm, "ReLU", "Conv2D 3 / 2 to 8", norm, "ReLU",
        "Conv2D 3 / 1 to 8", norm, "ReLU", "Conv2D 3 / 1 to 8", norm, "Concatenate",
        "Conv2DTranspose 3 / 2 to 4", norm, "ReLU", "Conv2DTranspose 3 / 2 to 2", norm, "ReLU",
        "Conv2D 7 / 1 to 1", norm, "tanh",
    ]  # fmt: skip


def test_the_discriminators_layers_are_the_reports():
    _, *layers = build_discriminator(SMALL, filters=2).layers
    norm, leak = "norm 0.001", "LeakyReLU 0.2"
    assert list(map(described, layers)) == [
        "Conv2D 4 / 2 to 2", leak, "Conv2D 4 / 2 to 4", norm, leak, "Conv2D 4 / 2 to 8", norm, leak,
        "Conv2D 4 / 2 to 16", norm, leak, "Conv2D 4 / 1 to 16", norm, leak, "Conv2D 4 / 1 to 1",
    ]  # fmt: skip


def test_the_composite_holds_each_of_its_networks_once(small_networks):
    g, d, f = small_networks
    expected = g.count_params() + d.count_params() + f.count_params()
    assert build_composite(g, d, f, SMALL).count_params() == expected


@pytest.mark.parametrize("size, patch", [(260, 17), (520, 33), (48, 3)])
def test_the_discriminator_judges_patches_of_the_reports_number(size, patch):
    assert build_discriminator((size, size, 1), filters=2).output_shape == (None, patch, patch, 1)


def test_a_patch_sees_142_pixels_each_way():
    # Three 4x4 convolutions at stride 2, one more, then two at stride 1: walk back from one output value.
    strides = [layer.strides[0] for layer in build_discriminator(REPORT, 2).layers if "conv2d" in layer.name]
    seen = 1
    for stride in reversed(strides):
        seen = (seen - 1) * stride + 4
    assert seen == 142


@pytest.mark.parametrize("size", [260, 520, 48])
def test_the_generator_gives_images_of_the_size_it_takes(size):
    assert build_generator((size, size, 1), 1, 2).output_shape == (None, size, size, 1)


def test_the_generator_paints_within_the_image_scale():
    image = np.random.default_rng(0).uniform(-1, 1, (1, *SMALL)).astype(np.float32)
    painted = build_generator(SMALL, 1, 2)(image).numpy()
    assert painted.shape == image.shape and np.abs(painted).max() <= 1.0 and painted.std() > 0.1


@pytest.mark.parametrize("build", [lambda: build_generator(SMALL, 3, 4), lambda: build_discriminator(SMALL, 4)])
def test_weights_are_drawn_from_a_normal_distribution_of_deviation_0_02_for_each_layer_anew(build):
    drawn = [layer.kernel.numpy().ravel() for layer in build().layers if hasattr(layer, "kernel")]
    for kernel in drawn:
        assert kernel.std() == pytest.approx(0.02, rel=0.25) and abs(kernel.mean()) < 0.005
    every = np.concatenate(drawn)
    assert every.std() == pytest.approx(0.02, rel=0.05) and abs(every.mean()) < 1e-3
    assert np.mean(np.abs(every) > 0.04) == pytest.approx(0.0455, abs=0.01), "normal, and not cut off"
    assert len({kernel[:16].tobytes() for kernel in drawn}) == len(drawn)


def test_the_seed_decides_the_weights():
    first, again, other = (build_discriminator(SMALL, 2, seed=seed).get_weights()[0] for seed in (5, 5, 6))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_the_output_norm_starts_where_it_is_told():
    generator = build_generator(SMALL, 1, 2, output_scale=1.12, output_offset=-1.59)
    *_, scale, offset = generator.get_weights()
    assert scale == pytest.approx(1.12) and offset == pytest.approx(-1.59)


def test_the_composites_outputs_are_the_four_of_the_report_in_order(small_networks):
    g, d, f = small_networks
    rng = np.random.default_rng(0)
    a, b = (rng.uniform(-1, 1, (1, *SMALL)).astype(np.float32) for _ in range(2))
    expected = [d(g(a)), g(b), f(g(a)), g(f(b))]
    for output, wanted in zip(build_composite(g, d, f, SMALL)([a, b]), expected):
        np.testing.assert_allclose(output, wanted, atol=1e-5)


def test_training_a_composite_changes_its_generator_and_nothing_of_the_frozen_two(small_networks):
    g, d, f = small_networks
    composite = build_composite(g, d, f, SMALL)
    parts = ["mse", "mae", "mae", "mae"]
    composite.compile(loss=parts, loss_weights=[1, 5, 10, 10], optimizer="adam", run_eagerly=True)
    before = [[weight.copy() for weight in network.get_weights()] for network in (g, d, f)]
    image = np.random.default_rng(0).uniform(-1, 1, (1, *SMALL)).astype(np.float32)
    composite.train_on_batch([image, image], [np.ones((1, 4, 4, 1)), image, image, image])
    changed = [
        [not np.array_equal(old, new) for old, new in zip(weights, network.get_weights())]
        for weights, network in zip(before, (g, d, f))
    ]
    assert all(kernel for kernel, weight in zip(changed[0], before[0]) if weight.ndim == 4)
    assert not any(changed[1]) and not any(changed[2])
