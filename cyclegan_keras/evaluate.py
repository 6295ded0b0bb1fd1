"""Command line: measure conversions. ``python -m cyclegan_keras.evaluate --help``."""

import argparse
import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

import joblib
import numpy as np

from cyclegan_keras import audio, judge, metrics
from cyclegan_keras.cli import CommandParser, run_command
from cyclegan_keras.config import PHASES, RunConfig, SpectrogramConfig, split_pair
from cyclegan_keras.errors import InputError
from cyclegan_keras.files import read_arrays, write_arrays, written_beside
from cyclegan_keras.infer import (
    ConversionOptions,
    Reading,
    chosen_conversion,
    describe_conversion,
    load_generator,
    repaint,
    synthesise,
)
from cyclegan_keras.machine import prepare_tensorflow
from cyclegan_keras.ravdess import Clip, Split, domain, index_clips, split_clips
from cyclegan_keras.run_directory import DIRECTIONS, RunDirectory

SETS = ("unseen", "held-back", "seen")

MAX_CACHE_BYTES = 2**30
"""Far more than what is learned of all of RAVDESS takes."""

SEEN_CLIPS = 16
"""Of the training clips, so many are measured: one of each actor, or nearly."""


@dataclass(frozen=True)
class Row:
    """The measures of one set of sounds; None where there is nothing to measure."""

    name: str
    clips: int
    transfer: float
    score: float
    estoi: Optional[float]
    statement: Optional[float]
    dnsmos: float
    pitch_hz: float
    pitch_range: float
    mimicry: Optional[float] = None
    cycle: Optional[float] = None


class Source(NamedTuple):
    """A clip to convert, cut to what an image holds; ``statement`` is 0 where it is not one of RAVDESS's."""

    name: str
    reading: Reading
    statement: int


@dataclass(frozen=True)
class Ruler:
    """What measures one direction of a pair: its judge with what that is worth, and the recogniser of statements."""

    judge: judge.Judge
    verdict: judge.Verdict
    recogniser: metrics.StatementRecogniser
    source: str
    target: str

    def measure(
        self, name: str, sounds: Sequence[np.ndarray], references: Sequence[np.ndarray], statements: Sequence[int]
    ) -> Row:
        """Measure sounds against the clips they were made from, as these sound with no network between.

        Parameters
        ----------
        name : str
        sounds, references : sequences of np.ndarray
            ``references`` may be empty.
        statements : sequence of int
            As in ``Source``.
        """
        rate = self.judge.config.sample_rate
        scores = self.judge.scores(sounds, self.target)
        estoi = [metrics.estoi(reference, sound, rate) for reference, sound in zip(references, sounds)]
        heard = [
            said == statement
            for said, statement in zip(self.recogniser.recognise(sounds, rate), statements)
            if statement
        ]
        return Row(
            name, len(sounds), float((scores > 0.5).mean()), float(scores.mean()),
            float(np.mean(estoi)) if estoi else None, float(np.mean(heard)) if heard else None,
            float(np.mean([metrics.dnsmos(sound, rate) for sound in sounds])),
            *map(float, metrics.median_pitch(sounds, rate)),
        )  # fmt: skip


def load_source(path: Path, statement: int, config: SpectrogramConfig) -> Source:
    """Read and analyse a recording's middle 4.096 s; ``statement`` as in ``Source``."""
    waveform = middle(audio.load_waveform(path, config.sample_rate), config)
    return Source(path.stem, _analysed(waveform, config), statement)


def build_ruler(data: Path, source: str, target: str, config: SpectrogramConfig) -> Ruler:
    """Fit a pair's judge to the training actors' clips of a data set, and try it on the unseen actors'.

    The features of the training clips and the verdict are cached.

    Raises
    ------
    InputError
        The data set lacks clips of an emotion, or unseen actors.
    """
    split = split_clips(index_clips(data))
    emotions = tuple(sorted((source, target)))
    clips = [domain(split.train, emotion) for emotion in emotions]
    paths = [clip.path for of_class in clips for clip in of_class]
    what = f"fitting the judge of {source} and {target}: some minutes, once"
    learned = _cached(
        "judge", what, paths, config, lambda: _learn([_load(of_class, config) for of_class in clips], config)
    )
    spectra = tuple(judge.Spectrum(learned[f"mean_{number}"], learned[f"std_{number}"]) for number in (0, 1))
    fitted = judge.fit_judge(emotions, learned["features"], learned["classes"], spectra, config)
    unseen = [domain(split.unseen, emotion) for emotion in (source, target)]
    verdict = _verdict(fitted, paths, unseen, source, target)
    statements = [clip.statement for of_class in clips for clip in of_class]
    recogniser = metrics.StatementRecogniser(learned["shapes"], statements)
    return Ruler(fitted, verdict, recogniser, source, target)


