r"""IEMOCAP: ``Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav``.

The last letter before the number is the speaker's sex. The letter after the session's number says who wore the motion
capture, not who speaks. Emotions are in ``Session1/dialog/EmoEvaluation/Ses01F_impro01.txt``, one line per turn:
``[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]``.
"""

import functools
import re
from pathlib import Path

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.known import Corpus

EMOTIONS = {
    "ang": "anger", "hap": "happy", "exc": "excited", "sad": "sad", "neu": "neutral", "fru": "frustrated",
    "fea": "fearful", "sur": "surprised", "dis": "disgust",
}  # fmt: skip
"""Emotions by label. ``oth`` and ``xxx`` (no agreement of the annotators) are not emotions."""

_NAME = re.compile(r"((Ses0[1-5])[FM]_(?:impro|script)\w*)_([FM])\d{3}")
_LINE = re.compile(r"^\[[^\]]*\]\s+(\S+)\s+(\S+)", re.MULTILINE)


def parse_name(path: Path) -> Clip | str | None:
    """Read a turn's description from its file name, and its emotion from the label file of its session."""
    fields = _NAME.fullmatch(path.stem)
    if fields is None:
        return None
    dialogue, session, sex = fields.groups()
    if len(path.parents) < 4:
        return "no dialog/EmoEvaluation beside its folder sentences"
    labels = _labels(path.parents[3] / "dialog" / "EmoEvaluation" / f"{dialogue}.txt")
    if labels is None:
        return f"no labels dialog/EmoEvaluation/{dialogue}.txt in its session"
    label = labels.get(path.stem, "no label")
    if label not in EMOTIONS:
        return f"no emotion that annotators agreed on ({label})"
    return Clip(path, f"{session}{sex}", EMOTIONS[label], None, None, None, "en", CORPUS.name)


@functools.lru_cache(maxsize=1024)
def _labels(file: Path) -> dict[str, str] | None:
    try:
        return dict(_LINE.findall(file.read_text(encoding="latin-1")))
    except OSError:
        return None


CORPUS = Corpus(
    name="iemocap",
    title="IEMOCAP: Interactive Emotional Dyadic Motion Capture Database",
    size="10,039 turns of 10 speakers in 5 sessions, 9 emotions",
    source="https://sail.usc.edu/iemocap/",
    licence="research only, after its licence form",
    citation="Busso et al. (2008), IEMOCAP, Language Resources and Evaluation 42: 335-359",
    pitfalls=(
        "2,507 turns have no emotion that annotators agreed on: they are passed over",
        "conversations, not fixed sentences: the corpus is not parallel",
        "the letter in Ses01F is not the speaker's; the letter before the number is",
        "dialog/wav holds whole conversations: only sentences/wav is used",
    ),
    parse=parse_name,
)
