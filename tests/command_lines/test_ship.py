"""The model that ships is the run's, with a card that says what it is worth."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from cyclegan_keras import ship
from cyclegan_keras.config import ConversionConfig, RunConfig
from cyclegan_keras.corpora.demo_speech import DEMO_MARK
from cyclegan_keras.corpora.known import corpus_of_name
from cyclegan_keras.measuring.parallel import Gap
from cyclegan_keras.measuring.rows import Row
from cyclegan_keras.prosody.move import Prosody
from cyclegan_keras.prosody.stored import load_prosody, save_prosodies
from cyclegan_keras.shared.run_directory import DIRECTIONS, SHIPPED, RunDirectory, evaluation_file, newest_run
from tests.small_training import run_config


@pytest.fixture
def measured(trained_run, tmp_path_factory):
    """A copy of the trained run with figures of both directions beside it, as ``evaluate`` writes them."""
    run = tmp_path_factory.mktemp("measured") / "run"
    shutil.copytree(trained_run.path, run)
    files = [evaluation_file(run, reverse) for reverse in (False, True)]
    for file, direction, strength in zip(files, ("calm to fearful", "fearful to calm"), (2.0, 1.25)):
        measured = {"clips": 8, "f0_gap": Gap(0.25, -0.5, 0.75), "wer": 0.5, "dnsmos": 2.5, "svm": 0.125}
        rows = [Row("nothing", 8, wer=0.25), *(Row(f"epoch {n}", mimicry=0.1, cycle=0.1, **measured) for n in (1, 2))]
        verdict = {"accuracy": 0.875, "clips": 16, "false_alarms": {"untouched": 0.125}}
        judges = {"svm": {**verdict, "holds": True}, "logistic": {**verdict, "holds": False}}
        head = {"caption": f"{direction}, measured on 8 clips", "phase": "source", "strength": strength}
        head |= {"judges": judges, "two_actors": 0.625}
        file.write_text(json.dumps({**head, "rows": [vars(row) for row in rows]}))
    return trained_run._replace(path=run)


def test_a_shipped_model_is_the_runs_and_converts(measured, command_line, demo_clips, tmp_path):
    command_line("ship", "--run-dir", measured.path, "--output", tmp_path / "weights" / "calm_fearful")
    shipped = newest_run("calm_fearful", tmp_path / "no_runs", shipped=tmp_path / "weights")
    config = RunConfig.load(shipped.config_file)
    assert config.data == "RAVDESS, speech"
    assert config.conversion == ConversionConfig("source", 2.0, 1.25), "as it was measured"
    for direction in DIRECTIONS:
        theirs = np.load(RunDirectory(measured.path).weights_file(1, direction))
        with np.load(shipped.weights_file(1, direction)) as ours:
            assert {array.dtype for array in ours.values()} == {np.dtype(np.float16)}
            for name in theirs.files:
                np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-3, atol=1e-6)
    clip = next(demo_clips.glob("Actor_19/03-01-02-*.wav"))
    done = command_line("infer", clip, "--run-dir", shipped.path, "--output", tmp_path / "out.wav")
    assert (tmp_path / "out.wav").exists() and "epoch 1, phase source, strength 2" in done.stdout


def test_the_card_has_the_measures_the_judges_worth_the_licence_and_the_command(measured, command_line, tmp_path):
    command_line("ship", "--run-dir", measured.path, "--output", tmp_path)
    card = (tmp_path / "card.md").read_text(encoding="utf-8")
    for direction in ("calm to fearful", "fearful to calm"):
        assert f"## {direction}, measured on 8 clips" in card
    assert card.count("| epoch 1 | 8 | 0.25 [-0.50, 0.75] | 0.50 | 2.50 | 0.12 |") == 2 and "epoch 2" not in card
    assert "Judge svm: right on 0.88 of 16 real clips" in card and "untouched 0.12." in card
    assert card.count("not reliable") == 2 and "two speakers saying the same sentence: 0.62" in card
    assert "- RAVDESS, speech: " in card and ": CC BY-NC-SA 4.0. Livingstone" in card and str(measured.path) not in card
    assert "cyclegan_keras.train --pair calm_fearful --preset cpu --epochs 1 --filters 2" in card


def test_a_card_names_the_licence_of_every_corpus_and_keeps_own_folders_private():
    measures = {"caption": "neutral to anger", "rows": [], "judges": {}, "two_actors": None}
    config = run_config("cpu", pair="neutral_anger", data="/home/me/secret", unseen_speakers="emodb/15,emodb/16")
    card = ship.card(config, 1, [measures], [corpus_of_name("emodb"), None], 9)
    assert "Made from EmoDB and own recordings: 9 speakers; left out: speakers emodb/15, emodb/16" in card
    assert "- EmoDB: Berlin" in card and "for research" in card and "their owner's terms" in card
    assert "RAVDESS" not in card and "secret" not in card


def test_a_model_that_was_not_measured_does_not_ship(measured, fails_with_one_line, tmp_path):
    evaluation_file(measured.path, reverse=True).unlink()
    line = fails_with_one_line("ship", "--run-dir", measured.path, "--output", tmp_path / "out", expect=2)
    assert "measure first" in line and "--reverse" in line and not (tmp_path / "out").exists()


def test_a_model_whose_directions_were_measured_with_two_phases_does_not_ship(measured, fails_with_one_line, tmp_path):
    file = evaluation_file(measured.path, reverse=True)
    file.write_text(file.read_text().replace('"source"', '"griffin-lim"'))
    line = fails_with_one_line("ship", "--run-dir", measured.path, "--output", tmp_path / "out", expect=2)
    assert "with different --phase; measure both with one" in line and not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["phase", "strength"])
def test_measures_of_before_all_was_written_are_asked_for_again(measured, fails_with_one_line, tmp_path, name):
    file = evaluation_file(measured.path, reverse=False)
    before = json.loads(file.read_text())
    del before[name]
    file.write_text(json.dumps(before))
    line = fails_with_one_line("ship", "--run-dir", measured.path, "--output", tmp_path / "out", expect=2)
    assert "measure first" in line and not (tmp_path / "out").exists()


def test_a_model_of_the_demo_corpus_does_not_ship(measured, fails_with_one_line, demo_clips, tmp_path):
    shutil.copytree(demo_clips, tmp_path / "demo")
    (tmp_path / "demo" / DEMO_MARK).touch()
    run = RunDirectory(measured.path)
    dataclasses.replace(RunConfig.load(run.config_file), data=str(tmp_path / "demo")).save(run.config_file)
    line = fails_with_one_line("ship", "--run-dir", run.path, "--output", tmp_path / "out", expect=2)
    assert "trained on the demo corpus" in line and not (tmp_path / "out").exists()


def test_a_run_is_never_shipped_into_itself(measured, fails_with_one_line):
    line = fails_with_one_line("ship", "--run-dir", measured.path, "--output", measured.path, expect=2)
    assert "is the run itself" in line


def test_two_epochs_never_ship_side_by_side(measured, fails_with_one_line, tmp_path):
    shipped = RunDirectory(tmp_path)
    for direction in DIRECTIONS:
        shipped.weights_file(7, direction).parent.mkdir(exist_ok=True)
        shipped.weights_file(7, direction).touch()
    assert "epoch 7" in fails_with_one_line("ship", "--run-dir", measured.path, "--output", tmp_path, expect=2)


def test_the_training_command_names_what_differs_from_the_preset():
    config = run_config("cpu", pair="calm_anger")
    assert ship.training_command(config, 20).endswith("--pair calm_anger --preset cpu --precision float32")
    train = dataclasses.replace(config.train, seed=3, update="joint")
    command = ship.training_command(dataclasses.replace(config, train=train), 5)
    assert command.endswith("--epochs 5 --seed 3 --update joint --precision float32")
    own = dataclasses.replace(config, unseen_speakers="mine/ann lee,mine/ben", corpus="folders")
    assert ship.training_command(own, 20).endswith("--unseen-speakers 'mine/ann lee' mine/ben --corpus folders")


def test_statistics_without_a_network_ship_too(measured, command_line, tmp_path):
    shutil.rmtree(measured.path / "weights")
    run = RunDirectory(measured.path)
    config = RunConfig.load(run.config_file)
    train = dataclasses.replace(config.train, epochs=0)
    dataclasses.replace(config, train=train, conversion=ConversionConfig("source", prosody=True)).save(run.config_file)
    save_prosodies(run.prosody_file, dict.fromkeys(DIRECTIONS, Prosody(shift=0.2)))
    command_line("ship", "--run-dir", run.path, "--output", tmp_path / "calm_fearful")
    shipped = RunDirectory(tmp_path / "calm_fearful")
    assert load_prosody(shipped.prosody_file, "b_to_a").shift == 0.2 and not shipped.epochs()
    card = (shipped.path / "card.md").read_text(encoding="utf-8")
    assert "without a network" in card and "--epochs 0" in card


SHIPPED_MODELS = sorted(str(file.parent.relative_to(SHIPPED)) for file in SHIPPED.rglob("config.json"))


@pytest.mark.parametrize("model", SHIPPED_MODELS)
def test_every_shipped_model_is_whole(model):
    run = RunDirectory(SHIPPED / model)
    config = RunConfig.load(run.config_file)
    assert config.pair == model and len(run.epochs()) == min(config.train.epochs, 1)
    assert config.conversion.prosody == run.prosody_file.exists()
    assert "CC BY-NC-SA 4.0" in (run.path / "card.md").read_text(encoding="utf-8")
