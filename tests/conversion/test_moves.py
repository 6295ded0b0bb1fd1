"""A run that moves prosody moves a clip before G and its conversion after F; what the user asks for goes first."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import soundfile

from cyclegan_keras import load_model
from cyclegan_keras.audio.level import level_db
from cyclegan_keras.audio.pitch import pitch_contour
from cyclegan_keras.config import ConversionConfig, RunConfig
from cyclegan_keras.prosody.move import Prosody
from cyclegan_keras.prosody.stored import save_prosodies
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.run_directory import RunDirectory
from tests.sounds import SHORT_CLIP

THERE, BACK = Prosody(shift=0.3, tempo=0.8), Prosody(shift=-0.3, tempo=1.25)
RATE = 16_000


@pytest.fixture(scope="module")
def moving_run(trained_run, tmp_path_factory):
    """The small trained run, as if it moved prosody."""
    run = RunDirectory(tmp_path_factory.mktemp("moving") / "run")
    shutil.copytree(trained_run.path / "weights", run.path / "weights")
    config = RunConfig.load(RunDirectory(trained_run.path).config_file)
    dataclasses.replace(config, conversion=ConversionConfig("source", prosody=True)).save(run.config_file)
    save_prosodies(run.prosody_file, {"a_to_b": THERE, "b_to_a": BACK})
    return run.path


@pytest.mark.parametrize("reverse, prosody", [(False, THERE), (True, BACK)])
@pytest.mark.parametrize("keep_rate", [False, True])
def test_pitch_and_tempo_move_in_each_direction_and_the_level_stays(
    moving_run, demo_clips, reverse, prosody, keep_rate
):
    clip, rate = soundfile.read(demo_clips / SHORT_CLIP)
    result = load_model(moving_run, reverse=reverse, strength=0.0).convert_fully(clip, rate, keep_rate=keep_rate)
    summary = result.summary
    assert summary.pitch_after_hz / summary.pitch_before_hz == pytest.approx(np.exp(prosody.shift), rel=0.04)
    assert summary.seconds == pytest.approx(len(clip) / rate * prosody.tempo, abs=0.01)
    assert summary.level_after_db == pytest.approx(summary.level_before_db, abs=0.1)
    assert summary.change_db == 0.0
    assert result.conversion.source.shape[1] == 1 + len(clip) // 256
    assert result.conversion.converted.shape[1] == pytest.approx(prosody.tempo * len(clip) / 256, abs=2)


@pytest.mark.parametrize("reverse", [False, True])
def test_the_duration_can_be_kept(moving_run, demo_clips, reverse):
    clip, rate = soundfile.read(demo_clips / SHORT_CLIP)
    converted, _ = load_model(moving_run, reverse=reverse, strength=0.0, keep_duration=True).convert(clip, rate)
    assert len(converted) == len(clip)
    higher = pitch_contour(converted, rate).median > pitch_contour(clip, rate).median
    assert higher != reverse


def test_infer_moves_clips_and_keeps_their_duration_where_asked(moving_run, demo_clips, run_here, tmp_path):
    seconds = {}
    for name, options in (("moved", []), ("kept", ["--keep-duration"])):
        status, output, _ = run_here(
            "infer", demo_clips / SHORT_CLIP, "--run-dir", moving_run, "--output", tmp_path / f"{name}.wav",
            "--plot", "--json", *options,
        )  # fmt: skip
        assert status == 0 and (tmp_path / f"{name}.png").stat().st_size > 10_000
        seconds[name] = json.loads(output.splitlines()[-1])["seconds"]
        assert seconds[name] == pytest.approx(soundfile.info(tmp_path / f"{name}.wav").duration, abs=0.001)
    assert seconds["moved"] == pytest.approx(0.8 * seconds["kept"], abs=0.01)
    assert seconds["kept"] == pytest.approx(soundfile.info(demo_clips / SHORT_CLIP).duration, abs=0.001)


def test_a_run_whose_prosody_is_missing_says_so(moving_run, tmp_path):
    shutil.copytree(moving_run, tmp_path / "run")
    (tmp_path / "run" / "prosody.npz").unlink()
    with pytest.raises(InputError, match="prosody.npz: missing or damaged"):
        load_model(tmp_path / "run")


def test_the_whole_chain_keeps_the_level_with_a_network_too(moving_run, demo_clips):
    clip, rate = soundfile.read(demo_clips / SHORT_CLIP)
    converted, _ = load_model(moving_run).convert(clip, rate)
    assert level_db(converted, rate) == pytest.approx(level_db(clip, rate), abs=0.1)


@pytest.fixture(scope="module")
def statistics_only(moving_run, tmp_path_factory):
    """The same statistics as a run of no epochs, which has no networks."""
    run = RunDirectory(tmp_path_factory.mktemp("statistics") / "calm_fearful")
    config = RunConfig.load(RunDirectory(moving_run).config_file)
    train = dataclasses.replace(config.train, epochs=0)
    dataclasses.replace(config, train=train, conversion=ConversionConfig("source", 0.0, 0.0, True)).save(
        run.config_file
    )
    save_prosodies(run.prosody_file, {"a_to_b": THERE, "b_to_a": BACK})
    return run


def test_a_model_of_no_epochs_converts_without_a_network(statistics_only, moving_run, demo_clips, monkeypatch):
    clip = demo_clips / SHORT_CLIP
    expected, _ = load_model(moving_run, strength=0.0).convert(clip)
    monkeypatch.setattr("cyclegan_keras.conversion.model.prepare_tensorflow", lambda: pytest.fail("not needed"))
    model = load_model("calm_fearful", runs=statistics_only.path.parent)
    assert "no network" in str(model)
    np.testing.assert_array_equal(model.convert(clip)[0], expected)


def test_a_model_of_no_epochs_has_no_strength(statistics_only):
    with pytest.raises(InputError, match="no generator weights"):
        load_model(statistics_only.path, strength=1.0)


def test_infer_converts_with_a_model_of_no_epochs(statistics_only, demo_clips, run_here, tmp_path):
    status, output, _ = run_here(
        "infer", demo_clips / SHORT_CLIP, "--run-dir", statistics_only.path, "--output", tmp_path / "out.wav"
    )
    assert status == 0 and (tmp_path / "out.wav").exists()
    assert "no network" in output and "network changed" not in output
