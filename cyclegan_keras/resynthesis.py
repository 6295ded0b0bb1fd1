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

SMOOTHING = 0.016
"""Seconds, a frame of the report's: the standard deviation of the Gaussian that smooths what a generator changes along
time before it is refined; a conversion smooths more."""

SMALLEST_WEIGHT = 1e-8
"""Of a sample that only the end of a window saw."""

HIGHEST_PITCH = 667.0
"""Hz: where a correlogram begins; a child's cry."""

PAUSE_DB = 35.0
"""A frame so far below the loudest is half left out of a correlogram."""

SMALLEST_POWER = 1e-10
"""Of a bin whose magnitude is asked for; the square root has no gradient at 0."""

SMALLEST_MAGNITUDE = 1e-12
"""Of a bin whose phase is asked for: a silent one has none."""


def resynthesise(images: tf.Tensor, phases: tf.Tensor, config: SpectrogramConfig) -> tf.Tensor:
    """Turn images into sound with given phases: an inverse STFT; differentiable by the images.

    Parameters
    ----------
    images : tf.Tensor [shape=(batch, height, width, 1), dtype=float32]
        In [-1, 1].
    phases : tf.Tensor [shape=(batch, height, width, 1), dtype=float32]
        In radians, of the same bins and frames.
    config : SpectrogramConfig

    Returns
    -------
    waveforms : tf.Tensor [shape=(batch, n_samples + n_fft), dtype=float32]
        From half a window before an image's first frame to half a window after its last.

    Example
    -------
    >>> config = SpectrogramConfig()
    >>> resynthesise(tf.fill((1, 260, 260, 1), -1.0), tf.zeros((1, 260, 260, 1)), config).shape
    TensorShape([1, 66048])
    """
    amplitudes, phases = _amplitudes(_decibels(_frames(images, config), config)), _frames(phases, config)
    turned = tf.complex(amplitudes * tf.cos(phases), amplitudes * tf.sin(phases))
    return _synthesised(turned, config.hop_length, config)


