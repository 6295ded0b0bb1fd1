"""EmoV-DB: ``bea/Amused/amused_1-15_0001.wav``: the emotion, a range of annotated sentences, the sentence's number.

Sentences are those of CMU ARCTIC, the same for all emotions. The speaker is in the folder's name: ``bea``,
``bea_Amused`` or, in the unsorted release, ``Spk-Bea``.
"""

import re
from pathlib import Path

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.known import Corpus
from cyclegan_keras.emotions import emotion_name

_NAME = re.compile(r"(amused|ang(?:er|ry)|disgust(?:ed)?|neutral|sleep(?:iness|y))_\d+-\d+_(\d{4})", re.IGNORECASE)
_FOLDER = re.compile(r"(?:spk-)?(bea|jenie|je|josh|jsh|sam|sa)(?:[_-].*)?", re.IGNORECASE)
_SHORT = {"je": "jenie", "jsh": "josh", "sa": "sam"}


def parse_name(path: Path) -> Clip | str | None:
    """Read a clip's description from its file name and its folders' names; None for any other name.

    Example
    -------
    >>> clip = parse_name(Path("sam/Sleepy/sleepiness_1-28_0006.wav"))
    >>> clip.speaker, clip.sentence, clip.emotion
    ('sam', '0006', 'sleepiness')
    """
    fields = _NAME.fullmatch(path.stem)
    if fields is None:
        return None
    folders = [found[1].lower() for folder in path.parts[-2::-1] if (found := _FOLDER.fullmatch(folder))]
    if not folders:
        return "no folder names the speaker (bea, jenie, josh or sam)"
    speaker = _SHORT.get(folders[0], folders[0])
    return Clip(path, speaker, emotion_name(fields[1]), fields[2], None, None, "en", CORPUS.name)


CORPUS = Corpus(
    name="emov-db",
    title="EmoV-DB: Emotional Voices Database",
    size="about 7,000 clips of 4 speakers, 5 emotions",
    source="https://openslr.org/115/",
    licence="no commercial use",
    citation="Adigwe, Tits, El Haddad, Ostadabbas & Dutoit (2018), arXiv:1806.09514",
    pitfalls=(
        "file names do not give the speaker: keep the speakers' folders",
        "josh has no anger and no disgust",
        "amused clips have laughter, sleepy clips yawns, before and after the sentence",
    ),
    parse=parse_name,
)
