"""A disk that is full, too little memory, too few files: a clear line, and the last good checkpoint stays whole.

The small disk is a tmpfs, which only root may mount; elsewhere those tests are skipped.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

from cyclegan_keras.shared.errors import RunError
from tests.conftest import the_one_line
from tests.small_training import OPTIONS, STEPS, checkpointed, losses, train

pytestmark = pytest.mark.slow

MEGABYTE = 2**20


@pytest.fixture
def small_disk(tmp_path):
    """20 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", folder]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no tmpfs to be had: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(disk, room):
    """Leave ``room`` bytes."""
    stuffing = disk / "stuffing"
    stuffing.unlink(missing_ok=True)
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize
    with stuffing.open("wb") as file:
        file.write(bytes(max(0, free - room)))
    return stuffing


@pytest.mark.parametrize("room", [0, 4_096, 50_000, 200_000, 400_000, 800_000])
def test_a_disk_that_fills_stops_training_by_name_and_it_goes_on_once_there_is_room(small_disk, tmp_path, room):
    train(tmp_path / "uninterrupted")
    run = small_disk / "run"
    train(run, last_step=2, checkpoint_seconds=0)
    before = {file: file.read_bytes() for file in (run / "checkpoints").iterdir()}
    assert before
    stuffing = fill(small_disk, room)
    with pytest.raises(RunError, match=str(run)) as caught:
        train(run)
    assert "make room" in str(caught.value) and "\n" not in str(caught.value)
    newest = max(before)
    assert newest.read_bytes() == before[newest]
    stuffing.unlink()
    finished, observer = train(run)
    assert finished and observer.resumes[0][0] >= 2 and observer.resumes[0][1] == []
    one, other = checkpointed(run), checkpointed(tmp_path / "uninterrupted")
    assert all(np.array_equal(one[name], other[name]) for name in other)
    assert losses(run) == losses(tmp_path / "uninterrupted") and len(losses(run)) == STEPS


def test_on_a_disk_too_small_for_a_checkpoint_the_command_stops_with_one_line(small_disk, demo_clips, command_line):
    done = command_line("train", *OPTIONS, "--data", demo_clips, "--run-dir", small_disk / "run", expect=1)
    line = the_one_line(done.stderr)
    assert str(small_disk / "run") in line and "make room" in line
    assert list((small_disk / "run" / "checkpoints").iterdir()) == []


def limited(limit, module, *arguments, environment):
    command = ["prlimit", limit, sys.executable, "-m", f"cyclegan_keras.{module}", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)


@pytest.mark.parametrize("limit", ["--nofile=12", "--nofile=24", "--nofile=48"])
def test_too_few_files_are_a_clear_line_and_never_a_damaged_run(trained_run, demo_clips, environment, tmp_path, limit):
    command = ["train", *OPTIONS, "--data", demo_clips, "--run-dir", tmp_path / "run"]
    done = limited(limit, *command, environment=environment)
    if done.returncode:
        assert done.returncode == 1 and len(done.stderr.splitlines()) == 1 and "Too many open files" in done.stderr
    again = limited("--nofile=1024", *command, environment=environment)
    assert again.returncode == 0, again.stderr
    one, other = checkpointed(tmp_path / "run"), checkpointed(trained_run.path)
    assert all(np.array_equal(one[name], other[name]) for name in other)


@pytest.mark.parametrize("gigabytes", [0.5, 1, 1.5, 2, 2.5, 3])
def test_too_little_memory_never_damages_a_run(trained_run, demo_clips, environment, tmp_path, gigabytes):
    limit = f"--as={int(gigabytes * 1024 * MEGABYTE)}"
    command = ["train", *OPTIONS, "--data", demo_clips, "--run-dir", tmp_path / "run"]
    done = limited(limit, *command, environment=environment)
    print(f"\n{gigabytes} GB: exit {done.returncode}: {done.stderr.strip()[-300:]}")
    assert "Traceback" not in done.stderr
    again = limited("--nofile=1024", *command, environment=environment)
    assert again.returncode == 0, again.stderr
    one, other = checkpointed(tmp_path / "run"), checkpointed(trained_run.path)
    assert all(np.array_equal(one[name], other[name]) for name in other)
