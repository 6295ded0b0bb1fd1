"""Recordings to unpaired batches: analysed once, cached, shuffled by seed, prefetched (tf.data)."""

import dataclasses
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Optional, Sequence, Tuple

import numpy as np
import tensorflow as tf

from cyclegan_keras import audio
from cyclegan_keras.augmentation import equalise
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.errors import InputError
from cyclegan_keras.files import HEADER_BYTES, read_arrays, write_arrays

ANALYSIS_VERSION = 1
"""Part of every cache key: raise it when the same file and settings come to give another image."""


def default_cache_dir() -> Path:
    """Where analysed images are kept: ``$CYCLEGAN_KERAS_CACHE``, else ``~/.cache/cyclegan_keras``."""
    return Path(os.environ.get("CYCLEGAN_KERAS_CACHE") or Path.home() / ".cache" / "cyclegan_keras")


def cache_key(path: Path, config: SpectrogramConfig) -> str:
    """Name an analysis by what it is made of: the file's content and the settings, never its name or date.

    Parameters
    ----------
    path : Path
        A recording.
    config : SpectrogramConfig

    Returns
    -------
    key : str
        64 hexadecimal digits.

    Raises
    ------
    InputError
        It is not a file.
    """
    if not Path(path).is_file():  # reading a pipe would wait for ever
        raise InputError(f"{path}: not a file; take it away, or name another folder with --data")
    analysis = dataclasses.asdict(config)
    if not config.image_width:
        del analysis["image_width"]  # as keys were before an image could be other than square
    settings = json.dumps([ANALYSIS_VERSION, analysis], sort_keys=True)
    return hashlib.sha256(settings.encode() + Path(path).read_bytes()).hexdigest()


def load_images(
    paths: Sequence[Path],
    config: SpectrogramConfig,
    cache_dir: Path,
    on_progress: Optional[Callable[[int], None]] = None,
    on_damage: Optional[Callable[[Path], None]] = None,
    phase: bool = False,
) -> np.ndarray:
    """Analyse recordings into images; each file only the first time, later from the cache.

    Parameters
    ----------
    paths : sequence of Path
    config : SpectrogramConfig
    cache_dir : Path
        Created where missing. A damaged cache file is made again.
    on_progress : callable, optional
        Called with the number of files done after each.
    on_damage : callable, optional
        Called with every damaged cache file.
    phase : bool
        Give the images a second channel, of every bin's phase.

    Returns
    -------
    images : np.ndarray [shape=(len(paths), height, width, 1 or 2), dtype=float32]

    Raises
    ------
    InputError
        A file cannot be used; the message names it.
    """
    images = np.empty((len(paths), *_shape(config, phase)), np.float32)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        analysed = threads.map(lambda path: _cached_image(path, config, cache_dir, on_damage, phase), paths)
        for done, image in enumerate(analysed, start=1):
            images[done - 1] = image
            if on_progress:
                on_progress(done)
    return images


def data_key(paths: Sequence[Path], config: SpectrogramConfig) -> str:
    """Fingerprint a set of recordings and their analysis, whatever their order and folder.

    Parameters
    ----------
    paths : sequence of Path
    config : SpectrogramConfig

    Returns
    -------
    key : str
        16 hexadecimal digits.
    """
    keys = sorted(cache_key(path, config) for path in paths)
    return hashlib.sha256("".join(keys).encode()).hexdigest()[:16]


def steps_per_epoch(clips_a: int, batch_size: int) -> int:
    """Steps of an epoch: as many as domain A fills batches (report, section 4).

    Raises
    ------
    InputError
        Domain A does not fill one batch.
    """
    steps = clips_a // batch_size
    if steps == 0:
        raise InputError(f"--batch-size {batch_size}: domain A has only {clips_a} clips to train on; lower it")
    return steps


def unpaired_epoch(
    images_a: np.ndarray,
    images_b: np.ndarray,
    *,
    seed: int,
    epoch: int,
    batch_size: int = 1,
    first_step: int = 0,
    equalised_by: float = 0.0,
) -> tf.data.Dataset:
    """Make one epoch of unpaired batches, each domain in an order of its own.

    The order is a function of seed and epoch alone, and an equaliser of those and the step, so a resumed training
    meets the batches that an uninterrupted one would have.

    Parameters
    ----------
    images_a, images_b : np.ndarray [shape=(n, height, width, channels), dtype=float32]
        The domains; their sizes may differ. Domain B starts over in a new order when it runs out.
    seed, epoch : int
    batch_size : int
    first_step : int
        Steps of this epoch to leave out, because they were taken before an interruption.
    equalised_by : float
        A decibel in units of an image, for random equalisers (``augmentation.equalise``); 0 for none.

    Returns
    -------
    batches : tf.data.Dataset
        Pairs of float32 tensors (batch_size, height, width, channels).

    Example
    -------
    >>> a, b = np.zeros((5, 4, 4, 1), np.float32), np.ones((3, 4, 4, 1), np.float32)
    >>> len(list(unpaired_epoch(a, b, seed=0, epoch=0)))
    5
    """

    def draw(step, indices):
        batches = (tf.gather(images, index) for images, index in zip((tensor_a, tensor_b), indices))
        if equalised_by:
            batches = (equalise(b, equalised_by, (key, step)) for b, key in zip(batches, equaliser_seeds))
        return tuple(batches)

    equaliser_seeds = np.random.SeedSequence([seed, epoch]).generate_state(2, np.uint32).astype(np.int64)
    with tf.device("CPU"):
        tensor_a, tensor_b = tf.constant(images_a), tf.constant(images_b)
    indices = unpaired_indices(
        len(images_a), len(images_b), seed=seed, epoch=epoch, batch_size=batch_size, first_step=first_step
    )
    return indices.enumerate(first_step).map(draw).prefetch(tf.data.AUTOTUNE)


def unpaired_indices(
    clips_a: int, clips_b: int, *, seed: int, epoch: int, batch_size: int = 1, first_step: int = 0
) -> tf.data.Dataset:
    """Draw which clips of each domain ``unpaired_epoch`` gives together, by their position there.

    Returns
    -------
    indices : tf.data.Dataset
        Pairs of int64 tensors (batch_size,).
    """

    def shuffled(domain: int, size: int) -> tf.data.Dataset:
        order_seed = int(np.random.SeedSequence([seed, epoch, domain]).generate_state(1, np.uint32)[0])
        return tf.data.Dataset.range(size).shuffle(size, seed=order_seed)

    pairs = tf.data.Dataset.zip((shuffled(0, clips_a), shuffled(1, clips_b).repeat()))
    batches = pairs.batch(batch_size, drop_remainder=True)
    return batches.take(steps_per_epoch(clips_a, batch_size)).skip(first_step)


def _shape(config: SpectrogramConfig, phase: bool) -> Tuple[int, int, int]:
    return (*config.image_shape[:2], 2 if phase else 1)


def _cached_image(
    path: Path, config: SpectrogramConfig, cache_dir: Path, on_damage: Optional[Callable[[Path], None]], phase: bool
) -> np.ndarray:
    cached = cache_dir / f"{cache_key(path, config)}{'-phase' if phase else ''}.npz"
    shape = _shape(config, phase)
    try:
        return read_arrays(cached, 4 * np.prod(shape) + HEADER_BYTES)["image"].reshape(shape)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError):
        if on_damage:
            on_damage(cached)
    image, _ = audio.load_image(path, config, phase)
    write_arrays(cached, {"image": image})
    return image
