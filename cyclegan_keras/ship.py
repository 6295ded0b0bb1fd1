"""Command line: make a model to ship from a run. ``python -m cyclegan_keras.ship --help``."""

import argparse
import dataclasses
import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cyclegan_keras.config import ConversionConfig, RunConfig
from cyclegan_keras.conversion.generators import load_generator
from cyclegan_keras.corpora.demo_speech import DEMO_MARK
from cyclegan_keras.corpora.index import index_corpora
from cyclegan_keras.corpora.known import Corpus
from cyclegan_keras.corpora.split import NOBODY, split_clips
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.measuring.rows import from_json, table
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.prosody.stored import load_prosody, save_prosodies
from cyclegan_keras.shared.cli import CommandParser, run_command
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import written_beside
from cyclegan_keras.shared.machine import prepare_tensorflow
from cyclegan_keras.shared.run_directory import DIRECTIONS, SHIPPED, RunDirectory, evaluation_file


def parser() -> CommandParser:
    """Describe the options."""
    parser = CommandParser(
        prog="python -m cyclegan_keras.ship",
        description="Copy a run's generators (as float16) and statistics into the package, with a card of its "
        "measures. Both directions must have been measured: `evaluate --run-dir RUN`, and with --reverse.",
    )
    parser.add_argument("--run-dir", type=Path, required=True, help="the run to copy")
    parser.add_argument("--epoch", type=int, default=0, help="epoch of the generators; 0 is the latest")
    parser.add_argument("--output", type=Path, help="output folder; default: the pair's folder in the package")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    run_command(parser(), command, argv)


def command(arguments: argparse.Namespace) -> int:
    """Ship as the options say; return the exit status."""
    run = RunDirectory(arguments.run_dir)
    config = RunConfig.load(run.config_file)
    epoch = run.epoch_or_latest(arguments.epoch) if config.train.epochs else 0
    shipped = RunDirectory(arguments.output or SHIPPED / config.pair)
    if shipped.path.resolve() == run.path.resolve():
        raise InputError(f"--output {shipped.path}: is the run itself, whose weights would be rounded; name another")
    stale = [other for other in shipped.epochs() if other != epoch]
    if stale:
        raise InputError(
            f"{shipped.path}: holds a model of epoch {stale[0]}; delete its weights/ first, or give another --output"
        )
    measures = [_measures(run, epoch, reverse) for reverse in (False, True)]
    there, back = measures
    if there["phase"] != back["phase"]:
        raise InputError(f"{run.path}: the two directions were measured with different --phase; measure both with one")
    conversion = ConversionConfig(there["phase"], there["strength"], back["strength"], config.conversion.prosody)
    index = index_corpora(config.folders, config.corpus or None)
    if any((folder.root / DEMO_MARK).exists() for folder in index.folders):
        raise InputError(f"{run.path}: trained on the demo corpus, which is synthetic speech; train on recordings")
    corpora = [folder.corpus for folder in index.folders]
    unseen = config.unseen_speakers.split(",") if config.unseen_speakers else ()
    speakers = len({clip.who for clip in split_clips(index.clips, unseen).train})
    text = card(config, epoch, measures, corpora, speakers)
    if epoch:
        _save_generators(run, config, epoch, shipped)
    if config.conversion.prosody:
        prosodies = {direction: load_prosody(run.prosody_file, direction) for direction in DIRECTIONS}
        save_prosodies(shipped.prosody_file, prosodies)
    dataclasses.replace(config, data=_names(corpora), conversion=conversion).save(shipped.config_file)
    with written_beside(shipped.path / "card.md") as beside:
        beside.write_text(text, encoding="utf-8")
    print(f"written: {shipped.path}")
    return 0


def _save_generators(run: RunDirectory, config: RunConfig, epoch: int, shipped: RunDirectory) -> None:
    prepare_tensorflow()
    from cyclegan_keras.networks.weights import save_weights

    for direction in DIRECTIONS:
        generator = load_generator(run, config, epoch, direction, traced=False)
        save_weights(shipped.weights_file(epoch, direction), generator, np.float16)


