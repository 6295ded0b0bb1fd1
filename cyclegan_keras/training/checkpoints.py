"""Checkpoints: the newest two are kept, and a damaged one is passed over for the one before."""

import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf

from cyclegan_keras.shared.errors import RunError
from cyclegan_keras.shared.run_directory import RunDirectory
from cyclegan_keras.training.logs import writing
from cyclegan_keras.training.state import TrainState

CHECKPOINT_SECONDS = 600
"""The longest training that is lost when the machine dies, by default. An epoch's end is saved as well."""

CHECKPOINTS_KEPT = 2
"""The newest, and the one before to fall back to."""

# What TensorFlow raises for a checkpoint that was cut short or altered; its bindings add Python's own.
UNREADABLE = (tf.errors.OpError, AssertionError, ValueError, IndexError, RuntimeError)

# What it raises where a checkpoint may be whole: memory or open files ran out, or the file may not be read.
NOT_DAMAGE = (tf.errors.ResourceExhaustedError, tf.errors.PermissionDeniedError)


class CheckpointKeeper:
    """Saves a training's state on request, and restores the newest undamaged checkpoint."""

    def __init__(self, state: TrainState, run: RunDirectory, seconds: float = CHECKPOINT_SECONDS):
        self.state = state
        self.folder = run.checkpoints
        self.checkpoint = state.checkpoint()
        self.seconds = seconds
        self.saved_at = time.monotonic()
        self.damaged: list[Path] = []

    def is_due(self) -> bool:
        """Whether the last checkpoint is older than it may be."""
        return time.monotonic() - self.saved_at >= self.seconds

    def save(self) -> None:
        """Write a checkpoint named after the step; then delete all but the newest whole ones."""
        prefix = self.folder / f"ckpt-{int(self.state.step.numpy())}"
        with writing(self.folder):
            try:
                self.checkpoint.write(str(prefix))
            finally:
                self._remove_unfinished()
            self._remove(path for path in self.damaged if path != prefix)
            self.damaged = []
            self._remove(_prefixes(self.folder)[CHECKPOINTS_KEPT:])
        self.saved_at = time.monotonic()

    def restore_newest(self) -> bool:
        """Restore the newest whole checkpoint, if there is one; clear what a kill left.

        Returns
        -------
        restored : bool
            False if the run has none. Those that could not be read are then in ``damaged``.

        Raises
        ------
        RunError
            The run has checkpoints, and none can be read.
        """
        self._remove_unfinished()
        for prefix in _prefixes(self.folder):
            try:
                self.checkpoint.read(str(prefix)).assert_existing_objects_matched().expect_partial()
            except NOT_DAMAGE as error:
                reason = " ".join(str(error).split())[:160]
                raise RunError(f"{prefix}: cannot be read ({reason}); change that and run the same command") from None
            except UNREADABLE:
                self.damaged.append(prefix)
                continue
            if not self.damaged:
                self._remove(_prefixes(self.folder)[CHECKPOINTS_KEPT:])
            return True
        if self.damaged:
            raise RunError(
                f"{self.folder}: no checkpoint can be read ({len(self.damaged)} damaged or of another version); "
                "delete this folder to train from the beginning"
            )
        return False

    def _remove(self, prefixes: Iterable[Path]) -> None:
        for prefix in prefixes:
            # The index first: without it, what is left is no checkpoint.
            for file in sorted(self.folder.glob(f"{prefix.name}.*"), reverse=True):
                file.unlink()

    def _remove_unfinished(self) -> None:
        # TensorFlow writes a checkpoint into a folder beside and moves it, the index last.
        for folder in self.folder.glob("ckpt-*_temp"):
            shutil.rmtree(folder, ignore_errors=True)
        whole = {path.name for path in _prefixes(self.folder)}
        for file in self.folder.glob("ckpt-*.data-*"):
            if file.name.partition(".")[0] not in whole:
                file.unlink()


def _prefixes(folder: Path) -> list[Path]:
    """Checkpoints in a folder, the newest first."""
    names = (re.fullmatch(r"ckpt-(\d+)\.index", file.name) for file in folder.glob("ckpt-*.index"))
    steps = sorted((int(name.group(1)) for name in names if name), reverse=True)
    return [folder / f"ckpt-{step}" for step in steps]
