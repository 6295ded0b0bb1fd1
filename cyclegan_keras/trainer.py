"""The training loop: checkpoints, resume, samples and logs in a run directory."""

import csv
import math
import time
from dataclasses import dataclass
from typing import Dict, List, Protocol, Sequence, Tuple

import numpy as np
import tensorflow as tf

from cyclegan_keras import audio, plots
from cyclegan_keras.config import RunConfig
from cyclegan_keras.cyclegan import TrainState, averaged, build_state, compile_train_step
from cyclegan_keras.errors import InputError, RunError
from cyclegan_keras.files import written_beside
from cyclegan_keras.models import save_weights
from cyclegan_keras.pipeline import steps_per_epoch, unpaired_epoch
from cyclegan_keras.run_directory import DIRECTIONS, RunDirectory

CHECKPOINT_SECONDS = 600
"""At most this much training is lost when the machine dies; an epoch's end is saved as well."""

CHECKPOINTS_KEPT = 2
"""The newest, and the one before to fall back to."""


# What TensorFlow raises for a checkpoint that was cut short or altered; its bindings add Python's own.
UNREADABLE = (tf.errors.OpError, AssertionError, ValueError, IndexError, RuntimeError)


@dataclass(frozen=True)
class Sample:
    """A clip that is converted at every snapshot, the same one throughout a run."""

    name: str
    image: np.ndarray
    reference: float


class Observer(Protocol):
    """What a training tells whoever started it, and asks."""

    def resumed(self, step: int, damaged: Sequence[str]) -> None:
        """Training goes on after ``step``; the checkpoints ``damaged`` could not be read."""

    def epoch_begins(self, epoch: int, first_step: int, steps: int) -> None:
        """Epoch ``epoch`` (from 1) begins: ``steps`` steps of it are to be taken, ``first_step`` were before."""

    def step_done(self, losses: Dict[str, float]) -> None:
        """One more step was taken."""

    def stop_requested(self) -> bool:
        """Whether to save and stop now."""


