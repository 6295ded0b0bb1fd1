"""Names of emotions: the report's, their usual synonyms, and any other that a corpus has."""

import pytest

from cyclegan_keras.emotions import EMOTION_ALIASES, EMOTIONS, emotion_name, in_order, nearest_name, split_pair
from cyclegan_keras.shared.errors import InputError


@pytest.mark.parametrize("name", EMOTIONS)
def test_the_reports_names_stay(name):
    assert emotion_name(name) == name and name not in EMOTION_ALIASES


@pytest.mark.parametrize(
    "written, name",
    [
        ("angry", "anger"), ("Happiness", "happy"), ("FEAR", "fearful"), ("Surprise", "surprised"), ("sadness", "sad"),
        ("disgusted", "disgust"), ("Pleasant_surprise", "surprised"), ("Sleepy", "sleepiness"), ("boredom", "boredom"),
        ("wide awake", "wide-awake"), ("mu\u0308de", "m\u00fcde"), ("wut2", "wut2"),
    ],
)  # fmt: skip
def test_synonyms_become_the_reports_name_and_any_other_stays(written, name):
    assert emotion_name(written) == name
    assert emotion_name(name) == name


@pytest.mark.parametrize("written", ["", " ", "-", "-calm", "a/b", "..", "calm!", "a\nb", "x" * 41])
def test_what_cannot_be_part_of_a_files_name_is_none(written):
    with pytest.raises(InputError, match="letters, digits and hyphens"):
        emotion_name(written)


def test_a_pair_is_two_emotions_in_the_spelling_used_here():
    assert split_pair("calm_Angry") == ("calm", "anger")
    assert split_pair("neutral_sleepiness") == ("neutral", "sleepiness")


@pytest.mark.parametrize(
    "pair", ["calm", "calm_", "calm_?", "calm_calm", "anger_angry", "calm_sad_happy", "", "../x_calm"]
)
def test_anything_else_is_no_pair(pair):
    with pytest.raises(InputError, match="write A_B"):
        split_pair(pair)


def test_the_nearest_name_is_found_by_synonyms_too():
    assert nearest_name("fearfull", ["calm", "fearful"]) == "fearful"
    assert nearest_name("hapiness", ["calm", "happy"]) == "happy"
    assert nearest_name("zzz", ["calm"]) is None


def test_the_reports_emotions_come_first():
    assert in_order(["boredom", "anger", "amused", "neutral"]) == ["neutral", "anger", "amused", "boredom"]
