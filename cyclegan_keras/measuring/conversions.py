"""Measures of conversions: a run's by epoch, or a folder of those made elsewhere, as rows of one table."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from cyclegan_keras.audio.files import FORMATS, SUFFIXES, load_waveform
from cyclegan_keras.config import RunConfig, SpectrogramConfig
from cyclegan_keras.conversion.convert import analyse, generate, synthesise
from cyclegan_keras.conversion.generators import load_generator
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.corpora.clips import Clip, Split, domain
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.measuring import attacks, metrics
from cyclegan_keras.measuring.ruler import Row, Ruler, Source, load_clips, load_source, middle
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.plots import curves, save_figure
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory

SETS = ("unseen", "held-back", "seen")
"""The sets of a data set's clips that can be measured."""

SEEN_CLIPS = 16
"""Of the training clips, so many are measured: one of each actor, or nearly."""


def measure_run(
    ruler: Ruler,
    run: RunDirectory,
    config: RunConfig,
    epochs: Sequence[int],
    sources: Sequence[Source],
    real: Sequence[Clip],
    settings: ConversionSettings,
) -> list[Row]:
    """Measure a run's conversions by epoch, between what they start from and what they should become.

    Equaliser, random gains and real clips go through the judge's analysis, all else through the run's.
    """
    analysis, plain = config.spectrogram, ruler.judge.config
    directions = DIRECTIONS[:: 1 if ruler.source == split_pair(config.pair)[0] else -1]
    statements = [source.statement for source in sources]
    spectrograms = [source.recording.spectrogram for source in sources]
    own, other = ruler.judge.spectra if ruler.target == ruler.judge.emotions[1] else ruler.judge.spectra[::-1]

    def sounds(converted: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [
            synthesise(source.recording, spectrogram, analysis, settings).waveform
            for source, spectrogram in zip(sources, converted)
        ]

    recordings = [analyse(source.recording.waveform, plain) for source in sources]

    def changed(change: Callable[[np.ndarray], np.ndarray]) -> list[np.ndarray]:
        return [
            synthesise(recording, change(recording.spectrogram), plain, settings).waveform for recording in recordings
        ]

    references = sounds(spectrograms)
    unchanged = changed(lambda spectrogram: spectrogram)
    equalised = changed(lambda spectrogram: attacks.equalised(spectrogram, own, other))
    rng = np.random.default_rng(0)
    random = changed(
        lambda spectrogram: attacks.randomly_changed(spectrogram, attacks.CHANGE_DB, attacks.CHANGE_WIDTHS, rng, plain)
    )
    rows = [
        ruler.measure(f"{ruler.source}, no network", references, references, statements),
        ruler.measure("fixed equaliser, no network", equalised, unchanged, statements),
        ruler.measure("random gains, no network", random, unchanged, statements),
    ]
    for epoch in epochs:
        print(f"measuring epoch {epoch} on {len(sources)} clips", flush=True)
        there, back = (load_generator(run, config, epoch, direction) for direction in directions)
        converted = generate(spectrograms, there, analysis)
        restored = generate(converted, back, analysis)
        spun = generate(spectrograms, there, analysis, settings.shifts) if len(settings.shifts) > 1 else converted
        row = ruler.measure(f"epoch {epoch}", sounds(spun), references, statements)
        rows.append(
            dataclasses.replace(
                row,
                mimicry=metrics.mimicry(np.concatenate(spectrograms, 1), np.concatenate(converted, 1)),
                cycle=metrics.mimicry(np.concatenate(spectrograms, 1), np.concatenate(restored, 1)),
            )
        )
    vocoded = [attacks.vocoded(waveform, plain) for waveform in load_clips(real, plain)]
    rows.append(ruler.measure(f"real {ruler.target}, unseen actors", vocoded, [], [clip.statement for clip in real]))
    return rows


def measure_folder(ruler: Ruler, converted: Path, inputs: Path) -> list[Row]:
    """Measure conversions made elsewhere; each is named after its recording, as ``calm_01_fearful.wav`` of ``calm_01``.

    Raises
    ------
    InputError
        A folder holds no recordings, or none of the conversions has its recording.
    """
    config = ruler.judge.config
    recordings = {path.stem: path for path in recordings_in(inputs)}
    pairs = []
    for path in recordings_in(converted):
        names = [name for name in recordings if path.stem.lower().startswith(f"{name.lower()}_")]
        if names and f"_{ruler.target}" in path.stem.lower():
            pairs.append((recordings[max(names, key=len)], path))
    if not pairs:
        raise InputError(
            f"{converted}: no file is named after one of {inputs} and {ruler.target}, as a_{ruler.target}.wav of a.wav"
        )
    sounds, references = [], []
    for recording, path in pairs:
        sound = middle(load_waveform(path, config.sample_rate), config)
        source = middle(load_waveform(recording, config.sample_rate), config)
        references.append(attacks.vocoded(source, config)[: len(sound)])
        sounds.append(sound[: len(references[-1])])
    statements = [0] * len(sounds)
    return [
        ruler.measure(f"{ruler.source}, same vocoder", references, references, statements),
        ruler.measure(f"converted to {ruler.target}", sounds, references, statements),
    ]


def choose_sources(wanted: str, split: Split, emotion: str, config: SpectrogramConfig) -> list[Source]:
    """Read the clips of one of ``SETS``, or of a folder, that are to be converted."""
    if wanted in SETS:
        of_set = {"unseen": split.unseen, "held-back": split.held_back, "seen": split.train}[wanted]
        clips = domain(of_set, emotion)
        if wanted == "seen":
            clips = clips[:: max(1, len(clips) // SEEN_CLIPS)]
        recordings = [(clip.path, clip.statement) for clip in clips]
    else:
        recordings = [(path, 0) for path in recordings_in(Path(wanted))]
    return [load_source(path, statement, config) for path, statement in recordings]


def recordings_in(folder: Path) -> list[Path]:
    """Find the recordings directly in a folder; refuse one that has none."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give one of recordings, or {', '.join(SETS)}")
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise InputError(f"{folder}: holds no recordings; give a folder of {FORMATS} files")
    return found


def table(rows: Sequence[Row]) -> str:
    """Write rows as a Markdown table."""
    columns = [field.name for field in dataclasses.fields(Row)]
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    for row in rows:
        cells = [_cell(value) for value in dataclasses.astuple(row)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def draw_curves(rows: Sequence[Row], epochs: Sequence[int], title: str, path: Path) -> Path:
    """Draw how a run's measures went from epoch to epoch (report, section 5.2.3), as PNG."""
    of_epochs = [row for row in rows if row.mimicry is not None]
    names = ("transfer", "score", "estoi", "dnsmos", "mimicry", "cycle")
    save_figure(curves({name: [getattr(row, name) for row in of_epochs] for name in names}, epochs, title), path)
    return path
