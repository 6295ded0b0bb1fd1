"""What trainings make of recordings, measured; drawn and heard where a table shows it.

Each conversion is a cell: a dict of its clip's name, set and speaker, its measures, and its picture and sound if shown.
"""

from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.config import RunConfig, SpectrogramConfig
from cyclegan_keras.conversion import convert
from cyclegan_keras.conversion.generators import load_generator
from cyclegan_keras.conversion.recording import Recording as Analysed
from cyclegan_keras.conversion.recording import analyse
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.measuring.attacks import equalised
from cyclegan_keras.measuring.metrics import mimicry
from cyclegan_keras.measuring.ruler import middle
from cyclegan_keras.shared.run_directory import DIRECTIONS
from experiments import clips
from experiments.cells import write_cell
from experiments.clips import Recording
from experiments.measures import CONFIG, PairMeasures, Source
from experiments.runs import Settings
from experiments.speech_runs import SpeechTraining

REPORTS_WAY = ConversionSettings("griffin-lim")
"""The tables' conversions pass through Griffin-Lim, whatever the run's own phase."""

POINTS = 10
"""The most epochs that are measured for the curve, evenly spread."""


def load(path: Path, config: SpectrogramConfig) -> Analysed:
    """Read and analyse the middle 4.096 s of a recording, the length of an image."""
    return analyse(middle(load_waveform(path, config.sample_rate), config), config)


def sources_of(found: Sequence[Recording], config: SpectrogramConfig, rated: set[str]) -> list[Source]:
    """Analyse recordings, and resynthesise each without a network; those in ``rated`` get DNSMOS."""
    analysed = [load(each.path, config) for each in found]
    untouched = _sounds(analysed, [each.spectrogram for each in analysed], config)
    return [Source(each, *of_it, each.name in rated) for each, *of_it in zip(found, analysed, untouched)]


def by_training(
    run: SpeechTraining, config: RunConfig, epoch: int, sources: Sequence[Source], measures: PairMeasures,
    folder: Path | None = None, shown: Sequence[str] = (),
) -> list[dict]:  # fmt: skip
    """Convert and measure recordings by the generators of an epoch; draw those that are shown into a folder."""
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


def by_report(
    settings: Settings, run: SpeechTraining, found: Sequence[Recording], measures: PairMeasures, folder: Path,
    shown: Sequence[str],
) -> list[dict]:  # fmt: skip
    """What the report's authors published of the same conversions, by the same measures."""
    files = [clips.reports_output(settings, each, run) for each in found]
    outputs = [load(path, CONFIG) for path in files]
    sources = sources_of(found, CONFIG, {each.name for each in found})
    cells = _measured(sources, [output.waveform for output in outputs], measures)
    for cell, path, output in zip(cells, files, outputs):
        cell["source"] = f"the report's {path.stem}"
        if cell["name"] in shown:
            cell.update(write_cell(folder, f"{cell['name']}-report", output.spectrogram, output.waveform, CONFIG))
    return cells


def by_equaliser(sources: Sequence[Source], measures: PairMeasures) -> list[dict]:
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


def by_epochs(run: SpeechTraining, config: RunConfig, sources: Sequence[Source], measures: PairMeasures) -> list[dict]:
    """Convert and measure recordings by the generators of up to ``POINTS`` epochs."""
    there = [epoch for epoch in run.directory.epochs() if epoch <= run.epoch()]
    cells = []
    for epoch in (there[i] for i in np.unique(np.linspace(0, len(there) - 1, POINTS).round().astype(int))):
        print(f"{run.name}: epoch {epoch}", flush=True)
        cells += [{"epoch": epoch, **cell} for cell in by_training(run, config, epoch, sources, measures)]
    return cells


def _sounds(analysed: Sequence[Analysed], images: Sequence[np.ndarray], config: SpectrogramConfig) -> list[np.ndarray]:
    made = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(convert.synthesise)(each, image, config, REPORTS_WAY) for each, image in zip(analysed, images)
    )
    return [conversion.waveform for conversion in made]
