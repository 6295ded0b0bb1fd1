"""Which data ``python -m cyclegan_keras.train`` trains on: any corpus, several, and what of them is no sound."""

import numpy as np
import pytest
import soundfile

from cyclegan_keras import train
from cyclegan_keras.config import RunConfig
from cyclegan_keras.shared.run_directory import RunDirectory
from tests.corpora.made_up import tree

SMALL = ("--precision", "float32", "--preset", "cpu", "--filters", 2, "--n-resnet", 1, "--steps", 1)


@pytest.fixture
def emodb(tmp_path):
    """Three made-up speakers of EmoDB, one sentence and two emotions."""
    names = [f"{speaker}a01{emotion}a.wav" for speaker in ("03", "08", "16") for emotion in "NL"]
    return tree(tmp_path / "emodb", *names)


def test_two_corpora_train_as_one_with_their_strangers_apart_and_without_what_is_no_sound(
    monkeypatch, capsys, environment, emodb, tmp_path
):
    mine = tree(tmp_path / "mine", *(f"ann/{emotion}/{n}.wav" for emotion in ("neutral", "bored") for n in range(5)))
    soundfile.write(mine / "ann/neutral/silent.wav", np.zeros(800), 8000)
    command = ["--pair", "neutral_boredom", "--data", emodb, mine, *SMALL, "--run-dir", tmp_path / "run"]
    monkeypatch.setenv("CYCLEGAN_KERAS_CACHE", environment["CYCLEGAN_KERAS_CACHE"])
    monkeypatch.setattr("cyclegan_keras.training.loop.train", lambda *_: False)  # as if stopped before a step
    with pytest.raises(SystemExit):
        train.main(list(map(str, command)))
    said = capsys.readouterr().out
    assert "neutral 7 clips, boredom 7 clips" in said
    assert "unseen speakers: emodb/16 (of 4)" in said
    assert f"1 x silent from start to end\n  {mine / 'ann/neutral/silent.wav'}: silent" in said
    config = RunConfig.load(RunDirectory(tmp_path / "run").config_file)
    assert config.pair == "neutral_boredom" and config.unseen_speakers == "emodb/16"
    assert config.data == f"{emodb}:{mine}"


def test_a_mistyped_emotion_is_answered_with_the_nearest(fails_with_one_line, emodb):
    line = fails_with_one_line("train", "--pair", "neutral_boredon", "--data", emodb, expect=2)
    assert "no clips of 'boredon'" in line and "did you mean 'boredom'?" in line


def test_unknown_speakers_and_corpora_are_named(fails_with_one_line, emodb):
    line = fails_with_one_line("train", "--pair", "neutral_bored", "--data", emodb, "--unseen-speakers", "4", expect=2)
    assert "no speaker has the name '4'; there are 03, 08, 16" in line
    line = fails_with_one_line("train", "--pair", "neutral_bored", "--data", emodb, "--corpus", "emo-db", expect=2)
    assert "'emo-db': not known" in line and "emodb" in line
    line = fails_with_one_line(
        "train", "--pair", "neutral_bored", "--data", emodb, "--unseen-speakers", "none", "03", expect=2
    )
    assert "none cannot be combined with names" in line


def test_nobody_left_to_train_on_names_the_unseen_speakers(fails_with_one_line, tmp_path):
    tree(tmp_path / "clips", "03-01-02-01-01-01-19.wav", "03-01-05-01-01-01-19.wav")
    line = fails_with_one_line("train", "--pair", "calm_anger", "--data", tmp_path / "clips", expect=2)
    assert "every clip of calm" in line and "unseen speaker (ravdess/19)" in line and "--unseen-speakers" in line


def test_an_emotion_of_unseen_speakers_alone_is_not_called_missing(fails_with_one_line, emodb):
    (emodb / "03a01La.wav").unlink(), (emodb / "08a01La.wav").unlink()
    line = fails_with_one_line("train", "--pair", "neutral_boredom", "--data", emodb, expect=2)
    assert "every clip of boredom is held back or by an unseen speaker (emodb/16)" in line


def test_where_every_clip_is_held_back_nobody_is_told_to_name_other_speakers(fails_with_one_line, tmp_path):
    data = tree(tmp_path, "03-01-02-01-02-02-04.wav", "03-01-05-01-02-02-04.wav")
    line = fails_with_one_line("train", "--pair", "calm_anger", "--data", data, "--unseen-speakers", "none", expect=2)
    assert "every clip of calm is held back, none is left to train on; give more recordings" in line


def test_too_many_silent_clips_stop_before_training(fails_with_one_line, emodb):
    soundfile.write(emodb / "03a01Na.wav", np.zeros(800), 8000)
    line = fails_with_one_line("train", "--pair", "neutral_bored", "--data", emodb, expect=2)
    assert "1 of 6 recordings cannot be used (1 x silent from start to end" in line
