"""The two emotion judges of a pair: classifiers with different features, fitted to recordings and augmented copies.

A judge that responds to level, vocoder, equaliser or noise would reward a network for changing them. So the judges are
fitted to peak-normalised recordings after the same analysis and Griffin-Lim, and to augmented copies with the same
label. The copies have equalisers, the other class's spectrum, noise, gating, random gains and more contrast. The judges
select no model; they are reported beside the distance to the actor's own recording.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from cyclegan_keras.audio.spectrogram import spectrogram_to_image, waveform_to_spectrogram
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.measuring.attacks import (
    CHANGES_DB,
    GATES_DB,
    Spectrum,
    attacks,
    augmented,
    deepened,
    expanded,
    gated,
    matched,
    random_widths,
    randomly_changed,
    repainted,
    sound_of,
    vocoded,
    with_white_noise,
)
from cyclegan_keras.measuring.features import acoustic_features
from cyclegan_keras.measuring.mel_features import mel_statistics

JUDGES = {"svm": acoustic_features, "logistic": mel_statistics}
"""The features of each judge by its classifier: a support vector machine with a Gaussian kernel on pitch, energy,
balance and MFCC, and a logistic regression on changes of mel bands."""

LEAST_ACCURACY = 0.85
"""The least accuracy of a reliable judge on real clips of unseen actors."""

MOST_FALSE_ALARMS = 0.15
"""The largest share of attacked source clips that a reliable judge classifies as the target."""


@dataclass(frozen=True)
class Judge:
    """A classifier of two emotions, made by ``fit_judge``. ``kind`` is one of ``JUDGES``."""

    kind: str
    emotions: tuple[str, str]
    classifier: Pipeline
    spectra: tuple[Spectrum, Spectrum]
    config: SpectrogramConfig

    def scores(self, waveforms: Sequence[np.ndarray], target: str) -> np.ndarray:
        """Score each waveform from 0 to 1: above 0.5 it is classified as ``target``, else as the other emotion.

        Parameters
        ----------
        waveforms : sequence of np.ndarray
            Resynthesised audio, with or without a network in between.
        target : str
            One of the two emotions.
        """
        features = [JUDGES[self.kind](waveform, self.config.sample_rate) for waveform in waveforms]
        margins = self.classifier.decision_function(features)
        sign = 1.0 if target == self.emotions[1] else -1.0
        return 1.0 / (1.0 + np.exp(-2.0 * sign * margins))

    def share(self, waveforms: Sequence[np.ndarray], target: str) -> float:
        """The share of waveforms that are classified as ``target``."""
        return float((self.scores(waveforms, target) > 0.5).mean())


@dataclass(frozen=True)
class Verdict:
    """The reliability of a judge: its accuracy on real clips of unseen actors, and its false alarms by attack."""

    accuracy: float
    clips: int
    false_alarms: dict[str, float]

    @property
    def holds(self) -> bool:
        """Whether the judge is reliable."""
        return self.accuracy >= LEAST_ACCURACY and max(self.false_alarms.values()) <= MOST_FALSE_ALARMS


def training_features(
    waveforms: tuple[Sequence[np.ndarray], Sequence[np.ndarray]], config: SpectrogramConfig, seed: int = 0
) -> tuple[dict[str, np.ndarray], np.ndarray, tuple[Spectrum, Spectrum]]:
    """Compute the features of two classes' recordings and of their augmented copies.

    Returns
    -------
    features : dict of np.ndarray [shape=(n, features)]
        One array for each of ``JUDGES``.
    classes : np.ndarray [shape=(n,)]
        0 or 1.
    spectra : the two classes' long-term spectra
    """
    images = [
        [spectrogram_to_image(waveform_to_spectrogram(waveform, config)[0], config) for waveform in of_class]
        for of_class in waveforms
    ]
    spectra = tuple(Spectrum.of(of_class, config) for of_class in images)
    described = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(_augmented_features)(image, spectra[number], spectra[1 - number], config, [seed, number, i])
        for number, of_class in enumerate(images)
        for i, image in enumerate(of_class)
    )
    copies = len(described[0][0])
    classes = np.repeat([0, 1], [copies * len(of_class) for of_class in images])
    return {kind: np.concatenate(of_kind) for kind, of_kind in zip(JUDGES, zip(*described))}, classes, spectra


def _augmented_features(
    image: np.ndarray, own: Spectrum, other: Spectrum, config: SpectrogramConfig, seed: Sequence[int]
) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    sound = sound_of(image, config)
    copies = [sound, *augmented(sound, own, other, config, rng)]
    changes = [
        lambda painted, share=share: matched(painted, own, other, share) for share in (1.0, rng.uniform(0.3, 1.3))
    ]
    shares = rng.uniform(-1.0, -0.3), rng.uniform(0.3, 1.0)
    changes += [lambda painted, share=share: deepened(painted, share) for share in shares]
    changes += [lambda painted, gate=gate: gated(painted, gate, config) for gate in rng.uniform(*GATES_DB, 2)]
    random_db, contrast_db = rng.uniform(*CHANGES_DB, 2)
    changes += [
        lambda painted: randomly_changed(painted, random_db, random_widths(rng), rng, config),
        lambda painted: expanded(painted, contrast_db, config),
    ]
    copies.append(vocoded(with_white_noise(sound, rng.uniform(-40.0, -20.0), rng), config))
    copies += [repainted(image, change, config) for change in changes]
    return [np.array([features(copy, config.sample_rate) for copy in copies]) for features in JUDGES.values()]


def fit_judge(
    kind: str,
    emotions: tuple[str, str],
    features: np.ndarray,
    classes: np.ndarray,
    spectra: tuple[Spectrum, Spectrum],
    config: SpectrogramConfig,
) -> Judge:
    """Fit a judge to its features from ``training_features``."""
    if kind == "svm":
        model = SVC(C=1.0, gamma="scale", class_weight="balanced")
    else:
        model = LogisticRegression(C=0.01, class_weight="balanced", max_iter=2000)
    classifier = make_pipeline(StandardScaler(), model)
    return Judge(kind, emotions, classifier.fit(features, classes), spectra, config)


def try_judges(
    judges: Sequence[Judge], source: Sequence[np.ndarray], target: Sequence[np.ndarray], to: str
) -> list[Verdict]:
    """Test judges on real recordings of unseen actors, and on attacked recordings of the source emotion.

    Parameters
    ----------
    source, target : sequences of np.ndarray
        Recordings in the source emotion and in the target emotion.
    to : str
        Name of the target emotion.
    """
    config = judges[0].config
    own, other = judges[0].spectra if to == judges[0].emotions[1] else judges[0].spectra[::-1]
    real = [[vocoded(clip, config) for clip in of_class] for of_class in (source, target)]
    attacked = {name: [attack(clip) for clip in source] for name, attack in attacks(own, other, config).items()}
    verdicts = []
    for judge in judges:
        right = np.concatenate([1.0 - judge.scores(real[0], to), judge.scores(real[1], to)])
        alarms = {name: judge.share(clips, to) for name, clips in attacked.items()}
        verdicts.append(Verdict(float((right > 0.5).mean()), len(right), alarms))
    return verdicts
