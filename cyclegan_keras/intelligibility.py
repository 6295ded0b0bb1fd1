"""ESTOI of generated images as a TensorFlow operation, so that training can hold on to the sentence that is spoken.

Nothing else in CycleGAN asks for it: a cycle closes as well when words are blurred one way and restored the other.
"""

import math

import librosa
import numpy as np
import tensorflow as tf

from cyclegan_keras.config import SpectrogramConfig

BANDS = 15
"""Third octaves, the lowest around ``LOWEST_HZ``; one without a bin in a coarse analysis is left out."""

LOWEST_HZ = 150.0

SEGMENT_SECONDS = 0.384
"""Over so long, bands and frames are compared."""

SPEECH_DB = 40.0
"""A frame so far below a clip's loudest is silence, which is left out."""

SMALLEST_NORM = 1e-5
"""Of a band's amplitudes over a segment, where 0 dB is 1: far below the loudest, and it has a gradient still."""

SMALLEST_SHARE = 1e-3
"""Of a frame's bands once each has norm 1 over the segment: less is how silence was rounded."""


def estoi(images: tf.Tensor, sources: tf.Tensor, config: SpectrogramConfig) -> tf.Tensor:
    """Measure how intelligible images are by their sources (Jensen & Taal, 2016); differentiable by the images.

    It is ESTOI on the spectrograms as they are: pystoi's, which ``metrics.estoi`` measures conversions with, has frames
    of its own, at 10 kHz, and its values are within some 0.03 of these.

    Parameters
    ----------
    images, sources : tf.Tensor [shape=(batch, height, width, 1), dtype=float32]
        In [-1, 1].
    config : SpectrogramConfig

    Returns
    -------
    scores : tf.Tensor [shape=(batch,), dtype=float32]
        1 where an image tells of its source's every word, around 0 where it tells of none; 0 too of a source that has
        less speech than a segment.

    Example
    -------
    >>> config = SpectrogramConfig()
    >>> voice = tf.random.stateless_uniform((1, 260, 260, 1), (0, 0), -1.0, 1.0)
    >>> scores = estoi(0.5 * voice, voice, config)
    >>> bool(0.9 < scores[0] < 1.0)
    True
    """
    powers, source_powers = _powers(images, config), _powers(sources, config)
    loudness = tf.reduce_sum(source_powers, 1)
    spoken = loudness > 10.0 ** (-SPEECH_DB / 10.0) * tf.reduce_max(loudness, 1, keepdims=True)
    # Speech first, in its order, instead of cut out: shapes stay known, which XLA needs.
    order = tf.argsort(tf.cast(spoken, tf.int32), 1, "DESCENDING", stable=True)
    length = round(SEGMENT_SECONDS * config.sample_rate / config.hop_length)
    normalised = [_normalised_segments(power, order, length, config) for power in (powers, source_powers)]
    scores = tf.reduce_sum(tf.multiply(*normalised), (2, 3)) / length
    frames = tf.reduce_sum(tf.cast(spoken, tf.int32), 1, keepdims=True)
    of_speech = tf.cast(tf.range(scores.shape[1]) <= frames - length, tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(of_speech * scores, 1), tf.reduce_sum(of_speech, 1))


def _powers(images: tf.Tensor, config: SpectrogramConfig) -> tf.Tensor:
    spectrograms = images[:, : config.n_bins, : config.n_frames, 0]
    return tf.exp(math.log(10.0) / 20.0 * (1.0 - spectrograms) * config.floor_db)


def _normalised_segments(powers: tf.Tensor, order: tf.Tensor, length: int, config: SpectrogramConfig) -> tf.Tensor:
    """Cut band amplitudes into segments, normalise each band over time, then each frame over the bands."""
    amplitudes = tf.sqrt(tf.einsum("kb,nbf->nkf", third_octaves(config), powers))
    in_order = tf.gather(amplitudes, order, axis=2, batch_dims=1)
    bands_over_time = tf.transpose(tf.signal.frame(in_order, length, 1, axis=2), (0, 2, 1, 3))
    return _normalised(_normalised(bands_over_time, 3, SMALLEST_NORM), 2, SMALLEST_SHARE)


def _normalised(segments: tf.Tensor, axis: int, smallest: float) -> tf.Tensor:
    centred = segments - tf.reduce_mean(segments, axis, keepdims=True)
    norm = tf.reduce_sum(tf.square(centred), axis, keepdims=True)
    return centred * tf.math.rsqrt(norm + smallest**2)


def third_octaves(config: SpectrogramConfig) -> np.ndarray:
    """Tell which bins are whose band: its edges fall on the nearest ones.

    Returns
    -------
    bands : np.ndarray [shape=(at most BANDS, n_bins), dtype=float32]
        1 where a bin belongs to a band, else 0.
    """
    bins = librosa.fft_frequencies(sr=config.sample_rate, n_fft=config.n_fft)
    edges = LOWEST_HZ * 2.0 ** ((np.arange(BANDS + 1) - 0.5) / 3.0)
    nearest = np.abs(bins - edges[:, np.newaxis]).argmin(1)[:, np.newaxis]
    number = np.arange(config.n_bins)
    bands = (nearest[:-1] <= number) & (number < nearest[1:])
    return np.float32(bands[bands.any(1)])
