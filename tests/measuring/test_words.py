"""Words still heard."""

import sys

import numpy as np
import pytest

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.corpora.demo import synthesise_clip
from cyclegan_keras.measuring.words import SENTENCES, Recognition, WordRecogniser
from cyclegan_keras.shared.errors import InputError


@pytest.fixture(scope="module")
def recogniser():
    return WordRecogniser()


def test_the_errors_are_those_of_what_was_understood(recogniser, monkeypatch):
    said = {"the door": 4 / 6, SENTENCES[1]: 0.0, "dogs are talking by the door": 1 / 6, "": 1.0}
    for words, wer in said.items():
        monkeypatch.setattr(recogniser, "recognise", lambda _, words=words: words)
        assert recogniser.score(np.zeros(10), 1) == Recognition(pytest.approx(wer), wer == 0.0)


def test_in_noise_no_sentence_is_understood(recogniser):
    noise = np.random.default_rng(0).normal(size=16_000).astype(np.float32)
    heard = recogniser.score(noise, 1)
    assert heard.wer > 0.5 and not heard.whole


def test_what_is_recognised_does_not_depend_on_the_clips_before(recogniser):
    spoken = synthesise_clip("calm", 1, 1, 1, actor=4)
    others = [synthesise_clip("fearful", 1, 2, 1, actor=1), np.random.default_rng(0).normal(size=16_000)]
    first = [recogniser.recognise(clip) for clip in (spoken, *others)]
    again = [recogniser.recognise(clip) for clip in (*others[::-1], spoken)]
    assert again == first[::-1] and first[0]


@pytest.mark.parametrize("package", ["pocketsphinx", "jiwer"])
def test_a_package_that_is_missing_is_named_with_what_brings_it(package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=f"{package}.*eval"):
        WordRecogniser()


@pytest.mark.real
def test_real_sentences_are_understood_in_any_order_and_at_any_level(recogniser, ravdess_dir):
    clips = [load_waveform(ravdess_dir / "Actor_15" / f"03-01-02-01-0{n}-01-15.flac", 16_000) for n in (1, 2)]
    first = [recogniser.recognise(clip) for clip in clips]
    assert first == ["kids are talking by the door", "dogs a sitting by the door the"], "as the reference script hears"
    assert [recogniser.recognise(0.1 * clip) for clip in reversed(clips)] == first[::-1]
