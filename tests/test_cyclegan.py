"""The training step is the report's: held against a plain, slow one written the report's way."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from cyclegan_keras.cyclegan import averaged, update_averages
from cyclegan_keras.intelligibility import estoi
from cyclegan_keras.resynthesis import analyse, correlogram, resynthesise, resynthesise_refined

from cyclegan_keras.config import LossWeights, ModelConfig, SpectrogramConfig, TrainConfig
from cyclegan_keras.networks.layers import InstanceNormalization
from cyclegan_keras.training.joint_step import joint_train_step
from cyclegan_keras.training.report_step import train_step
from cyclegan_keras.training.state import build_state, update_discriminator
from cyclegan_keras.training.step import compile_train_step
from tests.reports_way import PARTS, ReportsWay

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
    """Five steps of ours and of the report's way: (state, its losses), (reference, its losses)."""
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
    _assert_same_weights(getattr(state, name), reference.networks[name])


def _assert_same_weights(network, expected):
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


@pytest.mark.usefixtures("untraced")
def test_a_joint_update_gives_each_generator_what_its_composite_would():
    joint = build_state(SHAPE, MODEL, dataclasses.replace(TRAIN, update="joint"))
    a, b = map(tf.constant, drawn_images()[0])
    losses = joint_train_step(joint, TRAIN, a, b)
    for name, judge, (source, target) in (("g", "d_b", (a, b)), ("f", "d_a", (b, a))):
        reference = ReportsWay(SHAPE, MODEL, TRAIN)  # the other generator must not have moved
        ones = np.ones((1, *reference.networks[judge].output_shape[1:]))
        composite = reference.composite_g if name == "g" else reference.composite_f
        reference.only(name)
        given = composite.train_on_batch([source, target], [ones, target, source, target], return_dict=True)
        expected = {"loss": given["loss"], **{part: given[f"{part}_loss"] for part in PARTS}}
        for part, loss in expected.items():
            assert float(losses[f"{name}_{part}"]) == pytest.approx(loss, rel=1e-5), part
        _assert_same_weights(getattr(joint, name), reference.networks[name])
    assert set(joint.optimizers) == {"generators", "d_a", "d_b"} and int(joint.step) == 1


def test_a_discriminators_step_on_both_at_once_is_kerass_on_a_batch_of_them():
    state, reference = build_state(SHAPE, MODEL, TRAIN), ReportsWay(SHAPE, MODEL, TRAIN)
    real, fake = map(tf.constant, drawn_images()[0])
    before = state.d_a(real), state.d_a(fake)
    losses = update_discriminator(state.d_a, state.optimizers["d_a"], LossWeights(), real, fake, at_once=True)
    assert float(losses["real"]) == pytest.approx(0.5 * np.mean((before[0] - 1.0) ** 2), rel=1e-5)
    assert float(losses["fake"]) == pytest.approx(0.5 * np.mean(before[1] ** 2), rel=1e-5)
    wanted = np.stack([np.ones(before[0].shape[1:]), np.zeros(before[0].shape[1:])])
    reference.only("d_a").compile(loss="mse", optimizer=reference.adam())
    reference.networks["d_a"].train_on_batch(tf.concat([real, fake], 0), wanted)
    _assert_same_weights(state.d_a, reference.networks["d_a"])


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("at_once, steps", [(False, 2), (True, 1)])
def test_in_a_joint_update_discriminators_take_one_step_where_asked(monkeypatch, at_once, steps):
    train = dataclasses.replace(TRAIN, update="joint", real_and_fake_at_once=at_once)
    state, order = build_state(SHAPE, MODEL, train), []
    for name, optimizer in state.optimizers.items():
        monkeypatch.setattr(optimizer, "apply_gradients", lambda _, name=name: order.append(name))
    compile_train_step(state, train)(*map(tf.constant, drawn_images()[0]))
    assert order == ["generators"] + ["d_a"] * steps + ["d_b"] * steps


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("refined", [False, True])
def test_with_resynthesis_what_is_heard_stands_for_every_generated_image(refined):
    analysis = SpectrogramConfig(n_fft=64, hop_length=16, n_frames=57, image_size=64)
    train = dataclasses.replace(TRAIN, update="joint", resynthesis=True, refined=refined)
    state = build_state(SHAPE, MODEL, train)
    a, b = (tf.constant(np.concatenate([image, 3.0 * image], -1)) for image in drawn_images()[0])
    fakes = state.g(a[..., :1]), state.f(b[..., :1])

    def heard(fake, source, phase):
        sound = resynthesise_refined(fake, source, phase, analysis) if refined else resynthesise(fake, phase, analysis)
        return analyse(sound, analysis)

    fake_b, fake_a = (heard(fake, clip[..., :1], clip[..., 1:]) for fake, clip in zip(fakes, (a, b)))
    judged, restored = state.d_b(fake_b), state.f(fake_b)
    losses = compile_train_step(state, train, analysis)(a, b)
    assert float(losses["g_adversarial"]) == pytest.approx(np.mean((judged - 1.0) ** 2), rel=1e-4)
    assert float(losses["g_forward_cycle"]) == pytest.approx(np.mean(np.abs(a[..., :1] - restored)), rel=1e-4)
    rounding = 1e-3 if refined else 1e-4  # which every iteration adds to
    np.testing.assert_allclose(state.pool_a.images[:1], fake_a, atol=rounding)
    np.testing.assert_allclose(state.pool_b.images[:1], fake_b, atol=rounding)
    assert np.abs(fake_b - fakes[0]).mean() > 0.01


