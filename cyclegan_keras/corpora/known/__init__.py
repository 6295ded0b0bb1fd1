"""The corpora that are recognised, each in a file of its own.

Every module here has a ``CORPUS``, or several in ``CORPORA``; to add a corpus, add a module.
"""

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.shared.errors import InputError

SPEECH, SONG = CHANNELS = ("speech", "song")


@dataclass(frozen=True)
class Corpus:
    """What a corpus is, and how its files' names become clips.

    ``parse`` takes a path, of which only the name and the folders' names count, unless labels lie in other files. It
    gives a clip, a sentence on why the recording is none to use, or None where a file is not the corpus's.
    ``pitfalls`` are what its archives are known for.
    """

    name: str
    title: str
    size: str
    language: str
    source: str
    licence: str
    citation: str
    pitfalls: tuple[str, ...]
    parse: Callable[[Path], Clip | str | None]
    channel: str = SPEECH


@functools.cache
def known_corpora() -> tuple[Corpus, ...]:
    """Collect the corpora of this package's modules."""
    modules = (importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return tuple(corpus for module in modules for corpus in getattr(module, "CORPORA", None) or (module.CORPUS,))


def corpus_of_name(name: str, channel: str = SPEECH) -> Corpus:
    """Find a corpus by its name.

    Raises
    ------
    InputError
        There is none of the name; the message has those there are.
    """
    corpora = [corpus for corpus in known_corpora() if corpus.channel == channel]
    for corpus in corpora:
        if name.lower() in (corpus.name, corpus.name.removesuffix(f"-{channel}")):
            return corpus
    names = ", ".join(corpus.name for corpus in corpora)
    raise InputError(f"corpus {name!r}: not known for {channel}; choose from {names}, or leave --corpus out")
