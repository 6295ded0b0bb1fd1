"""What a training writes as it goes: ``train.csv``, a row a step, and TensorBoard's scalars, images and audio."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tensorflow as tf

from cyclegan_keras.shared.errors import RunError
from cyclegan_keras.shared.files import written_beside
from cyclegan_keras.shared.run_directory import RunDirectory

CHECK = "crc32"
"""The checksum column of ``train.csv``."""

SCALARS_EVERY = 10
"""Steps from one scalar to the next in TensorBoard, which shows 1,000 of a curve; writing all cost 1.3 ms a step."""


class RunLogs:
    """A run's ``train.csv`` and TensorBoard logs, continued after step ``step``.

    ``rows_lost`` counts the rows until then that were damaged or missing. Its methods raise ``RunError``
    where a file cannot be written.
    """

    def __init__(self, run: RunDirectory, step: int):
        self.file, self.folder = run.losses_file, run.logs
        with writing(self.folder):
            self.summaries = tf.summary.create_file_writer(str(self.folder))
        self.step = step
        self.kept = _rows_until(step, self.file)
        self.rows_lost = step - len(self.kept)
        self.rows = None

    def __enter__(self) -> "RunLogs":
        return self

    def __exit__(self, kind: object, *_) -> None:
        try:
            with writing(self.folder):
                if self.rows:
                    self.rows.close()
                self.summaries.close()
        except RunError:
            if kind is None:  # else what ended the training is the news
                raise

    def write_losses(self, step: int, epoch: int, seconds: float, losses: dict[str, float]) -> None:
        """Write one step's losses to ``train.csv``, and every tenth step's to TensorBoard."""
        self.step = step
        row = {"step": step, "epoch": epoch, "seconds": f"{seconds:.3f}"}
        row.update({name: f"{loss:.6g}" for name, loss in losses.items()})
        if not self.rows:
            self._begin_rows(",".join(row))
        text = ",".join(map(str, row.values()))
        with writing(self.file):
            self.rows.write(f"{text},{_check(text)}\n")
            self.rows.flush()
        if (step - 1) % SCALARS_EVERY:
            return
        with writing(self.folder), self.summaries.as_default(step):
            for name, loss in losses.items():
                tf.summary.scalar(name, loss)

    def write_picture(self, name: str, pixels: np.ndarray) -> None:
        """Show an RGBA picture in TensorBoard."""
        with writing(self.folder), self.summaries.as_default(self.step):
            tf.summary.image(name, pixels[np.newaxis])

    def write_audio(self, name: str, waveform: np.ndarray, sample_rate: int) -> None:
        """Play a waveform in TensorBoard."""
        with writing(self.folder), self.summaries.as_default(self.step):
            tf.summary.audio(name, waveform[np.newaxis, :, np.newaxis], sample_rate)

    def _begin_rows(self, names: str) -> None:
        # Steps taken after the checkpoint that training resumes from are taken again: their rows go.
        with written_beside(self.file) as beside:
            lines = (f"{names},{CHECK}", *self.kept)
            beside.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        self.rows = self.file.open("a", encoding="utf-8")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an error in writing to ``path`` into a ``RunError`` that says what to do."""
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        reason = " ".join(str(error).split())[:160]
        raise RunError(
            f"{path}: not written ({reason}); make room, then run the same command to resume from the last checkpoint"
        ) from error


def _check(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"


def _rows_until(step: int, file: Path) -> list[str]:
    """Read the undamaged rows of steps 1 to ``step`` of a ``train.csv``."""
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()[1:]
    whole = [line for line in lines if line.endswith(f",{_check(line.rpartition(',')[0])}")]
    by_step = {int(line.partition(",")[0]): line for line in whole if line.partition(",")[0].isdecimal()}
    return [by_step[number] for number in sorted(by_step) if 1 <= number <= step]
