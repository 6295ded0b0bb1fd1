"""What a conversion is worth besides its emotion: content, cleanness, pitch, mimicry."""

from collections.abc import Sequence
from typing import NamedTuple

import librosa
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from cyclegan_keras.measuring.features import SILENCE_DB, VOICED, pitch_track
from cyclegan_keras.shared.errors import InputError

SHAPE_COLUMNS = 40
"""Columns a sentence is stretched to before statements are told apart."""


class Pitch(NamedTuple):
    """The fundamental frequency of a clip: its median in Hz, and the span from the 10th to the 90th percentile."""

    median_hz: float
    range_semitones: float


def estoi(reference: np.ndarray, converted: np.ndarray, sample_rate: int) -> float:
    """How much of a sentence can be understood: extended short-time objective intelligibility (Jensen & Taal, 2016).

    Parameters
    ----------
    reference, converted : np.ndarray [shape=(n,)]
        The clip with no network in its way, and converted; aligned in time.
    sample_rate : int
        In Hz.

    Returns
    -------
    estoi : float
        1 for the reference itself; 0 and less for what has nothing to do with it.

    Raises
    ------
    InputError
        The package pystoi is missing.
    """
    try:
        from pystoi import stoi
    except ImportError:
        raise _missing("pystoi") from None
    return float(stoi(reference, converted, sample_rate, extended=True))


def dnsmos(waveform: np.ndarray, sample_rate: int) -> float:
    """How clean speech sounds: DNSMOS P.835 overall (Reddy et al., 2022), from 1 to 5.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
        Its level does not matter.
    sample_rate : int
        16000 Hz, which the measure is made for.

    Raises
    ------
    InputError
        The packages speechmos and onnxruntime are missing.
    """
    try:
        from speechmos import dnsmos as measure
    except ImportError:
        raise _missing("speechmos") from None
    # At full scale it would refuse what rounding pushed beyond 1.
    return float(measure.run(0.9 * librosa.util.normalize(waveform), sample_rate)["ovrl_mos"])


def pitch_of(waveform: np.ndarray, sample_rate: int) -> Pitch:
    """Measure the voiced frames of a clip; NaN where there are none."""
    pitch, harmonicity = pitch_track(librosa.util.normalize(waveform), sample_rate)
    voiced = pitch[(harmonicity > VOICED) & _active(waveform, len(pitch))]
    if len(voiced) < 5:
        return Pitch(float("nan"), float("nan"))
    low, high = np.percentile(librosa.hz_to_midi(voiced), [10, 90])
    return Pitch(float(np.median(voiced)), float(high - low))


def mimicry(sources: np.ndarray, converted: np.ndarray) -> float:
    """Mean absolute difference of images from what they were made of: 0 is a generator that does nothing.

    The report saw its generators fall back to that after 150 epochs (section 5.2.3).
    """
    return float(np.abs(converted - sources).mean())


class StatementRecogniser:
    """Tells which of RAVDESS's two statements is spoken, from the shapes of sentences.

    Parameters
    ----------
    shapes : sequence of np.ndarray
        From ``sentence_shape``, of recordings vocoded as what is to be recognised.
    statements : sequence of int
        Of each: 1 or 2.
    """

    def __init__(self, shapes: Sequence[np.ndarray], statements: Sequence[int]):
        self.classifier = make_pipeline(StandardScaler(), SVC(C=1.0)).fit(shapes, statements)

    def recognise(self, waveforms: Sequence[np.ndarray], sample_rate: int) -> list[int]:
        """Name the statement of each waveform: 1 or 2."""
        shapes = [sentence_shape(waveform, sample_rate) for waveform in waveforms]
        return [int(statement) for statement in self.classifier.predict(shapes)]


def sentence_shape(waveform: np.ndarray, sample_rate: int) -> np.ndarray:
    """Describe what is said, whoever says it and however fast: MFCC over the sentence, stretched to 40 columns.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
    sample_rate : int
        In Hz.

    Returns
    -------
    shape : np.ndarray [shape=(520,)]
    """
    mfcc = librosa.feature.mfcc(y=librosa.util.normalize(waveform), sr=sample_rate, n_mfcc=14, hop_length=256)[1:]
    spoken = np.flatnonzero(_active(waveform, mfcc.shape[1]))
    mfcc = mfcc[:, spoken[0] : spoken[-1] + 1]
    # No channel, no loudness: each coefficient's mean and spread over the sentence are taken away.
    mfcc = (mfcc - mfcc.mean(axis=1, keepdims=True)) / (mfcc.std(axis=1, keepdims=True) + 1e-6)
    where = np.linspace(0, mfcc.shape[1] - 1, SHAPE_COLUMNS)
    return np.concatenate([np.interp(where, np.arange(mfcc.shape[1]), row) for row in mfcc])


def _active(waveform: np.ndarray, frames: int) -> np.ndarray:
    level = librosa.feature.rms(y=waveform, frame_length=1024, hop_length=256)[0]
    active = librosa.amplitude_to_db(level, ref=np.max, top_db=None) > SILENCE_DB
    return active[:frames] if len(active) >= frames else np.pad(active, (0, frames - len(active)))


def _missing(package: str) -> InputError:
    return InputError(f"{package}: not installed; pip install -e '.[eval]' brings what conversions are measured with")


def median_pitch(waveforms: Sequence[np.ndarray], sample_rate: int) -> tuple[float, float]:
    """Median over clips of ``pitch_of``: Hz, semitones; NaN where no clip has a voice."""
    pitches = [pitch_of(waveform, sample_rate) for waveform in waveforms]
    voiced = [pitch for pitch in pitches if not np.isnan(pitch.median_hz)]
    return tuple(np.median(voiced, axis=0)) if voiced else (np.nan, np.nan)
