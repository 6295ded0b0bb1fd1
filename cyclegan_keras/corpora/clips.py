"""Clips of emotional speech and their labels."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cyclegan_keras.emotions import in_order, nearest_name
from cyclegan_keras.shared.errors import InputError


@dataclass(frozen=True)
class Clip:
    """One recording and its labels.

    ``emotion`` is spelled as by ``emotions.emotion_name``. ``speaker`` is empty if unknown; the others are None:
    ``sentence`` (one name for the same words throughout a corpus), ``intensity`` (on the corpus's own scale, 1 is the
    weakest), ``repetition`` (from 1) and ``language`` (ISO 639-1). ``corpus`` distinguishes equal names of speakers and
    sentences in several corpora.
    """

    path: Path
    speaker: str
    emotion: str
    sentence: str | None = None
    intensity: int | None = None
    repetition: int | None = None
    language: str | None = None
    corpus: str = ""

    @property
    def key(self) -> str:
        """The file's name without its ending: the same for every copy of the recording, in any format."""
        return self.path.stem

    @property
    def who(self) -> str:
        """The speaker with the corpus, such as ``"emodb/03"``: no two people share it."""
        return f"{self.corpus}/{self.speaker}"

    @property
    def of_ravdess(self) -> bool:
        """Whether the clip is from RAVDESS, speech or song."""
        return self.corpus in ("ravdess", "ravdess-song")

    @property
    def actor(self) -> int | str:
        """The speaker; in RAVDESS a number, odd for men and even for women."""
        return int(self.speaker) if self.of_ravdess else self.speaker

    @property
    def statement(self) -> int:
        """The number of RAVDESS's sentence, 1 (Kids) or 2 (Dogs); 0 in any other corpus."""
        return int(self.sentence) if self.of_ravdess else 0


def domain(clips: Iterable[Clip], *emotions: str) -> list[Clip]:
    """Select the clips of an emotion, or of several.

    Parameters
    ----------
    clips : iterable of Clip
    *emotions : str
        As ``emotions.emotion_name`` spells them.

    Returns
    -------
    chosen : list of Clip
        In the order of ``clips``.

    Raises
    ------
    InputError
        An emotion has no clips; the message lists the emotions there are.

    Example
    -------
    >>> [clip.speaker for clip in domain([Clip(Path("a.wav"), "ann", "calm")], "calm")]
    ['ann']
    """
    clips = list(clips)
    counts = Counter(clip.emotion for clip in clips)
    for emotion in emotions:
        if not counts[emotion]:
            others = ", ".join(f"{name} {counts[name]}" for name in in_order(counts)) or "none at all"
            near = nearest_name(emotion, counts)
            raise InputError(
                f"no clips of {emotion!r}{_where(clips)}: there are {others}; "
                + (f"did you mean {near!r}? Else " if near else "")
                + "choose another emotion, or another folder with --data"
            )
    return [clip for clip in clips if clip.emotion in emotions]


def _where(clips: Sequence[Clip]) -> str:
    corpora = sorted({clip.corpus for clip in clips})
    if len(corpora) > 1:
        return f" in {', '.join(corpora)}"
    return f" in {os.path.commonpath([os.path.abspath(clip.path.parent) for clip in clips])}" if clips else ""
