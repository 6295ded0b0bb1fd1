"""What a training yields: its conversions of all clips, measured; those that tables show, drawn and heard.

It lies in a folder of results under the training's name: ``yield.json``, pictures, sound. Everything that a page says
of a training is in it, so that the run directory, which is large and may be on another machine, is not needed again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cyclegan_keras.config import RunConfig
from cyclegan_keras.emotions import split_pair
from experiments import clips, conversions
from experiments.cells import write_cell
from experiments.clips import Recording
from experiments.losses import is_of, stored_losses
from experiments.measures import CONFIG, PairMeasures, of_recording
from experiments.results import YIELD, read_json, write_json
from experiments.runs import Settings
from experiments.speech_runs import SpeechTraining

RECORDINGS = "recordings"
"""Folder of the recordings that tables show: ``yield.json`` describes them; pictures and sound lie beside it."""


@dataclass
class Wanted:
    """What tables want of a training: the sets of clips, those that are shown, and whether to measure its epochs."""

    sets: set[str] = field(default_factory=set)
    rows: list[tuple[str, int | Sequence[str]]] = field(default_factory=list)
    by_epoch: bool = False


@dataclass(frozen=True)
class Lacking:
    """What tables want of a training and its yield does not hold: recordings to convert, the report's own, epochs."""

    ours: list[Recording]
    theirs: list[Recording]
    by_epoch: list[Recording]


def make(settings: Settings, run: SpeechTraining, wanted: Wanted) -> None:
    """Make the yield of a training, or add what an existing one lacks.

    Raises
    ------
    InputError
        There are no recordings to start from, or none to fit a judge to.
    """
    stored = read_json(settings.results / run.name / YIELD)
    if not (stored or run.epoch()) or stored and not settings.data.exists():
        return  # there is nothing to convert with, or nothing to convert
    if stored and 0 < run.epoch() < stored["training"]["epoch"] and run.made(stored):
        return  # fewer epochs are asked for than were measured
    kept = stored if not run.epoch() or is_of(stored, run.directory.losses_file, run.epoch()) else {}
    found = clips.recordings(settings, run.pair, sorted(wanted.sets))
    shown = clips.chosen(_names_by_set(found), wanted.rows)
    if not run.epoch():
        absent = _not_in(kept["ours"], found, ())
        if absent:
            print(f"{run.name}: {len(absent)} recordings are left out, because the weights are not here", flush=True)
    else:
        lacking = _lacking(settings, run, wanted, kept, found, shown)
        if lacking.ours or lacking.theirs or lacking.by_epoch:
            print(f"{run.name}: epoch {run.epoch()}, to measure: {len(lacking.ours)} recordings", flush=True)
            measured = _measured(settings, run, found, shown, lacking)
            write_json(settings.results / run.name / YIELD, _grown(kept, measured))
    add_recordings(settings, [each for each in found if each.name in shown])


def _lacking(
    settings: Settings,
    run: SpeechTraining,
    wanted: Wanted,
    kept: dict,
    found: Sequence[Recording],
    shown: Sequence[str],
) -> Lacking:
    theirs = [each for each in clips.of_report(settings) if clips.reports_output(settings, each, run)]
    unseen = [each for each in found if each.of == clips.UNSEEN and wanted.by_epoch]
    every = _not_in(kept.get("by_epoch", ()), unseen, ())
    return Lacking(
        _not_in(kept.get("ours", ()), found, shown), _not_in(kept.get("theirs", ()), theirs, shown),
        unseen if every else [],
    )  # fmt: skip


def _not_in(cells: Sequence[dict], found: Sequence[Recording], shown: Sequence[str]) -> list[Recording]:
    """The recordings that are not among a yield's cells, or are to be shown and have no sound there."""
    there = {_key(cell) for cell in cells if "sound" in cell or cell["name"] not in shown}
    return [each for each in found if (each.of, each.name) not in there]


def _key(cell: dict) -> tuple[str, str]:
    return cell["of"], cell["name"]


def _measured(
    settings: Settings, run: SpeechTraining, found: Sequence[Recording], shown: Sequence[str], lacking: Lacking
) -> dict:
    """Measure what a yield lacks."""
    config = RunConfig.load(run.directory.config_file)
    run.refuse_other_options(config)
    folder = settings.results / run.name
    rated = clips.rated(found, shown)
    measures = PairMeasures(settings.clips_of_data, *split_pair(run.pair))
    sources = conversions.sources_of(lacking.ours, config.spectrogram, rated)
    unseen = conversions.sources_of(lacking.by_epoch, config.spectrogram, rated)
    return {
        "training": run.described(settings, config, run.pair),
        "judge": measures.panel.describe(),
        "ours": conversions.by_training(run, config, run.epoch(), sources, measures, folder, shown),
        "theirs": conversions.by_report(settings, run, lacking.theirs, measures, folder, shown),
        "equalised": conversions.by_equaliser(sources, measures) if config.spectrogram == CONFIG else [],
        "by_epoch": conversions.by_epochs(run, config, unseen, measures) if unseen else [],
        "losses": stored_losses(run.directory.losses_file, run.epoch(), folder),
    }


def _grown(kept: dict, measured: dict) -> dict:
    """Add to a yield what was measured; the training's description stays that of the first measuring."""
    cells = {
        whose: list({_key(cell): cell for cell in (*kept.get(whose, ()), *measured[whose])}.values())
        for whose in ("ours", "theirs", "equalised")
    }
    by_epoch = measured["by_epoch"] or kept.get("by_epoch", [])
    return {**measured, **cells, "by_epoch": by_epoch, "training": kept.get("training", measured["training"])}


def add_recordings(settings: Settings, shown: Sequence[Recording]) -> None:
    """Draw the recordings that tables show, write their sound, and describe them."""
    folder = settings.results / RECORDINGS
    known = {each["name"]: each for each in read_json(folder / YIELD).get("recordings", ())}
    for each in shown:
        if "sound" not in known.get(each.name, {}):
            recording = conversions.load(each.path, CONFIG)
            media = write_cell(folder, each.name, recording.spectrogram, recording.waveform, CONFIG)
            known[each.name] = {
                "name": each.name, "what": each.what, "origin": each.origin, "source": each.source, **media,
                **of_recording(recording.waveform),
            }  # fmt: skip
    write_json(folder / YIELD, {"recordings": list(known.values())})


def _names_by_set(found: Sequence[Recording]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for each in found:
        names.setdefault(each.of, []).append(each.name)
    return names
