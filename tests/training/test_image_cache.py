"""Each file is analysed once, and read from the cache afterwards."""

import dataclasses
import os
import shutil

import numpy as np
import pytest
import soundfile

from cyclegan_keras.audio.spectrogram import load_image, spectrogram_to_image
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion.recording import read_recording
from cyclegan_keras.prosody.balance import BANDS, RANKS
from cyclegan_keras.prosody.move import Prosody
from cyclegan_keras.shared.errors import InputError, RunError
from cyclegan_keras.training import image_cache
from cyclegan_keras.training.image_cache import data_key, load_images

CONFIG = SpectrogramConfig()


@pytest.fixture
def clips(tmp_path, tone):
    paths = [tmp_path / f"{name}.wav" for name in "abc"]
    for i, path in enumerate(paths, start=1):
        soundfile.write(path, tone * i / 4 + np.float32(0.01) * np.roll(tone, 997 * i), 16_000)
    return paths


@pytest.fixture
def analyses(monkeypatch):
    """Names of the files that are decoded and analysed."""
    names = []
    load = image_cache.load_image
    monkeypatch.setattr(image_cache, "load_image", lambda path, *how: (names.append(path.name), load(path, *how))[1])
    return names


def test_images_come_in_the_order_of_the_files_and_equal_a_direct_analysis(clips, tmp_path):
    images = load_images(clips, CONFIG, tmp_path / "cache")
    assert images.shape == (3, 260, 260, 1) and images.dtype == np.float32
    for path, image in zip(clips, images):
        np.testing.assert_array_equal(image, load_image(path, CONFIG)[0])


def test_a_second_time_nothing_is_analysed_and_the_images_are_the_same(clips, tmp_path, analyses):
    first = load_images(clips, CONFIG, tmp_path / "cache")
    assert sorted(analyses) == ["a.wav", "b.wav", "c.wav"]
    second = load_images(clips, CONFIG, tmp_path / "cache")
    assert len(analyses) == 3
    np.testing.assert_array_equal(first, second)


def test_a_changed_file_of_the_same_name_size_and_date_is_analysed_again(clips, tmp_path, analyses):
    load_images(clips, CONFIG, tmp_path / "cache")
    before = clips[0].stat()
    content = bytearray(clips[0].read_bytes())
    content[-2] ^= 1
    clips[0].write_bytes(content)
    os.utime(clips[0], ns=(before.st_atime_ns, before.st_mtime_ns))
    assert clips[0].stat().st_mtime_ns == before.st_mtime_ns and clips[0].stat().st_size == before.st_size
    load_images(clips, CONFIG, tmp_path / "cache")
    assert analyses[3:] == ["a.wav"]


@pytest.mark.parametrize("change", [{"hop_length": 200}, {"floor_db": -60.0}, {"image_size": 264}])
def test_a_changed_setting_never_meets_the_old_cache(clips, tmp_path, analyses, change):
    load_images(clips, CONFIG, tmp_path / "cache")
    load_images(clips, dataclasses.replace(CONFIG, **change), tmp_path / "cache")
    assert len(analyses) == 6


def test_a_recordings_key_in_the_reports_analysis_never_changes(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"a recording")
    key = image_cache.cache_key(tmp_path / "a.wav", CONFIG)
    assert key == "cd3ce74f2f62a930a27a47b2d912dbdd9d3599a0135b73dcfe6ba7b48970a220"


def test_a_recording_that_is_moved_to_another_prosody_has_an_image_of_its_own(clips, tmp_path, analyses):
    louder = Prosody(levels=(-6.0,) * RANKS, balance=((3.0,) * (BANDS // 2) + (-3.0,) * (BANDS - BANDS // 2),) * RANKS)
    plain = load_images(clips[:1], CONFIG, tmp_path / "cache")
    moved = load_images(clips[:1], CONFIG, tmp_path / "cache", prosody=louder)
    assert len(analyses) == 2 and not np.array_equal(plain, moved)
    expected = spectrogram_to_image(read_recording(clips[0], CONFIG, louder).spectrogram, CONFIG)
    np.testing.assert_array_equal(moved[0], expected)


def test_a_moved_file_is_still_in_the_cache(clips, tmp_path, analyses):
    load_images(clips[:1], CONFIG, tmp_path / "cache")
    shutil.move(clips[0], tmp_path / "renamed.wav")
    load_images([tmp_path / "renamed.wav"], CONFIG, tmp_path / "cache")
    assert analyses == ["a.wav"]


@pytest.mark.parametrize("damage", [lambda content: content[:5000], lambda _: b"", lambda _: b"no archive at all"])
def test_a_damaged_cache_file_is_made_again(clips, tmp_path, analyses, damage):
    first = load_images(clips, CONFIG, tmp_path / "cache")
    for cached in (tmp_path / "cache").iterdir():
        cached.write_bytes(damage(cached.read_bytes()))
    np.testing.assert_array_equal(load_images(clips, CONFIG, tmp_path / "cache"), first)
    assert len(analyses) == 6


def test_a_cache_that_cannot_be_written_names_the_variable_for_another(clips, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="CYCLEGAN_KERAS_CACHE names another folder"):
        load_images(clips, CONFIG, tmp_path / "file")


def test_training_hears_a_recording_without_offset_and_rumble_as_converting_does(tmp_path, tone):
    rumble = 0.4 * np.sin(2 * np.pi * 20 * np.arange(len(tone)) / 44_100)
    soundfile.write(tmp_path / "hum.wav", tone + rumble + 0.1, 44_100, subtype="FLOAT")
    (image,) = load_images([tmp_path / "hum.wav"], CONFIG, tmp_path)
    converted = spectrogram_to_image(read_recording(tmp_path / "hum.wav", CONFIG).spectrogram, CONFIG)
    as_it_is, _ = load_image(tmp_path / "hum.wav", CONFIG)
    lowest = slice(0, 3)  # bins of 31 Hz, of 125 frames with sound
    error, raw_error = (np.abs(converted - each)[lowest, :125].mean() for each in (image, as_it_is))
    assert error < 0.1 and raw_error > 0.5


def test_progress_counts_every_file(clips, tmp_path):
    counts = []
    load_images(clips, CONFIG, tmp_path / "cache", counts.append)
    assert counts == [1, 2, 3]


def test_a_bad_file_is_named_and_leaves_no_cache_of_it(clips, tmp_path):
    clips[1].write_text("no audio")
    with pytest.raises(InputError, match="b.wav"):
        load_images(clips[:2], CONFIG, tmp_path / "cache")
    (cached,) = (tmp_path / "cache").iterdir()
    assert cached.name.startswith(image_cache.cache_key(clips[0], CONFIG))


def test_the_data_key_follows_content_not_names_or_order(clips, tmp_path):
    key = data_key(clips, CONFIG)
    assert data_key(clips[::-1], CONFIG) == key
    shutil.copy(clips[0], tmp_path / "copy.wav")
    assert data_key([tmp_path / "copy.wav", *clips[1:]], CONFIG) == key
    assert data_key(clips[1:], CONFIG) != key
