"""Level is what is heard: offset and rumble neither count nor stay, channels never cancel, faint clips keep bits."""

import numpy as np
import pytest
import soundfile

from cyclegan_keras.audio.files import read_sound, save_waveform, sound_of_samples
from cyclegan_keras.audio.level import FULL_SCALE, level_db, match_level, without_rumble
from cyclegan_keras.shared.errors import InputError

RATE = 16_000
TIME = np.arange(2 * RATE) / RATE


def hum(hertz, amplitude):
    return (amplitude * np.sin(2 * np.pi * hertz * TIME)).astype(np.float32)


@pytest.mark.parametrize("below", [0.3, -0.05, hum(20, 0.3), hum(35, 0.3)], ids=["offset", "minus", "20 Hz", "35 Hz"])
def test_what_nobody_hears_counts_for_nothing(tone, below):
    assert level_db(tone + below, RATE) == pytest.approx(level_db(tone, RATE), abs=0.2)


@pytest.mark.parametrize("hertz, loss_db", [(70, 2.2), (100, 0.1), (1000, 0.0), (7000, 0.0)])
def test_what_is_heard_counts(hertz, loss_db):
    assert level_db(hum(hertz, 0.1), RATE) == pytest.approx(-23.0 - loss_db, abs=0.1)


def test_level_is_matched_above_60_hz_and_limited_so_that_nothing_clips(tone):
    assert level_db(match_level(tone / 7, tone, RATE), RATE) == pytest.approx(level_db(tone, RATE), abs=0.01)
    rumbling = match_level(tone / 7, tone + 0.2, RATE)
    assert level_db(rumbling, RATE) == pytest.approx(level_db(tone, RATE), abs=0.1)
    spiky = np.zeros(1000, np.float32)
    spiky[10] = 0.1
    assert np.abs(match_level(spiky, tone, RATE)).max() <= FULL_SCALE
    assert np.all(match_level(np.zeros(10, np.float32), tone, RATE) == 0)


@pytest.mark.parametrize(
    "below, said",
    [(0.3, "offset of 0.3 removed"), (-0.3, "offset of -0.3 removed"), (hum(20, 0.8), "rumble below 60 Hz removed")],
    ids=["offset", "negative offset", "rumble"],
)
def test_an_offset_and_rumble_that_matter_are_removed_and_told(tone, below, said):
    clean, changes = without_rumble(tone / 3 + below, RATE)
    assert changes == (said,)
    inside = slice(RATE // 4, -RATE // 4)
    assert np.abs(clean - tone / 3)[inside].max() < 0.01


def test_rumble_with_an_offset_is_removed_with_it(tone):
    clean, changes = without_rumble(tone / 3 + 0.2 + hum(20, 0.5), RATE)
    assert changes == ("offset of 0.2 removed", "rumble below 60 Hz removed")
    assert np.abs(clean - tone / 3)[RATE // 4 : -RATE // 4].max() < 0.01


@pytest.mark.parametrize("below", [0.0, 0.005, hum(30, 0.1)], ids=["nothing", "a small offset", "a little rumble"])
def test_other_recordings_stay_as_they_are(tone, below):
    waveform = (tone + below).astype(np.float32)
    clean, changes = without_rumble(waveform, RATE)
    assert clean is waveform and changes == ()


@pytest.mark.parametrize("length", [1, 2, 100])
def test_the_shortest_of_clips_have_a_level(length):
    clip = np.full(length, 0.5, np.float32)
    assert np.isfinite(level_db(clip, 48_000)) and np.isfinite(without_rumble(clip, 48_000)[0]).all()


BALANCES = {
    "opposite": (lambda s: [s, -s], True),
    "opposite and fainter": (lambda s: [s, -0.8 * s], True),
    "opposite with an offset": (lambda s: [s + 0.3, -s + 0.3], True),
    "opposite with hum": (lambda s: [s + hum(40, 0.3), -s + hum(40, 0.3)], True),
    "two of four opposite": (lambda s: [s, -s, 0 * s, 0 * s], True),
    "the same": (lambda s: [s, s], False),
    "one fainter": (lambda s: [s, 0.2 * s], False),
    "one silent": (lambda s: [s, 0 * s], False),
    "unlike": (lambda s: [s, np.random.default_rng(0).normal(0, 0.1, len(s))], False),
    "centre of six": (lambda s: [0 * s, 0 * s, s, 0 * s, 0 * s, 0 * s], False),
    "one late": (lambda s: [s, np.roll(s, 40)], False),
}


@pytest.mark.parametrize("balance", BALANCES)
def test_channels_that_cancel_are_not_mixed(tmp_path, tone, balance):
    channels, cancels = BALANCES[balance]
    samples = np.stack([np.asarray(channel, np.float32) for channel in channels(tone)], axis=1)
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    sound = read_sound(tmp_path / "a.wav")
    if not cancels:
        assert sound.changes == ()
        np.testing.assert_array_equal(sound.waveform, samples.mean(axis=1))
        return
    number = int(sound.changes[0].removeprefix("channels in opposite phase, number ").removesuffix(" taken"))
    np.testing.assert_array_equal(sound.waveform, samples[:, number - 1])


def test_of_channels_that_cancel_the_louder_is_taken(tone):
    sound = sound_of_samples(np.stack([-0.7 * tone, tone], axis=1), RATE, "it")
    np.testing.assert_array_equal(sound.waveform, tone)
    assert sound.changes == ("channels in opposite phase, number 2 taken",)


@pytest.mark.parametrize("decibels, subtype", [(-75, "PCM_24"), (-45, "PCM_24"), (-20, "PCM_16"), (0, "PCM_16")])
def test_a_faint_waveform_is_written_in_24_bits(tmp_path, tone, decibels, subtype):
    faint = tone * 10 ** (decibels / 20)
    save_waveform(tmp_path / "a.wav", faint, RATE)
    assert soundfile.info(tmp_path / "a.wav").subtype == subtype
    error = soundfile.read(tmp_path / "a.wav")[0] - faint
    assert np.sqrt(np.mean(error**2) / np.mean(faint**2)) < 0.005


@pytest.mark.parametrize("dtype, scale", [(np.int16, 2**15), (np.int32, 2**31), (np.float64, 1.0), (np.float32, 1.0)])
def test_arrays_are_taken_at_their_types_scale(tone, dtype, scale):
    samples = (tone * scale).astype(dtype)
    np.testing.assert_allclose(sound_of_samples(samples, RATE, "it").waveform, tone, atol=1 / 2**15)


@pytest.mark.parametrize(
    "samples, said",
    [
        (np.zeros(0, np.float32), "holds no samples"),
        (np.zeros(100), "silent"),
        (np.full(100, np.nan), "NaN"),
        (np.zeros((2, 2, 2)), "2 x 2 x 2 of float64"),
        (np.ones((2, 16_000)), "2 x 16000 of float64; give .* n x channels"),
        (np.zeros(10, np.uint8), "uint8"),
        (np.array(["a"]), "<U1"),
        (np.zeros((10, 0)), "10 x 0"),
    ],
)
def test_arrays_that_are_no_sound_are_refused(samples, said):
    with pytest.raises(InputError, match=said):
        sound_of_samples(samples, RATE, "the waveform")
