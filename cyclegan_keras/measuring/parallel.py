"""The distance of a clip to the actor's own recording of the same sentence, and the share of it that conversions close.

The *gap closed* in a feature is 1 - sum |converted - real| / sum |source - real| over the clips: 0 for no change, 1 if
the conversions reach the real recordings, below 0 if they are further away than their sources. Mel-cepstral distortion
never reaches 0, because no two takes are alike. Its gap is measured to the distortion of the actor's second take.
"""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import NamedTuple

import librosa
import numpy as np

from cyclegan_keras.measuring.voice import Voice

DRAWS = 2000
"""Draws of the bootstrap (Efron, 1979)."""

CONFIDENCE = 95.0
"""Percentage of the draws within an interval."""

LEAST_VOICED = 10
"""The least number of frames that are voiced in both clips, for a correlation of contours."""


class Gap(NamedTuple):
    """A gap closed, and its interval over speakers, which is None with one speaker."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Distance:
    """Differences between a clip and the real recording (clip minus real), distortion in dB, F0 contour correlation."""

    f0: float
    f0_spread: float
    treble: float
    level: float
    mcd: float
    contour: float


def distance(clip: Voice, real: Voice) -> Distance:
    """Measure the distance of a clip to a real recording of the same words.

    Parameters
    ----------
    clip, real : Voice

    Returns
    -------
    distance : Distance
        ``f0`` and ``f0_spread`` in semitones, ``treble`` and ``level`` in dB. F0 and treble are NaN if a clip has no
        voiced frames; it is then left out of their means.
    """
    path = warp(clip, real)
    return Distance(
        clip.f0_median - real.f0_median,
        clip.f0_spread - real.f0_spread,
        clip.treble - real.treble,
        clip.level_spread - real.level_spread,
        mel_cepstral_distortion(clip, real, path),
        contour_correlation(clip, real, path),
    )


def warp(clip: Voice, real: Voice) -> np.ndarray:
    """Align two clips by dynamic time warping of their cepstra (Sakoe & Chiba, 1978). The path is pairs of frames."""
    _, path = librosa.sequence.dtw(clip.cepstra, real.cepstra)
    return path


def mel_cepstral_distortion(clip: Voice, real: Voice, path: np.ndarray) -> float:
    """Mel-cepstral distortion in dB: mean over the path of 10 / ln 10 * sqrt(2 * sum of squares) (Kubichek, 1993)."""
    difference = clip.cepstra[:, path[:, 0]] - real.cepstra[:, path[:, 1]]
    return float(10 / np.log(10) * np.sqrt(2 * (difference**2).sum(axis=0)).mean())


def contour_correlation(clip: Voice, real: Voice, path: np.ndarray) -> float:
    """Pearson's correlation of F0 in semitones, over frames that are voiced in both clips; NaN with too few of them.

    Usual in voice conversion since Kain & Macon (1998) and Hermes (1998). 1 is the same melody at any height and range.
    """
    ours, theirs = clip.f0[path[:, 0]], real.f0[path[:, 1]]
    both = ~np.isnan(ours) & ~np.isnan(theirs)
    ours, theirs = ours[both], theirs[both]
    if len(ours) < LEAST_VOICED or ours.std() < 1e-6 or theirs.std() < 1e-6:
        return float("nan")
    return float(np.corrcoef(ours, theirs)[0, 1])


def gap_closed(converted: Sequence[float], source: Sequence[float], speakers: Sequence[str]) -> Gap:
    """The gap closed by conversions: 1 - sum |converted| / sum |source|.

    Parameters
    ----------
    converted, source : sequences of float
        Differences of each conversion, and of its source, to the real recording.
    speakers : sequence of str
        The speaker of each clip.

    Returns
    -------
    gap : Gap
        The bootstrap draws speakers with replacement, each with all its clips, from a fixed seed. With few speakers the
        interval is too narrow: two speakers give three different draws.

    Example
    -------
    >>> gap_closed([1.0, -1.0], [4.0, -4.0], ["19", "20"]).value
    0.75
    """
    return _bootstrapped(
        (np.abs(converted), np.abs(source)), speakers, lambda left, before: 1.0 - left / np.maximum(before, 1e-12)
    )


def gap_to_second_take(
    converted: Sequence[float], source: Sequence[float], second: Sequence[float], speakers: Sequence[str]
) -> Gap | None:
    """The gap closed from the distortion of the source to that of the actor's second take.

    Parameters
    ----------
    converted, source, second : sequences of float
        Distortions in dB.
    speakers : sequence of str
        The speaker of each clip.

    Returns
    -------
    gap : Gap or None
        None if the second takes are no closer than the sources: there is no gap then.
    """
    gap = _bootstrapped(
        (converted, source, second),
        speakers,
        lambda now, before, floor: (before - now) / np.where(before - floor > 1e-12, before - floor, np.nan),
    )
    return gap if np.isfinite(gap.value) else None


def differences(distances: Sequence[Distance]) -> dict[str, np.ndarray]:
    """Turn distances into one array per feature."""
    names = list(Distance.__dataclass_fields__)
    columns = np.array([astuple(each) for each in distances], float).reshape(-1, len(names)).T
    return dict(zip(names, columns))


def _bootstrapped(columns: Sequence[Sequence[float]], speakers: Sequence[str], share: Callable[..., np.ndarray]) -> Gap:
    numbers = np.array(columns, float)
    whole = np.isfinite(numbers).all(axis=0)
    numbers, speakers = numbers[:, whole], np.array(speakers)[whole]
    if not len(speakers):
        return Gap(float("nan"))
    names = np.unique(speakers)
    sums = np.array([numbers[:, speakers == name].sum(axis=1) for name in names])  # (speakers, columns)
    value = float(share(*sums.sum(axis=0)))
    if len(names) < 2:
        return Gap(value)
    drawn = np.random.default_rng(0).integers(len(names), size=(DRAWS, len(names)))
    shares = share(*sums[drawn].sum(axis=1).T)
    low, high = np.nanpercentile(shares, [50 - CONFIDENCE / 2, 50 + CONFIDENCE / 2])
    return Gap(value, float(low), float(high))
