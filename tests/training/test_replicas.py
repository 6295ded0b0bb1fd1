"""Several devices take the step that one takes with the whole batch, and several machines train one run."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory
from tests.conftest import PROJECT
from tests.small_training import OPTIONS, losses


def take_steps(strategy, update):
    """Four steps with a batch of two, the last two from a full pool: losses, and everything a checkpoint holds."""
    import tensorflow as tf

    from cyclegan_keras.config import ModelConfig, TrainConfig
    from cyclegan_keras.training.step import build_training

    train = TrainConfig(pool_size=4, batch_size=2, update=update, average_decay=0.9 if update == "joint" else 0.0)
    images = np.random.default_rng(0).uniform(-1, 1, (4, 2, 2, 32, 32, 1)).astype(np.float32)
    with strategy.scope():
        state, take_step = build_training((32, 32, 1), ModelConfig(filters=2, n_resnet=1), train)
        taken = [take_step(tf.constant(a), tf.constant(b)) for a, b in images]
        path = state.checkpoint().save(os.path.join(sys.argv[1], f"{strategy.num_replicas_in_sync}", "state"))
    reader = tf.train.load_checkpoint(path)
    names = [name for name in reader.get_variable_to_shape_map() if "OBJECT_GRAPH" not in name]
    return [{name: float(loss) for name, loss in of_step.items()} for of_step in taken], {
        name: reader.get_tensor(name) for name in names
    }


def compare_one_with_two_devices():
    """Run in a process of its own, as a processor is made two devices before TensorFlow's first computation."""
    import tensorflow as tf

    from cyclegan_keras.training.replicas import build_strategy

    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_visible_devices([], "GPU")
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    one, two = (take_steps(build_strategy(name), sys.argv[2]) for name in ("one", "mirrored"))
    for step, (ours, theirs) in enumerate(zip(two[0], one[0])):
        for name, loss in ours.items():
            assert loss == pytest.approx(theirs[name], rel=1e-5 if step == 0 else 5e-4), (step, name)
    assert two[1].keys() == one[1].keys()
    for name, tensor in two[1].items():
        if tensor.ndim == 4:  # kernels, their averages and moments, and pools
            # Of kernels, half of one of Adam's steps.
            scale = max(0.1, np.abs(tensor).max())
            np.testing.assert_allclose(tensor, one[1][name], atol=1e-3 * scale, err_msg=name)
        elif tensor.ndim == 0:
            assert tensor == one[1][name], name


@pytest.mark.slow
@pytest.mark.parametrize("update", ["alternating", "joint"])
def test_two_devices_with_an_image_each_take_the_steps_of_one_with_both(update, tmp_path):
    code = "from tests.training.test_replicas import compare_one_with_two_devices; compare_one_with_two_devices()"
    command = [sys.executable, "-c", code, str(tmp_path), update]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "config",
    [
        "",
        "not JSON",
        "[]",
        '{"cluster": {"worker": ["a:1"]}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
    ],
)
def test_a_missing_or_mistaken_tf_config_is_explained(config, monkeypatch):
    from cyclegan_keras.training.replicas import build_strategy

    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(InputError, match="TF_CONFIG must hold"):
        build_strategy("multiworker")


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


@pytest.fixture
def train(demo_clips, environment, tmp_path):
    """Start a training of twelve steps with a batch of two; an epoch, and so the first checkpoint, is of seven."""
    command = [sys.executable, "-m", "cyclegan_keras.train", "--data", demo_clips, *OPTIONS[:-1], "12"]
    started = []

    def start(run, *options, **variables):
        started.append(
            subprocess.Popen(
                [*command, "--run-dir", str(run), *options], env={**environment, **variables}, cwd=tmp_path,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
        )  # fmt: skip
        return started[-1]

    yield start
    for process in started:
        process.kill()


def start_two_workers(train, run):
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(2)]}
    return [
        train(run, "--strategy", "multiworker", TF_CONFIG=json.dumps({"cluster": cluster, "task": task}))
        for task in ({"type": "worker", "index": index} for index in range(2))
    ]


def wait_for(file, processes):
    deadline = time.monotonic() + 200
    while not file.exists():
        assert all(process.poll() is None for process in processes) and time.monotonic() < deadline, [
            process.communicate() for process in processes if process.poll() is not None
        ]
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("lost", [0, 1])
def test_when_a_worker_is_killed_the_other_ends_with_a_line_and_both_resume(lost, train, tmp_path):
    run = RunDirectory(tmp_path / "run")
    workers = start_two_workers(train, run.path)
    wait_for(run.checkpoints / "ckpt-7.index", workers)
    workers[lost].send_signal(signal.SIGKILL)
    _, errors = workers[1 - lost].communicate(timeout=120)
    assert workers[1 - lost].returncode == 1
    assert "another worker is gone" in errors and "Traceback" not in errors and len(errors.splitlines()) == 1, errors

    first, second = start_two_workers(train, run.path)
    said = [worker.communicate(timeout=200) for worker in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), said
    assert all("resumed after step 7 of 12" in output for output, _ in said)

    alone = train(tmp_path / "alone", "--batch-size", "2")
    assert alone.wait(timeout=200) == 0
    expected = losses(tmp_path / "alone")
    assert [row["step"] for row in losses(run.path)] == [row["step"] for row in expected]
    for ours, theirs in zip(losses(run.path), expected):
        assert ours.keys() == theirs.keys()
        for name, loss in theirs.items():
            # What two devices sum in another order, Adam's first steps make larger.
            assert float(ours[name]) == pytest.approx(float(loss), rel=0.02), (theirs["step"], name)
    assert all(run.weights_file(2, direction).exists() for direction in DIRECTIONS)
