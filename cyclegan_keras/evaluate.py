"""Command line: measure conversions. ``python -m cyclegan_keras.evaluate --help``."""

import argparse
import dataclasses
import json
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from cyclegan_keras.config import PHASES, RunConfig, SpectrogramConfig
from cyclegan_keras.conversion.settings import run_settings
from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.index import index_clips
from cyclegan_keras.corpora.recordings import RAVDESS
from cyclegan_keras.corpora.split import NOBODY, split_clips
from cyclegan_keras.emotions import emotion_name, split_pair
from cyclegan_keras.measuring.conversions import draw_curves, measure_conversions, measure_run, paired
from cyclegan_keras.measuring.extras import refuse_missing
from cyclegan_keras.measuring.rows import Row, table
from cyclegan_keras.measuring.ruler import Ruler, build_ruler
from cyclegan_keras.measuring.sets import CHOOSING_ACTORS, SETS, Source, choose_sources, identified, load_source
from cyclegan_keras.shared.cli import CommandParser, run_command, use_one_heap
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import written_beside
from cyclegan_keras.shared.machine import prepare_tensorflow
from cyclegan_keras.shared.run_directory import RunDirectory, evaluation_file

OF_A_RUN = ("clips", "reverse", "epochs", "phase", "strength")
"""The options that belong to ``--run-dir``."""


def parser() -> CommandParser:
    """Describe the options."""
    parser = CommandParser(
        prog="python -m cyclegan_keras.evaluate",
        description="Measure the quality of conversions: how much closer they are to the speaker's own recording "
        "of the same sentence in the target emotion (F0, treble, level, mel-cepstrum), word error rate (WER), "
        "cleanness (DNSMOS), speaker similarity, and two emotion classifiers (judges).",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--run-dir", type=Path, help="the run to measure")
    what.add_argument(
        "--converted", type=Path, help="a folder of conversions made elsewhere, with --inputs and --target"
    )
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        action="extend",
        help=f"the corpus, or several; default: the run's, or {RAVDESS}",
    )
    parser.add_argument("--corpus", help="as in train; default: the run's for its own folders, else recognised")
    parser.add_argument(
        "--clips",
        help=f"{'; '.join(map(': '.join, SETS.items()))}; or a folder; default: choose for RAVDESS, unseen for others",
    )
    parser.add_argument("--reverse", action="store_true", help="from B to A")
    parser.add_argument("--epochs", default="latest", help="all, latest, or numbers such as 1,5,10")
    parser.add_argument("--phase", choices=PHASES, help="as in infer; default: the run's")
    parser.add_argument("--strength", type=float, help="as in infer; default: the run's")
    parser.add_argument("--inputs", type=Path, help="the source recordings of --converted")
    parser.add_argument(
        "--source",
        help="emotion of the recordings, as the corpus calls it; default: the run's, or that of --inputs, else calm",
    )
    parser.add_argument("--target", help="emotion of --converted")
    parser.add_argument("--without-dnsmos", action="store_true", help="skip DNSMOS, which takes a second for each clip")
    parser.add_argument("--output", type=Path, help="folder for the table as JSON; default: the run's or --converted's")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    use_one_heap()
    run_command(parser(), command, argv)


def command(arguments: argparse.Namespace) -> int:
    """Measure as the options say; return the exit status."""
    if arguments.converted:
        if not (arguments.inputs and arguments.target):
            parser().error("--converted: needs --inputs and --target")
        default = parser().get_default
        if any(getattr(arguments, name) != default(name) for name in OF_A_RUN):
            options = ", ".join(f"--{name}" for name in OF_A_RUN)
            parser().error(f"{options}: belong to --run-dir; --inputs are the clips of --converted")
        return _measure_folder(arguments)
    if arguments.target or arguments.inputs:
        parser().error("--target and --inputs: belong to --converted; a run has its own emotions")
    return _measure_run(arguments)


