"""A clip's pitch, tempo, level and balance are moved as asked, and nothing else is."""

import numpy as np
import pytest

from cyclegan_keras.corpora.demo import synthesise_clip
from cyclegan_keras.prosody.balance import BANDS, RANKS, mean_balance, ranked_level
from cyclegan_keras.prosody.estimate import estimate_prosody
from cyclegan_keras.prosody.f0 import FRAME_SECONDS, track_f0
from cyclegan_keras.prosody.move import UNMOVED, Prosody, move
from cyclegan_keras.prosody.psola import pitch_marks, resynthesise
from cyclegan_keras.prosody.stored import load_prosody, save_prosodies
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import read_arrays, write_arrays

RATE = 16_000
SEMITONE = np.log(2) / 12


@pytest.fixture(scope="module")
def clip() -> np.ndarray:
    """Calm demo speech of a woman, with half a second of silence on either side."""
    return synthesise_clip("calm", intensity=1, statement=1, repetition=1, actor=4)[8_000:-6_000]


EVERYTHING = Prosody(0.4, 1.3, 0.8, (-3.0,) * RANKS, ((1.0,) * BANDS,) * RANKS, (2.0,) * BANDS, (0.5,) * BANDS)
"""Moves all that can be moved."""


def median_f0(waveform: np.ndarray) -> float:
    f0 = track_f0(waveform, RATE)
    return float(np.median(f0[f0 > 0]))


def level_db(waveform: np.ndarray) -> float:
    return 10 * np.log10(np.mean(np.square(waveform, dtype=np.float64)))


def unchanged(waveform: np.ndarray) -> np.ndarray:
    f0 = track_f0(waveform, RATE)
    return resynthesise(waveform, f0, np.ones(len(f0)), 1.0, RATE)


