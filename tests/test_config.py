"""Presets, pairs and config.json."""

import dataclasses
import json

import pytest

from cyclegan_keras.config import (
    FaceRunConfig,
    Gains,
    LossWeights,
    ModelConfig,
    RunConfig,
    SpectrogramConfig,
    TrainConfig,
    _checksum,
    split_also,
)
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.errors import InputError


def run_config(preset="cpu", **changes):
    chosen = PRESETS[preset]
    values = {
        "pair": "calm_fearful", "preset": preset, "data": "/data", "data_key": "0" * 16,
        "spectrogram": chosen.spectrogram, "model": chosen.model, "train": chosen.train,
    }  # fmt: skip
    return RunConfig(**{**values, **changes})


@pytest.mark.parametrize(
    "name, size, filters, blocks, epochs, output_init",
    [
        ("report", 260, 64, 6, 150, "default"),
        ("report-520", 520, 64, 6, 100, "default"),
        ("cpu", 260, 16, 6, 20, "data"),
        ("cpu-plus", 260, 16, 6, 20, "data"),
        ("cpu-resynthesis", 260, 16, 6, 5, "data"),
        ("cpu-refined", 260, 16, 6, 7, "data"),
        ("cpu-residual", 260, 16, 6, 7, "default"),
        ("cpu-pitch", 260, 16, 6, 7, "default"),
        ("cpu-fine", (516, 132), 16, 6, 7, "default"),
        ("cpu-clear", (516, 132), 16, 6, 1, "default"),
    ],
)
def test_the_presets_are_the_designs(name, size, filters, blocks, epochs, output_init):
    preset = PRESETS[name]
    height, width = size if isinstance(size, tuple) else (size, size)
    assert preset.spectrogram.image_shape == (height, width, 1)
    assert preset.model == type(preset.model)(
        filters, blocks, output_init, residual=name in ("cpu-residual", "cpu-pitch", "cpu-fine", "cpu-clear")
    )
    assert (preset.train.epochs, preset.train.batch_size, preset.train.pool_size) == (epochs, 1, 50)
    assert (preset.train.learning_rate, preset.train.beta_1) == (2e-4, 0.5)


@pytest.mark.parametrize("name, n_fft, hop, frames", [("report", 512, 256, 257), ("report-520", 1024, 128, 513)])
def test_the_analyses_are_the_reports(name, n_fft, hop, frames):
    spectrogram = PRESETS[name].spectrogram
    assert (spectrogram.sample_rate, spectrogram.floor_db) == (16_000, -80.0)
    assert (spectrogram.n_fft, spectrogram.hop_length, spectrogram.n_frames) == (n_fft, hop, frames)
    assert (spectrogram.griffin_lim_iterations, spectrogram.griffin_lim_momentum) == (32, 0.99)


def test_a_pair_is_two_emotions_in_the_reports_spelling():
    assert split_pair("calm_fearful") == ("calm", "fearful")
    assert split_pair("calm_angry") == ("calm", "anger")


@pytest.mark.parametrize("pair", ["calm", "calm_", "calm_joyful", "calm_calm", "anger_angry", "calm_sad_happy", ""])
def test_anything_else_is_no_pair(pair):
    with pytest.raises(InputError, match="write A_B"):
        split_pair(pair)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_configuration_comes_back_from_its_file(tmp_path, preset):
    config = run_config(preset)
    config.save(tmp_path / "config.json")
    assert RunConfig.load(tmp_path / "config.json") == config


def test_a_configuration_of_faces_comes_back_from_its_file_and_is_none_of_speech(tmp_path):
    preset = PRESETS["cpu"]
    config = FaceRunConfig("sad_happy", "cpu", "/faces", "0" * 16, 48, preset.model, preset.train)
    config.save(tmp_path / "config.json")
    assert FaceRunConfig.load(tmp_path / "config.json") == config and config.image_shape == (48, 48, 1)
    with pytest.raises(InputError, match="missing key 'spectrogram'"):
        RunConfig.load(tmp_path / "config.json")
    with pytest.raises(InputError, match="multiple of 4"):
        dataclasses.replace(config, image_size=47)


def edited(path, edit):
    run_config().save(path)
    values = json.loads(path.read_text())
    edit(values)
    path.write_text(json.dumps(values))
    return path


@pytest.mark.parametrize(
    "edit, named",
    [
        (lambda v: v.update(surprise=1), "surprise"),
        (lambda v: v.pop("pair"), "pair"),
        (lambda v: v["model"].update(filters="16"), "filters"),
        (lambda v: v["model"].update(filters=True), "filters"),
        (lambda v: v["model"].update(filters=-1), "filters"),
        (lambda v: v["train"].update(loss_weights=3), "LossWeights"),
        (lambda v: v["spectrogram"].update(floor_db=3.0), "floor_db"),
        (lambda v: v["spectrogram"].update(image_size=100), "image_size"),
        (lambda v: v["spectrogram"].update(image_width=256), "image_size, image_width: must hold every bin and frame"),
        (lambda v: v["spectrogram"].update(image_width=262), "multiples of 4"),
        (lambda v: v["train"]["loss_weights"].pop("identity"), "identity"),
        (lambda v: v.update(pair="calm_joyful"), "joyful"),
        (lambda v: v.update(also="joyful"), "also 'joyful': unknown emotion 'joyful'"),
    ],
)
def test_a_bad_key_or_value_is_named(tmp_path, edit, named):
    path = edited(tmp_path / "config.json", edit)
    with pytest.raises(InputError, match=named) as caught:
        RunConfig.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("also", ["joyful", "disgust,", "disgust,calm", "angry", "disgust,happy,disgust"])
