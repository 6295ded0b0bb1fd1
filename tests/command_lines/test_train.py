"""``python -m cyclegan_keras.train`` as a user runs it."""

import csv
import io
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from cyclegan_keras.config import RunConfig
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.prosody.move import UNMOVED
from cyclegan_keras.prosody.stored import load_prosody
from cyclegan_keras.shared.files import locked
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory
from cyclegan_keras.shared.terminal import TerminalObserver, readable_duration
from cyclegan_keras.training import inputs, loop
from tests.small_training import OPTIONS as SMALL
from tests.small_training import checkpointed


@pytest.mark.usefixtures("untraced")
def test_cpu_plus_updates_jointly_keeps_averages_and_converts_its_samples_by_the_clips_own_phase(
    run_here, demo_clips, tmp_path, monkeypatch
):
    monkeypatch.setattr("cyclegan_keras.training.prosody.PROSODY_CLIPS", 4)
    loaded, load = [], inputs.load_domain
    monkeypatch.setattr(
        inputs,
        "load_domain",
        lambda clips, config, moved, *how: loaded.append(moved) or load(clips, config, moved, *how),
    )
    options = ["--preset", "cpu-plus", "--data", demo_clips, *SMALL[4:-1], "1", "--run-dir", tmp_path / "run"]
    assert run_here("train", "--pair", "calm_fearful", *options)[0] == 0
    run = RunDirectory(tmp_path / "run")
    config = RunConfig.load(run.config_file)
    assert (config.preset, config.train.update, config.train.average_decay) == ("cpu-plus", "joint", 0.995)
    assert config.conversion == PRESETS["cpu-plus"].conversion
    assert any("averages" in name for name in checkpointed(run.path))
    assert {file.suffix for file in run.samples(1).iterdir()} == {".png", ".wav"}
    # Demo speech is faster and higher in fear: moved before G, and back after F.
    there, back = (load_prosody(run.prosody_file, direction) for direction in DIRECTIONS)
    assert there.tempo < 0.9 < 1.1 < back.tempo and back.shift < -0.3 < 0.3 < there.shift
    assert loaded == [there, UNMOVED], "A is trained on as it is moved, B as it is"
    estimated = run.prosody_file.stat().st_mtime_ns
    assert run_here("train", "--pair", "calm_fearful", *options, "--steps", "2")[0] == 0
    assert run.prosody_file.stat().st_mtime_ns == estimated


def test_no_epochs_leave_the_statistics_alone(run_here, demo_clips, tmp_path, monkeypatch):
    monkeypatch.setattr("cyclegan_keras.training.prosody.PROSODY_CLIPS", 2)
    options = ["--preset", "cpu-plus", "--data", demo_clips, "--epochs", "0", "--run-dir", tmp_path / "run"]
    status, output, _ = run_here("train", "--pair", "calm_fearful", *options)
    run = RunDirectory(tmp_path / "run")
    assert status == 0 and "estimated, without a network" in output
    assert run.prosody_file.exists() and not run.epochs()
    assert RunConfig.load(run.config_file).train.epochs == 0


def test_no_epochs_are_refused_where_nothing_is_left_to_train(fails_with_one_line, demo_clips):
    options = ["--pair", "calm_fearful", "--preset", "cpu", "--data", demo_clips, "--epochs", "0"]
    assert "nothing is left to train; give cpu-plus" in fails_with_one_line("train", *options, expect=2)


def test_with_alternating_updates_cpu_plus_keeps_no_averages(run_here, demo_clips, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "train", lambda *_: False)
    options = ["--preset", "cpu-plus", "--data", demo_clips, *SMALL[4:], "--update", "alternating"]
    run_here("train", "--pair", "calm_fearful", *options, "--run-dir", tmp_path / "run")
    config = RunConfig.load(RunDirectory(tmp_path / "run").config_file)
    assert (config.train.update, config.train.average_decay) == ("alternating", 0.0)


def test_without_a_preset_the_machine_decides_and_the_first_line_says_why(run_here, demo_clips, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "train", lambda *_: False)
    options = ["--pair", "calm_fearful", "--data", demo_clips, "--run-dir", tmp_path / "run"]
    _, output, _ = run_here("train", *options)
    gpu = bool(tf.config.list_physical_devices("GPU"))
    why = "preset report (TensorFlow sees a GPU)" if gpu else "preset cpu (TensorFlow sees no GPU)"
    assert why in output.splitlines()[0]
    assert RunConfig.load(RunDirectory(tmp_path / "run").config_file).preset == ("report" if gpu else "cpu")


