"""Pairs, and configurations as files."""

import dataclasses
import json

import pytest

from cyclegan_keras.config import ConversionConfig, LossWeights, RunConfig, SpectrogramConfig, TrainConfig
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.errors import InputError
from tests.small_training import run_config


@pytest.mark.parametrize("preset", PRESETS)
def test_a_configuration_comes_back_from_its_file(tmp_path, preset):
    config = run_config(preset)
    config.save(tmp_path / "config.json")
    assert RunConfig.load(tmp_path / "config.json") == config


def test_a_configuration_carries_how_its_run_converts(tmp_path):
    config = run_config(conversion=ConversionConfig("source", 2.0, 1.25, prosody=True))
    config.save(tmp_path / "config.json")
    assert json.loads((tmp_path / "config.json").read_text())["conversion"] == {
        "phase": "source", "strength": 2.0, "strength_back": 1.25, "prosody": True,
    }  # fmt: skip


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
        (lambda v: v.pop("conversion"), "conversion"),
        (lambda v: v["model"].update(filters="16"), "filters"),
        (lambda v: v["model"].update(filters=True), "filters"),
        (lambda v: v["model"].update(filters=-1), "filters"),
        (lambda v: v["train"].update(loss_weights=3), "LossWeights"),
        (lambda v: v["spectrogram"].update(floor_db=3.0), "floor_db"),
        (lambda v: v["spectrogram"].update(image_size=100), "image_size: must hold every bin and frame"),
        (lambda v: v["spectrogram"].update(image_size=262), "image_size: must be a multiple of 4"),
        (lambda v: v["conversion"].update(phase="random"), "phase: must be one of griffin-lim, source"),
        (lambda v: v["train"]["loss_weights"].pop("identity"), "identity"),
        (lambda v: v.update(pair="calm_calm"), "calm_calm"),
    ],
)
def test_a_bad_key_or_value_is_named(tmp_path, edit, named):
    path = edited(tmp_path / "config.json", edit)
    with pytest.raises(InputError, match=named) as caught:
        RunConfig.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_a_file_that_is_no_configuration_is_refused_by_name(tmp_path, content):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(InputError, match="config.json"):
        RunConfig.load(tmp_path / "config.json")


def test_settings_that_cannot_work_are_refused():
    with pytest.raises(InputError, match="n_frames"):
        dataclasses.replace(SpectrogramConfig(), n_frames=0)


@pytest.mark.parametrize("strength", [-0.1, 10.1, float("nan")])
@pytest.mark.parametrize("name", ["strength", "strength_back"])
def test_a_strength_out_of_range_is_refused(name, strength):
    with pytest.raises(InputError, match=f"{name}:"):
        ConversionConfig(**{name: strength})


def test_averages_belong_to_joint_updates():
    with pytest.raises(InputError, match="^average_decay: needs update joint, not alternating$"):
        TrainConfig(average_decay=0.9)
    assert TrainConfig(average_decay=0.9, update="joint").average_decay == 0.9


def test_the_weights_of_the_losses_are_the_reports():
    assert dataclasses.asdict(LossWeights()) == {
        "adversarial": 1.0, "identity": 5.0, "forward_cycle": 10.0, "backward_cycle": 10.0, "discriminator": 0.5,
    }  # fmt: skip
