"""The corpora that are recognised, one module each.

Each module defines ``CORPUS``, or several corpora in ``CORPORA``. To add a corpus, add a module.
"""

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.shared.errors import InputError


@dataclass(frozen=True)
class Corpus:
    """The description of a corpus, and the parser of its file names.

    ``parse`` reads a path: the names of the file and its folders, and label files if the corpus has them. It returns a
    clip, a reason why the recording is not used, or None if the file is not from the corpus. ``pitfalls`` are known
    problems of the corpus's archives.
    """

    name: str
    title: str
    size: str
    source: str
    licence: str
    citation: str
    pitfalls: tuple[str, ...]
    parse: Callable[[Path], Clip | str | None]


@functools.cache
def known_corpora() -> tuple[Corpus, ...]:
    """List the corpora of all modules in this package."""
    modules = (importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return tuple(corpus for module in modules for corpus in getattr(module, "CORPORA", None) or (module.CORPUS,))


def corpus_of_name(name: str) -> Corpus:
    """Find a corpus by its name.

    Raises
    ------
    InputError
        No corpus has the name; the message lists the corpora.
    """
    for corpus in known_corpora():
        if name.lower() == corpus.name:
            return corpus
    names = ", ".join(corpus.name for corpus in known_corpora())
    raise InputError(f"corpus {name!r}: not known; choose from {names}, folders, or leave --corpus out")
