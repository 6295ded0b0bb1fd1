"""Signal changes that do not change the emotion: attacks to test a judge, and augmented copies to fit it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import librosa
import numpy as np
import scipy.ndimage

from cyclegan_keras.audio.spectrogram import (
    SILENCE,
    image_to_spectrogram,
    spectrogram_to_image,
    waveform_to_spectrogram,
)
from cyclegan_keras.audio.vocoder import image_to_waveform
from cyclegan_keras.config import SpectrogramConfig

GATE_DB, GATES_DB = -45.0, (-60.0, -35.0)
"""Threshold of the noise gate in the attack, and its range in augmented copies, in dB."""

CHANGE_DB, CHANGES_DB = 5.0, (4.0, 10.0)
"""RMS of the change in attacks, about that of a generator (4.7 measured), and its range in augmented copies, in dB."""

CHANGE_WIDTHS = (4.0, 4.0)
"""Widths of the attack with random gains, in bins and frames, as for ``randomly_changed``."""

LEAST_STD = 0.01
"""The least standard deviation of a bin, in image units: 0.4 dB."""


def vocoded(waveform: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Pass a recording through the analysis and Griffin-Lim, without a network: 4.096 s at peak 1."""
    spectrogram, _ = waveform_to_spectrogram(waveform, config)
    return sound_of(spectrogram_to_image(spectrogram, config), config)


def sound_of(image: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Resynthesise an image, at peak 1."""
    return librosa.util.normalize(image_to_waveform(image, 1.0, config))


@dataclass(frozen=True)
class Spectrum:
    """The long-term spectrum of a class: mean and standard deviation of each bin, in image units."""

    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def of(cls, images: Sequence[np.ndarray], config: SpectrogramConfig) -> "Spectrum":
        """Measure images of shape (height, width, 1)."""
        spectrograms = np.stack([image_to_spectrogram(image, config) for image in images])
        mean, std = spectrograms.mean(axis=(0, 2)), spectrograms.std(axis=(0, 2))
        # A bin that is always silent has a standard deviation of 0.
        return cls(mean[:, np.newaxis], np.maximum(std, LEAST_STD)[:, np.newaxis])


def equalised(spectrogram: np.ndarray, own: Spectrum, other: Spectrum, share: float = 1.0) -> np.ndarray:
    """Shift each bin by ``share`` of the difference of two classes' means: a fixed equaliser."""
    return np.clip(spectrogram + share * (other.mean - own.mean), -1.0, 1.0)


def matched(spectrogram: np.ndarray, own: Spectrum, other: Spectrum, share: float = 1.0) -> np.ndarray:
    """Move each bin by ``share`` towards the mean and the standard deviation of another class."""
    there = np.clip((spectrogram - own.mean) / own.std * other.std + other.mean, -1.0, 1.0)
    return np.clip(spectrogram + share * (there - spectrogram), -1.0, 1.0)


def deepened(spectrogram: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Amplify the changes within a few frames by ``share``, or reduce them where it is negative."""
    return np.clip(
        spectrogram + share * (spectrogram - scipy.ndimage.gaussian_filter1d(spectrogram, 1.0, axis=1)), -1.0, 1.0
    )


def gated(spectrogram: np.ndarray, threshold_db: float, config: SpectrogramConfig) -> np.ndarray:
    """Silence every bin below ``threshold_db`` relative to the clip's maximum: a noise gate."""
    return np.where(spectrogram < 1.0 + threshold_db * config.decibel, SILENCE, spectrogram)


def randomly_changed(
    spectrogram: np.ndarray, db: float, widths: tuple[float, float], rng: np.random.Generator, config: SpectrogramConfig
) -> np.ndarray:
    """Apply random gains: Gaussian noise smoothed over ``widths`` bins and frames, with an RMS of ``db``."""
    gains = scipy.ndimage.gaussian_filter(rng.normal(size=spectrogram.shape), widths)
    return np.clip(spectrogram + gains / gains.std() * db * config.decibel, -1.0, 1.0)


def expanded(spectrogram: np.ndarray, db: float, config: SpectrogramConfig) -> np.ndarray:
    """Increase the contrast: move each bin away from the mean, with an RMS of ``db``."""
    away = spectrogram - spectrogram.mean()
    return np.clip(spectrogram + away / max(away.std(), LEAST_STD) * db * config.decibel, -1.0, 1.0)


def repainted(image: np.ndarray, change: Callable[[np.ndarray], np.ndarray], config: SpectrogramConfig) -> np.ndarray:
    """Change the spectrogram of an image and resynthesise it."""
    image = image.copy()
    image[: config.n_bins, : config.n_frames, 0] = change(image_to_spectrogram(image, config))
    return sound_of(image, config)


def attacks(own: Spectrum, other: Spectrum, config: SpectrogramConfig) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Nine changes of a recording that do not change its emotion.

    Parameters
    ----------
    own, other : Spectrum
        Spectra of the recording's class and of the target class.

    Returns
    -------
    attacks : dict of functions
        Each takes a waveform and returns 4.096 s of audio from Griffin-Lim, at peak 1.
    """
    rng = np.random.default_rng(0)

    def painted(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
        def attack(waveform: np.ndarray) -> np.ndarray:
            spectrogram, _ = waveform_to_spectrogram(waveform, config)
            return repainted(spectrogram_to_image(spectrogram, config), change, config)

        return attack

    def with_noise(waveform: np.ndarray) -> np.ndarray:
        return vocoded(with_white_noise(waveform, -30.0, np.random.default_rng(0)), config)

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


def with_white_noise(waveform: np.ndarray, db: float, rng: np.random.Generator) -> np.ndarray:
    """Add white noise with an RMS of ``db`` relative to the waveform's peak."""
    noise = rng.normal(size=len(waveform)) * np.abs(waveform).max() * 10 ** (db / 20)
    return (waveform + noise).astype(np.float32)


def augmented(
    waveform: np.ndarray, own: Spectrum, other: Spectrum, config: SpectrogramConfig, rng: np.random.Generator
) -> list[np.ndarray]:
    """Augmented copies of a vocoded recording: a different sound, but the same emotion.

    The copies have a random equaliser, the other class's long-term spectrum (added, subtracted, matched in mean and
    standard deviation), random gains, more contrast, coloured noise, and a pitch shift of up to four semitones. All but
    the last keep the recording's phase.
    """
    transform = librosa.stft(waveform, n_fft=config.n_fft, hop_length=config.hop_length)
    spectrogram, reference = waveform_to_spectrogram(waveform, config)

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
        sound(randomly_changed(spectrogram, rng.uniform(*CHANGES_DB), random_widths(rng), rng, config)),
        sound(expanded(spectrogram, rng.uniform(*CHANGES_DB), config)),
        librosa.util.normalize(waveform + noise * 10 ** (rng.uniform(-40, -15) / 20)),
        librosa.effects.pitch_shift(waveform, sr=config.sample_rate, n_steps=rng.uniform(-4.0, 4.0)),
    ]


def random_widths(rng: np.random.Generator) -> tuple[float, float]:
    """Draw widths for ``randomly_changed``, in bins and frames; log-uniform."""
    return tuple(np.exp(rng.uniform(0.0, np.log([8.0, 10.0]))))
