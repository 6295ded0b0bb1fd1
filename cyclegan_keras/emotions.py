"""The names of emotions and of pairs of them."""

from cyclegan_keras.shared.errors import InputError

EMOTIONS = ("neutral", "calm", "happy", "sad", "anger", "fearful", "disgust", "surprised")
"""The report's spelling, in the order of RAVDESS's codes 01 to 08."""

EMOTION_ALIASES = {"angry": "anger"}


def split_pair(pair: str) -> tuple[str, str]:
    """Split ``"calm_fearful"`` into its domains A and B, in the report's spelling.

    Raises
    ------
    InputError
        Not two different known emotions joined by an underscore.

    Example
    -------
    >>> split_pair("calm_angry")
    ('calm', 'anger')
    """
    names = tuple(EMOTION_ALIASES.get(name, name) for name in pair.split("_"))
    unknown = [name for name in names if name not in EMOTIONS]
    if len(names) != 2 or unknown or names[0] == names[1]:
        wrong = f"unknown emotion {unknown[0]!r}" if unknown and len(names) == 2 else "not two different emotions"
        raise InputError(f"pair {pair!r}: {wrong}; write A_B, such as calm_fearful, from {', '.join(EMOTIONS)}")
    return names