def test_the_first_line_says_device_preset_and_why_clips_and_steps(trained_run):
    first, second, *_ = trained_run.output.splitlines()
    assert "preset cpu (asked for)" in first and ("CPU" in first or "GPU" in first)
    assert "calm 15 clips, fearful 15 clips; 3 steps, 15 an epoch; float32, seed 0" in first
    assert "calm 15 train, 1 held back, 8 by unseen speakers" in second


def test_a_training_leaves_configuration_losses_weights_and_samples(trained_run):
    run = RunDirectory(trained_run.path)
    config = RunConfig.load(run.config_file)
    assert (config.pair, config.model.filters, config.model.output_init) == ("calm_fearful", 2, "data")
    assert config.train.precision == "float32" and config.conversion == PRESETS["cpu"].conversion
    assert len(run.losses_file.read_text().splitlines()) == 1 + 3
    assert run.epochs() == [1]
    assert {file.suffix for file in run.samples(1).iterdir()} == {".png", ".wav"}


def test_samples_are_clips_that_training_never_saw(trained_run):
    names = {file.stem for file in RunDirectory(trained_run.path).samples(1).glob("*_fearful.wav")}
    assert names == {"03-01-02-01-02-02-04_fearful", "03-01-02-01-01-01-19_fearful"}


def test_ctrl_c_saves_exits_130_and_the_same_command_ends_where_an_uninterrupted_one_does(
    trained_run, demo_clips, environment, tmp_path
):
    command = [sys.executable, "-m", "cyclegan_keras.train", "--data", str(demo_clips), *SMALL]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    run = RunDirectory(tmp_path / "runs" / "calm_fearful-cpu")
    deadline = time.monotonic() + 600
    while not run.logs.exists():  # it is there before the first step, which traces its graph for a second or more
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=600)
    assert process.returncode == 130, (output, errors)
    assert b"the same command resumes" in output and b"Traceback" not in errors
    taken = run.losses_file.read_text().count("\n") - 1
    assert 1 <= taken < 3

    resumed = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600)
    assert resumed.returncode == 0 and f"resumed after step {taken} of 3" in resumed.stdout
    for direction in DIRECTIONS:
        one, other = (np.load(r.weights_file(1, direction)) for r in (run, RunDirectory(trained_run.path)))
        assert all(np.array_equal(one[name], other[name]) for name in one.files)
    with run.losses_file.open() as rows, RunDirectory(trained_run.path).losses_file.open() as others:
        assert [row["g_loss"] for row in csv.DictReader(rows)] == [row["g_loss"] for row in csv.DictReader(others)]


