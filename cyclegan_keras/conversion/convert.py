"""Conversion of recordings of any length."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import librosa
import numpy as np

from cyclegan_keras.audio.files import Sound
from cyclegan_keras.audio.level import match_level
from cyclegan_keras.audio.spectrogram import waveform_to_spectrogram
from cyclegan_keras.audio.treble import with_treble
from cyclegan_keras.audio.vocoder import apply_gains, spectrogram_to_waveform
from cyclegan_keras.audio.windows import blend_windows, split_windows
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion.gains import limited_change, mean_change_db
from cyclegan_keras.conversion.recording import Recording
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.prosody.move import move

if TYPE_CHECKING:  # models without a network do without TensorFlow
    import tensorflow as tf

WINDOWS_AT_ONCE = 4
"""Windows of a long clip that go through the generator together."""


class Conversion(NamedTuple):
    """A converted clip.

    Attributes
    ----------
    waveform : np.ndarray [shape=(n,), dtype=float32]
    sample_rate : int
        Of ``waveform``, in Hz.
    source, converted : np.ndarray [shape=(n_bins, frames)]
        Spectrograms of the clip and of its conversion, in [-1, 1], to draw.
    change_db : float
        By how much the network raised or lowered the spectrogram's bins, on average.
    """

    waveform: np.ndarray
    sample_rate: int
    source: np.ndarray
    converted: np.ndarray
    change_db: float


def convert(
    recording: Recording,
    generator: "tf.keras.Model | None",
    config: SpectrogramConfig,
    settings: ConversionSettings,
    full_band: Sound | None = None,
) -> Conversion:
    """Convert a recording of any length.

    Parameters
    ----------
    recording : Recording
        Moved by ``settings.move_before``.
    generator : tf.keras.Model
        From ``generators.load_generator``; None where ``settings`` use no network.
    config : SpectrogramConfig
        The analysis that the generator was trained with.
    settings : ConversionSettings
    full_band : Sound, optional
        As ``synthesise``.

    Returns
    -------
    conversion : Conversion
    """
    generated = recording.spectrogram
    if generator is not None:
        (generated,) = generate([generated], generator, config, settings.shifts)
    return synthesise(recording, generated, config, settings, full_band)


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
    recording: Recording,
    generated: np.ndarray,
    config: SpectrogramConfig,
    settings: ConversionSettings,
    full_band: Sound | None = None,
) -> Conversion:
    """Turn a generated spectrogram into sound, and move that by ``settings.move_after``.

    Parameters
    ----------
    recording : Recording
    generated : np.ndarray [shape=(n_bins, frames)]
        In [-1, 1].
    config : SpectrogramConfig
    settings : ConversionSettings
    full_band : Sound, optional
        The clip at its own rate. The conversion then has that rate, and what the clip has above the analysis's range.

    Returns
    -------
    conversion : Conversion
        Its waveform has the clip's level above 60 Hz, and never clips. It is as long as the clip, unless a move
        changes the tempo.
    """
    if settings.phase == "source" and not settings.uses_network:
        converted, sound = recording.spectrogram, recording.waveform
    elif settings.phase == "griffin-lim":
        converted = generated
        sound = spectrogram_to_waveform(generated, recording.reference, config, len(recording.waveform))
    else:
        converted = limited_change(recording.spectrogram, generated, settings.strength, config)
        gains = (converted - recording.spectrogram) / config.decibel
        sound = apply_gains(recording.waveform, gains, config)
    change_db = mean_change_db(recording.spectrogram, converted, config)
    rate, clip = config.sample_rate, recording.clip
    if full_band is not None and full_band.sample_rate > rate:
        rate, clip = full_band.sample_rate, full_band.waveform
        sound = with_treble(sound, move(clip, settings.move_before, rate), rate, config)
    sound = move(sound, settings.move_after, rate)
    if full_band is not None and full_band.sample_rate < rate:
        length = round(len(full_band.waveform) * len(sound) / len(clip))
        sound = librosa.resample(sound, orig_sr=rate, target_sr=full_band.sample_rate)
        sound = librosa.util.fix_length(sound, size=length)
        rate, clip = full_band.sample_rate, full_band.waveform
    sound = match_level(sound, clip, rate)
    source = recording.spectrogram
    if settings.moves:
        at_rate = librosa.resample(sound, orig_sr=rate, target_sr=config.sample_rate)
        source, converted = (waveform_to_spectrogram(each, config)[0] for each in (recording.clip, at_rate))
    return Conversion(sound, rate, source, converted, change_db)
