"""Several recordings are converted at once, and the process that reads and writes sound may be lost."""

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest
import soundfile

from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion import batch
from cyclegan_keras.conversion.jobs import Job
from cyclegan_keras.conversion.recording import read_recording
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.prosody.move import Prosody
from cyclegan_keras.shared.errors import InputError, RunError
from tests.sounds import SHORT_CLIP


class Killed:
    """An executor whose process was killed."""

    def __init__(self, *_, **__):
        pass

    def submit(self, *_):
        future = Future()
        future.set_exception(BrokenProcessPool("a child process terminated abruptly"))
        return future

    def shutdown(self, **_):
        pass


def test_a_killed_sound_process_is_a_failure_in_one_line_and_leaves_no_half_file(demo_clips, tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "ProcessPoolExecutor", Killed)
    job = Job(demo_clips / SHORT_CLIP, tmp_path / "out.wav")
    settings = ConversionSettings("griffin-lim")
    with pytest.raises(RunError, match="reads and writes sound was killed") as error:
        batch.convert_batch([job], lambda: None, SpectrogramConfig(), settings, batch.Output(), None)
    assert "\n" not in str(error.value) and not list(tmp_path.iterdir())


def test_a_clip_that_becomes_too_short_is_named(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.random.default_rng(0).normal(0, 0.1, 3_200), 16_000)
    config, settings = SpectrogramConfig(), ConversionSettings("source", move_after=Prosody(tempo=0.1))
    recording = read_recording(tmp_path / "a.wav", config)
    with pytest.raises(InputError, match="a.wav: once moved, shorter than"):
        job = Job(tmp_path / "a.wav", tmp_path / "out.wav")
        batch.write(job, recording, recording.spectrogram, config, settings, batch.Output())
    assert not (tmp_path / "out.wav").exists()