def card(
    config: RunConfig, epoch: int, measures: Sequence[dict], corpora: Sequence[Corpus | None], speakers: int
) -> str:
    """Describe a model: how it was made, its measures, and its licence.

    Parameters
    ----------
    config : RunConfig
        Configuration of the run.
    epoch : int
        0 for a model without a network.
    measures : sequence of dict
        The content of ``evaluate.json`` for each direction.
    corpora : sequence of Corpus or None
        What the recordings are; None for own recordings, whose folder stays private.
    speakers : int
        The number of training speakers.

    Returns
    -------
    card : str
        Markdown.
    """
    source, target = split_pair(config.pair)
    networks = (
        f"Two generators, {source} to {target} and back: preset `{config.preset}` ({config.model.filters} filters, "
        f"{config.model.n_resnet} ResNet blocks, {config.train.update} updates, {config.train.precision}), "
        f"epoch {epoch}, seed {config.train.seed}; float16."
    )
    statistics = f"Statistics of prosody, {source} to {target} and back: preset `{config.preset}`, without a network."
    left_out = "actors 19 and 20"  # by RAVDESS's rule, which no configuration repeats
    if config.unseen_speakers == NOBODY:
        left_out = "nobody"
    elif config.unseen_speakers:
        left_out = f"speakers {config.unseen_speakers.replace(',', ', ')}"
    lines = [
        f"# {config.pair}",
        "",
        f"{networks if epoch else statistics} Made from {_names(corpora)}: {speakers} speaker{'s' * (speakers != 1)}; "
        f"left out: {left_out} (fingerprint of the clips: {config.data_key}).",
        "",
        "The model is derived from these recordings, so their licence is the model's. Name their authors and this "
        "project.",
        "",
        *(_licence(corpus) for corpus in corpora),
        "",
        "The command that made it:",
        "",
        f"    {training_command(config, epoch)}",
    ]
    for measured in measures:
        lines += ["", f"## {measured['caption']}", "", table([from_json(row) for row in measured["rows"]]), ""]
        if measured["two_actors"] is not None:
            lines += [f"Same voice, two speakers saying the same sentence: {measured['two_actors']:.2f}.", ""]
        lines += [_reliability(name, verdict) for name, verdict in measured["judges"].items()]
    return "\n".join(lines) + "\n"


def _names(corpora: Sequence[Corpus | None]) -> str:
    return " and ".join(corpus.title.split(":")[0] if corpus else "own recordings" for corpus in corpora)


def _licence(corpus: Corpus | None) -> str:
    if corpus is None:
        return "- Own recordings: their owner's terms."
    return f"- {corpus.title}: {corpus.licence}. {corpus.citation}. {corpus.source}"


def _reliability(judge: str, verdict: dict) -> str:
    alarms = ", ".join(f"{name} {share:.2f}" for name, share in verdict["false_alarms"].items())
    unreliable = "" if verdict["holds"] else " It is not reliable, so its column is left out."
    return (
        f"Judge {judge}: right on {verdict['accuracy']:.2f} of {verdict['clips']} real clips of actors it was not "
        f"fitted to; false alarms: {alarms}.{unreliable}"
    )


def training_command(config: RunConfig, epochs: int) -> str:
    """Write the command that trains a run of this configuration."""
    preset = PRESETS[config.preset]
    before = {**vars(preset.model), **vars(preset.train)}
    chosen = {**vars(config.model), **vars(config.train), "epochs": epochs}
    names = ("epochs", "seed", "filters", "n_resnet", "batch_size", "output_init", "update")
    named = [name for name in names if chosen[name] != before[name]]
    if epochs:
        named.append("precision")  # its default depends on the machine
    options = [f"--{name.replace('_', '-')} {chosen[name]}" for name in named]
    if config.unseen_speakers:
        options.append(f"--unseen-speakers {shlex.join(config.unseen_speakers.split(','))}")
    if config.corpus:
        options.append(f"--corpus {config.corpus}")
    return " ".join(["python -m cyclegan_keras.train --pair", config.pair, "--preset", config.preset, *options])


def _measures(run: RunDirectory, epoch: int, reverse: bool) -> dict:
    file = evaluation_file(run.path, reverse)
    how = f"python -m cyclegan_keras.evaluate --run-dir {run.path} --epochs {epoch}{' --reverse' if reverse else ''}"
    try:
        measured = json.loads(file.read_text(encoding="utf-8"))
        rows: list[dict] = measured["rows"]
        for name in ("phase", "strength", "judges", "caption", "two_actors"):
            measured[name]  # older files lack some of these
        for row in rows:
            from_json(row)
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{file}: missing or damaged; measure first: {how}") from None
    wanted = [row for row in rows if row["mimicry"] is None or row["name"] == f"epoch {epoch}"]
    if epoch and all(row["mimicry"] is None for row in wanted):
        raise InputError(f"{file}: has no measures of epoch {epoch}; measure them: {how}")
    return {**measured, "rows": wanted}


if __name__ == "__main__":
    main()
