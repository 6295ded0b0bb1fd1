"""A run that moves prosody moves a clip before G and its conversion after F; a run of no epochs does only that."""

import dataclasses
import json
import shutil

import librosa
import numpy as np
import pytest
import soundfile

from cyclegan_keras import load_model
from cyclegan_keras.audio.level import level_db
from cyclegan_keras.config import ConversionConfig, RunConfig
from cyclegan_keras.prosody.balance import BANDS, RANKS, mean_balance, ranked_level
from cyclegan_keras.prosody.move import UNMOVED, Prosody
from cyclegan_keras.prosody.stored import save_prosodies
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.run_directory import RunDirectory
from tests.sounds import SHORT_CLIP

THERE, BACK = Prosody(shift=0.3, tempo=0.8), Prosody(shift=-0.3, tempo=1.25)
DIRECTIONS = pytest.mark.parametrize("reverse, prosody", [(False, THERE), (True, BACK)])


def moving(trained, folder, epochs):
    """A copy of a run's configuration, as if it moved prosody and trained so many epochs."""
    run = RunDirectory(folder)
    config = RunConfig.load(RunDirectory(trained).config_file)
    train = dataclasses.replace(config.train, epochs=epochs)
    dataclasses.replace(config, train=train, conversion=ConversionConfig("source", prosody=True)).save(run.config_file)
    save_prosodies(run.prosody_file, {"a_to_b": THERE, "b_to_a": BACK})
    return run.path


@pytest.fixture(scope="module")
def with_network(trained_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("network") / "run"
    shutil.copytree(trained_run.path / "weights", folder / "weights")
    return moving(trained_run.path, folder, epochs=1)


@pytest.fixture(scope="module")
def without_network(trained_run, tmp_path_factory):
    return moving(trained_run.path, tmp_path_factory.mktemp("statistics") / "calm_fearful", epochs=0)


@pytest.fixture(scope="module")
def clip(demo_clips):
    return soundfile.read(demo_clips / SHORT_CLIP)


@DIRECTIONS
@pytest.mark.parametrize("keep_rate", [False, True])
def test_pitch_and_tempo_move_in_each_direction_and_the_level_stays(without_network, clip, reverse, prosody, keep_rate):
    result = load_model(without_network, reverse=reverse).convert_fully(*clip, keep_rate=keep_rate)
    summary = result.summary
    assert summary.pitch_after_hz / summary.pitch_before_hz == pytest.approx(np.exp(prosody.shift), rel=0.04)
    assert summary.seconds == pytest.approx(len(clip[0]) / clip[1] * prosody.tempo, abs=0.01)
    assert f"; duration {len(clip[0]) / clip[1]:.1f} s to {summary.seconds:.1f} s; " in str(summary)
    assert summary.level_after_db == pytest.approx(summary.level_before_db, abs=0.1)
    assert summary.change_db == 0.0
    assert result.conversion.source.shape[1] == 1 + len(clip[0]) // 256
    assert result.conversion.converted.shape[1] == pytest.approx(prosody.tempo * len(clip[0]) / 256, abs=2)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
@DIRECTIONS
def test_a_clips_own_rate_is_moved_by_the_same_bands_as_16_khz(without_network, clip, tmp_path, reverse, prosody, rate):
    shutil.copytree(without_network, tmp_path / "run")
    tilted = dataclasses.replace(prosody, balance=(tuple(np.linspace(-6.0, 6.0, BANDS)),) * RANKS)
    save_prosodies(tmp_path / "run" / "prosody.npz", {"a_to_b": tilted, "b_to_a": tilted})
    model = load_model(tmp_path / "run", reverse=reverse)
    at_rate = librosa.resample(clip[0], orig_sr=clip[1], target_sr=rate)
    wide, own_rate = model.convert(at_rate, rate, keep_rate=True)
    narrow, _ = model.convert(at_rate, rate)
    below = librosa.resample(wide, orig_sr=own_rate, target_sr=16_000)
    assert own_rate == rate and len(below) == pytest.approx(len(narrow), abs=3)
    bands = slice(2, 15 if rate == 8_000 else 22)  # up to 3 kHz, where 8 kHz has them, or 6 kHz
    balance = [mean_balance(ranked_level(each, 16_000))[bands] for each in (below, narrow)]
    np.testing.assert_allclose(*balance, atol=0.7)


def test_strength_multiplies_the_moves(without_network, clip):
    half, nothing = (load_model(without_network, strength=s).convert_fully(*clip) for s in (0.5, 0.0))
    summary = half.summary
    assert summary.pitch_after_hz / summary.pitch_before_hz == pytest.approx(np.exp(0.5 * THERE.shift), rel=0.04)
    assert len(half.waveform) == pytest.approx(len(clip[0]) * THERE.tempo**0.5, abs=2)
    np.testing.assert_allclose(nothing.waveform, clip[0], atol=1e-3)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 48_000])
