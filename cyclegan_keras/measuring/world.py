"""Statistical conversion without a network, a baseline for every table: F0, envelope and level are changed by WORLD.

F0 is changed by the log-Gaussian transform (Liu et al., 2007). Its mean is shifted by the mean difference over speakers
who have both emotions. WORLD (Morise et al., 2016) analyses and synthesises.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cyclegan_keras.audio.level import FULL_SCALE
from cyclegan_keras.measuring.extras import missing
from cyclegan_keras.measuring.voice import HIGHEST_F0, LOWEST_F0

N_FFT = 1024
"""FFT size of WORLD's envelope."""

LEAST_VOICED = 20
"""The least number of voiced frames of 5 ms; a recording with fewer is not used."""

SMOOTHED_BINS = 17
"""Width of the moving average over the envelope's difference, in bins: 270 Hz."""

LOUD_PERCENTILE = 90
"""The percentile of the voiced frames' level that the change of level spread keeps fixed."""


@dataclass(frozen=True, eq=False)
class Statistics:
    """Differences between two emotions.

    ``log_f0``: difference of the mean of log F0; ``f0_spread``: ratio of the standard deviations of log F0;
    ``envelope``: difference of the voiced frames' envelope without its mean, shape (513,), in dB; ``level_spread``:
    ratio of the standard deviations of that mean, which is the level.
    """

    log_f0: float
    f0_spread: float
    envelope: np.ndarray
    level_spread: float


def analyse(waveform: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute F0 in Hz (0: unvoiced) every 5 ms, the times in seconds, and the power envelope (frames, 513).

    Raises
    ------
    InputError
        The package pyworld is missing.
    """
    pyworld = _pyworld()
    samples = np.asarray(waveform, np.float64)
    f0, times = pyworld.harvest(samples, sample_rate, LOWEST_F0, HIGHEST_F0)
    return f0, times, pyworld.cheaptrick(samples, f0, times, sample_rate, fft_size=N_FFT)


def describe(waveform: np.ndarray, sample_rate: int) -> np.ndarray | None:
    """Compute the features of a recording for ``compare``; None with too few voiced frames.

    Returns
    -------
    numbers : np.ndarray [shape=(516,)]
        Mean and standard deviation of log F0, standard deviation of the level, envelope.
    """
    f0, _, power = analyse(waveform, sample_rate)
    voiced = f0 > 0
    if voiced.sum() < LEAST_VOICED:
        return None
    log_f0 = np.log(f0[voiced])
    decibels = _decibels(power[voiced])
    level = decibels.mean(axis=1)
    shape = (decibels - level[:, np.newaxis]).mean(axis=0)
    return np.array([log_f0.mean(), log_f0.std(), level.std(), *shape])


def compare(
    source: Sequence[np.ndarray], source_speakers: Sequence, target: Sequence[np.ndarray], target_speakers: Sequence
) -> Statistics:
    """Compare two emotions by the features of their recordings from ``describe``.

    Parameters
    ----------
    source, target : sequences of np.ndarray [shape=(516,)]
    source_speakers, target_speakers : sequences
        The speaker of each recording; the difference of mean log F0 is averaged over speakers. If nobody speaks both
        emotions, all count as one.
    """
    source, target = np.array(source), np.array(target)
    of_source, of_target = np.array(source_speakers), np.array(target_speakers)
    if not np.intersect1d(of_source, of_target).size:
        of_source, of_target = np.zeros(len(source)), np.zeros(len(target))
    log_f0 = [
        target[of_target == speaker, 0].mean() - source[of_source == speaker, 0].mean()
        for speaker in np.intersect1d(of_source, of_target)
    ]
    difference = target[:, 3:].mean(axis=0) - source[:, 3:].mean(axis=0)
    padded = np.pad(difference, SMOOTHED_BINS // 2, mode="edge")
    return Statistics(
        float(np.mean(log_f0)),
        float(target[:, 1].mean() / source[:, 1].mean()),
        np.convolve(padded, np.ones(SMOOTHED_BINS) / SMOOTHED_BINS, "valid"),
        float(target[:, 2].mean() / source[:, 2].mean()),
    )


def convert(waveform: np.ndarray, statistics: Statistics, sample_rate: int) -> np.ndarray:
    """Convert a recording by statistics; it keeps its duration and RMS level, and never clips.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]

    Returns
    -------
    moved : np.ndarray [shape=(n,), dtype=float32]
    """
    pyworld = _pyworld()
    samples = np.asarray(waveform, np.float64)
    f0, times, power = analyse(samples, sample_rate)
    noise = pyworld.d4c(samples, f0, times, sample_rate, fft_size=N_FFT)
    voiced = f0 > 0
    decibels = _decibels(power)
    if voiced.any():
        log_f0 = np.log(f0[voiced])
        moved = (log_f0 - log_f0.mean()) * statistics.f0_spread + log_f0.mean() + statistics.log_f0
        f0[voiced] = np.exp(moved)
        level = decibels[voiced].mean(axis=1)
        louder = (level - np.percentile(level, LOUD_PERCENTILE)) * (statistics.level_spread - 1.0)
        decibels[voiced] += statistics.envelope + louder[:, np.newaxis]
    sound = pyworld.synthesize(f0, 10 ** (decibels / 10), noise, sample_rate)[: len(samples)]
    sound = np.pad(sound, (0, len(samples) - len(sound)))
    sound *= np.sqrt((samples**2).mean() / max((sound**2).mean(), 1e-12))
    return (sound * min(1.0, FULL_SCALE / max(np.abs(sound).max(), 1e-12))).astype(np.float32)


def _decibels(power: np.ndarray) -> np.ndarray:
    return 10 * np.log10(power + 1e-16)


def _pyworld():
    try:
        import pyworld
    except ImportError:
        raise missing("pyworld") from None
    return pyworld