def parser() -> CommandParser:
    """Describe the options."""
    parser = CommandParser(
        prog="python -m cyclegan_keras.evaluate",
        description="Measure what conversions are worth: emotion (by a judge fitted to --data and attacked first), "
        "content (ESTOI, which statement is heard), cleanness (DNSMOS), pitch, mimicry.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--run-dir", type=Path, help="the run whose generators convert")
    what.add_argument(
        "--converted", type=Path, help="a folder of conversions made elsewhere, with --inputs and --target"
    )
    parser.add_argument("--data", type=Path, default=Path("data/ravdess"), help="RAVDESS clips for the judge")
    parser.add_argument("--clips", default="unseen", help=f"{', '.join(SETS)} clips of --data, or a folder")
    parser.add_argument("--reverse", action="store_true", help="from B to A")
    parser.add_argument("--epochs", default="latest", help="all, latest, or numbers such as 1,5,10")
    parser.add_argument("--phase", default=PHASES[0], choices=PHASES, help="as in infer")
    parser.add_argument("--strength", type=float, help="as in infer")
    parser.add_argument("--inputs", type=Path, help="the recordings that --converted was made from")
    parser.add_argument("--source", default="calm", help="emotion of --inputs")
    parser.add_argument("--target", help="emotion of --converted")
    parser.add_argument("--output", type=Path, help="folder for evaluate.json; default: the run's or --converted's")
    return parser


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Run the command line."""
    run_command(parser(), command, argv)


def command(arguments: argparse.Namespace) -> int:
    """Measure as the options say; returns the exit status."""
    if arguments.converted and not (arguments.inputs and arguments.target):
        parser().error("--converted: needs --inputs and --target")
    if arguments.converted:
        source, target = split_pair(f"{arguments.source}_{arguments.target}")
        for folder in (arguments.converted, arguments.inputs):
            _recordings(folder)  # an empty one is told before minutes go into the judge
        ruler = build_ruler(arguments.data, source, target, SpectrogramConfig())
        rows = measure_folder(ruler, arguments.converted, arguments.inputs)
        caption, how = f"{source} to {target}, {arguments.converted}", None
    else:
        run = RunDirectory(arguments.run_dir)
        config = RunConfig.load(run.config_file)
        source, target = split_pair(config.pair)[:: -1 if arguments.reverse else 1]
        epochs = _epochs(run, arguments.epochs)
        how = chosen_conversion(arguments, config)
        prepare_tensorflow()
        split = split_clips(index_clips(arguments.data))
        sources = _sources(arguments.clips, split, source, config.spectrogram)
        ruler = build_ruler(arguments.data, source, target, config.spectrogram.listening)
        real = domain(split.unseen, target)
        rows = measure_run(ruler, run, config, epochs, sources, real, how)
        caption = (
            f"{source} to {target}, {run.path}, preset {config.preset}, seed {config.train.seed}, "
            f"{arguments.clips} clips, {describe_conversion(how)}"
        )
    print(describe_verdict(ruler))
    print(f"\n{caption}\n\n{table(rows)}")
    output = evaluation_file(arguments.output or arguments.converted or arguments.run_dir, arguments.reverse)
    verdict = {**dataclasses.asdict(ruler.verdict), "holds": ruler.verdict.holds}
    with written_beside(output) as beside:
        chosen = {name: getattr(how, name, None) for name in ("phase", "strength")}
        measured = {"caption": caption, **chosen, "judge": verdict}
        measured["rows"] = [dataclasses.asdict(row) for row in rows]
        beside.write_text(json.dumps(measured, indent=2) + "\n")
    print(f"\nwritten: {output}")
    if arguments.run_dir and len(epochs) > 1:
        print(draw_curves(rows, epochs, caption, output.with_suffix(".png")))
    return 0


def measure_run(
    ruler: Ruler,
    run: RunDirectory,
    config: RunConfig,
    epochs: Sequence[int],
    sources: Sequence[Source],
    real: Sequence[Clip],
    how: ConversionOptions,
) -> List[Row]:
    """Measure a run's conversions by epoch, between what they start from and what they should become.

    Equaliser, random gains and real clips go through the judge's analysis, all else through the run's.
    """
    analysis, plain = config.spectrogram, ruler.judge.config
    directions = DIRECTIONS[:: 1 if ruler.source == split_pair(config.pair)[0] else -1]
    statements = [source.statement for source in sources]
    spectrograms = [source.reading.spectrogram for source in sources]
    own, other = ruler.judge.spectra if ruler.target == ruler.judge.emotions[1] else ruler.judge.spectra[::-1]

    def sounds(converted: Sequence[np.ndarray]) -> List[np.ndarray]:
        return [
            synthesise(source.reading, spectrogram, analysis, how) for source, spectrogram in zip(sources, converted)
        ]

    readings = [_analysed(source.reading.waveform, plain) for source in sources]

    def changed(change: Callable[[np.ndarray], np.ndarray]) -> List[np.ndarray]:
        return [synthesise(reading, change(reading.spectrogram), plain, how) for reading in readings]

    references = sounds(spectrograms)
    unchanged = changed(lambda spectrogram: spectrogram)
    equalised = changed(lambda spectrogram: judge.equalised(spectrogram, own, other))
    rng = np.random.default_rng(0)
    random = changed(
        lambda spectrogram: judge.randomly_changed(spectrogram, judge.CHANGE_DB, judge.CHANGE_WIDTHS, rng, plain)
    )
    rows = [
        ruler.measure(f"{ruler.source}, no network", references, references, statements),
        ruler.measure("fixed equaliser, no network", equalised, unchanged, statements),
        ruler.measure("random gains, no network", random, unchanged, statements),
    ]
    for epoch in epochs:
        print(f"measuring epoch {epoch} on {len(sources)} clips", flush=True)
        there, back = (load_generator(run, config, epoch, direction) for direction in directions)
        converted = repaint(spectrograms, there, analysis)
        restored = repaint(converted, back, analysis)
        spun = repaint(spectrograms, there, analysis, how.moves) if len(how.moves) > 1 else converted
        row = ruler.measure(f"epoch {epoch}", sounds(spun), references, statements)
        rows.append(
            dataclasses.replace(
                row,
                mimicry=metrics.mimicry(np.concatenate(spectrograms, 1), np.concatenate(converted, 1)),
                cycle=metrics.mimicry(np.concatenate(spectrograms, 1), np.concatenate(restored, 1)),
            )
        )
    vocoded = [judge.vocoded(waveform, plain) for waveform in _load(real, plain)]
    rows.append(ruler.measure(f"real {ruler.target}, unseen actors", vocoded, [], [clip.statement for clip in real]))
    return rows


def measure_folder(ruler: Ruler, converted: Path, inputs: Path) -> List[Row]:
    """Measure conversions made elsewhere; each is named after its recording, as ``calm_01_fearful.wav`` of ``calm_01``.

    Raises
    ------
    InputError
        A folder holds no recordings, or none of the conversions has its recording.
    """
    config = ruler.judge.config
    recordings = {path.stem: path for path in _recordings(inputs)}
    pairs = []
    for path in _recordings(converted):
        names = [name for name in recordings if path.stem.lower().startswith(f"{name.lower()}_")]
        if names and f"_{ruler.target}" in path.stem.lower():
            pairs.append((recordings[max(names, key=len)], path))
    if not pairs:
        raise InputError(
            f"{converted}: no file is named after one of {inputs} and {ruler.target}, as a_{ruler.target}.wav of a.wav"
        )
    sounds, references = [], []
    for recording, path in pairs:
        sound = middle(audio.load_waveform(path, config.sample_rate), config)
        source = middle(audio.load_waveform(recording, config.sample_rate), config)
        references.append(judge.vocoded(source, config)[: len(sound)])
        sounds.append(sound[: len(references[-1])])
    statements = [0] * len(sounds)
    return [
        ruler.measure(f"{ruler.source}, same vocoder", references, references, statements),
        ruler.measure(f"converted to {ruler.target}", sounds, references, statements),
    ]


def evaluation_file(folder: Path, reverse: bool) -> Path:
    """Where a direction's measures are written."""
    return folder / ("evaluate_reverse.json" if reverse else "evaluate.json")


