"""Which clips train, and which are held back or of unseen speakers."""

import re
from collections import Counter
from collections.abc import Iterable

import pytest

from cyclegan_keras.corpora.clips import Clip, describe, domain, split_clips
from cyclegan_keras.corpora.ravdess import index_clips
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
        "calm 171 train, 5 held back, 16 by unseen actors; neutral 83 train, 5 held back, 8 by unseen actors"
    )


def test_a_domain_is_the_clips_of_one_emotion(full_tree):
    chosen = domain(index_clips(full_tree), "anger")
    assert len(chosen) == 192
    assert {clip.emotion for clip in chosen} == {"anger"}


def test_a_domain_of_several_emotions_keeps_the_order_of_the_clips_however_they_are_named(full_tree):
    clips = index_clips(full_tree)
    chosen = domain(clips, "anger", "disgust")
    assert chosen == domain(clips, "disgust", "anger") == [c for c in clips if c.emotion in ("anger", "disgust")]
    with pytest.raises(InputError, match="no clips of 'disgust'"):
        domain(domain(clips, "anger"), "anger", "disgust")


def test_an_empty_domain_says_where_and_what_there_is_instead(full_tree):
    clips = [clip for clip in index_clips(full_tree) if clip.emotion in ("calm", "anger")]
    message = f"'fearful'.* in {re.escape(str(full_tree))}: there are calm 192, anger 192; .*--data"
    with pytest.raises(InputError, match=message):
        domain(clips, "fearful")


def test_a_domain_of_no_clips_at_all_is_an_input_error():
    with pytest.raises(InputError, match="'calm'.*none at all"):
        domain([], "calm")