def test_f0_of_a_glide_is_followed():
    hertz = np.linspace(120, 300, 2 * RATE)
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    voice = sum(np.cos(k * phase) / k for k in range(1, 11))
    f0 = track_f0(voice, RATE)
    inner = slice(10, -10)
    wanted = np.r_[hertz[:: RATE // 200], hertz[-1]]
    assert np.abs(f0[inner] / wanted[inner] - 1).max() < 0.03


def test_noise_and_silence_have_no_f0():
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE)
    assert np.mean(track_f0(noise, RATE) > 0) < 0.05
    assert not track_f0(np.zeros(RATE), RATE).any()


def test_rumble_is_no_voice(clip):
    hum = 0.02 * np.sin(2 * np.pi * 40 * np.arange(len(clip)) / RATE)
    assert median_f0(clip + hum) == pytest.approx(median_f0(clip), rel=0.01)


def test_marks_are_a_period_apart_where_there_is_a_voice(clip):
    f0 = track_f0(clip, RATE)
    hop = round(FRAME_SECONDS * RATE)
    marks, voiced = pitch_marks(clip, f0, hop, RATE)
    assert marks[0] == 0 and marks[-1] == len(clip)
    assert (np.diff(marks) > 0).all()
    periods = np.diff(marks)[voiced[:-1]]
    assert periods.sum() == pytest.approx(hop * (f0 > 0).sum(), rel=0.1)
    near = f0[np.round(marks[:-1][voiced[:-1]] / hop).astype(int)]
    assert np.median(np.abs(periods * near / RATE - 1)) < 0.03


def test_speech_that_is_not_moved_comes_back_as_it_was(clip):
    assert level_db(unchanged(clip) - clip) < level_db(clip) - 35


@pytest.mark.parametrize("tempo", [0.3, 1.0, 3.0])
def test_extreme_ratios_of_pitch_give_finite_sound(clip, tempo):
    f0 = track_f0(clip, RATE)
    ratio = np.random.default_rng(0).choice([0.07, 1.0, 14.0], len(f0))
    assert np.isfinite(resynthesise(clip, f0, ratio, tempo, RATE)).all()


def test_nothing_to_move_leaves_every_sample(clip):
    assert np.allclose(move(clip, Prosody(), RATE), clip, atol=1e-6)


@pytest.mark.parametrize("semitones", [-7, -2, 4, 7])
def test_pitch_moves_by_the_semitones_asked_and_nothing_else_does(clip, semitones):
    moved = move(clip, Prosody(shift=semitones * SEMITONE), RATE)
    assert 12 * np.log2(median_f0(moved) / median_f0(clip)) == pytest.approx(semitones, abs=0.3)
    assert len(moved) == len(clip)
    assert level_db(moved) == pytest.approx(level_db(clip), abs=0.01)
    # The envelope stays: the balance of the bands above the lowest harmonics, over the frames that are speech.
    change = ranked_level(moved, RATE)[4:, 4:] - ranked_level(clip, RATE)[4:, 4:]
    assert np.abs(change.mean(axis=0)).mean() < 2.0


def test_the_spread_of_pitch_is_multiplied(clip):
    def spread(waveform):
        f0 = track_f0(waveform, RATE)
        return np.subtract(*np.percentile(np.log(f0[f0 > 0]), (84, 16)))

    assert spread(move(clip, Prosody(spread=1.6), RATE)) / spread(clip) == pytest.approx(1.6, rel=0.1)


@pytest.mark.parametrize("rate", [16_000, 22_050])
def test_pitch_is_moved_when_it_is_asked_however_long_the_clip_is(rate):
    time = np.arange(8 * rate) / rate
    voice = 0.1 * sum(np.sin(2 * np.pi * 150 * n * time) / n for n in range(1, 12))
    f0 = track_f0(voice, rate)
    raised_from = round(7 * rate / round(0.005 * rate))
    ratio = np.where(np.arange(len(f0)) < raised_from, 1.0, 1.4)
    moved = track_f0(resynthesise(voice, f0, ratio, 1.0, rate), rate)
    assert abs(int(np.argmax(moved > 180)) - raised_from) <= 2  # frames of 5 ms


@pytest.mark.parametrize("tempo", [0.7, 1.3])
def test_tempo_changes_by_the_ratio_asked_and_pitch_stays(clip, tempo):
    moved = move(clip, Prosody(tempo=tempo), RATE)
    assert len(moved) == round(len(clip) * tempo)
    loud, loud_before = (np.flatnonzero(np.abs(x) > 0.02) for x in (moved, clip))
    assert np.ptp(loud) / np.ptp(loud_before) == pytest.approx(tempo, rel=0.04)
    assert 12 * np.log2(median_f0(moved) / median_f0(clip)) == pytest.approx(0, abs=0.3)


def test_balance_is_changed_by_rank(clip):
    balance = np.zeros((RANKS, BANDS))
    balance[:, 12:] = 10.0
    prosody = Prosody(balance=tuple(map(tuple, balance)))
    change = ranked_level(move(clip, prosody, RATE), RATE) - ranked_level(clip, RATE)
    high_over_low = change[6:, 15:].mean() - change[6:, 3:10].mean()
    assert high_over_low == pytest.approx(10, abs=1.5)


def test_levels_are_changed_by_rank(clip):
    levels = tuple(np.linspace(-12, 0, RANKS))
    before, after = (ranked_level(w, RATE)[:, 0] for w in (clip, move(clip, Prosody(levels=levels), RATE)))
    assert np.allclose((after - before)[2:], levels[2:], atol=2.5)


@pytest.mark.parametrize("length, left", [(1, 1), (100, 100), (3_199, 3_199), (3_200, 2_560), (5_000, 4_000)])
def test_short_input_survives_and_below_a_fifth_of_a_second_is_not_moved(clip, length, left):
    moved = move(clip[15_000 : 15_000 + length], EVERYTHING, RATE)
    assert len(moved) == left and np.isfinite(moved).all() and np.abs(moved).max(initial=0) <= 1


@pytest.mark.parametrize("kind", ["silence", "noise", "click"])
def test_input_without_a_voice_survives(kind):
    silence = np.zeros(RATE, np.float32)
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    waveform = {"silence": silence, "noise": noise, "click": np.eye(1, RATE, 8_000, dtype=np.float32)[0]}[kind]
    moved = move(waveform, EVERYTHING, RATE)
    assert np.isfinite(moved).all() and np.abs(moved).max() <= 1
    assert np.sqrt(np.mean(moved**2)) == pytest.approx(np.sqrt(np.mean(waveform**2)), rel=0.02, abs=1e-9)


def test_the_same_bits_every_time(clip):
    assert np.array_equal(move(clip, EVERYTHING, RATE), move(clip, EVERYTHING, RATE))


@pytest.fixture(scope="module")
def demo_voices() -> dict[str, list[tuple[int, np.ndarray]]]:
    return {
        emotion: [(actor, synthesise_clip(emotion, 1, statement, 1, actor)) for actor in (1, 4) for statement in (1, 2)]
        for emotion in ("calm", "fearful")
    }


def test_estimates_find_how_the_demo_corpus_speaks(demo_voices):
    calm, fearful = demo_voices["calm"], demo_voices["fearful"]
    there = estimate_prosody(calm, fearful, RATE)
    # Fear is 7 semitones above calm, its sentences end 3.5 higher, and it is 1.12 / 0.90 times as fast.
    assert 6.5 < there.shift / SEMITONE < 9.0
    assert there.tempo == pytest.approx(0.90 / 1.12, rel=0.05)
    back = estimate_prosody(fearful, calm, RATE)
    assert back.shift == pytest.approx(-there.shift) and back.tempo == pytest.approx(1 / there.tempo)
    # Its spectrum falls by 1.6 dB an octave less.
    loud = np.array(there.balance)[5:].mean(axis=0)
    assert loud[-8:].mean() > loud[2:8].mean() + 2
    nearer = np.abs(median_f0(move(calm[0][1], there, RATE)) - median_f0(fearful[0][1]))
    assert nearer < 0.3 * np.abs(median_f0(calm[0][1]) - median_f0(fearful[0][1]))


def test_a_stranger_and_a_silent_clip_count_for_nothing(demo_voices):
    calm, fearful = demo_voices["calm"][::2], demo_voices["fearful"][::2]
    more = [*fearful, (9, calm[0][1]), (1, np.zeros(RATE))]
    assert estimate_prosody(calm, more, RATE) == estimate_prosody(calm, fearful, RATE)


def test_a_clip_that_is_on_the_way_already_gets_less(clip):
    rising = tuple(np.linspace(-8, 8, BANDS))
    own = ranked_level(clip, RATE)
    prosody = Prosody(centre=tuple(mean_balance(own) - rising), pull=(1.0,) * BANDS)
    change = mean_balance(ranked_level(move(clip, prosody, RATE), RATE)) - mean_balance(own)
    assert np.corrcoef(change, rising)[0, 1] < -0.97
    assert change[-6:].mean() - change[4:10].mean() == pytest.approx(-(rising[-4] - rising[6]), rel=0.25)


def test_emotions_of_other_sentences_leave_the_tempo_as_it_is(demo_voices):
    calm, fearful = demo_voices["calm"], demo_voices["fearful"]
    assert estimate_prosody(calm, fearful, RATE).tempo < 0.95
    assert estimate_prosody(calm, fearful, RATE, same_words=False).tempo == 1.0


def test_without_a_common_speaker_all_clips_count_as_one_speakers(demo_voices):
    man = [(who, waveform) for who, waveform in demo_voices["calm"] if who == 1]
    woman = [(who, waveform) for who, waveform in demo_voices["fearful"] if who == 4]
    pooled = estimate_prosody(man, woman, RATE)
    assert pooled == estimate_prosody([(0, w) for _, w in man], [(0, w) for _, w in woman], RATE)
    assert pooled.shift > 1.3 * estimate_prosody(demo_voices["calm"], demo_voices["fearful"], RATE).shift


def test_an_octave_error_in_one_of_many_clips_does_not_move_the_shift(demo_voices):
    calm, fearful = demo_voices["calm"], demo_voices["fearful"]
    fearful = [*fearful, fearful[0]]
    octave_up = move(fearful[0][1], Prosody(shift=np.log(2)), RATE)
    with_error = [(fearful[0][0], octave_up), *fearful[1:]]
    usual, disturbed = (estimate_prosody(calm, clips, RATE).shift for clips in (fearful, with_error))
    assert disturbed == pytest.approx(usual, abs=1.0 * SEMITONE)


def test_an_emotion_without_a_voice_is_refused(demo_voices):
    with pytest.raises(InputError, match="no clip with a voice"):
        estimate_prosody(demo_voices["calm"], [(1, np.zeros(RATE))], RATE)


def test_stored_prosody_is_read_as_it_was(tmp_path):
    file = tmp_path / "prosody.npz"
    save_prosodies(file, {"a_to_b": EVERYTHING, "b_to_a": UNMOVED})
    assert load_prosody(file, "a_to_b") == EVERYTHING and load_prosody(file, "b_to_a") == UNMOVED


@pytest.mark.parametrize("damage", ["missing", "cut", "nan", "shape", "direction"])
def test_damaged_prosody_is_named_and_refused(tmp_path, damage):
    file = tmp_path / "prosody.npz"
    save_prosodies(file, {"a_to_b": EVERYTHING, "b_to_a": UNMOVED})
    arrays = read_arrays(file, 100_000)
    if damage == "missing":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:-100])
    elif damage == "direction":
        write_arrays(file, {name: array for name, array in arrays.items() if name.startswith("b")})
    else:
        wrong = np.array(np.nan) if damage == "nan" else np.zeros(2)
        write_arrays(file, {**arrays, "a_to_b_shift": wrong})
    with pytest.raises(InputError, match="prosody.npz: missing or damaged"):
        load_prosody(file, "a_to_b")
