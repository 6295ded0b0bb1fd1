"""What is heard of generated images, as TensorFlow operations that training goes through.

A generated spectrogram is heard by an inverse STFT with the phase of the clip it was made from, as it is or refined.
The sound's own spectrogram is another one than was painted: the phase still tells of the clip's pitch, and frames that
overlap correct each other. A discriminator that is shown the painted one never sees what a listener gets.
"""

import math
from typing import Tuple

import tensorflow as tf

from cyclegan_keras.audio import SILENCE
from cyclegan_keras.config import FRAMES_THAT_OVERLAP, SpectrogramConfig

REFINEMENTS = 10
"""Iterations of Griffin-Lim from the recording's own phase: more than of a conversion, so that pitch can move."""

SMOOTHING = 1.0
"""Frames: the standard deviation of the Gaussian that smooths what a generator changes along time before it is refined;
a conversion smooths more."""

SMALLEST_WEIGHT = 1e-8
"""Of a sample that only the end of a window saw."""

SMALLEST_MAGNITUDE = 1e-12
"""Of a bin whose phase is asked for: a silent one has none."""


def resynthesise(images: tf.Tensor, phases: tf.Tensor, config: SpectrogramConfig) -> tf.Tensor:
    """Turn images into sound with given phases, and the sound into images again; differentiable by the images.

    It is an inverse STFT and ``audio.waveform_to_spectrogram`` at one stroke. 0 dB stays where it was, so what has
    become louder than that is cut off.

    Parameters
    ----------
    images : tf.Tensor [shape=(batch, image_size, image_size, 1), dtype=float32]
        In [-1, 1].
    phases : tf.Tensor [shape=(batch, image_size, image_size, 1), dtype=float32]
        In radians, of the same bins and frames.
    config : SpectrogramConfig

    Returns
    -------
    heard : tf.Tensor [shape=(batch, image_size, image_size, 1), dtype=float32]
        In [-1, 1], with silence where images are padded.

    Example
    -------
    >>> config = SpectrogramConfig()
    >>> resynthesise(tf.fill((1, 260, 260, 1), -1.0), tf.zeros((1, 260, 260, 1)), config).shape
    TensorShape([1, 260, 260, 1])
    """
    return _images(_waveforms(images, phases, config), config)


