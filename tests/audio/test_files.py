"""Recordings are read whatever their format, and written whole or not at all."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from cyclegan_keras.audio.files import load_waveform, save_waveform
from cyclegan_keras.audio.spectrogram import load_image
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.shared.errors import InputError
from tests.sounds import level_db, speech

CONFIG = SpectrogramConfig()


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
    "another format": "not readable as audio .unknown format",
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
    soundfile.write(tmp_path / "clip", speech(), 16_000, format=form)
    read = load_waveform(tmp_path / "clip", 16_000)
    assert np.corrcoef(read[: len(speech())], speech()[: len(read)])[0, 1] > 0.95
