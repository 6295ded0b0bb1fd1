"""A pair's ruler: its judge with the judge's own reliability, and the measures of content and cleanness."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np

from cyclegan_keras.audio import spectrogram, vocoder
from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion.convert import Recording, analyse
from cyclegan_keras.corpora.clips import Clip, domain, split_clips
from cyclegan_keras.corpora.ravdess import index_clips
from cyclegan_keras.measuring import attacks, features, judge, metrics
from cyclegan_keras.shared.files import read_arrays, write_arrays
from cyclegan_keras.training.image_cache import data_key, default_cache_dir

MAX_CACHE_BYTES = 2**30
"""Far more than the features of all of RAVDESS take."""


@dataclass(frozen=True)
class Row:
    """The measures of one set of sounds; None where there is nothing to measure."""

    name: str
    clips: int
    transfer: float
    score: float
    estoi: float | None
    statement: float | None
    dnsmos: float
    pitch_hz: float
    pitch_range: float
    mimicry: float | None = None
    cycle: float | None = None


class Source(NamedTuple):
    """A clip to convert, cut to what an image holds; ``statement`` is 0 where it is not one of RAVDESS's."""

    name: str
    recording: Recording
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
        "judge", what, paths, config, lambda: _learn([load_clips(of_class, config) for of_class in clips], config)
    )
    spectra = tuple(attacks.Spectrum(learned[f"mean_{number}"], learned[f"std_{number}"]) for number in (0, 1))
    fitted = judge.fit_judge(emotions, learned["features"], learned["classes"], spectra, config)
    unseen = [domain(split.unseen, emotion) for emotion in (source, target)]
    verdict = _verdict(fitted, paths, unseen, source, target)
    statements = [clip.statement for of_class in clips for clip in of_class]
    recogniser = metrics.StatementRecogniser(learned["shapes"], statements)
    return Ruler(fitted, verdict, recogniser, source, target)


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


def load_source(path: Path, statement: int, config: SpectrogramConfig) -> Source:
    """Read and analyse a recording's middle 4.096 s; ``statement`` as in ``Source``."""
    waveform = middle(load_waveform(path, config.sample_rate), config)
    return Source(path.stem, analyse(waveform, config), statement)


def middle(waveform: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Cut a recording to the middle 4.096 s, which is what an image shows; a shorter one stays as it is."""
    start = max(0, (len(waveform) - config.n_samples) // 2)
    return waveform[start : start + config.n_samples]


def load_clips(clips: Sequence[Clip], config: SpectrogramConfig) -> list[np.ndarray]:
    """Read the waveforms of clips."""
    return [load_waveform(clip.path, config.sample_rate) for clip in clips]


def _learn(waveforms: Sequence[Sequence[np.ndarray]], config: SpectrogramConfig) -> dict[str, np.ndarray]:
    features, classes, spectra = judge.training_features(waveforms, config)
    shapes = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(_vocoded_shape)(waveform, config) for of_class in waveforms for waveform in of_class
    )
    learned = {"features": features, "classes": classes, "shapes": np.array(shapes)}
    for number, spectrum in enumerate(spectra):
        learned.update({f"mean_{number}": spectrum.mean, f"std_{number}": spectrum.std})
    return learned


def _vocoded_shape(waveform: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    return metrics.sentence_shape(attacks.vocoded(waveform, config), config.sample_rate)


def _verdict(
    fitted: judge.Judge, fitted_to: Sequence[Path], unseen: Sequence[Sequence[Clip]], source: str, target: str
) -> judge.Verdict:
    def learn() -> dict[str, np.ndarray]:
        verdict = judge.try_judge(fitted, *(load_clips(of_class, fitted.config) for of_class in unseen), target)
        measured = {"accuracy": verdict.accuracy, "clips": verdict.clips, **verdict.false_alarms}
        return {name: np.array(number) for name, number in measured.items()}

    paths = [*fitted_to, *(clip.path for of_class in unseen for clip in of_class)]
    what = f"trying the judge from {source} to {target}: a minute, once"
    stored = _cached(f"verdict-{source}-{target}", what, paths, fitted.config, learn)
    numbers = {name: number.item() for name, number in stored.items()}
    return judge.Verdict(numbers.pop("accuracy"), numbers.pop("clips"), numbers)


def _cached(
    name: str, what: str, paths: Sequence[Path], config: SpectrogramConfig, learn: Callable[[], dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    # What is learned, and what it is worth, depends on the recordings and on the code that learns.
    code = b"".join(
        Path(module.__file__).read_bytes() for module in (attacks, features, judge, metrics, spectrogram, vocoder)
    )
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
