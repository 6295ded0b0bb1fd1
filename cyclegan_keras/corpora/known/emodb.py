"""EmoDB: ``03a01Wa.wav`` is speaker 03, text a01, emotion W (Wut, anger), version a."""

import re
from pathlib import Path

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.known import Corpus

EMOTIONS = {
    "W": "anger", "L": "boredom", "E": "disgust", "A": "fearful", "F": "happy", "T": "sad", "N": "neutral",
}  # fmt: skip

_NAME = re.compile(r"(\d\d)([ab]\d\d)([WLEAFTN])([a-z]?)")


def parse_name(path: Path) -> Clip | None:
    """Read a clip's description from its file name; None for any other name.

    Example
    -------
    >>> clip = parse_name(Path("wav/03a01Wa.wav"))
    >>> clip.speaker, clip.sentence, clip.emotion, clip.repetition
    ('03', 'a01', 'anger', 1)
    """
    fields = _NAME.fullmatch(path.stem)
    if fields is None:
        return None
    speaker, sentence, emotion, version = fields.groups()
    repetition = ord(version) - ord("a") + 1 if version else 1
    return Clip(path, speaker, EMOTIONS[emotion], sentence, None, repetition, "de", CORPUS.name)


CORPUS = Corpus(
    name="emodb",
    title="EmoDB: Berlin Database of Emotional Speech",
    size="535 clips of 10 speakers, 7 emotions, 10 sentences",
    source="http://emodb.bilderbar.info",
    licence="for research; its authors ask to be cited",
    citation="Burkhardt, Paeschke, Rolfes, Sendlmeier & Weiss (2005), Interspeech, 1517-1520",
    pitfalls=(
        "the letter is that of the German word: A is Angst (fear), E Ekel (disgust), T Trauer (sadness)",
        "only takes that listeners recognised are included, so emotions differ in number (disgust 46, anger 127)",
        "the 16 kHz release and a copy at 22.05 kHz have the same file names",
    ),
    parse=parse_name,
)
