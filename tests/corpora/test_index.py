"""Folders as archives really are: recognised, counted once, and what is passed over named."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from cyclegan_keras.corpora import recordings
from cyclegan_keras.corpora.index import index_clips, index_corpora
from cyclegan_keras.shared.errors import InputError
from tests.corpora.made_up import LFS_POINTER, TREES, recording, tree, wav

TWENTY = [f"calm/{number}.wav" for number in range(20)]


# Folders and tables of one's own


def described(*data, **options) -> set[tuple[str, str]]:
    return {(clip.speaker, clip.emotion) for clip in index_clips(data, **options)}


def test_folders_named_by_emotion_are_found_at_any_depth(tmp_path):
    tree(tmp_path, "calm/1.wav", "ann/Angry/2.flac", "ben/x/y/Pleasant_surprise/3.WAV", "fear/cem/4.ogg")
    (tmp_path / "ann/Angry/2.flac").write_bytes(b"fLaC" + bytes(99))
    (tmp_path / "fear/cem/4.ogg").write_bytes(b"OggS" + bytes(99))
    assert described(tmp_path) == {("", "calm"), ("ann", "anger"), ("ben", "surprised"), ("cem", "fearful")}


def test_a_folder_that_divides_the_recordings_is_no_speaker(tmp_path):
    tree(tmp_path, "train/ann/calm/1.wav", "test/ann/calm/2.wav", "wav/calm/3.wav")
    assert described(tmp_path) == {("ann", "calm"), ("", "calm")}


def test_an_emotion_that_nobody_has_heard_of_is_one_where_others_are(tmp_path):
    tree(tmp_path, "ann/calm/1.wav", "ann/wistful/2.wav", "ben/hangry/3.wav", "stray.wav")
    index = index_corpora(tmp_path)
    assert {clip.emotion for clip in index.clips} == {"calm", "wistful", "hangry"}
    assert [file.why for file in index.others] == ["in no folder that names its emotion"]


def test_unknown_emotions_are_accepted_with_corpus_folders(tmp_path):
    tree(tmp_path, "ann/wistful/1.wav", "ann/hangry/2.wav")
    with pytest.raises(InputError, match="the name of a usual emotion.*--corpus folders"):
        index_clips(tmp_path)
    assert described(tmp_path, corpus="folders") == {("ann", "wistful"), ("ann", "hangry")}


def test_names_like_a_corpus_do_not_count_where_folders_are_asked_for(tmp_path):
    tree(tmp_path, "sad/03a01Wa.wav")
    assert described(tmp_path) == {("03", "anger")}
    assert described(tmp_path, corpus="folders") == {("", "sad")}


def test_a_table_names_path_and_emotion_and_what_else_is_known(tmp_path):
    tree(tmp_path, "a.wav", "deep/b.wav")
    (tmp_path / "clips.csv").write_text(
        "\ufeffPath,emotion,speaker,sentence,intensity\na.wav,Angry,ann,Hello,2\ndeep/b.wav,wistful,,,\n"
    )
    angry, wistful = index_clips(tmp_path)
    assert (angry.speaker, angry.emotion, angry.sentence, angry.intensity) == ("ann", "anger", "Hello", 2)
    assert (wistful.speaker, wistful.emotion, wistful.sentence, wistful.intensity) == ("", "wistful", None, None)


def test_a_table_of_a_spreadsheet_with_semicolons_is_read(tmp_path):
    recording(tmp_path / "a.wav")
    (tmp_path / "clips.csv").write_text("path;emotion\r\na.wav;calm\r\n")
    assert described(tmp_path) == {("", "calm")}


@pytest.mark.parametrize(
    "table, said",
    [
        ("file,emotion\na.wav,calm\n", "unknown column 'file'"),
        ("path\na.wav\n", "its first line is not path,emotion"),
        ("", "its first line is not path,emotion"),
        ("path,emotion\na.wav,calm\na.wav,very angry!\n", "line 3: emotion 'very angry!'"),
        ("path,emotion,intensity\na.wav,calm,loud\n", "line 2: intensity 'loud'"),
        ("path,emotion\n,calm\n", "line 2: no path"),
        ("path,emotion\n", "names no clips"),
        (f"path,emotion\n{'a' * 200_000}.wav,calm\n", "line 2: field larger"),
        ("path,emotion\nmissing.wav,calm\n", "1 of 1 recordings cannot be used .1 x missing"),
    ],
)
def test_a_table_that_cannot_be_used_is_named_with_its_line(tmp_path, table, said):
    recording(tmp_path / "a.wav")
    (tmp_path / "clips.csv").write_text(table)
    with pytest.raises(InputError, match=said):
        index_clips(tmp_path)


# Several folders


def test_no_name_of_a_speaker_or_folder_has_the_comma_that_separates_names_in_a_list(tmp_path):
    root = tree(tmp_path / "my,voices", "ann,b/calm/1.wav")
    assert [clip.who for clip in index_clips([root])] == ["my voices/ann b"]


def test_several_folders_are_one_corpus_with_speakers_apart(tmp_path):
    ours, theirs = tree(tmp_path / "a/clips", "1/calm/x.wav"), tree(tmp_path / "b/clips", "1/calm/x.wav")
    emodb = tree(tmp_path / "emodb", *TREES["emodb"])
    index = index_corpora([ours, theirs, emodb])
    assert {clip.who for clip in index.clips if clip.speaker == "1"} == {"clips/1", "clips-2/1"}
    assert [folder.name for folder in index.folders] == ["clips", "clips-2", "emodb"]
    assert len(index.clips) == 2 + len(TREES["emodb"])


def test_two_halves_of_one_known_corpus_have_the_same_speakers(tmp_path):
    tree(tmp_path / "a", "03a01Wa.wav"), tree(tmp_path / "b", "03a01Na.wav")
    assert {clip.who for clip in index_clips([tmp_path / "a", tmp_path / "b"])} == {"emodb/03"}


# A folder that is not the one meant


def test_a_folder_of_one_emotion_and_a_file_are_answered_with_the_folder_to_name(tmp_path):
    tree(tmp_path, "calm/a.wav", "happy/b.wav")
    with pytest.raises(InputError, match="calm: holds recordings of one emotion; name the folder above it"):
        index_clips(tmp_path / "calm")
    with pytest.raises(InputError, match="a.wav: not a folder; name the folder it lies in"):
        index_clips(tmp_path / "calm/a.wav")


# Copies


def test_a_recording_under_two_names_counts_once_from_where_it_lies_least_deep(tmp_path):
    first = recording(tmp_path / "calm/one.wav")
    recording(tmp_path / "calm/other.wav")
    for name in ("calm/again.wav", "ann/calm/one.wav", "calm/a/b/two.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(first, tmp_path / name)
    index = index_corpora(tmp_path)
    assert {clip.path.name for clip in index.clips} == {"again.wav", "other.wav"}
    assert {file.why for file in index.others} == {"a second copy, by its content"} and len(index.others) == 3


def test_a_recording_in_two_emotions_is_named(tmp_path):
    first = recording(tmp_path / "anger/one.wav")
    recording(tmp_path / "calm/other.wav")
    shutil.copy(first, tmp_path / "calm/one.wav")
    (copy,) = index_corpora(tmp_path).others
    assert copy.why == "a second copy, by its content, as anger and calm"


def test_the_same_recording_in_two_folders_of_data_counts_once(tmp_path):
    tree(tmp_path / "a", *TREES["emodb"])
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert len(index_clips([tmp_path / "a", tmp_path / "b"])) == len(TREES["emodb"])


def test_the_mp3_of_a_clip_gives_way_to_its_wav(tmp_path):
    tree(tmp_path, "AudioMP3/1001_DFA_ANG_XX.mp3", "AudioWAV/1001_DFA_ANG_XX.wav")
    assert [clip.path.suffix for clip in index_clips(tmp_path)] == [".wav"]


def test_only_files_of_one_size_and_beginning_are_read_whole(tmp_path, monkeypatch):
    for number in range(20):
        (tmp_path / "calm").mkdir(exist_ok=True)
        (tmp_path / f"calm/{number}.wav").write_bytes(wav(str(number), seconds=0.5))
    shutil.copy(tmp_path / "calm/3.wav", tmp_path / "calm/copy.wav")
    read, read_bytes = [], Path.read_bytes
    monkeypatch.setattr(recordings.Path, "read_bytes", lambda path: read.append(path.name) or read_bytes(path))
    assert len(index_clips(tmp_path)) == 20
    assert sorted(read) == ["3.wav", "copy.wav"]


def test_files_that_begin_alike_and_are_not_the_same_are_both_kept(tmp_path):
    content = wav("x", seconds=0.5)
    (tmp_path / "calm").mkdir()
    (tmp_path / "calm/a.wav").write_bytes(content)
    (tmp_path / "calm/b.wav").write_bytes(content[:-1] + b"!")
    assert len(index_clips(tmp_path)) == 2


# What is no sound


def test_a_few_files_without_sound_are_passed_over_each_with_its_reason(tmp_path):
    tree(tmp_path, *TWENTY, *(f"anger/{number}.wav" for number in range(20)))
    (tmp_path / "calm/empty.wav").touch()
    (tmp_path / "calm/page.wav").write_text("<html>404</html>")
    (tmp_path / "calm/header.wav").write_bytes(wav("x")[:44])
    (tmp_path / "calm/pointer.wav").write_bytes(LFS_POINTER % 1)
    index = index_corpora(tmp_path)
    assert len(index.clips) == 40
    assert {file.path.name: file.why for file in index.unusable} == {
        "empty.wav": "empty", "page.wav": "not audio despite its name", "header.wav": "holds no samples",
        "pointer.wav": "a Git LFS pointer instead of sound",
    }  # fmt: skip


def test_more_than_a_tenth_without_sound_stops_and_names_the_first(tmp_path):
    tree(tmp_path, *TWENTY[:18])
    (tmp_path / "calm/a.wav").touch()
    (tmp_path / "calm/b.wav").touch()
    assert len(index_clips(tmp_path)) == 18, "a tenth is not more"
    (tmp_path / "calm/c.wav").touch()
    with pytest.raises(InputError, match="3 of 21 recordings cannot be used .3 x empty; the first is .*calm/a.wav"):
        index_clips(tmp_path)


def test_an_empty_copy_does_not_stand_for_the_good_one(tmp_path):
    tree(tmp_path, *(f"wav/03a{number:02d}Wa.wav" for number in range(20)))
    (tmp_path / "03a01Wa.wav").touch()
    assert len(index_clips(tmp_path)) == 20


def test_a_clone_without_git_lfs_says_what_to_run(tmp_path):
    (tmp_path / "AudioWAV").mkdir()
    for actor in range(1001, 1021):
        (tmp_path / f"AudioWAV/{actor}_DFA_ANG_XX.wav").write_bytes(LFS_POINTER % actor)
    with pytest.raises(InputError, match="20 of 20 recordings are Git LFS pointers.*git lfs pull"):
        index_clips(tmp_path)


def test_what_macos_leaves_beside_files_is_counted_and_no_clip(tmp_path):
    tree(tmp_path, "calm/1.wav", "calm/._1.wav", "__MACOSX/calm/._1.wav", ".Trash/calm/2.wav", "calm/.hidden.wav")
    index = index_corpora(tmp_path)
    assert len(index.clips) == 1 and index.of_macos == 1 and not index.unusable


def test_a_zip_that_is_not_unpacked_is_named(tmp_path):
    (tmp_path / "AudioWAV.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match="holds the archive AudioWAV.zip"):
        index_clips(tmp_path)
    with pytest.raises(InputError, match="AudioWAV.zip: an archive that is not unpacked"):
        index_clips(tmp_path / "AudioWAV.zip")


def test_an_empty_folder_is_called_empty(tmp_path):
    with pytest.raises(InputError, match="holds no recordings"):
        index_clips(tmp_path)


# Links


def test_links_to_files_and_folders_are_followed_and_what_they_lead_to_counts_once(tmp_path):
    outside = tree(tmp_path / "outside", "1.wav", "2.wav")
    (tmp_path / "data/anger").mkdir(parents=True)
    (tmp_path / "data/calm").symlink_to(outside)
    (tmp_path / "data/anger/3.wav").symlink_to(recording(tmp_path / "3.wav"))
    (tmp_path / "data/calm-again").symlink_to(outside)
    assert Counter(clip.emotion for clip in index_clips(tmp_path / "data")) == {"calm": 2, "anger": 1}


def test_a_link_in_a_circle_ends(tmp_path):
    recording(tmp_path / "calm/1.wav")
    (tmp_path / "calm/again").symlink_to(tmp_path)
    assert len(index_clips(tmp_path)) == 1


def test_a_link_that_leads_nowhere_is_named(tmp_path):
    tree(tmp_path, *TWENTY)
    (tmp_path / "calm/gone.wav").symlink_to(tmp_path / "nowhere.wav")
    assert [file.why for file in index_corpora(tmp_path).unusable] == ["a broken link"]
