"""The error for a missing library that only measuring needs."""

from cyclegan_keras.shared.errors import InputError


def missing(package: str) -> InputError:
    """Make the error for a missing library of the extra ``eval``."""
    return InputError(f"{package}: not installed; install the extra eval: pip install -e '.[eval]'")


def refuse_missing(with_words: bool, with_dnsmos: bool) -> None:
    """Raise that error before minutes are spent without the libraries."""
    try:
        import pystoi  # noqa: F401
        import pyworld  # noqa: F401

        if with_words:
            import jiwer  # noqa: F401
            import pocketsphinx  # noqa: F401
        if with_dnsmos:
            from speechmos import dnsmos  # noqa: F401
    except (ImportError, OSError) as error:  # OSError: pocketsphinx lacks an audio library that is not used here
        raise missing(getattr(error, "name", None) or "pocketsphinx") from None
