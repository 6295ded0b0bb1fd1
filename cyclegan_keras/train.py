"""Command line: train a pair of emotions. ``python -m cyclegan_keras.train --help``."""

import argparse
import dataclasses
import shutil
import signal
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Iterator, List, Optional, Sequence

import numpy as np

from cyclegan_keras.cli import EXIT_INTERRUPTED, CommandParser, run_command
from cyclegan_keras.config import (
    PRECISIONS,
    PRESETS,
    STRATEGIES,
    UPDATES,
    RunConfig,
    SpectrogramConfig,
    split_also,
    split_pair,
)
from cyclegan_keras.errors import InputError
from cyclegan_keras.files import locked
from cyclegan_keras.machine import Machine, prepare_tensorflow
from cyclegan_keras.ravdess import UNSEEN_ACTORS, Clip, Split, describe, domain, index_clips, split_clips
from cyclegan_keras.run_directory import DIRECTIONS, RunDirectory

if TYPE_CHECKING:  # TensorFlow takes seconds to import; a mistyped option should be answered at once.
    from cyclegan_keras.trainer import Sample

SAMPLES_PER_DOMAIN = 2

FIRST_STEPS_FOR_ESTIMATE = 3
"""The steps after the first, which traces the graph, whose median the estimated time is made from."""

LOG_SECONDS = 30
"""Between two lines of progress, where the output is a file and a bar cannot be redrawn."""


