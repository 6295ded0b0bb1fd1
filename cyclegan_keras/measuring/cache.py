"""A cache of slow measurements, keyed by the audio's content and the code that measures it."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

from cyclegan_keras.shared.files import read_arrays
from cyclegan_keras.training.image_cache import default_cache_dir, write_cached

MAX_CACHE_BYTES = 2**30
"""The largest cache file that is read; the features of all of RAVDESS take far less."""

Numbers = dict[str, np.ndarray]
Tell = Callable[[str], None]


def say_nothing(_: str) -> None:
    """Ignore a line of progress."""


def fingerprint(*sounds: np.ndarray) -> str:
    """Hash the samples of waveforms to 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for sound in sounds:
        digest.update(np.ascontiguousarray(sound, np.float32).tobytes())
    return digest.hexdigest()


def cached(
    name: str,
    content: str,
    code: Sequence[ModuleType],
    compute: Callable[[], Numbers],
    tell: Tell = say_nothing,
    what: str = "",
) -> Numbers:
    """Read numbers from the cache, or compute and store them.

    Parameters
    ----------
    name : str
        Start of the file's name.
    content : str
        Identifies the sounds and options, as ``fingerprint`` does.
    code : sequence of modules
        The modules that the numbers depend on. If one changes, the numbers are computed again.
    compute : callable
        Returns the numbers.
    tell : callable
        Receives ``what`` before a computation, and a message about a damaged file.
    what : str
        Describes the computation; empty for no message.

    Returns
    -------
    numbers : dict of np.ndarray
        Read-only.
    """
    key = hashlib.sha256(content.encode())
    for module in code:
        key.update(Path(module.__file__).read_bytes())
    file = default_cache_dir() / "measures" / f"{name}-{key.hexdigest()[:32]}.npz"
    try:
        return read_arrays(file, MAX_CACHE_BYTES)
    except FileNotFoundError:
        pass
    except (OSError, ValueError):
        tell(f"{file}: damaged cache file, computed again")
    if what:
        tell(what)
    numbers = compute()
    write_cached(file, numbers)
    return numbers
