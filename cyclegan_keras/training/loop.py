"""The training loop: epochs of steps, with checkpoints, snapshots and logs in a run directory."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import tensorflow as tf

from cyclegan_keras.config import RunConfig
from cyclegan_keras.shared.errors import InputError, RunError
from cyclegan_keras.shared.files import remove_unfinished
from cyclegan_keras.shared.run_directory import RunDirectory
from cyclegan_keras.shared.stored import differences
from cyclegan_keras.training import replicas
from cyclegan_keras.training.checkpoints import CHECKPOINT_SECONDS, CheckpointKeeper
from cyclegan_keras.training.divergence import DivergenceGuard, trained_values
from cyclegan_keras.training.logs import RunLogs
from cyclegan_keras.training.pipeline import steps_per_epoch, unpaired_epoch
from cyclegan_keras.training.snapshots import Sample, write_snapshot
from cyclegan_keras.training.step import build_training

MAY_DIFFER = {"epochs", "snapshot_every", "data", "corpus", "phase", "strength", "strength_back"}
"""Fields of a run's configuration that may change between one command and the next on the same directory."""


@dataclass(frozen=True)
class Domain:
    """The training images of one emotion, and their names for messages.

    ``images`` has the shape (n, height, width, channels), float32, in [-1, 1].
    """

    images: np.ndarray
    names: Sequence[str]


class Observer(Protocol):
    """Callbacks of a training."""

    def resumed(self, step: int, damaged: Sequence[str]) -> None:
        """Training goes on after ``step``; the checkpoints ``damaged`` could not be read."""

    def rows_lost(self, file: str, rows: int) -> None:
        """So many rows of ``train.csv`` were damaged or missing, and are left out."""

    def epoch_begins(self, epoch: int, first_step: int, steps: int) -> None:
        """Epoch ``epoch`` (from 1) begins: it has ``steps`` steps, of which ``first_step`` were taken before."""

    def step_done(self, losses: dict[str, float]) -> None:
        """One more step was taken."""

    def stop_requested(self) -> bool:
        """Whether to save and stop now."""


def output_start(images: np.ndarray) -> tuple[float, float]:
    """Scale and offset from which the generators' output norm reproduces the images' distribution.

    Parameters
    ----------
    images : np.ndarray
        Training images in [-1, 1].

    Returns
    -------
    scale, offset : float
        Standard deviation and mean of arctanh of the images, clipped to +-0.99.
    """
    before_tanh = np.arctanh(np.clip(images, -0.99, 0.99))
    return float(before_tanh.std()), float(before_tanh.mean())


def open_run(run: RunDirectory, config: RunConfig) -> None:
    """Begin a run directory, or check that an existing one is of the same configuration.

    The fields ``MAY_DIFFER`` may differ. What a killed training left unfinished is deleted.

    Raises
    ------
    InputError
        The directory holds a run of another configuration, and what differs is named; or it holds networks, and the
        configuration has none.
    """
    before = None
    if run.config_file.exists():
        before = type(config).load(run.config_file)
        differing = [name for name in differences(before, config) if name not in MAY_DIFFER]
        differing = ["training clips" if name == "data_key" else name for name in differing]
        if differing:
            raise InputError(
                f"{run.path}: holds a run of another configuration ({', '.join(differing)} differ); "
                "give another --run-dir (RUN=), or the options and clips it was begun with"
            )
    if config.train.epochs == 0 and run.epochs():
        raise InputError(f"{run.path}: holds trained networks; give another --run-dir (RUN=) for --epochs 0")
    if before:  # a folder named by mistake may hold other runs
        remove_unfinished(run.path)
    if config != before:
        config.save(run.config_file)


def train(
    config: RunConfig,
    run: RunDirectory,
    domain_a: Domain,
    domain_b: Domain,
    samples: dict[str, Sequence[Sample]],
    last_step: int,
    observer: Observer,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> bool:
    """Train until ``last_step``, from the newest checkpoint of the run if there is one.

    Parameters
    ----------
    config : RunConfig
        Or another configuration with ``image_shape``, ``model`` and ``train``.
    run : RunDirectory
        Opened with ``open_run``.
    domain_a, domain_b : Domain
    samples : dict
        By direction (``run_directory.DIRECTIONS``), the clips to convert at every snapshot.
    last_step : int
        Counted from the run's beginning.
    observer : Observer
    checkpoint_seconds : float
        After so long without a checkpoint, one is written at the next step's end.

    Returns
    -------
    finished : bool
        False if the observer asked to stop before ``last_step``.

    Raises
    ------
    RunError
        A loss or weight is no longer finite (nothing was saved since), no checkpoint can be read, or none can
        be written. One of several workers is lost, or does not resume from where the others do.
    """
    start = (1.0, 0.0)
    if config.model.output_init == "data":
        start = output_start(np.concatenate([domain_a.images, domain_b.images]))
    state, take_step = build_training(config.image_shape, config.model, config.train, start)
    keeper = CheckpointKeeper(state, run, checkpoint_seconds)
    if keeper.restore_newest():
        observer.resumed(int(state.step.numpy()), [str(path) for path in keeper.damaged])
    step = int(state.step.numpy())
    if not replicas.agree_on(step):
        raise RunError(f"{run.path}: the workers resume from different steps; give all of them one shared folder")

    epoch_steps = steps_per_epoch(len(domain_a.images), config.train.batch_size)
    with tf.device("CPU"):  # once: an epoch's data set that is made of arrays holds a copy of them
        images = [tf.constant(domain.images) for domain in (domain_a, domain_b)]
    guard = DivergenceGuard(config.train, run, (domain_a.names, domain_b.names), epoch_steps)
    with replicas.lost_workers_told(), RunLogs(run, step) as logs:
        if logs.rows_lost:
            observer.rows_lost(str(run.losses_file), logs.rows_lost)
        if step >= last_step and not run.epochs():  # stopped before the first snapshot, and now asked for its weights
            write_snapshot(state, config, run, -(-step // epoch_steps), samples, logs)
        while step < last_step:
            epoch, first_step = divmod(step, epoch_steps)
            observer.epoch_begins(epoch + 1, first_step, min(epoch_steps, last_step - epoch * epoch_steps))
            batches = unpaired_epoch(
                *images, seed=config.train.seed, epoch=epoch,
                batch_size=config.train.batch_size, first_step=first_step,
            )  # fmt: skip
            for a, b in batches.take(last_step - step):
                began = time.perf_counter()
                losses = {name: float(loss) for name, loss in take_step(a, b).items()}
                step += 1
                guard.check(losses.items(), step)
                logs.write_losses(step, epoch + 1, time.perf_counter() - began, losses)
                observer.step_done(losses)
                if step == last_step or step % epoch_steps == 0:
                    break  # the snapshot comes first: a checkpoint from before it would do without it
                if observer.stop_requested() or keeper.is_due():
                    guard.check(trained_values(state), step)
                    keeper.save()
                    if observer.stop_requested():
                        return False
            # The losses were computed before the update, which can have gone wrong itself.
            guard.check(trained_values(state), step)
            if step == last_step or (epoch + 1) % config.train.snapshot_every == 0:
                write_snapshot(state, config, run, epoch + 1, samples, logs)
            keeper.save()
            if observer.stop_requested() and step < last_step:
                return False
    return True
