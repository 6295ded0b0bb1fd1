"""The page of ``python -m cyclegan_keras.app``, used as people use it, in headless Chromium.

Skipped where Gradio, Playwright or Chromium is missing. ``$APP_SCREENSHOTS``, a folder, keeps what the pages look like.
"""

import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cyclegan_keras.app import build_page
from cyclegan_keras.conversion.model import load_model
from cyclegan_keras.conversion.studio import Studio
from tests.conftest import PROJECT, the_one_line

PAIR = "calm_surprised"
CLIP = "Actor_04/03-01-02-01-02-02-04.wav"
WAIT = 120_000  # ms, on a machine that does other things


@pytest.fixture(scope="module")
def browser_path():
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    return path or pytest.skip("chromium is not installed (Debian: apt-get install chromium)")


@pytest.fixture(scope="module")
def served(tmp_path_factory, environment, browser_path):
    """The address of a running app, and the folder it keeps recordings in."""
    pytest.importorskip("gradio", reason="the extra `app` is not installed")
    folder = tmp_path_factory.mktemp("app")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "cyclegan_keras.app", "--pair", PAIR, "--port", str(port)]
    begun = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, env={**environment, "TMPDIR": str(folder)}, stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    print(f"\nfrom the command to the page {time.monotonic() - begun:.1f} s")
    assert f"open http://127.0.0.1:{port}" in line
    (recordings,) = folder.glob("spectrogan-*")
    yield f"http://127.0.0.1:{port}", recordings
    process.terminate()
    assert process.wait(60) == 0
    assert not recordings.exists(), "no recording is kept"


@pytest.fixture(scope="module")
def chromium(browser_path):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=browser_path, args=["--no-sandbox", *fake])
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium, served):
    """Open pages, and tell at the end of any answer that came from another host."""
    contexts, foreign = [], []

    def open_page(width=1200, height=1000):
        contexts.append(chromium.new_context(viewport={"width": width, "height": height}, permissions=["microphone"]))
        page = contexts[-1].new_page()
        page.set_default_timeout(WAIT)
        page.on(
            "response",
            lambda answer: answer.url.startswith((served[0], "blob:", "data:")) or foreign.append(answer.url),
        )
        page.goto(served[0])
        page.wait_for_selector("#convert")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert foreign == []


def drop(page, file):
    page.set_input_files("#clip input[type=file]", str(file))
    page.wait_for_selector("#clip .waveform-container, #clip audio[src], #clip .timestamps")


def convert(page):
    """Click, and wait for the player; returns the converted samples."""
    begun = time.monotonic()
    page.click("#convert")
    page.wait_for_selector("#after a[href*='/made/']")
    print(f"from the click to the sound {time.monotonic() - begun:.1f} s")
    answer = page.request.get(page.get_attribute("#after a[href*='/made/']", "href"))
    samples, rate = soundfile.read(io.BytesIO(answer.body()))
    assert rate == 16_000
    return samples


def set_strength(page, strength):
    page.fill("#strength input[type=number]", strength)
    page.press("#strength input[type=number]", "Tab")


def error_of(page):
    page.click("#convert")
    toast = page.wait_for_selector(".toast-body")
    return " ".join(toast.inner_text().split())


def screenshot(page, name):
    if os.environ.get("APP_SCREENSHOTS"):
        page.wait_for_timeout(1000)
        page.screenshot(path=Path(os.environ["APP_SCREENSHOTS"]) / f"{name}.png", full_page=True)


@pytest.mark.slow
def test_a_dropped_clip_becomes_what_infer_makes_of_it_with_picture_and_line(
    new_page, demo_clips, command_line, tmp_path
):
    done = command_line("infer", demo_clips / CLIP, "--pair", PAIR, "--output", tmp_path / "infer.wav")
    page = new_page()
    drop(page, demo_clips / CLIP)
    converted = convert(page)
    np.testing.assert_array_equal(converted, soundfile.read(tmp_path / "infer.wav")[0])
    page.wait_for_function("document.querySelector('#picture img')?.naturalWidth > 500")
    assert page.input_value("#line textarea") in done.stdout
    lengths = {"#before": soundfile.info(demo_clips / CLIP).duration, "#after": len(converted) / 16_000}
    for player, seconds in lengths.items():
        page.wait_for_function(f"document.querySelector('{player}').innerText.includes('0:0{round(seconds)}')")
    screenshot(page, "converted")


@pytest.mark.slow
def test_what_the_microphone_records_is_converted(new_page):
    page = new_page()
    page.click("#clip [aria-label='Record audio']")
    page.click("#clip .record-button")
    page.wait_for_timeout(3000)
    page.click("#clip .stop-button")
    page.wait_for_selector("#clip .timestamps")
    converted = convert(page)
    assert 1.0 < len(converted) / 16_000 < 10.0 and np.abs(converted).max() > 0.01
    screenshot(page, "recorded")


@pytest.mark.slow
def test_an_example_is_converted_in_the_other_direction_at_another_strength(new_page):
    page = new_page()
    page.click("text=synthetic_woman_calm.wav")
    page.wait_for_selector("#clip .timestamps")
    there = convert(page)
    set_strength(page, "0.5")
    page.click("text=surprised to calm")
    page.wait_for_function("document.querySelector('#strength input[type=number]').value == '1'")  # the model's own
    set_strength(page, "0")
    before = page.get_attribute("#after a[href*='/made/']", "href")
    page.click("#convert")
    page.wait_for_function(f"document.querySelector('#after a').getAttribute('href') != '{before}'")
    assert page.get_attribute("#after a", "href").endswith("synthetic_woman_calm_calm.wav")
    pitch_before, pitch_after = re.findall(r"(\d+) Hz", page.input_value("#line textarea"))
    assert pitch_before == pitch_after, "nothing is moved at strength 0"
    assert len(there) > 16_000


