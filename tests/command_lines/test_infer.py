"""``python -m cyclegan_keras.infer`` as a user runs it."""

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cyclegan_keras.config import ConversionConfig, RunConfig
from cyclegan_keras.conversion.generators import load_generator
from cyclegan_keras.shared.run_directory import SHIPPED, RunDirectory
from tests.conftest import PROJECT
from tests.small_training import finished_copy
from tests.sounds import SHORT_CLIP, level_db


@pytest.fixture
def copied_run(trained_run, tmp_path):
    """A copy of the trained run, whose configuration a function may change."""

    def copy(**changes) -> RunDirectory:
        run = RunDirectory(tmp_path / "copied")
        shutil.copytree(trained_run.path, run.path)
        dataclasses.replace(RunConfig.load(run.config_file), **changes).save(run.config_file)
        return run

    return copy


def test_a_clip_becomes_16_bit_16_khz_wav_of_its_duration_and_level(trained_run, demo_clips, command_line, tmp_path):
    done = command_line(
        "infer", demo_clips / SHORT_CLIP, "--run-dir", trained_run.path, "--output", "out.wav", "--plot"
    )
    assert "calm to fearful" in done.stdout and "epoch 1, phase griffin-lim\n" in done.stdout
    info = soundfile.info(tmp_path / "out.wav")
    assert (info.format, info.subtype, info.samplerate, info.channels) == ("WAV", "PCM_16", 16_000, 1)
    before, after = soundfile.read(demo_clips / SHORT_CLIP)[0], soundfile.read(tmp_path / "out.wav")[0]
    assert len(after) == len(before)
    assert level_db(after) == pytest.approx(level_db(before), abs=0.5) and np.abs(after).max() < 1.0
    assert not np.allclose(after, before, atol=0.01)
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")


def test_a_run_converts_as_its_configuration_says_whatever_its_preset_is_called(run_here, copied_run, demo_clips):
    run = copied_run(preset="a-preset-nobody-knows", conversion=ConversionConfig("source", 2.0, 1.25))
    for options, said in (
        ((), "calm to fearful, with copied, epoch 1, phase source, strength 2"),
        (("--reverse",), "fearful to calm, with copied, epoch 1, phase source, strength 1.25"),
    ):
        where = ("--run-dir", run.path.name, "--output", "out.wav")
        status, output, _ = run_here("infer", demo_clips / SHORT_CLIP, *where, *options)
        assert status == 0 and output.splitlines()[0] == said


def test_phase_and_strength_can_be_asked_for(run_here, trained_run, demo_clips):
    options = ("--run-dir", trained_run.path, "--phase", "source", "--strength", "3", "--output", "out.wav")
    status, output, _ = run_here("infer", demo_clips / SHORT_CLIP, *options)
    assert status == 0 and "phase source, strength 3" in output


def test_a_folder_is_converted_the_bad_ones_listed_and_the_exit_status_is_1(
    trained_run, demo_clips, run_here, tmp_path
):
    folder = tmp_path / "in"
    (folder / "deeper").mkdir(parents=True)
    shutil.copy(demo_clips / SHORT_CLIP, folder / "good one.wav")
    shutil.copy(demo_clips / SHORT_CLIP, folder / "deeper" / "good.wav")
    (folder / "bad.wav").write_text("no audio")
    soundfile.write(folder / "silent.flac", np.zeros(16_000), 16_000)
    (folder / "notes.txt").write_text("not a recording, passed over")
    status, output, errors = run_here(
        "infer", folder, "--run-dir", trained_run.path, "--output", tmp_path / "out", "--reverse"
    )
    assert status == 1 and "fearful to calm" in output
    converted = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*"))
    assert converted == ["deeper/good_calm.wav", "good one_calm.wav"]
    passed_over, bad, silent, summary = errors.strip().splitlines()
    assert passed_over == f"{folder}: 1 file passed over, 1 .txt, which are not recordings by their names"
    assert "bad.wav" in bad and "silent.flac" in silent and summary == "2 of 4 clips could not be converted"


