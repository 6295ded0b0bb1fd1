"""The audio is the report's: 257 frames of decibels in a 260 x 260 image, and back."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from cyclegan_keras.audio.files import load_waveform, save_waveform
from cyclegan_keras.audio.spectrogram import load_image, spectrogram_to_image, waveform_to_spectrogram
from cyclegan_keras.audio.vocoder import image_to_waveform, spectrogram_to_waveform
from cyclegan_keras.audio.windows import _window_starts, blend_windows, split_windows
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.corpora.demo import synthesise_clip
from cyclegan_keras.presets import SPECTROGRAM_520
from cyclegan_keras.shared.errors import InputError

CONFIG = SpectrogramConfig()
BOTH = pytest.mark.parametrize("config", [CONFIG, SPECTROGRAM_520], ids=["260", "520"])


def level_db(waveform):
    return 20 * np.log10(np.sqrt(np.mean(np.square(waveform))))


def absolute_db(waveform, config):
    spectrogram, reference = waveform_to_spectrogram(waveform, config)
    return 40 * (spectrogram - 1) + 20 * np.log10(reference), spectrogram


def round_trip_error_db(waveform, config):
    """Mean absolute dB error over the bins above -60 dB, analysis to Griffin-Lim to analysis."""
    spectrogram, reference = waveform_to_spectrogram(waveform, config)
    back = spectrogram_to_waveform(spectrogram, reference, config, len(waveform))
    before, spectrogram = absolute_db(waveform, config)
    after, _ = absolute_db(back, config)
    return np.abs(before - after)[40 * (spectrogram - 1) > -60].mean(), back


@BOTH
def test_an_image_spans_65536_samples_or_4_096_seconds(config):
    assert config.n_samples == 65_536 and config.n_samples / config.sample_rate == 4.096


@BOTH
def test_4_096_seconds_fill_an_images_frames_exactly(config):
    noise = np.random.default_rng(0).normal(0, 0.1, 65_536).astype(np.float32)
    spectrogram, _ = waveform_to_spectrogram(noise, config)
    assert spectrogram.shape == (config.n_bins, config.n_frames) == ((257,) * 2 if config is CONFIG else (513,) * 2)
    assert spectrogram_to_image(spectrogram, config).shape == config.image_shape


def test_the_scale_maps_minus_80_to_0_db_of_the_clips_maximum_onto_minus_1_to_1(tone):
    spectrogram, reference = waveform_to_spectrogram(tone, CONFIG)
    assert spectrogram.max() == 1.0 and spectrogram.min() == -1.0 and spectrogram.dtype == np.float32
    quieter, quiet_reference = waveform_to_spectrogram(tone / 10, CONFIG)
    np.testing.assert_allclose(quieter, spectrogram, atol=1e-3)
    assert quiet_reference == pytest.approx(reference / 10)


def test_half_the_amplitude_lies_6_db_lower_on_the_scale():
    time = np.arange(16_000) / 16_000
    tones = np.sin(2 * np.pi * 1000 * time) + 0.5 * np.sin(2 * np.pi * 4000 * time)
    spectrogram, _ = waveform_to_spectrogram(tones.astype(np.float32), CONFIG)
    middle = spectrogram[:, 30]
    assert 40 * (middle[32] - middle[128]) == pytest.approx(6.02, abs=0.05)


def test_padding_is_silence_at_the_high_frequencies_and_at_the_end_of_time():
    image = spectrogram_to_image(np.ones((257, 257), np.float32), CONFIG)
    assert np.all(image[257:] == -1) and np.all(image[:, 257:] == -1) and np.all(image[:257, :257] == 1)


def test_a_shorter_clip_is_followed_by_silence():
    image = spectrogram_to_image(np.zeros((257, 100), np.float32), CONFIG)
    assert np.all(image[:257, :100] == 0) and np.all(image[:, 100:] == -1)


def test_a_longer_clip_gives_its_middle():
    frames = np.tile(np.arange(301, dtype=np.float32), (257, 1))
    assert list(spectrogram_to_image(frames, CONFIG)[0, :257, 0]) == list(range(22, 279))


@BOTH
@pytest.mark.parametrize("seconds", [0.5, 2.0, 4.096, 6.0])
def test_without_a_network_the_round_trip_keeps_spectrum_and_level(config, seconds):
    speech = np.tile(synthesise_clip("calm", 1, 1, 1, actor=1, seed=0)[16_000:48_000], 3)[: int(seconds * 16_000)]
    error, back = round_trip_error_db(speech, config)
    assert error < 3.0
    assert len(back) == len(speech) and level_db(back) == pytest.approx(level_db(speech), abs=1.0)


def test_an_image_becomes_4_096_seconds_of_sound_at_the_level_of_the_reference(tone):
    spectrogram, reference = waveform_to_spectrogram(np.tile(tone, 3)[:65_536], CONFIG)
    back = image_to_waveform(spectrogram_to_image(spectrogram, CONFIG), reference, CONFIG)
    assert back.shape == (65_536,) and level_db(back) == pytest.approx(level_db(tone), abs=1.0)


@BOTH
@pytest.mark.parametrize("frames_more", [-200, 0, 1, 30, 257, 1000])
def test_windows_cover_a_clip_whole_and_blend_back_into_it(config, frames_more):
    frames = config.n_frames + frames_more
    spectrogram = np.random.default_rng(0).uniform(-1, 1, (config.n_bins, frames)).astype(np.float32)
    windows = split_windows(spectrogram, config)
    assert windows.shape[1:] == config.image_shape
    np.testing.assert_allclose(blend_windows(windows, frames, config), spectrogram, atol=1e-5)


def test_neighbouring_windows_overlap_by_a_quarter_or_more():
    for frames in range(258, 2000, 37):
        starts = _window_starts(frames, CONFIG)
        assert np.diff(starts).max() <= 0.75 * 257 + 1 and starts[0] == 0 and starts[-1] == frames - 257


def test_where_windows_disagree_the_blend_fades_from_one_to_the_other():
    frames = 400
    windows = split_windows(np.zeros((257, frames), np.float32), CONFIG)
    windows[0], windows[-1] = 0.0, 1.0
    blended = blend_windows(windows, frames, CONFIG)[0]
    assert blended[0] == 0 and blended[-1] == 1 and np.all(np.diff(blended) >= -1e-6) and np.diff(blended).max() < 0.05


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_any_rate_mono_or_stereo_wav_or_flac_becomes_16_khz_mono(tmp_path, rate, channels, suffix):
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    soundfile.write(tmp_path / f"a.{suffix}", np.tile(wave[:, np.newaxis], (1, channels)), rate)
    loaded = load_waveform(tmp_path / f"a.{suffix}", 16_000)
    assert loaded.shape == (16_000,) and loaded.dtype == np.float32
    assert np.argmax(np.abs(np.fft.rfft(loaded))) == 440
    assert level_db(loaded[2000:-2000]) == pytest.approx(level_db(wave), abs=0.1)


def test_stereo_is_mixed_to_the_mean_of_its_channels(tmp_path, tone):
    soundfile.write(tmp_path / "a.wav", np.stack([tone, 0.2 * tone], axis=1), 16_000)
    np.testing.assert_allclose(load_waveform(tmp_path / "a.wav", 16_000), 0.6 * tone, atol=1e-4)


def test_saved_audio_is_16_bit_mono_wav_at_its_level(tmp_path, tone):
    save_waveform(tmp_path / "out.wav", tone, 16_000)
    info = soundfile.info(tmp_path / "out.wav")
    assert (info.format, info.subtype, info.samplerate, info.channels) == ("WAV", "PCM_16", 16_000, 1)
    np.testing.assert_allclose(soundfile.read(tmp_path / "out.wav")[0], tone, atol=1 / 32768)


def test_audio_beyond_full_scale_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="full scale"):
        save_waveform(tmp_path / "out.wav", np.array([0.0, 1.2]), 16_000)
    assert list(tmp_path.iterdir()) == []


def write_bad(folder, kind):
    path = folder / "bad.wav"
    rng = np.random.default_rng(0)
    if kind == "text":
        path.write_text("this is no audio")
    elif kind == "empty file":
        path.write_bytes(b"")
    elif kind == "another format":
        soundfile.write(path, rng.uniform(-0.5, 0.5, 16_000), 16_000, format="IRCAM")
    elif kind == "no samples":
        soundfile.write(path, np.zeros(0), 16_000)
    elif kind == "silent":
        soundfile.write(path, np.zeros(16_000), 16_000)
    elif kind == "constant":
        soundfile.write(path, np.full(16_000, 0.5), 16_000)
    elif kind == "LFS pointer":
        path.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{64 * '0'}\nsize 123456\n")
    elif kind == "NaN":
        soundfile.write(path, np.where(np.arange(16_000) == 5, np.nan, 0.1), 16_000, subtype="FLOAT")
    elif kind == "infinite":
        soundfile.write(path, np.where(np.arange(16_000) == 5, np.inf, 0.1), 16_000, subtype="FLOAT")
    elif kind == "absurd":
        soundfile.write(path, np.where(np.arange(16_000) == 5, 1e37, 0.1), 16_000, subtype="FLOAT")
    elif kind == "shorter":
        soundfile.write(path, rng.uniform(-0.5, 0.5, 300), 16_000)
    elif kind == "not a file":
        path.mkdir()
    return path


BAD = {
    "text": "not readable as audio",
    "empty file": "not readable as audio",
    "another format": "not readable as audio .no format taken here",
    "no samples": "holds no samples",
    "silent": "silent",
    "constant": "silent",
    "LFS pointer": "a Git LFS pointer, not the recording itself; fetch it with git lfs pull",
    "NaN": "NaN",
    "infinite": "NaN or infinite",
    "absurd": "samples of 1e.37 where 1 is full scale",
    "shorter": "shorter than one analysis window",
    "not a file": "not a file",
    "missing": "not found",
}


@pytest.mark.parametrize("kind", BAD)
def test_a_recording_that_cannot_be_used_is_named_with_the_reason(tmp_path, kind):
    path = write_bad(tmp_path, kind)
    with pytest.raises(InputError, match=BAD[kind]) as caught:
        load_image(path, CONFIG)
    assert str(path) in str(caught.value) and any(word in str(caught.value) for word in ("give", "export", "fetch"))


def test_a_recording_that_may_not_be_read_is_named_with_the_reason(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.wav").touch()
    for method in ("open", "is_file"):
        monkeypatch.setattr(Path, method, refuse)
        with pytest.raises(InputError, match="a.wav: not readable as audio .Permission denied."):
            load_waveform(tmp_path / "a.wav", 16_000)


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64", "FLAC", "OGG", "AIFF", "MP3"])
def test_recordings_of_the_usual_formats_are_read(tmp_path, form):
    speech = synthesise_clip("calm", 1, 1, 1, actor=1, seed=0)
    soundfile.write(tmp_path / "clip", speech, 16_000, format=form)
    read = load_waveform(tmp_path / "clip", 16_000)
    assert np.corrcoef(read[: len(speech)], speech[: len(read)])[0, 1] > 0.95


@pytest.mark.real
@BOTH
def test_real_speech_survives_the_round_trip_within_3_db_and_at_its_level(ravdess_dir, config):
    clips = sorted(ravdess_dir.rglob("*-0[12]-0[12]-01-*.*"))[::40]
    assert len(clips) >= 10
    for clip in clips:
        speech = load_waveform(clip, config.sample_rate)
        error, back = round_trip_error_db(speech, config)
        assert error < 3.0, clip
        assert level_db(back) == pytest.approx(level_db(speech), abs=1.0), clip
