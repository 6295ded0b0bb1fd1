"""The report's tables: what they start from, what their numbers say, and the page they become."""

import dataclasses
import functools
import html.parser
import http.server
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import PIL.Image
import pytest
import soundfile

from cyclegan_keras import cyclegan
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.corpora.clips import split_clips
from cyclegan_keras.corpora.demo import write_demo_corpus
from cyclegan_keras.corpora.demo_speech import DEMO_MARK
from cyclegan_keras.corpora.ravdess import index_clips
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.run_directory import DIRECTIONS
from experiments import answers, cells, clips, figure5, report, resources
from experiments.runs import Settings, needed
from tests.conftest import PROJECT

CONFIG = SpectrogramConfig()


def settings(tmp_path, **changes):
    values = {
        "data": tmp_path / "data", "preset": "cpu", "epochs": 0, "runs": tmp_path / "runs", "clips": None, "report_outputs": None,
        "faces": tmp_path / "faces", "results": tmp_path / "results",
    }  # fmt: skip
    return Settings(**{**values, **changes})


@pytest.mark.parametrize("preset", PRESETS)
def test_faces_are_trained_by_every_preset_without_sound(preset):
    train = figure5.without_sound(PRESETS[preset].train)
    assert not train.resynthesis
    asked = PRESETS[preset].train.loss_weights
    assert train.loss_weights == dataclasses.replace(asked, intelligibility=0.0, pitch=0.0)


def experiments(*arguments, environment, expect=0, module="make", cwd=PROJECT):
    command = [sys.executable, "-m", f"experiments.{module}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, cwd=cwd, env=environment)
    assert done.returncode == expect, done.stdout + done.stderr
    return done


def with_weights(run, *epochs):
    for epoch in epochs:
        for direction in DIRECTIONS:
            file = run.directory.weights_file(epoch, direction)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    return run


@pytest.mark.parametrize(
    "there, epoch, done",
    [((), 0, False), ((3, 7), 7, False), ((10, 20), 20, True), ((10, 30), 10, True), ((50,), 50, True)],
)
def test_a_training_is_reused_once_it_is_as_long_as_wanted(tmp_path, there, epoch, done):
    run = with_weights(needed(settings(tmp_path, epochs=20), "calm_anger", 150), *there)
    assert (run.epoch(), run.is_done()) == (epoch, done)


def test_trainings_are_as_long_as_the_reports_or_the_presets_or_as_told(tmp_path):
    assert needed(settings(tmp_path, preset="report"), "calm_anger", 150).epochs == 150
    assert needed(settings(tmp_path), "calm_anger", 150).epochs == PRESETS["cpu"].train.epochs
    assert needed(settings(tmp_path, epochs=3), "calm_anger", 150).epochs == 3


def test_every_depth_and_size_has_a_run_directory_of_its_own_and_the_usual_one_is_trains(tmp_path):
    chosen = settings(tmp_path)
    runs = [
        needed(chosen, "calm_anger", 100, n_resnet=n, image_size=size) for n, size in ((6, 260), (9, 260), (6, 520))
    ]
    assert [run.directory.path.name for run in runs] == [
        "calm_anger-cpu", "calm_anger-cpu-9-blocks", "calm_anger-cpu-520",
    ]  # fmt: skip
    assert runs[2].preset == "report-520" and runs[2].options[:2] == ("--filters", "16")
    fine = needed(settings(tmp_path, preset="cpu-fine"), "calm_anger", 100)
    assert (fine.preset, fine.image_size, fine.directory.path.name) == ("cpu-fine", 516, "calm_anger-cpu-fine")
    assert fine.options == ()
    joint = needed(settings(tmp_path, preset="cpu-plus"), "calm_anger", 100, image_size=520)
    assert joint.options[joint.options.index("--update") + 1] == "joint", "only the size differs"


def test_the_plan_says_what_is_trained_and_for_how_long_and_makes_nothing(demo_clips, environment, tmp_path):
    chosen = settings(tmp_path, data=demo_clips, epochs=20)
    with_weights(needed(chosen, "calm_fearful", 150), 5)
    with_weights(needed(chosen, "calm_anger", 150), 20)
    options = (
        "--data",
        demo_clips,
        "--preset",
        "cpu",
        "--epochs",
        20,
        "--runs",
        chosen.runs,
        "--results",
        chosen.results,
    )
    out = experiments("table4", *options, "--plan", environment=environment).stdout
    assert "calm_anger-cpu: epoch 20 of 20, as it is" in out
    assert "calm_fearful-cpu: to be resumed after epoch 5, 15 epochs of 15 steps, at a pace not known" in out
    assert not chosen.results.exists()


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("table8",), "'table8' is none of"), (("--epochs", -1), "--epochs"), (("--clips", "no"), "--clips no"),
        (("--data", "typo"), "typo: no such folder"),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_used_is_one_line(environment, arguments, said):
    stderr = experiments(*arguments, "--preset", "cpu", "--plan", environment=environment, expect=2).stderr
    assert said in stderr and len(stderr.strip().splitlines()) == 1