def parser() -> CommandParser:
    """Describe the options."""
    parser = CommandParser(
        prog="python -m cyclegan_keras.train",
        description="Train a CycleGAN that turns the emotion of speech from A into B and back. "
        "The same command again resumes where it stopped. Ctrl-C saves and stops.",
    )
    parser.add_argument("--pair", required=True, help="A_B, such as calm_fearful")
    parser.add_argument(
        "--also", default="", help="emotions whose clips B is trained with beside its own, such as disgust,happy"
    )
    parser.add_argument("--data", type=Path, default=Path("data/ravdess"), help="folder of RAVDESS clips (.wav, .flac)")
    parser.add_argument("--preset", choices=PRESETS, help="default: report where TensorFlow sees a GPU, else cpu")
    parser.add_argument("--epochs", type=int, help="default: the preset's")
    parser.add_argument("--steps", type=int, help="stop after this many steps in all, whatever the epochs")
    parser.add_argument("--run-dir", type=Path, help="default: runs/PAIR-PRESET")
    parser.add_argument(
        "--start-from",
        type=Path,
        help="run whose networks to begin with, as its newest checkpoint has them, for another "
        "pair or other recordings; default: random weights",
    )
    parser.add_argument("--seed", type=int, help="of weights, data order and pools; default: 0")
    parser.add_argument("--filters", type=int, help="channels of the networks' first layer; default: the preset's")
    parser.add_argument("--n-resnet", type=int, help="ResNet blocks of a generator; default: the preset's")
    parser.add_argument("--snapshot-every", type=int, help="epochs between weights and samples; default: the preset's")
    parser.add_argument("--batch-size", type=int, help="of all devices together; default: 1 a device, as in the report")
    parser.add_argument("--adversarial", type=float, help="weight of the adversarial loss; default: the preset's")
    parser.add_argument(
        "--output-init", choices=("data", "default"), help="start of the generators' output norm; default: the preset's"
    )
    parser.add_argument(
        "--precision",
        choices=("auto", *PRECISIONS),
        default="auto",
        help="auto: mixed_float16 on a GPU, mixed_bfloat16 on a processor with bfloat16 units, else float32",
    )
    parser.add_argument(
        "--update",
        choices=UPDATES,
        help="alternating: F, then G, as the report; joint: both at once, 3/4 of the work; default: the preset's",
    )
    parser.add_argument(
        "--checkpoint-seconds", type=float, default=600, help="at most this much training is lost when the machine dies"
    )
    parser.add_argument(
        "--deterministic", action="store_true", help="the same bits every time on the same machine; slower on a GPU"
    )
    parser.add_argument(
        "--strategy",
        choices=STRATEGIES,
        default="one",
        help="one: one device; mirrored: all of this machine; multiworker: those of the machines in TF_CONFIG",
    )
    parser.add_argument("--xla", action="store_true", default=None, help="compile the step with XLA (for a GPU)")
    return parser


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Run the command line."""
    run_command(parser(), command, argv)


def command(arguments: argparse.Namespace) -> int:
    """Train as the options say; returns the exit status."""
    emotions = split_pair(arguments.pair)
    also = split_also(arguments.also, arguments.pair)
    _check_options(arguments)
    split = split_clips(index_clips(arguments.data))
    if not split.train:
        unseen = " or ".join(map(str, UNSEEN_ACTORS))
        raise InputError(
            f"{arguments.data}: every clip is held back or by an unseen actor ({unseen}), none is left to train on; "
            "give other actors' recordings"
        )
    a, b = emotions
    clips = {a: domain(split.train, a), b: domain(split.train, b, *also)}
    machine = prepare_tensorflow(arguments.deterministic)

    from cyclegan_keras import replicas, trainer
    from cyclegan_keras.pipeline import steps_per_epoch

    strategy = replicas.build_strategy(arguments.strategy)
    devices = strategy.num_replicas_in_sync
    config = _run_config(arguments, clips, also, machine, devices)
    run = RunDirectory(arguments.run_dir or Path("runs") / f"{config.pair}-{config.preset}")
    if arguments.start_from:
        config = dataclasses.replace(config, start_from=_start(arguments.start_from, run))
        print(f"begun with {config.start_from}")
    epoch_steps = steps_per_epoch(len(clips[emotions[0]]), config.train.batch_size)
    last_step = min(arguments.steps or sys.maxsize, config.train.epochs * epoch_steps)
    device = f"{machine.device}{f', {devices} in step' if devices > 1 else ''}"
    why = "asked for" if arguments.preset else machine.reason
    counts = ", ".join(f"{emotion} {len(found)} clips" for emotion, found in clips.items())
    counts += f" with those of {' and '.join(also)}" if also else ""
    steps = f"{last_step} steps, {epoch_steps} an epoch; {config.train.precision}, seed {config.train.seed}"
    print(f"{device}; preset {config.preset} ({why}); {counts}; {steps}")
    print(describe(split, (*emotions, *also)), flush=True)
    chief = replicas.is_chief(strategy)
    with strategy.scope(), _written_by(chief, run) as written, locked(written.lock_file):
        trainer.open_run(written, config)
        images_a, images_b = (_load_images(found, config, emotion) for emotion, found in clips.items())
        samples = {
            direction: [_load_sample(clip, config.spectrogram) for clip in _sample_clips(split, emotion)]
            for direction, emotion in zip(DIRECTIONS, emotions)
        }
        names = tuple([str(clip.path) for clip in found] for found in clips.values())
        with TerminalObserver(last_step) as observer:
            finished = trainer.train(
                config, written, images_a, images_b, names, samples, last_step, observer, arguments.checkpoint_seconds
            )
    if not finished:
        print(f"stopped and saved; the same command resumes: {run.path}")
        return EXIT_INTERRUPTED
    listen = f"listen to {run.samples(run.epoch_or_latest())}" if chief else "the first worker has written them"
    print(f"trained {observer.step} steps: {run.path}; {listen}")
    return 0


def _check_options(arguments: argparse.Namespace) -> None:
    if arguments.steps is not None and arguments.steps < 1:
        parser().error("argument --steps: must be 1 or more")
    if not arguments.checkpoint_seconds >= 0:
        parser().error("argument --checkpoint-seconds: must be 0 or more")
    if arguments.xla and arguments.strategy != "one":
        parser().error(f"argument --xla: not with --strategy {arguments.strategy}")


@contextmanager
def _written_by(chief: bool, run: RunDirectory) -> Iterator[RunDirectory]:
    """Give the chief its run directory, and any other worker a copy of what it resumes from, which is thrown away."""
    if chief:
        yield run
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = RunDirectory(Path(folder) / "run")
        if run.config_file.exists():
            shutil.copytree(run.path, copy.path, ignore=shutil.ignore_patterns("weights", "samples", "logs", ".*"))
        yield copy


class TerminalObserver:
    """Shows a training's progress on the terminal, and passes Ctrl-C on between two steps.

    A step must not be torn: after Ctrl-C or SIGTERM the step under way is finished first.
    """

    def __init__(self, last_step: int):
        self.last_step = last_step
        self.step = 0
        self.seconds: List[float] = []
        self.asked_to_stop = False

    def __enter__(self) -> "TerminalObserver":
        self.handlers = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_) -> None:
        print()
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def resumed(self, step: int, damaged: Sequence[str]) -> None:
        """Say from where training goes on."""
        for prefix in damaged:
            print(f"{prefix}: damaged checkpoint passed over")
        self.step = step
        print(f"resumed after step {step} of {self.last_step}", flush=True)

    def rows_lost(self, file: Path, rows: int) -> None:
        """Say that the log of losses has gaps."""
        print(f"{file}: {rows} damaged or missing rows left out", flush=True)

    def epoch_begins(self, epoch: int, first_step: int, steps: int) -> None:
        """Begin a bar."""
        from tensorflow.keras.utils import Progbar

        print(f"epoch {epoch}", flush=True)
        redrawn = sys.stdout.isatty()
        self.bar = Progbar(
            steps, stateful_metrics=["steps/s"], unit_name="step", interval=0.5 if redrawn else LOG_SECONDS
        )
        # Keras takes every Linux output for a terminal; a log file gets lines instead.
        self.bar._dynamic_display = redrawn
        self.bar.update(first_step)
        self.began = time.perf_counter()

    def step_done(self, losses: Dict[str, float]) -> None:
        """Move the bar on; say once how long the rest will take."""
        self.step += 1
        self.seconds.append(time.perf_counter() - self.began)
        self.began = time.perf_counter()
        shown = {name: losses[name] for name in ("g_loss", "f_loss")}
        shown.update({name: losses[f"{name}_real"] + losses[f"{name}_fake"] for name in ("d_a", "d_b")})
        pace = statistics.median(self.seconds[1:][-10:] or self.seconds)
        self.bar.add(1, [*shown.items(), ("steps/s", 1.0 / pace)])
        left = self.last_step - self.step
        if len(self.seconds) == 1 + FIRST_STEPS_FOR_ESTIMATE and left:
            print(f"\nabout {_duration(left * pace)} for the {left} steps left, at {pace:.2f} s a step", flush=True)

    def stop_requested(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self.asked_to_stop

    def _stop(self, number: int, frame: object) -> None:
        # Python runs this once TensorFlow gives control back, at a step's end; pressing again changes nothing.
        if not self.asked_to_stop:
            print("\nstopping after this step, then saving", flush=True)
        self.asked_to_stop = True


def _run_config(
    arguments: argparse.Namespace, clips: Dict[str, List[Clip]], also: Sequence[str], machine: Machine, devices: int
) -> RunConfig:
    from cyclegan_keras.pipeline import data_key

    def replaced(config, names):
        given = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
        return dataclasses.replace(config, **given)

    name = arguments.preset or machine.preset
    preset = PRESETS[name]
    precision = machine.precision if arguments.precision == "auto" else arguments.precision
    batch_size = arguments.batch_size
    if batch_size is None:
        batch_size = devices * preset.train.batch_size
    if batch_size % devices:
        raise InputError(f"--batch-size {batch_size}: {devices} devices cannot share it evenly; give a multiple")
    return RunConfig(
        pair="_".join(clips),
        preset=name,
        data=str(arguments.data.resolve()),
        data_key=data_key([clip.path for found in clips.values() for clip in found], preset.spectrogram),
        spectrogram=preset.spectrogram,
        model=replaced(preset.model, ("filters", "n_resnet", "output_init")),
        train=dataclasses.replace(
            replaced(preset.train, ("epochs", "seed", "update", "xla", "snapshot_every")),
            precision=precision,
            batch_size=batch_size,
            loss_weights=replaced(preset.train.loss_weights, ("adversarial",)),
        ),
        strength=preset.strength,
        strength_back=preset.strength_back,
        also=",".join(also),
    )


def _start(other: Path, run: RunDirectory) -> str:
    """The checkpoint a run begins with: another's newest, or, once it has begun, what that was then."""
    from cyclegan_keras.trainer import newest_checkpoint

    if run.config_file.exists():
        begun_with = RunConfig.load(run.config_file).start_from
        if Path(begun_with).parent == RunDirectory(other).checkpoints:
            return begun_with
    return newest_checkpoint(RunDirectory(other))


