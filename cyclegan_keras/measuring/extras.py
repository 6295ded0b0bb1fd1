"""The error for a missing library that only measuring needs."""

import importlib.util

from cyclegan_keras.shared.errors import InputError


def missing(package: str) -> InputError:
    """Make the error for a missing library of the extra ``eval``."""
    return InputError(f"{package}: not installed; install the extra eval: pip install -e '.[eval]'")


def refuse_missing(*packages: str) -> None:
    """Raise that error for the first of some packages that is not installed, before minutes are spent without it."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise missing(package)