def test_emotions_that_cannot_join_a_pairs_second_are_refused(also):
    with pytest.raises(InputError, match="unknown emotion|named twice or in the pair"):
        split_also(also, "calm_anger")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_a_file_that_is_no_configuration_is_refused_by_name(tmp_path, content):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(InputError, match="config.json"):
        RunConfig.load(tmp_path / "config.json")


def test_settings_that_cannot_work_are_refused():
    with pytest.raises(InputError, match="n_frames"):
        dataclasses.replace(SpectrogramConfig(), n_frames=0)


def test_only_the_presets_beyond_the_report_leave_its_way_of_updating():
    beyond = {name for name, preset in PRESETS.items() if preset.train.update != "alternating"}
    averaged = {name for name, preset in PRESETS.items() if preset.train.average_decay}
    assert beyond == averaged == {
        "cpu-plus", "cpu-resynthesis", "cpu-refined", "cpu-residual", "cpu-pitch", "cpu-fine", "cpu-clear",
    }  # fmt: skip


def test_cpu_resynthesis_is_cpu_plus_but_for_what_the_networks_are_shown_gains_and_how_much_discriminators_weigh():
    heard = PRESETS["cpu-resynthesis"]
    resynthesised = {name for name, preset in PRESETS.items() if preset.train.resynthesis}
    assert resynthesised == {"cpu-resynthesis", "cpu-refined", "cpu-residual", "cpu-pitch", "cpu-fine", "cpu-clear"}
    assert heard.train.loss_weights == LossWeights(adversarial=2.0, identity=5.0, forward_cycle=10.0)
    without = dataclasses.replace(heard.train, resynthesis=False, loss_weights=LossWeights(), epochs=20)
    as_painted = Gains(envelope=0.75, refinements=4)
    assert heard.gains == Gains() and dataclasses.replace(heard, train=without, gains=as_painted) == PRESETS["cpu-plus"]


def test_cpu_refined_is_cpu_resynthesis_but_for_the_phase_and_the_epochs():
    heard, refined = PRESETS["cpu-resynthesis"], PRESETS["cpu-refined"]
    by_refined = {name for name, preset in PRESETS.items() if preset.train.refined}
    assert by_refined == {"cpu-refined", "cpu-residual", "cpu-pitch", "cpu-fine", "cpu-clear"}
    without = dataclasses.replace(refined.train, refined=False, epochs=heard.train.epochs)
    assert dataclasses.replace(refined, train=without) == heard


def test_cpu_residual_is_cpu_refined_but_for_generators_images_weights_discriminators_averages_and_strength():
    refined, residual = PRESETS["cpu-refined"], PRESETS["cpu-residual"]
    assert residual.train.loss_weights == LossWeights(40.0, 2.0, 2.0, 2.0, intelligibility=30.0)
    assert (residual.strength, residual.strength_back) == (4.0, 2.0)
    assert (residual.train.average_decay, residual.train.average_ramp) == (0.998, 4.0)
    weighing = {name for name, preset in PRESETS.items() if preset.train.loss_weights.intelligibility}
    assert weighing == {"cpu-residual", "cpu-pitch", "cpu-fine", "cpu-clear"}
    for only in ("equalised", "real_and_fake_at_once"):
        assert {name for name, preset in PRESETS.items() if getattr(preset.train, only)} == weighing
    before = {
        name: getattr(refined.train, name) for name in ("loss_weights", "average_decay", "average_ramp", "epochs")
    }
    without = dataclasses.replace(residual.train, equalised=False, real_and_fake_at_once=False, **before)
    without = dataclasses.replace(residual, model=refined.model, train=without, strength=1.5, strength_back=1.5)
    assert without == refined


def test_cpu_pitch_is_cpu_residual_but_for_the_discriminators_of_pitch_and_the_strength():
    residual, pitch = PRESETS["cpu-residual"], PRESETS["cpu-pitch"]
    assert pitch.train.loss_weights == LossWeights(20.0, 2.0, 2.0, 2.0, intelligibility=30.0, pitch=40.0)
    hearing_pitch = {name for name, preset in PRESETS.items() if preset.train.loss_weights.pitch}
    assert hearing_pitch == {"cpu-pitch", "cpu-fine", "cpu-clear"}
    assert (pitch.strength, pitch.strength_back) == (2.5, 1.5)
    without = dataclasses.replace(pitch.train, loss_weights=residual.train.loss_weights)
    assert dataclasses.replace(pitch, train=without, strength=4.0, strength_back=2.0) == residual