def _load_images(clips: Sequence[Clip], config: RunConfig, emotion: str) -> np.ndarray:
    from tensorflow.keras.utils import Progbar

    from cyclegan_keras import pipeline

    def say_damaged(cached: Path) -> None:
        print(f"{cached}: damaged cache file, made again", flush=True)

    paths = [clip.path for clip in clips]
    on_progress = Progbar(len(paths), unit_name=f"{emotion} clip").update if sys.stdout.isatty() else None
    return pipeline.load_images(
        paths, config.spectrogram, pipeline.default_cache_dir(), on_progress, say_damaged, config.train.resynthesis
    )


def _sample_clips(split: Split, emotion: str) -> List[Clip]:
    """Take clips that training never sees, where there are any: one held back, one of an unseen actor."""
    by_set = [[clip for clip in clips if clip.emotion == emotion] for clips in (split.held_back, split.unseen)]
    chosen = [clips[0] for clips in by_set if clips]
    return chosen or [clip for clip in split.train if clip.emotion == emotion][:SAMPLES_PER_DOMAIN]


def _load_sample(clip: Clip, config: SpectrogramConfig) -> "Sample":
    from cyclegan_keras.audio import load_image
    from cyclegan_keras.trainer import Sample

    image, reference = load_image(clip.path, config)
    return Sample(clip.path.stem, image, reference)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"


if __name__ == "__main__":
    main()
