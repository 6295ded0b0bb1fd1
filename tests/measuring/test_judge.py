"""The two emotion judges: what they hear, what they must not hear, and the attacks they survive."""

import numpy as np
import pytest
import scipy.ndimage

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.audio.spectrogram import SILENCE, spectrogram_to_image, waveform_to_spectrogram
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.corpora.clips import domain
from cyclegan_keras.corpora.index import index_clips
from cyclegan_keras.measuring import panel
from cyclegan_keras.measuring.attacks import (
    Spectrum,
    augmented,
    deepened,
    equalised,
    expanded,
    gated,
    matched,
    randomly_changed,
    vocoded,
)
from cyclegan_keras.measuring.features import VOICED, acoustic_features, pitch_track
from cyclegan_keras.measuring.judge import JUDGES, Verdict, fit_judge, training_features, try_judges
from cyclegan_keras.measuring.mel_features import mel_statistics
from cyclegan_keras.measuring.panel import Panel
from cyclegan_keras.measuring.sets import training_clips, trial_clips
from tests.sounds import speech

CONFIG = SpectrogramConfig()


def fitted(emotions, waveforms):
    features, *rest = training_features(waveforms, CONFIG)
    return [fit_judge(kind, emotions, features[kind], *rest, CONFIG) for kind in JUDGES]


@pytest.fixture(scope="module")
def synthetic_judges():
    """Judges of synthetic calm and fearful speech of three actors."""
    waveforms = tuple(
        [speech(emotion, actor, statement) for actor in (1, 2, 3) for statement in (1, 2)]
        for emotion in ("calm", "fearful")
    )
    return fitted(("calm", "fearful"), waveforms)


@pytest.mark.parametrize("hear, numbers", [(acoustic_features, 69), (mel_statistics, 143)])
def test_the_features_do_not_hear_level(hear, numbers):
    sound = vocoded(speech("calm"), CONFIG)
    features = hear(sound, 16_000)
    assert features.shape == (numbers,) and np.isfinite(features).all()
    np.testing.assert_allclose(hear(0.01 * sound, 16_000), features, atol=1e-2)


@pytest.mark.parametrize("hear", [acoustic_features, mel_statistics])
def test_the_features_of_a_hiss_without_a_voice_are_finite(hear):
    noise = np.random.default_rng(0).normal(size=65_536).astype(np.float32)
    assert np.isfinite(hear(noise, 16_000)).all()


def test_the_second_judge_hears_how_fast_bands_move():
    time = np.arange(65_536) / 16_000
    noise = np.random.default_rng(0).normal(size=65_536)
    slow, fast = (
        mel_statistics((noise * (1.2 + np.sin(2 * np.pi * hertz * time))).astype(np.float32), 16_000)[-24:]
        for hertz in (3.0, 10.0)
    )
    # Six groups of bands a rate: 1 to 2, 2 to 4, 4 to 8 and 8 to 16 Hz.
    assert (slow[6:12] > 0.5).all() and (fast[18:] > 0.5).all() and (slow[18:] < 0.3).all()


@pytest.mark.parametrize("hertz", [90.0, 220.0, 450.0])
def test_the_pitch_of_a_harmonic_tone_is_found(hertz):
    time = np.arange(32_000) / 16_000
    tone = sum(np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, 8)).astype(np.float32)
    pitch, harmonicity = pitch_track(tone, 16_000)
    assert np.median(pitch) == pytest.approx(hertz, rel=0.01) and np.median(harmonicity) > 0.9


def test_noise_is_not_taken_for_a_voice():
    _, harmonicity = pitch_track(np.random.default_rng(0).normal(size=32_000).astype(np.float32), 16_000)
    assert np.median(harmonicity) < VOICED