def test_the_plan_of_a_demo_that_is_not_made_yet_makes_nothing(environment, tmp_path):
    out = experiments("table4", "--data", "demo", "--plan", environment=environment, cwd=tmp_path).stdout
    assert "to be trained, 20 epochs on a demo corpus that is not made yet" in out
    assert not list(tmp_path.iterdir())


def test_the_reports_clips_are_known_for_what_they_are_here(tmp_path):
    for name in ("calm_04", "calm_orig1", "calm_hin"):
        (tmp_path / f"{name}.flac").touch()
    found = clips.of_report(
        settings(tmp_path, clips=tmp_path), ["calm_04", "calm_orig1", "calm_01", "calm_hin"], "Hindi"
    )
    assert [(clip.name, clip.statement) for clip in found] == [("calm_04", 1), ("calm_orig1", 2), ("calm_hin", 0)]
    assert "seen in training" in found[0].what and "unseen actor" in found[1].what and found[2].what == "Hindi"


def test_without_the_reports_clips_the_data_sets_own_stand_for_them(demo_clips):
    split = split_clips(index_clips(demo_clips))
    seen = clips.of_data(split.train, "calm", "seen in training", [1, 2, 2, 2])
    assert [clip.statement for clip in seen] == [1, 2, 2, 2] and len({clip.path for clip in seen}) == 4
    assert "seen in training, actor 1: Kids" in seen[0].what
    assert len(clips.of_data(split.held_back, "calm", "held back", [2, 2])) == 1
    with pytest.raises(InputError, match="no clips of 'happy'"):
        clips.of_data(split.train, "happy", "seen", [1])


def test_without_recordings_or_espeak_a_language_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="no recordings in Kannada.*CLIPS=.*espeak-ng"):
        clips.by_espeak(settings(tmp_path), "kn")


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed")
@pytest.mark.parametrize("language", clips.SPOKEN)
def test_espeak_speaks_the_sentences_of_a_language_and_is_named_for_it(tmp_path, language):
    spoken = clips.by_espeak(settings(tmp_path), language)
    assert len(spoken) == len(clips.SPOKEN[language]) and all("synthetic voice" in clip.what for clip in spoken)
    assert all(soundfile.info(clip.path).duration > 0.5 for clip in spoken)


def test_the_cost_table_counts_the_reports_weights():
    assert resources.weights(resources.of_size(PRESETS["report"], resources.SIZES[0])) == 20_846_791
    assert resources.of_size(PRESETS["cpu"], resources.SIZES[3]).spectrogram == PRESETS["report-520"].spectrogram


