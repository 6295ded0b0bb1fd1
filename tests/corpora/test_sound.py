"""Recordings that are decoded: what holds sound, and what only looks so."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.sound import decode, decode_all, not_trained_on, with_sound
from cyclegan_keras.corpora.split import Split
from cyclegan_keras.shared.errors import InputError
from tests.corpora.made_up import recording, wav


@pytest.mark.parametrize("rate", [8000, 24_400, 96_000])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "ULAW"])
def test_every_rate_and_depth_of_archives_is_heard(tmp_path, rate, subtype):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (rate // 10, 2))
    soundfile.write(tmp_path / "a.wav", noise, rate, subtype)
    assert decode(tmp_path / "a.wav") == (0.1, rate, None)


def test_metadata_behind_the_sound_is_none_of_it(tmp_path):
    extra = b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"Lavf57.83.100\0"
    content = wav("x", seconds=0.1)
    (tmp_path / "a.wav").write_bytes(
        content[:4] + struct.pack("<I", len(content) - 8 + len(extra)) + content[8:] + extra
    )
    assert decode(tmp_path / "a.wav") == (0.1, 8000, None)


@pytest.mark.parametrize(
    "content, why",
    [
        (wav("x")[:44] + bytes(1600), "silent from start to end"),
        (b"RIFF" + bytes(100), "not readable as audio"),
        (wav("x")[:44], "holds no samples"),
        (wav("x", seconds=0.05), "shorter than 0.064 s"),
        (b"ID3" + bytes(100), "not readable as audio"),
    ],
)
def test_what_holds_no_sound_says_why_without_its_path(tmp_path, content, why):
    (tmp_path / "a.wav").write_bytes(content)
    problem = decode(tmp_path / "a.wav").problem
    assert problem.startswith(why) and str(tmp_path) not in problem


def test_progress_counts_every_recording(tmp_path):
    paths, told = [recording(tmp_path / f"{number}.wav") for number in range(5)], []
    assert len(decode_all(paths, told.append)) == 5 and told == [1, 2, 3, 4, 5]


@pytest.fixture
def split(tmp_path) -> Split:
    clips = [Clip(recording(tmp_path / f"{n}.wav"), "ann", "calm") for n in range(10)]
    other = Clip(Path(tmp_path / "missing.wav"), "ann", "anger")
    return Split((*clips[:8], other), (clips[8],), (clips[9],))


def silence(clip: Clip) -> None:
    clip.path.write_bytes(wav("x")[:44] + bytes(1600))


def test_a_silent_clip_leaves_its_set_and_those_of_other_emotions_are_not_looked_at(split):
    silence(split.held_back[0])
    left, unusable, not_used = with_sound(split, ["calm"], "data")
    assert not_used == "" and (len(left.train), left.held_back, len(left.unseen)) == (9, (), 1)
    assert [file.why for file in unusable] == ["silent from start to end"]


def test_sound_beyond_the_images_is_mentioned_if_it_is_more_than_a_tenth(split):
    assert not_trained_on([4.0, 4.6]) == not_trained_on([]) == ""
    assert "2 recordings are longer than 4.1 s" in not_trained_on([4.0, 6.0, 6.0])
    split.train[0].path.write_bytes(wav("long", seconds=6.0))
    assert "1 recording is longer" in with_sound(split, ["calm"], "data")[2]


def test_more_than_a_tenth_without_sound_stops(split):
    silence(split.held_back[0])
    silence(split.train[0])
    with pytest.raises(InputError, match="data: 2 of 10 recordings cannot be used .2 x silent"):
        with_sound(split, ["calm"], "data")
