"""The house's rules, and what a newcomer's first commands meet."""

import ast
import configparser
import os
import re
import subprocess
import sys

import pytest
from packaging.requirements import Requirement

from tests.conftest import PROJECT

MODULES = sorted((PROJECT / "cyclegan_keras").glob("*.py"))
COMMAND_LINES = {"cli", "data", "train", "infer", "evaluate", "ship"}
FLOW = [
    "errors", "files", "config", "machine", "cli", "audio", "ravdess", "demo_corpus", "fer2013", "augmentation",
    "pipeline", "layers", "models", "replicas", "image_pool", "adam", "resynthesis", "intelligibility", "cyclegan",
    "plots", "run_directory", "trainer", "judge", "metrics", "data", "train", "infer", "evaluate", "ship",
]  # fmt: skip


def imported(module):
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def calls(module, name):
    tree = ast.walk(ast.parse(module.read_text(encoding="utf-8")))
    return any(isinstance(node, ast.Call) and getattr(node.func, "id", None) == name for node in tree)


def test_only_layers_knows_tensorflow_addons():
    assert [m.stem for m in MODULES if any(name.startswith("tensorflow_addons") for name in imported(m))] == ["layers"]


def test_only_command_lines_print_or_parse_arguments():
    assert {m.stem for m in MODULES if calls(m, "print") or "argparse" in imported(m)} <= COMMAND_LINES


@pytest.mark.parametrize("module", FLOW)
def test_a_module_imports_only_those_before_it(module):
    names = {
        name for name in imported(PROJECT / "cyclegan_keras" / f"{module}.py") if name.startswith("cyclegan_keras.")
    }
    after = set(FLOW[FLOW.index(module) :])
    assert not {name.split(".")[1] for name in names} & after


def test_every_module_has_its_place_in_the_flow_and_its_tests():
    assert {m.stem for m in MODULES} - {"__init__"} == set(FLOW)
    tests = {test.stem for test in (PROJECT / "tests").glob("test_*.py")}
    assert {f"test_{name}" for name in FLOW} - {"test_errors"} <= tests


def test_every_public_function_and_class_has_a_docstring():
    missing = []
    for module in MODULES:
        tree = ast.parse(module.read_text(encoding="utf-8"))
        for node in [tree, *(node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef)))]:
            if not getattr(node, "name", "").startswith("_") and not ast.get_docstring(node):
                missing.append(f"{module.stem}.{getattr(node, 'name', '')}")
    assert missing == []


def test_setup_cfg_takes_its_requirements_from_requirements_txt():
    setup = configparser.ConfigParser()
    setup.read(PROJECT / "setup.cfg")
    assert setup["options"]["install_requires"] == "file: requirements.txt"
    requirements = (PROJECT / "requirements.txt").read_text().splitlines()
    assert 'tensorflow==2.15.1; python_version < "3.12"' in requirements
    assert 'tensorflow-addons==0.23.0; python_version < "3.12"' in requirements
    assert 'tensorflow>=2.21,<2.22; python_version >= "3.12"' in requirements
    assert setup["options"]["python_requires"] == ">=3.9,<3.14"


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


@pytest.mark.parametrize("python", ["3.9", "3.10", "3.11", "3.12", "3.13"])
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
    makefile = (PROJECT / "Makefile").read_text()
    assert [line for line in makefile.splitlines() if "pip install" in line and "--no-deps" not in line] == [
        "\t$(PY) -m pip install --quiet --require-hashes -r $(LOCK)"
    ]


def test_a_python_that_does_not_fit_gets_a_sentence(tmp_path):
    other = tmp_path / "python3.8"
    other.write_text('#!/bin/sh\ncase "$1" in --version) echo Python 3.8.0;; *) exit 1;; esac\n')
    other.chmod(0o755)
    command = ["make", "-s", "-C", str(PROJECT), "setup", f"PYTHON={other}", f"VENV={tmp_path / 'venv'}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and not (tmp_path / "venv").exists()
    assert "needs Python 3.9 to 3.13" in done.stderr and "Python 3.8.0" in done.stderr


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
def test_todays_tensorflow_has_a_lock_of_its_own_which_make_setup_takes_where_asked(python):
    pinned = locked_for(python, "requirements-current.lock")
    assert pinned["tensorflow"].startswith("2.21.") and "tensorflow-addons" not in pinned
    if python >= "3.12":
        assert {name: pinned[name] for name in ("keras", "numpy")}.items() <= locked_for(python).items()
    command = ["make", "-n", "-C", str(PROJECT), "setup", "STACK=current", "VENV=nowhere", "PYTHON=python3"]
    recipe = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    assert "--require-hashes -r requirements-current.lock" in recipe


@pytest.mark.parametrize("module", ["train", "infer", "data"])
def test_help_is_there_and_takes_no_tensorflow(module):
    code = (
        f"import sys; from cyclegan_keras import {module}\n"
        f"try: {module}.main(['--help'])\nfinally: print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, env=os.environ)
    assert done.returncode == 0 and "usage:" in done.stdout and done.stdout.rstrip().endswith("False")


def test_the_readmes_commands_are_the_makefiles_targets():
    makefile = (PROJECT / "Makefile").read_text()
    readme = (PROJECT / "README.md").read_text()
    for target in ("demo", "test", "data", "train", "setup", "test-real", "test-slow"):
        assert f"\n{target}:" in makefile and f"make {target}" in readme