def test_a_clip_ends_with_a_line_of_what_was_done(trained_run, demo_clips, run_here):
    status, output, _ = run_here("infer", demo_clips / SHORT_CLIP, "--run-dir", trained_run.path, "--output", "out.wav")
    line = output.splitlines()[1]
    pattern = r"out\.wav: pitch \d+ Hz to (\d+ Hz|unvoiced); network changed bins by [\d.]+ dB; level -\d\d\.\d dB kept"
    assert status == 0 and re.fullmatch(pattern, line)


def documented_keys():
    """The keys of a JSON object as docs/converting.md lists them."""
    page = (PROJECT / "docs" / "converting.md").read_text(encoding="utf-8")
    rows = page[page.index("| keys | meaning |") :].split("\n\n")[0].splitlines()[2:]
    return {key for row in rows for key in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_for_programs_every_clip_is_a_json_object_the_bad_ones_too(trained_run, demo_clips, run_here, tmp_path):
    (tmp_path / "bad.wav").write_text("no audio")
    options = ("--run-dir", trained_run.path, "--output", "out", "--json", "--plot")
    status, output, errors = run_here("infer", demo_clips / SHORT_CLIP, tmp_path / "bad.wav", *options)
    objects = {Path(told["clip"]).name: told for told in map(json.loads, output.splitlines())}
    assert status == 1 and len(objects) == 2 and len(errors.splitlines()) == 2
    assert "not readable" in objects["bad.wav"]["error"]
    good = objects[Path(SHORT_CLIP).name]
    assert Path(good["output"]).exists() and Path(good["picture"]).exists()
    assert (good["from"], good["to"], good["epoch"], good["phase"]) == ("calm", "fearful", 1, "griffin-lim")
    assert good["level_after_db"] == pytest.approx(good["level_before_db"], abs=0.1) and good["sample_rate"] == 16_000
    assert set(good) == documented_keys() - {"error"} and set(objects["bad.wav"]) == {"clip", "error"}
    assert good["pitch_before_hz"] > 65 and good["change_db"] > 0 and good["changes"] == []


def test_the_clips_own_rate_is_kept_where_that_is_asked_for(trained_run, run_here, tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.05, 48_000)
    soundfile.write(tmp_path / "bright.wav", noise, 48_000)
    run_here("infer",
        "bright.wav", "--run-dir", trained_run.path, "--output", "out.wav", "--sample-rate", "source",
        "--phase", "source", "--strength", "0",
    )  # fmt: skip
    back, rate = soundfile.read(tmp_path / "out.wav")
    assert rate == 48_000 and len(back) == 48_000
    np.testing.assert_allclose(back[4800:-4800], noise[4800:-4800], atol=0.005)


def test_the_newest_run_of_a_pair_is_found_under_runs(trained_run, demo_clips, run_here, tmp_path):
    finished_copy(trained_run.path, tmp_path / "runs" / "mine")
    _, output, _ = run_here("infer", demo_clips / SHORT_CLIP, "--pair", "calm_fearful")
    assert "runs/mine" in output
    assert (tmp_path / "converted" / "03-01-02-01-02-02-04_fearful.wav").exists()


def test_a_pair_without_a_model_is_answered_with_those_that_ship_and_how_to_train(fails_with_one_line):
    line = fails_with_one_line("infer", "clip.wav", "--pair", "happy_disgust", expect=2)
    for pair in sorted(folder.name for folder in SHIPPED.iterdir() if (folder / "config.json").exists()):
        assert pair in line
    assert "make train PAIR=happy_disgust" in line


def test_the_two_directions_are_two_generators(trained_run):
    run = RunDirectory(trained_run.path)
    config = RunConfig.load(run.config_file)
    forward, back = (load_generator(run, config, 1, direction) for direction in ("a_to_b", "b_to_a"))
    assert not np.array_equal(forward.get_weights()[0], back.get_weights()[0])


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("clip.wav",), "--run-dir"),
        (("clip.wav", "--pair", "calm_wistful"), "wistful"),
        (("clip.wav", "--run-dir", "nowhere"), "nowhere"),
        ((), "CLIP"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(fails_with_one_line, arguments, said):
    assert said in fails_with_one_line("infer", *arguments, expect=2)


@pytest.mark.parametrize(
    "options, said",
    [
        (("--epoch", 7), "no weights of epoch 7; choose from 1"),
        (("--strength", 2), "--strength: not available with Griffin-Lim"),
        (("--phase", "source", "--strength", "nan"), "--strength: must lie between 0 and 10, not nan"),
    ],
)
def test_an_option_that_the_run_cannot_follow_is_named_and_nothing_is_written(
    fails_with_one_line, trained_run, demo_clips, tmp_path, options, said
):
    where = ("--run-dir", trained_run.path, "--output", tmp_path / "x.wav")
    assert said in fails_with_one_line("infer", demo_clips / SHORT_CLIP, *where, *options, expect=2)
    assert not (tmp_path / "x.wav").exists()


@pytest.mark.parametrize(
    "kind, why",
    [("missing", "not found"), ("text", "not readable"), ("silent", "silent"), ("short", "shorter than one analysis")],
)
def test_a_clip_that_cannot_be_used_is_named_and_nothing_is_written(
    fails_with_one_line, trained_run, tmp_path, kind, why
):
    clip = tmp_path / "clip.wav"
    if kind == "text":
        clip.write_text("no audio")
    elif kind == "silent":
        soundfile.write(clip, np.zeros(16_000), 16_000)
    elif kind == "short":
        soundfile.write(clip, np.random.default_rng(0).normal(0, 0.1, 100), 16_000)
    line = fails_with_one_line("infer", clip, "--run-dir", trained_run.path, "--output", tmp_path / "out.wav", expect=2)
    assert f"{clip}: {why}" in line and not (tmp_path / "out.wav").exists()


def test_a_clip_that_is_not_there_is_told_without_loading_tensorflow(trained_run, environment, tmp_path):
    command = [sys.executable, "-X", "importtime", "-m", "cyclegan_keras.infer", "clip.wav"]
    command += ["--run-dir", str(trained_run.path)]
    told = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900)
    assert told.returncode == 2 and "clip.wav: not found" in told.stderr
    assert "numpy" in told.stderr and "tensorflow" not in told.stderr  # of what was imported