def test_a_size_is_timed_with_discriminators_of_pitch_as_large_as_correlograms_whatever_the_images(monkeypatch):
    shapes = []

    def compile_train_step(state, *_):
        shapes.extend(network.input_shape[1:] for network in (state.d_a, *state.pitch_d.values()))
        return lambda a, b: {"g_loss": 0.0}

    monkeypatch.setattr(cyclegan, "compile_train_step", compile_train_step)
    resources.measure("cpu-fine", resources.SIZES[3])
    assert shapes == [(520, 520, 1), (260, 260, 1), (260, 260, 1)]


def cell(holds=True, **measures):
    return {"measures": measures, "judge_holds": holds}


def test_a_difference_is_yes_or_no_only_beyond_its_margin():
    low, high, near = [cell(score=0.2)], [cell(score=0.7)], [cell(score=0.25)]
    assert answers.is_more("?", "score", high, low).answer == "yes"
    assert answers.is_more("?", "score", low, high).answer == "no"
    assert answers.is_more("?", "score", near, low).answer == "not shown"
    assert "0.70 against 0.20, 1 conversion" in answers.is_more("?", "score", high, low).evidence


def test_a_judge_that_does_not_hold_shows_nothing_but_content_is_still_measured():
    found = [cell(holds=False, score=0.9, estoi=0.6)]
    assert answers.reaches("?", "score", found, 0.5).answer == "not shown"
    assert answers.reaches("?", "estoi", found, 0.5).answer == "yes"
    assert answers.reaches("?", "estoi", [{"title": "ours", "missing": "not trained"}], 0.5).answer == "not shown"


def test_a_claim_that_something_fails_is_answered_the_other_way_round():
    assert answers.reaches("?", "score", [cell(score=0.2)], 0.5, wanted=False).answer == "yes"


def test_the_best_two_are_named_among_the_judges_that_hold():
    by_name = {name: [cell(score=score)] for name, score in (("a", 0.9), ("b", 0.8), ("c", 0.1))}
    assert answers.best_two("?", "score", by_name, ("b", "a")).answer == "yes"
    assert answers.best_two("?", "score", by_name, ("c", "a")).answer == "no"
    missing = {**by_name, "d": [cell(holds=False, score=0.9)], "e": [{"missing": "not trained yet"}]}
    evidence = answers.best_two("?", "score", missing, ("b", "a")).evidence
    assert evidence == "judged a 0.90, b 0.80, c 0.10; no weights yet of e; no judge that holds of d"
    by_name["b"] = [cell(holds=False, score=0.8)]
    unshown = answers.best_two("?", "score", by_name, ("b", "a"))
    assert (unshown.answer, unshown.evidence) == ("not shown", "judged a 0.90, c 0.10; no judge that holds of b")


