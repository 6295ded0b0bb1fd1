"""What of the results may be published: no recordings, and of some speakers only numbers."""

import shutil

import pytest

from cyclegan_keras.shared.errors import InputError
from experiments import published as publishing
from experiments import report
from experiments.results import PUBLISHED, YIELD, read_json, write_json
from tests.experiments.conftest import ESPEAK, RAVDESS, REPORT, training, write_yield


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
        publishing.publish(fewer, published, "cpu")
    write_json(fewer / "calm_fearful-cpu" / YIELD, {**stored, "training": training(epoch=15)})
    with pytest.raises(InputError, match="5 of the conversions and epochs in"):
        publishing.publish(fewer, published, "cpu")
    write_json(fewer / "calm_fearful-cpu" / YIELD, stored)
    (fewer / "calm_fearful-cpu" / f"{ESPEAK}.ogg").unlink()
    with pytest.raises(InputError, match=rf"{ESPEAK}.ogg: missing"):
        publishing.publish(fewer, tmp_path / "published", "cpu")
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
    publishing.publish(there, tmp_path / "published", "cpu")
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
        publishing.publish(there, tmp_path / "published", "cpu")
    assert read_json(there / "calm_anger-cpu" / YIELD)["training"]["epoch"] == 5
    write_yield(there, "calm_fearful-report", preset="report")
    with pytest.raises(InputError, match="holds trainings by cpu"):
        publishing.publish(there, tmp_path / "published", "report")


def test_what_lay_there_and_is_no_more_is_not_published(results, published):
    (published / "recordings" / f"{REPORT}.ogg").touch()
    publishing.publish(results, published, "cpu")
    assert not (published / "recordings" / f"{REPORT}.ogg").exists()


def test_synthetic_speech_is_not_published_and_shows_nothing_of_the_report(tmp_path):
    write_yield(tmp_path, "calm_fearful-cpu", demo=True)
    with pytest.raises(InputError, match="synthetic speech"):
        publishing.publish(tmp_path, tmp_path / "published", "cpu")
    assert "none of these answers says anything of the report" in report.render(tmp_path, "cpu")


def test_a_page_too_large_is_not_published(results, tmp_path, monkeypatch):
    monkeypatch.setattr(publishing, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match="1000 are the most"):
        publishing.publish(results, tmp_path / "published", "cpu")


def test_the_published_page_is_what_its_yields_say_and_holds_no_recording(tmp_path):
    copy = shutil.copytree(PUBLISHED, tmp_path / "tables")  # rendering draws curves anew
    for file in (report.PAGE, report.SUMMARY):
        assert report.render(copy, report.chosen_preset(copy), file) == (PUBLISHED / file).read_text(encoding="utf-8")
    assert not list((PUBLISHED / "recordings").glob("03-*.ogg")) and not list(PUBLISHED.glob("*/*-report.ogg"))
    assert sum(file.stat().st_size for file in PUBLISHED.rglob("*") if file.is_file()) <= publishing.MOST_BYTES
