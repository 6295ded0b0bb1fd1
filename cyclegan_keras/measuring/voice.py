"""Features for the comparison with the actor's own recording: F0, treble, level and mel-cepstra."""

from dataclasses import dataclass

import librosa
import numpy as np
import scipy.fft

from cyclegan_keras.measuring.extras import missing

TRIM_DB = 35.0
"""Sound this far below the loudest is trimmed at both ends."""

LOWEST_F0, HIGHEST_F0 = 65.0, 700.0
"""Hz: the F0 range of adult speech, including shouting."""

FRAME_SECONDS = 0.01
"""Time from one frame to the next."""

N_FFT = 1024
"""Samples of a Hann window: 64 ms at 16 kHz."""

N_MELS, ORDER = 60, 24
"""Number of mel bands and of cepstral coefficients, without the zeroth, which is the level."""

BASS_HZ, TREBLE_HZ = (0.0, 1000.0), (1000.0, 4000.0)
"""Bands of the treble measure: energy in the second over energy in the first."""

QUIETEST_DB = 60.0
"""The level of fainter frames counts as this far below the loudest frame."""

SEMITONE_ZERO_HZ = 100.0
"""The frequency of 0 semitones."""


@dataclass(frozen=True, eq=False)
class Voice:
    """The features of a clip without pauses at its ends, in frames of 10 ms.

    ``cepstra`` has shape (24, frames); ``f0`` has shape (frames,), in semitones above 100 Hz, NaN in unvoiced frames.
    ``f0_median`` and ``f0_spread`` (standard deviation over voiced frames) are in semitones. ``treble`` is the median
    over voiced frames of the energy from 1 to 4 kHz over that up to 1 kHz, in dB. ``level_spread`` is the standard
    deviation of the level over all frames, in dB. Without voiced frames the first three are NaN.
    """

    cepstra: np.ndarray
    f0: np.ndarray
    f0_median: float
    f0_spread: float
    treble: float
    level_spread: float


def analyse_voice(waveform: np.ndarray, sample_rate: int) -> Voice:
    """Compute the features of a clip.

    F0 and voiced frames are found by Harvest (Morise, 2017). Mel-cepstra are the cosine transform of a log mel spectrum
    (Davis & Mermelstein, 1980), scaled for Kubichek's distortion.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
    sample_rate : int
        In Hz.

    Raises
    ------
    InputError
        The package pyworld is missing.
    """
    try:
        import pyworld
    except ImportError:
        raise missing("pyworld") from None
    spoken, _ = librosa.effects.trim(np.asarray(waveform, np.float32), top_db=TRIM_DB)
    hertz, _ = pyworld.harvest(
        spoken.astype(np.float64), sample_rate, LOWEST_F0, HIGHEST_F0, frame_period=1000 * FRAME_SECONDS
    )
    hop = round(FRAME_SECONDS * sample_rate)
    power = np.abs(librosa.stft(spoken, n_fft=N_FFT, hop_length=hop)) ** 2
    frames = min(power.shape[1], len(hertz))
    power, hertz = power[:, :frames], hertz[:frames]
    level = 10 * np.log10(power.sum(axis=0) + 1e-12)
    level_spread = float(np.maximum(level, level.max() - QUIETEST_DB).std())
    voiced = hertz > 0
    f0 = np.full(frames, np.nan)
    f0[voiced] = 12 * np.log2(hertz[voiced] / SEMITONE_ZERO_HZ)
    if not voiced.any():
        return Voice(_cepstra(power, sample_rate), f0, np.nan, np.nan, np.nan, level_spread)
    frequencies = librosa.fft_frequencies(sr=sample_rate, n_fft=N_FFT)
    bass, treble = (
        power[(low <= frequencies) & (frequencies < high)][:, voiced].sum(axis=0) for low, high in (BASS_HZ, TREBLE_HZ)
    )
    balance = 10 * np.log10(treble / (bass + 1e-12) + 1e-9)
    return Voice(
        _cepstra(power, sample_rate), f0, float(np.median(f0[voiced])), float(f0[voiced].std()),
        float(np.median(balance)), level_spread,
    )  # fmt: skip


def _cepstra(power: np.ndarray, sample_rate: int) -> np.ndarray:
    mel = librosa.feature.melspectrogram(S=power, sr=sample_rate, n_mels=N_MELS)
    # The distortion in dB is defined for a cosine series of the log spectrum, c[0] / 2 + sum of c[k] cos.
    series = scipy.fft.dct(np.log(mel + 1e-8), axis=0, norm="ortho")
    return series[1 : 1 + ORDER] * 2 / np.sqrt(N_MELS)
