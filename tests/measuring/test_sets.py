"""Which clips are for what, and which recording belongs to which."""

from pathlib import Path

import pytest

from cyclegan_keras.corpora.ravdess import parse_name
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
    found = {name: {c.key for c in sets.clips_of_set(name, EVERYTHING, "calm")} for name in sets.SETS}
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