def output_start(images: np.ndarray) -> Tuple[float, float]:
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

    Epochs and the data's folder may differ: a run can be made longer, and recordings can move.

    Raises
    ------
    InputError
        The directory holds a run of another configuration; names what differs.
    """
    if run.config_file.exists():
        before = RunConfig.load(run.config_file)
        differing = [name for name, old, new in _differences(before, config) if name not in ("epochs", "data")]
        if differing:
            raise InputError(
                f"{run.path}: holds a run of another configuration ({', '.join(differing)} differ); "
                "give another --run-dir (RUN=), or the options it was begun with"
            )
    config.save(run.config_file)


def train(
    config: RunConfig,
    run: RunDirectory,
    images_a: np.ndarray,
    images_b: np.ndarray,
    samples: Dict[str, Sequence[Sample]],
    last_step: int,
    observer: Observer,
) -> bool:
    """Train until ``last_step``, from the newest checkpoint of the run if there is one.

    Parameters
    ----------
    config : RunConfig
    run : RunDirectory
        Opened with ``open_run``.
    images_a, images_b : np.ndarray [shape=(n, image_size, image_size, 1), dtype=float32]
        The training images of the domains.
    samples : dict
        By direction (``run_directory.DIRECTIONS``), the clips to convert at every snapshot.
    last_step : int
        Counted from the run's beginning.
    observer : Observer

    Returns
    -------
    finished : bool
        False if the observer asked to stop before ``last_step``.

    Raises
    ------
    RunError
        A loss is no longer finite, no checkpoint can be read, or none can be written.
    """
    start = (1.0, 0.0)
    if config.model.output_init == "data":
        start = output_start(np.concatenate([images_a, images_b]))
    state = build_state(config.spectrogram.image_shape, config.model, config.train, start)
    keeper = CheckpointKeeper(state, run)
    keeper.restore_newest(observer)
    take_step = compile_train_step(state, config.train)
    epoch_steps = steps_per_epoch(len(images_a), config.train.batch_size)
    step = int(state.step)
    with RunLogs(run, step) as logs:
        while step < last_step:
            epoch, first_step = divmod(step, epoch_steps)
            observer.epoch_begins(epoch + 1, first_step, min(epoch_steps, last_step - epoch * epoch_steps))
            batches = unpaired_epoch(
                images_a, images_b, seed=config.train.seed, epoch=epoch,
                batch_size=config.train.batch_size, first_step=first_step,
            )  # fmt: skip
            for a, b in batches.take(last_step - step):
                began = time.perf_counter()
                losses = {name: float(loss) for name, loss in take_step(a, b).items()}
                step += 1
                _require_finite(losses, step, run)
                logs.write_losses(step, epoch + 1, time.perf_counter() - began, losses)
                observer.step_done(losses)
                if observer.stop_requested() and step < last_step:
                    keeper.save()
                    return False
                keeper.save_if_due()
            if step == last_step or (epoch + 1) % config.train.snapshot_every == 0:
                if state.averages:  # as trained, to compare with
                    for direction, generator in zip(DIRECTIONS, (state.g, state.f)):
                        save_weights(run.weights_file(epoch + 1, f"{direction}_raw"), generator)
                with averaged(state):
                    write_snapshot(state, config, run, epoch + 1, samples, logs)
            keeper.save()
    return True


def write_snapshot(
    state: TrainState,
    config: RunConfig,
    run: RunDirectory,
    epoch: int,
    samples: Dict[str, Sequence[Sample]],
    logs: "RunLogs",
) -> None:
    """Write both generators' weights of an epoch, and the sample clips as they convert them."""
    emotions = config.pair.split("_")
    for direction, generator, (source, target) in zip(DIRECTIONS, (state.g, state.f), (emotions, reversed(emotions))):
        save_weights(run.weights_file(epoch, direction), generator)
        converted = [generator(sample.image[np.newaxis]).numpy()[0] for sample in samples[direction]]
        figure = plots.spectrogram_grid(
            [
                [audio.image_to_spectrogram(image, config.spectrogram) for image in (sample.image, fake)]
                for sample, fake in zip(samples[direction], converted)
            ],
            [source, f"{target}, epoch {epoch}"],
            [sample.name for sample in samples[direction]],
            config.spectrogram,
        )
        plots.save_figure(figure, run.samples(epoch) / f"{direction}.png")
        logs.write_picture(direction, plots.figure_pixels(figure))
        for sample, fake in zip(samples[direction], converted):
            waveform = audio.image_to_waveform(fake, sample.reference, config.spectrogram)
            original = audio.image_to_waveform(sample.image, sample.reference, config.spectrogram)
            waveform = audio.match_level(waveform, original)
            audio.save_waveform(
                run.samples(epoch) / f"{sample.name}_{target}.wav", waveform, config.spectrogram.sample_rate
            )
            logs.write_audio(f"{direction}/{sample.name}", waveform, config.spectrogram.sample_rate)


class CheckpointKeeper:
    """Saves a training's state every ten minutes and on demand, and restores the newest that is whole."""

    def __init__(self, state: TrainState, run: RunDirectory):
        self.state = state
        self.folder = run.checkpoints
        self.checkpoint = state.checkpoint()
        self.manager = tf.train.CheckpointManager(self.checkpoint, str(run.checkpoints), max_to_keep=CHECKPOINTS_KEPT)
        self.saved_at = time.monotonic()

    def save(self) -> None:
        """Write a checkpoint named after the step."""
        try:
            self.manager.save(checkpoint_number=int(self.state.step))
        except (tf.errors.OpError, OSError) as error:
            reason = " ".join(str(error).split())[:160]
            raise RunError(
                f"{self.folder}: checkpoint not written ({reason}); make room, then run the same command to "
                "resume from the last one"
            ) from error
        self.saved_at = time.monotonic()

    def save_if_due(self) -> None:
        """Write a checkpoint if the last one is ten minutes old."""
        if time.monotonic() - self.saved_at >= CHECKPOINT_SECONDS:
            self.save()

    def restore_newest(self, observer: Observer) -> None:
        """Restore the newest whole checkpoint, if the run has any, and tell the observer."""
        damaged: List[str] = []
        for prefix in self._prefixes():
            try:
                self.checkpoint.restore(prefix).assert_existing_objects_matched()
            except UNREADABLE:
                damaged.append(prefix)
                continue
            observer.resumed(int(self.state.step), damaged)
            return
        if damaged:
            raise RunError(
                f"{self.folder}: no checkpoint can be read ({len(damaged)} damaged); "
                "delete this folder to train from the beginning"
            )

    def _prefixes(self) -> List[str]:
        # The folder itself is asked, not TensorFlow's index file `checkpoint`, which can be damaged as well.
        by_step = {int(file.stem.rpartition("-")[2]): file for file in self.folder.glob("ckpt-*.index")}
        return [str(by_step[step].with_suffix("")) for step in sorted(by_step, reverse=True)]


