"""A final name never holds half a file."""

import os
import stat

import pytest

from cyclegan_keras.errors import RunError
from cyclegan_keras.files import written_beside


def test_the_file_appears_under_its_name_only_when_complete(tmp_path):
    target = tmp_path / "deep" / "file.txt"
    with written_beside(target) as beside:
        beside.write_text("new")
        assert not target.exists() and beside.parent == target.parent and beside.suffix == ".txt"
    assert target.read_text() == "new" and os.listdir(target.parent) == ["file.txt"]


def test_a_failure_leaves_what_was_there_and_nothing_beside(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), written_beside(target) as beside:
        beside.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old" and os.listdir(tmp_path) == ["file.txt"]


def test_a_result_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    with written_beside(tmp_path / "written") as beside:
        beside.touch()
    assert stat.S_IMODE((tmp_path / "written").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_full_disk_is_told_by_name_and_leaves_nothing(tmp_path):
    target = tmp_path / "file.txt"
    with pytest.raises(RunError, match="file.txt: not written .No space left"), written_beside(target) as beside:
        beside.write_text("half")
        with open("/dev/full", "w") as full:
            full.write("no room")
    assert os.listdir(tmp_path) == []
