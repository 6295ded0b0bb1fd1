"""What takes long is measured once."""

import numpy as np
import pytest

from cyclegan_keras.measuring import cache, rows


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CYCLEGAN_KERAS_CACHE", str(tmp_path))
    return tmp_path


def test_numbers_are_learned_once_for_a_content_and_a_code(folder):
    told, learned = [], []

    def learn():
        learned.append(1)
        return {"n": np.arange(3.0)}

    for content, code in (("a", (rows,)), ("a", (rows,)), ("b", (rows,)), ("a", (rows, cache))):
        numbers = cache.cached("some", content, code, learn, told.append, "learning")
        np.testing.assert_array_equal(numbers["n"], [0.0, 1.0, 2.0])
    assert len(learned) == 3 and told == ["learning"] * 3


def test_a_damaged_file_is_told_of_and_made_again(folder):
    cache.cached("some", "a", (), lambda: {"n": np.zeros(1)})
    (file,) = folder.rglob("some-*.npz")
    file.write_bytes(b"no archive")
    told = []
    assert cache.cached("some", "a", (), lambda: {"n": np.ones(1)}, told.append)["n"] == 1.0
    assert len(told) == 1 and "damaged" in told[0]


def test_waveforms_are_told_apart_by_their_samples():
    one = np.arange(10.0)
    assert cache.fingerprint(one) == cache.fingerprint(one.astype(np.float32)) != cache.fingerprint(one + 1)
