"""The judges of a pair, their reliability, and the long-term spectra of the two emotions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cyclegan_keras.audio import spectrogram, vocoder
from cyclegan_keras.audio.compiled import compile_ahead
from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.corpora.clips import Clip, domain
from cyclegan_keras.measuring import attacks, features, judge, mel_features
from cyclegan_keras.measuring.cache import Numbers, Tell, cached, say_nothing
from cyclegan_keras.measuring.sets import training_clips, trial_clips
from cyclegan_keras.training.image_cache import data_key

CODE = (attacks, features, judge, mel_features, spectrogram, vocoder)
"""The code that the judges and their verdicts depend on."""


@dataclass(frozen=True)
class Panel:
    """The judges of one direction of a pair, in the order of ``judge.JUDGES``, and their verdicts."""

    judges: tuple[judge.Judge, ...]
    verdicts: tuple[judge.Verdict, ...]
    source: str
    target: str

    @property
    def spectra(self) -> tuple[attacks.Spectrum, attacks.Spectrum]:
        """Long-term spectra of the source emotion and of the target emotion."""
        first = self.judges[0]
        return first.spectra if self.target == first.emotions[1] else first.spectra[::-1]

    def shares(self, sounds: Sequence[np.ndarray]) -> dict[str, float]:
        """The share of sounds that each reliable judge classifies as the target."""
        reliable = [one for one, verdict in zip(self.judges, self.verdicts) if verdict.holds]
        return {one.kind: one.share(sounds, self.target) for one in reliable}

    def describe(self) -> str:
        """Write the accuracy and the false alarms of each judge, and whether it is reliable."""
        lines = []
        for one, verdict in zip(self.judges, self.verdicts):
            alarms = ", ".join(f"{name} {share:.2f}" for name, share in verdict.false_alarms.items())
            lines += [
                f"judge {one.kind} of {self.source} and {self.target}: right on {verdict.accuracy:.2f} of "
                f"{verdict.clips} real clips of actors it was not fitted to ({judge.LEAST_ACCURACY} at least)",
                f"  false alarms: {alarms}",
            ]
            if not verdict.holds:
                lines.append("  not reliable: its column is left out")
        return "\n".join(lines)


def build_panel(
    clips: Sequence[Clip], source: str, target: str, config: SpectrogramConfig, tell: Tell = say_nothing
) -> Panel:
    """Fit a pair's judges to clips of the training actors, and test them on other actors.

    The features of the training clips and the verdicts are cached.

    Parameters
    ----------
    clips : sequence of Clip
        All clips of a data set. Those of ``sets.CHOOSING_ACTORS`` and ``sets.FINAL_ACTORS`` are not used for fitting.

    Raises
    ------
    InputError
        The data set lacks clips of an emotion, or other actors.
    """
    compile_ahead()  # before several processes need it
    emotions = tuple(sorted((source, target)))
    fitted_to = [domain(training_clips(clips), emotion) for emotion in emotions]
    tried_on = [domain(trial_clips(clips), emotion) for emotion in (source, target)]
    content = data_key([clip.path for of_class in fitted_to for clip in of_class], config)
    learned = cached(
        "judges", content, CODE, lambda: _learn(fitted_to, config), tell,
        f"fitting the judges of {source} and {target} (some minutes, once)",
    )  # fmt: skip
    spectra = tuple(attacks.Spectrum(learned[f"mean_{number}"], learned[f"std_{number}"]) for number in (0, 1))
    fitted = tuple(
        judge.fit_judge(kind, emotions, learned[f"features_{kind}"], learned["classes"], spectra, config)
        for kind in judge.JUDGES
    )
    content += data_key([clip.path for of_class in tried_on for clip in of_class], config) + f"{source} {target}"
    tried = cached(
        "verdicts", content, CODE, lambda: _try(fitted, tried_on, target), tell,
        f"testing the judges from {source} to {target} (some minutes, once)",
    )  # fmt: skip
    return Panel(fitted, tuple(_verdict(tried, one.kind) for one in fitted), source, target)


def load_clips(clips: Sequence[Clip], config: SpectrogramConfig) -> list[np.ndarray]:
    """Read the waveforms of clips."""
    return [load_waveform(clip.path, config.sample_rate) for clip in clips]


def _learn(clips: Sequence[Sequence[Clip]], config: SpectrogramConfig) -> Numbers:
    described, classes, spectra = judge.training_features([load_clips(of_class, config) for of_class in clips], config)
    learned = {f"features_{kind}": of_kind for kind, of_kind in described.items()} | {"classes": classes}
    for number, spectrum in enumerate(spectra):
        learned.update({f"mean_{number}": spectrum.mean, f"std_{number}": spectrum.std})
    return learned


def _try(fitted: Sequence[judge.Judge], clips: Sequence[Sequence[Clip]], target: str) -> Numbers:
    waveforms = [load_clips(of_class, fitted[0].config) for of_class in clips]
    numbers = {}
    for one, verdict in zip(fitted, judge.try_judges(fitted, *waveforms, target)):
        of_judge = {"accuracy": verdict.accuracy, "clips": verdict.clips, **verdict.false_alarms}
        numbers.update({f"{one.kind} {name}": np.array(number) for name, number in of_judge.items()})
    return numbers


def _verdict(numbers: Numbers, kind: str) -> judge.Verdict:
    own = {name.removeprefix(f"{kind} "): float(n) for name, n in numbers.items() if name.startswith(f"{kind} ")}
    return judge.Verdict(own.pop("accuracy"), int(own.pop("clips")), own)
