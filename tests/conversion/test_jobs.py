"""Which file a conversion goes to."""

import pytest

from cyclegan_keras.audio import containers
from cyclegan_keras.conversion.jobs import plan_outputs
from cyclegan_keras.shared.errors import InputError


@pytest.mark.parametrize("name", ["clip.wav", "folder"])
def test_outputs_are_planned_by_name(tmp_path, name):
    planned = plan_outputs([tmp_path / "a.flac"], tmp_path / name, "sad")
    assert planned.passed_over == []
    assert planned.jobs == [(tmp_path / "a.flac", tmp_path / (name if name == "clip.wav" else "folder/a_sad.wav"))]


@pytest.mark.parametrize("name", ["out.mp3", "out.flac", "out.m4a", "notes.txt"])
def test_an_output_that_is_neither_wav_nor_folder_is_refused(tmp_path, name):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match="ending in .wav"):
        plan_outputs([tmp_path / "a.flac"], tmp_path / name, "sad")


def test_outputs_that_would_meet_or_overwrite_a_clip_are_refused(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.wav").touch()
    clips = [tmp_path / "one" / "a.wav", tmp_path / "two" / "a.wav"]
    with pytest.raises(InputError, match="one file for several"):
        plan_outputs(clips, tmp_path / "out.wav", "sad")
    with pytest.raises(InputError, match="both would become"):
        plan_outputs(clips, tmp_path / "out", "sad")
    with pytest.raises(InputError, match="is one of the clips"):
        plan_outputs(clips[:1], clips[0], "sad")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no recordings"):
        plan_outputs([tmp_path / "empty"], tmp_path / "out", "sad")


def test_a_recording_that_bears_the_name_of_a_conversion_is_not_overwritten(tmp_path):
    for name in ("a.wav", "a_sad.wav"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"a_sad\.wav: is one of the clips"):
        plan_outputs([tmp_path], tmp_path, "sad")


def test_earlier_conversions_in_the_output_folder_are_not_converted_again(tmp_path):
    (tmp_path / "converted").mkdir()
    for name in ("a.wav", "converted/a_sad.wav"):
        (tmp_path / name).touch()
    planned = plan_outputs([tmp_path], tmp_path / "converted", "sad")
    assert planned.jobs == [(tmp_path / "a.wav", tmp_path / "converted" / "a_sad.wav")]


def test_links_to_folders_are_followed_once(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.wav").touch()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "day").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "elsewhere")
    assert len(plan_outputs([tmp_path / "in"], tmp_path / "out", "sad").jobs) == 1


FOLDER = ["a.wav", "b.m4a", "deeper/c.M4A", "d.webm", "notes.txt", "README", ".DS_Store", "._a.wav"]


@pytest.fixture
def folder_of_anything(tmp_path):
    (tmp_path / "in" / "deeper").mkdir(parents=True)
    for name in FOLDER:
        (tmp_path / "in" / name).touch()
    return tmp_path / "in"


@pytest.mark.parametrize(
    "with_pyav, taken, said",
    [
        (False, ["a"], "5 files passed over, 2 .m4a, 1 .webm, which need the extra av (pip install -e '.[av]') and "),
        (True, ["a", "b", "c", "d"], "2 files passed over, "),
    ],
)
def test_of_a_folder_it_is_told_how_many_files_are_passed_over_and_why(
    folder_of_anything, monkeypatch, with_pyav, taken, said
):
    monkeypatch.setattr(containers, "readable", lambda: with_pyav)
    plan = plan_outputs([folder_of_anything], folder_of_anything.parent / "out", "sad")
    assert sorted(job.clip.stem for job in plan.jobs) == taken
    (line,) = plan.passed_over
    assert line.startswith(f"{folder_of_anything}: {said}") and line.endswith(
        ", which are not recordings by their names"
    )
    assert "1 .txt" in line and "1 without a suffix" in line


def test_a_folder_of_what_cannot_be_read_says_so(folder_of_anything, monkeypatch):
    monkeypatch.setattr(containers, "readable", lambda: False)
    (folder_of_anything / "a.wav").unlink()
    with pytest.raises(InputError, match=r"holds no recordings; 5 files passed over, 2 \.m4a.*extra av"):
        plan_outputs([folder_of_anything], folder_of_anything.parent / "out", "sad")


def test_a_folder_of_recordings_alone_says_nothing(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.wav").touch()
    assert plan_outputs([tmp_path / "in"], tmp_path / "out", "sad").passed_over == []
