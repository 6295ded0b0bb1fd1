"""The log of losses: whole rows only, a row a step, and every tenth step in TensorBoard."""

import pytest
import tensorflow as tf

from cyclegan_keras.shared.run_directory import RunDirectory
from cyclegan_keras.training.logs import RunLogs


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


def test_tensorboard_gets_the_losses_of_every_tenth_step(tmp_path):
    run = RunDirectory(tmp_path)
    with RunLogs(run, 0) as logs:
        for step in range(1, 22):
            logs.write_losses(step, 1, 0.5, {"g_loss": step / 10})
    (file,) = run.logs.iterdir()
    events = tf.compat.v1.train.summary_iterator(str(file))
    assert [event.step for event in events if event.summary.value] == [1, 11, 21]