class RunLogs:
    """A run's ``train.csv`` and TensorBoard logs, continued after step ``step``."""

    def __init__(self, run: RunDirectory, step: int):
        self.file = run.losses_file
        self.summaries = tf.summary.create_file_writer(str(run.logs))
        self.step = step
        self._drop_rows_after(step)
        self.rows = self.file.open("a", newline="", encoding="utf-8")

    def __enter__(self) -> "RunLogs":
        return self

    def __exit__(self, *_) -> None:
        self.rows.close()
        self.summaries.close()

    def write_losses(self, step: int, epoch: int, seconds: float, losses: Dict[str, float]) -> None:
        """Write one step's losses to both."""
        self.step = step
        row = {"step": step, "epoch": epoch, "seconds": f"{seconds:.3f}"}
        row.update({name: f"{loss:.6g}" for name, loss in losses.items()})
        if self.rows.tell() == 0:
            csv.writer(self.rows).writerow(row)
        csv.writer(self.rows).writerow(row.values())
        self.rows.flush()
        with self.summaries.as_default(step):
            for name, loss in losses.items():
                tf.summary.scalar(name, loss)

    def write_picture(self, name: str, pixels: np.ndarray) -> None:
        """Show an RGBA picture in TensorBoard."""
        with self.summaries.as_default(self.step):
            tf.summary.image(name, pixels[np.newaxis])

    def write_audio(self, name: str, waveform: np.ndarray, sample_rate: int) -> None:
        """Play a waveform in TensorBoard."""
        with self.summaries.as_default(self.step):
            tf.summary.audio(name, waveform[np.newaxis, :, np.newaxis], sample_rate)

    def _drop_rows_after(self, step: int) -> None:
        # Steps taken after the checkpoint that training resumes from are taken again.
        if not self.file.exists():
            self.file.parent.mkdir(parents=True, exist_ok=True)
            return
        with self.file.open(newline="", encoding="utf-8") as rows:
            header, *taken = list(csv.reader(rows)) or [[]]
        with written_beside(self.file) as beside, beside.open("w", newline="", encoding="utf-8") as rows:
            if step:
                csv.writer(rows).writerows([header] + [row for row in taken if _is_row_until(row, header, step)])


def _is_row_until(row: Sequence[str], header: Sequence[str], step: int) -> bool:
    return len(row) == len(header) and row[0].isdigit() and int(row[0]) <= step


def _require_finite(losses: Dict[str, float], step: int, run: RunDirectory) -> None:
    for name, loss in losses.items():
        if not math.isfinite(loss):
            raise RunError(
                f"{run.path}: {name} is {loss} at step {step}; training stopped, the last checkpoint is from before"
            )


def _differences(before: object, after: object) -> List[Tuple[str, object, object]]:
    differing = []
    for name, old in vars(before).items():
        new = getattr(after, name)
        if hasattr(old, "__dataclass_fields__"):
            differing += _differences(old, new)
        elif old != new:
            differing.append((name, old, new))
    return differing
