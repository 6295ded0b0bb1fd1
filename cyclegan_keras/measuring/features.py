"""Acoustic features of the first judge: pitch, energy, spectral balance, harmonicity, MFCC."""

# Imported to compile it now, because numba's cache breaks if two processes fill it (numba's issue 10128).
import librosa.core.pitch
import numpy as np

from cyclegan_keras.audio.pitch import HIGHEST_PITCH, LOWEST_PITCH, SILENCE_DB, VOICED

BAND_EDGES = (0, 500, 1000, 2000, 3000, 4000, 8000)
"""Hz: bands about one formant wide at the low end, and an octave wide at the high end."""

N_MFCC = 13


def acoustic_features(waveform: np.ndarray, sample_rate: int) -> np.ndarray:
    """Compute features of prosody and voice quality: pitch, energy, spectral balance, harmonicity, MFCC.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
        Its level does not matter.
    sample_rate : int
        In Hz.

    Returns
    -------
    features : np.ndarray [shape=(69,), dtype=float64]
        Means, standard deviations and frame-to-frame changes over the frames that are not pauses.
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


def pitch_track(waveform: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Track F0 (YIN; de Cheveigné & Kawahara, 2002) with windows of 1024 samples.

    Returns
    -------
    pitch : np.ndarray [shape=(frames,)]
        F0 in Hz; meaningless where ``harmonicity`` is low.
    harmonicity : np.ndarray [shape=(frames,)]
        Autocorrelation at the pitch period, as a share of the frame's energy.
    """
    pitch = librosa.yin(
        waveform, fmin=LOWEST_PITCH, fmax=HIGHEST_PITCH, sr=sample_rate, frame_length=1024, hop_length=256
    )
    padded = np.pad(waveform, 512)
    frames = librosa.util.frame(padded, frame_length=1024, hop_length=256)[:, : len(pitch)]
    correlation = librosa.autocorrelate(frames, max_size=512, axis=0)
    # A longer lag has fewer overlapping samples. The correction keeps low voices from seeming less harmonic.
    period = np.minimum(np.round(sample_rate / pitch).astype(int), 511)[: frames.shape[1]]
    at_period = correlation[period, np.arange(frames.shape[1])] * 1024 / (1024 - period)
    return pitch, np.clip(at_period / np.maximum(correlation[0], 1e-9), 0.0, 1.0)


def _pitch_features(pitch: np.ndarray, voiced: np.ndarray, active: np.ndarray) -> list[float]:
    if voiced.sum() < 5:
        return [0.0] * 7
    semitones = librosa.hz_to_midi(pitch)
    low, middle, high = np.percentile(semitones[voiced], [10, 50, 90])
    together = voiced[1:] & voiced[:-1]
    movement = np.abs(np.diff(semitones))[together]
    movement = movement[movement < 4.0] if (movement < 4.0).any() else np.zeros(1)  # larger ones are octave errors
    return [
        middle, low, high, high - low, semitones[voiced].std(), movement.mean(), voiced.sum() / active.sum(),
    ]  # fmt: skip


def _energy_features(level: np.ndarray, active: np.ndarray) -> list[float]:
    loud = level[active]
    movement = np.diff(level)[active[1:]]
    return [
        loud.mean(), loud.std(), np.percentile(loud, 25), np.percentile(loud, 75), np.abs(movement).mean(),
        np.percentile(movement, 90), active.sum(),
    ]  # fmt: skip


def _balance_features(power: np.ndarray, level: np.ndarray, frames: np.ndarray, sample_rate: int) -> list[float]:
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
