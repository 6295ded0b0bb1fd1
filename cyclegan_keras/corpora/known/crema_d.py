"""CREMA-D: ``1001_DFA_ANG_XX.wav`` is actor 1001, sentence DFA, anger, intensity unspecified.

Intensities are LO, MD, HI, and XX for unspecified. The emotion is the intended one, not the perceived one.
"""

import re
from pathlib import Path

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.known import Corpus

EMOTIONS = {"ANG": "anger", "DIS": "disgust", "FEA": "fearful", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
INTENSITIES = {"LO": 1, "MD": 2, "HI": 3}

# One file has X for XX: 1040_ITH_SAD_X.
_NAME = re.compile(r"(\d{4})_([A-Z]{3})_(ANG|DIS|FEA|HAP|NEU|SAD)_(LO|MD|HI|XX?)")
_SEVERAL_EMOTIONS = "1064_IEO_DIS_MD"


def parse_name(path: Path) -> Clip | str | None:
    """Read a clip's description from its file name; None for any other name.

    Example
    -------
    >>> clip = parse_name(Path("AudioWAV/1001_IEO_FEA_HI.wav"))
    >>> clip.speaker, clip.sentence, clip.emotion, clip.intensity
    ('1001', 'IEO', 'fearful', 3)
    """
    fields = _NAME.fullmatch(path.stem)
    if fields is None:
        return None
    if path.stem == _SEVERAL_EMOTIONS:
        return "holds the sentence in every emotion, one after another"
    speaker, sentence, emotion, intensity = fields.groups()
    return Clip(path, speaker, EMOTIONS[emotion], sentence, INTENSITIES.get(intensity), None, "en", CORPUS.name)


CORPUS = Corpus(
    name="crema-d",
    title="CREMA-D: Crowd-sourced Emotional Multimodal Actors Dataset",
    size="7,442 clips of 91 actors, 6 emotions, 12 sentences",
    source="https://github.com/CheyneyComputerScience/CREMA-D (AudioWAV)",
    licence="Open Database License; contents under the Database Contents License",
    citation="Cao, Cooper, Keutmann, Gur, Nenkova & Verma (2014), IEEE Trans. Affective Computing 5(4): 377-390",
    pitfalls=(
        "a clone without Git LFS holds pointers instead of sound: run git lfs pull",
        "AudioMP3 holds the same clips as AudioWAV, which is used",
        "1076_MTI_SAD_XX has no sound, and 1064_IEO_DIS_MD holds every emotion",
    ),
    parse=parse_name,
)
