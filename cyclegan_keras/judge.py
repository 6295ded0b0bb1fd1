"""The emotion judge of a pair, the attacks it must survive, and the recogniser of the two statements.

A judge that hears level, the vocoder, a tone control or added noise would crown a network for them. So it is
fitted to recordings after the same analysis and Griffin-Lim, peak-normalised, each together with copies
under its own label that carry equalisers, the other class's spectrum and noise. What a generator does is nearest to
giving each bin the other class's mean and spread, with more movement from frame to frame than speech has, and is heard
after Griffin-Lim: so are the copies that do. It also silences what is faint, as a noise gate does; so do two more.
And a judge that has only learned what the source emotion sounds like takes every other change for the target: so there
are copies with gains drawn at random, and with more contrast.
"""

from dataclasses import dataclass
from typing import Callable, Dict, List, Sequence, Tuple

import joblib
import librosa
import librosa.core.pitch  # now, not in the workers: numba's cache breaks where two processes fill it (its issue 10128)
import numpy as np
import scipy.ndimage
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from cyclegan_keras import audio
from cyclegan_keras.config import SpectrogramConfig

LEAST_ACCURACY = 0.85
"""A judge right on fewer real clips of unseen actors is none of that pair."""

MOST_FALSE_ALARMS = 0.15
"""The share of attacked clips that a judge may take for the target."""

LOWEST_PITCH, HIGHEST_PITCH = 65.0, 700.0
"""Hz: the range of adult speech, shouted included."""

SILENCE_DB = -35.0
"""Frames this far below the loudest count as pauses."""

VOICED = 0.5
"""Frames whose autocorrelation at the pitch period reaches this share of their energy count as voiced."""

BAND_EDGES = (0, 500, 1000, 2000, 3000, 4000, 8000)
"""Hz: a formant apart at the low end, an octave at the high end."""

N_MFCC = 13

GATE_DB, GATES_DB = -45.0, (-60.0, -35.0)
"""Of the attack that silences what is faint, and of the copies that a judge is fitted to."""

CHANGE_DB, CHANGES_DB = 5.0, (4.0, 10.0)
"""Root mean square of what a generator changes (4.7 where it was measured), for attacks, and of what copies have."""

CHANGE_WIDTHS = (4.0, 4.0)
"""Of the attack with random gains: bins and frames, as for ``randomly_changed``."""

LEAST_STD = 0.01
"""Of a bin, in units of an image: 0.4 dB."""


