"""The loop: what it leaves in a run directory, and that an interruption changes nothing."""

import csv
import dataclasses

import numpy as np
import pytest
import soundfile
import tensorflow as tf
from cyclegan_keras.trainer import CheckpointKeeper, RunLogs, Sample, output_start

from cyclegan_keras import trainer
from cyclegan_keras.config import FaceRunConfig, ModelConfig, SpectrogramConfig, TrainConfig
from cyclegan_keras.conversion.generators import load_generator
from cyclegan_keras.shared.errors import InputError, RunError
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory
from cyclegan_keras.training.state import build_state
from tests.test_config import run_config

SMALL = SpectrogramConfig(n_fft=126, hop_length=64, n_frames=64, image_size=64, griffin_lim_iterations=2)
CONFIG = run_config(
    spectrogram=SMALL,
    model=ModelConfig(filters=2, n_resnet=1, output_init="data"),
    train=TrainConfig(epochs=2, pool_size=2, snapshot_every=1, average_decay=0.9, equalised=True),
)
AS_THEY_ARE = dataclasses.replace(CONFIG, train=dataclasses.replace(CONFIG.train, equalised=False))
CLIPS, STEPS = 4, 6
"""Two epochs of four steps each, stopped in the middle of the second."""


class Recorder:
    """An observer that asks to stop after some steps, and remembers what it was told."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.steps, self.epochs, self.resumes, self.lost = 0, [], [], None

    def resumed(self, step, damaged):
        self.resumes.append((step, [prefix.rpartition("/")[2] for prefix in damaged]))

    def rows_lost(self, file, rows):
        self.lost = (file.name, rows)

    def epoch_begins(self, epoch, first_step, steps):
        self.epochs.append((epoch, first_step, steps))

    def step_done(self, losses):
        self.steps += 1

    def stop_requested(self):
        return self.steps == self.stop_after


def images(seed):
    return np.random.default_rng(seed).uniform(-1, 1, (CLIPS, *SMALL.image_shape)).astype(np.float32)


SAMPLES = {direction: [Sample(f"clip_{direction}", images(9)[0], 1.0)] for direction in DIRECTIONS}


NAMES = tuple([f"{domain}{i}.wav" for i in range(CLIPS)] for domain in "ab")


def train(path, last_step=STEPS, config=CONFIG, stop_after=None, **options):
    run, observer = RunDirectory(path), Recorder(stop_after)
    trainer.open_run(run, config)
    finished = trainer.train(config, run, images(1), images(2), NAMES, SAMPLES, last_step, observer, **options)
    return finished, observer


def losses(run):
    with RunDirectory(run).losses_file.open() as file:
        # How long a step took differs, and with it the row's check.
        return [{k: v for k, v in row.items() if k not in ("seconds", "crc32")} for row in csv.DictReader(file)]


def checkpointed(run):
    """Every tensor of the newest checkpoint."""
    newest = max(RunDirectory(run).checkpoints.glob("*.index"), key=lambda file: int(file.stem.partition("-")[2]))
    reader = tf.train.load_checkpoint(str(newest.with_suffix("")))
    names = [name for name in reader.get_variable_to_shape_map() if "OBJECT_GRAPH" not in name]
    return {name: reader.get_tensor(name) for name in names}


@pytest.fixture(scope="module", autouse=True)
def graphs_left_as_they_are_traced():
    """As in every command (``machine.prepare_tensorflow``): rewriting each training's graph takes seconds."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


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


def test_networks_are_shown_equalised_images(uninterrupted, tmp_path):
    train(tmp_path, last_step=1, config=AS_THEY_ARE)
    assert losses(tmp_path)[0] != losses(uninterrupted)[0]


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


@pytest.fixture(scope="module")
def state():
    return build_state(SMALL.image_shape, CONFIG.model, CONFIG.train)


@pytest.fixture
def two_checkpoints(state, tmp_path):
    """A keeper whose run has checkpoints of steps 7 and 8, and whose state has moved on."""
    keeper = CheckpointKeeper(state, RunDirectory(tmp_path))
    for step in (7, 8, 9):
        state.step.assign(step)
        state.g.weights[0].assign(tf.fill(state.g.weights[0].shape, float(step)))
        if step < 9:
            keeper.save()
    return keeper