def resynthesise_refined(
    images: tf.Tensor, sources: tf.Tensor, phases: tf.Tensor, config: SpectrogramConfig
) -> tf.Tensor:
    """As ``resynthesise``, with phases that are fitted to what images differ from their sources in.

    It is what ``infer`` does with ``--phase source``, with more iterations and less smoothing: that difference,
    smoothed, goes as gains onto closer frames of the source's sound, and Griffin-Lim fits their phases to it. The
    gradient takes the phases found as given.

    Parameters
    ----------
    images, sources : tf.Tensor [shape=(batch, image_size, image_size, 1), dtype=float32]
    phases : tf.Tensor [shape=(batch, image_size, image_size, 1), dtype=float32]
        The sources'.
    config : SpectrogramConfig
        Its hop length is a multiple of ``n_fft / FRAMES_THAT_OVERLAP``.

    Returns
    -------
    heard : tf.Tensor [shape=(batch, image_size, image_size, 1), dtype=float32]
        As of ``resynthesise``.
    """
    images = smooth_gains(images, sources, SMOOTHING)
    hop_length = config.n_fft // FRAMES_THAT_OVERLAP
    closer = _analysed(_waveforms(sources, phases, config), hop_length, config)
    gains = _frames(images - sources, config) / config.decibel
    magnitude = tf.abs(closer) * _amplitudes(_interpolated(gains, config.hop_length // hop_length))
    painted = tf.cast(tf.stop_gradient(magnitude), tf.complex64)

    def refine(phase: tf.Tensor) -> Tuple[tf.Tensor]:
        sound = _synthesised(painted * phase, hop_length, config)
        return (_without_magnitude(_analysed(sound, hop_length, config)),)

    # A graph of its own: unrolled, it would be traced ten times over for each of a step's six images.
    first = tf.stop_gradient(_without_magnitude(closer))
    (phase,) = tf.while_loop(lambda _: True, refine, (first,), maximum_iterations=REFINEMENTS)
    # The gradient of a cast would warn of the imaginary part that it drops.
    refined = tf.complex(magnitude, tf.zeros_like(magnitude)) * phase
    return _images(_synthesised(refined, hop_length, config), config)


def smooth_gains(images: tf.Tensor, sources: tf.Tensor, frames: float) -> tf.Tensor:
    """Smooth what images differ from their sources in along time, as ``infer.change_gains`` does; differentiable.

    Parameters
    ----------
    images, sources : tf.Tensor [shape=(batch, image_size, image_size, 1), dtype=float32]
    frames : float
        Standard deviation of the Gaussian, which ends at four of them.
    """
    reach = int(4.0 * frames + 0.5)
    gaussian = tf.exp(-0.5 * (tf.range(-reach, reach + 1, dtype=tf.float32) / frames) ** 2)
    gaussian = tf.reshape(gaussian / tf.reduce_sum(gaussian), (1, -1, 1, 1))
    gains = tf.pad(images - sources, ((0, 0), (0, 0), (reach, reach), (0, 0)), mode="SYMMETRIC")
    return tf.clip_by_value(sources + tf.nn.conv2d(gains, gaussian, 1, "VALID"), -1.0, 1.0)


def _frames(images: tf.Tensor, config: SpectrogramConfig) -> tf.Tensor:
    return tf.transpose(images[:, : config.n_bins, : config.n_frames, 0], (0, 2, 1))


def _decibels(spectrograms: tf.Tensor, config: SpectrogramConfig) -> tf.Tensor:
    return (1.0 - spectrograms) * config.floor_db / 2.0


def _amplitudes(decibels: tf.Tensor) -> tf.Tensor:
    return tf.exp(math.log(10.0) / 20.0 * decibels)


def _waveforms(images: tf.Tensor, phases: tf.Tensor, config: SpectrogramConfig) -> tf.Tensor:
    amplitudes, phases = _amplitudes(_decibels(_frames(images, config), config)), _frames(phases, config)
    turned = tf.complex(amplitudes * tf.cos(phases), amplitudes * tf.sin(phases))
    return _synthesised(turned, config.hop_length, config)


def _images(waveforms: tf.Tensor, config: SpectrogramConfig) -> tf.Tensor:
    heard = _analysed(waveforms, config.hop_length, config)
    power = tf.square(tf.math.real(heard)) + tf.square(tf.math.imag(heard))
    power = tf.maximum(power, 10.0 ** (config.floor_db / 10.0))
    scaled = 1.0 - 20.0 / math.log(10.0) / config.floor_db * tf.math.log(power)
    margin = ((0, 0), (0, config.image_size - config.n_bins), (0, config.image_size - config.n_frames))
    spectrograms = tf.pad(tf.transpose(scaled, (0, 2, 1)), margin, constant_values=SILENCE)
    return tf.clip_by_value(spectrograms, -1.0, 1.0)[..., tf.newaxis]


def _interpolated(frames: tf.Tensor, times: int) -> tf.Tensor:
    """Put frames between frames, so that there are so many times as many steps from the first to the last."""
    left, right = frames[:, :-1, tf.newaxis], frames[:, 1:, tf.newaxis]
    between = left + tf.reshape(tf.range(times, dtype=tf.float32) / times, (-1, 1)) * (right - left)
    closer = tf.reshape(between, (-1, times * (frames.shape[1] - 1), frames.shape[2]))
    return tf.concat([closer, frames[:, -1:]], 1)


def _without_magnitude(transform: tf.Tensor) -> tf.Tensor:
    return transform / tf.cast(tf.maximum(tf.abs(transform), SMALLEST_MAGNITUDE), tf.complex64)


def _window(config: SpectrogramConfig) -> tf.Tensor:
    return tf.signal.hann_window(config.n_fft, periodic=True)


def _synthesised(transform: tf.Tensor, hop_length: int, config: SpectrogramConfig) -> tf.Tensor:
    window = _window(config)
    frames = tf.signal.irfft(transform, (config.n_fft,)) * window
    weights = tf.signal.overlap_and_add(tf.repeat(window[tf.newaxis] ** 2, transform.shape[1], 0), hop_length)
    return tf.signal.overlap_and_add(frames, hop_length) / tf.maximum(weights, SMALLEST_WEIGHT)


def _analysed(waveforms: tf.Tensor, hop_length: int, config: SpectrogramConfig) -> tf.Tensor:
    return tf.signal.rfft(tf.signal.frame(waveforms, config.n_fft, hop_length) * _window(config))