@pytest.mark.slow
def test_a_run_directory_is_taken_instead_of_the_model(new_page, demo_clips, trained_run):
    page = new_page()
    page.fill("#run textarea, #run input", str(trained_run.path))
    page.press("#run textarea, #run input", "Enter")
    page.wait_for_selector("text=fearful to calm")
    drop(page, demo_clips / CLIP)
    convert(page)
    assert page.get_attribute("#after a", "href").endswith("_fearful.wav")


def broken(kind, folder):
    file = folder / f"{kind}.wav"
    if kind == "text":
        file.write_text("no sound in here")
    elif kind == "silent":
        soundfile.write(file, np.zeros(16_000), 16_000)
    else:
        soundfile.write(file, 0.1 * np.sin(np.arange(11 * 60 * 8_000)), 8_000)
    return file


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind, said",
    [("text", "not readable as audio"), ("silent", "silent from start to end"), ("long", "longer than 10 minutes")],
)
def test_a_clip_that_cannot_be_used_is_told_in_one_line(new_page, tmp_path, kind, said):
    page = new_page()
    page.set_input_files("#clip input[type=file]", str(broken(kind, tmp_path)))
    page.wait_for_timeout(3000)
    line = error_of(page)
    assert said in line and "Traceback" not in line and f"{kind}.wav" in line
    screenshot(page, kind)


@pytest.mark.slow
def test_more_than_100_mb_is_refused_in_a_sentence(new_page, tmp_path):
    with (tmp_path / "large.wav").open("wb") as file:
        file.truncate(101 * 2**20)
    page = new_page()
    page.set_input_files("#clip input[type=file]", str(tmp_path / "large.wav"))
    assert "maximum" in page.wait_for_selector(".toast-body").inner_text()
    screenshot(page, "large")


@pytest.mark.slow
def test_two_tabs_convert_at_once_each_its_own_clip(new_page, demo_clips):
    clips = sorted(demo_clips.rglob("03-01-02-*.wav"))[:2]
    pages = [new_page(), new_page()]
    for page, clip in zip(pages, clips):
        drop(page, clip)
    for page in pages:
        page.click("#convert")
    for page, clip in zip(pages, clips):
        page.wait_for_selector("#after a[href*='/made/']")
        assert f"{clip.stem}_surprised.wav" in page.get_attribute("#after a", "href")


@pytest.mark.slow
def test_the_page_fits_a_telephone(new_page, demo_clips):
    page = new_page(390, 844)
    drop(page, demo_clips / CLIP)
    convert(page)
    page.wait_for_selector("#picture img")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    screenshot(page, "telephone")


@pytest.mark.slow
def test_what_a_tab_uploaded_and_made_is_gone_when_it_closes(new_page, served, demo_clips):
    page = new_page()
    drop(page, demo_clips / CLIP)
    convert(page)

    def kept():
        return [file for file in served[1].rglob("*.*") if file.is_file() and file.parent.name != "examples"]

    assert len(kept()) >= 4  # the upload, before, after, the picture
    page.close()
    for _ in range(60):
        if not kept():
            return
        time.sleep(1)
    raise AssertionError(f"kept: {kept()}")


@pytest.mark.slow
def test_a_port_that_is_taken_is_told_in_one_line(served, command_line):
    port = served[0].rpartition(":")[2]
    line = the_one_line(command_line("app", "--port", port, expect=2).stderr)
    assert f"--port {port}: in use" in line


@pytest.mark.parametrize(
    "options, said",
    [
        (("--port", 99_999), "--port: must lie between 1 and 65535"),
        (("--pair", "calm_wistful"), "wistful"),
        (("--run-dir", "nowhere"), "nowhere"),
        (("--run-dir", PAIR), f"{PAIR}/config.json: "),
    ],
)
def test_an_option_that_cannot_be_used_is_named(fails_with_one_line, options, said):
    assert said in fails_with_one_line("app", *options, expect=2)


@pytest.mark.parametrize("open_to", ["this machine", "others"])
def test_only_a_page_for_this_machine_takes_a_run_directory(monkeypatch, tmp_path, open_to):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    pytest.importorskip("gradio", reason="the extra `app` is not installed")
    model = load_model(PAIR, runs=tmp_path)
    page = build_page(Studio(tmp_path, PAIR), model, runs_open=open_to == "this machine")
    inputs = {element.elem_id for event in page.fns.values() for element in event.inputs}
    assert "clip" in inputs and ("run" in inputs) == (open_to == "this machine")


def test_without_gradio_the_line_names_the_extra(fails_with_one_line, monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert "pip install -e '.[app]'" in fails_with_one_line("app", "--pair", PAIR, expect=2)


def test_the_core_brings_neither_gradio_nor_torch_nor_pyav(environment):
    code = "import sys, cyclegan_keras.infer, cyclegan_keras.app; print({'gradio', 'torch', 'av'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
    assert not any(name in (PROJECT / "requirements.txt").read_text() for name in ("gradio", "torch", "av>"))
