"""The rooms of the package: what each may import, what it may do, and how long its files may be."""

import ast
import re

import pytest

from tests.conftest import PROJECT

PACKAGE = PROJECT / "cyclegan_keras"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))

ROOMS = ["shared", "audio", "prosody", "corpora", "networks", "conversion", "training", "measuring"]
"""From left to right: a room imports only itself and those to its left."""

FREE = {"config", "presets", "emotions"}
"""Modules that any room may import."""

COMMAND_LINES = {"train", "infer", "evaluate", "data", "ship", "app"}
MAY_PRINT = {*COMMAND_LINES, "shared.cli", "shared.terminal"}


def name_of(path):
    """The module's name within the package: ``audio.files``, ``config``, ``audio`` for a room's ``__init__``."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path): path for path in MODULES}


def imports(path):
    """Every module that a file imports, wherever in it, also for type checkers only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(path):
    """The modules of the package that a file imports."""
    names = (name.removeprefix("cyclegan_keras.") for name in imports(path) if name.startswith("cyclegan_keras."))
    return {name for name in names if NAMES.get(name) not in (None, PACKAGE / "__init__.py")} - {""}


def room_of(name):
    return name.partition(".")[0]


def to_the_left_of(room):
    return set(ROOMS[: ROOMS.index(room)])


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_itself_and_those_to_its_left(room):
    allowed = {room, *to_the_left_of(room), *FREE}
    wrong = {
        f"{name} imports {other}"
        for name, path in NAMES.items()
        if room_of(name) == room
        for other in ours(path)
        if room_of(other) not in allowed
    }
    assert not wrong


def test_every_module_is_in_a_room_or_free_or_a_command_line():
    places = {*ROOMS, *FREE, *COMMAND_LINES, ""}
    assert {room_of(name) for name in NAMES} <= places


def test_configurations_and_presets_know_nothing_but_what_is_shared():
    for name in FREE:
        assert {room_of(other) for other in ours(NAMES[name])} <= {"shared", *FREE}, name


def test_nothing_imports_a_command_line():
    others = [*MODULES, *(PROJECT / "benchmarks").glob("*.py")]
    wrong = {f"{path.relative_to(PROJECT)}: {other}" for path in others for other in ours(path) & COMMAND_LINES}
    assert not wrong


def test_no_two_modules_need_each_other():
    needs = {name: {other for other in ours(path) if other != name} for name, path in NAMES.items()}
    while free := {name for name, needed in needs.items() if not needed & needs.keys()}:
        needs = {name: needed for name, needed in needs.items() if name not in free}
    assert not needs, f"these import each other in a circle, or import those that do: {sorted(needs)}"


def test_only_layers_knows_tensorflow_addons():
    knowing = {name for name, path in NAMES.items() if any("tensorflow_addons" in other for other in imports(path))}
    assert knowing == {"networks.layers"}


def test_only_command_lines_print_or_parse_arguments():
    doing = {name for name, path in NAMES.items() if "argparse" in imports(path) or calls(path, "print")}
    assert doing <= MAY_PRINT, sorted(doing - MAY_PRINT)


def calls(path, name):
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return any(isinstance(node, ast.Call) and getattr(node.func, "id", None) == name for node in tree)


@pytest.mark.parametrize(
    "name",
    [
        "training.state", "training.report_step", "training.loop",
        *(name for name in NAMES if name.startswith("networks.")),
    ],
)  # fmt: skip
def test_the_reports_system_is_written_with_no_word_of_what_is_ours(name):
    text = NAMES[name].read_text(encoding="utf-8")
    assert not re.findall("joint|averag", text, re.IGNORECASE)


def test_no_file_of_code_is_longer_than_300_lines():
    folders = (PACKAGE, PROJECT / "benchmarks", PROJECT / "experiments")
    assert not longer_than(300, (path for folder in folders for path in folder.rglob("*.py")))


def test_the_readme_has_at_most_150_lines_and_every_page_200():
    assert not longer_than(150, [PROJECT / "README.md"])
    assert not longer_than(200, (PROJECT / "docs").glob("*.md"))


def longer_than(most, paths):
    lengths = {str(path.relative_to(PROJECT)): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    return {name: length for name, length in lengths.items() if length > most}


def test_every_room_says_what_it_is_for_and_holds_no_code_there():
    for room in ROOMS:
        (docstring,) = ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8")).body
        assert len(ast.literal_eval(docstring.value).strip().splitlines()) <= 5, room


def test_every_room_has_its_tests():
    for room in ROOMS:
        assert list((PROJECT / "tests" / room).glob("test_*.py")), room