def test_a_run_of_another_configuration_is_refused(trained_run, demo_clips, fails_with_one_line):
    line = fails_with_one_line(
        "train", "--data", demo_clips, *SMALL, "--seed", 1, "--run-dir", trained_run.path, expect=2
    )
    assert "seed differ" in line and "--run-dir" in line


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("--pair", "calm_?"), "calm_?"),
        (("--pair", "calm"), "write A_B"),
        ((), "--pair"),
        (("--pair", "calm_sad", "--preset", "huge"), "--preset"),
        (("--pair", "calm_sad", "--steps", "0"), "--steps"),
        (("--pair", "calm_sad", "--strategy", "mirrored", "--xla"), "--xla"),
        (("--pair", "calm_sad", "--steps", "many"), "--steps"),
        (("--pair", "calm_sad", "--data", "nowhere"), "nowhere"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(fails_with_one_line, arguments, said):
    assert said in fails_with_one_line("train", *arguments, expect=2)


def test_a_folder_without_clips_of_a_domain_says_what_it_has(demo_clips, fails_with_one_line):
    line = fails_with_one_line("train", "--pair", "calm_sad", "--data", demo_clips, expect=2)
    assert "sad" in line and "calm" in line and "fearful" in line


@pytest.mark.parametrize("option, value", [("--filters", 0), ("--batch-size", 100), ("--seed", -1)])
def test_a_number_out_of_range_is_named(demo_clips, fails_with_one_line, option, value):
    name = option.strip("-").replace("-", ".")
    line = fails_with_one_line("train", "--pair", "calm_fearful", "--data", demo_clips, option, value, expect=2)
    assert re.search(name, line)


def test_more_than_a_tenth_of_damaged_clips_stops_and_the_first_is_named(tmp_path, demo_clips, fails_with_one_line):
    shutil.copytree(demo_clips, tmp_path / "clips")
    damaged = sorted((tmp_path / "clips" / "Actor_01").glob("03-01-06-*.wav"))
    for clip in damaged:
        clip.write_text("no audio")
    line = fails_with_one_line("train", "--data", tmp_path / "clips", *SMALL, expect=2)
    assert str(damaged[0]) in line


def test_a_run_directory_that_cannot_be_written_is_a_failure_with_one_line(tmp_path, demo_clips, fails_with_one_line):
    (tmp_path / "file").touch()
    line = fails_with_one_line("train", "--data", demo_clips, *SMALL, "--run-dir", tmp_path / "file" / "run", expect=1)
    assert "file/run" in line


@pytest.mark.usefixtures("untraced")
def test_a_full_disk_stops_with_one_line_and_leaves_the_last_checkpoint_whole(
    trained_run, demo_clips, fails_with_one_line, tmp_path
):
    run = tmp_path / "run"
    shutil.copytree(trained_run.path, run)
    more = ("--data", demo_clips, *SMALL[:-1], 4, "--run-dir", run)
    line = fails_with_one_line("train", *more, expect=1, largest_file=100_000)
    assert str(run) in line and "make room" in line
    before, after = (sorted((path / "checkpoints").glob("ckpt-*")) for path in (trained_run.path, run))
    assert [file.read_bytes() for file in before] == [file.read_bytes() for file in after]


def test_a_second_training_on_a_run_directory_is_refused_and_changes_nothing(tmp_path, demo_clips, fails_with_one_line):
    with locked(tmp_path / "run" / "lock"):
        line = fails_with_one_line("train", "--data", demo_clips, *SMALL, "--run-dir", tmp_path / "run", expect=2)
    assert "another training is running" in line and [p.name for p in (tmp_path / "run").iterdir()] == ["lock"]


@pytest.mark.parametrize("seconds, said", [(12.4, "12 s"), (150, "2 min"), (5300, "88 min"), (5600, "1.6 h")])
def test_a_duration_is_said_in_a_fitting_unit(seconds, said):
    assert readable_duration(seconds) == said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_stop_saves_even_where_it_comes_twice(capsys, number):
    before = signal.signal(number, signal.SIG_DFL)  # nohup's SIG_IGN is handed down to the tests
    try:
        with TerminalObserver(last_step=100) as observer:
            signal.raise_signal(number)
            signal.raise_signal(number)
            assert observer.stop_requested()
    finally:
        signal.signal(number, before)
    assert capsys.readouterr().out.count("stopping after this step") == 1


def test_a_training_whose_output_nobody_reads_any_more_is_told_to_save_and_stop(monkeypatch):
    class Gone(io.StringIO):
        def write(self, _):
            raise BrokenPipeError

    losses = dict.fromkeys(("g_loss", "f_loss", "d_a_real", "d_a_fake", "d_b_real", "d_b_fake"), 1.0)
    with TerminalObserver(last_step=100) as observer:
        observer.epoch_begins(1, 0, 4)
        monkeypatch.setattr("sys.stdout", Gone())
        observer.step_done(losses)
        assert observer.stop_requested()
    with TerminalObserver(last_step=100) as observer:
        signal.raise_signal(signal.SIGINT)
        assert observer.stop_requested()


def test_nohup_keeps_a_training_going_when_the_terminal_is_closed():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with TerminalObserver(last_step=100) as observer:
            signal.raise_signal(signal.SIGHUP)
            assert not observer.stop_requested()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_time_left_is_estimated_once_the_first_steps_are_done(capsys):
    ends_first, observer = TerminalObserver(last_step=4), TerminalObserver(last_step=100)
    losses = {f"{name}_{part}": 1.0 for name in ("d_a", "d_b") for part in ("real", "fake")}
    for watching, steps in ((ends_first, 4), (observer, 6)):
        watching.epoch_begins(1, 0, steps)
        for _ in range(steps):
            watching.step_done({"g_loss": 1.0, "f_loss": 1.0, **losses})
    said = capsys.readouterr().out
    assert said.count("steps left") == said.count("for the 96 steps left") == 1
    assert "0/4 " not in said, "before the first step no remaining time is known"


@pytest.mark.real
def test_real_recordings_train(ravdess_dir, command_line, tmp_path):
    done = command_line("train", "--data", ravdess_dir, *SMALL, "--run-dir", tmp_path / "run")
    assert "calm 140 clips, fearful 140 clips" in done.stdout or "calm 171 clips, fearful 171 clips" in done.stdout
    assert RunDirectory(tmp_path / "run").epochs() == [1]