def draw_curves(rows: Sequence[Row], epochs: Sequence[int], title: str, path: Path) -> Path:
    """Draw how a run's measures went from epoch to epoch (report, section 5.2.3), as PNG."""
    from cyclegan_keras.plots import curves, save_figure

    of_epochs = [row for row in rows if row.mimicry is not None]
    names = ("transfer", "score", "estoi", "dnsmos", "mimicry", "cycle")
    save_figure(curves({name: [getattr(row, name) for row in of_epochs] for name in names}, epochs, title), path)
    return path


def middle(waveform: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Cut a recording to the middle 4.096 s, which is what an image shows; a shorter one stays as it is."""
    start = max(0, (len(waveform) - config.n_samples) // 2)
    return waveform[start : start + config.n_samples]


def describe_verdict(ruler: Ruler) -> str:
    """Say what the judge is worth, in one line for its accuracy and one for each attack."""
    verdict = ruler.verdict
    lines = [
        f"judge of {ruler.source} and {ruler.target}: right on {verdict.accuracy:.2f} of {verdict.clips} real clips "
        f"of unseen actors ({judge.LEAST_ACCURACY} at least)"
    ]
    lines += [f"  false alarms, {name}: {share:.2f}" for name, share in verdict.false_alarms.items()]
    if not verdict.holds:
        lines.append("  it does not hold: its figures of transfer say nothing; content and cleanness do")
    return "\n".join(lines)


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


def _epochs(run: RunDirectory, wanted: str) -> List[int]:
    if wanted == "all":
        run.epoch_or_latest()
        return run.epochs()
    if wanted == "latest":
        return [run.epoch_or_latest()]
    if not all(number.strip().isdigit() for number in wanted.split(",")):
        raise InputError(f"--epochs {wanted}: not all, latest, or numbers such as 1,5,10")
    return [run.epoch_or_latest(int(number)) for number in wanted.split(",")]


def _sources(wanted: str, split: Split, emotion: str, config: SpectrogramConfig) -> List[Source]:
    if wanted in SETS:
        of_set = {"unseen": split.unseen, "held-back": split.held_back, "seen": split.train}[wanted]
        clips = domain(of_set, emotion)
        if wanted == "seen":
            clips = clips[:: max(1, len(clips) // SEEN_CLIPS)]
        recordings = [(clip.path, clip.statement) for clip in clips]
    else:
        recordings = [(path, 0) for path in _recordings(Path(wanted))]
    return [load_source(path, statement, config) for path, statement in recordings]


def _analysed(waveform: np.ndarray, config: SpectrogramConfig) -> Reading:
    return Reading(waveform, *audio.waveform_to_spectrogram(waveform, config))


def _recordings(folder: Path) -> List[Path]:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give one of recordings, or {', '.join(SETS)}")
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in audio.SUFFIXES)
    if not found:
        raise InputError(f"{folder}: holds no recordings; give a folder of {audio.FORMATS} files")
    return found


def _load(clips: Sequence[Clip], config: SpectrogramConfig) -> List[np.ndarray]:
    return [audio.load_waveform(clip.path, config.sample_rate) for clip in clips]


def _learn(waveforms: Sequence[Sequence[np.ndarray]], config: SpectrogramConfig) -> Dict[str, np.ndarray]:
    features, classes, spectra = judge.training_features(waveforms, config)
    shapes = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(_vocoded_shape)(waveform, config) for of_class in waveforms for waveform in of_class
    )
    learned = {"features": features, "classes": classes, "shapes": np.array(shapes)}
    for number, spectrum in enumerate(spectra):
        learned.update({f"mean_{number}": spectrum.mean, f"std_{number}": spectrum.std})
    return learned


def _vocoded_shape(waveform: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    return metrics.sentence_shape(judge.vocoded(waveform, config), config.sample_rate)


def _verdict(
    fitted: judge.Judge, fitted_to: Sequence[Path], unseen: Sequence[Sequence[Clip]], source: str, target: str
) -> judge.Verdict:
    def learn() -> Dict[str, np.ndarray]:
        verdict = judge.try_judge(fitted, *(_load(of_class, fitted.config) for of_class in unseen), target)
        measured = {"accuracy": verdict.accuracy, "clips": verdict.clips, **verdict.false_alarms}
        return {name: np.array(number) for name, number in measured.items()}

    paths = [*fitted_to, *(clip.path for of_class in unseen for clip in of_class)]
    what = f"trying the judge from {source} to {target}: a minute, once"
    stored = _cached(f"verdict-{source}-{target}", what, paths, fitted.config, learn)
    numbers = {name: number.item() for name, number in stored.items()}
    return judge.Verdict(numbers.pop("accuracy"), numbers.pop("clips"), numbers)


def _cached(
    name: str, what: str, paths: Sequence[Path], config: SpectrogramConfig, learn: Callable[[], Dict[str, np.ndarray]]
) -> Dict[str, np.ndarray]:
    from cyclegan_keras.pipeline import data_key, default_cache_dir

    # What is learned, and what it is worth, depends on the recordings and on the code that learns.
    code = b"".join(Path(module.__file__).read_bytes() for module in (audio, judge, metrics))
    file = default_cache_dir() / f"{name}-{data_key(paths, config)}-{hashlib.sha256(code).hexdigest()[:16]}.npz"
    try:
        return read_arrays(file, MAX_CACHE_BYTES)
    except FileNotFoundError:
        pass
    except (OSError, ValueError):
        print(f"{file}: damaged cache file, made again", flush=True)
    print(what, flush=True)
    learned = learn()
    write_arrays(file, learned)
    return learned


if __name__ == "__main__":
    main()
