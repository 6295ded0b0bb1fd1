"""Distances to the actor's own recording, and the gap that is closed."""

import numpy as np
import pytest

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.corpora.clips import domain
from cyclegan_keras.corpora.index import index_clips
from cyclegan_keras.measuring import parallel
from cyclegan_keras.measuring.sets import Pairing
from cyclegan_keras.measuring.voice import Voice, analyse_voice
from tests.sounds import speech

REFERENCE = {
    "source": [
        (16.0965, 1.0871, 0.5323, -2.7966),
        (15.5219, 4.4060, 0.3150, -3.7690),
        (13.1934, 2.8053, 1.7380, 1.4196),
        (15.7634, 5.8224, -0.9769, -0.4737),
        (18.4989, 6.1305, 0.7384, -1.8925),
        (19.7540, 10.0350, -0.2812, -1.4281),
        (16.8483, 3.3332, -0.2482, -5.4825),
        (19.5205, 5.0843, 1.0031, -6.4165),
    ],
    "second take": [
        (12.8310, 2.6782, 0.6835, -0.6990),
        (12.8310, 2.6782, -0.6835, 0.6990),
        (15.0986, 2.2695, 1.9039, 2.7818),
        (15.0986, 2.2695, -1.9039, -2.7818),
        (14.3477, 3.3672, 1.0616, -1.5415),
        (14.3477, 3.3672, -1.0616, 1.5415),
        (14.3609, 2.0208, -1.2413, 0.5276),
        (14.3609, 2.0208, 1.2413, -0.5276),
    ],
}
"""What the project's reference script for parallel distance printed of the calm clips of actor 15, in the order of
their names, against the fearful ones: MCD, absolute distance of F0, difference of its spread, difference of treble."""


def voice(f0, cepstra=None, **scalars):
    f0 = np.array(f0, float)
    cepstra = np.tile(np.arange(len(f0), dtype=float), (24, 1)) if cepstra is None else cepstra
    values = {"f0_median": 0.0, "f0_spread": 1.0, "treble": -10.0, "level_spread": 8.0, **scalars}
    return Voice(cepstra, f0, **values)


def test_a_clip_is_at_no_distance_from_itself():
    clip = analyse_voice(speech(), 16_000)
    same = parallel.distance(clip, clip)
    assert same == parallel.Distance(0.0, 0.0, 0.0, 0.0, pytest.approx(0.0, abs=1e-4), pytest.approx(1.0))


def test_differences_are_the_clips_minus_the_real_ones():
    ours = voice(np.arange(20), f0_median=3.0, f0_spread=2.0, treble=-4.0, level_spread=9.0)
    theirs = voice(np.arange(20) ** 1.5)
    assert parallel.distance(ours, theirs).treble == 6.0 and parallel.distance(ours, theirs).f0 == 3.0
    assert parallel.distance(theirs, ours).level == -1.0 and parallel.distance(theirs, ours).f0_spread == -1.0


def test_distortion_of_one_coefficient_is_kubicheks_formula():
    flat, higher = np.zeros((24, 5)), np.zeros((24, 5))
    higher[3] = 0.5
    path = np.stack([np.arange(5)] * 2, axis=1)
    found = parallel.mel_cepstral_distortion(voice(np.zeros(5), flat), voice(np.zeros(5), higher), path)
    assert found == pytest.approx(10 / np.log(10) * np.sqrt(2) * 0.5)


def test_contours_are_compared_along_the_path_where_both_have_a_voice():
    melody = np.sin(np.linspace(0, 6, 40))
    slower = np.repeat(melody, 2)
    slower[5:9] = np.nan
    ours = voice(melody, np.tile(np.arange(40.0), (24, 1)))
    theirs = voice(7 + 2 * slower, np.tile(np.repeat(np.arange(40.0), 2), (24, 1)))
    path = parallel.warp(ours, theirs)
    assert parallel.contour_correlation(ours, theirs, path) == pytest.approx(1.0)
    assert parallel.contour_correlation(ours, voice(-7 - 2 * slower, theirs.cepstra), path) == pytest.approx(-1.0)
    assert np.isnan(parallel.contour_correlation(ours, voice(np.full(80, np.nan), theirs.cepstra), path))


def test_a_gap_is_closed_from_nothing_to_all_and_can_become_wider():
    source, speakers = [4.0, -2.0, 2.0], ["a", "a", "b"]
    assert parallel.gap_closed(source, source, speakers).value == 0.0
    assert parallel.gap_closed([0.0, 0.0, 0.0], source, speakers).value == 1.0
    assert parallel.gap_closed([8.0, 4.0, 4.0], source, speakers).value == -1.0
    assert parallel.gap_closed([np.nan, 1.0, 1.0], source, speakers).value == 0.5, "without a voice: left out"


def test_the_interval_spans_what_speakers_differ_by_and_is_the_same_each_time():
    converted, source = [0.0, 0.0, 2.0, 2.0], [2.0, 2.0, 2.0, 2.0]
    gap = parallel.gap_closed(converted, source, ["a", "a", "b", "b"])
    assert gap == parallel.Gap(0.5, 0.0, 1.0) == parallel.gap_closed(converted, source, ["a", "a", "b", "b"])
    assert parallel.gap_closed(converted, source, ["a"] * 4) == parallel.Gap(0.5), "one speaker has no interval"
    assert np.isnan(parallel.gap_closed([np.nan], [1.0], ["a"]).value)


def test_the_way_of_distortion_ends_at_the_second_take():
    way = parallel.gap_to_second_take([18.0, 18.0], [20.0, 20.0], [15.0, 15.0], ["a", "b"])
    assert way == parallel.Gap(pytest.approx(0.4), pytest.approx(0.4), pytest.approx(0.4))
    assert parallel.gap_to_second_take([18.0], [20.0], [21.0], ["a"]) is None, "the second take is further away"


@pytest.mark.real
def test_distances_are_those_of_the_reference_script(ravdess_dir):
    clips = [clip for clip in index_clips(ravdess_dir) if clip.actor == 15]
    pairing = Pairing(clips)
    for number, clip in enumerate(domain(clips, "calm")[:4]):
        real = pairing.real(clip, "fearful")
        heard = {"source": clip, "second take": pairing.second_take(real)}
        of_real = analyse_voice(load_waveform(real.path, 16_000), 16_000)
        for name, other in heard.items():
            found = parallel.distance(analyse_voice(load_waveform(other.path, 16_000), 16_000), of_real)
            measured = (found.mcd, abs(found.f0), found.f0_spread, found.treble)
            np.testing.assert_allclose(measured, REFERENCE[name][number], atol=2e-3, err_msg=f"{name}, {clip.key}")
