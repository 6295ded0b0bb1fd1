"""The error for a missing library that only measuring needs."""

from cyclegan_keras.shared.errors import InputError


def missing(package: str) -> InputError:
    """Make the error for a missing library of the extra ``eval``."""
    return InputError(f"{package}: not installed; install the extra eval: pip install -e '.[eval]'")
