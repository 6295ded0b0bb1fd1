"""The statistics of both directions of a pair, as one file of a run directory."""

from dataclasses import astuple, fields
from pathlib import Path

import numpy as np

from cyclegan_keras.prosody.move import UNMOVED, Prosody
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import HEADER_BYTES, read_arrays, write_arrays

NAMES = [field.name for field in fields(Prosody)]
LARGEST_BYTES = 10 * (HEADER_BYTES + 8 * sum(np.size(value) for value in astuple(UNMOVED)))


def save_prosodies(path: Path, prosodies: dict[str, Prosody]) -> None:
    """Write the statistics of each direction as ``.npz``.

    Raises
    ------
    RunError
        The file cannot be written.
    """
    arrays = {
        f"{direction}_{name}": np.array(getattr(prosody, name), np.float64)
        for direction, prosody in prosodies.items()
        for name in NAMES
    }
    write_arrays(path, arrays)


def load_prosody(path: Path, direction: str) -> Prosody:
    """Read the statistics of one direction.

    Raises
    ------
    InputError
        The file is missing or damaged.
    """
    try:
        arrays = read_arrays(path, LARGEST_BYTES)
        values = {name: _checked(arrays[f"{direction}_{name}"], name) for name in NAMES}
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: missing or damaged ({error}); where a run lacks it, train makes it again") from None
    return Prosody(**values)


def _checked(array: np.ndarray, name: str) -> float | tuple:
    usual = np.array(getattr(UNMOVED, name))
    if array.shape != usual.shape or array.dtype != np.float64 or not np.isfinite(array).all():
        raise ValueError(f"{name}: not finite numbers of shape {usual.shape}")
    return float(array) if array.ndim == 0 else _as_tuple(array.tolist())


def _as_tuple(values: list) -> tuple:
    return tuple(_as_tuple(value) if isinstance(value, list) else value for value in values)