def _measure_folder(arguments: argparse.Namespace) -> int:
    # Missing files are reported before minutes are spent on the judges.
    target = emotion_name(arguments.target)
    pairs = paired(arguments.converted, arguments.inputs, target)
    clips = index_clips(arguments.data or RAVDESS, arguments.corpus)
    found = identified([recording for recording, _ in pairs], clips)
    source, target = split_pair(f"{arguments.source or _common_emotion(found)}_{target}")
    used = [number for number, (_, clip) in enumerate(found) if clip is None or clip.emotion == source]
    if not used:
        raise InputError(f"{arguments.inputs}: every recording is of another emotion than {source!r}; name --source")
    if len(used) < len(pairs):
        print(f"passed over: {len(pairs) - len(used)} conversions of recordings in another emotion than {source}")
    sources = [load_source(found[number][0], SpectrogramConfig().sample_rate, found[number][1]) for number in used]
    folder = _folder(arguments)
    prepare_tensorflow()
    ruler = _ruler(arguments, clips, source, target)
    rows = measure_conversions(ruler, [pairs[number][1] for number in used], sources)
    caption = f"{source} to {target}, {arguments.converted.name} of {arguments.inputs.name}"
    _write(folder / f"evaluate_{source}_{target}.json", ruler, rows, sources, caption=caption)
    return 0


def _common_emotion(found: Sequence[tuple[Path, Clip | None]]) -> str:
    """The emotion of recordings that are all known to be of one; else calm, the report's source."""
    emotions = {clip.emotion for _, clip in found if clip}
    return emotions.pop() if len(emotions) == 1 else "calm"


def _measure_run(arguments: argparse.Namespace) -> int:
    run = RunDirectory(arguments.run_dir)
    config = RunConfig.load(run.config_file)
    source, target = split_pair(config.pair)[:: -1 if arguments.reverse else 1]
    if arguments.source:
        source, target = split_pair(f"{arguments.source}_{target}")
    settings = run_settings(run, config, arguments.reverse, arguments.phase, arguments.strength)
    if not config.train.epochs and arguments.epochs != parser().get_default("epochs"):
        raise InputError(f"--epochs {arguments.epochs}: {run.path} has no network, so it has no epochs; leave it out")
    epochs = _epochs(run, arguments.epochs) if settings.uses_network else []
    prepare_tensorflow()
    clips = _clips(arguments, config)
    wanted = arguments.clips or ("choose" if any(clip.actor in CHOOSING_ACTORS for clip in clips) else "unseen")
    unseen = _unseen_speakers(config, clips)
    sources = choose_sources(wanted, clips, source, config.spectrogram.sample_rate, unseen)
    folder = _folder(arguments)
    ruler = _ruler(arguments, clips, source, target)
    rows = measure_run(ruler, run, config, epochs, sources, settings)
    measured_on = f"{wanted} ({SETS[wanted]})" if wanted in SETS else wanted
    network = f"{config.model.n_resnet} ResNet blocks, seed {config.train.seed}, " if settings.uses_network else ""
    caption = (
        f"{source} to {target}, {run.path.name}, preset {config.preset}, {network}{settings}, "
        f"clips: {measured_on}, {speakers_seen(config, clips, sources)}"
    )
    output = evaluation_file(folder, arguments.reverse)
    how = {"set": wanted, "phase": settings.phase, "strength": settings.strength}
    _write(output, ruler, rows, sources, caption=caption, **how)
    if len(epochs) > 1:
        print(draw_curves(rows, epochs, caption, output.with_suffix(".png")))
    return 0


def _clips(arguments: argparse.Namespace, config: RunConfig) -> list[Clip]:
    """The clips of ``--data``, else of the run's own folders, else of RAVDESS in its usual place."""
    if arguments.data:
        return index_clips(arguments.data, arguments.corpus)
    gone = [folder for folder in config.folders if not folder.is_dir()]
    if not gone:
        return index_clips(config.folders, arguments.corpus or config.corpus or None)
    if gone[0].is_absolute():  # of a model that came with the project, only the corpus is named
        print(f"{gone[0]}: the run's recordings are not there; measuring on {RAVDESS}")
    return index_clips(RAVDESS, arguments.corpus)


