"""Clips by their emotion."""

import re

import pytest

from cyclegan_keras.corpora.clips import domain
from cyclegan_keras.corpora.index import index_clips
from cyclegan_keras.shared.errors import InputError


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


def test_a_mistyped_emotion_is_answered_with_the_nearest(full_tree):
    with pytest.raises(InputError, match="no clips of 'fearfull'.*did you mean 'fearful'"):
        domain(index_clips(full_tree), "fearfull")
