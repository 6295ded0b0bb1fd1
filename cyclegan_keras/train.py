"""Command line: train a pair of emotions. ``python -m cyclegan_keras.train --help``."""

import argparse
import dataclasses
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cyclegan_keras.config import PRECISIONS, STRATEGIES, UPDATES, RunConfig
from cyclegan_keras.corpora.clips import Clip, domain
from cyclegan_keras.corpora.index import index_corpora
from cyclegan_keras.corpora.known import CHANNELS, SPEECH
from cyclegan_keras.corpora.passed_over import passed_over_lines
from cyclegan_keras.corpora.sound import with_sound
from cyclegan_keras.corpora.split import NOBODY, Split, describe, describe_speakers, split_clips, unseen_speakers
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.prosody.move import UNMOVED, Prosody
from cyclegan_keras.prosody.stored import load_prosody, save_prosodies
from cyclegan_keras.shared.cli import EXIT_INTERRUPTED, CommandParser, run_command
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import locked
from cyclegan_keras.shared.machine import Machine, prepare_tensorflow
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory
from cyclegan_keras.shared.terminal import TerminalObserver
from cyclegan_keras.training.prosody import estimate_both_ways

if TYPE_CHECKING:  # TensorFlow takes seconds to import; a mistyped option should be answered at once.
    from cyclegan_keras.training.loop import Domain
    from cyclegan_keras.training.snapshots import Sample

DATA = Path("data/ravdess")
"""Where `make data` puts RAVDESS."""

SAMPLES_PER_DOMAIN = 2
"""Clips of each emotion that are converted at every snapshot."""


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
        f"several are one corpus; default: {DATA}",
    )
    parser.add_argument("--corpus", help="name of the corpus in --data, such as emodb or folders; default: recognised")
    parser.add_argument("--channel", choices=CHANNELS, default=SPEECH, help="RAVDESS has song beside speech")
    parser.add_argument(
        "--unseen-speakers",
        nargs="+",
        metavar="NAME",
        help=f"speakers to leave out of training; {NOBODY}: none; default: by rule",
    )
    parser.add_argument("--preset", choices=PRESETS, help="default: report where TensorFlow sees a GPU, else cpu")
    parser.add_argument("--epochs", type=int, help="0: statistics of prosody alone, no network; default: the preset's")
    parser.add_argument("--steps", type=int, help="stop after this many steps in all, whatever the epochs")
    parser.add_argument("--run-dir", type=Path, help="default: runs/PAIR-PRESET")
    parser.add_argument("--seed", type=int, help="random seed of weights, data order and pools; default: 0")
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
    data = ", ".join(map(str, arguments.data or [DATA]))
    index = index_corpora(arguments.data or [DATA], arguments.corpus, arguments.channel)
    split = split_clips(index.clips, arguments.unseen_speakers or ())
    _require_training_clips(index.clips, split, emotions, data)
    split, without_sound = with_sound(split, emotions, data)
    clips = {emotion: domain(split.train, emotion) for emotion in emotions}
    machine = prepare_tensorflow(arguments.deterministic)

    from cyclegan_keras.training import loop, replicas
    from cyclegan_keras.training.pipeline import steps_per_epoch

    strategy = replicas.build_strategy(arguments.strategy)
    devices = strategy.num_replicas_in_sync
    config = _run_config(arguments, split, clips, machine, devices)
    run = RunDirectory(arguments.run_dir or Path("runs") / f"{config.pair}-{config.preset}")
    epoch_steps = steps_per_epoch(len(clips[emotions[0]]), config.train.batch_size)
    last_step = min(arguments.steps or sys.maxsize, config.train.epochs * epoch_steps)
    device = f"{machine.device}{f', {devices} in step' if devices > 1 else ''}"
    why = "asked for" if arguments.preset else machine.reason
    counts = ", ".join(f"{emotion} {len(found)} clips" for emotion, found in clips.items())
    steps = f"{last_step} steps, {epoch_steps} an epoch; {config.train.precision}, seed {config.train.seed}"
    print(f"{device}; preset {config.preset} ({why}); {counts}; {steps}")
    print(describe(split, emotions))
    print("\n".join([describe_speakers(split), *passed_over_lines([*index.unusable, *without_sound])]), flush=True)

    chief = replicas.is_chief(strategy)
    with strategy.scope(), _written_by(chief, run) as written, locked(written.lock_file):
        loop.open_run(written, config)
        prosody = _prosody(written, config, clips)  # of a to b; b is analysed as it is
        if config.train.epochs == 0:
            print(f"estimated, without a network: {run.path}")
            return 0
        domains = [
            _load_domain(found, config, emotion, moved)
            for (emotion, found), moved in zip(clips.items(), (prosody, UNMOVED), strict=True)
        ]
        samples = {
            direction: [_load_sample(clip, config, moved) for clip in _sample_clips(split, emotion)]
            for direction, emotion, moved in zip(DIRECTIONS, emotions, (prosody, UNMOVED), strict=True)
        }
        with TerminalObserver(last_step) as observer:
            finished = loop.train(config, written, *domains, samples, last_step, observer, arguments.checkpoint_seconds)
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


