"""The figures of a table: their rows, their decimals, and what they are compared with."""

import re
import shutil

import numpy as np
import pytest

from experiments import curve, report
from experiments.answers import ask
from experiments.figure5 import draw as draw_faces
from experiments.measures import WORDS
from experiments.results import YIELD, read_json, write_json
from experiments.speech_table import figures, questions


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
