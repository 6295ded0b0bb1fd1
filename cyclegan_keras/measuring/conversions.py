"""Measures of a run's conversions by epoch, or of a folder of conversions made elsewhere, as rows of a table."""

import dataclasses
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.config import RunConfig, SpectrogramConfig
from cyclegan_keras.conversion.convert import generate, synthesise
from cyclegan_keras.conversion.generators import load_generator
from cyclegan_keras.conversion.recording import analyse
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.emotions import EMOTION_ALIASES, split_pair
from cyclegan_keras.measuring import metrics
from cyclegan_keras.measuring.baselines import before_conversion, second_take
from cyclegan_keras.measuring.rows import Row
from cyclegan_keras.measuring.ruler import Ruler
from cyclegan_keras.measuring.sets import Source, recordings_in
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.plots import curves, save_figure
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory

LONGEST_DIFFERENCE = 0.05
"""Seconds by which conversions made elsewhere may differ from their recordings in length and count as aligned."""


def measure_run(
    ruler: Ruler,
    run: RunDirectory,
    config: RunConfig,
    epochs: Sequence[int],
    sources: Sequence[Source],
    settings: ConversionSettings,
) -> list[Row]:
    """Measure a run's conversions by epoch (none where ``settings`` use no network), with the baselines.

    If the run converts by Griffin-Lim, the recordings and the second takes are also measured after Griffin-Lim.
    """
    analysis = config.spectrogram
    directions = DIRECTIONS[:: 1 if ruler.target == split_pair(config.pair)[1] else -1]
    recordings = [analyse(source.waveform, analysis, settings.move_before) for source in sources]
    spectrograms = [recording.spectrogram for recording in recordings]
    rows = before_conversion(ruler, sources)
    if settings.moves:
        sounds = [synthesise(r, r.spectrogram, analysis, settings).waveform for r in recordings]
        rows.append(ruler.measure("prosody moved, no network", sounds, sources, settings.keeps_duration))
    vocoded = settings.phase == "griffin-lim"
    if vocoded:
        sounds = _through_griffin_lim([source.waveform for source in sources], analysis)
        rows.append(ruler.measure(f"nothing, same vocoder: {ruler.source}", sounds, sources))
    for epoch in epochs:
        ruler.tell(f"measuring epoch {epoch} on {len(sources)} clips")
        there, back = (load_generator(run, config, epoch, direction) for direction in directions)
        converted = generate(spectrograms, there, analysis)
        restored = generate(converted, back, analysis)
        spun = generate(spectrograms, there, analysis, settings.shifts) if len(settings.shifts) > 1 else converted
        sounds = [
            synthesise(recording, spectrogram, analysis, settings).waveform
            for recording, spectrogram in zip(recordings, spun)
        ]
        rows.append(
            dataclasses.replace(
                ruler.measure(f"epoch {epoch}", sounds, sources, settings.keeps_duration),
                mimicry=metrics.mimicry(np.concatenate(spectrograms, 1), np.concatenate(converted, 1)),
                cycle=metrics.mimicry(np.concatenate(spectrograms, 1), np.concatenate(restored, 1)),
            )
        )
    rows += second_take(ruler, sources)
    takes, known = ruler.second_takes(sources) if vocoded else ([], [])
    if takes:
        sounds = _through_griffin_lim(takes, analysis)
        rows.append(ruler.measure(f"second take, same vocoder: {ruler.target}", sounds, known, aligned=False))
    return rows


def _through_griffin_lim(waveforms: Sequence[np.ndarray], config: SpectrogramConfig) -> list[np.ndarray]:
    """Resynthesise recordings without a change."""
    analysed = [analyse(waveform, config) for waveform in waveforms]
    vocoder = ConversionSettings("griffin-lim")
    return [synthesise(each, each.spectrogram, config, vocoder).waveform for each in analysed]


def measure_conversions(ruler: Ruler, converted: Sequence[Path], sources: Sequence[Source]) -> list[Row]:
    """Measure conversions made elsewhere, one of each source recording, with the baselines."""
    rate = ruler.config.sample_rate
    sounds = [load_waveform(path, rate) for path in converted]
    longest = max(abs(len(sound) - len(source.waveform)) for sound, source in zip(sounds, sources))
    aligned = longest <= LONGEST_DIFFERENCE * rate
    return [
        *before_conversion(ruler, sources),
        ruler.measure(f"converted to {ruler.target}", sounds, sources, aligned),
        *second_take(ruler, sources),
    ]


def paired(converted: Path, inputs: Path, target: str) -> list[tuple[Path, Path]]:
    """Find the source recording of each conversion to ``target`` by its name.

    It is named as its recording and the target: ``ann/calm_01_fearful`` of ``ann/calm_01``. A conversion that lies in
    no folder below ``converted`` may be of a recording in any folder below ``inputs``, if its name is the only one. If
    no name ends with the target, a file of the same name as a recording counts as its conversion.

    Raises
    ------
    InputError
        A folder holds no recordings, no conversion has a source recording, two have the same, or one has two.
    """
    recordings, conversions = recordings_in(inputs), recordings_in(converted)
    by_path = {_name_in(inputs, path): [path] for path in recordings}
    by_stem = defaultdict(list)
    for path in recordings:
        by_stem[path.stem.lower()].append(path)
    words = [target, *(alias for alias, name in EMOTION_ALIASES.items() if name == target)]
    ending = re.compile(rf".*_({'|'.join(map(re.escape, words))})(?![a-z])")

    def with_target(name: str, known: dict[str, list[Path]]) -> list[Path]:
        begun = [each for each in known if name.startswith(f"{each}_") and ending.match(name, len(each))]
        return known[max(begun, key=len)] if begun else []

    def alike(name: str, known: dict[str, list[Path]]) -> list[Path]:
        return known.get(name, [])

    for match in (with_target, alike):
        pairs: dict[Path, Path] = {}
        for path in conversions:
            name = _name_in(converted, path)
            found = match(name, by_path) or ([] if "/" in name else match(name, by_stem))
            found = [recording for recording in found if not recording.samefile(path)]
            if len(found) > 1:
                raise InputError(f"{path}: may be of {found[0]} or of {found[1]}; keep the folders of {inputs}")
            for recording in found:
                other = pairs.setdefault(recording, path)
                if other != path:
                    raise InputError(f"{path}: of the same recording as {other}; measure each in a folder of its own")
        if pairs:
            return list(pairs.items())
    raise InputError(
        f"{converted}: no file is named after a file of {inputs}; name that of a.wav a_{target}.wav or a.wav"
    )


def _name_in(folder: Path, path: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix().lower()


def draw_curves(rows: Sequence[Row], epochs: Sequence[int], title: str, path: Path) -> Path:
    """Plot a run's measures over epochs (report, section 5.2.3), as PNG."""
    of_epochs = [row for row in rows if row.mimicry is not None]
    lines = {}
    for name in ("f0_gap", "treble_gap", "level_gap", "mcd_gap", "wer", "estoi", "dnsmos", "mimicry", "cycle"):
        values = [getattr(row, name) for row in of_epochs]
        if all(value is not None for value in values):
            lines[name] = [getattr(value, "value", value) for value in values]
    save_figure(curves(lines, epochs, title), path)
    return path