def test_a_full_disk_is_a_failure_with_one_line_and_leaves_no_half_file(
    fails_with_one_line, trained_run, demo_clips, tmp_path
):
    where = ("--run-dir", trained_run.path, "--output", tmp_path / "out" / "a.wav")
    line = fails_with_one_line("infer", demo_clips / SHORT_CLIP, *where, expect=1, largest_file=20_000)
    assert "a.wav: not written" in line and "make room" in line
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("clips", [SHORT_CLIP, "Actor_04"])
def test_damaged_weights_are_named_once(fails_with_one_line, copied_run, demo_clips, clips):
    run = copied_run()
    weights = run.weights_file(1, "a_to_b")
    weights.write_bytes(weights.read_bytes()[:500])
    assert weights.name in fails_with_one_line("infer", demo_clips / clips, "--run-dir", run.path, expect=2)


def test_an_edited_configuration_is_named(fails_with_one_line, copied_run, demo_clips):
    run = copied_run()
    run.config_file.write_text(run.config_file.read_text().replace('"filters": 2', '"filters": -2'))
    assert "filters" in fails_with_one_line("infer", demo_clips / SHORT_CLIP, "--run-dir", run.path, expect=2)


@pytest.mark.real
def test_the_reports_own_clips_are_converted(report_audio_dir, trained_run, command_line, tmp_path):
    clips = [report_audio_dir / "inputs" / f"{name}.flac" for name in ("calm_01", "calm_eng1", "calm_hin")]
    command_line("infer", *clips, "--run-dir", trained_run.path, "--output", tmp_path / "out")
    for clip in clips:
        seconds = soundfile.info(tmp_path / "out" / f"{clip.stem}_fearful.wav").duration
        assert seconds == pytest.approx(soundfile.info(clip).duration, abs=1e-3)
