"""What a training yields: its conversions of all clips, measured; those that tables show, drawn and heard.

It lies in a folder of results under the training's name: ``yield.json``, pictures, sound. Everything that a page says
of a training is in it, so that the run directory, which is large and may be on another machine, is not needed again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import joblib
import numpy as np

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.config import RunConfig, SpectrogramConfig
from cyclegan_keras.conversion import convert
from cyclegan_keras.conversion.generators import load_generator
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.measuring.attacks import equalised
from cyclegan_keras.measuring.metrics import mimicry
from cyclegan_keras.shared.run_directory import DIRECTIONS
from experiments import clips
from experiments.cells import save_curves, write_cell
from experiments.clips import Recording
from experiments.losses import thinned_losses
from experiments.measures import CONFIG, PairMeasures, Source, of_recording
from experiments.results import YIELD, read_json, write_json
from experiments.runs import Needed, Settings

REPORTS_WAY = ConversionSettings("griffin-lim")
"""The report's way to sound, whatever `infer` does unasked."""

RECORDINGS = "recordings"
"""Folder of the recordings that tables show: ``yield.json`` describes them; pictures and sound lie beside it."""

POINTS = 10
"""Epochs that are measured at most, evenly spread."""


@dataclass
class Wanted:
    """What tables want of a training: the sets of clips, those that are shown, and whether to measure its epochs."""

    sets: set[str] = field(default_factory=set)
    rows: list[tuple[str, int | Sequence[str]]] = field(default_factory=list)
    by_epoch: bool = False


def make(settings: Settings, run: Needed, wanted: Wanted) -> None:
    """Make the yield of a training, or add the clips that an existing one lacks.

    Raises
    ------
    InputError
        There are no recordings to start from, or none to fit a judge to.
    """
    folder = settings.results / run.name
    stored = read_json(folder / YIELD)
    epoch, measured = run.epoch(), stored.get("training", {}).get("epoch", 0)
    if measured > epoch > 0 or not epoch and not (stored and settings.data.exists()):
        return
    kept = stored if not epoch or measured == epoch else {}
    found = clips.recordings(settings, run.pair, sorted(wanted.sets))
    shown = clips.chosen(_names_by_set(found), wanted.rows)
    new = _lacking(kept.get("ours", ()), found, shown)
    theirs = [each for each in clips.of_report(settings) if clips.reports_output(settings, each, run)]
    new_theirs = _lacking(kept.get("theirs", ()), theirs, shown)
    by_epoch = wanted.by_epoch and not kept.get("by_epoch")
    if not (new or new_theirs or by_epoch):
        return
    if not epoch:
        print(f"{run.name}: {len(new)} more clips are left out, because the weights are not here", flush=True)
        return
    config = RunConfig.load(run.directory.config_file)
    measures = PairMeasures(settings.clips_of_data(), *split_pair(run.pair))
    print(f"{run.name}: converting and measuring {len(new)} clips by epoch {epoch}", flush=True)
    rated = clips.rated(found, shown)
    sources = _sources(new, config.spectrogram, rated)
    losses = _losses(run, folder)
    added = {
        "ours": _conversions(run, config, epoch, sources, measures, folder, shown),
        "theirs": _theirs(settings, run, new_theirs, measures, folder, shown),
        "equalised": _equalised(sources, measures) if config.spectrogram == CONFIG else [],
    }
    if by_epoch:
        unseen = _sources([each for each in found if each.of == clips.UNSEEN], config.spectrogram, rated)
    yielded = {
        "training": run.described(settings, config, run.pair),
        "judge": measures.describe(),
        **{whose: _merged(kept.get(whose, ()), cells) for whose, cells in added.items()},
        "by_epoch": _epochs(run, config, unseen, measures) if by_epoch else kept.get("by_epoch", []),
        "losses": losses,
    }
    write_json(folder / YIELD, yielded)
    add_recordings(settings, [each for each in found if each.name in shown])


def _losses(run: Needed, folder: Path) -> dict[str, list[float]]:
    losses = thinned_losses(run.directory.losses_file)
    panels = {"generators": {"G": losses["g_loss"], "F": losses["f_loss"]}}
    panels["discriminators"] = {
        f"D_{name.upper()}, {kind}": losses[f"d_{name}_{kind}"] for name in "ab" for kind in ("real", "fake")
    }
    save_curves(folder / "losses.webp", panels, losses["step"], "step")
    return losses


def _lacking(cells: Sequence[dict], found: Sequence[Recording], shown: Sequence[str]) -> list[Recording]:
    """The recordings that are not among a yield's cells, or are to be shown and have no picture there."""
    there = {cell["name"] for cell in cells if "picture" in cell or cell["name"] not in shown}
    return [each for each in found if each.name not in there]


def _merged(cells: Sequence[dict], added: Sequence[dict]) -> list[dict]:
    return list({cell["name"]: cell for cell in (*cells, *added)}.values())


