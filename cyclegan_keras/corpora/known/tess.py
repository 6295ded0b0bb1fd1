"""TESS: ``OAF_angry/OAF_back_angry.wav`` is the older actress saying "Say the word back", angry."""

import re
from pathlib import Path

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.known import Corpus
from cyclegan_keras.emotions import emotion_name

# One name lacks its F: OA_bite_neutral. The emotion ps is pleasant surprise.
_NAME = re.compile(r"(OA|YA)F?_([a-z]+)_(angry|disgust|fear|happy|neutral|sad|ps|pleasant_surprised?)", re.IGNORECASE)


def parse_name(path: Path) -> Clip | None:
    """Read a clip's description from its file name; None for any other name.

    Example
    -------
    >>> clip = parse_name(Path("YAF_pleasant_surprised/YAF_bite_ps.wav"))
    >>> clip.speaker, clip.sentence, clip.emotion
    ('YAF', 'bite', 'surprised')
    """
    fields = _NAME.fullmatch(path.stem)
    if fields is None:
        return None
    who, word, emotion = fields.groups()
    return Clip(path, f"{who.upper()}F", emotion_name(emotion), word.lower(), None, None, "en", CORPUS.name)


CORPUS = Corpus(
    name="tess",
    title="TESS: Toronto Emotional Speech Set",
    size="2,800 clips of 2 actresses, 7 emotions, 200 words in one sentence",
    source="https://doi.org/10.5683/SP2/E8H2MF",
    licence="Creative Commons, no commercial use; the exact licence is on its page",
    citation="Pichora-Fuller & Dupuis (2020), Toronto emotional speech set (TESS), Borealis",
    pitfalls=(
        "Kaggle's archive holds every file twice, in a folder within a folder of the same name",
        "two speakers: one is unseen, so a model trains on one voice",
        "one file is misnamed: OA_bite_neutral.wav",
    ),
    parse=parse_name,
)
