"""The RAVDESS recordings behind the report's published clips."""

from pathlib import Path

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.known.ravdess import parse_name

RAVDESS_KEYS = {
    "neutral_01": "03-01-01-01-02-01-18",
    "calm_01": "03-01-02-01-02-01-14",
    "calm_02": "03-01-02-02-02-02-14",
    "calm_03": "03-01-02-01-02-02-14",
    "calm_04": "03-01-02-02-01-01-14",
    "calm_05": "03-01-02-01-01-01-20",
    "calm_06": "03-01-02-01-01-02-13",
    "calm_07": "03-01-02-02-02-02-13",
    "calm_08": "03-01-02-01-02-01-13",
    "calm_09": "03-01-02-02-01-02-13",
    "calm_10": "03-01-02-02-01-01-19",
    "calm_11": "03-01-02-02-02-01-20",
    "calm_12": "03-01-02-02-01-02-20",
    "calm_13": "03-01-02-02-02-02-20",
    "calm_14": "03-01-02-01-02-02-20",
    "calm_15": "03-01-02-01-01-02-20",
    "calm_orig1": "03-01-02-01-02-01-20",
    "calm_orig2": "03-01-02-02-01-01-20",
    "260_real_calm_for_anger": "03-01-02-02-02-02-05",
    "520_real_calm_for_anger": "03-01-02-02-02-02-05",
    "260_real_calm_for_anger1": "03-01-02-02-01-01-14",
}
"""RAVDESS's name of each of the report's clips. Found by cross-correlation: 0.96 and above, and 0.41 for the two clips
that are not plain copies. The next best recording has 0.2."""


def known_clip(path: Path) -> Clip | None:
    """Identify a file as a RAVDESS recording, by RAVDESS's names or the report's; None for any other name.

    Example
    -------
    >>> known_clip(Path("calm_02.flac")).actor
    14
    >>> known_clip(Path("03-01-02-01-02-02-04.wav")).emotion
    'calm'
    """
    path = Path(path)
    return parse_name(path.with_stem(RAVDESS_KEYS.get(path.stem, path.stem)))
