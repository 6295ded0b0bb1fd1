"""The demo corpus: RAVDESS's layout, determinism, and emotions that differ as the literature says."""

import re
from functools import cache
from itertools import product

import librosa
import numpy as np
import pytest
import soundfile

from cyclegan_keras.corpora import demo
from cyclegan_keras.corpora.demo import synthesise_clip, write_demo_corpus
from cyclegan_keras.corpora.demo_speech import LAST_CLIP
from cyclegan_keras.emotions import EMOTIONS
from cyclegan_keras.shared.errors import InputError

SAMPLE_RATE = 16_000
HOP = 256
MALE, FEMALE = 1, 2
VARIANTS = [("neutral", 1)] + [(emotion, intensity) for emotion in EMOTIONS[1:] for intensity in (1, 2)]


@cache
def clip(emotion, intensity, actor, statement=1):
    return synthesise_clip(emotion, intensity, statement, repetition=1, actor=actor, seed=0)


def rms_db(signal):
    return 10 * np.log10(np.mean(np.square(signal, dtype=np.float64)))


def level_track(waveform):
    rms = librosa.feature.rms(y=waveform, frame_length=2 * HOP, hop_length=HOP)[0]
    return 20 * np.log10(rms + 1e-10)


def spoken_part(waveform):
    level = level_track(waveform)
    spoken = np.flatnonzero(level > level.max() - 35)
    return waveform[spoken[0] * HOP : (spoken[-1] + 1) * HOP]


@cache
def features(emotion, intensity, actor):
    """Median F0 in semitones re 1 Hz, level in dB and log2 duration of the spoken part."""
    speech = spoken_part(clip(emotion, intensity, actor))
    f0 = librosa.yin(speech, fmin=60, fmax=600, sr=SAMPLE_RATE, frame_length=1024, hop_length=HOP)
    level = level_track(speech)
    loud = f0[: len(level)][level > level.max() - 20]
    return np.array([12 * np.log2(np.median(loud)), rms_db(speech), np.log2(len(speech))])


def mean_features(emotion, intensity):
    return (features(emotion, intensity, MALE) + features(emotion, intensity, FEMALE)) / 2


def difference(emotion, other, intensity=1):
    """Features of ``emotion`` minus those of ``other``."""
    other_intensity = 1 if other == "neutral" else intensity
    return mean_features(emotion, intensity) - mean_features(other, other_intensity)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_demo_corpus(tmp_path_factory.mktemp("corpus"), emotions=("neutral", "calm"), actors=(1, 4))


def test_same_seed_gives_bit_identical_files_whatever_else_is_written(corpus, tmp_path):
    again = write_demo_corpus(tmp_path, emotions=("calm",), actors=(4,))
    first = {path.name: path.read_bytes() for path in corpus}
    assert len(again) == 8
    assert all(path.read_bytes() == first[path.name] for path in again)


def test_another_seed_gives_other_clips():
    first, second = (synthesise_clip("calm", 1, 1, 1, actor=1, seed=seed) for seed in (0, 1))
    assert first.shape != second.shape or not np.array_equal(first, second)


def test_repetitions_and_statements_differ():
    takes = [synthesise_clip("calm", 1, *take, actor=1) for take in product((1, 2), (1, 2))]
    assert len({take.tobytes() for take in takes}) == 4


def test_names_and_folders_are_those_of_ravdess(corpus):
    for path in corpus:
        assert re.fullmatch(r"03-01-0[12]-0[12]-0[12]-0[12]-0[14]\.wav", path.name)
        assert path.parent.name == f"Actor_{path.stem[-2:]}"
        assert path.is_file()
    assert len(set(corpus)) == 2 * (4 + 8)


def test_neutral_has_no_strong_intensity(corpus):
    assert not [path for path in corpus if path.name.startswith("03-01-01-02")]
    with pytest.raises(InputError, match="neutral"):
        synthesise_clip("neutral", 2, 1, 1, 1)


def test_nothing_but_the_clips_is_left_in_the_folder(corpus):
    root = corpus[0].parents[1]
    assert sorted(path for path in root.rglob("*") if path.is_file()) == sorted(corpus)


def test_files_are_16_bit_mono_wav_at_16_khz(corpus):
    for path in corpus:
        info = soundfile.info(path)
        assert (info.format, info.subtype) == ("WAV", "PCM_16")
        assert (info.channels, info.samplerate) == (1, SAMPLE_RATE)


def test_a_file_holds_what_synthesise_clip_returns(corpus):
    path = next(path for path in corpus if path.name == "03-01-02-02-01-01-04.wav")
    np.testing.assert_allclose(soundfile.read(path)[0], clip("calm", 2, 4), atol=1e-4)


def test_default_corpus_has_all_emotions_a_held_back_actor_and_an_unseen_one(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "synthesise_clip", lambda *_: np.zeros(16, np.float32))
    paths = write_demo_corpus(tmp_path)
    assert len(paths) == 240 and paths[-1] == tmp_path / LAST_CLIP
    assert {path.stem.split("-")[2] for path in paths} == {f"{code:02d}" for code in range(1, 9)}
    actors = {int(path.stem[-2:]) for path in paths}
    assert any(actor % 4 == 0 for actor in actors) and actors & {19, 20}
    assert len([actor for actor in actors if actor % 4 and actor < 19]) == 2


