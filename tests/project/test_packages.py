"""What the project is installed from, and what a newcomer's first commands meet."""

import configparser
import os
import re
import subprocess
import sys

import pytest
from packaging.requirements import Requirement

from tests.conftest import PROJECT


def test_setup_cfg_takes_its_requirements_from_requirements_txt():
    setup = configparser.ConfigParser()
    setup.read(PROJECT / "setup.cfg")
    assert setup["options"]["install_requires"] == "file: requirements.txt"
    requirements = (PROJECT / "requirements.txt").read_text().splitlines()
    assert 'tensorflow==2.15.1; python_version < "3.12"' in requirements
    assert 'tensorflow-addons==0.23.0; python_version < "3.12"' in requirements
    assert 'tensorflow>=2.21,<2.22; python_version >= "3.12"' in requirements
    assert setup["options"]["python_requires"] == ">=3.10,<3.14"


def locked_for(python, lock="requirements.lock"):
    """The versions that a lock pins for a Python on Linux, by package."""
    environment = {"python_version": python, "python_full_version": f"{python}.5", "implementation_name": "cpython"}
    environment.update(sys_platform="linux", platform_system="Linux", os_name="posix", platform_machine="x86_64")
    pinned = {}
    for line in (PROJECT / lock).read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            requirement = Requirement(line.rstrip(" \\"))
            if requirement.marker is None or requirement.marker.evaluate(environment):
                (pin,) = requirement.specifier
                assert pin.operator == "==" and requirement.name not in pinned, line
                pinned[requirement.name] = pin.version
    return pinned


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
def test_the_lock_pins_every_package_that_is_asked_for_within_its_bounds(python):
    setup = configparser.ConfigParser()
    setup.read(PROJECT / "setup.cfg")
    wanted = (PROJECT / "requirements.txt").read_text() + setup["options.extras_require"]["dev"]
    pinned = locked_for(python)
    for line in wanted.splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"python_version": python}):
                assert requirement.specifier.contains(pinned[requirement.name]), (line, pinned[requirement.name])


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-current.lock"])
def test_every_pin_of_the_lock_has_hashes_and_none_says_where_from(lock):
    text = (PROJECT / lock).read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 50 and all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text and "--index" not in text


def test_a_python_that_does_not_fit_gets_a_sentence(tmp_path):
    other = tmp_path / "python3.8"
    other.write_text('#!/bin/sh\ncase "$1" in --version) echo Python 3.8.0;; *) exit 1;; esac\n')
    other.chmod(0o755)
    command = ["make", "-s", "-C", str(PROJECT), "setup", f"PYTHON={other}", f"VENV={tmp_path / 'venv'}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and not (tmp_path / "venv").exists()
    assert "needs Python 3.10 to 3.13" in done.stderr and "Python 3.8.0" in done.stderr


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
def test_todays_tensorflow_has_a_lock_of_its_own(python):
    pinned = locked_for(python, "requirements-current.lock")
    assert pinned["tensorflow"].startswith("2.21.") and "tensorflow-addons" not in pinned
    if python >= "3.12":
        assert {name: pinned[name] for name in ("keras", "numpy")}.items() <= locked_for(python).items()


@pytest.mark.parametrize("stack, lock", [("addons", "requirements.lock"), ("current", "requirements-current.lock")])
def test_make_setup_installs_nothing_but_what_a_lock_pins(stack, lock):
    command = ["make", "-n", "-C", str(PROJECT), "setup", f"STACK={stack}", "VENV=nowhere", "PYTHON=python3"]
    recipe = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    installing = [line for line in recipe.splitlines() if "pip install" in line and "--no-deps" not in line]
    assert installing == [f"nowhere/bin/python -m pip install --quiet --require-hashes -r {lock}"]


def test_help_is_there_and_takes_no_tensorflow():
    code = (
        "import sys; from importlib import import_module\n"
        "for module in ('train', 'infer', 'data'):\n"
        "    try: import_module(f'cyclegan_keras.{module}').main(['--help'])\n"
        "    except SystemExit as end: assert not end.code\n"
        "print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, env=os.environ)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("usage:") == 3 and done.stdout.rstrip().endswith("False")
