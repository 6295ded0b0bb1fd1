"""A training that is killed at random moments, again and again, ends bit for bit like one that was left alone.

``$KILLS`` kills (200), an hour of two cores. ``pytest -m slow -s tests/project/test_killed.py`` prints the figures.
"""

import csv
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from cyclegan_keras.shared.run_directory import RunDirectory

KILLS = int(os.environ.get("KILLS", 200))
STEPS = 40
"""Two epochs of 15 steps and part of a third, with a snapshot at the end of each."""

CHECKPOINT_SECONDS = 0.5
DEADLINE_SECONDS = 600

OPTIONS = (
    "--pair calm_fearful --preset cpu --precision float32 --filters 2 --n-resnet 1 --deterministic "
    f"--steps {STEPS} --checkpoint-seconds {CHECKPOINT_SECONDS}"
).split()

pytestmark = pytest.mark.slow


class Training:
    """A training under way in a process of its own."""

    def __init__(self, run: RunDirectory, data: Path, environment):
        self.run = run
        self.log = run.path.with_suffix(".log")
        self.began, self.began_at = time.monotonic(), time.time()
        command = [sys.executable, "-m", "cyclegan_keras.train", *OPTIONS, "--data", data, "--run-dir", run.path]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)

    def wait_for(self, happened) -> bool:
        """Wait until something happened; False if the training ended first."""
        while not happened():
            if self.process.poll() is not None:
                return False
            assert time.monotonic() - self.began < DEADLINE_SECONDS, self.log.read_text()
            time.sleep(0.002)
        return True

    def seconds(self) -> float:
        return time.monotonic() - self.began

    def has_taken_a_step(self) -> bool:
        file = self.run.losses_file
        return file.exists() and file.stat().st_mtime > self.began_at

    def kill(self) -> str:
        """Kill it; returns what it was doing."""
        self.process.kill()
        self.process.wait()
        if any(self.run.checkpoints.glob("*_temp")):
            return "writing a checkpoint"
        if any(self.run.path.rglob(".*-part*")):
            return "writing another file"
        return "training" if self.resumed() is not None or "epoch" in self.log.read_text() else "starting"

    def resumed(self):
        """The step that it said it went on after; None if it did not come so far."""
        found = re.search(r"resumed after step (\d+) of", self.log.read_text())
        return int(found.group(1)) if found else None


def rows(run):
    if not run.losses_file.exists():
        return []
    with run.losses_file.open() as file:
        return [row for row in csv.DictReader(file) if row["crc32"]]


def result(run):
    """Everything that a training leaves, by name: networks, optimizers, pools and step; generators; losses."""
    (newest,) = run.checkpoints.glob(f"ckpt-{STEPS}.index")
    reader = tf.train.load_checkpoint(str(newest.with_suffix("")))
    names = [name for name in reader.get_variable_to_shape_map() if "OBJECT_GRAPH" not in name]
    left = {name: reader.get_tensor(name) for name in names}
    for file in sorted(run.path.glob("weights/*.npz")):
        left.update({f"{file.name}/{name}": array for name, array in np.load(file).items()})
    left["losses"] = np.array([[v for k, v in row.items() if k not in ("seconds", "crc32")] for row in rows(run)])
    return left


def assert_same(run, expected):
    left = result(run)
    assert left.keys() == expected.keys()
    for name, array in left.items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)
    unfinished = [*run.path.rglob(".*-part*"), *run.checkpoints.glob("*_temp")]
    assert unfinished == [] and len(list(run.checkpoints.iterdir())) == 4, "two checkpoints of two files each"


def kill_somewhere(training, random, start_seconds) -> str:
    """Kill a training while it starts, works, or writes a checkpoint; "finished" if it was too fast."""
    aim = random.choice(["start", "work", "checkpoint", "checkpoint"])
    if aim == "start":
        moment = random.uniform(0, start_seconds)
        alive = training.wait_for(lambda: training.seconds() > moment)
    else:
        alive = training.wait_for(training.has_taken_a_step)
        moment = training.seconds() + random.uniform(0, 3)
        if aim == "work":
            alive = alive and training.wait_for(lambda: training.seconds() > moment)
        else:
            alive = alive and training.wait_for(lambda: any(training.run.checkpoints.glob("*_temp")))
            time.sleep(random.uniform(0, 0.04))
    return training.kill() if alive and training.process.poll() is None else "finished"


def test_killed_at_random_moments_a_training_ends_bit_for_bit_like_one_left_alone(demo_clips, environment, tmp_path):
    whole = Training(RunDirectory(tmp_path / "whole"), demo_clips, environment)
    whole.wait_for(whole.has_taken_a_step)
    start_seconds = whole.seconds()
    assert whole.process.wait(DEADLINE_SECONDS) == 0, whole.log.read_text()
    expected = result(whole.run)

    dice = random.Random(0)
    doing, lost_steps, lost_seconds, finished = Counter(), [], [], 0
    run = RunDirectory(tmp_path / "killed-0")
    before = []
    while True:
        training = Training(run, demo_clips, environment)
        kills = sum(doing.values())
        if kills < KILLS:
            what = kill_somewhere(training, dice, start_seconds)
        else:
            training.process.wait(DEADLINE_SECONDS)
            what = "finished"
        output = training.log.read_text()
        assert what != "finished" or training.process.returncode == 0, output
        assert "Traceback" not in output and "no checkpoint can be read" not in output, output
        if training.resumed() is not None or "epoch 1" in output:
            lost = before[training.resumed() or 0 :]
            lost_steps.append(len(lost))
            # The last of them may have ended, or its checkpoint been under way, as the kill came.
            lost_seconds.append(sum(float(row["seconds"]) for row in lost[:-1]))
            assert lost_seconds[-1] < CHECKPOINT_SECONDS, (lost, output)
            before = rows(run)
        if what == "finished":
            assert_same(run, expected)
            finished += 1
            run, before = RunDirectory(tmp_path / f"killed-{finished}"), []
            if kills == KILLS:
                break
        else:
            doing[what] += 1
        print(f"{sum(doing.values())} kills, {finished} finished, {what}, {len(before)} steps", flush=True)
    print(f"\n{KILLS} kills: {dict(doing)}; {len(lost_steps)} resumes came as far as the checkpoint;")
    print(f"lost at most {max(lost_steps)} steps and {max(lost_seconds):.2f} s (interval {CHECKPOINT_SECONDS} s);")
    print(f"{finished} trainings of {STEPS} steps ended like the uninterrupted one in all of {len(expected)} arrays")
