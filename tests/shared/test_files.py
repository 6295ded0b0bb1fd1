"""A final name never holds half a file."""

import os
import stat
import subprocess
import sys

import pytest

from cyclegan_keras.shared.errors import InputError, RunError
from cyclegan_keras.shared.files import locked, written_beside
from tests.conftest import PROJECT


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


def test_arrays_that_a_disk_has_no_room_for_leave_nothing_and_no_second_complaint(tmp_path):
    code = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from cyclegan_keras.shared.errors import RunError; from cyclegan_keras.shared.files import write_arrays\n"
        "try: write_arrays(Path(sys.argv[1]), {'numbers': np.arange(10_000)})\n"
        "except RunError as error: print(error)"
    )
    # -B: a module's bytecode would be cut off as well, and kept.
    command = ["prlimit", "--fsize=1000", sys.executable, "-B", "-c", code, str(tmp_path / "arrays.npz")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert "arrays.npz: not written (File too large); make room" in done.stdout and not done.stderr
    assert os.listdir(tmp_path) == []


def test_a_file_where_a_folder_should_be_is_not_called_a_lack_of_room(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="choose another folder") as caught, written_beside(tmp_path / "file" / "x"):
        pass
    assert "make room" not in str(caught.value)


def test_a_lock_is_refused_to_a_second_process_and_free_once_its_holder_was_killed(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from cyclegan_keras.shared.files import locked\n"
        "with locked(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "run" / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="run: another training"), locked(tmp_path / "run" / "lock"):
            pass
        holder.kill()
    with locked(tmp_path / "run" / "lock"):
        pass
