"""README and docs: every command that they show can be run, and every link leads somewhere."""

import argparse
import json
import re
import runpy
import shlex
import subprocess
import sys

import pytest

from tests.conftest import PROJECT

PAGES = [*(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")), *PROJECT.glob("docs/*.md")]
NAMES = [str(page.relative_to(PROJECT)) for page in PAGES]

FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PREPARING = {"cd", "ffmpeg", "git"}
"""Programs of others, whose commands are not checked."""


def text_of(name):
    return (PROJECT / name).read_text(encoding="utf-8")


def commands():
    """Every command of a fenced ``sh`` block, once."""
    found = {}
    for name in NAMES:
        for language, block in FENCED.findall(text_of(name)):
            if language in ("sh", "bash", "console", "shell"):
                for line in block.replace("\\\n", " ").splitlines():
                    words = shlex.split(line.removeprefix("$ "), comments=True)
                    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):  # of the environment
                        words.pop(0)
                    if words:
                        found.setdefault(shlex.join(words), name)
    return [pytest.param(command, id=f"{name}: {command}") for command, name in found.items()]


@pytest.mark.parametrize("command", commands())
def test_a_command_that_is_shown_can_be_run(command, monkeypatch):
    program, *arguments = shlex.split(command)
    program = program.rpartition("/")[2]
    if program == "make":
        assert_make_has(arguments)
    elif program.startswith("python") and arguments[:1] == ["-m"]:
        assert_module_takes(arguments[1], arguments[2:], monkeypatch)
    elif program == "pip":
        assert_extras_exist(arguments)
    else:
        assert program in PREPARING, f"{program}: tell this test how its commands are checked"


def assert_make_has(arguments):
    command = ["make", "-n", "-C", str(PROJECT), "PY=true", "PYTHON=python3", "VENV=nowhere", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


class Understood(Exception):
    """The arguments were parsed."""


def assert_module_takes(module, arguments, monkeypatch):
    here = [part for part in arguments if part.startswith(("tests/", "experiments/trained", "cyclegan_keras/weights"))]
    assert all((PROJECT / part).exists() for part in here), here
    if module in ("venv", "pip", "pytest", "tensorboard.main"):
        return
    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(self, argv=None, namespace=None):
        parse(self, argv, namespace)
        raise Understood

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_and_stop)
    monkeypatch.setattr(sys, "argv", [module, *arguments])
    # What reads standard output may not be reconfigured under pytest's capture.
    monkeypatch.setattr("cyclegan_keras.shared.cli.prepare_environment", lambda: None)
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises((Understood, SystemExit)) as ended:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    assert ended.type is Understood or "--help" in arguments


def assert_extras_exist(arguments):
    setup = text_of("setup.cfg")
    for extra in re.findall(r"\w+", " ".join(re.findall(r"\[([\w,]+)\]", " ".join(arguments)))):
        assert re.search(rf"^{extra} =$", setup, re.MULTILINE), f"no extra {extra} in setup.cfg"


def test_every_option_that_is_named_exists():
    sources = sources_of("cyclegan_keras", "benchmarks", "experiments")
    known = {"--help", *re.findall(r'add_argument\(\s*"(--[\w-]+)"', sources)}
    known |= {"--upgrade", "--logdir"}  # uv's and TensorBoard's
    named = {
        (name, option)
        for name in NAMES
        for code in re.findall(r"`([^`\n]+)`", text_of(name))
        if not code.startswith(("pip ", "git ", "pytest "))
        for option in re.findall(r"(?<![\w-])--[a-z][\w-]*", code)
    }
    assert not {(name, option) for name, option in named if option not in known and name != "CHANGELOG.md"}


def sources_of(*folders):
    files = (path for folder in folders for path in (PROJECT / folder).rglob("*.py"))
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def anchors(text):
    """The anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.*?)\s*$", FENCED.sub("", text), re.MULTILINE)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", heading).lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name):
    text = FENCED.sub("", text_of(name))
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)(?: \"[^\"]*\")?\)|(?:src|href)=\"([^\"]+)\"", text):
        target = "".join(target)
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (PROJECT / name).parent / path if path else PROJECT / name
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            lost.append(target)
    assert not lost


def test_every_page_is_linked_from_the_index_of_docs():
    index = text_of("docs/README.md")
    missing = [page.name for page in PROJECT.glob("docs/*.md") if page.name != "README.md" and page.name not in index]
    assert not missing


def measured_by_cards():
    """The figures of the models that come with the project, from their cards, as the pages show them."""
    found = {}
    for card in (PROJECT / "cyclegan_keras/weights").glob("*/card.md"):
        for section in card.read_text(encoding="utf-8").split("\n## ")[1:]:
            columns, _, *rows = [
                [cell.strip() for cell in line.strip("|").split("|")]
                for line in section.splitlines()
                if line[:1] == "|"
            ]
            of = {name: dict(zip(columns, row)) for row in rows for name in [row[0].partition(":")[0]]}
            clip, model, second = (of[name] for name in ("nothing", "prosody moved, no network", "second take"))
            figures = [model.get(name, "-") for name in ("F0 closed", "treble closed", "MCD, of the way")]
            figures += [", ".join(each[name] for each in (clip, model, second)) for name in ("WER", "DNSMOS")]
            found[section.partition(",")[0]] = figures
    return found


@pytest.mark.parametrize("name, directions", [("README.md", 6), ("docs/models.md", 14)])
def test_the_figures_of_the_models_are_those_of_their_cards(name, directions):
    cards = measured_by_cards()
    page = text_of(name)
    table = page[page.index("| conversion | F0, gap closed") :].split("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert len(rows) == directions
    for of, *figures in rows:
        assert figures == cards[of], of


def test_the_figures_beside_the_readmes_picture_are_those_of_the_published_tables():
    text = " ".join(text_of("README.md").split())
    stored = json.loads(text_of("docs/tables/calm_fearful-cpu/yield.json"))
    shown = next(cell for cell in stored["ours"] if cell["name"] == "03-01-02-01-02-01-14")
    assert f"from {shown['svm_before']:.2f} to {shown['svm']:.2f}" in text
    assert f"now {shown['f0']:.1f} semitones" in text and f"instead of {shown['f0_before']:.1f}." in text
