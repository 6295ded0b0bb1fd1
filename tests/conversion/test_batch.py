"""Several recordings are converted at once, and the process that reads and writes sound may be lost."""

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import pytest

from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion import batch
from cyclegan_keras.conversion.jobs import Job
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.shared.errors import RunError
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
