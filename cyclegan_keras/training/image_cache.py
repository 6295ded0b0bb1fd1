"""Recordings as training images: each is analysed once, and read from a cache afterwards."""

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from cyclegan_keras.audio.level import without_rumble
from cyclegan_keras.audio.spectrogram import load_image
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.prosody.move import UNMOVED, Prosody, move
from cyclegan_keras.shared.errors import InputError, RunError
from cyclegan_keras.shared.files import HEADER_BYTES, read_arrays, write_arrays

ANALYSIS_VERSION = 1
"""Part of every cache key: raise it when the same file and settings come to give another image."""

READING_VERSION = 2
"""Part of a cached file's name only: raise it when few recordings come to be read differently.
A run's fingerprint of its data does not have it, so trainings resume all the same."""


def default_cache_dir() -> Path:
    """Where analysed images are kept: ``$CYCLEGAN_KERAS_CACHE``, else ``~/.cache/cyclegan_keras``."""
    return Path(os.environ.get("CYCLEGAN_KERAS_CACHE") or Path.home() / ".cache" / "cyclegan_keras")


def cache_key(path: Path, config: SpectrogramConfig, prosody: Prosody = UNMOVED) -> str:
    """Name an analysis by what it is made of: the file's content and the settings, never its name or date.

    Parameters
    ----------
    path : Path
        A recording.
    config : SpectrogramConfig
    prosody : Prosody
        What the recording is moved by first.

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
    moved = [] if prosody == UNMOVED else [dataclasses.asdict(prosody)]
    settings = json.dumps([ANALYSIS_VERSION, dataclasses.asdict(config), *moved], sort_keys=True)
    return hashlib.sha256(settings.encode() + Path(path).read_bytes()).hexdigest()


def load_images(
    paths: Sequence[Path],
    config: SpectrogramConfig,
    cache_dir: Path,
    on_progress: Callable[[int], None] | None = None,
    on_damage: Callable[[Path], None] | None = None,
    prosody: Prosody = UNMOVED,
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
    prosody : Prosody
        What each recording is moved by first.

    Returns
    -------
    images : np.ndarray [shape=(len(paths), height, width, 1), dtype=float32]

    Raises
    ------
    InputError
        A file cannot be used; the message names it.
    """
    images = np.empty((len(paths), *config.image_shape), np.float32)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        analysed = threads.map(lambda path: _cached_image(path, config, cache_dir, on_damage, prosody), paths)
        for done, image in enumerate(analysed, start=1):
            images[done - 1] = image
            if on_progress:
                on_progress(done)
    return images


def write_cached(file: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write a file of the cache.

    Raises
    ------
    RunError
        The folder cannot be written; the message says how to name another.
    """
    try:
        write_arrays(file, arrays)
    except RunError as error:
        raise RunError(f"{error}; CYCLEGAN_KERAS_CACHE names another folder for the cache") from None


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


def _cached_image(
    path: Path,
    config: SpectrogramConfig,
    cache_dir: Path,
    on_damage: Callable[[Path], None] | None,
    prosody: Prosody,
) -> np.ndarray:
    cached = cache_dir / f"{cache_key(path, config, prosody)}-{READING_VERSION}.npz"
    try:
        most = 4 * int(np.prod(config.image_shape)) + HEADER_BYTES
        return read_arrays(cached, most)["image"].reshape(config.image_shape)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError):
        if on_damage:
            on_damage(cached)

    def as_converting_hears_it(waveform: np.ndarray) -> np.ndarray:
        cleaned, _ = without_rumble(waveform, config.sample_rate)
        return move(cleaned, prosody, config.sample_rate)

    image, _ = load_image(path, config, as_converting_hears_it)
    write_cached(cached, {"image": image})
    return image
