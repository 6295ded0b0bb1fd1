"""Sound of any length through a generator and back to sound."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import librosa
import numpy as np

from cyclegan_keras.audio.files import Sound, read_sound
from cyclegan_keras.audio.level import match_level, without_rumble
from cyclegan_keras.audio.spectrogram import waveform_to_spectrogram
from cyclegan_keras.audio.vocoder import apply_gains, spectrogram_to_waveform
from cyclegan_keras.audio.windows import blend_windows, split_windows
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion.gains import limited_change
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.shared.errors import InputError

if TYPE_CHECKING:  # the process that reads and writes sound does without TensorFlow
    import tensorflow as tf

WINDOWS_AT_ONCE = 4
"""Windows of a long clip that go through the generator together."""


class Recording(NamedTuple):
    """A waveform, its spectrogram with the STFT magnitude of 0 dB, and what was done to it before, in words."""

    waveform: np.ndarray
    spectrogram: np.ndarray
    reference: float
    done: tuple[str, ...] = ()


class Conversion(NamedTuple):
    """A converted waveform, the spectrogram it was made from, and the spectrogram it should have (in [-1, 1])."""

    waveform: np.ndarray
    source: np.ndarray
    converted: np.ndarray


def analyse(waveform: np.ndarray, config: SpectrogramConfig) -> Recording:
    """Analyse a waveform at ``config.sample_rate``.

    Raises
    ------
    InputError
        It is shorter than one analysis window, or silent.
    """
    return Recording(waveform, *waveform_to_spectrogram(waveform, config))


def read_recording(path: Path, config: SpectrogramConfig) -> Recording:
    """Read and analyse a recording, without an offset and rumble.

    Raises
    ------
    InputError
        The recording cannot be used; the message names it.
    """
    sound = cleaned(read_sound(path))
    try:
        return analyse_sound(sound, config)
    except InputError as error:
        raise InputError(f"{path}: {error}; give a longer recording") from None


def cleaned(sound: Sound) -> Sound:
    """Take an offset and rumble off, where they matter."""
    waveform, changes = without_rumble(sound.waveform, sound.sample_rate)
    return Sound(waveform, sound.sample_rate, sound.changes + changes)


def analyse_sound(sound: Sound, config: SpectrogramConfig) -> Recording:
    """Analyse a sound of any rate.

    Raises
    ------
    InputError
        It is shorter than one analysis window, or silent.
    """
    waveform = librosa.resample(sound.waveform, orig_sr=sound.sample_rate, target_sr=config.sample_rate)
    return analyse(waveform, config)._replace(done=sound.changes)


def convert(
    recording: Recording, generator: "tf.keras.Model", config: SpectrogramConfig, settings: ConversionSettings
) -> Conversion:
    """Convert a recording of any length.

    Parameters
    ----------
    recording : Recording
    generator : tf.keras.Model
        From ``generators.load_generator``.
    config : SpectrogramConfig
        The analysis that the generator was trained with.
    settings : ConversionSettings

    Returns
    -------
    conversion : Conversion
        Its waveform has the recording's duration and level above 60 Hz, and never clips.
    """
    (generated,) = generate([recording.spectrogram], generator, config, settings.shifts)
    return synthesise(recording, generated, config, settings)


def generate(
    spectrograms: Sequence[np.ndarray],
    generator: "tf.keras.Model",
    config: SpectrogramConfig,
    shifts: Iterable[int] = (0,),
) -> list[np.ndarray]:
    """Pass spectrograms of any length through a generator, in overlapping windows; the windows of all go in batches.

    A generator with strides leaves a pattern that depends on where the strides fall. The mean over several shifts of
    the image is without it (cycle spinning; Coifman & Donoho, 1995).

    Parameters
    ----------
    spectrograms : sequence of np.ndarray [shape=(n_bins, frames)]
    generator : tf.keras.Model
    config : SpectrogramConfig
    shifts : iterable of int
        By how many bins and frames the image is shifted, for each of the conversions to average.

    Returns
    -------
    generated : list of np.ndarray
        One for each, of the same shape.
    """
    if not spectrograms:
        return []
    windows = [split_windows(spectrogram, config) for spectrogram in spectrograms]
    images = np.concatenate(windows)
    shifts = list(shifts)
    mean = np.zeros_like(images)
    for shift in shifts:
        shifted = np.roll(images, (shift, shift), (1, 2))
        generated = [
            generator(shifted[start : start + WINDOWS_AT_ONCE], training=False).numpy()
            for start in range(0, len(shifted), WINDOWS_AT_ONCE)
        ]
        mean += np.roll(np.concatenate(generated), (-shift, -shift), (1, 2)) / len(shifts)
    ends = np.cumsum([len(cut) for cut in windows])
    return [
        blend_windows(images, spectrogram.shape[1], config)
        for images, spectrogram in zip(np.split(mean, ends[:-1]), spectrograms, strict=True)
    ]


def synthesise(
    recording: Recording, generated: np.ndarray, config: SpectrogramConfig, settings: ConversionSettings
) -> Conversion:
    """Turn a generated spectrogram into sound of the recording's duration and level, which never clips.

    Parameters
    ----------
    recording : Recording
    generated : np.ndarray [shape=(n_bins, frames)]
        In [-1, 1].
    config : SpectrogramConfig
    settings : ConversionSettings
    """
    if settings.phase == "griffin-lim":
        converted = generated
        sound = spectrogram_to_waveform(generated, recording.reference, config, len(recording.waveform))
    else:
        converted = limited_change(recording.spectrogram, generated, settings.strength, config)
        gains = (converted - recording.spectrogram) / config.decibel
        sound = apply_gains(recording.waveform, gains, config)
    sound = match_level(sound, recording.waveform, config.sample_rate)
    return Conversion(sound, recording.spectrogram, converted)
