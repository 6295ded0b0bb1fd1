"""A claim is answered by all clips it is about: yes, no, or it cannot be told."""

import numpy as np
import pytest

from experiments.answers import Quantity, ask, average, decimals, estimate, gap_closed, mean, point
from experiments.measures import GAP
from experiments.table3 import two_less_others
from experiments.two_emotions import claims_without_counterparts, parallel_claims

SCORE = Quantity("score", mean("score"))


def cells(values, speakers=4, name="score", **more):
    """Clips by several speakers in turn."""
    return [
        {"name": f"clip {i}", "speaker": f"actor {i % speakers}", name: value, **more} for i, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    "values, answer",
    [([0.6, 0.7, 0.8] * 2, "yes"), ([0.1, 0.2, 0.3] * 2, "no"), ([0.1, 0.9, 0.4] * 2, "cannot be told")],
)
def test_the_answer_is_yes_or_no_only_where_the_whole_interval_lies_on_one_side(values, answer):
    assert ask("?", SCORE, cells(values), over=0.5).answer == answer
    turned = {"yes": "no", "no": "yes"}.get(answer, answer)
    assert ask("?", SCORE, cells(values), under=0.5).answer == turned


def test_the_evidence_says_the_mean_its_interval_and_how_many_clips_of_how_many_speakers():
    evidence = ask("?", SCORE, cells([0.6, 0.7, 0.8, 0.9] * 3), over=0.5).evidence
    assert evidence.startswith("score 0.75 (0.") and evidence.endswith("yes is over 0.5; n = 12 clips of 4 speakers")


def test_what_was_not_measured_cannot_be_told_and_a_clip_without_the_measure_does_not_count():
    assert ask("?", SCORE, [], over=0.0).answer == "cannot be told"
    assert ask("?", SCORE, cells([0.9, 0.8], name="estoi"), over=0.0).answer == "cannot be told"
    assert estimate(mean("score"), [*cells([0.9, 0.8]), *cells([1.0], name="estoi")]).counts == ((2, 2),)


def test_one_speaker_says_nothing_of_others():
    assert ask("?", SCORE, cells([0.9, 0.95, 0.85] * 2, speakers=1), over=0.5).answer == "cannot be told"


def test_one_speaker_says_nothing_of_others_in_a_comparison_either():
    many = [{**cell, "name": f"other {cell['name']}"} for cell in cells([0.1, 0.2, 0.15, 0.12] * 2)]
    answer = ask("?", SCORE, cells([0.9, 0.95] * 3, speakers=1), many, over=0.0)
    assert answer.answer == "cannot be told" and answer.evidence.endswith(
        "n = 6 clips of 1 speaker and 8 clips of 4 speakers"
    )


@pytest.mark.parametrize("value, written", [(0.126, "0.13"), (-0.126, "-0.13"), (-0.004, "0.00"), (0.0, "0.00")])
def test_a_number_that_rounds_to_zero_has_no_sign(value, written):
    assert decimals(value) == written


def test_an_interval_that_rounds_to_the_threshold_decides_nothing():
    assert ask("?", SCORE, cells([0.301, 0.303] * 4), over=0.3).answer == "cannot be told"
    assert ask("?", SCORE, cells([0.306, 0.308] * 4), over=0.3).answer == "yes"
    assert ask("?", SCORE, cells([0.301, 0.303] * 4), under=0.31).answer == "yes"


def test_the_same_clips_by_two_networks_are_compared_in_pairs():
    clips = np.array([0.1, 0.9, 0.2, 0.8] * 3)
    paired = estimate(mean("score"), cells(clips + 0.05), cells(clips))
    assert paired.value == pytest.approx(0.05) and paired.high - paired.low < 1e-9
    others = [{**cell, "speaker": f"other {cell['speaker']}"} for cell in cells(clips)]
    apart = estimate(mean("score"), cells(clips + 0.05), others)
    assert apart.low < 0 < apart.high and apart.counts == ((12, 4), (12, 4)) and paired.counts == ((12, 4),)


def test_speakers_are_drawn_not_clips_alone():
    of_two = cells([0.0, 1.0] * 50, speakers=2)
    found = estimate(mean("score"), of_two)
    assert found.low == pytest.approx(0.0) and found.high == pytest.approx(1.0)