def test_the_attacks_on_the_long_term_spectrum_reach_the_other_classes():
    rng = np.random.default_rng(0)
    own = Spectrum(rng.uniform(-0.6, -0.4, (257, 1)), rng.uniform(0.05, 0.1, (257, 1)))
    other = Spectrum(rng.uniform(-0.2, 0.0, (257, 1)), rng.uniform(0.1, 0.2, (257, 1)))
    spectrogram = (own.mean + own.std * rng.choice([-1, 1], (257, 200))).astype(np.float32)
    moved = equalised(spectrogram, own, other)
    np.testing.assert_allclose((moved - spectrogram).std(axis=1), 0.0, atol=1e-6)  # each bin as a whole
    np.testing.assert_allclose(moved - spectrogram, np.broadcast_to(other.mean - own.mean, moved.shape), atol=1e-6)
    there = matched(spectrogram, own, other)
    np.testing.assert_allclose(np.abs(there - other.mean), np.broadcast_to(other.std, there.shape), atol=1e-5)


def test_movement_is_deepened_and_smoothed_between_frames_and_the_long_term_spectrum_stays():
    rng = np.random.default_rng(0)
    spectrogram = rng.uniform(-0.3, 0.3, (257, 1)) + rng.choice([-0.1, 0.1], (257, 300))
    more, less = deepened(spectrogram), deepened(spectrogram, -1.0)
    assert np.abs(np.diff(less)).mean() < 0.5 * np.abs(np.diff(spectrogram)).mean() < np.abs(np.diff(more)).mean() / 1.5
    for changed in (more, less):
        np.testing.assert_allclose(changed.mean(axis=1), spectrogram.mean(axis=1), atol=2e-3)


def test_a_gate_silences_what_is_faint_and_leaves_the_rest():
    spectrogram = np.linspace(-1.0, 1.0, 81, dtype=np.float32)[np.newaxis]  # -80 to 0 dB
    kept = gated(spectrogram, -45.0, CONFIG)
    assert (kept[0, :35] == SILENCE).all()
    np.testing.assert_array_equal(kept[0, 35:], spectrogram[0, 35:])


def test_a_bin_that_is_always_silent_can_be_matched():
    silent = Spectrum.of([np.full((260, 260, 1), -1.0, np.float32)], CONFIG)
    assert np.isfinite(matched(np.full((257, 10), -1.0), silent, silent)).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda painted: randomly_changed(painted, 5.0, (4.0, 4.0), np.random.default_rng(0), CONFIG),
        lambda painted: expanded(painted, 5.0, CONFIG),
    ],
    ids=["random gains", "more contrast"],
)
def test_a_change_of_5_db_is_one_of_5_db(change):
    painted = scipy.ndimage.gaussian_filter(np.random.default_rng(1).normal(0.0, 0.5, (257, 126)), 2.0)
    gains_db = 40.0 * (change(painted) - painted)
    assert np.sqrt(np.mean(gains_db**2)) == pytest.approx(5.0, abs=0.1)


def test_random_gains_are_as_smooth_as_asked():
    def roughness(widths):
        gains = randomly_changed(np.zeros((257, 126)), 5.0, widths, np.random.default_rng(0), CONFIG)
        return [np.abs(np.diff(gains, axis=axis)).mean() for axis in (0, 1)]

    across_bins, across_frames = roughness((8.0, 1.0))
    assert across_frames > 4 * across_bins
    assert roughness((1.0, 8.0))[0] > 4 * across_bins


def test_silence_has_no_contrast():
    assert (expanded(np.full((257, 10), -1.0), 5.0, CONFIG) == -1.0).all()


def test_copies_in_disguise_differ_in_sound_and_keep_duration_and_peak():
    sound = vocoded(speech("calm"), CONFIG)
    own, other = (
        Spectrum.of([spectrogram_to_image(waveform_to_spectrogram(clip, CONFIG)[0], CONFIG)], CONFIG)
        for clip in (speech("calm"), speech("fearful"))
    )
    copies = augmented(sound, own, other, CONFIG, np.random.default_rng(3))
    assert len(copies) == 8
    for copy in copies:
        assert copy.shape == sound.shape and np.abs(copy).max() == pytest.approx(1.0, abs=0.4)
        assert not np.allclose(copy, sound, atol=0.02)


