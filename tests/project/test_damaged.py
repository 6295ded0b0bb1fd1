"""A file of a run directory or of the cache, damaged anywhere: the next command recovers and says so, or names it.

``$DAMAGES`` damages (500). ``pytest -m slow -s tests/project/test_damaged.py`` prints the figures.
"""

import os
import random
import shutil
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import soundfile

from cyclegan_keras.config import RunConfig
from cyclegan_keras.conversion.generators import load_generator
from cyclegan_keras.shared.errors import InputError, RunError
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory
from cyclegan_keras.training.checkpoints import CheckpointKeeper
from cyclegan_keras.training.divergence import trained_values
from cyclegan_keras.training.image_cache import load_images
from cyclegan_keras.training.logs import RunLogs
from cyclegan_keras.training.loop import open_run
from cyclegan_keras.training.step import build_training
from tests.small_training import CONFIG, OPTIONS, SMALL, train

DAMAGES = int(os.environ.get("DAMAGES", 500))
STEPS = 3

pytestmark = pytest.mark.slow


def truncated(content, dice):
    return content[: dice.randrange(len(content))]


def zeroed(content, dice):
    start = dice.randrange(len(content))
    end = min(len(content), start + dice.choice([1, 16, 512, len(content)]))
    return content[:start] + bytes(end - start) + content[end:]


def flipped(content, dice):
    content = bytearray(content)
    for _ in range(dice.choice([1, 1, 1, 8])):
        content[dice.randrange(len(content))] ^= dice.randrange(1, 256)
    return bytes(content)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder, dice = tmp_path_factory.mktemp("clips"), np.random.default_rng(0)
    paths = [folder / f"{number}.wav" for number in range(4)]
    for path in paths:
        soundfile.write(path, dice.normal(0, 0.1, 8000), 16_000)
    return paths


@pytest.fixture(scope="module")
def whole(clips, tmp_path_factory):
    """A folder with a run directory, whose checkpoints are of steps 2 and 3, and a cache."""
    folder = tmp_path_factory.mktemp("whole")
    train(folder / "run", STEPS, checkpoint_seconds=0)
    load_images(clips, SMALL, folder / "cache")
    return folder


class NextCommand:
    """Everything that the commands read of a run directory and the cache, read in the order they read it."""

    def __init__(self, clips):
        self.clips = clips
        self.state, _ = build_training(SMALL.image_shape, CONFIG.model, CONFIG.train)

    def read(self, folder):
        """What is read, by name; and what is said of damage."""
        run, damaged_cache = RunDirectory(folder / "run"), []
        open_run(run, CONFIG)
        images = load_images(self.clips, SMALL, folder / "cache", on_damage=damaged_cache.append)
        keeper = CheckpointKeeper(self.state, run)
        keeper.restore_newest()
        step = int(self.state.step)
        with RunLogs(run, step) as logs:
            kept, rows_lost = list(logs.kept), logs.rows_lost
        generators = {
            f"{direction} {number}": weight
            for direction in DIRECTIONS
            for number, weight in enumerate(
                load_generator(run, RunConfig.load(run.config_file), run.epoch_or_latest(), direction, False)
                .get_weights()
            )
        }  # fmt: skip
        restored = {f"{number} {name}": value for number, (name, value) in enumerate(trained_values(self.state))}
        for pool in (self.state.pool_a, self.state.pool_b):
            restored.update({f"{pool.seed} pool": pool.images.numpy(), f"{pool.seed} seen": pool.seen.numpy()})
        said = [f"checkpoint {path.name}" for path in keeper.damaged]
        said += [f"cache {path.name}" for path in damaged_cache] + [f"{rows_lost} rows"] * bool(rows_lost)
        return step, {"images": images, **generators}, restored, kept, said


def assert_equal(read, expected):
    assert read.keys() == expected.keys()
    for name, array in read.items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