@pytest.mark.usefixtures("untraced")
def test_what_is_lost_of_the_sentence_is_a_loss_where_it_is_weighed():
    analysis = SpectrogramConfig(n_fft=64, hop_length=16, n_frames=57, image_size=64, sample_rate=1000)
    weights = LossWeights(intelligibility=5.0)
    train = dataclasses.replace(TRAIN, update="joint", resynthesis=True, loss_weights=weights)
    state = build_state(SHAPE, MODEL, train)
    a, b = (tf.constant(np.concatenate([image, 3.0 * image], -1)) for image in drawn_images()[0])
    heard = analyse(resynthesise(a[..., :1], a[..., 1:], analysis), analysis)
    losses = compile_train_step(state, train, analysis)(a, b)
    fake_b = state.pool_b.images[:1]  # as it was before the step
    assert float(losses["g_intelligibility"]) == pytest.approx(1.0 - float(estoi(fake_b, heard, analysis)[0]), abs=1e-3)
    assert 0.1 < float(losses["g_intelligibility"]) < 1.5
    for name in ("g", "f"):
        parts = [part for part in dataclasses.asdict(weights) if part not in ("discriminator", "pitch")]
        total = sum(getattr(weights, part) * float(losses[f"{name}_{part}"]) for part in parts)
        assert float(losses[f"{name}_loss"]) == pytest.approx(total, rel=1e-4)


@pytest.mark.usefixtures("untraced")
def test_what_is_not_weighed_is_not_measured():
    train = dataclasses.replace(TRAIN, update="joint")
    losses = compile_train_step(build_state(SHAPE, MODEL, train), train)(*map(tf.constant, drawn_images()[0]))
    assert not any("intelligibility" in name or "pitch" in name for name in losses)


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("refined", [False, True])
def test_where_pitch_is_weighed_two_more_discriminators_judge_correlograms_of_what_is_heard(refined):
    analysis = SpectrogramConfig(n_fft=64, hop_length=16, n_frames=57, image_size=64, sample_rate=8000)
    weights = LossWeights(pitch=7.0)
    train = dataclasses.replace(TRAIN, update="joint", resynthesis=True, refined=refined, loss_weights=weights)
    state = build_state(SHAPE, MODEL, train)
    a, b = (tf.constant(np.concatenate([image, 3.0 * image], -1)) for image in drawn_images()[0])
    fake, source, phase = state.g(a[..., :1]), a[..., :1], a[..., 1:]
    sound = resynthesise_refined(fake, source, phase, analysis) if refined else resynthesise(fake, phase, analysis)
    shown, real = correlogram(sound, analysis), correlogram(resynthesise(b[..., :1], b[..., 1:], analysis), analysis)
    judged, judged_real = (state.pitch_d["b"](image) for image in (shown, real))
    before = [network.get_weights() for network in state.pitch_d.values()]
    losses = {name: float(loss) for name, loss in compile_train_step(state, train, analysis)(a, b).items()}
    assert losses["g_pitch"] == pytest.approx(np.mean((judged - 1.0) ** 2), rel=1e-3)
    parts = [part for part in dataclasses.asdict(weights) if part not in ("discriminator", "intelligibility")]
    total = sum(getattr(weights, part) * losses[f"g_{part}"] for part in parts)
    assert losses["g_loss"] == pytest.approx(total, rel=1e-4)
    assert losses["pitch_d_b_real"] == pytest.approx(0.5 * np.mean((judged_real - 1.0) ** 2), rel=1e-3)
    np.testing.assert_allclose(state.pitch_pools["b"].images[:1], shown, atol=1e-3)
    for network, weights_before in zip(state.pitch_d.values(), before):
        assert all(np.any(now != then) for now, then in zip(network.get_weights()[-2:], weights_before[-2:]))


