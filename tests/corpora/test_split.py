"""Which clips train, and which are held back or of unseen speakers."""

from collections import Counter
from collections.abc import Iterable
from itertools import product
from pathlib import Path

import pytest

from cyclegan_keras.corpora.clips import Clip, domain
from cyclegan_keras.corpora.index import index_clips
from cyclegan_keras.corpora.split import describe, describe_speakers, split_clips
from cyclegan_keras.emotions import EMOTIONS
from cyclegan_keras.shared.errors import InputError


def keys(clips: Iterable[Clip]) -> Counter:
    return Counter(clip.key for clip in clips)


def test_every_clip_is_in_exactly_one_set_and_actors_19_and_20_are_unseen(full_tree):
    clips = index_clips(full_tree)
    split = split_clips(clips)
    assert keys(split.train) + keys(split.held_back) + keys(split.unseen) == keys(clips)
    assert set(keys(clips).values()) == {1}
    assert {clip.actor for clip in split.unseen} == {19, 20}
    assert not {19, 20} & {clip.actor for clip in split.train + split.held_back}


def test_the_second_normal_dogs_take_of_every_fourth_actor_is_held_back(full_tree):
    split = split_clips(index_clips(full_tree))
    takes = {(clip.intensity, clip.statement, clip.repetition) for clip in split.held_back}
    assert takes == {(1, 2, 2)}
    for emotion in EMOTIONS:
        assert [clip.actor for clip in domain(split.held_back, emotion)] == [4, 8, 12, 16, 24]


def test_the_split_of_a_clip_does_not_depend_on_the_others(full_tree):
    whole = split_clips(index_clips(full_tree))
    few = split_clips(index_clips(full_tree)[::7])
    assert set(few.train) <= set(whole.train)
    assert set(few.held_back) <= set(whole.held_back)
    assert set(few.unseen) <= set(whole.unseen)


def test_one_line_says_what_was_found(full_tree):
    line = describe(split_clips(index_clips(full_tree)), ["calm", "neutral"])
    assert line == (
        "calm 171 train, 5 held back, 16 by unseen speakers; neutral 83 train, 5 held back, 8 by unseen speakers"
    )


def spoken(speakers, sentences, emotions=("calm", "anger"), corpus="mine", language=None) -> list[Clip]:
    """A parallel corpus: every speaker says every sentence in every emotion."""
    return [
        Clip(Path(f"{corpus}-{speaker}-{emotion}-{sentence}.wav"), speaker, emotion, sentence, corpus=corpus,
             language=language)
        for speaker, emotion, sentence in product(speakers, emotions, sentences)
    ]  # fmt: skip


SENTENCES = [f"s{number}" for number in range(30)]


@pytest.mark.parametrize(
    "speakers, unseen",
    [(1, []), (2, ["2"]), (5, ["5"]), (6, ["5", "6"]), (20, ["19", "20"]), (91, [str(n) for n in range(82, 92)])],
)
def test_the_last_speakers_are_unseen_one_of_few_and_a_tenth_of_many(speakers, unseen):
    split = split_clips(spoken([str(number + 1) for number in range(speakers)], ["s1"]))
    assert sorted({clip.speaker for clip in split.unseen}, key=int) == unseen


def test_every_language_has_unseen_speakers():
    clips = spoken("abcd", ["s1"], language="zh") + spoken("efgh", ["s1"], language="en")
    assert {clip.speaker for clip in split_clips(clips).unseen} == {"d", "h"}


def test_speakers_of_one_name_in_two_corpora_are_two():
    clips = spoken(["1", "2"], ["s1"], corpus="one") + spoken(["2", "3"], ["s1"], corpus="two")
    assert {clip.who for clip in split_clips(clips).unseen} == {"one/2", "two/3"}


def test_what_is_held_back_is_so_in_every_emotion_and_every_clip_is_in_one_set():
    clips = spoken("abcdef", SENTENCES, ("calm", "anger", "boredom"))
    split = split_clips(clips)
    assert keys(split.train) + keys(split.held_back) + keys(split.unseen) == keys(clips)
    held = {(clip.speaker, clip.sentence) for clip in split.held_back}
    assert 0 < len(held) < 0.15 * 4 * len(SENTENCES)
    assert not held & {(clip.speaker, clip.sentence) for clip in split.train}


def test_of_known_speakers_clips_without_sentences_are_held_back_in_every_emotion_with_enough():
    clips = [Clip(Path(f"{e}/{n}-{e}.wav"), "ann", e, corpus="mine") for e in ("calm", "anger") for n in range(10)]
    split = split_clips([*clips, Clip(Path("few.wav"), "ann", "boredom", corpus="mine")])
    held = Counter(clip.emotion for clip in split.held_back)
    assert held["calm"] and held["anger"] and not held["boredom"] and len(split.train) >= 12


def test_a_corpus_of_one_speaker_holds_clips_back_and_says_that_unseen_speakers_cannot_be_measured():
    split = split_clips(spoken("a", SENTENCES))
    assert not split.unseen and len(split.held_back) >= 2
    assert "unseen speakers cannot be measured" in describe_speakers(split)


def test_clips_whose_speaker_is_not_known_are_nobodys_unseen():
    split = split_clips(spoken(["", "a", "b"], ["s1"]))
    assert {clip.speaker for clip in split.unseen} == {"b"}


def test_unseen_speakers_can_be_named_with_their_corpus_where_two_have_one_name():
    clips = spoken(["1", "2"], ["s1"], corpus="one") + spoken(["2", "3"], ["s1"], corpus="two")
    assert {clip.who for clip in split_clips(clips, ["one/2", "1"]).unseen} == {"one/2", "one/1"}
    assert not split_clips(clips, ["none"]).unseen
    with pytest.raises(InputError, match="more than one speaker has the name '2'; there are one/2, two/2"):
        split_clips(clips, ["2"])
    with pytest.raises(InputError, match="no speaker has the name '9'; there are 1, 2, 3"):
        split_clips(clips, ["9"])


def test_named_unseen_speakers_hold_for_ravdess_too(full_tree):
    split = split_clips(index_clips(full_tree), ["01"])
    assert {clip.actor for clip in split.unseen} == {1} and 19 in {clip.actor for clip in split.train}