def add_recordings(settings: Settings, shown: Sequence[Recording]) -> None:
    """Draw the recordings that tables show, write their sound, and describe them."""
    folder = settings.results / RECORDINGS
    known = {each["name"]: each for each in read_json(folder / YIELD).get("recordings", ())}
    for each in shown:
        if "sound" not in known.get(each.name, {}):
            recording = load(each.path, CONFIG)
            media = write_cell(folder, each.name, recording.spectrogram, recording.waveform, CONFIG)
            known[each.name] = {
                "name": each.name, "what": each.what, "origin": each.origin, "source": each.source, **media,
                **of_recording(recording.waveform),
            }  # fmt: skip
    write_json(folder / YIELD, {"recordings": list(known.values())})


def load(path: Path, config: SpectrogramConfig) -> convert.Recording:
    """Read and analyse the middle 4.096 s of a recording, the length of an image."""
    waveform = load_waveform(path, config.sample_rate)
    start = max(0, (len(waveform) - config.n_samples) // 2)
    return convert.analyse(waveform[start : start + config.n_samples], config)


def _sources(found: Sequence[Recording], config: SpectrogramConfig, rated: set[str]) -> list[Source]:
    analysed = [load(each.path, config) for each in found]
    untouched = _sounds(analysed, [each.spectrogram for each in analysed], config)
    return [Source(each, *of_it, each.name in rated) for each, *of_it in zip(found, analysed, untouched)]


def _conversions(
    run: Needed, config: RunConfig, epoch: int, sources: Sequence[Source], measures: PairMeasures,
    folder: Path | None = None, shown: Sequence[str] = (),
) -> list[dict]:  # fmt: skip
    if not sources:
        return []
    analysis = config.spectrogram
    spectrograms = [source.analysed.spectrogram for source in sources]
    there, back = (load_generator(run.directory, config, epoch, direction) for direction in DIRECTIONS)
    generated = convert.generate(spectrograms, there, analysis)
    restored = convert.generate(generated, back, analysis)
    sounds = _sounds([source.analysed for source in sources], generated, analysis)
    cells = _measured(sources, sounds, measures)
    for cell, sound, source, image, again in zip(cells, sounds, spectrograms, generated, restored):
        cell.update(mimicry=round(float(mimicry(source, image)), 4), cycle=round(float(mimicry(source, again)), 4))
        if cell["name"] in shown:
            cell.update(write_cell(folder, cell["name"], image, sound, analysis))
    return cells


def _theirs(
    settings: Settings, run: Needed, found: Sequence[Recording], measures: PairMeasures, folder: Path,
    shown: Sequence[str],
) -> list[dict]:  # fmt: skip
    """What the report's authors published of the same conversions, by the same measures."""
    files = [clips.reports_output(settings, each, run) for each in found]
    outputs = [load(path, CONFIG) for path in files]
    sources = _sources(found, CONFIG, {each.name for each in found})
    cells = _measured(sources, [output.waveform for output in outputs], measures)
    for cell, path, output in zip(cells, files, outputs):
        cell["source"] = f"the report's {path.stem}"
        if cell["name"] in shown:
            cell.update(write_cell(folder, f"{cell['name']}-report", output.spectrogram, output.waveform, CONFIG))
    return cells


def _equalised(sources: Sequence[Source], measures: PairMeasures) -> list[dict]:
    """A simpler way, for comparison: the same recordings through a fixed equaliser and the same vocoder.

    Only trainings at the judges' image size have one; Table 2 has a column of that size.
    """
    analysed = [source.analysed for source in sources]
    images = [equalised(each.spectrogram, *measures.panel.spectra) for each in analysed]
    return _measured(sources, _sounds(analysed, images, CONFIG), measures)


def _measured(sources: Sequence[Source], sounds: Sequence[np.ndarray], measures: PairMeasures) -> list[dict]:
    of = [source.recording for source in sources]
    named = [{"name": each.name, "of": each.of, "speaker": each.speaker} for each in of]
    return [{**name, **row} for name, row in zip(named, measures.measure(sources, sounds))]


def _epochs(run: Needed, config: RunConfig, sources: Sequence[Source], measures: PairMeasures) -> list[dict]:
    there = [epoch for epoch in run.directory.epochs() if epoch <= run.epoch()]
    cells = []
    for epoch in (there[i] for i in np.unique(np.linspace(0, len(there) - 1, POINTS).round().astype(int))):
        print(f"{run.name}: epoch {epoch}", flush=True)
        cells += [{"epoch": epoch, **cell} for cell in _conversions(run, config, epoch, sources, measures)]
    return cells


def _sounds(
    analysed: Sequence[convert.Recording], images: Sequence[np.ndarray], config: SpectrogramConfig
) -> list[np.ndarray]:
    made = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(convert.synthesise)(each, image, config, REPORTS_WAY) for each, image in zip(analysed, images)
    )
    return [conversion.waveform for conversion in made]


def _names_by_set(found: Sequence[Recording]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for each in found:
        names.setdefault(each.of, []).append(each.name)
    return names