def _require_training_clips(clips: Sequence[Clip], split: Split, emotions: Sequence[str], data: str) -> None:
    domain(clips, *emotions)  # names an emotion that the data lacks
    for emotion in emotions:
        if not any(clip.emotion == emotion for clip in split.train):
            raise InputError(
                f"{data}: every clip of {emotion} is held back or by an unseen speaker "
                f"({', '.join(unseen_speakers(split))}), none is left to train on; give other speakers' recordings, or "
                "name others with --unseen-speakers"
            )


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


def _run_config(
    arguments: argparse.Namespace, split: Split, clips: dict[str, list[Clip]], machine: Machine, devices: int
) -> RunConfig:
    from cyclegan_keras.training.image_cache import data_key

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
        pair="_".join(clips),
        preset=name,
        data=os.pathsep.join(str(folder.resolve()) for folder in arguments.data or [DATA]),
        data_key=data_key([clip.path for found in clips.values() for clip in found], preset.spectrogram),
        spectrogram=preset.spectrogram,
        model=replaced(preset.model, ("filters", "n_resnet", "output_init")),
        train=dataclasses.replace(train, precision=precision, batch_size=batch_size),
        conversion=preset.conversion,
        unseen_speakers=_stored_unseen(split, by_rule=not arguments.unseen_speakers),
    )


def _stored_unseen(split: Split, by_rule: bool) -> str:
    # RAVDESS's rule never changes, and runs from before others existed do not say whom it left out.
    if by_rule and all(clip.of_ravdess for clip in split.train):
        return ""
    return ",".join(unseen_speakers(split)) or NOBODY


def _prosody(run: RunDirectory, config: RunConfig, clips: dict[str, list[Clip]]) -> Prosody:
    """How B differs from A as it is spoken: as the run has it, else estimated and stored for both directions."""
    if not config.conversion.prosody:
        return UNMOVED
    if not run.prosody_file.exists():
        print("estimating how the emotions differ in pitch, tempo, level and balance", flush=True)
        save_prosodies(run.prosody_file, estimate_both_ways(*clips.values(), config.spectrogram.sample_rate))
    return load_prosody(run.prosody_file, DIRECTIONS[0])


def _load_domain(clips: Sequence[Clip], config: RunConfig, emotion: str, prosody: Prosody) -> "Domain":
    from tensorflow.keras.utils import Progbar

    from cyclegan_keras.training.image_cache import default_cache_dir, load_images
    from cyclegan_keras.training.loop import Domain

    def say_damaged(cached: Path) -> None:
        print(f"{cached}: damaged cache file, made again", flush=True)

    paths = [clip.path for clip in clips]
    on_progress = Progbar(len(paths), unit_name=f"{emotion} clip").update if sys.stdout.isatty() else None
    images = load_images(paths, config.spectrogram, default_cache_dir(), on_progress, say_damaged, prosody)
    return Domain(images, [str(path) for path in paths])


def _sample_clips(split: Split, emotion: str) -> list[Clip]:
    """Take clips that training never sees, where there are any: one held back, one of an unseen actor."""
    by_set = [[clip for clip in clips if clip.emotion == emotion] for clips in (split.held_back, split.unseen)]
    chosen = [clips[0] for clips in by_set if clips]
    return chosen or [clip for clip in split.train if clip.emotion == emotion][:SAMPLES_PER_DOMAIN]


def _load_sample(clip: Clip, config: RunConfig, prosody: Prosody) -> "Sample":
    from cyclegan_keras.conversion.convert import read_recording
    from cyclegan_keras.training.snapshots import Sample

    # Speakers of other corpora may name their files alike.
    name = clip.key if clip.of_ravdess else f"{clip.speaker}_{clip.key}"
    return Sample(name, read_recording(clip.path, config.spectrogram, prosody))


if __name__ == "__main__":
    main()
