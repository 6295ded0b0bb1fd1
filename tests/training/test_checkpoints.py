"""Checkpoints: the newest two, and a damaged one passed over for the one before."""

import numpy as np
import pytest
import tensorflow as tf

from cyclegan_keras.shared.errors import RunError
from cyclegan_keras.shared.run_directory import RunDirectory
from cyclegan_keras.training.checkpoints import CheckpointKeeper
from cyclegan_keras.training.state import build_state
from tests.small_training import (
    CONFIG,
    SMALL,
)  # fmt: skip


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
    """The step that was restored, and the checkpoints passed over."""
    assert keeper.restore_newest()
    assert np.all(keeper.state.g.weights[0].numpy() == int(keeper.state.step))
    return int(keeper.state.step), [path.name for path in keeper.damaged]


def flip_middle_byte(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def cut_short(file):
    file.write_bytes(file.read_bytes()[:1000])


def test_the_newest_checkpoint_is_restored(two_checkpoints):
    assert restored(two_checkpoints) == (8, [])


@pytest.mark.parametrize(
    "damage", [flip_middle_byte, cut_short, lambda file: file.write_bytes(b""), lambda file: file.unlink()]
)
@pytest.mark.parametrize("part", ["data-00000-of-00001", "index"])
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(two_checkpoints, damage, part):
    damage(two_checkpoints.folder / f"ckpt-8.{part}")
    gone = part == "index" and not (two_checkpoints.folder / "ckpt-8.index").exists()
    assert restored(two_checkpoints) == (7, [] if gone else ["ckpt-8"])


def test_what_a_killed_training_left_of_a_checkpoint_is_no_checkpoint_and_is_deleted(two_checkpoints):
    folder = two_checkpoints.folder
    before = sorted(folder.iterdir())
    (folder / "ckpt-9_temp").mkdir()
    (folder / "ckpt-9_temp" / "part-00000-of-00001.data-00000-of-00001").write_bytes(b"half")
    (folder / "ckpt-9.data-00000-of-00001").write_bytes(b"moved, but the index is not")
    assert restored(two_checkpoints) == (8, [])
    assert sorted(folder.iterdir()) == before


def test_a_damaged_checkpoint_is_deleted_once_a_whole_one_is_written(two_checkpoints):
    flip_middle_byte(two_checkpoints.folder / "ckpt-8.data-00000-of-00001")
    assert restored(two_checkpoints) == (7, ["ckpt-8"])
    two_checkpoints.state.step.assign(9)
    two_checkpoints.save()
    assert sorted(file.name for file in two_checkpoints.folder.glob("*.index")) == ["ckpt-7.index", "ckpt-9.index"]


@pytest.mark.parametrize("kind", [tf.errors.ResourceExhaustedError, tf.errors.PermissionDeniedError])
def test_a_checkpoint_unreadable_for_lack_of_memory_or_permission_is_not_called_damaged(
    two_checkpoints, monkeypatch, kind
):
    def read(prefix):
        raise kind(None, None, "no")

    before = sorted(two_checkpoints.folder.iterdir())
    monkeypatch.setattr(two_checkpoints.checkpoint, "read", read)
    with pytest.raises(RunError, match="ckpt-8: cannot be read .no."):
        two_checkpoints.restore_newest()
    assert sorted(two_checkpoints.folder.iterdir()) == before


def test_a_checkpoint_is_due_once_the_last_one_is_older_than_it_may_be(state, tmp_path):
    keeper = CheckpointKeeper(state, RunDirectory(tmp_path))
    assert not keeper.is_due()
    keeper.saved_at -= 601
    assert keeper.is_due()
    keeper.save()
    assert not keeper.is_due()


def test_where_every_checkpoint_is_damaged_nothing_is_trained_over_them(two_checkpoints):
    for file in two_checkpoints.folder.glob("*.data*"):
        cut_short(file)
    with pytest.raises(RunError, match="no checkpoint can be read .2 damaged."):
        two_checkpoints.restore_newest()


def test_only_the_newest_two_checkpoints_are_kept(two_checkpoints):
    two_checkpoints.save()
    assert sorted(file.name for file in two_checkpoints.folder.glob("*.index")) == ["ckpt-8.index", "ckpt-9.index"]
