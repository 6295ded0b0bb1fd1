"""The page of the report's tables: what it says, what it links to, and what of it may be published."""

import functools
import html.parser
import http.server
import json
import re
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

from cyclegan_keras.shared.errors import InputError
from experiments import cells, curve, report
from experiments.answers import ask
from experiments.figure5 import draw as draw_faces
from experiments.measures import WORDS
from experiments.results import PUBLISHED, YIELD, read_json, write_json
from experiments.speech_table import figures, questions
from tests.conftest import PROJECT
from tests.experiments.conftest import CONFIG, ESPEAK, IMAGE, RAVDESS, REPORT, TONE, training, write_yield


class Page(html.parser.HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def of(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.fixture(scope="module")
def published(results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    report.command(report.parser().parse_args(["--results", str(results), "--publish", str(folder)]))
    return folder


@pytest.fixture(scope="module")
def full(results):
    report.command(report.parser().parse_args(["--results", str(results)]))
    return results


def test_a_cell_is_a_small_picture_and_a_small_sound_that_can_be_read_back(tmp_path):
    named = cells.write_cell(tmp_path, "a <1>", IMAGE, TONE, CONFIG)
    sound, rate = soundfile.read(tmp_path / named["sound"])
    assert rate == 16_000 and len(sound) == CONFIG.n_samples and 0.7 < np.abs(sound).max() <= 1.0
    assert all((tmp_path / file).stat().st_size < 30_000 for file in named.values())
    assert PIL.Image.open(tmp_path / named["picture"]).size == cells.SIZE


def test_every_picture_spans_the_same_seconds_and_decibels():
    dark, bright = (np.array(cells.draw(np.full((257, 100), level), CONFIG)).max(axis=2) for level in (-1.0, 1.0))
    assert bright.shape == dark.shape == cells.SIZE[::-1]
    assert bright[:, 140].min() > 200 and bright[:, 160:].max() < 20, "100 of 257 frames are heard"
    assert dark.max() < 20


@pytest.mark.parametrize("which", ["full", "published"])
def test_the_page_links_only_to_what_lies_beside_it_and_asks_for_no_sound_before_it_is_played(request, which):
    folder = request.getfixturevalue(which)
    text = (folder / "index.html").read_text(encoding="utf-8")
    links = [tag.get("src") or tag.get("href") for tag in Page(text).of("img", "audio", "a", "link", "script") if tag]
    for link in (link for link in links if not link.startswith(("#", "data:"))):
        assert not re.match(r"/|\w+:", link) and (folder / unquote(link)).exists()
    assert all(audio["preload"] == "none" for audio in Page(text).of("audio"))
    assert "<b>" not in text, "what a section says is text"


@pytest.mark.parametrize("which", ["full", "published"])
def test_every_picture_has_its_text_and_every_player_its_label(request, which):
    page = Page((request.getfixturevalue(which) / "index.html").read_text(encoding="utf-8"))
    assert page.of("img") and all(img["alt"].strip() for img in page.of("img"))
    assert page.of("audio") and all(tag["aria-label"].strip() for tag in page.of("audio", "input"))


def test_the_page_on_the_users_disk_has_everything_recordings_included(full):
    text = (full / "index.html").read_text(encoding="utf-8")
    for name in (RAVDESS, ESPEAK, REPORT):
        for file in (f"recordings/{name}.webp", f"recordings/{name}.ogg", f"calm_fearful-cpu/{name}.ogg"):
            assert file in text


def test_the_summary_has_every_answer_and_figure_of_the_page_and_of_synthetic_speech_says_so(full, tmp_path):
    text = (full / "README.md").read_text(encoding="utf-8")
    for section in (table.section(full) for table in report.tables_of(full, "cpu")):
        for each in section["questions"] if section else ():
            answer = each["ours"]
            shown = f"**{answer['answer']}**: {answer['evidence']}" if answer["evidence"] else "–"
            assert f"| {answer['question']} | {shown} |" in text
    assert "| fearful, seen, ours | 1 |" in text and "Not trained yet: calm_anger-cpu." in text
    write_yield(tmp_path, "calm_fearful-cpu", demo=True)
    assert "and nothing of the report" in report.render(tmp_path, "cpu", report.SUMMARY)


def test_what_is_published_holds_no_recording_and_of_the_reports_speakers_nothing_but_numbers(published):
    files = {str(file.relative_to(published)) for file in published.rglob("*") if file.is_file()}
    assert files == {
        "index.html", "README.md", f"recordings/{YIELD}", f"calm_fearful-cpu/{YIELD}", "calm_fearful-cpu/losses.webp",
        f"recordings/{RAVDESS}.webp", f"recordings/{ESPEAK}.webp", f"recordings/{ESPEAK}.ogg",
        f"calm_fearful-cpu/{RAVDESS}.webp", f"calm_fearful-cpu/{RAVDESS}.ogg",
        f"calm_fearful-cpu/{RAVDESS}-report.webp", f"calm_fearful-cpu/{ESPEAK}.webp", f"calm_fearful-cpu/{ESPEAK}.ogg",
    }  # fmt: skip
    text = (published / "index.html").read_text(encoding="utf-8")
    assert (
        f"may not be published: the report&#39;s {REPORT}" in text
        and "CC BY-NC-SA 4.0" in text
        and "Livingstone" in text
    )


def test_a_preset_without_a_training_is_refused_and_what_is_published_stays(results, published):
    options = ["--results", str(results), "--publish", str(published), "--preset", "report"]
    with pytest.raises(InputError, match="no training by report; name cpu"):
        report.command(report.parser().parse_args(options))
    assert (published / "calm_fearful-cpu" / YIELD).exists()


def test_published_clips_are_not_lost_and_a_missing_file_is_named_before_anything_is_written(
    results, published, tmp_path
):
    fewer = shutil.copytree(results, tmp_path / "fewer")
    stored = read_json(fewer / "calm_fearful-cpu" / YIELD)
    write_json(fewer / "calm_fearful-cpu" / YIELD, {**stored, "ours": stored["ours"][1:]})
    with pytest.raises(InputError, match="1 of the conversions and epochs in .* missing"):
        report.publish(fewer, published, "cpu")
    write_json(fewer / "calm_fearful-cpu" / YIELD, {**stored, "training": training(epoch=15)})
    with pytest.raises(InputError, match="5 of the conversions and epochs in"):
        report.publish(fewer, published, "cpu")
    write_json(fewer / "calm_fearful-cpu" / YIELD, stored)
    (fewer / "calm_fearful-cpu" / f"{ESPEAK}.ogg").unlink()
    with pytest.raises(InputError, match=rf"{ESPEAK}.ogg: missing"):
        report.publish(fewer, tmp_path / "published", "cpu")
    assert not (tmp_path / "published").exists()


def test_faces_are_published_as_numbers_without_the_picture_and_without_an_unreliable_judges_score(results, tmp_path):
    there = shutil.copytree(results, tmp_path / "there")
    cell = {"of": "test", "score": 0.9375, "score_before": 0.3, "mimicry": 0.2, "cycle": 0.1}
    faces = [{**cell, "name": f"face {i}", "speaker": f"face {i}"} for i in range(8)]
    stored = {"training": training(), "judge": "", "judge_holds": True, "ours": faces, "losses": {"step": [20]}}
    write_json(there / "sad_happy-cpu" / YIELD, stored)
    for picture in ("faces.webp", "losses.webp"):
        (there / "sad_happy-cpu" / picture).touch()
    assert "sad_happy-cpu/faces.webp" in report.render(there, "cpu")
    report.publish(there, tmp_path / "published", "cpu")
    assert {file.name for file in (tmp_path / "published" / "sad_happy-cpu").iterdir()} == {YIELD, "losses.webp"}
    page = report.render(tmp_path / "published", "cpu")
    assert "faces.webp" not in page and "Judge&#39;s score 0.94 (0.94 to 0.94); yes is over 0.5; n = 8 faces." in page
    write_json(there / "sad_happy-cpu" / YIELD, {**stored, "judge_holds": False})
    page = report.render(there, "cpu")
    assert "0.94" not in page and "a reliable judge is missing: Are sad faces made happy?" in page


def test_another_preset_than_the_published_one_is_refused_and_results_are_not_replaced(results, tmp_path):
    there = shutil.copytree(results, tmp_path / "there")
    write_yield(there, "calm_anger-cpu", epoch=5)
    write_yield(tmp_path / "published", "calm_anger-cpu")
    with pytest.raises(InputError, match="15 of the conversions and epochs"):
        report.publish(there, tmp_path / "published", "cpu")
    assert read_json(there / "calm_anger-cpu" / YIELD)["training"]["epoch"] == 5
    write_yield(there, "calm_fearful-report", preset="report")
    with pytest.raises(InputError, match="holds trainings by cpu"):
        report.publish(there, tmp_path / "published", "report")


def test_columns_of_different_epochs_are_said_to_be_so(results, tmp_path):
    there = shutil.copytree(results, tmp_path / "there")
    write_yield(there, "calm_anger-cpu")
    assert "columns are of different epochs" not in report.render(there, "cpu")
    write_yield(there, "calm_anger-cpu", epoch=5)
    assert "columns are of different epochs" in report.render(there, "cpu", report.SUMMARY)


def test_a_clip_that_only_one_training_converted_is_shown(results, tmp_path):
    both = shutil.copytree(results, tmp_path / "both")
    write_yield(both, "calm_anger-cpu")
    stored = read_json(both / "calm_anger-cpu" / YIELD)
    write_json(both / "calm_anger-cpu" / YIELD, {**stored, "ours": stored["ours"][:1]})
    assert f"<h3>{ESPEAK} " in report.render(both, "cpu")


def test_what_lay_there_and_is_no_more_is_not_published(results, published):
    (published / "recordings" / f"{REPORT}.ogg").touch()
    report.publish(results, published, "cpu")
    assert not (published / "recordings" / f"{REPORT}.ogg").exists()


def test_synthetic_speech_is_not_published_and_shows_nothing_of_the_report(tmp_path):
    write_yield(tmp_path, "calm_fearful-cpu", demo=True)
    with pytest.raises(InputError, match="synthetic speech"):
        report.publish(tmp_path, tmp_path / "published", "cpu")
    assert "none of these answers says anything of the report" in report.render(tmp_path, "cpu")


def test_a_page_too_large_is_not_published(results, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match="1000 are the most"):
        report.publish(results, tmp_path / "published", "cpu")


def test_every_cell_names_its_training_and_the_page_what_that_was(full):
    text = (full / "index.html").read_text(encoding="utf-8")
    assert text.count('href="#calm_fearful-cpu"') >= 3 and 'id="calm_fearful-cpu"' in text
    assert "epoch 20 of 20, 2,800 steps, seed 0, 1.25 h in float32, a processor, 2 cores" in text
    assert "Not trained yet: calm_anger-cpu." in text and "Made at preset cpu" in text
    assert text.index('id="table3"') < text.index('id="table6"') < text.index('id="trainings"')
    assert "0.10 → 0.20" in text


def test_the_overview_says_of_every_table_what_is_trained_and_counts_the_answers(full):
    text = (full / "index.html").read_text(encoding="utf-8")
    overview = " ".join(re.sub("<[^>]*>", " ", text[text.index('id="overview"') : text.index("<main>")]).split())
    assert "Table 1: 3, 6 and 9 ResNet blocks not yet – – – –" in overview
    assert "Table 6: other English sentences fearful: epoch 20 of 20; 1 not yet 0 0 1 5" in overview
    assert overview.index("Table 1") < overview.index("Table 3") < overview.index("Section 5.2.3")


def test_a_fixed_equaliser_stands_once_in_a_tables_figures_however_many_columns_a_pair_has():
    cell = {"name": "a", "of": "seen", "speaker": "ann", "wer": 0.5, "wer_before": 0.25}
    column = {"training": {"pair": "neutral_anger"}, "ours": [cell], "theirs": [], "equalised": [{**cell, "wer": 0.3}]}
    found = figures({"3 blocks": column, "6 blocks": column, "9 blocks": {}}, ["seen", "unseen"])
    wer = found["columns"].index("WER")
    assert [(row[0], row[wer]) for row in found["rows"]] == [
        ("3 blocks, seen, ours", 0.5), ("neutral to anger, seen, a fixed equaliser", 0.3),
        ("6 blocks, seen, ours", 0.5),
    ]  # fmt: skip


@pytest.mark.parametrize("file", [report.PAGE, report.SUMMARY])
def test_a_figure_has_the_decimals_that_its_answers_decide_by(results, tmp_path, file):
    there = shutil.copytree(results, tmp_path / "there")
    stored = read_json(there / "calm_fearful-cpu" / YIELD)
    for cell in stored["ours"]:
        cell.update(cycle=0.1234, pitch_hz=212.6, wer=0.1234)
    write_json(there / "calm_fearful-cpu" / YIELD, stored)
    page = report.render(there, "cpu", file)
    assert all(re.search(rf"[>|] ?{written} ?[<|]", page) for written in ("0.123", "213", "0.12"))
    assert "212.6" not in page


def test_faces_are_drawn_with_scores_only_if_their_judge_is_reliable():
    faces = np.zeros((3, 48, 48, 1))
    titles = [
        [axis.get_title() for axis in draw_faces(faces, faces, scores).axes] for scores in ([0.1, 0.2, 0.934], [])
    ]
    assert titles == [["", "", "", "judged 0.10", "judged 0.20", "judged 0.93"], [""] * 6]


def test_transfer_has_passed_its_best_only_where_an_earlier_epoch_is_better():
    def clips_with(gap):
        before = {f"{name}_before": 4.0 for name in ("f0", "treble", "level")}
        after = dict.fromkeys(("f0", "treble", "level"), 4.0 - 4.0 * gap)
        return [{"name": str(i), "speaker": str(i), "mimicry": 0.1, **before, **after} for i in range(8)]

    rising = curve.answers({1: clips_with(0.1), 2: clips_with(0.5)})
    falling = curve.answers({1: clips_with(0.5), 2: clips_with(0.1)})
    assert rising[0].answer == "cannot be told" and falling[0].answer == "yes"


def test_ours_and_the_reports_conversions_are_compared_with_the_equaliser_and_that_not_with_itself():
    cells = [{"name": f"clip {i}", "of": "seen", "speaker": f"actor {i}", "wer": 0.5} for i in range(6)]
    flat = [{**cell, "wer": 0.2} for cell in cells]
    stored = {"anger": {"training": {"pair": "calm_anger"}, "ours": cells, "theirs": cells, "equalised": flat}}
    asked = lambda find: [ask("?", WORDS, find("anger"), find("anger", "seen", beside="equalised"), over=0.0)]  # noqa: E731
    (found,) = questions(asked, stored)
    assert found["ours"]["answer"] == found["theirs"]["answer"] == "yes" and found["equalised"]["evidence"] == ""


def test_a_training_long_enough_for_mimicry_is_not_called_too_short():
    assert "This one has 20," in curve.too_short(20) and curve.too_short(500) == ""


def test_presets_are_never_mixed(results, tmp_path):
    shutil.copytree(results, tmp_path / "both")
    write_yield(tmp_path / "both", "calm_fearful-report", preset="report")
    with pytest.raises(InputError, match="cpu and report; name one"):
        report.chosen_preset(tmp_path / "both")
    assert "calm_fearful-report" not in report.render(tmp_path / "both", "cpu")


def test_a_page_of_nothing_is_one_line(tmp_path):
    with pytest.raises(InputError, match="holds nothing of a training"):
        report.chosen_preset(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        report.chosen_preset(tmp_path / "typo")


def test_the_published_page_is_what_its_yields_say_and_holds_no_recording(tmp_path):
    copy = shutil.copytree(PUBLISHED, tmp_path / "tables")  # rendering draws curves anew
    for file in (report.PAGE, report.SUMMARY):
        assert report.render(copy, report.chosen_preset(copy), file) == (PUBLISHED / file).read_text(encoding="utf-8")
    assert not list((PUBLISHED / "recordings").glob("03-*.ogg")) and not list(PUBLISHED.glob("*/*-report.ogg"))
    assert sum(file.stat().st_size for file in PUBLISHED.rglob("*") if file.is_file()) <= report.MOST_BYTES


PROBE = """<!DOCTYPE html><iframe src="index.html" width="WIDTH" height="800"></iframe><script>
const frame = document.querySelector("iframe");
const happens = (target, event) => new Promise(resolve => target.addEventListener(event, resolve, {once: true}));
frame.onload = async () => {
  const page = frame.contentDocument, played = [];
  for (const image of page.images) { image.loading = "eager"; await image.decode().catch(() => 0); }
  for (const cell of page.querySelectorAll(".cell")) {
    const audio = cell.querySelector("audio"), seek = cell.querySelector(".seek");
    if (!audio || !seek) continue;
    const before = audio.readyState;
    seek.value = 2; seek.dispatchEvent(new Event("input"));
    await audio.play(); audio.pause();
    played.push([before, audio.readyState >= 2, audio.currentTime >= 1.9]);
  }
  const pictures = [...page.images].map(img => img.naturalWidth > 0);
  const focusable = [...page.querySelectorAll("audio, input, a, summary")].every(each => each.tabIndex >= 0);
  const requests = frame.contentWindow.performance.getEntriesByType("resource").map(entry => entry.name);
  const width = page.documentElement.scrollWidth;
  fetch("/found", {method: "POST", body: JSON.stringify({played, pictures, focusable, requests, width})});
};
</script>"""


def in_chromium(folder: Path, profile: Path, width: int) -> dict:
    """What a browser finds on a page of some width, and what it complains of."""
    found, done = {}, threading.Event()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/probe.html":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(PROBE.replace("WIDTH", str(width)).encode())
            elif self.headers["Range"]:  # without parts of a file no browser seeks in it
                content = (folder / unquote(self.path.lstrip("/"))).read_bytes()
                start = int(re.search(r"\d+", self.headers["Range"]).group())
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
                self.send_header("Content-Length", str(len(content) - start))
                self.end_headers()
                self.wfile.write(content[start:])
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
    return {**found, "console": [line for line in logged.splitlines() if "CONSOLE" in line], "url": url}


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
@pytest.mark.parametrize("width", [390, 1280])
def test_in_a_browser_pictures_are_there_sound_plays_from_where_it_is_sought_and_nothing_leaves(
    published, tmp_path, width
):
    found = in_chromium(published, tmp_path / "profile", width)
    assert found["pictures"] and all(found["pictures"]) and found["focusable"]
    assert found["played"] and all(each == [0, True, True] for each in found["played"]), (
        "nothing loads before it is asked"
    )
    assert found["width"] <= width and found["console"] == []
    assert all(request.startswith(found["url"].removesuffix("probe.html")) for request in found["requests"])


@pytest.mark.slow
def test_tables_are_made_from_nothing_and_a_second_time_nothing_is_made(environment, tmp_path):
    from cyclegan_keras.corpora.demo import write_demo_corpus
    from cyclegan_keras.corpora.demo_speech import DEMO_MARK

    data = tmp_path / "demo"
    write_demo_corpus(data, emotions=("calm", "anger", "fearful"), actors=(1, 4, 19))
    (data / DEMO_MARK).touch()
    rng = np.random.default_rng(0)
    faces = [
        f"{code},{' '.join(map(str, rng.integers(0, 256, 48 * 48)))},{usage}"
        for code in (3, 4) for usage in ("Training", "PrivateTest") for _ in range(6)
    ]  # fmt: skip
    (tmp_path / "fer2013.csv").write_text("\n".join(["emotion,pixels,Usage", *faces]) + "\n")

    def run(module, *arguments):
        command = [
            sys.executable,
            "-m",
            f"experiments.{module}",
            *map(str, arguments),
            "--results",
            tmp_path / "results",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=1800, cwd=PROJECT, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    options = ["--data", data, "--preset", "cpu", "--epochs", 1, "--runs", tmp_path / "runs", "--published", tmp_path]
    options += ["--faces", tmp_path / "fer2013.csv"]
    first = run("make", "table3", "table4", "curve", "figure5", *options)
    assert "calm_fearful-cpu: to be trained, 1 epoch" in first.stdout
    assert "calm_surprised-cpu: left out: no clips of 'surprised'" in first.stderr
    assert "Are clips held back moved towards fearful?" in first.stdout
    stored = json.loads((tmp_path / "results" / "calm_fearful-cpu" / YIELD).read_text())
    assert stored["ours"][0].keys() >= {"f0", "f0_before", "mcd_floor", "wer", "dnsmos", "mimicry", "cycle"}
    equalised = {cell["name"]: cell for cell in stored["equalised"]}
    assert [equalised[cell["name"]].get("f0_before") for cell in stored["ours"]] == [
        cell.get("f0_before") for cell in stored["ours"]
    ]
    written = (tmp_path / "results" / "calm_fearful-cpu" / YIELD).stat().st_mtime_ns
    second = run("make", "table4", "figure5", *options)
    assert second.stdout.count("epoch 1 is measured: ") == 3
    assert (tmp_path / "results" / "calm_fearful-cpu" / YIELD).stat().st_mtime_ns == written
    (tmp_path / "own").mkdir()
    shutil.copy(next(data.glob("Actor_19/*.wav")), tmp_path / "own" / "mine.wav")
    third = run("make", "table5", *options, "--clips", tmp_path / "own")
    assert third.stdout.count("epoch 1, to measure: 1 recordings") == 2
    grown = read_json(tmp_path / "results" / "calm_fearful-cpu" / YIELD)["ours"]
    assert [cell["name"] for cell in grown] == [*(cell["name"] for cell in stored["ours"]), "mine"]
    assert grown[:-1] == stored["ours"]
    run("report")
    page = (tmp_path / "results" / "index.html").read_text(encoding="utf-8")
    assert "sad_happy-cpu/faces.webp" in page and "Not trained yet: calm_surprised-cpu" in page
