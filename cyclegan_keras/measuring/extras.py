"""Libraries that only measuring needs, and what is said where one is missing."""

from cyclegan_keras.shared.errors import InputError


def missing(package: str) -> InputError:
    """The error for a library of the extra ``eval`` that is not installed."""
    return InputError(f"{package}: not installed; pip install -e '.[eval]' brings what conversions are measured with")