def test_damaged_anywhere_a_run_recovers_and_says_so_or_names_the_file(whole, clips, tmp_path):
    command = NextCommand(clips)
    _, files, newest, rows, said = command.read(whole)
    assert said == [] and len(rows) == STEPS
    earlier = tmp_path / "earlier"
    shutil.copytree(whole, earlier)
    for file in (earlier / "run" / "checkpoints").glob(f"ckpt-{STEPS}.*"):
        file.unlink()
    by_step = {STEPS: newest, STEPS - 1: command.read(earlier)[2]}

    names = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file() and path.stat().st_size)
    outcomes, dice = Counter(), random.Random(0)
    for number in range(DAMAGES):
        name, damage = dice.choice(names), dice.choice([truncated, zeroed, flipped])
        folder = tmp_path / "damaged"
        shutil.copytree(whole, folder)
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(damage(content, dice))
        case = f"{number}: {damage.__name__} {name}"
        kind = f"{name.parts[1] if name.parts[0] == 'run' else 'cache'}"
        try:
            step, read, restored, kept, said = command.read(folder)
        except (InputError, RunError) as error:
            assert name.name in str(error) or "checkpoints" in str(error) and "ckpt" in name.name, (case, error)
            outcomes[kind, "named"] += 1
        else:
            assert_equal(read, files)
            assert_equal(restored, by_step[step])
            assert kept == [row for row in rows[:step] if row in kept], case
            assert said or (step == STEPS and len(kept) == STEPS), case
            outcomes[kind, "recovered" if said else "made no difference"] += 1
        shutil.rmtree(folder)
    print(f"\n{DAMAGES} damages:")
    for (kind, outcome), count in sorted(outcomes.items()):
        print(f"  {kind}: {outcome} {count}")


@pytest.fixture(scope="module")
def whole_by_command(demo_clips, environment, tmp_path_factory):
    folder = tmp_path_factory.mktemp("commands")
    command = [sys.executable, "-m", "cyclegan_keras.train", *OPTIONS, "--data", demo_clips]
    command += ["--run-dir", folder / "run", "--checkpoint-seconds", "0"]
    environment = {**environment, "CYCLEGAN_KERAS_CACHE": str(folder / "cache")}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return folder


@pytest.mark.parametrize("damage", [truncated, zeroed, flipped])
@pytest.mark.parametrize(
    "pattern",
    ["run/config.json", "run/train.csv", "run/checkpoints/ckpt-3.index", "run/checkpoints/ckpt-3.data*",
     "run/weights/epoch_001_a_to_b.npz", "cache/*.npz"],
)  # fmt: skip
def test_damaged_between_two_commands_a_run_recovers_and_says_so_or_names_the_file(
    whole_by_command, demo_clips, environment, tmp_path, pattern, damage
):
    folder = tmp_path / "folder"
    shutil.copytree(whole_by_command, folder)
    file = sorted(folder.glob(pattern))[0]
    content, dice = file.read_bytes(), random.Random(pattern)
    damaged = damage(content, dice)
    while damaged == content:  # zeros over the zeros of an empty pool
        damaged = damage(content, dice)
    file.write_bytes(damaged)
    arguments = ["train", *OPTIONS, "--data", demo_clips]
    if "weights" in pattern:
        arguments = ["infer", demo_clips / "Actor_04" / "03-01-02-01-02-02-04.wav", "--output", tmp_path / "out.wav"]
    done = subprocess.run(
        [sys.executable, "-m", f"cyclegan_keras.{arguments[0]}", *arguments[1:], "--run-dir", folder / "run"],
        capture_output=True, text=True, timeout=300, env={**environment, "CYCLEGAN_KERAS_CACHE": str(folder / "cache")},
    )  # fmt: skip
    if done.returncode:
        assert file.name in done.stderr and len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert pattern in ("run/config.json", "run/weights/epoch_001_a_to_b.npz")
    else:
        assert file.name.partition(".data")[0].replace(".index", "") in done.stdout and "damaged" in done.stdout
        for direction in DIRECTIONS:
            weights = [
                np.load(RunDirectory(of / "run").weights_file(1, direction)) for of in (folder, whole_by_command)
            ]
            assert all(np.array_equal(weights[0][name], weights[1][name]) for name in weights[0].files)
