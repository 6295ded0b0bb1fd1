"""Joint updates: each generator gets what its composite would give it, and averages follow the weights."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from cyclegan_keras.config import LossWeights
from cyclegan_keras.training.joint_step import build_joint_state, joint_train_step, update_averages
from cyclegan_keras.training.step import build_training, compile_train_step
from tests.reports_way import PARTS, ReportsWay
from tests.training.test_report_step import MODEL, SHAPE, TRAIN, assert_same_weights, drawn_images

JOINT = dataclasses.replace(TRAIN, update="joint")


def averaging(decay):
    return dataclasses.replace(JOINT, average_decay=decay)


@pytest.mark.usefixtures("untraced")
def test_a_joint_update_gives_each_generator_what_its_composite_would():
    joint = build_joint_state(SHAPE, MODEL, JOINT)
    a, b = map(tf.constant, drawn_images()[0])
    losses = joint_train_step(joint, LossWeights(), a, b)
    reference = ReportsWay(SHAPE, MODEL, TRAIN)
    start = {name: network.get_weights() for name, network in reference.networks.items()}
    for name, judge, (source, target) in (("g", "d_b", (a, b)), ("f", "d_a", (b, a))):
        for network, weights in start.items():  # the other generator must not have moved
            reference.networks[network].set_weights(weights)
        ones = np.ones((1, *reference.networks[judge].output_shape[1:]))
        composite = reference.composite_g if name == "g" else reference.composite_f
        reference.only(name)
        given = composite.train_on_batch([source, target], [ones, target, source, target], return_dict=True)
        expected = {"loss": given["loss"], **{part: given[f"{part}_loss"] for part in PARTS}}
        for part, loss in expected.items():
            assert float(losses[f"{name}_{part}"]) == pytest.approx(loss, rel=1e-5), part
        assert_same_weights(getattr(joint, name), reference.networks[name])
    assert set(joint.optimizers) == {"generators", "d_a", "d_b"} and int(joint.step) == 1


@pytest.mark.slow
def test_a_joint_update_is_what_train_step_compiles_where_asked():
    state, same = build_joint_state(SHAPE, MODEL, JOINT), build_joint_state(SHAPE, MODEL, JOINT)
    a, b = map(tf.constant, drawn_images()[0])
    compiled = compile_train_step(state, JOINT)(a, b)
    for name, loss in joint_train_step(same, LossWeights(), a, b).items():
        assert float(compiled[name]) == pytest.approx(float(loss), rel=1e-4), name


@pytest.mark.usefixtures("untraced")
def test_a_joint_update_moves_both_generators_at_once_then_each_discriminator_twice(monkeypatch):
    state, take_step = build_training(SHAPE, MODEL, JOINT)
    order = []
    for name, optimizer in state.optimizers.items():
        monkeypatch.setattr(optimizer, "apply_gradients", lambda _, name=name: order.append(name))
    take_step(*map(tf.constant, drawn_images()[0]))
    assert order == ["generators", "d_a", "d_a", "d_b", "d_b"]


def test_averages_follow_the_generators_weights_and_lend_them_for_a_while():
    state = build_joint_state(SHAPE, MODEL, averaging(0.5))
    start = state.g.get_weights()[0]
    state.g.set_weights([weight + 1.0 for weight in state.g.get_weights()])
    state.step.assign(1)
    update_averages(state)
    decay = (1 + 1) / (10 + 1)  # a young average forgets faster than 0.5
    np.testing.assert_allclose(state.averages["g"][0], start + (1 - decay), rtol=1e-5)
    state.step.assign(1000)
    update_averages(state)
    np.testing.assert_allclose(state.averages["g"][0], start + 1 - decay / 2, rtol=1e-5)
    with state.finished_generators() as (g, _):
        np.testing.assert_allclose(g.get_weights()[0], start + 1 - decay / 2, rtol=1e-5)
    np.testing.assert_allclose(state.g.get_weights()[0], start + 1, rtol=1e-5)


def test_without_a_decay_no_averages_are_kept_and_the_weights_themselves_are_lent():
    state = build_joint_state(SHAPE, MODEL, JOINT)
    assert state.averages == {}
    with state.finished_generators() as lent:
        assert lent == (state.g, state.f)


@pytest.mark.usefixtures("untraced")
def test_a_step_moves_the_averages_as_far_as_a_young_average_goes():
    state, take_step = build_training(SHAPE, MODEL, averaging(0.999))
    start = state.g.get_weights()[0]
    take_step(*map(tf.constant, drawn_images()[0]))
    moved = state.g.get_weights()[0] - start
    assert np.abs(moved).min() > 1e-5
    np.testing.assert_allclose(state.averages["g"][0] - start, (1 - (1 + 1) / (10 + 1)) * moved, rtol=1e-2)
