"""What takes long to measure is kept, by the content of the sound and the code that measures it."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

from cyclegan_keras.shared.files import read_arrays, write_arrays
from cyclegan_keras.training.image_cache import default_cache_dir

MAX_CACHE_BYTES = 2**30
"""Far more than the features of all of RAVDESS take."""

Numbers = dict[str, np.ndarray]
Tell = Callable[[str], None]


def say_nothing(_: str) -> None:
    """Take a line of what goes on, and leave it unsaid."""


def fingerprint(*sounds: np.ndarray) -> str:
    """Name waveforms by their samples: 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for sound in sounds:
        digest.update(np.ascontiguousarray(sound, np.float32).tobytes())
    return digest.hexdigest()


def kept(
    name: str,
    content: str,
    code: Sequence[ModuleType],
    learn: Callable[[], Numbers],
    tell: Tell = say_nothing,
    what: str = "",
) -> Numbers:
    """Read numbers from the cache, or learn them and write them there.

    Parameters
    ----------
    name : str
        Begins the file's name.
    content : str
        Says which sounds and options the numbers are of, as ``fingerprint`` does.
    code : sequence of modules
        That the numbers depend on: once one is changed, they are learned again.
    learn : callable
        Gives the numbers.
    tell : callable
        Is told ``what``, if anything, before they are learned, and of a damaged file.
    what : str
        Says what takes so long.

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
        tell(f"{file}: damaged cache file, made again")
    if what:
        tell(what)
    numbers = learn()
    write_arrays(file, numbers)
    return numbers
