"""A clip moved by the statistics of two emotions: its pitch, tempo, level and spectral balance."""

from dataclasses import dataclass

import numpy as np
import scipy

from cyclegan_keras.audio.level import match_level
from cyclegan_keras.prosody.balance import BANDS, RANKS, apply_ranked, mean_balance, ranked_level
from cyclegan_keras.prosody.f0 import track_f0
from cyclegan_keras.prosody.psola import resynthesise

LEAST_VOICED = 20
"""Frames of 5 ms. A clip with fewer voiced frames keeps its pitch, and no statistics are made of it."""

SHORTEST_SECONDS = 0.2
"""A shorter clip is not moved: it has too few frames for pitch and balance."""

SPREADS = (0.5, 2.5)
"""The least and largest ratio of spreads that is applied."""

F0_LIMITS = (50.0, 900.0)
"""Hz: no frame is moved beyond them."""


@dataclass(frozen=True)
class Prosody:
    """How one emotion differs from another as it is spoken. The defaults are no difference.

    Attributes
    ----------
    shift : float
        Difference of the median natural logarithms of F0.
    spread : float
        Ratio of the widths of log F0, from the 16th to the 84th percentile.
    tempo : float
        Ratio of the durations of speech.
    levels : tuple of float [length=RANKS]
        Differences of the frames' level in dB, by rank (see ``balance``).
    balance : tuple of tuples of float [shape=(RANKS, BANDS)]
        Differences of the level of each band within its frame, in dB.
    centre : tuple of float [length=BANDS]
        The source emotion's mean balance in dB, at the target's pitch and tempo.
    pull : tuple of float [length=BANDS]
        A clip's own deviation from ``centre`` is a cosine series over the bands. This share of each coefficient is
        taken off: a clip that already has the target's balance is moved less.
    """

    shift: float = 0.0
    spread: float = 1.0
    tempo: float = 1.0
    levels: tuple[float, ...] = (0.0,) * RANKS
    balance: tuple[tuple[float, ...], ...] = ((0.0,) * BANDS,) * RANKS
    centre: tuple[float, ...] = (0.0,) * BANDS
    pull: tuple[float, ...] = (0.0,) * BANDS


UNMOVED = Prosody()
"""Changes nothing."""


def scaled(prosody: Prosody, strength: float) -> Prosody:
    """Multiply all differences; 0 leaves none, 1 leaves them as they are."""
    return Prosody(
        prosody.shift * strength,
        prosody.spread**strength,
        prosody.tempo**strength,
        tuple((np.array(prosody.levels) * strength).tolist()),
        tuple(map(tuple, (np.array(prosody.balance) * strength).tolist())),
        prosody.centre,
        tuple(np.clip(np.array(prosody.pull) * strength, 0.0, 1.0).tolist()),
    )


def move(waveform: np.ndarray, prosody: Prosody, sample_rate: int) -> np.ndarray:
    """Move a clip's pitch and tempo, then its level and balance.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
        At least one sample.
    prosody : Prosody
    sample_rate : int
        In Hz.

    Returns
    -------
    moved : np.ndarray [shape=(round(n * tempo),), dtype=float32]
        At the clip's RMS level above 60 Hz, within [-1, 1]. The clip itself where ``prosody`` changes nothing, or the
        clip is shorter than ``SHORTEST_SECONDS``.
    """
    if prosody == UNMOVED or len(waveform) < SHORTEST_SECONDS * sample_rate:
        return waveform
    moved = waveform
    if (prosody.shift, prosody.spread, prosody.tempo) != (0.0, 1.0, 1.0):
        f0 = track_f0(waveform, sample_rate)
        moved = resynthesise(waveform, f0, _ratio(f0, prosody), prosody.tempo, sample_rate)
    if prosody != Prosody(prosody.shift, prosody.spread, prosody.tempo):
        deviation = mean_balance(ranked_level(moved, sample_rate)) - prosody.centre
        taken_off = scipy.fft.idct(prosody.pull * scipy.fft.dct(deviation, norm="ortho"), norm="ortho")
        moved = apply_ranked(moved, np.array(prosody.levels), np.array(prosody.balance) - taken_off, sample_rate)
    return match_level(moved, waveform, sample_rate)


def _ratio(f0: np.ndarray, prosody: Prosody) -> np.ndarray:
    """New F0 over F0; 1 in unvoiced frames. The log-Gaussian transform (Liu et al., 2007), about the median."""
    voiced = f0 > 0
    ratio = np.ones(len(f0))
    if voiced.sum() >= LEAST_VOICED:
        log_f0 = np.log(f0[voiced])
        middle = np.median(log_f0)
        new = (log_f0 - middle) * np.clip(prosody.spread, *SPREADS) + middle + prosody.shift
        ratio[voiced] = np.clip(np.exp(new), *F0_LIMITS) / f0[voiced]
    return ratio
