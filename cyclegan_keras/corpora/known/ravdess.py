"""RAVDESS: ``Actor_04/03-01-02-01-02-02-04.wav``.

Seven fields: modality (03 audio only), channel (01 speech, 02 song), emotion, intensity (1 normal, 2 strong),
sentence (1 "Kids are talking by the door", 2 "Dogs are sitting by the door"), repetition, actor (odd are men).
"""

import functools
import re
from pathlib import Path

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.known import Corpus
from cyclegan_keras.emotions import EMOTIONS

_NAME = re.compile(r"03-(0[12])-(0[1-8])-(0[12])-(0[12])-(0[12])-(0[1-9]|1[0-9]|2[0-4])")
_CHANNELS = {"speech": ("01", "ravdess"), "song": ("02", "ravdess-song")}


def parse_name(path: Path, channel: str = "speech") -> Clip | None:
    """Read a clip's description from its file name.

    Parameters
    ----------
    path : Path
        Only the name counts; the file need not exist.
    channel : str
        ``"speech"`` or ``"song"``.

    Returns
    -------
    clip : Clip or None
        None unless the name is that of an audio-only RAVDESS recording of the channel, in WAV or FLAC.

    Example
    -------
    >>> parse_name(Path("Actor_04/03-01-02-01-02-02-04.wav")).emotion
    'calm'
    >>> parse_name(Path("notes.txt")) is None
    True
    """
    path = Path(path)
    code, corpus = _CHANNELS[channel]
    fields = _NAME.fullmatch(path.stem)
    if fields is None or path.suffix.lower() not in (".wav", ".flac") or fields[1] != code:
        return None
    _, emotion, intensity, sentence, repetition, actor = fields.groups()
    return Clip(
        path, actor, EMOTIONS[int(emotion) - 1], str(int(sentence)), int(intensity), int(repetition), "en", corpus
    )  # fmt: skip


def _corpus(channel: str, size: str) -> Corpus:
    return Corpus(
        name=_CHANNELS[channel][1],
        title=f"RAVDESS, {channel}: Ryerson Audio-Visual Database of Emotional Speech and Song",
        size=size,
        source="https://zenodo.org/records/1188976",
        licence="CC BY-NC-SA 4.0",
        citation="Livingstone & Russo (2018), PLoS ONE 13(5): e0196391",
        pitfalls=(
            "Kaggle's archive holds every file twice",
            "neutral has one intensity, so half as many clips",
            "a few files are stereo",
            "actor 07's two happy takes of the second sentence are the same recording, counted once",
        ),
        parse=functools.partial(parse_name, channel=channel),
    )


CORPORA = (
    _corpus("speech", "1,440 clips of 24 actors, 8 emotions, 2 sentences"),
    _corpus("song", "1,012 clips of 23 actors, 6 emotions, 2 sentences"),
)
