"""What a training reads: images by emotion, and samples that it never sees."""

from types import SimpleNamespace

import pytest
import soundfile

from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.split import Split
from cyclegan_keras.prosody.move import UNMOVED
from cyclegan_keras.training.inputs import load_samples

CONFIG = SimpleNamespace(spectrogram=SpectrogramConfig())


@pytest.fixture
def clips(tmp_path, tone):
    """A clip of each of three speakers, who name their files alike."""
    found = []
    for speaker in ("../ann", "ben", "cem"):
        path = tmp_path / speaker.strip("./") / "001.wav"
        path.parent.mkdir()
        soundfile.write(path, tone, 16_000)
        found.append(Clip(path, speaker, "calm", corpus="mine"))
    return found


def names(split, emotion="calm"):
    return [sample.name for sample in load_samples(split, CONFIG, emotion, UNMOVED)]


def test_samples_are_a_clip_held_back_and_one_of_an_unseen_speaker_under_names_of_their_own(clips):
    assert names(Split((clips[1],), (clips[0],), (clips[2],))) == ["1_001", "2_001"]


def test_where_training_sees_every_clip_samples_are_two_of_those(clips):
    assert names(Split(tuple(clips), (), ())) == ["1_001", "2_001"]
    assert names(Split(tuple(clips), (), ()), "anger") == []