def vocoded(waveform: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Pass a recording through the analysis and Griffin-Lim, with no network between: 4.096 s at peak 1."""
    spectrogram, _ = audio.waveform_to_spectrogram(waveform, config)
    return sound_of(audio.spectrogram_to_image(spectrogram, config), config)


def sound_of(image: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Turn an image into sound at peak 1."""
    return librosa.util.normalize(audio.image_to_waveform(image, 1.0, config))


def acoustic_features(waveform: np.ndarray, sample_rate: int) -> np.ndarray:
    """Describe how a sentence is spoken: pitch, energy, spectral balance, harmonicity, MFCC.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
        Its level does not matter.
    sample_rate : int
        In Hz.

    Returns
    -------
    features : np.ndarray [shape=(69,), dtype=float64]
        Means, spreads and movements over the frames that are not pauses.
    """
    waveform = librosa.util.normalize(waveform)
    power = np.abs(librosa.stft(waveform, n_fft=512, hop_length=256)) ** 2
    level = librosa.power_to_db(power.sum(axis=0), ref=np.max, top_db=None, amin=1e-10)
    active = level > SILENCE_DB
    pitch, harmonicity = pitch_track(waveform, sample_rate)
    voiced = active & (harmonicity > VOICED)
    return np.concatenate(
        [
            _pitch_features(pitch, voiced, active),
            _energy_features(level, active),
            _balance_features(power, level, voiced if voiced.sum() > 4 else active, sample_rate),
            [harmonicity[active].mean(), harmonicity[active].std()],
            _mfcc_features(power, active, sample_rate),
        ]
    )


def pitch_track(waveform: np.ndarray, sample_rate: int) -> Tuple[np.ndarray, np.ndarray]:
    """Follow the fundamental frequency (YIN; de Cheveigné & Kawahara, 2002), 512 samples to a half window.

    Returns
    -------
    pitch : np.ndarray [shape=(frames,)]
        In Hz; without meaning where the second is low.
    harmonicity : np.ndarray [shape=(frames,)]
        Autocorrelation at the pitch period, as a share of the frame's energy.
    """
    pitch = librosa.yin(
        waveform, fmin=LOWEST_PITCH, fmax=HIGHEST_PITCH, sr=sample_rate, frame_length=1024, hop_length=256
    )
    padded = np.pad(waveform, 512)
    frames = librosa.util.frame(padded, frame_length=1024, hop_length=256)[:, : len(pitch)]
    correlation = librosa.autocorrelate(frames, max_size=512, axis=0)
    # The longer the lag, the fewer samples meet: undone, so that low voices are not less harmonic.
    period = np.minimum(np.round(sample_rate / pitch).astype(int), 511)[: frames.shape[1]]
    at_period = correlation[period, np.arange(frames.shape[1])] * 1024 / (1024 - period)
    return pitch, np.clip(at_period / np.maximum(correlation[0], 1e-9), 0.0, 1.0)


def _pitch_features(pitch: np.ndarray, voiced: np.ndarray, active: np.ndarray) -> List[float]:
    if voiced.sum() < 5:
        return [0.0] * 7
    semitones = librosa.hz_to_midi(pitch)
    low, middle, high = np.percentile(semitones[voiced], [10, 50, 90])
    together = voiced[1:] & voiced[:-1]
    movement = np.abs(np.diff(semitones))[together]
    movement = movement[movement < 4.0] if (movement < 4.0).any() else np.zeros(1)  # beyond are octave errors
    return [
        middle, low, high, high - low, semitones[voiced].std(), movement.mean(), voiced.sum() / active.sum(),
    ]  # fmt: skip


def _energy_features(level: np.ndarray, active: np.ndarray) -> List[float]:
    loud = level[active]
    movement = np.diff(level)[active[1:]]
    return [
        loud.mean(), loud.std(), np.percentile(loud, 25), np.percentile(loud, 75), np.abs(movement).mean(),
        np.percentile(movement, 90), active.sum(),
    ]  # fmt: skip


def _balance_features(power: np.ndarray, level: np.ndarray, frames: np.ndarray, sample_rate: int) -> List[float]:
    frequencies = librosa.fft_frequencies(sr=sample_rate, n_fft=512)
    bands = np.stack(
        [
            power[(low <= frequencies) & (frequencies < high)].sum(axis=0)
            for low, high in zip(BAND_EDGES[:-1], BAND_EDGES[1:])
        ]
    )
    share = 10 * np.log10(bands / np.maximum(power.sum(axis=0), 1e-12) + 1e-6)[:, frames]
    tilt = share[2:].mean(axis=0) - share[:2].mean(axis=0)
    together = np.corrcoef(tilt, level[frames])[0, 1] if tilt.std() > 1e-6 and level[frames].std() > 1e-6 else 0.0
    return [*share.mean(axis=1), *share.std(axis=1), tilt.std(), together]


def _mfcc_features(power: np.ndarray, active: np.ndarray, sample_rate: int) -> np.ndarray:
    mel = librosa.feature.melspectrogram(S=power, sr=sample_rate, n_mels=40)
    mfcc = librosa.feature.mfcc(S=librosa.power_to_db(mel, ref=np.max), n_mfcc=N_MFCC)
    movement = np.abs(np.diff(mfcc, axis=1))[:, active[1:]].mean(axis=1)
    return np.concatenate([mfcc[:, active].mean(axis=1), mfcc[:, active].std(axis=1), movement])


@dataclass(frozen=True)
class Spectrum:
    """The long-term spectrum of a class: mean and standard deviation of each bin, in units of an image."""

    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def of(cls, images: Sequence[np.ndarray], config: SpectrogramConfig) -> "Spectrum":
        """Measure images of shape (height, width, 1)."""
        spectrograms = np.stack([audio.image_to_spectrogram(image, config) for image in images])
        mean, std = spectrograms.mean(axis=(0, 2)), spectrograms.std(axis=(0, 2))
        # A bin that is always silent has no spread to divide by.
        return cls(mean[:, np.newaxis], np.maximum(std, LEAST_STD)[:, np.newaxis])


def equalised(spectrogram: np.ndarray, own: Spectrum, other: Spectrum, share: float = 1.0) -> np.ndarray:
    """Move each bin by ``share`` of the difference of two classes' means: a fixed equaliser, a tone control."""
    return np.clip(spectrogram + share * (other.mean - own.mean), -1.0, 1.0)


def matched(spectrogram: np.ndarray, own: Spectrum, other: Spectrum, share: float = 1.0) -> np.ndarray:
    """Take each bin by ``share`` of the way to the mean and the spread of another class."""
    there = np.clip((spectrogram - own.mean) / own.std * other.std + other.mean, -1.0, 1.0)
    return np.clip(spectrogram + share * (there - spectrogram), -1.0, 1.0)


def deepened(spectrogram: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Add ``share`` of what changes within a few frames (a Gaussian's standard deviation is one), or take it away."""
    return np.clip(
        spectrogram + share * (spectrogram - scipy.ndimage.gaussian_filter1d(spectrogram, 1.0, axis=1)), -1.0, 1.0
    )


def gated(spectrogram: np.ndarray, threshold_db: float, config: SpectrogramConfig) -> np.ndarray:
    """Silence every bin that is below ``threshold_db`` relative to the clip's maximum, as a noise gate does."""
    return np.where(spectrogram < 1.0 + threshold_db * config.decibel, audio.SILENCE, spectrogram)


def randomly_changed(
    spectrogram: np.ndarray, db: float, widths: Tuple[float, float], rng: np.random.Generator, config: SpectrogramConfig
) -> np.ndarray:
    """Add gains that mean nothing: Gaussian noise smoothed over ``widths`` bins and frames, ``db`` root mean square."""
    gains = scipy.ndimage.gaussian_filter(rng.normal(size=spectrogram.shape), widths)
    return np.clip(spectrogram + gains / gains.std() * db * config.decibel, -1.0, 1.0)


def expanded(spectrogram: np.ndarray, db: float, config: SpectrogramConfig) -> np.ndarray:
    """Move everything away from the mean, ``db`` root mean square: more contrast."""
    away = spectrogram - spectrogram.mean()
    return np.clip(spectrogram + away / max(away.std(), LEAST_STD) * db * config.decibel, -1.0, 1.0)


def repainted(image: np.ndarray, change: Callable[[np.ndarray], np.ndarray], config: SpectrogramConfig) -> np.ndarray:
    """Turn an image into sound with its spectrogram changed."""
    image = image.copy()
    image[: config.n_bins, : config.n_frames, 0] = change(audio.image_to_spectrogram(image, config))
    return sound_of(image, config)


def attacks(own: Spectrum, other: Spectrum, config: SpectrogramConfig) -> Dict[str, Callable[[np.ndarray], np.ndarray]]:
    """The nine changes to a recording that are no change of emotion.

    Parameters
    ----------
    own, other : Spectrum
        Of the recording's class and of the one the judge might take it for.

    Returns
    -------
    attacks : dict of functions
        From a waveform to what a listener would get of it: 4.096 s from Griffin-Lim, at peak 1.
    """

    rng = np.random.default_rng(0)

    def painted(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
        def attack(waveform: np.ndarray) -> np.ndarray:
            spectrogram, _ = audio.waveform_to_spectrogram(waveform, config)
            return repainted(audio.spectrogram_to_image(spectrogram, config), change, config)

        return attack

    def with_noise(waveform: np.ndarray) -> np.ndarray:
        return vocoded(_with_white_noise(waveform, -30.0, np.random.default_rng(0)), config)

    def raised(waveform: np.ndarray) -> np.ndarray:
        return vocoded(librosa.effects.pitch_shift(waveform, sr=config.sample_rate, n_steps=3), config)

    def with_random_gains(spectrogram: np.ndarray) -> np.ndarray:
        return randomly_changed(spectrogram, CHANGE_DB, CHANGE_WIDTHS, rng, config)

    return {
        "untouched": lambda waveform: vocoded(waveform, config),
        "fixed equaliser": painted(lambda spectrogram: equalised(spectrogram, own, other)),
        "mean and spread matched": painted(lambda spectrogram: matched(spectrogram, own, other)),
        "movement deepened": painted(deepened),
        "faint bins silenced": painted(lambda spectrogram: gated(spectrogram, GATE_DB, config)),
        "random gains": painted(with_random_gains),
        "more contrast": painted(lambda spectrogram: expanded(spectrogram, CHANGE_DB, config)),
        "white noise at -30 dB": with_noise,
        "pitch raised 3 semitones": raised,
    }


def _with_white_noise(waveform: np.ndarray, db: float, rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(size=len(waveform)) * np.abs(waveform).max() * 10 ** (db / 20)
    return (waveform + noise).astype(np.float32)


def disguised(
    waveform: np.ndarray, own: Spectrum, other: Spectrum, config: SpectrogramConfig, rng: np.random.Generator
) -> List[np.ndarray]:
    """Copies of a vocoded recording that sound different and are spoken the same.

    A random equaliser, the other class's long-term spectrum added and taken away and matched in mean and spread, random
    gains, more contrast, coloured noise, and a pitch up to four semitones off; all but the last keep the recording's
    phase.
    """
    transform = librosa.stft(waveform, n_fft=config.n_fft, hop_length=config.hop_length)
    spectrogram, reference = audio.waveform_to_spectrogram(waveform, config)

    def sound(changed: np.ndarray) -> np.ndarray:
        gain = 10 ** ((changed - spectrogram) / config.decibel / 20.0)
        changed = librosa.istft(transform * gain, hop_length=config.hop_length, length=len(waveform))
        return librosa.util.normalize(changed)

    curve = np.interp(np.linspace(0, 1, config.n_bins) ** 0.5, np.linspace(0, 1, 8), rng.normal(0, 6.0, 8))
    noise = librosa.stft(
        rng.normal(size=len(waveform)).astype(np.float32), n_fft=config.n_fft, hop_length=config.hop_length
    )
    slope = 10 ** (np.linspace(0, rng.uniform(-30, 10), config.n_bins) / 20)[:, np.newaxis]
    noise = librosa.util.normalize(librosa.istft(noise * slope, hop_length=config.hop_length, length=len(waveform)))
    return [
        sound(np.clip(spectrogram + config.decibel * curve[:, np.newaxis], -1.0, 1.0)),
        sound(equalised(spectrogram, own, other, rng.uniform(0.5, 1.5))),
        sound(equalised(spectrogram, own, other, rng.uniform(-1.5, -0.5))),
        sound(matched(spectrogram, own, other)),
        sound(randomly_changed(spectrogram, rng.uniform(*CHANGES_DB), _random_widths(rng), rng, config)),
        sound(expanded(spectrogram, rng.uniform(*CHANGES_DB), config)),
        librosa.util.normalize(waveform + noise * 10 ** (rng.uniform(-40, -15) / 20)),
        librosa.effects.pitch_shift(waveform, sr=config.sample_rate, n_steps=rng.uniform(-4.0, 4.0)),
    ]


def _random_widths(rng: np.random.Generator) -> Tuple[float, float]:
    # Of bins and frames; as likely to be halved as doubled.
    return tuple(np.exp(rng.uniform(0.0, np.log([8.0, 10.0]))))


@dataclass(frozen=True)
class Judge:
    """Tells which of two emotions a sentence is spoken in. Made by ``fit_judge``."""

    emotions: Tuple[str, str]
    classifier: Pipeline
    spectra: Tuple[Spectrum, Spectrum]
    config: SpectrogramConfig

    def scores(self, waveforms: Sequence[np.ndarray], target: str) -> np.ndarray:
        """How much each is spoken in ``target`` rather than in the other emotion: from 0 to 1, above 0.5 if it is.

        Parameters
        ----------
        waveforms : sequence of np.ndarray
            Sound from the pipeline's end, with or without a network in it.
        target : str
            One of the two emotions.
        """
        features = [acoustic_features(waveform, self.config.sample_rate) for waveform in waveforms]
        margins = self.classifier.decision_function(features)
        sign = 1.0 if target == self.emotions[1] else -1.0
        return 1.0 / (1.0 + np.exp(-2.0 * sign * margins))

    def share(self, waveforms: Sequence[np.ndarray], target: str) -> float:
        """The share of waveforms taken for ``target``."""
        return float((self.scores(waveforms, target) > 0.5).mean())


@dataclass(frozen=True)
class Verdict:
    """What a judge is worth: its accuracy on real clips of unseen actors, and its false alarms by attack."""

    accuracy: float
    clips: int
    false_alarms: Dict[str, float]

    @property
    def holds(self) -> bool:
        """Whether the judge may judge."""
        return self.accuracy >= LEAST_ACCURACY and max(self.false_alarms.values()) <= MOST_FALSE_ALARMS


def training_features(
    waveforms: Tuple[Sequence[np.ndarray], Sequence[np.ndarray]], config: SpectrogramConfig, seed: int = 0
) -> Tuple[np.ndarray, np.ndarray, Tuple[Spectrum, Spectrum]]:
    """Features of two classes' recordings and of their disguised copies.

    Returns
    -------
    features : np.ndarray [shape=(n, 69)]
    classes : np.ndarray [shape=(n,)]
        0 or 1.
    spectra : the two classes' long-term spectra
    """
    images = [
        [
            audio.spectrogram_to_image(audio.waveform_to_spectrogram(waveform, config)[0], config)
            for waveform in of_class
        ]
        for of_class in waveforms
    ]
    spectra = tuple(Spectrum.of(of_class, config) for of_class in images)
    described = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(_describe_disguised)(image, spectra[number], spectra[1 - number], config, [seed, number, i])
        for number, of_class in enumerate(images)
        for i, image in enumerate(of_class)
    )
    copies = len(described[0])
    classes = np.repeat([0, 1], [copies * len(of_class) for of_class in images])
    return np.concatenate(described), classes, spectra


def _describe_disguised(
    image: np.ndarray, own: Spectrum, other: Spectrum, config: SpectrogramConfig, seed: Sequence[int]
) -> np.ndarray:
    rng = np.random.default_rng(seed)
    sound = sound_of(image, config)
    copies = [sound, *disguised(sound, own, other, config, rng)]
    changes = [
        lambda painted, share=share: matched(painted, own, other, share) for share in (1.0, rng.uniform(0.3, 1.3))
    ]
    shares = rng.uniform(-1.0, -0.3), rng.uniform(0.3, 1.0)
    changes += [lambda painted, share=share: deepened(painted, share) for share in shares]
    changes += [lambda painted, gate=gate: gated(painted, gate, config) for gate in rng.uniform(*GATES_DB, 2)]
    random_db, contrast_db = rng.uniform(*CHANGES_DB, 2)
    changes += [
        lambda painted: randomly_changed(painted, random_db, _random_widths(rng), rng, config),
        lambda painted: expanded(painted, contrast_db, config),
    ]
    copies.append(vocoded(_with_white_noise(sound, rng.uniform(-40.0, -20.0), rng), config))
    copies += [repainted(image, change, config) for change in changes]
    return np.array([acoustic_features(copy, config.sample_rate) for copy in copies])


def fit_judge(
    emotions: Tuple[str, str],
    features: np.ndarray,
    classes: np.ndarray,
    spectra: Tuple[Spectrum, Spectrum],
    config: SpectrogramConfig,
) -> Judge:
    """Fit a support vector machine to what ``training_features`` gave."""
    classifier = make_pipeline(StandardScaler(), SVC(C=1.0, gamma="scale", class_weight="balanced"))
    return Judge(emotions, classifier.fit(features, classes), spectra, config)


def try_judge(judge: Judge, source: Sequence[np.ndarray], target: Sequence[np.ndarray], to: str) -> Verdict:
    """Test a judge on real recordings of unseen actors, and attack it with those of the source emotion.

    Parameters
    ----------
    source, target : sequences of np.ndarray
        Recordings in the emotion that would be converted, and in the one it would become.
    to : str
        The latter's name.
    """
    right = [1.0 - score for score in judge.scores([vocoded(clip, judge.config) for clip in source], to)]
    right += list(judge.scores([vocoded(clip, judge.config) for clip in target], to))
    own, other = judge.spectra if to == judge.emotions[1] else judge.spectra[::-1]
    alarms = {
        name: judge.share([attack(clip) for clip in source], to)
        for name, attack in attacks(own, other, judge.config).items()
    }
    return Verdict(float(np.mean(np.array(right) > 0.5)), len(right), alarms)