def test_cpu_fine_is_cpu_pitch_but_for_windows_twice_as_long_half_as_often_of_the_same_sound():
    pitch, fine = PRESETS["cpu-pitch"], PRESETS["cpu-fine"]
    assert dataclasses.replace(fine, spectrogram=pitch.spectrogram, strength=2.5) == pitch and fine.strength == 2.0
    assert (fine.spectrogram.n_fft, fine.spectrogram.hop_length) == (1024, 512)
    assert fine.spectrogram.n_samples == pitch.spectrogram.n_samples == 65_536


def test_cpu_clear_is_cpu_fine_but_for_the_weight_of_the_sentence_the_epochs_the_gains_and_the_strengths():
    fine, clear = PRESETS["cpu-fine"], PRESETS["cpu-clear"]
    assert clear.train.loss_weights == LossWeights(20.0, 2.0, 2.0, 2.0, intelligibility=90.0, pitch=40.0)
    assert clear.gains == Gains(0.8, refinements=4, frames_apart=5, ceiling=False)
    assert clear.gains_back == Gains(0.4, 0.02, harmonics_smoothing=0.1, refinements=4, frames_apart=5)
    assert (clear.strength, clear.strength_back) == (4.0, 6.5)
    without = dataclasses.replace(clear.train, loss_weights=fine.train.loss_weights, epochs=7)
    as_fine = dataclasses.replace(clear, gains=Gains(), gains_back=None, strength=2.0, strength_back=1.5)
    assert dataclasses.replace(as_fine, train=without) == fine


@pytest.mark.parametrize("name", PRESETS)
def test_words_and_pitch_are_measured_in_the_reports_analysis_whatever_the_images(name):
    assert PRESETS[name].spectrogram.listening == SpectrogramConfig()


@pytest.mark.parametrize(
    "other",
    [
        {"n_fft": 64, "hop_length": 16, "n_frames": 57, "image_size": 60},
        {"n_fft": 256},
        {"sample_rate": 8000},
        {"n_frames": 300, "image_size": 300},
    ],
)
def test_where_the_report_would_see_less_or_other_sound_words_and_pitch_are_measured_in_the_images_analysis(other):
    analysis = SpectrogramConfig(**other)
    assert analysis.listening == analysis


def test_a_residual_generator_has_no_output_norm_that_could_start_anywhere():
    with pytest.raises(InputError, match="output_init: a residual generator has no norm"):
        ModelConfig(residual=True, output_init="data")


@pytest.mark.parametrize("name", ["resynthesis", "real_and_fake_at_once"])
def test_what_only_joint_updates_can_do_is_refused_with_alternating_ones(name):
    with pytest.raises(InputError, match=f"^{name}: needs joint updates, not alternating ones$"):
        TrainConfig(**{name: True})
    TrainConfig(update="joint", **{name: True})


@pytest.mark.parametrize("name", ["refined", "intelligibility", "pitch"])
def test_what_is_done_with_sound_needs_resynthesis(name):
    given = {"refined": True} if name == "refined" else {"loss_weights": LossWeights(**{name: 1.0})}
    with pytest.raises(InputError, match=f"^{name}: needs resynthesis$"):
        TrainConfig(update="joint", **given)
    TrainConfig(update="joint", resynthesis=True, **given)


def test_a_phase_is_refined_only_where_the_frames_of_the_analysis_are_among_the_closer_ones():
    closer_than_that = dataclasses.replace(SpectrogramConfig(), hop_length=96)
    with pytest.raises(InputError, match="refined: needs a hop_length that is a multiple of n_fft / 8"):
        run_config("cpu-refined", spectrogram=closer_than_that)


@pytest.mark.parametrize("strength", [-0.1, 10.1, float("nan")])
@pytest.mark.parametrize("name", ["strength", "strength_back"])
def test_a_strength_out_of_range_is_refused(name, strength):
    with pytest.raises(InputError, match=f"{name}:"):
        run_config(**{name: strength})


def test_resynthesis_needs_joint_updates():
    with pytest.raises(InputError, match="resynthesis"):
        TrainConfig(resynthesis=True, update="alternating")


def test_a_configuration_of_when_pauses_could_be_limited_is_read_as_one_without_and_its_checksum_holds(tmp_path):
    config = run_config()
    values = {**dataclasses.asdict(config), "pause_db": 25.0}
    (tmp_path / "config.json").write_text(json.dumps({**values, "checksum": _checksum(values)}))
    assert RunConfig.load(tmp_path / "config.json") == config


def test_a_configuration_of_before_resynthesis_is_read_as_one_without(tmp_path):
    def of_before(values):
        for name in ("refined", "resynthesis"):
            del values["train"][name]
        del values["strength"], values["strength_back"], values["checksum"]

    path = edited(tmp_path / "config.json", of_before)
    assert RunConfig.load(path) == run_config()