def test_at_strength_0_a_clip_of_any_rate_comes_back_as_it_was(without_network, clip, rate):
    at_rate = librosa.resample(clip[0], orig_sr=clip[1], target_sr=rate)[: rate - 1]
    back, own_rate = load_model(without_network, strength=0.0).convert(at_rate, rate, keep_rate=True)
    assert own_rate == rate and len(back) == len(at_rate)
    inner = slice(rate // 20, -rate // 20)
    assert np.sqrt(np.mean((back - at_rate)[inner] ** 2)) < 0.03 * at_rate.std()


@DIRECTIONS
def test_the_duration_can_be_kept(without_network, clip, reverse, prosody):
    summary = load_model(without_network, reverse=reverse, keep_duration=True).convert_fully(*clip).summary
    assert summary.seconds == pytest.approx(len(clip[0]) / clip[1], abs=0.001)
    assert "duration" not in str(summary)
    assert summary.pitch_after_hz / summary.pitch_before_hz == pytest.approx(np.exp(prosody.shift), rel=0.04)


@DIRECTIONS
def test_with_a_network_the_tempo_moves_and_the_level_stays_too(with_network, clip, reverse, prosody):
    result = load_model(with_network, reverse=reverse).convert_fully(*clip)
    assert result.summary.seconds == pytest.approx(len(clip[0]) / clip[1] * prosody.tempo, abs=0.01)
    assert level_db(result.waveform, 16_000) == pytest.approx(level_db(*clip), abs=0.1)
    assert result.summary.change_db > 0


def test_a_clip_is_moved_before_g_and_after_f(with_network):
    there, back = (load_model(with_network, reverse=reverse).settings for reverse in (False, True))
    assert (there.move_before, there.move_after) == (THERE, UNMOVED)
    assert (back.move_before, back.move_after) == (UNMOVED, BACK)


def test_a_model_of_no_epochs_needs_no_tensorflow(without_network, clip, monkeypatch):
    monkeypatch.setattr("cyclegan_keras.conversion.model.prepare_tensorflow", lambda: pytest.fail("not needed"))
    model = load_model("calm_fearful", runs=without_network.parent)
    assert "no network" in str(model) and len(model.convert(*clip)[0]) > 0


def test_a_training_that_has_not_ended_its_first_epoch_is_no_model(with_network, tmp_path):
    shutil.copytree(with_network, tmp_path / "runs" / "begun", ignore=shutil.ignore_patterns("weights"))
    assert load_model("calm_fearful", runs=tmp_path / "runs").run.path != tmp_path / "runs" / "begun"


def test_infer_moves_clips_and_keeps_their_duration_where_asked(without_network, demo_clips, run_here, tmp_path):
    seconds = {}
    for name, options in (("moved", []), ("kept", ["--keep-duration"])):
        status, output, _ = run_here(
            "infer", demo_clips / SHORT_CLIP, "--run-dir", without_network, "--output", tmp_path / f"{name}.wav",
            "--plot", "--json", *options,
        )  # fmt: skip
        assert status == 0 and (tmp_path / f"{name}.png").stat().st_size > 10_000
        seconds[name] = json.loads(output.splitlines()[-1])["seconds"]
        assert seconds[name] == pytest.approx(soundfile.info(tmp_path / f"{name}.wav").duration, abs=0.001)
    assert seconds["moved"] == pytest.approx(0.8 * seconds["kept"], abs=0.01)
    assert seconds["kept"] == pytest.approx(soundfile.info(demo_clips / SHORT_CLIP).duration, abs=0.001)


def test_infer_says_that_there_is_no_network(without_network, demo_clips, run_here, tmp_path):
    status, output, _ = run_here(
        "infer", demo_clips / SHORT_CLIP, "--run-dir", without_network, "--output", tmp_path / "out.wav"
    )
    assert status == 0 and "no network" in output and "network changed" not in output


def test_a_run_whose_prosody_is_missing_says_so(without_network, tmp_path):
    shutil.copytree(without_network, tmp_path / "run")
    (tmp_path / "run" / "prosody.npz").unlink()
    with pytest.raises(InputError, match="prosody.npz: missing or damaged"):
        load_model(tmp_path / "run")


@pytest.mark.filterwarnings("error:n_fft")  # librosa's of a waveform shorter than a frame, and nobody else's
def test_a_clip_too_short_to_be_moved_keeps_its_length_without_a_warning(without_network):
    moved, _ = load_model(without_network).convert(0.1 * np.sin(np.arange(580) / 5.0), 16_000)
    assert len(moved) == 580
