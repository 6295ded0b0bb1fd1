"""Cleanness and intelligibility of a conversion, F0 statistics, and the change of an image by a generator."""

from typing import NamedTuple

import librosa
import numpy as np

from cyclegan_keras.audio.pitch import SILENCE_DB, VOICED
from cyclegan_keras.measuring.extras import missing
from cyclegan_keras.measuring.features import pitch_track


class Pitch(NamedTuple):
    """F0 of a clip: the median in Hz, and the range from the 10th to the 90th percentile."""

    median_hz: float
    range_semitones: float


def estoi(reference: np.ndarray, converted: np.ndarray, sample_rate: int) -> float:
    """Extended short-time objective intelligibility (Jensen & Taal, 2016).

    Parameters
    ----------
    reference, converted : np.ndarray [shape=(n,)]
        The clip without a network, and the conversion; aligned in time.
    sample_rate : int
        In Hz.

    Returns
    -------
    estoi : float
        1 for the reference itself; 0 or less for an unrelated sound.

    Raises
    ------
    InputError
        The package pystoi is missing.
    """
    try:
        from pystoi import stoi
    except ImportError:
        raise missing("pystoi") from None
    return float(stoi(reference, converted, sample_rate, extended=True))


def dnsmos(waveform: np.ndarray, sample_rate: int) -> float:
    """Cleanness of speech: DNSMOS P.835 overall (Reddy et al., 2022), from 1 to 5.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
        Its level does not matter.
    sample_rate : int
        Must be 16000 Hz.

    Raises
    ------
    InputError
        The packages speechmos and onnxruntime are missing.
    """
    try:
        from speechmos import dnsmos as measure
    except ImportError:
        raise missing("speechmos") from None
    # At full scale, rounding could exceed 1, which the library refuses.
    return float(measure.run(0.9 * librosa.util.normalize(waveform), sample_rate)["ovrl_mos"])


def pitch_of(waveform: np.ndarray, sample_rate: int) -> Pitch:
    """Measure F0 over the voiced frames of a clip; NaN if fewer than 5 frames are voiced."""
    pitch, harmonicity = pitch_track(librosa.util.normalize(waveform), sample_rate)
    voiced = pitch[(harmonicity > VOICED) & _active(waveform, len(pitch))]
    if len(voiced) < 5:
        return Pitch(float("nan"), float("nan"))
    low, high = np.percentile(librosa.hz_to_midi(voiced), [10, 90])
    return Pitch(float(np.median(voiced)), float(high - low))


def mimicry(sources: np.ndarray, converted: np.ndarray) -> float:
    """Mean absolute difference of generated images from their sources; 0 means that the generator copies its input.

    The report's generators approached this after 150 epochs (section 5.2.3).
    """
    return float(np.abs(converted - sources).mean())


def _active(waveform: np.ndarray, frames: int) -> np.ndarray:
    level = librosa.feature.rms(y=waveform, frame_length=1024, hop_length=256)[0]
    active = librosa.amplitude_to_db(level, ref=np.max, top_db=None) > SILENCE_DB
    return active[:frames] if len(active) >= frames else np.pad(active, (0, frames - len(active)))
