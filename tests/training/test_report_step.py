"""The training step is the report's: held against a plain, slow one written the report's way."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from cyclegan_keras.config import LossWeights, ModelConfig, TrainConfig
from cyclegan_keras.networks.layers import InstanceNormalization
from cyclegan_keras.training.report_step import train_step
from cyclegan_keras.training.state import build_state
from cyclegan_keras.training.step import compile_train_step
from tests.reports_way import ReportsWay

SHAPE = (64, 64, 1)
MODEL = ModelConfig(filters=2, n_resnet=1)
TRAIN = TrainConfig(pool_size=2, seed=3)
STEPS = 5
"""With a pool of two, steps three to five draw from a full one."""


def drawn_images(batch_size=1):
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (STEPS, 2, batch_size, *SHAPE)).astype(np.float32)


@pytest.fixture(scope="module")
def both_ways():
    """Five steps of ours and of the report's way: (state, its losses), (reference, its losses).

    TensorFlow's graph rewriting is on, as by default. Commands turn it off, and tests before may have run one in this
    process; without it sums are rounded in another order, which five steps multiply.
    """
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
    reference, state = ReportsWay(SHAPE, MODEL, TRAIN), build_state(SHAPE, MODEL, TRAIN)
    take_step = compile_train_step(state, TRAIN)
    images = drawn_images()
    expected = [reference.step(a, b) for a, b in images]
    losses = [{name: float(loss) for name, loss in take_step(a, b).items()} for a, b in images]
    return (state, losses), (reference, expected)


def test_every_loss_of_five_steps_is_the_reports_ways(both_ways):
    (_, losses), (_, expected) = both_ways
    for step, (ours, theirs) in enumerate(zip(losses, expected)):
        assert ours.keys() == theirs.keys()
        for name, loss in ours.items():
            # Adam turns rounding of small gradients into shares of a step, so later losses are told apart less finely.
            assert loss == pytest.approx(theirs[name], rel=1e-5 if step == 0 else 5e-4), (step, name)


@pytest.mark.parametrize("name", ["g", "f", "d_a", "d_b"])
def test_every_weight_after_five_steps_is_the_reports_ways(both_ways, name):
    (state, _), (reference, _) = both_ways
    assert_same_weights(getattr(state, name), reference.networks[name])


def assert_same_weights(network, expected):
    for layer, other, following in zip(network.layers, expected.layers, [*network.layers[1:], None]):
        for weight, wanted in zip(layer.weights, other.weights):
            if "bias" in weight.name and isinstance(following, InstanceNormalization):
                # The norm takes its mean away: its gradient is rounding noise, which Adam scales up to full steps.
                continue
            # Half of one of Adam's steps, of which there were five.
            np.testing.assert_allclose(weight, wanted, atol=1e-4, err_msg=weight.name)


@pytest.mark.usefixtures("untraced")
def test_a_step_updates_f_then_d_a_then_g_then_d_b(monkeypatch):
    state = build_state(SHAPE, MODEL, TRAIN)
    order = []
    for name, optimizer in state.optimizers.items():
        apply = optimizer.apply_gradients
        monkeypatch.setattr(
            optimizer, "apply_gradients", lambda given, name=name, apply=apply: (order.append(name), apply(given))
        )
    train_step(state, LossWeights(), *map(tf.constant, drawn_images()[0]))
    assert order == ["f", "d_a", "d_a", "g", "d_b", "d_b"]


def test_the_pool_is_given_the_composites_own_fake_and_no_network_runs_twice_for_it():
    state = build_state(SHAPE, MODEL, TRAIN)
    a, b = map(tf.constant, drawn_images()[0])
    graph = compile_train_step(state, TRAIN).get_concrete_function(a, b).graph
    expected_a, expected_b = state.f(b).numpy(), state.g(a).numpy()
    train_step(state, LossWeights(), a, b)
    np.testing.assert_allclose(state.pool_a.images[:1], expected_a, atol=1e-5)
    np.testing.assert_allclose(state.pool_b.images[:1], expected_b, atol=1e-5)
    # A generator runs three passes in its composite and two as the frozen one of the other; G(a) is in both.
    generators = {function.signature.name for function in graph.as_graph_def().library.function if _has_tanh(function)}
    calls = [op.get_attr("f").name for op in graph.get_operations() if op.type.endswith("PartitionedCall")]
    assert sum(name in generators for name in calls) == 9


def _has_tanh(function):
    return any(node.op == "Tanh" for node in function.node_def)


@pytest.mark.slow
def test_a_step_compiled_with_xla_gives_the_same_losses(both_ways):
    (_, losses), _ = both_ways
    train = dataclasses.replace(TRAIN, xla=True)
    take_step = compile_train_step(build_state(SHAPE, MODEL, train), train)
    # Until the pool is full, nothing is drawn; then XLA draws other numbers on some processors.
    for (a, b), expected in zip(drawn_images()[: TRAIN.pool_size], losses):
        for name, loss in take_step(tf.constant(a), tf.constant(b)).items():
            assert float(loss) == pytest.approx(expected[name], rel=1e-3), name


@pytest.fixture(scope="module")
def untrained():
    return build_state(SHAPE, MODEL, TRAIN)


def test_the_optimizers_are_the_reports_one_a_network(untrained):
    optimizers = untrained.optimizers
    assert len({id(optimizer) for optimizer in optimizers.values()}) == 4
    for optimizer in optimizers.values():
        assert (optimizer.learning_rate, optimizer.beta_1, optimizer.beta_2, optimizer.epsilon) == (
            2e-4, 0.5, 0.999, 1e-7,
        )  # fmt: skip


def test_the_four_networks_start_with_different_weights(untrained):
    state = untrained
    assert not np.array_equal(state.g.get_weights()[0], state.f.get_weights()[0])
    assert not np.array_equal(state.d_a.get_weights()[0], state.d_b.get_weights()[0])


@pytest.mark.slow
def test_a_batch_of_two_trains_on_the_mean_of_both():
    train = dataclasses.replace(TRAIN, batch_size=2)
    reference, state = ReportsWay(SHAPE, MODEL, train), build_state(SHAPE, MODEL, train)
    a, b = drawn_images(batch_size=2)[0]
    expected = reference.step(a, b)
    for name, loss in compile_train_step(state, TRAIN)(a, b).items():
        assert float(loss) == pytest.approx(expected[name], rel=1e-4), name


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_follows_the_float32_losses_from_float32_weights(both_ways, precision):
    (_, losses), _ = both_ways
    state = build_state(SHAPE, MODEL, dataclasses.replace(TRAIN, precision=precision))
    for (a, b), expected in zip(drawn_images()[:2], losses):
        for name, loss in train_step(state, LossWeights(), tf.constant(a), tf.constant(b)).items():
            assert loss.dtype == tf.float32
            assert float(loss) == pytest.approx(expected[name], rel=0.1, abs=0.02), name
    assert {tf.as_dtype(weight.dtype) for network in (state.g, state.d_a) for weight in network.weights} == {tf.float32}
    assert state.g.output.dtype == state.d_a.output.dtype == tf.float32
    assert state.g.layers[1].compute_dtype == precision.replace("mixed_", "")
    assert tf.keras.mixed_precision.global_policy().name == "float32", "Keras is left as it was"
