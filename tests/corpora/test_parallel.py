"""The same speaker and sentence in another emotion."""

from pathlib import Path

import pytest

from cyclegan_keras.corpora.clips import Clip, domain
from cyclegan_keras.corpora.index import index_clips
from cyclegan_keras.corpora.known.ravdess import parse_name
from cyclegan_keras.corpora.parallel import comparable, counterpart, is_parallel, shared_sentences
from cyclegan_keras.corpora.split import split_clips


def ravdess(*codes: str) -> list[Clip]:
    return [parse_name(Path(f"03-01-{code}.wav")) for code in codes]


def test_the_counterpart_has_the_speaker_sentence_intensity_and_repetition():
    calm, right, *_ = clips = ravdess(
        "02-02-01-02-03", "05-02-01-02-03", "05-01-01-02-03", "05-02-02-02-03", "05-02-01-01-03", "05-02-01-02-04"
    )
    assert counterpart(calm, "anger", clips[::-1]) == right


def test_neutrals_counterpart_is_the_normal_intensity_and_a_strong_clips_the_neutral():
    neutral, normal, strong = clips = ravdess("01-01-01-01-03", "05-01-01-01-03", "05-02-01-01-03")
    assert counterpart(neutral, "anger", clips) == normal
    assert counterpart(strong, "neutral", clips) == neutral


def test_where_nobody_says_it_in_the_other_emotion_there_is_none():
    calm, *others = ravdess("02-01-01-01-03", "05-01-02-01-03", "05-01-01-01-04")
    assert counterpart(calm, "anger", others) is None


@pytest.mark.parametrize("missing", ["speaker", "sentence"])
def test_clips_of_unknown_speaker_or_sentence_have_none(missing):
    known = {"speaker": "ann", "sentence": "hello", missing: ""}
    calm, anger = (Clip(Path(f"{emotion}.wav"), emotion=emotion, **known) for emotion in ("calm", "anger"))
    assert counterpart(calm, "anger", [anger]) is None and shared_sentences([calm, anger]) == set()


def test_sentences_of_one_name_in_two_languages_or_corpora_are_not_the_same():
    calm = Clip(Path("a.wav"), "1", "calm", "1", language="en", corpus="esd")
    chinese = Clip(Path("b.wav"), "1", "anger", "1", language="zh", corpus="esd")
    others = Clip(Path("c.wav"), "1", "anger", "1", language="en", corpus="emodb")
    assert counterpart(calm, "anger", [chinese, others]) is None and not shared_sentences([calm, chinese, others])


def test_shared_sentences_are_those_that_one_speaker_says_in_several_emotions():
    clips = ravdess("02-01-01-01-03", "05-01-01-01-03", "06-01-02-01-03", "05-01-02-01-04")
    assert {sentence for *_, sentence in shared_sentences(clips)} == {"1"}


def test_two_emotions_are_parallel_if_half_of_their_clips_are_of_a_sentence_said_in_both():
    calm, alike, other = ravdess("02-01-01-01-03", "05-01-01-01-03", "05-01-02-01-03")
    assert is_parallel([calm], [alike, other]) and not is_parallel([calm], [alike, other, other, other])
    unknown = [Clip(Path(f"{emotion}.wav"), "ann", emotion) for emotion in ("calm", "anger")]
    assert not is_parallel(unknown[:1], unknown[1:])


def test_an_emotion_of_one_intensity_is_compared_with_that_intensity_alone():
    neutral, normal, strong = ravdess("01-01-01-01-03", "05-01-01-01-03", "05-02-01-01-03")
    assert comparable([normal, strong], [neutral]) == [normal]
    assert comparable([neutral], [normal, strong]) == [neutral]


def test_emotions_of_both_intensities_and_corpora_without_any_are_compared_whole():
    calm, angry = ravdess("02-01-01-01-03", "02-02-01-01-03"), ravdess("05-02-01-01-03", "05-01-01-01-03")
    emodb = [Clip(Path("03a01Wa.wav"), "03", "anger", corpus="emodb")]
    strong = ravdess("05-02-01-02-04")
    assert comparable(angry + emodb, calm + emodb) == angry + emodb
    assert comparable(strong, calm[:1]) == strong, "they share none"


@pytest.mark.real
def test_of_emodbs_sixteen_neutral_clips_by_strangers_fifteen_have_their_counterpart_in_anger(emodb_dir):
    unseen = split_clips(index_clips(emodb_dir)).unseen
    found = [counterpart(clip, "anger", unseen) for clip in domain(unseen, "neutral")]
    assert (len(found), sum(clip is not None for clip in found)) == (16, 15)
