"""The names of emotions and of pairs of them."""

import difflib
import unicodedata
from collections.abc import Iterable

from cyclegan_keras.shared.errors import InputError

EMOTIONS = ("neutral", "calm", "happy", "sad", "anger", "fearful", "disgust", "surprised")
"""The report's spelling, in the order of RAVDESS's codes 01 to 08. A corpus may have others."""

EMOTION_ALIASES = {
    "neutrality": "neutral", "calmness": "calm", "happiness": "happy", "joy": "happy", "joyful": "happy",
    "sadness": "sad", "angry": "anger", "fear": "fearful", "afraid": "fearful", "disgusted": "disgust",
    "surprise": "surprised", "pleasant-surprise": "surprised", "pleasant-surprised": "surprised", "ps": "surprised",
    "amusement": "amused", "bored": "boredom", "sleepy": "sleepiness", "excitement": "excited",
    "frustration": "frustrated",
}  # fmt: skip
"""What else corpora and people call an emotion, and the name that it has here."""

LONGEST_NAME = 40
"""Characters of an emotion's name, which becomes part of files' names."""


def emotion_name(text: str) -> str:
    """Give an emotion's name in the spelling used here: the report's where it has one.

    Parameters
    ----------
    text : str
        As a person, a folder or a table writes it.

    Returns
    -------
    name : str
        Lower-case letters, digits and hyphens.

    Raises
    ------
    InputError
        Anything else is in it, or it is longer than ``LONGEST_NAME``.

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
    """Split ``"calm_fearful"`` into its domains A and B; whether a data set has them is seen there.

    Raises
    ------
    InputError
        Not two different names of emotions joined by an underscore.

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
    """Find the one of ``names`` that a mistyped one is nearest to; None where none is near.

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
    """Sort names of emotions: the report's in its order, then the others by the alphabet.

    Example
    -------
    >>> in_order({"boredom", "anger", "neutral"})
    ['neutral', 'anger', 'boredom']
    """
    return sorted(names, key=lambda name: (EMOTIONS.index(name) if name in EMOTIONS else len(EMOTIONS), name))
