"""The training loop: checkpoints, resume, samples and logs in a run directory."""

import re
import shutil
import time
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Protocol, Sequence, Tuple

import numpy as np
import tensorflow as tf

from cyclegan_keras import audio, plots, replicas
from cyclegan_keras.config import StoredConfig, TrainConfig, split_pair
from cyclegan_keras.cyclegan import TrainState, averaged, build_state, compile_train_step
from cyclegan_keras.errors import InputError, RunError
from cyclegan_keras.files import remove_unfinished, written_beside
from cyclegan_keras.models import save_weights
from cyclegan_keras.pipeline import steps_per_epoch, unpaired_epoch, unpaired_indices
from cyclegan_keras.run_directory import DIRECTIONS, RunDirectory

CHECKPOINT_SECONDS = 600
"""At most this much training is lost when the machine dies, if not told otherwise; an epoch's end is saved as well."""

CHECKPOINTS_KEPT = 2
"""The newest, and the one before to fall back to."""

MAY_DIFFER = {"epochs", "data", "strength", "strength_back"}
"""Of a run's configuration, between one command and the next on the same directory."""

CHECK = "crc32"
"""Heads the column of ``train.csv`` that tells a damaged row."""


# What TensorFlow raises for a checkpoint that was cut short or altered; its bindings add Python's own.
UNREADABLE = (tf.errors.OpError, AssertionError, ValueError, IndexError, RuntimeError)

# What it raises where a checkpoint may be whole: memory or open files ran out, or the file may not be read.
NOT_DAMAGE = (tf.errors.ResourceExhaustedError, tf.errors.PermissionDeniedError)


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

    def rows_lost(self, file: Path, rows: int) -> None:
        """So many rows of ``train.csv`` were damaged or missing, and are left out."""

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


def open_run(run: RunDirectory, config: StoredConfig) -> None:
    """Begin a run directory, or check that an existing one is of the same configuration.

    Epochs and the data's folder may differ: a run can be made longer, and recordings can move; and strengths, which
    are about conversions. What a killed training left unfinished is deleted.

    Raises
    ------
    InputError
        The directory holds a run of another configuration; names what differs.
    """
    before = None
    if run.config_file.exists():
        before = type(config).load(run.config_file)
        differing = [name for name in _differences(before, config) if name not in MAY_DIFFER]
        if differing:
            raise InputError(
                f"{run.path}: holds a run of another configuration ({', '.join(differing)} differ); "
                "give another --run-dir (RUN=), or the options it was begun with"
            )
    remove_unfinished(run.path)
    if config != before:
        config.save(run.config_file)


