"""Fixtures that several test files share."""

import fcntl
import importlib
import os
import resource
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from cyclegan_keras.shared.cli import prepare_environment

prepare_environment()
# The few sounds that most judges here are fitted to are described before other processes have begun.
os.environ["LOKY_MAX_CPU_COUNT"] = "1"

PROJECT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items):
    """Begin with whole trainings, the longest tests: begun last, one would keep its process long after the others.

    The first of them needs no ``trained_run``, which another process makes meanwhile.
    """
    items.sort(key=lambda item: item.path.name != "test_train.py")


def _data_folder(variable: str, default: str) -> Path:
    folder = Path(os.environ.get(variable) or PROJECT.parent / "shared" / default)
    if not folder.is_dir():
        pytest.skip(f"no recordings: set {variable} to their folder (looked at {folder})")
    return folder


@pytest.fixture(scope="session")
def ravdess_dir() -> Path:
    """RAVDESS recordings: $RAVDESS_DIR, else ../shared/ravdess."""
    return _data_folder("RAVDESS_DIR", "ravdess")


@pytest.fixture(scope="session")
def report_audio_dir() -> Path:
    """The report's published recordings: $REPORT_AUDIO_DIR, else ../shared/report_audio."""
    return _data_folder("REPORT_AUDIO_DIR", "report_audio")


@pytest.fixture(scope="session")
def made_once(tmp_path_factory, worker_id) -> Callable[[str, Callable[[Path], None]], Path]:
    """Make a folder in the first of the test processes that asks for it; the others wait for it and share it."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def folder(name: str, make: Callable[[Path], None]) -> Path:
        with (shared / f"{name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (shared / name).exists():
                make(shared / f"{name}-unfinished")
                (shared / f"{name}-unfinished").rename(shared / name)
        return shared / name

    return folder


@pytest.fixture(scope="session")
def cache_dir(made_once) -> Path:
    """One cache of analysed images for the whole test session, never the user's."""
    return made_once("cache", Path.mkdir)


@pytest.fixture(scope="session")
def environment(cache_dir) -> dict[str, str]:
    """The environment of a user's command line: the package found, the user's cache left alone."""
    return {**os.environ, "PYTHONPATH": str(PROJECT), "CYCLEGAN_KERAS_CACHE": str(cache_dir)}


@pytest.fixture
def command_line(environment, tmp_path):
    """Run a command line of the package as a user does, in a folder of its own."""

    def run(module: str, *arguments, expect: int = 0) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", f"cyclegan_keras.{module}", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, cwd=tmp_path, env=environment)
        assert done.returncode == expect, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@contextmanager
def no_file_larger_than(size: int | None):
    """Writing more than so many bytes into a file fails as on a full disk, if a size is given."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size or before[0], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def run_here(environment, tmp_path, monkeypatch, capfd):
    """Run a command line in a folder of its own; returns its exit status, what it printed, and its errors.

    In this process, which has TensorFlow loaded: in one of its own every such test would take three seconds more.
    """

    def run(module: str, *arguments, largest_file: int | None = None) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("CYCLEGAN_KERAS_CACHE", environment["CYCLEGAN_KERAS_CACHE"])
        # It would hold for the tests that come after, some of which compare roundings.
        monkeypatch.setattr("tensorflow.config.optimizer.set_experimental_options", lambda _: None)
        capfd.readouterr()
        command = importlib.import_module(f"cyclegan_keras.{module}").main
        with pytest.raises(SystemExit) as ended, no_file_larger_than(largest_file):
            command([str(argument) for argument in arguments])
        return ended.value.code or 0, *capfd.readouterr()

    return run


@pytest.fixture
def fails_with_one_line(run_here):
    """Run a command line that must fail with one line on standard error; returns that line."""

    def run(module: str, *arguments, expect: int, largest_file: int | None = None) -> str:
        status, _, errors = run_here(module, *arguments, largest_file=largest_file)
        line = the_one_line(errors)
        assert status == expect, line
        return line

    return run


def the_one_line(stderr: str) -> str:
    """What a command that failed says, which is one line."""
    assert "Traceback" not in stderr
    assert len(stderr.strip().splitlines()) == 1, stderr
    return stderr.strip()


@pytest.fixture(scope="session")
def demo_clips(made_once) -> Path:
    """A small demo corpus: calm and fearful speech of three actors, one of them never trained on."""
    from cyclegan_keras.corpora.demo import write_demo_corpus

    return made_once(
        "demo", lambda root: write_demo_corpus(root, seed=0, emotions=("calm", "fearful"), actors=(1, 4, 19))
    )


class TrainedRun(NamedTuple):
    """A run directory, and what the training that made it printed."""

    path: Path
    output: str


@pytest.fixture(scope="session")
def trained_run(demo_clips, environment, made_once) -> TrainedRun:
    """Three steps of a very small calm_fearful model on the demo corpus, trained by the command line."""
    from tests.small_training import OPTIONS

    def train(folder: Path) -> None:
        command = [sys.executable, "-m", "cyclegan_keras.train", *OPTIONS, "--data", str(demo_clips)]
        command += ["--run-dir", str(folder / "run")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, env=environment)
        assert done.returncode == 0, done.stderr
        (folder / "output.txt").write_text(done.stdout)

    folder = made_once("trained", train)
    return TrainedRun(folder / "run", (folder / "output.txt").read_text())


@pytest.fixture
def untraced():
    """Steps are run as they are written: of a step or two, what takes long is the graph, which other tests trace."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Even though the .* option does not apply to tf.data functions")
        yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def tone() -> np.ndarray:
    """Two seconds of a tone that rises and falls, 16 kHz."""
    time = np.arange(32_000) / 16_000
    return (0.3 * np.sin(2 * np.pi * (300 * time + 50 * np.sin(3 * time)))).astype(np.float32)
