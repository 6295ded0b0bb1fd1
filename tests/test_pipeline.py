"""Each file is analysed once, and batches come unpaired in an order that seed and epoch decide."""

import dataclasses
import os
import shutil

import numpy as np
import pytest
import soundfile

from cyclegan_keras import audio
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.training import pipeline

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
    load = audio.load_image
    monkeypatch.setattr(audio, "load_image", lambda path, *how: (names.append(path.name), load(path, *how))[1])
    return names


def numbered(first, last):
    return np.arange(first, last, dtype=np.float32).reshape(-1, 1, 1, 1)


def drawn(a, b, **options):
    batches = pipeline.unpaired_epoch(a, b, **{"seed": 0, "epoch": 0, **options})
    return [(x.numpy().item(), y.numpy().item()) for x, y in batches]


def test_images_come_in_the_order_of_the_files_and_equal_a_direct_analysis(clips, tmp_path):
    images = pipeline.load_images(clips, CONFIG, tmp_path / "cache")
    assert images.shape == (3, 260, 260, 1) and images.dtype == np.float32
    for path, image in zip(clips, images):
        np.testing.assert_array_equal(image, audio.load_image(path, CONFIG)[0])


def test_a_second_time_nothing_is_analysed_and_the_images_are_the_same(clips, tmp_path, analyses):
    first = pipeline.load_images(clips, CONFIG, tmp_path / "cache")
    assert sorted(analyses) == ["a.wav", "b.wav", "c.wav"]
    second = pipeline.load_images(clips, CONFIG, tmp_path / "cache")
    assert len(analyses) == 3
    np.testing.assert_array_equal(first, second)


def test_a_changed_file_of_the_same_name_size_and_date_is_analysed_again(clips, tmp_path, analyses):
    pipeline.load_images(clips, CONFIG, tmp_path / "cache")
    before = clips[0].stat()
    content = bytearray(clips[0].read_bytes())
    content[-2] ^= 1
    clips[0].write_bytes(content)
    os.utime(clips[0], ns=(before.st_atime_ns, before.st_mtime_ns))
    assert clips[0].stat().st_mtime_ns == before.st_mtime_ns and clips[0].stat().st_size == before.st_size
    pipeline.load_images(clips, CONFIG, tmp_path / "cache")
    assert analyses[3:] == ["a.wav"]


def test_with_the_phase_images_have_a_second_channel_and_a_cache_of_their_own(clips, tmp_path, analyses):
    plain = pipeline.load_images(clips, CONFIG, tmp_path / "cache")
    for _ in range(2):
        images = pipeline.load_images(clips, CONFIG, tmp_path / "cache", phase=True)
        assert images.shape == (3, 260, 260, 2) and len(analyses) == 6
        np.testing.assert_array_equal(images[..., :1], plain)
    phase = audio.waveform_to_phase(audio.load_waveform(clips[0], CONFIG.sample_rate), CONFIG)
    np.testing.assert_array_equal(images[0, :257, : phase.shape[1], 1], phase[:, :257])


@pytest.mark.parametrize(
    "change", [{"hop_length": 200}, {"floor_db": -60.0}, {"image_size": 264}, {"image_width": 264}]
)
def test_a_changed_setting_never_meets_the_old_cache(clips, tmp_path, analyses, change):
    pipeline.load_images(clips, CONFIG, tmp_path / "cache")
    pipeline.load_images(clips, dataclasses.replace(CONFIG, **change), tmp_path / "cache")
    assert len(analyses) == 6


def test_a_recordings_key_is_what_it_was_before_images_could_be_other_than_square(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"a recording")
    key = pipeline.cache_key(tmp_path / "a.wav", CONFIG)
    assert key == "cd3ce74f2f62a930a27a47b2d912dbdd9d3599a0135b73dcfe6ba7b48970a220"


def test_a_moved_file_is_still_in_the_cache(clips, tmp_path, analyses):
    pipeline.load_images(clips[:1], CONFIG, tmp_path / "cache")
    shutil.move(clips[0], tmp_path / "renamed.wav")
    pipeline.load_images([tmp_path / "renamed.wav"], CONFIG, tmp_path / "cache")
    assert analyses == ["a.wav"]


