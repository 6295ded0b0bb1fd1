"""Finding runs and their weights."""

import dataclasses
import os
import re

import pytest

from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory, newest_run
from tests.conftest import PROJECT
from tests.small_training import run_config


def make_run(path, epochs, age=0, of=1, **config):
    """A run with weights of some epochs, out of so many to train."""
    run = RunDirectory(path)
    config = run_config(**config)
    dataclasses.replace(config, train=dataclasses.replace(config.train, epochs=of)).save(run.config_file)
    for epoch in epochs:
        for direction in DIRECTIONS:
            file = run.weights_file(epoch, direction)
            file.parent.mkdir(exist_ok=True)
            file.touch()
            os.utime(file, (1e9 - age, 1e9 - age))
    return run


def test_epochs_are_those_with_both_generators(tmp_path):
    run = make_run(tmp_path / "run", [2, 10, 1])
    run.weights_file(10, "b_to_a").unlink()
    assert run.epochs() == [1, 2]


def test_the_latest_epoch_is_taken_unless_one_is_named(tmp_path):
    run = make_run(tmp_path / "run", [1, 2, 10])
    assert run.epoch_or_latest() == 10 and run.epoch_or_latest(2) == 2


def test_an_epoch_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    with pytest.raises(InputError, match="no weights of epoch 7; choose from 1, 2"):
        make_run(tmp_path / "run", [1, 2]).epoch_or_latest(7)
    with pytest.raises(InputError, match="no generator weights yet"):
        make_run(tmp_path / "new", []).epoch_or_latest()


def test_the_newest_trained_run_of_a_pair_is_found(tmp_path):
    make_run(tmp_path / "old", [1], age=100)
    newest = make_run(tmp_path / "new", [1], age=10)
    make_run(tmp_path / "other", [1], pair="calm_anger")
    make_run(tmp_path / "untrained", [])
    assert newest_run("calm_fearful", tmp_path) == newest
    assert newest_run("calm_angry", tmp_path).path.name == "other"


def test_a_run_of_ones_own_goes_before_the_shipped_model(tmp_path):
    shipped, runs = tmp_path / "shipped", tmp_path / "runs"
    model = make_run(shipped / "calm_fearful", [1])
    assert newest_run("calm_fearful", runs, shipped) == model
    trained = make_run(runs / "new", [1])
    assert newest_run("calm_fearful", runs, shipped) == trained


def test_an_unfinished_run_does_not_go_before_the_shipped_model(tmp_path):
    shipped, runs = tmp_path / "shipped", tmp_path / "runs"
    begun = make_run(runs / "begun", [1, 2], of=20)
    assert newest_run("calm_fearful", runs, shipped) == begun
    model = make_run(shipped / "calm_fearful", [1])
    assert newest_run("calm_fearful", runs, shipped) == model
    make_run(runs / "begun", [20], of=20)
    assert newest_run("calm_fearful", runs, shipped) == begun


def test_a_mistyped_pair_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(InputError, match="--pair calm_feerful: no model; .* did you mean calm_fearful?"):
        newest_run("calm_feerful", tmp_path)


def test_the_demonstration_is_never_taken_for_a_training(tmp_path):
    makefile = (PROJECT / "Makefile").read_text()
    demo = re.search(r"^DEMO \?= runs/(.*)$", makefile, re.MULTILINE).group(1)
    make_run(tmp_path / demo, [1])
    with pytest.raises(InputError, match="no model"):
        newest_run("calm_fearful", tmp_path, shipped=tmp_path / "none")


def test_a_pair_without_a_run_is_answered_with_what_ships_and_how_to_train(tmp_path):
    make_run(tmp_path / "shipped" / "calm_fearful", [1])
    make_run(tmp_path / "shipped" / "calm_anger", [1], pair="calm_anger")
    with pytest.raises(InputError, match="comes with calm_anger, calm_fearful, .*make train PAIR=calm_sad"):
        newest_run("calm_sad", tmp_path / "runs", shipped=tmp_path / "shipped")


def test_a_pair_trained_the_other_way_round_is_pointed_to(tmp_path):
    make_run(tmp_path / "run", [1])
    with pytest.raises(InputError, match="give --pair calm_fearful --reverse"):
        newest_run("fearful_calm", tmp_path)
