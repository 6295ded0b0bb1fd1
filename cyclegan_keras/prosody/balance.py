"""Level and spectral balance of a sentence's frames, ranked from the faintest to the loudest."""

import librosa
import numpy as np
import scipy

from cyclegan_keras.audio.level import high_passed
from cyclegan_keras.prosody.f0 import RUMBLE_HZ, speech_span

RANKS = 11
"""Rank r is the level that r tenths of the speech frames stay below."""

BANDS = 24
"""Triangular filters, equally spaced on the mel scale up to ``TOP_HZ``, whatever the sample rate. Gains are
interpolated linearly between their centres, and what is above gets that of the highest."""

TOP_HZ = 8000.0
"""Level and bands are those below; it is half the rate of the analysis that statistics are made with."""

WINDOW_SECONDS, FRAME_SECONDS = 0.064, 0.01
"""Length of a frame, and distance between frames."""

TOP_PERCENTILE = 95
"""Levels are relative to this percentile of the frames' level."""

FLOOR_DB = 80.0
"""A band's level is floored this far below the loudest frame."""

FRAMES_AT_ONCE = 2000

SMOOTHED_FRAMES = 1.2
"""Standard deviation of the Gaussian along time that smooths the gains."""

GAIN_LIMIT_DB = 25.0
"""The largest gain or loss of a bin."""


def ranked_level(waveform: np.ndarray, sample_rate: int) -> np.ndarray:
    """Measure level and balance of a sentence by rank.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
    sample_rate : int
        In Hz.

    Returns
    -------
    decibels : np.ndarray [shape=(RANKS, 1 + BANDS)]
        In column 0 the frames' level relative to their 95th percentile; then each band's level within its frame.
    """
    power = _power(waveform, sample_rate)
    level = _decibels(power.sum(axis=0))
    floor = power.sum(axis=0).max() * 10 ** (-FLOOR_DB / 10)
    bands = _decibels(np.maximum(_filters(sample_rate)[:, : len(power)] @ power, floor))
    speech = speech_span(level)
    level, bands = level[speech], bands[:, speech]
    near = np.maximum(0.0, 1.0 - np.abs(_ranks(level, level) - np.arange(RANKS)[:, np.newaxis]))
    near /= np.maximum(near.sum(axis=1, keepdims=True), 1e-9)
    return near @ np.column_stack([level - np.percentile(level, TOP_PERCENTILE), (bands - level).T])


def mean_balance(decibels: np.ndarray) -> np.ndarray:
    """Average the balance over the louder two thirds of the ranks.

    Parameters
    ----------
    decibels : np.ndarray [shape=(RANKS, 1 + BANDS)]
        From ``ranked_level``.

    Returns
    -------
    balance : np.ndarray [shape=(BANDS,)]
    """
    return decibels[RANKS // 3 :, 1:].mean(axis=0)


def apply_ranked(waveform: np.ndarray, levels: np.ndarray, balance: np.ndarray, sample_rate: int) -> np.ndarray:
    """Change level and balance by rank. The phase stays.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
    levels : np.ndarray [shape=(RANKS,)]
        In dB.
    balance : np.ndarray [shape=(RANKS, BANDS)]
        In dB.
    sample_rate : int
        In Hz.

    Returns
    -------
    changed : np.ndarray [shape=(n,), dtype=float32]
    """
    power = _power(waveform, sample_rate)
    level = _decibels(power.sum(axis=0))
    rank = _ranks(level, level[speech_span(level)])
    mel = librosa.hz_to_mel(librosa.fft_frequencies(sr=sample_rate, n_fft=_length(sample_rate)), htk=True)
    by_rank = np.array([np.interp(mel, _centres(), row) for row in balance], np.float32)
    low = np.minimum(rank.astype(int), RANKS - 2)
    part = (rank - low).astype(np.float32)
    # In pieces and in place: of ten minutes at 48 kHz, the gains alone take 370 MB.
    pieces = [slice(start, start + FRAMES_AT_ONCE) for start in range(0, len(rank), FRAMES_AT_ONCE)]
    gains = np.empty((len(mel), len(rank)), np.float32)
    for at in pieces:
        share = part[at, np.newaxis]
        gains[:, at] = (by_rank[low[at]] * (1 - share) + by_rank[low[at] + 1] * share).T
    wanted = level + np.interp(rank, np.arange(RANKS), levels)
    gains += (wanted - _decibels((power * librosa.db_to_power(gains[: len(power)])).sum(axis=0))).astype(np.float32)
    del power
    scipy.ndimage.gaussian_filter1d(gains, SMOOTHED_FRAMES, axis=1, output=gains)
    np.clip(gains, -GAIN_LIMIT_DB, GAIN_LIMIT_DB, out=gains)
    length, hop = _length(sample_rate), round(FRAME_SECONDS * sample_rate)
    transform = librosa.stft(np.asarray(waveform, np.float32), n_fft=length, hop_length=hop)
    for at in pieces:
        transform[:, at] *= librosa.db_to_amplitude(gains[:, at])
    return librosa.istft(transform, n_fft=length, hop_length=hop, length=len(waveform))


def _ranks(level: np.ndarray, speech: np.ndarray) -> np.ndarray:
    """The rank of each level among the speech frames, from 0 to RANKS - 1."""
    return np.interp(level, np.sort(speech), np.linspace(0, RANKS - 1, len(speech)))


def _length(sample_rate: int) -> int:
    return round(WINDOW_SECONDS * sample_rate)


def _power(waveform: np.ndarray, sample_rate: int) -> np.ndarray:
    """The power of the bins up to ``TOP_HZ``, above rumble."""
    length, hop = _length(sample_rate), round(FRAME_SECONDS * sample_rate)
    bins = 1 + int(TOP_HZ * length / sample_rate)
    padded = np.pad(high_passed(waveform, sample_rate, RUMBLE_HZ).astype(np.float32), length // 2)
    starts = range(0, (1 + len(waveform) // hop) * hop, FRAMES_AT_ONCE * hop)
    pieces = (padded[start : start + (FRAMES_AT_ONCE - 1) * hop + length] for start in starts)
    transforms = (librosa.stft(piece, n_fft=length, hop_length=hop, center=False) for piece in pieces)
    return np.concatenate([np.abs(transform[:bins]) ** 2 for transform in transforms], axis=1)


def _centres() -> np.ndarray:
    low, high = librosa.hz_to_mel([RUMBLE_HZ, TOP_HZ], htk=True)
    return np.linspace(low, high, BANDS + 2)[1:-1]


def _filters(sample_rate: int) -> np.ndarray:
    return librosa.filters.mel(
        sr=sample_rate, n_fft=_length(sample_rate), n_mels=BANDS, fmin=RUMBLE_HZ, fmax=TOP_HZ, htk=True, norm=None
    )


def _decibels(power: np.ndarray) -> np.ndarray:
    return 10.0 * np.log10(power + 1e-12)
