"""A recording as a network sees it."""

from pathlib import Path
from typing import NamedTuple

import librosa
import numpy as np

from cyclegan_keras.audio.files import Sound, read_sound, without_offset_and_rumble
from cyclegan_keras.audio.spectrogram import waveform_to_spectrogram
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.prosody.move import UNMOVED, Prosody, move
from cyclegan_keras.shared.errors import InputError


class Recording(NamedTuple):
    """A clip as a network sees it.

    Attributes
    ----------
    waveform : np.ndarray [shape=(n,)]
        At the analysis's rate; moved, where the run moves clips before its network.
    spectrogram : np.ndarray [shape=(n_bins, frames)]
        Of ``waveform``, in [-1, 1].
    reference : float
        The STFT magnitude of 0 dB.
    clip : np.ndarray [shape=(m,)]
        The clip before it was moved.
    changes : tuple of str
        Earlier changes to the recording, in words.
    """

    waveform: np.ndarray
    spectrogram: np.ndarray
    reference: float
    clip: np.ndarray
    changes: tuple[str, ...] = ()


def analyse(waveform: np.ndarray, config: SpectrogramConfig, prosody: Prosody = UNMOVED) -> Recording:
    """Move a waveform at ``config.sample_rate`` by ``prosody``, and analyse it.

    Raises
    ------
    InputError
        It is shorter than one analysis window, or silent.
    """
    moved = move(waveform, prosody, config.sample_rate)
    return Recording(moved, *waveform_to_spectrogram(moved, config), clip=waveform)


def analyse_sound(sound: Sound, name: str, config: SpectrogramConfig, prosody: Prosody = UNMOVED) -> Recording:
    """Move a sound of any rate by ``prosody``, and analyse it.

    Parameters
    ----------
    sound : Sound
    name : str
        Of the recording, for messages.
    config : SpectrogramConfig
    prosody : Prosody

    Raises
    ------
    InputError
        It is shorter than one analysis window, or silent.
    """
    waveform = librosa.resample(sound.waveform, orig_sr=sound.sample_rate, target_sr=config.sample_rate)
    try:
        return analyse(waveform, config, prosody)._replace(changes=sound.changes)
    except InputError as error:
        raise InputError(f"{name}: {error}; give a longer recording") from None


def read_recording(path: Path, config: SpectrogramConfig, prosody: Prosody = UNMOVED) -> Recording:
    """Read a recording, remove an offset and rumble, move it by ``prosody``, and analyse it.

    Raises
    ------
    InputError
        The recording cannot be used; the message names it.
    """
    return analyse_sound(without_offset_and_rumble(read_sound(path)), str(path), config, prosody)
