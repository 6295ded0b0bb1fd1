"""ESD: ``0011/Angry/0011_000351.wav``, or one folder deeper in ``train``, ``test`` and ``evaluation``.

Speakers 0001 to 0010 speak Mandarin, 0011 to 0020 English. A speaker's files are numbered consecutively: 350 neutral
sentences, then the same 350 angry, happy, sad and surprised. The number gives emotion and sentence; the transcripts are
not read.
"""

import re
from pathlib import Path

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.known import Corpus

EMOTIONS = ("neutral", "anger", "happy", "sad", "surprised")
SENTENCES, FIRST_ENGLISH, SPEAKERS = 350, 11, 20

_NAME = re.compile(r"(\d{4})_(\d{6})")


def parse_name(path: Path) -> Clip | None:
    """Read a clip's description from its file name; None for any other name.

    Example
    -------
    >>> clip = parse_name(Path("0011/Angry/evaluation/0011_000351.wav"))
    >>> clip.speaker, clip.sentence, clip.emotion, clip.language
    ('0011', '1', 'anger', 'en')
    """
    fields = _NAME.fullmatch(path.stem)
    if fields is None:
        return None
    speaker, number = int(fields[1]), int(fields[2]) - 1
    if not (1 <= speaker <= SPEAKERS and 0 <= number < len(EMOTIONS) * SENTENCES):
        return None
    emotion, sentence = divmod(number, SENTENCES)
    language = "en" if speaker >= FIRST_ENGLISH else "zh"
    return Clip(path, fields[1], EMOTIONS[emotion], str(sentence + 1), None, None, language, CORPUS.name)


CORPUS = Corpus(
    name="esd",
    title="ESD: Emotional Speech Dataset",
    size="35,000 clips of 20 speakers, 5 emotions, 350 sentences per language",
    source="https://github.com/HLTSingapore/Emotional-Speech-Data",
    licence="research only, after its licence form",
    citation="Zhou, Sisman, Liu & Li (2022), Speech Communication 137: 1-18",
    pitfalls=(
        "its folders train, test and evaluation share speakers; the split here separates speakers",
        "transcripts are in several encodings",
        "Mandarin and English are one download: for one language, name its folders",
    ),
    parse=parse_name,
)