def test_a_gap_is_closed_by_the_sums_of_distances_and_the_mean_is_over_three_features():
    found = cells([2.0, 4.0], name="f0", f0_before=6.0, treble=2.0, treble_before=2.0, level=6.0, level_before=4.0)
    assert point(gap_closed("f0"), found) == pytest.approx(0.5)
    assert point(GAP.estimator, found) == pytest.approx((0.5 + 0.0 - 0.5) / 3)
    assert point(average(gap_closed("f0"), mean("level")), found) == pytest.approx(3.25)


def test_two_emotions_are_compared_with_the_mean_of_the_others():
    found = [cells([level] * 6) for level in (0.9, 0.8, 0.3, 0.1)]
    answer = ask("?", SCORE, *found, over=0.0, combine=two_less_others)
    assert answer.answer == "yes" and "score 0.65 (0.65 to 0.65)" in answer.evidence
    assert ask("?", SCORE, *found[::-1], over=0.0, combine=two_less_others).answer == "no"
    assert ask("?", SCORE, *found[:3], [], over=0.0, combine=two_less_others).answer == "cannot be told"


def test_of_fewer_than_six_clips_nothing_is_told():
    assert ask("?", SCORE, cells([0.9] * 5), over=0.5).answer == "cannot be told"
    assert ask("?", SCORE, cells([0.9] * 6), over=0.5).answer == "yes"
    assert ask("?", SCORE, cells([0.9] * 6), cells([0.1] * 5), over=0.5).answer == "cannot be told"


def test_sets_with_clips_in_common_are_compared_by_those_alone():
    many, few = cells([0.5] * 8 + [0.1] * 8, speakers=8), cells([0.4] * 8, speakers=8)
    assert ask("?", SCORE, many, few, over=0.0).evidence == (
        "score 0.50 against 0.40, a difference of 0.10 (0.10 to 0.10); yes is over 0; n = 8 clips of 8 speakers"
    )


def test_held_back_clips_are_compared_with_seen_ones_of_the_same_sentence_intensity_and_repetition():
    features = {
        f"{name}{when}": value for name in ("f0", "treble", "level") for when, value in (("", 1), ("_before", 2))
    }
    measured = {**features, "mcd": 15.0, "mcd_before": 20.0, "mcd_floor": 10.0, "wer": 0.5, "wer_real": 0.2}

    def takes(take, actors):
        return [{"name": f"03-01-02-{take}-{actor:02d}", "speaker": str(actor), **measured} for actor in actors]

    sets = {"held back": takes("01-02-02", (4, 8)), "seen": takes("01-02-02", (1, 2, 3)) + takes("02-01-01", range(9))}
    _, less, _, words = parallel_claims(lambda target, of: sets[of], "held back", "clips held back")[:4]
    assert less.evidence.endswith("n = 2 clips of 2 speakers and 3 clips of 3 speakers")
    assert words.evidence.startswith("word error rate less that of the actors' own recordings 0.30")


def test_judges_answer_by_those_that_pass_on_the_same_clips_and_not_at_all_without_any():
    def heard(**scores):
        moved = cells([0.5] * 6, name="dnsmos", dnsmos_before=0.5, **scores)
        return claims_without_counterparts(lambda *_, **__: moved, ["English"], "English", moved=True)[1]

    one = heard(svm=0.9, svm_before=0.1)
    assert one.answer == "yes" and "score 0.80 (" in one.evidence
    assert "score 0.50 (" in heard(svm=0.9, svm_before=0.1, logistic=0.4, logistic_before=0.2).evidence
    assert heard().evidence == ""
    alarmed = heard(svm=0.9, svm_before=0.6)
    assert alarmed.answer == "cannot be told" and "svm 1.00; 0.15 is allowed" in alarmed.evidence
    assert "score 0.20 (" in heard(svm=0.9, svm_before=0.6, logistic=0.4, logistic_before=0.2).evidence


def test_without_counterparts_the_pitch_is_compared_with_that_of_the_equaliser_on_the_same_clips():
    ours, flat = (cells([hz, hz + 9, hz + 4] * 2, name="pitch_hz") for hz in (180.0, 150.0))
    find = lambda *_, beside="": flat if beside == "equalised" else ours  # noqa: E731
    higher, *_ = claims_without_counterparts(find, ["German"], "German", moved=False)
    assert higher.question == "Is the pitch of speech in German higher after conversion to anger?"
    assert higher.answer == "yes" and higher.evidence.startswith("median F0 in Hz 184 against 154, a difference of 30")