@pytest.mark.parametrize("actor", [MALE, FEMALE])
@pytest.mark.parametrize("emotion, intensity", VARIANTS)
def test_clip_lasts_3_2_to_5_s_and_is_neither_clipped_nor_silent(emotion, intensity, actor):
    waveform = clip(emotion, intensity, actor)
    assert waveform.dtype == np.float32 and waveform.ndim == 1
    assert 3.2 <= len(waveform) / SAMPLE_RATE <= 5.0
    assert 0.05 < np.abs(waveform).max() < 0.999
    assert 1.3 <= len(spoken_part(waveform)) / SAMPLE_RATE <= 3.0


def test_speech_lies_between_stretches_of_faint_noise():
    waveform = clip("calm", 1, FEMALE)
    before, behind = waveform[: int(0.9 * SAMPLE_RATE)], waveform[-int(0.8 * SAMPLE_RATE) :]
    for noise in (before, behind):
        assert -82 < rms_db(noise) < -65
        assert np.count_nonzero(noise) > 0.99 * len(noise)
    assert rms_db(spoken_part(waveform)) > -45


def test_every_emotion_sounds_different_from_every_other():
    normal = [mean_features(emotion, 1) / [1.0, 1.0, 0.1] for emotion in EMOTIONS]
    distances = [np.abs(a - b).max() for i, a in enumerate(normal) for b in normal[:i]]
    assert min(distances) > 1.0


@pytest.mark.parametrize("emotion, other", [("fearful", "calm"), ("surprised", "sad"), ("happy", "neutral")])
def test_aroused_emotions_are_higher_pitched(emotion, other):
    assert difference(emotion, other)[0] > 2.0


@pytest.mark.parametrize("emotion, other", [("anger", "calm"), ("happy", "sad"), ("anger", "fearful")])
def test_aroused_emotions_are_louder(emotion, other):
    assert difference(emotion, other)[1] > 2.0


@pytest.mark.parametrize("emotion", ["calm", "sad", "disgust"])
def test_calm_sad_and_disgust_are_slower_than_neutral_and_fear_is_faster(emotion):
    assert difference(emotion, "neutral")[2] > 0.05
    assert difference("fearful", "neutral")[2] < -0.05


@pytest.mark.parametrize("emotion", EMOTIONS[1:])
def test_strong_intensity_moves_farther_from_neutral(emotion):
    normal, strong = (
        np.linalg.norm(difference(emotion, "neutral", intensity) / [2.0, 2.0, 0.1]) for intensity in (1, 2)
    )
    assert strong > 1.15 * normal


@pytest.mark.parametrize("emotion, intensity", VARIANTS)
def test_men_are_lower_pitched_than_women(emotion, intensity):
    assert features(emotion, intensity, MALE)[0] < features(emotion, intensity, FEMALE)[0] - 5


@pytest.mark.parametrize("statement", [1, 2])
@pytest.mark.parametrize("actor", [MALE, FEMALE])
def test_voiced_and_unvoiced_parts_are_both_present(statement, actor):
    spectrogram = np.abs(librosa.stft(clip("neutral", 1, actor, statement), n_fft=512, hop_length=HOP)) ** 2
    power = spectrogram.sum(axis=0)
    spoken = power > 1e-4 * power.max()
    low_share = (spectrogram[:32].sum(axis=0) / power)[spoken]
    assert np.mean(low_share > 0.8) > 0.4
    assert np.mean(low_share < 0.3) > 0.03


def test_formants_move_between_vowels():
    speech = spoken_part(clip("neutral", 1, MALE))
    spectrogram = np.abs(librosa.stft(speech, n_fft=512, hop_length=HOP)) ** 2
    # The second formant: about 1000 Hz in "talking" and "door", 1800 Hz in "kids".
    second_formant = 800 + 31.25 * spectrogram[26:71].argmax(axis=0)
    loud = spectrogram.sum(axis=0) > 0.01 * spectrogram.sum(axis=0).max()
    assert np.percentile(second_formant[loud], 10) < 1200
    assert np.percentile(second_formant[loud], 90) > 1600


def test_angry_is_accepted_for_anger():
    np.testing.assert_array_equal(synthesise_clip("angry", 1, 1, 1, MALE), clip("anger", 1, MALE))


def test_unknown_emotion_is_an_input_error_and_writes_nothing(tmp_path):
    with pytest.raises(InputError, match="unknown emotion 'bored'"):
        synthesise_clip("bored", 1, 1, 1, 1)
    with pytest.raises(InputError, match="unknown emotion 'bored'"):
        write_demo_corpus(tmp_path / "demo", emotions=("calm", "bored"))
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("wrong", [{"intensity": 3}, {"statement": 0}, {"repetition": 3}, {"actor": 25}, {"seed": -1}])
def test_argument_out_of_range_is_an_input_error_that_names_it(wrong):
    right = {"intensity": 1, "statement": 1, "repetition": 1, "actor": 1, "seed": 0}
    with pytest.raises(InputError, match=next(iter(wrong))):
        synthesise_clip("calm", **{**right, **wrong})