def _own_speakers(config: RunConfig, clips: Sequence[Clip]) -> set[str]:
    """The speakers of these clips that the run's own folders hold; if one of those is gone, all are taken for them."""
    there = {clip.who for clip in clips}
    if not all(folder.is_dir() for folder in config.folders):
        return there
    return there & {clip.who for clip in index_clips(config.folders, config.corpus or None)}


def _unseen_speakers(config: RunConfig, clips: Sequence[Clip]) -> Sequence[str]:
    """The speakers in these clips that the run names as left out of training; empty where the rule chooses them."""
    if not config.unseen_speakers or not _own_speakers(config, clips):
        return ()
    there = {clip.who for clip in clips}
    return [name for name in config.unseen_speakers.split(",") if name in there] or [NOBODY]


def speakers_seen(config: RunConfig, clips: Sequence[Clip], sources: Sequence[Source]) -> str:
    """Say whether the run trained on the speakers that it is measured on."""
    train = split_clips(clips, _unseen_speakers(config, clips)).train
    # Only runs on RAVDESS alone leave their unseen speakers to the rule.
    own = _own_speakers(config, clips) if config.unseen_speakers else {clip.who for clip in clips if clip.of_ravdess}
    known = own & {clip.who for clip in train}
    count = sum(source.clip is not None and source.clip.who in known for source in sources)
    return f"{count} of {len(sources)} by training speakers" if count else "by unseen speakers"


def _folder(arguments: argparse.Namespace) -> Path:
    """The folder for the table. It is made and tried now, because measuring takes minutes."""
    folder = arguments.output or arguments.converted or arguments.run_dir
    if folder.suffix == ".json" or folder.exists() and not folder.is_dir():
        raise InputError(f"--output {folder}: not a folder; name one for the table")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(f"--output {folder}: cannot be written ({error.strerror}); name another folder") from None
    return folder


def _ruler(arguments: argparse.Namespace, clips: Sequence[Clip], source: str, target: str) -> Ruler:
    refuse_missing(any(clip.statement for clip in clips), not arguments.without_dnsmos)
    tell = partial(print, flush=True)
    return build_ruler(clips, source, target, SpectrogramConfig(), tell, not arguments.without_dnsmos)


def _write(
    output: Path, ruler: Ruler, rows: Sequence[Row], sources: Sequence[Source], caption: str, **about: object
) -> None:
    two_actors = ruler.two_actors(sources)
    print(f"\n{ruler.panel.describe()}\n\n{caption}\n\n{table(rows)}")
    if two_actors is not None:
        print(f"\nsame voice, two speakers saying the same sentence: {two_actors:.2f}")
    judges = {
        judge.kind: {**dataclasses.asdict(verdict), "holds": verdict.holds}
        for judge, verdict in zip(ruler.panel.judges, ruler.panel.verdicts)
    }
    measured = {"caption": caption, **about, "judges": judges, "two_actors": two_actors}
    measured["rows"] = [vars(row) for row in rows]
    with written_beside(output) as beside:
        beside.write_text(json.dumps(measured, indent=2) + "\n")
    print(f"\nwritten: {output}")


def _epochs(run: RunDirectory, wanted: str) -> list[int]:
    if wanted == "all":
        run.epoch_or_latest()
        return run.epochs()
    if wanted == "latest":
        return [run.epoch_or_latest()]
    if not all(number.strip().isdecimal() for number in wanted.split(",")):
        raise InputError(f"--epochs {wanted}: not all, latest, or numbers such as 1,5,10")
    return [run.epoch_or_latest(int(number)) for number in wanted.split(",")]


if __name__ == "__main__":
    main()
