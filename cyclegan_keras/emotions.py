"""Names of emotions and of pairs of emotions."""

import difflib
import unicodedata
from collections.abc import Iterable

from cyclegan_keras.shared.errors import InputError

EMOTIONS = ("neutral", "calm", "happy", "sad", "anger", "fearful", "disgust", "surprised")
"""The report's emotions, in the order of RAVDESS's codes 01 to 08. A corpus may have others."""

EMOTION_ALIASES = {
    "neutrality": "neutral", "calmness": "calm", "happiness": "happy", "joy": "happy", "joyful": "happy",
    "sadness": "sad", "angry": "anger", "fear": "fearful", "afraid": "fearful", "disgusted": "disgust",
    "surprise": "surprised", "pleasant-surprise": "surprised", "pleasant-surprised": "surprised", "ps": "surprised",
    "amusement": "amused", "bored": "boredom", "sleepy": "sleepiness", "excitement": "excited",
    "frustration": "frustrated",
}  # fmt: skip
"""Synonyms of emotions, and the name used here."""

LONGEST_NAME = 40
"""The most characters of an emotion's name, which becomes part of file names."""


def emotion_name(text: str) -> str:
    """Normalise the name of an emotion; synonyms become the report's name.

    Parameters
    ----------
    text : str
        The name as given by a user, a folder or a table.

    Returns
    -------
    name : str
        Lower-case letters, digits and hyphens.

    Raises
    ------
    InputError
        The name has other characters, or is longer than ``LONGEST_NAME``.

    Example
    -------
    >>> emotion_name("Angry"), emotion_name("Pleasant_surprise"), emotion_name("boredom")
    ('anger', 'surprised', 'boredom')
    """
    name = unicodedata.normalize("NFC", text).strip().lower().replace(" ", "-").replace("_", "-")
    name = EMOTION_ALIASES.get(name, name)
    if not (name.replace("-", "").isalnum() and name[0] != "-" and len(name) <= LONGEST_NAME):
        raise InputError(f"emotion {text!r}: write letters, digits and hyphens, at most {LONGEST_NAME}")
    return name


def split_pair(pair: str) -> tuple[str, str]:
    """Split a pair such as ``"calm_fearful"`` into its domains A and B.

    Raises
    ------
    InputError
        The pair is not two different names of emotions joined by an underscore.

    Example
    -------
    >>> split_pair("calm_angry")
    ('calm', 'anger')
    """
    try:
        names = tuple(emotion_name(name) for name in pair.split("_"))
    except InputError:
        names = ()
    if len(names) != 2 or names[0] == names[1]:
        raise InputError(f"pair {pair!r}: not two different emotions; write A_B, such as calm_fearful")
    return names


def nearest_name(wanted: str, names: Iterable[str]) -> str | None:
    """Find the one of ``names`` that is most similar to a mistyped name; None if none is similar.

    Example
    -------
    >>> nearest_name("angr", ["calm", "anger"]), nearest_name("wistful", ["calm"])
    ('anger', None)
    """
    known = {name: name for name in names}
    written = {**{alias: name for alias, name in EMOTION_ALIASES.items() if name in known}, **known}
    near = difflib.get_close_matches(wanted, written, n=1)
    return written[near[0]] if near else None


def in_order(names: Iterable[str]) -> list[str]:
    """Sort names of emotions: the report's in its order, then the others alphabetically.

    Example
    -------
    >>> in_order({"boredom", "anger", "neutral"})
    ['neutral', 'anger', 'boredom']
    """
    return sorted(names, key=lambda name: (EMOTIONS.index(name) if name in EMOTIONS else len(EMOTIONS), name))
