"""Features of the second judge: changes of the mel spectrum, without a pitch tracker and without MFCC."""

import librosa
import numpy as np

from cyclegan_keras.audio.pitch import SILENCE_DB

N_MELS = 24
"""Number of bands from 0 to 8 kHz."""

RATES = ((1.0, 2.0), (2.0, 4.0), (4.0, 8.0), (8.0, 16.0))
"""Hz: octaves of the modulation spectrum around the rate of syllables."""

BROAD_BANDS = 6
"""Number of groups of four mel bands, for the modulation spectrum."""


def mel_statistics(waveform: np.ndarray, sample_rate: int) -> np.ndarray:
    """Compute statistics of mel bands: level, changes over time, correlations, and modulation rates.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
        Its level does not matter.
    sample_rate : int
        In Hz.

    Returns
    -------
    features : np.ndarray [shape=(143,), dtype=float64]
        For each of 24 bands, over the frames that are not pauses: mean minus the mean of all bands, standard deviation,
        mean frame-to-frame change, and distance from the median to the 90th percentile. For neighbouring bands: their
        correlation. For six groups of bands: the shares of four octaves of modulation (Greenberg & Kingsbury, 1997).
    """
    waveform = librosa.util.normalize(waveform)
    mel = librosa.feature.melspectrogram(y=waveform, sr=sample_rate, n_fft=512, hop_length=256, n_mels=N_MELS)
    level = librosa.power_to_db(mel.sum(axis=0), ref=np.max, top_db=None, amin=1e-10)
    bands = librosa.power_to_db(mel, ref=np.max, top_db=70.0)
    active = level > SILENCE_DB
    loud = bands[:, active]
    mean = loud.mean(axis=1)
    movement = np.abs(np.diff(bands, axis=1))[:, active[1:]]
    middle, high = np.percentile(loud, [50, 90], axis=1)
    away = loud - mean[:, np.newaxis]
    spread = loud.std(axis=1) + 1e-6
    together = (away[1:] * away[:-1]).mean(axis=1) / (spread[1:] * spread[:-1])
    return np.concatenate(
        [
            mean - mean.mean(), spread, movement.mean(axis=1) if movement.size else np.zeros(N_MELS), high - middle,
            together, _modulation(bands, active, sample_rate),
        ]
    )  # fmt: skip


def _modulation(bands: np.ndarray, active: np.ndarray, sample_rate: int) -> np.ndarray:
    spoken = np.flatnonzero(active)
    groups = bands[:, spoken[0] : spoken[-1] + 1].reshape(BROAD_BANDS, -1, spoken[-1] + 1 - spoken[0]).mean(axis=1)
    groups = groups - groups.mean(axis=1, keepdims=True)
    length = max(64, groups.shape[1])  # at least a second, so that each octave has bins
    power = np.abs(np.fft.rfft(groups, n=length, axis=1)) ** 2
    rates = np.fft.rfftfreq(length, 256 / sample_rate)
    shares = [power[:, (low <= rates) & (rates < high)].sum(axis=1) / (power.sum(axis=1) + 1e-9) for low, high in RATES]
    return np.concatenate(shares)
