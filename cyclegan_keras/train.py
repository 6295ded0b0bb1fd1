"""Command line: train a pair of emotions. ``python -m cyclegan_keras.train --help``."""

import argparse
import dataclasses
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from cyclegan_keras.config import PRECISIONS, STRATEGIES, UPDATES, RunConfig
from cyclegan_keras.corpora.passed_over import passed_over_lines
from cyclegan_keras.corpora.recordings import RAVDESS
from cyclegan_keras.corpora.split import NOBODY, describe, describe_speakers
from cyclegan_keras.corpora.training_set import TrainingSet, training_set
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.prosody.move import UNMOVED
from cyclegan_keras.shared.cli import EXIT_INTERRUPTED, CommandParser, run_command
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import locked
from cyclegan_keras.shared.machine import Machine, prepare_tensorflow
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory
from cyclegan_keras.shared.terminal import TerminalObserver, show_progress
from cyclegan_keras.training.image_cache import data_key
from cyclegan_keras.training.prosody import prosody_of_run


def parser() -> CommandParser:
    """Describe the options."""
    parser = CommandParser(
        prog="python -m cyclegan_keras.train",
        description="Train a CycleGAN that turns the emotion of speech from A into B and back. "
        "The same command again resumes where it stopped. Ctrl-C saves and stops.",
    )
    parser.add_argument("--pair", required=True, help="A_B, such as calm_fearful")
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        action="extend",
        help=f"folder of recordings, of a known corpus or in folders named by emotion (docs/corpora.md); "
        f"several are used together; default: {RAVDESS}",
    )
    parser.add_argument(
        "--corpus",
        help="name of the corpus in --data, such as emodb; folders: they name the emotions; default: recognised",
    )
    parser.add_argument(
        "--unseen-speakers",
        nargs="+",
        metavar="NAME",
        help=f"speakers to leave out of training; {NOBODY}: train on all; default: by the corpus's rule",
    )
    parser.add_argument("--preset", choices=PRESETS, help="default: report where TensorFlow sees a GPU, else cpu")
    parser.add_argument("--epochs", type=int, help="0: statistics of prosody alone, no network; default: the preset's")
    parser.add_argument("--steps", type=int, help="stop after this many steps in all, whatever the epochs")
    parser.add_argument("--run-dir", type=Path, help="default: runs/PAIR-PRESET")
    parser.add_argument("--seed", type=int, help="of weights, data order and pools, from 0 to 1000000; default: 0")
    parser.add_argument("--filters", type=int, help="channels of the networks' first layer; default: the preset's")
    parser.add_argument("--n-resnet", type=int, help="ResNet blocks of a generator; default: the preset's")
    parser.add_argument("--snapshot-every", type=int, help="epochs between weights and samples; default: the preset's")
    parser.add_argument("--batch-size", type=int, help="of all devices together; default: 1 a device, as in the report")
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
        help="alternating: F, then G, as in the report; joint: both at once, 3/4 of the work; default: the preset's",
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


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    run_command(parser(), command, argv)


def command(arguments: argparse.Namespace) -> int:
    """Train as the options say; returns the exit status."""
    emotions = split_pair(arguments.pair)
    _check_options(arguments)
    folders = arguments.data or [RAVDESS]
    for folder in folders:
        if os.pathsep in str(folder.resolve()):
            raise InputError(f"--data {folder}: {os.pathsep!r} separates folders in config.json; rename this one")
    data = training_set(folders, arguments.corpus, arguments.unseen_speakers or (), emotions)
    machine = prepare_tensorflow(arguments.deterministic)

    # TensorFlow takes seconds to import; a mistyped option should be answered at once.
    from cyclegan_keras.training import inputs, loop, replicas
    from cyclegan_keras.training.pipeline import steps_per_epoch

    strategy = replicas.build_strategy(arguments.strategy)
    devices = strategy.num_replicas_in_sync
    config = _run_config(arguments, folders, data, machine, devices)
    run = RunDirectory(arguments.run_dir or Path("runs") / f"{config.pair}-{config.preset}")
    epoch_steps = steps_per_epoch(len(data.clips[emotions[0]]), config.train.batch_size)
    last_step = min(arguments.steps or sys.maxsize, config.train.epochs * epoch_steps)
    why = "asked for" if arguments.preset else machine.reason
    device = f"{machine.device}{f', {devices} in step' if devices > 1 else ''}"
    _announce(f"{device}; preset {config.preset} ({why})", data, f"{last_step} steps, {epoch_steps} an epoch", config)
    if machine.hint:
        _say(machine.hint)

    chief = replicas.is_chief(strategy)
    with strategy.scope(), replicas.own_directory(chief, run) as written, locked(written.lock_file):
        loop.open_run(written, config)
        moved = (prosody_of_run(written, config, *data.clips.values(), _say), UNMOVED)  # A to B; B is analysed as it is
        if config.train.epochs == 0:
            print(f"estimated, without a network: {run.path}")
            return 0
        domains = [
            inputs.load_domain(clips, config, prosody, _progress(len(clips), emotion), _say_damaged)
            for (emotion, clips), prosody in zip(data.clips.items(), moved, strict=True)
        ]
        samples = {
            direction: inputs.load_samples(data.split, config, emotion, prosody)
            for direction, emotion, prosody in zip(DIRECTIONS, emotions, moved, strict=True)
        }
        with TerminalObserver(last_step) as observer:
            finished = loop.train(config, written, *domains, samples, last_step, observer, arguments.checkpoint_seconds)
    if not finished:
        observer.say(f"stopped and saved; the same command resumes: {run.path}")
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


def _announce(where: str, data: TrainingSet, steps: str, config: RunConfig) -> None:
    counts = ", ".join(f"{emotion} {len(found)} clips" for emotion, found in data.clips.items())
    _say(f"{where}; {counts}; {steps}; {config.train.precision}, seed {config.train.seed}")
    _say(describe(data.split, list(data.clips)))
    notes = [data.not_used] if data.not_used else []
    _say("\n".join([describe_speakers(data.split), *passed_over_lines(data.passed_over), *notes]))


def _say(line: str) -> None:
    print(line, flush=True)


def _say_damaged(cached: Path) -> None:
    _say(f"{cached}: damaged cache file, made again")


def _progress(clips: int, emotion: str) -> Callable[[int], None] | None:
    return partial(show_progress, total=clips, unit=f"{emotion} clip") if sys.stdout.isatty() else None


def _run_config(
    arguments: argparse.Namespace, folders: Sequence[Path], data: TrainingSet, machine: Machine, devices: int
) -> RunConfig:
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
    if arguments.update == "alternating":  # averages belong to joint updates
        preset = dataclasses.replace(preset, train=dataclasses.replace(preset.train, average_decay=0.0))
    train = replaced(preset.train, ("epochs", "seed", "update", "xla", "snapshot_every"))
    if train.epochs == 0 and not preset.conversion.prosody:
        raise InputError(f"--epochs 0: preset {name} moves no prosody, so nothing is left to train; give cpu-plus")
    return RunConfig(
        pair="_".join(data.clips),
        preset=name,
        data=os.pathsep.join(str(folder.resolve()) for folder in folders),
        data_key=data_key([clip.path for found in data.clips.values() for clip in found], preset.spectrogram),
        spectrogram=preset.spectrogram,
        model=replaced(preset.model, ("filters", "n_resnet", "output_init")),
        train=dataclasses.replace(train, precision=precision, batch_size=batch_size),
        conversion=preset.conversion,
        unseen_speakers=data.unseen,
        corpus=(arguments.corpus or "").lower(),
    )


if __name__ == "__main__":
    main()