def test_what_librosa_compiles_is_compiled_before_several_processes_need_it(monkeypatch):
    monkeypatch.setattr(panel, "compile_ahead", lambda: pytest.fail("first"))
    with pytest.raises(pytest.fail.Exception, match="first"):
        panel.build_panel([], "calm", "fearful", CONFIG)


@pytest.mark.parametrize("number", [0, 1], ids=JUDGES)
def test_a_judge_tells_the_emotions_of_a_speaker_it_never_met(synthetic_judges, number):
    judge = synthetic_judges[number]
    calm = [vocoded(speech("calm", 7, statement), CONFIG) for statement in (1, 2)]
    fearful = [vocoded(speech("fearful", 7, statement), CONFIG) for statement in (1, 2)]
    assert judge.share(calm, "fearful") == 0.0 and judge.share(fearful, "fearful") == 1.0
    scores = judge.scores(calm + fearful, "fearful")
    np.testing.assert_allclose(scores + judge.scores(calm + fearful, "calm"), 1.0)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_a_verdict_names_every_attack_and_holds_only_above_both_marks(synthetic_judges):
    verdict, other = try_judges(synthetic_judges, [speech("calm", 7)], [speech("fearful", 7)], "fearful")
    assert set(other.false_alarms) == set(verdict.false_alarms) == {
        "untouched", "fixed equaliser", "mean and spread matched", "movement deepened", "faint bins silenced",
        "random gains", "more contrast", "white noise at -30 dB", "pitch raised 3 semitones",
    }  # fmt: skip
    assert verdict.clips == 2 and verdict.accuracy == 1.0
    assert Verdict(0.85, 32, {"untouched": 0.15}).holds
    assert not Verdict(0.84, 32, {"untouched": 0.0}).holds
    assert not Verdict(1.0, 32, {"untouched": 0.0, "fixed equaliser": 0.16}).holds


def test_an_unreliable_judge_gives_no_share(synthetic_judges):
    verdicts = (Verdict(1.0, 32, {"untouched": 0.0}), Verdict(0.5, 32, {"untouched": 0.0}))
    panel = Panel(tuple(synthetic_judges), verdicts, "calm", "fearful")
    assert panel.shares([speech("fearful", 8)]) == {synthetic_judges[0].kind: 1.0}
    assert panel.describe().endswith("  not reliable: its column is left out")


def test_fitting_twice_gives_the_same_judges(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")  # by several processes, as a user's
    waveforms = ([speech("calm")], [speech("fearful")])
    once, again = (training_features(waveforms, CONFIG)[0] for _ in range(2))
    for kind in JUDGES:
        np.testing.assert_array_equal(once[kind], again[kind])


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("source, target", [("calm", "anger"), ("anger", "calm")])
def test_the_judges_of_calm_and_anger_hold_against_every_attack(ravdess_judges, ravdess_dir, source, target):
    others = trial_clips(index_clips(ravdess_dir))
    clips = [
        [load_waveform(clip.path, CONFIG.sample_rate) for clip in domain(others, emotion)]
        for emotion in (source, target)
    ]
    verdict, _ = try_judges(ravdess_judges, *clips, target)
    assert verdict.clips == 64 and verdict.holds, verdict


@pytest.fixture(scope="module")
def ravdess_judges(ravdess_dir):
    train = training_clips(index_clips(ravdess_dir))
    waveforms = tuple(
        [load_waveform(clip.path, CONFIG.sample_rate) for clip in domain(train, emotion)]
        for emotion in ("anger", "calm")
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("LOKY_MAX_CPU_COUNT")  # these are many: by all processors
        return fitted(("anger", "calm"), waveforms)