@pytest.mark.parametrize("damage", [lambda content: content[:5000], lambda _: b"", lambda _: b"no archive at all"])
def test_a_damaged_cache_file_is_made_again(clips, tmp_path, analyses, damage):
    first = pipeline.load_images(clips, CONFIG, tmp_path / "cache")
    for cached in (tmp_path / "cache").iterdir():
        cached.write_bytes(damage(cached.read_bytes()))
    np.testing.assert_array_equal(pipeline.load_images(clips, CONFIG, tmp_path / "cache"), first)
    assert len(analyses) == 6


def test_progress_counts_every_file(clips, tmp_path):
    counts = []
    pipeline.load_images(clips, CONFIG, tmp_path / "cache", counts.append)
    assert counts == [1, 2, 3]


def test_a_bad_file_is_named_and_leaves_no_cache_of_it(clips, tmp_path):
    clips[1].write_text("no audio")
    with pytest.raises(InputError, match="b.wav"):
        pipeline.load_images(clips, CONFIG, tmp_path / "cache")


def test_an_epoch_meets_every_clip_of_domain_a_once():
    pairs = drawn(numbered(0, 7), numbered(10, 30))
    assert sorted(a for a, _ in pairs) == list(range(7))
    assert len({b for _, b in pairs}) == 7


def test_a_smaller_domain_b_starts_over_in_a_new_order():
    shown = [b for _, b in drawn(numbered(0, 12), numbered(10, 14))]
    rounds = [shown[start : start + 4] for start in (0, 4, 8)]
    assert all(sorted(one) == [10, 11, 12, 13] for one in rounds)
    assert len({tuple(one) for one in rounds}) > 1


def test_domains_are_shuffled_apart_from_each_other():
    pairs = drawn(numbered(0, 50), numbered(0, 50))
    assert sum(a == b for a, b in pairs) < 10


def test_the_order_is_decided_by_seed_and_epoch_alone():
    a, b = numbered(0, 20), numbered(0, 20)
    assert drawn(a, b, seed=1, epoch=2) == drawn(a, b, seed=1, epoch=2)
    assert len({tuple(drawn(a, b, seed=s, epoch=e)) for s in (1, 2) for e in (0, 1)}) == 4


def test_an_epoch_resumed_in_its_middle_goes_on_with_the_same_batches():
    a, b = numbered(0, 20), numbered(0, 6)
    assert drawn(a, b, epoch=3, first_step=13) == drawn(a, b, epoch=3)[13:]


def equalised(images, **options):
    batches = pipeline.unpaired_epoch(images, images, **{"seed": 0, "epoch": 0, "equalised_by": 0.025, **options})
    return [np.stack([a.numpy(), b.numpy()]) for a, b in batches]


def test_equalisers_differ_by_domain_step_epoch_and_seed_and_an_epoch_resumed_meets_the_same():
    images = np.zeros((4, 16, 2, 1), np.float32)
    whole = np.stack(equalised(images))
    assert len(np.unique(whole[:, :, 0, 0, 0, 0])) == 8
    np.testing.assert_array_equal(whole, equalised(images))
    np.testing.assert_array_equal(whole[3:], equalised(images, first_step=3))
    for other in ({"epoch": 1}, {"seed": 1}):
        assert not np.isin(whole, equalised(images, **other)).any()


def test_batches_have_a_known_size_and_an_incomplete_one_is_left_out():
    batches = pipeline.unpaired_epoch(numbered(0, 7), numbered(0, 9), seed=0, epoch=0, batch_size=3)
    assert [a.shape[0] for a, _ in batches] == [3, 3]
    assert batches.element_spec[0].shape[0] == 3


def test_a_batch_larger_than_domain_a_is_refused():
    with pytest.raises(InputError, match="--batch-size 8"):
        pipeline.steps_per_epoch(7, 8)


def test_the_data_key_follows_content_not_names_or_order(clips, tmp_path):
    key = pipeline.data_key(clips, CONFIG)
    assert pipeline.data_key(clips[::-1], CONFIG) == key
    shutil.copy(clips[0], tmp_path / "copy.wav")
    assert pipeline.data_key([tmp_path / "copy.wav", *clips[1:]], CONFIG) == key
    assert pipeline.data_key(clips[1:], CONFIG) != key
