"""A yield holds what tables want of a training: what it lacks is measured, and nothing of it is lost or mixed."""

import shutil

import pytest

from cyclegan_keras.shared.run_directory import DIRECTIONS
from experiments import clips, yields
from experiments.losses import thinned_losses
from experiments.results import YIELD, read_json, write_json
from experiments.speech_runs import needed
from experiments.yields import Wanted
from tests.experiments.conftest import settings, write_losses


@pytest.fixture
def chosen(demo_clips, tmp_path):
    return settings(tmp_path, data=demo_clips)


@pytest.fixture
def run(chosen):
    """A training of 20 epochs with weights and losses."""
    run = needed(chosen, "calm_fearful", 150)
    for epoch in (10, 20):
        for direction in DIRECTIONS:
            file = run.directory.weights_file(epoch, direction)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    write_losses(run.directory.losses_file, 3.0, 2.0)
    return run


@pytest.fixture
def measure(chosen, monkeypatch):
    """Makes a yield of some sets, and says what of each kind was measured for it."""
    made = []

    def measured(settings, run, found, shown, lacking):
        made.append(lacking)
        cells = [{"name": each.name, "of": each.of, "sound": "a.ogg"} for each in lacking.ours]
        losses = thinned_losses(run.directory.losses_file, run.epoch())
        nothing = dict.fromkeys(("theirs", "equalised", "by_epoch"), [])
        return {"training": {"epoch": run.epoch()}, "losses": losses, "ours": cells, **nothing}

    def measure(run, *sets, settings=chosen, **wanted):
        made.clear()
        yields.make(settings, run, Wanted(set(sets), **wanted))
        return [each.name for lacking in made for each in lacking.ours]

    monkeypatch.setattr(yields, "_measured", measured)
    monkeypatch.setattr(yields, "add_recordings", lambda *_: None)
    return measure


def test_only_what_a_yield_lacks_is_measured(run, measure):
    assert len(measure(run, clips.SEEN)) == 15
    assert measure(run, clips.SEEN) == []
    assert len(measure(run, clips.SEEN, clips.UNSEEN)) == 8
    assert measure(run, clips.SEEN, clips.UNSEEN) == [], "what was there is kept"


def test_another_training_of_the_same_name_is_measured_anew(run, measure, chosen):
    measure(run, clips.SEEN, clips.UNSEEN)
    write_losses(run.directory.losses_file, 3.0, 1.0)
    assert len(measure(run, clips.UNSEEN)) == 8
    assert len(read_json(chosen.results / run.name / YIELD)["ours"]) == 8, "and not mixed with the other"


def test_fewer_epochs_than_were_measured_change_nothing_and_more_measure_anew(run, measure, demo_clips, tmp_path):
    measure(run, clips.UNSEEN)
    shorter = needed(settings(tmp_path, data=demo_clips, epochs=10), "calm_fearful", 150)
    assert shorter.epoch() == 10 and measure(shorter, clips.UNSEEN, clips.SEEN) == []
    for direction in DIRECTIONS:
        run.directory.weights_file(30, direction).touch()
    longer = needed(settings(tmp_path, data=demo_clips, epochs=30), "calm_fearful", 150)
    assert len(measure(longer, clips.UNSEEN)) == 8


def test_without_weights_what_is_left_out_is_counted(run, measure, capsys):
    measure(run, clips.UNSEEN)
    shutil.rmtree(run.directory.path)
    assert measure(run, clips.UNSEEN, clips.SEEN) == []
    assert "15 recordings are left out, because the weights are not here" in capsys.readouterr().out


def test_without_data_a_stored_yield_stays_as_it_is(run, measure, tmp_path):
    measure(run, clips.UNSEEN)
    assert measure(run, clips.SEEN, settings=settings(tmp_path)) == []


def test_an_own_recording_named_as_a_clip_of_the_data_is_measured_beside_it(
    run, measure, demo_clips, tmp_path, monkeypatch
):
    (name, *_) = measure(run, clips.UNSEEN)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / f"{name}.wav").touch()
    own = settings(tmp_path, data=demo_clips, clips=tmp_path / "own")
    monkeypatch.setattr(clips, "of_report", lambda _: [])
    assert measure(run, clips.UNSEEN, clips.YOURS, settings=own) == [name]


def test_a_clip_to_be_shown_without_sound_is_measured_again(run, measure, chosen):
    (name, *_) = measure(run, clips.UNSEEN)
    file = chosen.results / run.name / YIELD
    stored = read_json(file)
    del stored["ours"][0]["sound"]
    write_json(file, stored)
    assert measure(run, clips.UNSEEN) == []
    assert measure(run, clips.UNSEEN, rows=[(clips.UNSEEN, [name])]) == [name]
