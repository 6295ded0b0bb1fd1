"""SAVEE: ``DC/a01.wav`` on its site, ``DC_a01.wav`` on Kaggle: speaker, emotion, sentence."""

import re
from pathlib import Path

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.known import Corpus

EMOTIONS = {
    "a": "anger", "d": "disgust", "f": "fearful", "h": "happy", "n": "neutral", "sa": "sad", "su": "surprised",
}  # fmt: skip

_NAME = re.compile(r"(?:(DC|JE|JK|KL)_)?(sa|su|[adfhn])(\d\d)")
_SPEAKERS = ("DC", "JE", "JK", "KL")


def parse_name(path: Path) -> Clip | None:
    """Read a clip's description from its file name and, if that lacks the speaker, from its folder's name.

    Example
    -------
    >>> clip = parse_name(Path("AudioData/DC/sa01.wav"))
    >>> clip.speaker, clip.sentence, clip.emotion
    ('DC', 'sa01', 'sad')
    """
    fields = _NAME.fullmatch(path.stem)
    if fields is None:
        return None
    speaker, emotion, number = fields.groups()
    speaker = speaker or path.parent.name
    if speaker not in _SPEAKERS:
        return None
    # The text of a number differs between emotions, except for three numbers that are not documented.
    return Clip(path, speaker, EMOTIONS[emotion], f"{emotion}{number}", None, None, "en", CORPUS.name)


CORPUS = Corpus(
    name="savee",
    title="SAVEE: Surrey Audio-Visual Expressed Emotion",
    size="480 clips of 4 men, 7 emotions, 15 sentences per emotion",
    source="http://kahlan.eps.surrey.ac.uk/savee/",
    licence="for research, after registration",
    citation="Haq & Jackson (2010), Multimodal Emotion Recognition, in Machine Audition, IGI Global",
    pitfalls=(
        "sentences differ between emotions: the corpus is not parallel",
        "all four speakers are men",
        "the speaker is only known from the speakers' folders or from names such as DC_a01",
    ),
    parse=parse_name,
)
