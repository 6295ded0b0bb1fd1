"""RAVDESS: what a name says, and which clips a folder holds."""

import dataclasses
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from cyclegan_keras.corpora.index import index_clips
from cyclegan_keras.corpora.known.ravdess import parse_name
from cyclegan_keras.emotions import EMOTIONS
from cyclegan_keras.shared.errors import InputError
from tests.corpora.made_up import recording

CALM_1 = "Actor_01/03-01-02-01-01-01-01.wav"

CALM_2 = "Actor_02/03-01-02-01-01-01-02.wav"


def test_a_name_gives_the_seven_fields_meaning():
    clip = parse_name(Path("x/03-01-06-02-01-02-23.wav"))
    assert dataclasses.astuple(clip) == (
        Path("x/03-01-06-02-01-02-23.wav"), "23", "fearful", "1", 2, 2, "en", "ravdess"
    )  # fmt: skip
    assert (clip.actor, clip.statement) == (23, 1)
    assert clip.key == "03-01-06-02-01-02-23"


def test_the_emotion_codes_are_the_reports_emotions_in_order():
    names = [f"03-01-{code:02d}-01-01-01-01.wav" for code in range(1, 9)]
    assert tuple(parse_name(Path(name)).emotion for name in names) == EMOTIONS


@pytest.mark.parametrize("extension", [".wav", ".WAV", ".flac", ".Flac"])
def test_the_extension_is_wav_or_flac_in_any_case(extension):
    assert parse_name(Path("03-01-02-01-01-01-01" + extension)).emotion == "calm"


@pytest.mark.parametrize(
    "name",
    [
        "01-01-02-01-01-01-01.wav",  # full audio-video
        "03-02-02-01-01-01-01.wav",  # song
        "03-01-00-01-01-01-01.wav",
        "03-01-09-01-01-01-01.wav",
        "03-01-02-03-01-01-01.wav",
        "03-01-02-01-00-01-01.wav",
        "03-01-02-01-01-03-01.wav",
        "03-01-02-01-01-01-00.wav",
        "03-01-02-01-01-01-25.wav",
        "03-01-02-01-01-01.wav",
        "03-01-02-01-01-01-01-01.wav",
        "3-1-2-1-1-1-1.wav",
        "03-01-02-01-01-01-01.mp3",
        "03-01-02-01-01-01-01",
        "._03-01-02-01-01-01-01.wav",  # what macOS leaves beside a file in a zip
        "03-01-0٢-01-01-01-01.wav",  # a digit, but not an ASCII one
        "notes.txt",
    ],
)
def test_any_other_name_is_no_clip(name):
    assert parse_name(Path(name)) is None


def test_the_full_tree_has_192_clips_an_emotion_and_96_neutral(full_tree):
    counts = Counter(clip.emotion for clip in index_clips(full_tree))
    assert counts == {"neutral": 96, **{emotion: 192 for emotion in EMOTIONS if emotion != "neutral"}}


def test_the_index_is_sorted_by_key_wherever_the_files_lie(tmp_path):
    for path in ("z/03-01-02-01-01-01-01.wav", "a/b/03-01-06-01-01-01-02.wav", "m/03-01-02-01-01-01-03.flac"):
        recording(tmp_path / path)
    found = [clip.key for clip in index_clips(tmp_path)]
    assert found == ["03-01-02-01-01-01-01", "03-01-02-01-01-01-03", "03-01-06-01-01-01-02"]


def test_the_nested_copy_of_everything_is_counted_once_and_from_outside(tmp_path):
    outside = recording(tmp_path / CALM_1)
    # This folder's name sorts before Actor_01, so that depth alone decides.
    recording(tmp_path / "AAA" / CALM_1)
    assert [clip.path for clip in index_clips(tmp_path)] == [outside]


def test_a_wav_beside_its_flac_is_counted_once(tmp_path):
    recording(tmp_path / CALM_1)
    recording((tmp_path / CALM_1).with_suffix(".flac"))
    assert len(index_clips(tmp_path)) == 1


def test_other_files_and_folders_named_like_clips_are_passed_over(tmp_path):
    kept = recording(tmp_path / CALM_1)
    (tmp_path / "Actor_01" / "README.txt").touch()
    (tmp_path / "03-01-02-01-01-01-05.wav").mkdir()
    assert [clip.path for clip in index_clips(tmp_path)] == [kept]


def test_a_missing_folder_is_named_with_what_to_do(tmp_path):
    with pytest.raises(InputError, match="nowhere: no such folder.*make data.*name the folder of your recordings"):
        index_clips(tmp_path / "nowhere")


def test_a_file_given_as_folder_is_named_with_what_to_do(tmp_path):
    with pytest.raises(InputError, match="a.txt: not a folder; name the folder it lies in"):
        index_clips(recording(tmp_path / "a.txt"))


def test_a_folder_without_clips_is_named_with_what_to_do(tmp_path):
    recording(tmp_path / "01-01-02-01-01-01-01.wav")
    with pytest.raises(InputError, match=f"{re.escape(str(tmp_path))}: none of .* recordings .*make data.*name the"):
        index_clips(tmp_path)


def test_an_unreadable_folder_is_an_error_not_a_missing_actor(tmp_path, monkeypatch):
    recording(tmp_path / CALM_1)
    closed = tmp_path / "Actor_02"
    closed.mkdir()
    scandir = os.scandir

    def refuse(path):
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match="Actor_02: cannot be read"):
        index_clips(tmp_path)


def test_song_is_a_corpus_of_its_own(tmp_path):
    speech, song = recording(tmp_path / CALM_1), recording(tmp_path / "Actor_02/03-02-02-01-01-01-02.wav")
    assert [clip.path for clip in index_clips(tmp_path)] == [speech]
    (clip,) = index_clips(tmp_path, "ravdess-song")
    assert (clip.path, clip.actor, clip.corpus) == (song, 2, "ravdess-song")
    more = recording(tmp_path / "Actor_02/03-02-02-01-02-01-02.wav")
    assert [clip.path for clip in index_clips(tmp_path)] == [speech], "however much song there is"
    speech.unlink()
    assert [clip.path for clip in index_clips(tmp_path)] == [song, more]


@pytest.mark.real
def test_the_recordings_have_every_clip_of_twenty_actors_once(ravdess_dir):
    clips = index_clips(ravdess_dir)
    # Of RAVDESS's own files 03-01-03-01-02-01-07 and 03-01-03-01-02-02-07 are one recording.
    assert len(clips) == 1199
    assert {clip.actor for clip in clips} == set(range(1, 21))
    counts = Counter(clip.emotion for clip in clips)
    assert counts == {"neutral": 80, "happy": 159, **{e: 160 for e in EMOTIONS if e not in ("neutral", "happy")}}
