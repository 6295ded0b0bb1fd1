"""Recordings are converted one after another, from file to file."""

import numpy as np
import pytest
import soundfile

from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion import batch
from cyclegan_keras.conversion.jobs import Job
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.prosody.move import Prosody
from cyclegan_keras.shared.errors import InputError

CONFIG, NOTHING = SpectrogramConfig(), ConversionSettings("source", network=False)


class Told:
    """Keeps what a batch says of its clips."""

    def __init__(self):
        self.errors, self.files = [], []

    def not_read(self, job, error):
        self.errors.append(str(error))

    def written(self, job, paths, summary):
        self.files += paths


@pytest.fixture
def jobs(tmp_path):
    """A clip, a file that is none, and another clip."""
    for name in ("a", "c"):
        soundfile.write(tmp_path / f"{name}.wav", np.random.default_rng(0).normal(0, 0.1, 4_000), 16_000)
    (tmp_path / "b.wav").write_text("no sound")
    return [Job(tmp_path / f"{name}.wav", tmp_path / "out" / f"{name}.wav") for name in "abc"]


def convert(jobs, settings, load=lambda: pytest.fail("no network is asked for")):
    told = Told()
    batch.convert_batch(jobs, load, CONFIG, settings, batch.Output(), told)
    return told


def test_a_clip_that_cannot_be_read_is_named_and_the_others_are_converted(jobs):
    told = convert(jobs, NOTHING)
    assert told.files == [jobs[0].output, jobs[2].output] and all(file.exists() for file in told.files)
    assert len(told.errors) == 1 and "b.wav" in told.errors[0]


def test_a_clip_that_cannot_be_read_first_does_not_keep_others_from_the_network(jobs, generator):
    loaded = []
    by_griffin_lim = ConversionSettings("griffin-lim")
    told = convert([jobs[1], jobs[0], jobs[2]], by_griffin_lim, lambda: loaded.append(1) or generator)
    assert len(loaded) == 1 and len(told.files) == 2


def test_damaged_weights_end_the_batch(jobs):
    def load():
        raise InputError("weights: damaged")

    with pytest.raises(InputError, match="weights: damaged"):
        convert(jobs, ConversionSettings("griffin-lim"), load)


def test_a_clip_that_becomes_too_short_is_named_and_not_written(jobs):
    told = convert(jobs[:1], ConversionSettings("source", move_after=Prosody(tempo=0.1), network=False))
    assert "a.wav: once moved, shorter than" in told.errors[0] and not jobs[0].output.exists()
