"""More than one device: TensorFlow's strategies, and what the replicas of a step exchange.

A step runs on every replica with its share of the batch. The replicas exchange fakes, gradients and losses and
nothing else, and so take together the very step that one device takes with the whole batch; what a step changes
is the same on all of them. Outside a strategy there is one replica, and every function gives back what it is given.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tensorflow as tf

from cyclegan_keras.shared.errors import InputError, RunError
from cyclegan_keras.shared.run_directory import RunDirectory

# What TensorFlow's collective operations raise when a process at the other end of them is gone.
LOST = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError, tf.errors.InternalError)


def build_strategy(name: str) -> tf.distribute.Strategy:
    """Build the strategy of one of ``config.STRATEGIES``; must come before TensorFlow's first computation.

    ``one`` is TensorFlow's default, ``mirrored`` takes all visible devices of this machine, ``multiworker`` those of
    the machines in ``TF_CONFIG``, for which it waits.

    Raises
    ------
    InputError
        ``TF_CONFIG`` is missing or names no place in a cluster.
    """
    if name == "one":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        return tf.distribute.MirroredStrategy()
    try:
        cluster = json.loads(os.environ.get("TF_CONFIG", ""))
        task = cluster["task"]
        cluster["cluster"][task["type"]][int(task["index"])]
    except (ValueError, KeyError, TypeError, IndexError):
        raise InputError(
            "--strategy multiworker: TF_CONFIG must hold this machine's place in the cluster, such as "
            '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'
        ) from None
    return tf.distribute.MultiWorkerMirroredStrategy()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one that writes: always, but for all workers except the first of several."""
    return strategy.extended.should_checkpoint


@contextmanager
def own_directory(chief: bool, run: RunDirectory) -> Iterator[RunDirectory]:
    """Give the chief its run directory, and any other worker a copy of what it resumes from, which is thrown away."""
    if chief:
        yield run
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = RunDirectory(Path(folder) / "run")
        if run.config_file.exists():
            shutil.copytree(run.path, copy.path, ignore=shutil.ignore_patterns("weights", "samples", "logs", ".*"))
        yield copy


def count() -> int:
    """How many replicas a step runs on."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def agree_on(number: int) -> bool:
    """Whether all processes give the same whole number here."""
    if count() == 1:
        return True
    strategy = tf.distribute.get_strategy()

    @tf.function(autograph=False)
    def mean_of_all() -> tf.Tensor:
        return strategy.run(lambda: mean(tf.constant(number, tf.float64)))

    return float(strategy.experimental_local_results(mean_of_all())[0]) == number


@contextmanager
def lost_workers_told() -> Iterator[None]:
    """Turn the error of a ``with`` block in which another process was lost into a ``RunError`` that says what to do."""
    try:
        yield
    except LOST as error:
        if count() == 1:
            raise
        raise RunError(
            "another worker is gone, and with it the step under way; start all of them again with the same commands: "
            "they resume from the last checkpoint"
        ) from error


def own_share(batch: tf.Tensor) -> tf.Tensor:
    """Take this replica's share of a batch, whose size must be known."""
    if count() == 1:
        return batch
    share = batch.shape[0] // count()
    first = tf.distribute.get_replica_context().replica_id_in_sync_group * share
    # The size is said outright, so that it stays known: of one image there is a faster norm.
    return tf.slice(batch, [first, *[0] * (len(batch.shape) - 1)], [share, *batch.shape[1:]])


def whole_batch(share: tf.Tensor) -> tf.Tensor:
    """Put the shares of all replicas together again, in their order."""
    if count() == 1:
        return share
    batch = tf.distribute.get_replica_context().all_gather(share, axis=0)
    return tf.ensure_shape(batch, [count() * share.shape[0], *share.shape[1:]])


def mean(tensors: Any) -> Any:
    """Average tensors, in any nest, over the replicas: means over shares become means over the batch."""
    if count() == 1:
        return tensors
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, tensors)
