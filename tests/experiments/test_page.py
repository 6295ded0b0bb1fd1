"""The page of the report's tables: what it says and what it links to."""

import html.parser
import re
import shutil
from urllib.parse import unquote

import numpy as np
import PIL.Image
import pytest
import soundfile

from cyclegan_keras.shared.errors import InputError
from experiments import cells, report
from experiments.results import YIELD, read_json, write_json
from experiments.tables import tables_as_trained
from tests.experiments.conftest import CONFIG, ESPEAK, IMAGE, RAVDESS, REPORT, TONE, write_yield


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
    for section in (table.section(full) for table in tables_as_trained(full, "cpu")):
        for each in section["questions"] if section else ():
            answer = each["ours"]
            shown = f"**{answer['answer']}**: {answer['evidence']}" if answer["evidence"] else "–"
            assert f"| {answer['question']} | {shown} |" in text
    assert "| fearful, seen, ours | 1 |" in text and "Not trained yet: calm_anger-cpu." in text
    write_yield(tmp_path, "calm_fearful-cpu", demo=True)
    assert "and nothing of the report" in report.render(tmp_path, "cpu", report.SUMMARY)


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