def test_synthetic_speech_shows_nothing_of_the_report():
    found = [answers.Answer("Is it so?", "yes", "judged 0.9")]
    assert answers.paragraph(found, demo=False) == "Is it so? Yes: judged 0.9."
    assert answers.paragraph(found, demo=True) == "Is it so? Not shown: synthetic speech; judged 0.9."


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Results with a table of one real cell, a figure table, and one that was left out."""
    folder = tmp_path_factory.mktemp("results")
    tone = 0.1 * np.sin(np.arange(CONFIG.n_samples) / 5.0)
    spectrogram = np.linspace(-1.0, 1.0, 257 * 200).reshape(257, 200)
    shown = cells.write_cell(folder / "table1", "neutral <1>", "ours, epoch 3", spectrogram, tone, CONFIG)
    measures = {"score": 0.8, "score_before": 0.1, "estoi": 0.5, "dnsmos": 2.0, "pitch_hz": None}
    source = {**shown, "title": "the recording", "measures": {"dnsmos": 2.5, "pitch_hz": 120.0}}
    group = {
        "title": "anger",
        "cells": [{**shown, "measures": measures, "judge_holds": False}, {"title": "ours", "missing": "?"}],
    }
    common = {
        "data": "ravdess",
        "commit": "abc",
        "date": "2026-01-01",
        "seconds": 3,
        "judges": ["right on 1.00"],
        "trainings": ["calm"],
    }
    sections = {
        "table1": dict(
            common, title="Table 1: depth", compares="Depths <b>", preset="cpu", demo=False, paragraph="Is it? Yes.",
            rows=[{"title": "clip", "what": "calm", "source": source, "groups": [group, group]}],
        ),
        "resources": dict(
            common, title="Section 5.3: cost", compares="Cost", preset="report", demo=True, paragraph="Timed.",
            figures={
                "columns": ["", *(f"a long column {i}" for i in range(6))],
                "rows": [["x", 20846791, 0.5, None, 1, 2, 3]],
            },
        ),
        "table7": dict(common, title="Table 7", compares="Hindi", preset="report", demo=False, left_out="no espeak"),
    }  # fmt: skip
    for name, section in sections.items():
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "section.json").write_text(json.dumps({"name": name, **section}))
    report.command(report.parser().parse_args(["--results", str(folder)]))
    return folder


def test_a_cell_is_a_picture_and_a_small_sound_that_can_be_read_back(results):
    sound, rate = soundfile.read(results / "table1" / "neutral <1>.ogg")
    assert rate == 16_000 and len(sound) == CONFIG.n_samples and 0.7 < np.abs(sound).max() <= 1.0
    assert (results / "table1" / "neutral <1>.ogg").stat().st_size < 60_000
    assert PIL.Image.open(results / "table1" / "neutral <1>.webp").size == (450, 315)


def test_all_pictures_share_their_axes_and_colours():
    short, long = (cells.draw(np.zeros((257, frames)), CONFIG).axes[0] for frames in (100, 300))
    assert short.get_xlim() == long.get_xlim() == (0.0, 4.096) and short.get_ylim() == long.get_ylim() == (0.0, 8000.0)
    assert short.images[0].get_clim() == long.images[0].get_clim() == (-1.0, 1.0)


class Links(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.tags = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href")]


def test_the_page_links_only_to_what_lies_beside_it(results):
    page = Links((results / "index.html").read_text(encoding="utf-8"))
    files = [link for link in page.links if not link.startswith(("#", "data:"))]
    assert len(files) == 2 * page.tags.count("audio") == 6
    for link in files:
        assert not link.startswith(("/", "http")) and (results / unquote(link)).exists()
    assert "script" not in page.tags and "b" not in page.tags, "what a section says is text"


def test_the_page_of_numbers_shows_nothing_of_a_recording_and_every_measure(results):
    report.command(report.parser().parse_args(["--results", str(results), "--numbers"]))
    text = (results / "numbers.html").read_text(encoding="utf-8")
    page = Links(text)
    assert all(link.startswith(("#", "data:,")) for link in page.links)
    assert not {"img", "audio"} & set(page.tags)
    assert text.count("0.80, 0.10 before") == 2 and "2.50" in text and "20,846,791" in text


def test_the_page_says_in_the_reports_order_what_small_networks_and_synthetic_speech_are_worth(results):
    page = (results / "index.html").read_text(encoding="utf-8")
    assert page.index('id="table1"') < page.index('id="table7"') < page.index('id="resources"')
    assert "Made at preset cpu" in page and "Trained and judged on the demo corpus" in page
    assert "Left out: no espeak" in page
    assert "0.80, 0.10 before (the judge does not hold)" in page and "20,846,791" in page and "Is it? Yes." in page


@pytest.mark.parametrize("content, said", [(None, "holds no tables yet"), ("{", "damaged")])
def test_a_page_of_nothing_or_of_damage_is_one_line(tmp_path, content, said):
    if content:
        (tmp_path / "table1").mkdir()
        (tmp_path / "table1" / "section.json").write_text(content)
    with pytest.raises(InputError, match=said):
        report.read_sections(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        report.read_sections(tmp_path / "typo")


PROBE = """<!DOCTYPE html><iframe src="index.html" width="400" height="800"></iframe><script>
const frame = document.querySelector("iframe");
const ready = audio => new Promise(resolve => {
  audio.addEventListener("canplaythrough", resolve); audio.addEventListener("error", resolve);
  audio.preload = "auto"; audio.load();
});
frame.onload = async () => {
  const page = frame.contentDocument, played = [];
  for (const audio of page.querySelectorAll("audio")) {
    await ready(audio);
    played.push([audio.readyState, await audio.play().then(() => audio.pause(), error => String(error)) || "played"]);
  }
  const pictures = [...page.querySelectorAll("img")].map(img => [img.complete, img.naturalWidth]);
  const width = page.documentElement.scrollWidth;
  fetch("/found", {method: "POST", body: JSON.stringify({played, pictures, width})});
};
</script>"""


def in_chromium(folder: Path, profile: Path) -> dict:
    """What a browser finds on a page 400 pixels wide, and what it complains of."""
    found, done = {}, threading.Event()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/probe.html":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(PROBE.encode())
            else:
                super().do_GET()

        def do_POST(self):
            found.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            done.set()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/probe.html"
        command = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
        command += ["--autoplay-policy=no-user-gesture-required", "--mute-audio", f"--user-data-dir={profile}", url]
        with (profile.parent / "chromium.txt").open("w") as log:
            browser = subprocess.Popen(command, stdout=log, stderr=log)
            came = done.wait(300)
            browser.terminate()
            browser.wait(30)
        server.shutdown()
    logged = (profile.parent / "chromium.txt").read_text(errors="replace")
    assert came, logged
    return {**found, "console": [line for line in logged.splitlines() if "CONSOLE" in line]}


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_in_a_browser_every_picture_is_there_and_every_sound_plays_on_a_narrow_page(results, tmp_path):
    found = in_chromium(results, tmp_path / "profile")
    assert found["pictures"] == [[True, 450]] * 3
    assert found["played"] == [[4, "played"]] * 3
    assert found["width"] <= 400 and found["console"] == []


@pytest.mark.slow
def test_tables_are_made_from_nothing_and_a_second_time_reuse_the_trainings(environment, tmp_path):
    data = tmp_path / "demo"
    write_demo_corpus(data, emotions=("calm", "anger", "fearful"), actors=(1, 4, 19))
    (data / DEMO_MARK).touch()
    rng = np.random.default_rng(0)
    rows = [
        f"{code},{' '.join(map(str, rng.integers(0, 256, 48 * 48)))},{usage}"
        for code in (3, 4)
        for usage in ("Training", "PrivateTest")
        for _ in range(6)
    ]
    (tmp_path / "fer2013.csv").write_text("\n".join(["emotion,pixels,Usage", *rows]) + "\n")
    options = ["--data", data, "--preset", "cpu", "--epochs", 1, "--runs", tmp_path / "runs"]
    options += ["--results", tmp_path / "results", "--faces", tmp_path / "fer2013.csv"]
    options += ["--train-options", "--filters 2 --n-resnet 1 --steps 1"]
    first = experiments("table3", "table4", "figure5", *options, environment=environment)
    assert "calm_fearful-cpu: to be trained, 1 epoch" in first.stdout
    assert "table3: left out: no clips of 'surprised'" in first.stderr
    assert "Is the emotion transferred to clips that were held back? Not shown: synthetic speech" in first.stdout
    assert "Are sad faces made happy? Not shown" in first.stdout
    second = experiments("table4", "figure5", *options, "--plan", environment=environment)
    assert second.stdout.count("epoch 1 of 1, as it is") == 3
    experiments("--results", tmp_path / "results", environment=environment, module="report")
    section = json.loads((tmp_path / "results" / "table4" / "section.json").read_text())
    shown = section["rows"][-1]["groups"][0]["cells"][0]
    assert shown["measures"].keys() >= {"transfer", "score", "score_before", "estoi", "dnsmos", "pitch_hz", "cycle"}
    page = (tmp_path / "results" / "index.html").read_text(encoding="utf-8")
    assert "figure5/faces.png" in page and shown["sound"] in page and "Left out: no clips" in page
