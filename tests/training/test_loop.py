"""The loop: what it leaves in a run directory, and that an interruption changes nothing."""

import dataclasses

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from cyclegan_keras.config import ConversionConfig
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.shared.errors import InputError, RunError
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory
from cyclegan_keras.training import loop, snapshots
from cyclegan_keras.training.loop import output_start
from tests.small_training import (
    CLIPS,
    CONFIG,
    NAMES,
    SMALL,
    STEPS,
    Recorder,
    checkpointed,
    images,
    losses,
    train,
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def graphs_left_as_they_are_traced():
    """As in every command (``machine.prepare_tensorflow``): rewriting each training's graph takes seconds."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@pytest.fixture(scope="module", autouse=True)
def one_graph_for_all(tmp_path_factory):
    """Trainings of one configuration begin from the same state anew: tracing the step takes longer than all of them."""
    build, built = loop.build_training, {}
    folder = tmp_path_factory.mktemp("states")

    def build_once(image_shape, model, train, start):
        key = repr((image_shape, model, train, start))
        if key not in built:
            state, step = build(image_shape, model, train, start)
            beginning = state.checkpoint().write(str(folder / str(len(built))))
            built[key] = state, step, beginning
        state, step, beginning = built[key]
        state.checkpoint().read(beginning).assert_consumed()
        return state, step

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loop, "build_training", build_once)
        yield


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "uninterrupted"
    assert train(run)[0] is True
    return run


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    """The same training, stopped in the middle of its second epoch, and resumed."""
    run = tmp_path_factory.mktemp("runs") / "interrupted"
    finished, first = train(run, stop_after=5)
    assert finished is False and first.resumes == [] and first.epochs == [(1, 0, 4), (2, 0, 2)]
    finished, second = train(run)
    assert finished is True and second.resumes == [(5, [])] and second.epochs == [(2, 1, 2)]
    return run


def test_a_run_directory_holds_what_the_design_names(uninterrupted):
    run = RunDirectory(uninterrupted)
    assert sorted(path.name for path in uninterrupted.iterdir()) == [
        "checkpoints", "config.json", "logs", "samples", "train.csv", "weights",
    ]  # fmt: skip
    assert run.epochs() == [1, 2]
    assert sorted(path.name for path in run.samples(1).iterdir()) == [
        "a_to_b.png", "b_to_a.png", "clip_a_to_b_fearful.wav", "clip_b_to_a_calm.wav",
    ]  # fmt: skip
    assert soundfile.info(run.samples(1) / "clip_a_to_b_fearful.wav").frames == SMALL.n_samples


def test_every_step_has_a_row_with_all_its_losses(uninterrupted):
    rows = losses(uninterrupted)
    assert [(row["step"], row["epoch"]) for row in rows] == [(str(s + 1), str(s // 4 + 1)) for s in range(STEPS)]
    assert len(rows[0]) == 2 + 2 * 5 + 2 * 2


def test_tensorboard_gets_scalars_pictures_and_audio(uninterrupted):
    plugins = {}
    for file in RunDirectory(uninterrupted).logs.iterdir():
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            for value in event.summary.value:
                plugins.setdefault(value.metadata.plugin_data.plugin_name, set()).add(value.tag)
    assert {"g_loss", "d_a_real"} <= plugins["scalars"]
    assert plugins["images"] == set(DIRECTIONS)
    assert plugins["audio"] == {f"{direction}/clip_{direction}" for direction in DIRECTIONS}


def test_the_weights_of_an_epoch_are_the_averages_where_there_are_any(uninterrupted):
    of_networks = checkpointed(uninterrupted)
    averaged, newest = (of_networks[f"{whose}/0/.ATTRIBUTES/VARIABLE_VALUE"] for whose in ("averages/g", "g"))
    with np.load(RunDirectory(uninterrupted).weights_file(2, DIRECTIONS[0])) as weights:
        np.testing.assert_array_equal(weights["000"], averaged)
    assert not np.array_equal(averaged, newest)


@pytest.mark.parametrize("init", ["default", "data"])
def test_the_output_norm_starts_from_the_images_only_where_that_is_asked_for(tmp_path, monkeypatch, init):
    told = []

    def build(image_shape, model, train, start):
        told.append(start)
        raise InputError("built")

    monkeypatch.setattr(loop, "build_training", build)
    with pytest.raises(InputError, match="built"):
        train(tmp_path, config=dataclasses.replace(CONFIG, model=dataclasses.replace(CONFIG.model, output_init=init)))
    of_images = output_start(np.concatenate([images(1), images(2)]))
    assert told == [of_images if init == "data" else (1.0, 0.0)] and of_images != (1.0, 0.0)


def test_an_interrupted_and_resumed_training_ends_bit_for_bit_like_an_uninterrupted_one(uninterrupted, interrupted):
    one, other = checkpointed(uninterrupted), checkpointed(interrupted)
    assert one.keys() == other.keys()
    assert all(any(part in name for name in one) for part in ("pool", "optimizer", "averages"))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    assert losses(uninterrupted) == losses(interrupted)
    for epoch in (1, 2):
        for direction in DIRECTIONS:
            files = [RunDirectory(run).weights_file(epoch, direction) for run in (uninterrupted, interrupted)]
            weights = [np.load(file) for file in files]
            assert all(np.array_equal(weights[0][name], weights[1][name]) for name in weights[0].files)


def test_a_finished_training_run_again_changes_nothing(uninterrupted):
    before = checkpointed(uninterrupted)
    finished, observer = train(uninterrupted)
    assert finished is True and observer.steps == 0
    assert all(np.array_equal(before[name], value) for name, value in checkpointed(uninterrupted).items())


def test_a_training_stopped_before_its_first_snapshot_gives_its_weights_once_asked_for_no_more_steps(tmp_path):
    assert train(tmp_path / "run", stop_after=2)[0] is False
    assert RunDirectory(tmp_path / "run").epochs() == []
    assert train(tmp_path / "run", last_step=2)[0] is True
    assert RunDirectory(tmp_path / "run").epochs() == [1]


def test_a_folder_named_as_a_run_by_mistake_loses_nothing(tmp_path):
    kept = tmp_path / "other" / ".notes-part1.txt"
    kept.parent.mkdir()
    kept.touch()
    loop.open_run(RunDirectory(tmp_path), CONFIG)
    assert kept.exists()


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(CONFIG, data_key="1" * 16),
        dataclasses.replace(CONFIG, model=dataclasses.replace(CONFIG.model, filters=4)),
        dataclasses.replace(CONFIG, train=dataclasses.replace(CONFIG.train, seed=1)),
    ],
)
def test_a_run_of_another_configuration_is_refused_and_left_alone(tmp_path, other):
    run = RunDirectory(tmp_path)
    loop.open_run(run, CONFIG)
    before = run.config_file.read_bytes()
    with pytest.raises(InputError, match="another configuration .(training clips|filters|seed) differ"):
        loop.open_run(run, other)
    assert run.config_file.read_bytes() == before


def test_a_run_with_networks_never_becomes_one_without(tmp_path):
    run = RunDirectory(tmp_path)
    loop.open_run(run, CONFIG)
    before = run.config_file.read_bytes()
    (tmp_path / "weights").mkdir()
    for direction in DIRECTIONS:
        run.weights_file(1, direction).touch()
    without = dataclasses.replace(CONFIG.train, epochs=0)
    with pytest.raises(InputError, match="holds trained networks; give another --run-dir"):
        loop.open_run(run, dataclasses.replace(CONFIG, train=without))
    assert run.config_file.read_bytes() == before


def test_a_run_may_be_made_longer_its_data_may_move_and_its_conversion_change(tmp_path):
    run = RunDirectory(tmp_path)
    loop.open_run(run, CONFIG)
    longer = dataclasses.replace(CONFIG.train, epochs=9, snapshot_every=3)
    loop.open_run(
        run, dataclasses.replace(CONFIG, data="/elsewhere", train=longer, conversion=ConversionConfig("griffin-lim"))
    )
    written = run.config_file.read_text()
    assert '"epochs": 9' in written and '"phase": "griffin-lim"' in written


def steps_are(monkeypatch, instead):
    """Let trainings take ``instead(state, step)`` for their step."""
    build = loop.build_training

    def build_other(*how):
        state, step = build(*how)
        return state, instead(state, step)

    monkeypatch.setattr(loop, "build_training", build_other)


def test_a_loss_that_is_not_finite_stops_before_a_checkpoint_is_written(tmp_path, monkeypatch):
    steps = iter([{"g_loss": 1.0, "d_a_real": 0.5}, {"g_loss": 1.0, "d_a_real": float("nan")}])
    steps_are(monkeypatch, lambda state, step: lambda a, b: next(steps))
    with pytest.raises(RunError, match=r"d_a_real is nan at step 2, on a\d.wav and b\d.wav; training stopped"):
        train(tmp_path / "run")
    assert not list((tmp_path / "run").glob("checkpoints/*.index"))


def test_weights_that_an_update_made_infinite_are_never_saved(tmp_path, monkeypatch):
    train(tmp_path / "run", stop_after=1)

    def compile_diverging(state, step):
        def diverging(a, b):
            losses = step(a, b)
            if int(state.step) == 3:
                state.d_b.weights[0].assign(np.full(state.d_b.weights[0].shape, np.inf))
            return losses

        return diverging

    steps_are(monkeypatch, compile_diverging)
    with pytest.raises(RunError, match="a weight of d_b is inf at step 3, on a"):
        train(tmp_path / "run", checkpoint_seconds=0)
    assert sorted(file.name for file in tmp_path.rglob("ckpt-*.index")) == ["ckpt-1.index", "ckpt-2.index"]
    assert "a weight of d_b is inf at step 3, on a" in (tmp_path / "run" / "divergence.txt").read_text()


def test_the_clips_a_training_diverged_on_are_those_of_the_step(tmp_path, monkeypatch):
    drawn = []

    def losses(a, b):
        drawn.append((a.numpy(), b.numpy()))
        return {"g_loss": float("inf") if len(drawn) == 6 else 1.0}

    steps_are(monkeypatch, lambda state, step: losses)
    monkeypatch.setattr(loop.CheckpointKeeper, "save", lambda *_: None)
    monkeypatch.setattr(Recorder, "step_done", lambda *_: None)
    with pytest.raises(RunError) as caught:
        train(tmp_path / "run", config=CONFIG)
    a, b = (
        names[[np.array_equal(image, shown[0]) for image in images(seed)].index(True)]
        for names, seed, shown in zip(NAMES, (1, 2), drawn[-1])
    )
    assert f"g_loss is inf at step 6, on {a} and {b}; " in str(caught.value)


def test_stopped_at_the_end_of_an_epoch_a_training_still_leaves_its_weights(tmp_path):
    assert train(tmp_path, stop_after=CLIPS)[0] is False
    assert RunDirectory(tmp_path).epochs() == [1]


def test_the_output_norm_starts_at_deviation_and_mean_of_arctanh_of_the_images():
    wanted = np.random.default_rng(0).normal(-0.5, 0.3, (3, 8, 8, 1))
    scale, offset = output_start(np.tanh(wanted))
    assert scale == pytest.approx(wanted.std(), rel=1e-3) and offset == pytest.approx(wanted.mean(), rel=1e-3)
    assert output_start(np.full((2, 2), -1.0)) == (0.0, pytest.approx(np.arctanh(-0.99)))


def test_every_epoch_tells_of_its_steps_and_a_resumption_of_what_was_damaged(tmp_path, monkeypatch):
    steps_are(monkeypatch, lambda state, step: lambda a, b: {"g_loss": float(state.step.assign_add(1))})
    train(tmp_path, last_step=2, checkpoint_seconds=0)
    (newest,) = RunDirectory(tmp_path).checkpoints.glob("ckpt-2.data*")
    newest.write_bytes(b"")
    RunDirectory(tmp_path).losses_file.write_text("lost")
    _, observer = train(tmp_path, last_step=5)
    assert observer.resumes == [(1, ["ckpt-2"])] and observer.lost == ("train.csv", 1)
    assert observer.epochs == [(1, 1, 4), (2, 0, 1)]


def test_samples_are_converted_as_the_run_converts(tmp_path, monkeypatch):
    asked = []
    convert = snapshots.convert

    def noting(recording, generator, analysis, settings):
        asked.append(settings)
        return convert(recording, generator, analysis, settings)

    steps_are(monkeypatch, lambda state, step: lambda a, b: {"g_loss": float(state.step.assign_add(1))})
    monkeypatch.setattr(snapshots, "convert", noting)
    for name, conversion in (("report", ConversionConfig()), ("ours", ConversionConfig("source", 2.0, 1.25))):
        train(tmp_path / name, last_step=1, config=dataclasses.replace(CONFIG, conversion=conversion))
    assert asked == [
        ConversionSettings("griffin-lim", 1.0), ConversionSettings("griffin-lim", 1.0),
        ConversionSettings("source", 2.0), ConversionSettings("source", 1.25),
    ]  # fmt: skip


def test_without_clips_to_convert_a_snapshot_is_the_weights_alone(tmp_path, monkeypatch):
    steps_are(monkeypatch, lambda state, step: lambda a, b: {"g_loss": float(state.step.assign_add(1))})
    train(tmp_path, last_step=1, samples=dict.fromkeys(DIRECTIONS, ()))
    run = RunDirectory(tmp_path)
    assert run.epochs() == [1] and not run.samples(1).exists()


def test_a_snapshot_is_made_of_every_so_many_epochs_and_of_the_last(tmp_path, monkeypatch):
    steps_are(monkeypatch, lambda state, step: lambda a, b: {"g_loss": float(state.step.assign_add(1))})
    config = dataclasses.replace(CONFIG, train=dataclasses.replace(CONFIG.train, epochs=3, snapshot_every=2))
    train(tmp_path, last_step=3 * CLIPS, config=config, samples=dict.fromkeys(DIRECTIONS, ()))
    assert RunDirectory(tmp_path).epochs() == [2, 3]
