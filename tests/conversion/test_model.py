"""``load_model``: a recording in, its conversion out, in Python."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile

from cyclegan_keras import load_model
from cyclegan_keras.audio.level import level_db
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.corpora.demo import synthesise_clip
from cyclegan_keras.prosody.move import Prosody
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.run_directory import DIRECTIONS
from tests.small_training import finished_copy
from tests.sounds import SHORT_CLIP, speech_of

RATE = 16_000


@pytest.fixture(scope="module")
def model(trained_run):
    return load_model(trained_run.path, phase="source", strength=1.5)


@pytest.mark.parametrize("pair", ["calm_fearful", "calm_anger", "calm_surprised"])
def test_the_shipped_models_raise_a_calm_voice_and_lower_it_on_the_way_back(pair, tmp_path):
    calm = synthesise_clip("calm", intensity=1, statement=1, repetition=1, actor=4)
    there = load_model(pair, runs=tmp_path).convert_fully(calm, RATE)
    back = load_model(pair, reverse=True, runs=tmp_path).convert_fully(there.waveform, RATE)
    assert there.summary.pitch_after_hz > 1.2 * there.summary.pitch_before_hz
    assert back.summary.pitch_after_hz == pytest.approx(there.summary.pitch_before_hz, rel=0.15)
    assert len(back.waveform) == pytest.approx(len(calm), rel=0.02)


def test_a_file_and_its_samples_become_the_same(model, demo_clips):
    samples, rate = soundfile.read(demo_clips / SHORT_CLIP, dtype="int16")
    of_file, file_rate = model.convert(demo_clips / SHORT_CLIP)
    of_samples, samples_rate = model.convert(samples, rate)
    assert file_rate == samples_rate == RATE and of_file.dtype == np.float32
    np.testing.assert_array_equal(of_file, of_samples)
    assert not np.array_equal(of_file, samples / 2**15)


def test_channels_of_an_array_are_its_columns(model):
    spoken = speech_of(0.5)
    stereo, _ = model.convert(np.stack([spoken, spoken], axis=1), RATE)
    np.testing.assert_allclose(stereo, model.convert(spoken, RATE)[0], atol=1e-5)


def test_a_model_loaded_with_strength_0_converts_at_another(trained_run):
    clip = speech_of(0.5)
    still, moving = (load_model(trained_run.path, phase="source", strength=strength) for strength in (0.0, 1.0))
    assert np.array_equal(still.convert(clip, RATE, strength=1.0)[0], moving.convert(clip, RATE)[0])


def test_a_clip_that_becomes_too_short_is_named(model, monkeypatch, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.random.default_rng(0).normal(0, 0.1, 3_200), RATE)
    monkeypatch.setattr(model, "settings", ConversionSettings("source", move_after=Prosody(tempo=0.1), network=False))
    with pytest.raises(InputError, match="a.wav: once moved, shorter than .*; give a longer recording"):
        model.convert(tmp_path / "a.wav")


@pytest.mark.parametrize("rate", [8_000, 44_100])
@pytest.mark.parametrize("keep_rate", [False, True])
def test_duration_and_level_are_the_clips_at_either_rate(model, rate, keep_rate):
    time = np.arange(rate) / rate
    clip = 0.005 * sum(np.sin(2 * np.pi * 200 * n * time) / n for n in range(1, 9))
    converted, converted_rate = model.convert(clip, rate, keep_rate=keep_rate)
    assert converted_rate == (rate if keep_rate else RATE) and len(converted) == converted_rate
    assert level_db(converted, converted_rate) == pytest.approx(level_db(clip, rate), abs=0.5)
    assert np.abs(converted).max() <= 1.0


@pytest.mark.parametrize("offset", [0.3, -0.3])
def test_an_offset_changes_nothing_but_is_told(model, offset):
    spoken = speech_of(1.0)
    clean, shifted = (model.convert_fully(spoken + extra, RATE) for extra in (0.0, offset))
    assert shifted.summary.changes == (f"offset of {offset:g} removed",)
    assert abs(shifted.waveform.mean()) < 0.01
    assert level_db(shifted.waveform, RATE) == pytest.approx(level_db(clean.waveform, RATE), abs=0.1)
    assert np.corrcoef(shifted.waveform, clean.waveform)[0, 1] > 0.98


def test_a_clip_75_db_down_is_converted_as_any_other(model):
    spoken = speech_of(1.0)
    faint = model.convert_fully(spoken * 10 ** (-75 / 20), RATE)
    np.testing.assert_allclose(faint.waveform * 10 ** (75 / 20), model.convert(spoken, RATE)[0], atol=1e-3)
    assert any("24 bits" in change for change in faint.summary.changes)


def test_what_was_done_is_told(model, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.stack([speech_of(1.0), -speech_of(1.0)], axis=1), RATE)
    summary = model.convert_fully(tmp_path / "a.wav").summary
    assert summary.seconds == 1.0 and summary.pitch_before_hz == pytest.approx(110, abs=15)
    assert summary.level_after_db == pytest.approx(summary.level_before_db, abs=0.1)
    assert "opposite phase" in str(summary) and "kept" in str(summary)
    assert model.convert_fully(tmp_path / "a.wav", strength=0.0).summary.change_db == 0.0


def test_a_level_that_full_scale_does_not_allow_is_told(model):
    clicks = np.zeros(RATE, np.float32)
    clicks[::400] = 1.0
    loud = np.sign(clicks - 0.5).astype(np.float32)
    summary = model.convert_fully(loud, RATE).summary
    assert summary.level_after_db < summary.level_before_db - 0.5 and "because more would clip" in str(summary)


def test_a_level_that_rises_is_not_said_to_clip(model):
    # At 16 kHz, white noise of 48 kHz lacks two thirds of its power.
    noise = np.random.default_rng(0).normal(0.0, 0.05, 48_000).astype(np.float32)
    summary = model.convert_fully(noise, 48_000, keep_rate=True).summary
    assert summary.level_after_db > summary.level_before_db + 0.5 and "clip" not in str(summary)


def test_direction_strength_and_phase_can_be_asked_for(trained_run):
    back = load_model(trained_run.path, reverse=True, phase="source", strength=3.0)
    assert (back.source, back.target, back.direction) == ("fearful", "calm", DIRECTIONS[1])
    assert back.settings == ConversionSettings("source", 3.0)
    assert load_model(trained_run.path).settings.phase == "griffin-lim"


def test_the_weights_are_those_of_the_epoch_that_is_asked_for_or_else_the_latest(model, trained_run, tmp_path):
    run, clip = finished_copy(trained_run.path, tmp_path / "run"), speech_of(0.5)
    for direction in DIRECTIONS:
        with np.load(run.weights_file(1, direction)) as weights:
            np.savez(run.weights_file(2, direction), **{name: weights[name] / 2 for name in weights.files})
    first, latest = (load_model(run.path, epoch=n, phase="source", strength=1.5).convert(clip, RATE)[0] for n in (1, 0))
    assert np.array_equal(first, model.convert(clip, RATE)[0]) and not np.array_equal(first, latest)


def test_a_name_is_the_newest_training_of_a_pair_or_what_ships(trained_run, tmp_path):
    assert load_model("calm_surprised", runs=tmp_path).target == "surprised"
    finished_copy(trained_run.path, tmp_path / "mine")
    assert load_model("calm_fearful", runs=tmp_path).run.path == tmp_path / "mine"


@pytest.mark.parametrize(
    "name, options, said",
    [
        ("calm_wistful", {}, "wistful"),
        ("runs/nowhere", {}, "runs/nowhere: holds no config.json"),
        ("calm_surprised", {"epoch": 99}, "--epoch 99: .* has no network"),
        ("calm_surprised", {"strength": 11.0}, "between 0 and 10"),
        ("calm_surprised", {"phase": "none"}, "phase 'none': unknown; give one of griffin-lim, source"),
    ],
)
def test_a_model_that_is_not_there_or_cannot_be_had_so_is_named(name, options, said, tmp_path):
    with pytest.raises(InputError, match=said):
        load_model(name, runs=tmp_path, **options)  # whatever trainings lie beside the tests


@pytest.mark.parametrize(
    "clip, rate, said",
    [
        ("nowhere.wav", None, "nowhere.wav: not found"),
        (np.zeros(RATE), RATE, "the waveform: silent"),
        (np.ones(100) * np.arange(100), RATE, "the waveform: shorter than"),
        (np.arange(100), None, "the waveform: has no sample rate"),
        (np.sin(np.arange(RATE)), 10, "the waveform: has 10 samples a second"),
    ],
)
def test_a_clip_that_cannot_be_used_is_named(model, clip, rate, said):
    with pytest.raises(InputError, match=said):
        model.convert(clip, rate)


def test_the_package_loads_nothing_before_it_is_asked_and_never_tensorflow_without_a_network(environment, tmp_path):
    code = (
        "import sys, cyclegan_keras; before = set(sys.modules); print({'numpy', 'librosa', 'tensorflow'} & before)\n"
        "model = cyclegan_keras.load_model('calm_fearful'); print(model)\n"
        "import numpy; model.convert(numpy.sin(numpy.arange(16_000) / 10), 16_000); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    nothing, line, tensorflow = done.stdout.splitlines()
    assert nothing == "set()" and line.startswith("calm to fearful, with ") and tensorflow == "False"
