"""Which clips are for what, and which recording belongs to which."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from cyclegan_keras.corpora.known import emodb
from cyclegan_keras.corpora.known.ravdess import parse_name
from cyclegan_keras.measuring import sets
from cyclegan_keras.shared.errors import InputError


def clip(fields):
    return parse_name(Path(f"03-01-{fields}.wav"))


EVERYTHING = [
    clip(f"{emotion}-{intensity}-{statement}-{repetition}-{actor:02d}")
    for emotion in ("01", "02", "05")
    for intensity in ("01", "02")
    for statement in ("01", "02")
    for repetition in ("01", "02")
    for actor in range(1, 25)
    if (emotion, intensity) != ("01", "02")
]


def test_no_clip_is_in_two_sets():
    found = {
        name: {c.key for c in sets.clips_of_set(name, EVERYTHING, "calm")} for name in sets.SETS if name != "unseen"
    }
    assert {key[-2:] for key in found["choose"]} == {"15", "16", "17", "18"}
    assert {key[-2:] for key in found["final"]} == {"19", "20"}
    assert len(found["choose"]) == 32 and len(found["final"]) == 16
    together = [key for keys in found.values() for key in keys]
    assert len(together) == len(set(together))


def test_judges_are_fitted_to_no_clip_of_the_sets_they_judge():
    fitted_to = {c.actor for c in sets.training_clips(EVERYTHING)}
    assert not fitted_to & {15, 16, 17, 18, 19, 20}
    assert {c.actor for c in sets.trial_clips(EVERYTHING)} == {15, 16, 17, 18}
    without = [c for c in EVERYTHING if c.actor not in sets.CHOOSING_ACTORS]
    assert {c.actor for c in sets.trial_clips(without)} == {19, 20}


def test_a_set_that_is_empty_is_named_with_the_others():
    with pytest.raises(InputError, match="--clips choose: no clips of 'calm'.*held-back"):
        sets.clips_of_set("choose", [clip("02-01-01-01-01")], "calm")


def test_seen_and_held_back_clips_are_those_of_the_run_whoever_it_left_out():
    left_out = ("04", "08")
    assert "04" in {c.speaker for c in sets.clips_of_set("held-back", EVERYTHING, "calm")}
    for name in ("seen", "held-back"):
        assert not {"04", "08"} & {c.speaker for c in sets.clips_of_set(name, EVERYTHING, "calm", left_out)}


def test_a_folder_of_other_emotions_is_refused_in_a_line(tmp_path):
    (tmp_path / "03-01-05-01-01-01-01.wav").touch()
    with pytest.raises(InputError, match="every recording is of another emotion than 'calm'"):
        sets.choose_sources(str(tmp_path), EVERYTHING, "calm", 16_000)


def test_the_real_recording_is_the_same_actors_same_sentence_intensity_and_repetition():
    pairing = sets.Pairing(EVERYTHING)
    assert pairing.real(clip("02-02-01-02-07"), "anger").key == "03-01-05-02-01-02-07"
    assert pairing.second_take(clip("05-02-01-02-07")).key == "03-01-05-02-01-01-07"
    assert pairing.real(clip("02-02-01-02-07"), "happy") is None


def test_neutral_has_intensity_1_alone():
    pairing = sets.Pairing(EVERYTHING)
    assert pairing.real(clip("05-02-01-02-07"), "neutral").key == "03-01-01-01-01-02-07"
    assert pairing.real(clip("01-01-01-02-07"), "anger").key == "03-01-05-01-01-02-07"


def test_impostors_say_the_same_are_of_one_sex_and_never_final():
    found = sets.Pairing(EVERYTHING).impostors(clip("02-01-01-01-15"))
    assert {c.actor for c in found} == {1, 3, 5, 7, 9, 11, 13, 17, 21, 23}
    assert {c.key[:-3] for c in found} == {"03-01-02-01-01-01"}
    others = sets.Pairing(EVERYTHING).others(clip("02-01-01-01-15"))
    assert len(others) == 7 and {(c.actor, c.emotion) for c in others} == {(15, "calm")}


def test_the_unseen_speakers_are_those_a_run_left_out():
    found = sets.clips_of_set("unseen", EVERYTHING, "calm", ("ravdess/03", "ravdess/04"))
    assert {c.actor for c in found} == {3, 4}
    assert {c.actor for c in sets.clips_of_set("unseen", EVERYTHING, "calm")} == {19, 20}


GERMAN = [
    emodb.parse_name(Path(f"{speaker}{sentence}{emotion}{version}.wav"))
    for speaker in ("03", "08", "09", "10", "11", "16")
    for sentence in ("a01", "a02", "a04", "a05", "a07", "b01")
    for emotion in "NW"
    for version in "ab"
]


def test_any_parallel_corpus_is_paired_by_speaker_and_sentence():
    pairing, clip = sets.Pairing(GERMAN), emodb.parse_name(Path("08a02Nb.wav"))
    assert pairing.real(clip, "anger").key == "08a02Wb"
    assert pairing.second_take(clip).key == "08a02Na"
    assert {c.speaker for c in pairing.impostors(clip)} == {"03", "09", "10", "11", "16"}


def test_the_judges_of_any_corpus_are_tested_on_its_unseen_speakers():
    assert {c.speaker for c in sets.trial_clips(GERMAN)} == {"11", "16"}
    assert not {c.speaker for c in sets.training_clips(GERMAN)} & {"11", "16"}
    alone = [c for c in GERMAN if c.speaker == "03"]
    assert sets.trial_clips(alone) and not set(sets.trial_clips(alone)) & set(sets.training_clips(alone))


def test_a_folders_clips_of_other_emotions_are_left_out(tmp_path):
    for name in ("03a01Na", "03a01Wa", "mine"):
        soundfile.write(tmp_path / f"{name}.wav", np.sin(np.arange(1600)), 16_000)
    known = [emodb.parse_name(tmp_path / f"{name}.wav") for name in ("03a01Na", "03a01Wa")]
    found = sets.choose_sources(str(tmp_path), known, "neutral", 16_000)
    assert [source.name for source in found] == ["03a01Na", "mine"]
    assert [source.speaker for source in found] == ["emodb/03", "mine"]


def test_the_files_that_macos_writes_beside_recordings_are_none(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.sin(np.arange(1600)), 16_000)
    (tmp_path / "._a.wav").write_bytes(b"not sound")
    assert sets.recordings_in(tmp_path) == [tmp_path / "a.wav"]