def restored(keeper):
    observer = Recorder()
    keeper.restore_newest(observer)
    assert np.all(keeper.state.g.weights[0].numpy() == int(keeper.state.step))
    return observer.resumes


def flip_middle_byte(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def cut_short(file):
    file.write_bytes(file.read_bytes()[:1000])


def test_a_run_begins_with_what_anothers_newest_checkpoint_learned_at_step_0_and_with_empty_pools(
    two_checkpoints, state
):
    state.d_a.weights[0].assign_add(tf.ones_like(state.d_a.weights[0]))
    means = state.optimizers["g"].means[0]
    means.assign(tf.ones_like(means))
    state.pool_a.seen.assign(1)
    two_checkpoints.save()
    newest = trainer.newest_checkpoint(RunDirectory(two_checkpoints.folder.parent))
    assert newest == str(two_checkpoints.folder / "ckpt-9")
    begun = build_state(SMALL.image_shape, CONFIG.model, dataclasses.replace(CONFIG.train, seed=1))
    trainer.begin_with(begun, newest)
    for name, network in state.networks().items():
        for ours, theirs in zip(begun.networks()[name].weights, network.weights):
            np.testing.assert_array_equal(ours, theirs)
    assert np.all(begun.optimizers["g"].means[0].numpy() == 1.0)
    assert (int(begun.step), int(begun.pool_a.seen)) == (0, 0)
    state.pool_a.seen.assign(0)


def test_a_run_never_begins_with_networks_of_another_width_or_with_nothing(two_checkpoints, tmp_path):
    wider = build_state(SMALL.image_shape, dataclasses.replace(CONFIG.model, filters=3), CONFIG.train)
    with pytest.raises(InputError, match="ckpt-8: not a checkpoint of networks as these"):
        trainer.begin_with(wider, str(two_checkpoints.folder / "ckpt-8"))
    with pytest.raises(InputError, match="no checkpoint to start from"):
        trainer.newest_checkpoint(RunDirectory(tmp_path / "nowhere"))


def test_the_newest_checkpoint_is_restored(two_checkpoints):
    assert restored(two_checkpoints) == [(8, [])]


@pytest.mark.parametrize(
    "damage", [flip_middle_byte, cut_short, lambda file: file.write_bytes(b""), lambda file: file.unlink()]
)
@pytest.mark.parametrize("part", ["data-00000-of-00001", "index"])
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(two_checkpoints, damage, part):
    damage(two_checkpoints.folder / f"ckpt-8.{part}")
    gone = part == "index" and not (two_checkpoints.folder / "ckpt-8.index").exists()
    assert restored(two_checkpoints) == [(7, [] if gone else ["ckpt-8"])]


def test_what_a_killed_training_left_of_a_checkpoint_is_no_checkpoint_and_is_deleted(two_checkpoints):
    folder = two_checkpoints.folder
    before = sorted(folder.iterdir())
    (folder / "ckpt-9_temp").mkdir()
    (folder / "ckpt-9_temp" / "part-00000-of-00001.data-00000-of-00001").write_bytes(b"half")
    (folder / "ckpt-9.data-00000-of-00001").write_bytes(b"moved, but the index is not")
    assert restored(two_checkpoints) == [(8, [])]
    assert sorted(folder.iterdir()) == before


def test_a_damaged_checkpoint_is_deleted_once_a_whole_one_is_written(two_checkpoints):
    flip_middle_byte(two_checkpoints.folder / "ckpt-8.data-00000-of-00001")
    assert restored(two_checkpoints) == [(7, ["ckpt-8"])]
    two_checkpoints.state.step.assign(9)
    two_checkpoints.save()
    assert sorted(file.name for file in two_checkpoints.folder.glob("*.index")) == ["ckpt-7.index", "ckpt-9.index"]


@pytest.mark.parametrize("kind", [tf.errors.ResourceExhaustedError, tf.errors.PermissionDeniedError])
def test_a_checkpoint_that_only_memory_or_permission_lacks_for_is_not_taken_for_damaged(
    two_checkpoints, monkeypatch, kind
):
    def read(prefix):
        raise kind(None, None, "no")

    before = sorted(two_checkpoints.folder.iterdir())
    monkeypatch.setattr(two_checkpoints.checkpoint, "read", read)
    with pytest.raises(RunError, match="ckpt-8: cannot be read .no."):
        two_checkpoints.restore_newest(Recorder())
    assert sorted(two_checkpoints.folder.iterdir()) == before


def test_a_checkpoint_is_due_once_the_last_one_is_older_than_it_may_be(state, tmp_path):
    assert not CheckpointKeeper(state, RunDirectory(tmp_path)).is_due()
    assert CheckpointKeeper(state, RunDirectory(tmp_path), seconds=0).is_due()


def test_where_every_checkpoint_is_damaged_nothing_is_trained_over_them(two_checkpoints):
    for file in two_checkpoints.folder.glob("*.data*"):
        cut_short(file)
    with pytest.raises(RunError, match="no checkpoint can be read .2 damaged."):
        two_checkpoints.restore_newest(Recorder())


def test_only_the_newest_two_checkpoints_are_kept(two_checkpoints):
    two_checkpoints.save()
    assert sorted(file.name for file in two_checkpoints.folder.glob("*.index")) == ["ckpt-8.index", "ckpt-9.index"]


def test_losses_of_steps_that_are_taken_again_and_damaged_rows_are_dropped(tmp_path):
    run = RunDirectory(tmp_path)
    with RunLogs(run, 0) as logs:
        for step in (1, 2, 3):
            logs.write_losses(step, 1, 0.5, {"g_loss": step / 10})
    with run.losses_file.open("a") as file:
        file.write("4,1,")
    with RunLogs(run, 2) as logs:
        logs.write_losses(3, 1, 0.5, {"g_loss": 0.7})
        assert logs.rows_lost == 0
    assert [row.rpartition(",")[0] for row in run.losses_file.read_text().split()] == [
        "step,epoch,seconds,g_loss", "1,1,0.500,0.1", "2,1,0.500,0.2", "3,1,0.500,0.7",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "damage, lost",
    [
        (lambda text: text, 0),
        (lambda text: text.replace(",0.2,", ",0.9,"), 1),
        (lambda text: text.replace("g_loss", "G_LOSS"), 0),
        (lambda text: text.replace("crc32", "crc23"), 0),
        (lambda text: text.replace("\n2,", " 2,"), 2),
        (lambda _: "", 3),
        (lambda _: "\0" * 50, 3),
    ],
)
def test_a_damaged_row_of_losses_is_left_out_and_counted(tmp_path, damage, lost):
    run = RunDirectory(tmp_path)
    with RunLogs(run, 0) as logs:
        for step in (1, 2, 3):
            logs.write_losses(step, 1, 0.5, {"g_loss": step / 10})
    whole = run.losses_file.read_text()
    run.losses_file.write_text(damage(whole))
    with RunLogs(run, 3) as logs:
        assert logs.rows_lost == lost
        logs.write_losses(4, 1, 0.5, {"g_loss": 0.4})
    header, *rows = run.losses_file.read_text().splitlines()
    assert header == whole.splitlines()[0] and len(rows) == 4 - lost and set(rows[:-1]) < set(whole.splitlines())


def test_losses_written_before_there_were_checks_are_continued_as_they_are(tmp_path):
    run = RunDirectory(tmp_path)
    run.losses_file.write_text("step,epoch,seconds,g_loss\r\n1,1,0.5,0.1\r\n2,1,0.5,0.2\r\n")
    with RunLogs(run, 1) as logs:
        logs.write_losses(2, 1, 0.5, {"g_loss": 0.3})
        assert logs.rows_lost == 0
    assert run.losses_file.read_text().split() == ["step,epoch,seconds,g_loss", "1,1,0.5,0.1", "2,1,0.500,0.3"]


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
    trainer.open_run(run, CONFIG)
    before = run.config_file.read_bytes()
    with pytest.raises(InputError, match="another configuration .(data_key|filters|seed) differ"):
        trainer.open_run(run, other)
    assert run.config_file.read_bytes() == before


def test_a_run_may_be_made_longer_its_data_may_move_and_a_presets_strength_change(tmp_path):
    run = RunDirectory(tmp_path)
    trainer.open_run(run, CONFIG)
    longer = dataclasses.replace(CONFIG.train, epochs=9)
    trainer.open_run(run, dataclasses.replace(CONFIG, data="/elsewhere", train=longer, strength=3.0, strength_back=2.0))
    written = run.config_file.read_text()
    assert '"epochs": 9' in written and '"strength": 3.0' in written


def test_a_loss_that_is_not_finite_stops_before_a_checkpoint_is_written(tmp_path, monkeypatch):
    steps = iter([{"g_loss": 1.0, "d_a_real": 0.5}, {"g_loss": 1.0, "d_a_real": float("nan")}])
    monkeypatch.setattr(trainer, "compile_train_step", lambda *_: lambda a, b: next(steps))
    with pytest.raises(RunError, match=r"d_a_real is nan at step 2, on a\d.wav and b\d.wav; training stopped"):
        train(tmp_path / "run")
    assert not list((tmp_path / "run").glob("checkpoints/*.index"))


@pytest.mark.usefixtures("untraced")
def test_weights_that_an_update_made_infinite_are_never_saved(tmp_path, monkeypatch):
    train(tmp_path / "run", stop_after=1)
    compile_train_step = trainer.compile_train_step

    def compile_diverging(state, *how):
        step = compile_train_step(state, *how)

        def diverging(a, b):
            losses = step(a, b)
            if int(state.step) == 3:
                state.d_b.weights[0].assign(np.full(state.d_b.weights[0].shape, np.inf))
            return losses

        return diverging

    monkeypatch.setattr(trainer, "compile_train_step", compile_diverging)
    with pytest.raises(RunError, match="a weight of d_b is inf at step 3, on a"):
        train(tmp_path / "run", checkpoint_seconds=0)
    assert sorted(file.name for file in tmp_path.rglob("ckpt-*.index")) == ["ckpt-1.index", "ckpt-2.index"]
    assert "a weight of d_b is inf at step 3, on a" in (tmp_path / "run" / "divergence.txt").read_text()


def test_the_clips_a_training_diverged_on_are_those_of_the_step(tmp_path, monkeypatch):
    drawn = []

    def losses(a, b):
        drawn.append((a.numpy(), b.numpy()))
        return {"g_loss": float("inf") if len(drawn) == 6 else 1.0}

    monkeypatch.setattr(trainer, "compile_train_step", lambda *_: losses)
    monkeypatch.setattr(trainer.CheckpointKeeper, "save", lambda *_: None)
    monkeypatch.setattr(Recorder, "step_done", lambda *_: None)
    with pytest.raises(RunError) as caught:
        train(tmp_path / "run", config=AS_THEY_ARE)
    a, b = (
        names[[np.array_equal(image, shown[0]) for image in images(seed)].index(True)]
        for names, seed, shown in zip(NAMES, (1, 2), drawn[-1])
    )
    assert f"g_loss is inf at step 6, on {a} and {b}; " in str(caught.value)


@pytest.mark.usefixtures("untraced")
def test_stopped_at_the_end_of_an_epoch_a_training_still_leaves_its_weights(tmp_path):
    assert train(tmp_path, stop_after=CLIPS)[0] is False
    assert RunDirectory(tmp_path).epochs() == [1]


def test_the_output_norm_starts_at_deviation_and_mean_of_arctanh_of_the_images():
    wanted = np.random.default_rng(0).normal(-0.5, 0.3, (3, 8, 8, 1))
    scale, offset = output_start(np.tanh(wanted))
    assert scale == pytest.approx(wanted.std(), rel=1e-3) and offset == pytest.approx(wanted.mean(), rel=1e-3)
    assert output_start(np.full((2, 2), -1.0)) == (0.0, pytest.approx(np.arctanh(-0.99)))


@pytest.mark.usefixtures("untraced")
def test_faces_are_trained_jointly_at_48_pixels_and_resumed_with_weights_for_samples(tmp_path):
    train = dataclasses.replace(AS_THEY_ARE.train, update="joint")
    config = FaceRunConfig("sad_happy", "cpu-plus", "/faces", "0" * 16, 48, CONFIG.model, train)
    faces = np.random.default_rng(0).uniform(-1, 1, (2, 2, *config.image_shape)).astype(np.float32)
    run = RunDirectory(tmp_path / "faces")
    for last_step in (1, 2):
        trainer.open_run(run, config)
        none = dict.fromkeys(DIRECTIONS, ())
        assert trainer.train(config, run, *faces, (("a", "b"), ("c", "d")), none, last_step, Recorder())
    generator = load_generator(run, FaceRunConfig.load(run.config_file), run.epoch_or_latest(), DIRECTIONS[0])
    assert generator(faces[0]).shape == (2, 48, 48, 1)
    assert len(losses(run.path)) == 2 and not run.samples(1).exists()