def resynthesise_refined(
    images: tf.Tensor, sources: tf.Tensor, phases: tf.Tensor, config: SpectrogramConfig
) -> tf.Tensor:
    """As ``resynthesise``, with phases that are fitted to what images differ from their sources in.

    It is what ``infer`` does with ``--phase source``, with more iterations and less smoothing: that difference,
    smoothed, goes as gains onto closer frames of the source's sound, and Griffin-Lim fits their phases to it. The
    gradient takes the phases found as given.

    Parameters
    ----------
    images, sources : tf.Tensor [shape=(batch, height, width, 1), dtype=float32]
    phases : tf.Tensor [shape=(batch, height, width, 1), dtype=float32]
        The sources'.
    config : SpectrogramConfig
        Its hop length is a multiple of ``n_fft / FRAMES_THAT_OVERLAP``.

    Returns
    -------
    waveforms : tf.Tensor [shape=(batch, n_samples + n_fft), dtype=float32]
    """
    images = smooth_gains(images, sources, SMOOTHING * config.sample_rate / config.hop_length)
    hop_length = config.n_fft // FRAMES_THAT_OVERLAP
    closer = _analysed(resynthesise(sources, phases, config), hop_length, config.n_fft)
    gains = _frames(images - sources, config) / config.decibel
    magnitude = _real(tf.abs(closer) * _amplitudes(_interpolated(gains, config.hop_length // hop_length)))
    painted = tf.stop_gradient(magnitude)

    def refine(phase: tf.Tensor) -> Tuple[tf.Tensor]:
        sound = _synthesised(painted * phase, hop_length, config)
        return (_without_magnitude(_analysed(sound, hop_length, config.n_fft)),)

    # A graph of its own: unrolled, it would be traced ten times over for each of a step's six images.
    first = tf.stop_gradient(_without_magnitude(closer))
    (phase,) = tf.while_loop(lambda _: True, refine, (first,), maximum_iterations=REFINEMENTS)
    return _synthesised(magnitude * phase, hop_length, config)


def listened(waveforms: tf.Tensor, config: SpectrogramConfig) -> tf.Tensor:
    """Cut sound to what the analysis sees of it that words and pitch are measured in, ``config.listening``.

    Parameters
    ----------
    waveforms : tf.Tensor [shape=(batch, n_samples + n_fft), dtype=float32]
        As ``resynthesise`` gives them.
    config : SpectrogramConfig

    Returns
    -------
    waveforms : tf.Tensor [shape=(batch, n_samples + config.listening.n_fft), dtype=float32]
    """
    margin = (config.n_fft - config.listening.n_fft) // 2
    return waveforms[:, margin : waveforms.shape[1] - margin]


def analyse(waveforms: tf.Tensor, config: SpectrogramConfig) -> tf.Tensor:
    """Turn sound into images, as ``audio.waveform_to_spectrogram`` does, but 0 dB is a magnitude of 1; differentiable.

    Parameters
    ----------
    waveforms : tf.Tensor [shape=(batch, n_samples + n_fft), dtype=float32]
        As ``resynthesise`` gives them.
    config : SpectrogramConfig

    Returns
    -------
    images : tf.Tensor [shape=(batch, height, width, 1), dtype=float32]
        In [-1, 1]: what is louder than 0 dB is cut off. Padded with silence.
    """
    heard = _analysed(waveforms, config.hop_length, config.n_fft)
    power = tf.maximum(_power(heard), 10.0 ** (config.floor_db / 10.0))
    scaled = 1.0 - 20.0 / math.log(10.0) / config.floor_db * tf.math.log(power)
    return tf.clip_by_value(_padded(scaled, SILENCE, config), -1.0, 1.0)


def correlogram(waveforms: tf.Tensor, config: SpectrogramConfig) -> tf.Tensor:
    """Show pitch over time: the autocorrelation of each frame, in which a voice's period stands out; differentiable.

    Frames are of two windows, of which a low voice fills three periods. Their autocorrelation is that of the magnitude
    spectrum, not of the power, in which formants would hide the period (Tolonen & Karjalainen, 2000).

    Parameters
    ----------
    waveforms : tf.Tensor [shape=(batch, n_samples + n_fft), dtype=float32]
        As ``resynthesise`` gives them.
    config : SpectrogramConfig

    Returns
    -------
    images : tf.Tensor [shape=(batch, height, width, 1), dtype=float32]
        In [-1, 1]. Row 0 is the period of ``HIGHEST_PITCH``, every further one a sample longer; 0 in pauses.

    Example
    -------
    >>> config = SpectrogramConfig()
    >>> voice = tf.sin(2 * math.pi * 200 / 16_000 * tf.range(66_048, dtype=tf.float32))[tf.newaxis]
    >>> shown = correlogram(voice, config)[0, :, 128, 0]
    >>> int(tf.argmax(shown[:100])) + 24, 16_000 // 200
    (80, 80)
    """
    margin = config.n_fft // 2
    longer = _analysed(tf.pad(waveforms, ((0, 0), (margin, margin))), config.hop_length, 2 * config.n_fft)
    power = _power(longer) + SMALLEST_POWER
    level = 10.0 / math.log(10.0) * tf.math.log(tf.reduce_sum(power, -1, keepdims=True))
    # How loud a pause is counts by the loudest frame, which no gradient should make louder or fainter for it.
    spoken = tf.sigmoid(level - tf.stop_gradient(tf.reduce_max(level, 1, keepdims=True)) + PAUSE_DB)
    correlation = tf.signal.irfft(_real(tf.sqrt(power)))
    first = round(config.sample_rate / HIGHEST_PITCH)
    lags = correlation[..., first : min(first + config.image_size, config.n_fft)]
    shown = spoken * lags / correlation[..., :1]
    return tf.clip_by_value(_padded(shown, 0.0, config), -1.0, 1.0)


def smooth_gains(images: tf.Tensor, sources: tf.Tensor, frames: float) -> tf.Tensor:
    """Smooth what images differ from their sources in along time, as ``infer.change_gains`` does; differentiable.

    Parameters
    ----------
    images, sources : tf.Tensor [shape=(batch, height, width, 1), dtype=float32]
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


def _padded(frames: tf.Tensor, value: float, config: SpectrogramConfig) -> tf.Tensor:
    height, width, _ = config.image_shape
    margin = ((0, 0), (0, height - frames.shape[2]), (0, width - frames.shape[1]))
    return tf.pad(tf.transpose(frames, (0, 2, 1)), margin, constant_values=value)[..., tf.newaxis]


def _power(transform: tf.Tensor) -> tf.Tensor:
    return tf.square(tf.math.real(transform)) + tf.square(tf.math.imag(transform))


def _interpolated(frames: tf.Tensor, times: int) -> tf.Tensor:
    """Put frames between frames, so that there are so many times as many steps from the first to the last."""
    left, right = frames[:, :-1, tf.newaxis], frames[:, 1:, tf.newaxis]
    between = left + tf.reshape(tf.range(times, dtype=tf.float32) / times, (-1, 1)) * (right - left)
    closer = tf.reshape(between, (-1, times * (frames.shape[1] - 1), frames.shape[2]))
    return tf.concat([closer, frames[:, -1:]], 1)


def _without_magnitude(transform: tf.Tensor) -> tf.Tensor:
    return transform / tf.cast(tf.maximum(tf.abs(transform), SMALLEST_MAGNITUDE), tf.complex64)


def _real(values: tf.Tensor) -> tf.Tensor:
    # The gradient of a cast would warn of the imaginary part that it drops.
    return tf.complex(values, tf.zeros_like(values))


def _window(n_fft: int) -> tf.Tensor:
    return tf.signal.hann_window(n_fft, periodic=True)


def _synthesised(transform: tf.Tensor, hop_length: int, config: SpectrogramConfig) -> tf.Tensor:
    window = _window(config.n_fft)
    frames = tf.signal.irfft(transform, (config.n_fft,)) * window
    weights = tf.signal.overlap_and_add(tf.repeat(window[tf.newaxis] ** 2, transform.shape[1], 0), hop_length)
    return tf.signal.overlap_and_add(frames, hop_length) / tf.maximum(weights, SMALLEST_WEIGHT)


def _analysed(waveforms: tf.Tensor, hop_length: int, n_fft: int) -> tf.Tensor:
    return tf.signal.rfft(tf.signal.frame(waveforms, n_fft, hop_length) * _window(n_fft))