@pytest.mark.slow
def test_a_joint_update_is_what_train_step_compiles_where_asked():
    train = dataclasses.replace(TRAIN, update="joint")
    state, same = build_state(SHAPE, MODEL, train), build_state(SHAPE, MODEL, train)
    a, b = map(tf.constant, drawn_images()[0])
    compiled = compile_train_step(state, train)(a, b)
    for name, loss in joint_train_step(same, train, a, b).items():
        assert float(compiled[name]) == pytest.approx(float(loss), rel=1e-4), name


@pytest.mark.slow
def test_a_step_compiled_with_xla_gives_the_same_losses(both_ways):
    (_, losses), _ = both_ways
    train = dataclasses.replace(TRAIN, xla=True)
    take_step = compile_train_step(build_state(SHAPE, MODEL, train), train)
    # Until the pool is full, nothing is drawn; then XLA draws other numbers on some processors.
    for (a, b), expected in zip(drawn_images()[: TRAIN.pool_size], losses):
        for name, loss in take_step(tf.constant(a), tf.constant(b)).items():
            assert float(loss) == pytest.approx(expected[name], rel=1e-3), name


def test_the_weights_of_the_losses_are_the_reports():
    assert dataclasses.asdict(LossWeights()) == {
        "adversarial": 1.0, "identity": 5.0, "forward_cycle": 10.0, "backward_cycle": 10.0, "discriminator": 0.5,
        "intelligibility": 0.0, "pitch": 0.0,
    }  # fmt: skip


def test_the_optimizers_are_the_reports_one_a_network():
    optimizers = build_state(SHAPE, MODEL, TRAIN).optimizers
    assert len({id(optimizer) for optimizer in optimizers.values()}) == 4
    for optimizer in optimizers.values():
        assert (optimizer.learning_rate, optimizer.beta_1, optimizer.beta_2, optimizer.epsilon) == (
            2e-4, 0.5, 0.999, 1e-7,
        )  # fmt: skip


def test_the_four_networks_start_with_different_weights():
    state = build_state(SHAPE, MODEL, TRAIN)
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


def test_building_in_mixed_precision_leaves_keras_as_it_was():
    build_state(SHAPE, MODEL, dataclasses.replace(TRAIN, precision="mixed_bfloat16"))
    assert tf.keras.mixed_precision.global_policy().name == "float32"


def test_averages_follow_the_generators_weights_and_lend_them_for_a_while():
    train = dataclasses.replace(TRAIN, average_decay=0.5)
    state = build_state(SHAPE, MODEL, train)
    start = state.g.get_weights()[0]
    state.g.set_weights([weight + 1.0 for weight in state.g.get_weights()])
    state.step.assign(1)
    update_averages(state, train.average_decay)
    decay = (1 + 1) / (10 + 1)  # a young average forgets faster than 0.5
    np.testing.assert_allclose(state.averages["g"][0], start + (1 - decay), rtol=1e-5)
    state.step.assign(1000)
    update_averages(state, train.average_decay)
    np.testing.assert_allclose(state.averages["g"][0], start + 1 - decay / 2, rtol=1e-5)
    with averaged(state):
        np.testing.assert_allclose(state.g.get_weights()[0], start + 1 - decay / 2, rtol=1e-5)
    np.testing.assert_allclose(state.g.get_weights()[0], start + 1, rtol=1e-5)
    assert build_state(SHAPE, MODEL, TRAIN).averages == {}


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("ramp", [10.0, 4.0])
def test_a_step_moves_the_averages_as_far_as_the_ramp_says(ramp):
    train = dataclasses.replace(TRAIN, average_decay=0.999, average_ramp=ramp)
    state = build_state(SHAPE, MODEL, train)
    start = state.g.get_weights()[0]
    compile_train_step(state, train)(*map(tf.constant, drawn_images()[0]))
    moved = state.g.get_weights()[0] - start
    assert np.abs(moved).min() > 1e-5
    np.testing.assert_allclose(state.averages["g"][0] - start, (1 - (1 + 1) / (ramp + 1)) * moved, rtol=1e-2)