def train(
    config: StoredConfig,
    run: RunDirectory,
    images_a: np.ndarray,
    images_b: np.ndarray,
    names: Tuple[Sequence[str], Sequence[str]],
    samples: Dict[str, Sequence[Sample]],
    last_step: int,
    observer: Observer,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> bool:
    """Train until ``last_step``, from the newest checkpoint of the run, else from what it is to begin with.

    Parameters
    ----------
    config : RunConfig or FaceRunConfig
    run : RunDirectory
        Opened with ``open_run``.
    images_a, images_b : np.ndarray [shape=(n, height, width, 1), dtype=float32]
        The training images of the domains; for ``resynthesis`` with a second channel, the phase.
    names : (sequence of str, sequence of str)
        Of the images, to say on which a training diverged.
    samples : dict
        By direction (``run_directory.DIRECTIONS``), the clips to convert at every snapshot; none for faces.
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
    InputError
        What to begin with is no checkpoint of networks as these.
    RunError
        A loss or weight is no longer finite (nothing was saved since), no checkpoint can be read, or none can
        be written. One of several workers is lost, or does not resume from where the others do.
    """
    start = (1.0, 0.0)
    if config.model.output_init == "data":
        start = output_start(np.concatenate([images_a, images_b])[..., :1])
    spectrogram = getattr(config, "spectrogram", None)
    state = build_state(config.image_shape, config.model, config.train, start, spectrogram)
    keeper = CheckpointKeeper(state, run, checkpoint_seconds)
    start_from = getattr(config, "start_from", "")  # faces begin with random weights
    if not keeper.restore_newest(observer) and start_from:
        begin_with(state, start_from)
    take_step = compile_train_step(state, config.train, spectrogram)
    epoch_steps = steps_per_epoch(len(images_a), config.train.batch_size)
    step = int(state.step.numpy())
    if not replicas.agree_on(step):
        raise RunError(f"{run.path}: the workers resume from different steps; give all of them one shared folder")

    def require_finite(values: Iterable[Tuple[str, np.ndarray]]) -> None:
        for name, array in values:
            wrong = np.extract(~np.isfinite(array), array)
            if wrong.size:
                batch = _batch_names(names, config.train, *divmod(step - 1, epoch_steps))
                raise _diverged(f"{name} is {wrong[0]} at step {step}, on {batch}", run)

    with replicas.lost_workers_told(), RunLogs(run, step) as logs:
        if logs.rows_lost:
            observer.rows_lost(run.losses_file, logs.rows_lost)
        while step < last_step:
            epoch, first_step = divmod(step, epoch_steps)
            observer.epoch_begins(epoch + 1, first_step, min(epoch_steps, last_step - epoch * epoch_steps))
            batches = unpaired_epoch(
                images_a, images_b, seed=config.train.seed, epoch=epoch,
                batch_size=config.train.batch_size, first_step=first_step,
                equalised_by=config.spectrogram.decibel if config.train.equalised else 0.0,
            )  # fmt: skip
            for a, b in batches.take(last_step - step):
                began = time.perf_counter()
                losses = {name: float(loss) for name, loss in take_step(a, b).items()}
                step += 1
                require_finite(losses.items())
                logs.write_losses(step, epoch + 1, time.perf_counter() - began, losses)
                observer.step_done(losses)
                if step == last_step or step % epoch_steps == 0:
                    break  # the snapshot comes first: a checkpoint from before it would do without it
                if observer.stop_requested() or keeper.is_due():
                    require_finite(_trained_values(state))
                    keeper.save()
                    if observer.stop_requested():
                        return False
            # The losses were computed before the update, which can have gone wrong itself.
            require_finite(_trained_values(state))
            if step == last_step or (epoch + 1) % config.train.snapshot_every == 0:
                write_snapshot(state, config, run, epoch + 1, samples, logs)
            keeper.save()
            if observer.stop_requested() and step < last_step:
                return False
    return True


def newest_checkpoint(run: RunDirectory) -> str:
    """Name the newest checkpoint of a run, as TensorFlow does: without the file's ending.

    Raises
    ------
    InputError
        There is none.
    """
    prefixes = _prefixes(run.checkpoints)
    if not prefixes:
        raise InputError(f"{run.path}: no checkpoint to start from; is this a run directory that `train` made?")
    return str(prefixes[0])


def begin_with(state: TrainState, prefix: str) -> None:
    """Begin with what another training learned: networks, their optimizers, averages; steps and pools are as of none.

    Raises
    ------
    InputError
        It is no checkpoint of networks as these.
    """
    try:
        state.beginning().read(prefix).assert_existing_objects_matched().expect_partial()
    except UNREADABLE:
        raise InputError(
            f"{prefix}: not a checkpoint of networks as these; "
            "give --start-from a run of the same image, filters, blocks and discriminators"
        ) from None


def _prefixes(folder: Path) -> List[Path]:
    """Checkpoints in a folder, the newest first."""
    names = (re.fullmatch(r"ckpt-(\d+)\.index", file.name) for file in folder.glob("ckpt-*.index"))
    steps = sorted((int(name.group(1)) for name in names if name), reverse=True)
    return [folder / f"ckpt-{step}" for step in steps]


def write_snapshot(
    state: TrainState,
    config: StoredConfig,
    run: RunDirectory,
    epoch: int,
    samples: Dict[str, Sequence[Sample]],
    logs: "RunLogs",
) -> None:
    """Write both generators' weights of an epoch, and the sample clips as they convert them.

    Where weights are averaged, the averages convert, and what they are averages of stands beside, as ``_raw``.
    """
    generators = dict(zip(DIRECTIONS, (state.g, state.f)))
    if state.averages:
        for direction, generator in generators.items():
            save_weights(run.weights_file(epoch, f"{direction}_raw"), generator)
    with averaged(state):
        for direction, generator in generators.items():
            save_weights(run.weights_file(epoch, direction), generator)
            if samples[direction]:  # faces make no sound
                _write_samples(generator, config, run, epoch, direction, samples[direction], logs)


def _write_samples(
    generator: tf.keras.Model,
    config: StoredConfig,
    run: RunDirectory,
    epoch: int,
    direction: str,
    samples: Sequence[Sample],
    logs: "RunLogs",
) -> None:
    analysis, folder = config.spectrogram, run.samples(epoch)
    source, target = split_pair(config.pair)[:: 1 if direction == DIRECTIONS[0] else -1]
    converted = [generator(sample.image[np.newaxis]).numpy()[0] for sample in samples]
    figure = plots.spectrogram_grid(
        [
            [audio.image_to_spectrogram(image, analysis) for image in (sample.image, fake)]
            for sample, fake in zip(samples, converted)
        ],
        [source, f"{target}, epoch {epoch}"],
        [sample.name for sample in samples],
        analysis,
    )
    plots.save_figure(figure, folder / f"{direction}.png")
    logs.write_picture(direction, plots.figure_pixels(figure))
    for sample, fake in zip(samples, converted):
        waveform = audio.image_to_waveform(fake, sample.reference, analysis)
        waveform = audio.match_level(waveform, audio.image_to_waveform(sample.image, sample.reference, analysis))
        audio.save_waveform(folder / f"{sample.name}_{target}.wav", waveform, analysis.sample_rate)
        logs.write_audio(f"{direction}/{sample.name}", waveform, analysis.sample_rate)


class CheckpointKeeper:
    """Saves a training's state when told, and restores the newest checkpoint that is whole."""

    def __init__(self, state: TrainState, run: RunDirectory, seconds: float = CHECKPOINT_SECONDS):
        self.state = state
        self.folder = run.checkpoints
        self.checkpoint = state.checkpoint()
        self.seconds = seconds
        self.saved_at = time.monotonic()
        self.damaged: List[Path] = []

    def is_due(self) -> bool:
        """Whether the last checkpoint is older than it may be."""
        return time.monotonic() - self.saved_at >= self.seconds

    def save(self) -> None:
        """Write a checkpoint named after the step; then delete all but the newest whole ones."""
        prefix = self.folder / f"ckpt-{int(self.state.step.numpy())}"
        with _writing(self.folder):
            try:
                self.checkpoint.write(str(prefix))
            finally:
                self._remove_unfinished()
            self._remove(path for path in self.damaged if path != prefix)
            self.damaged = []
            self._remove(_prefixes(self.folder)[CHECKPOINTS_KEPT:])
        self.saved_at = time.monotonic()

    def restore_newest(self, observer: Observer) -> bool:
        """Restore the newest whole checkpoint and tell the observer; clear what a kill left.

        Returns
        -------
        restored : bool
            False if the run has none.

        Raises
        ------
        RunError
            It has, and none can be read.
        """
        self._remove_unfinished()
        for prefix in _prefixes(self.folder):
            try:
                # A checkpoint of an earlier version counts its savings as well, which nobody needs.
                self.checkpoint.read(str(prefix)).assert_existing_objects_matched().expect_partial()
            except NOT_DAMAGE as error:
                reason = " ".join(str(error).split())[:160]
                raise RunError(f"{prefix}: cannot be read ({reason}); change that and run the same command") from None
            except UNREADABLE:
                self.damaged.append(prefix)
                continue
            observer.resumed(int(self.state.step.numpy()), [str(path) for path in self.damaged])
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


class RunLogs:
    """A run's ``train.csv`` and TensorBoard logs, continued after step ``step``.

    ``rows_lost`` counts the rows until then that were damaged or missing. Its methods raise ``RunError``
    where a file cannot be written.
    """

    def __init__(self, run: RunDirectory, step: int):
        self.file, self.folder = run.losses_file, run.logs
        with _writing(self.folder):
            self.summaries = tf.summary.create_file_writer(str(self.folder))
        self.step = step
        self.header, self.kept = _rows_until(step, self.file)
        self.rows_lost = step - len(self.kept)
        self.rows = None

    def __enter__(self) -> "RunLogs":
        return self

    def __exit__(self, kind: object, *_) -> None:
        try:
            with _writing(self.folder):
                if self.rows:
                    self.rows.close()
                self.summaries.close()
        except RunError:
            if kind is None:  # else what ended the training is the news
                raise

    def write_losses(self, step: int, epoch: int, seconds: float, losses: Dict[str, float]) -> None:
        """Write one step's losses to both."""
        self.step = step
        row = {"step": step, "epoch": epoch, "seconds": f"{seconds:.3f}"}
        row.update({name: f"{loss:.6g}" for name, loss in losses.items()})
        if not self.rows:
            self._begin_rows(",".join(row))
        text = ",".join(map(str, row.values()))
        with _writing(self.file):
            self.rows.write(f"{text},{_check(text)}\n" if self.header.endswith(f",{CHECK}") else f"{text}\n")
            self.rows.flush()
        with _writing(self.folder), self.summaries.as_default(step):
            for name, loss in losses.items():
                tf.summary.scalar(name, loss)

    def write_picture(self, name: str, pixels: np.ndarray) -> None:
        """Show an RGBA picture in TensorBoard."""
        with _writing(self.folder), self.summaries.as_default(self.step):
            tf.summary.image(name, pixels[np.newaxis])

    def write_audio(self, name: str, waveform: np.ndarray, sample_rate: int) -> None:
        """Play a waveform in TensorBoard."""
        with _writing(self.folder), self.summaries.as_default(self.step):
            tf.summary.audio(name, waveform[np.newaxis, :, np.newaxis], sample_rate)

    def _begin_rows(self, names: str) -> None:
        # Steps taken after the checkpoint that training resumes from are taken again: their rows go.
        if self.header != names:  # else the run is from before its rows had checks, and has none to its end
            self.header = f"{names},{CHECK}"
        with written_beside(self.file) as beside:
            beside.write_text("".join(f"{line}\n" for line in (self.header, *self.kept)), encoding="utf-8")
        self.rows = self.file.open("a", encoding="utf-8")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        reason = " ".join(str(error).split())[:160]
        raise RunError(
            f"{path}: not written ({reason}); make room, then run the same command to resume from the last checkpoint"
        ) from error


def _check(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"


def _rows_until(step: int, file: Path) -> Tuple[str, List[str]]:
    """Read the header of a ``train.csv`` and its undamaged rows of steps 1 to ``step``."""
    if not file.exists():
        return "", []
    header, *lines = file.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
    whole = [line for line in lines if line.endswith(f",{_check(line.rpartition(',')[0])}")]
    if not whole and not header.endswith(CHECK):  # the run is from before its rows had checks
        whole = [line for line in lines if line.count(",") == header.count(",")]
    by_step = {int(line.partition(",")[0]): line for line in whole if line.partition(",")[0].isdecimal()}
    return header, [by_step[number] for number in sorted(by_step) if 1 <= number <= step]


def _trained_values(state: TrainState) -> Iterable[Tuple[str, np.ndarray]]:
    for name, network in state.networks().items():
        for weight in network.weights:
            yield f"a weight of {name}", weight.numpy()
    for name, optimizer in state.optimizers.items():
        for moment in (*optimizer.means, *optimizer.squares):
            yield f"a moment of the optimizer of {name}", moment.numpy()


def _batch_names(names: Tuple[Sequence[str], Sequence[str]], train: TrainConfig, epoch: int, first_step: int) -> str:
    """Say which clips a step was taken on; the order follows from the seed, so it is drawn again."""
    indices = unpaired_indices(
        *map(len, names), seed=train.seed, epoch=epoch, batch_size=train.batch_size, first_step=first_step
    )
    chosen = next(iter(indices))
    return " and ".join(
        ", ".join(of_domain[index] for index in positions.numpy()) for of_domain, positions in zip(names, chosen)
    )


def _diverged(what: str, run: RunDirectory) -> RunError:
    with written_beside(run.divergence_file) as beside:
        beside.write_text(f"{what}\n", encoding="utf-8")
    return RunError(
        f"{run.path}: {what}; training stopped, the last checkpoint is from before ({run.divergence_file} keeps this)"
    )


def _differences(before: object, after: object) -> List[str]:
    differing = []
    for name, old in vars(before).items():
        new = getattr(after, name)
        if hasattr(old, "__dataclass_fields__"):
            differing += _differences(old, new)
        elif old != new:
            differing.append(name)
    return differing
