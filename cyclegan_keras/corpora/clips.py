"""Clips of emotional speech, and how they are divided into those to train on and those to measure by."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cyclegan_keras.emotions import EMOTIONS
from cyclegan_keras.shared.errors import InputError

UNSEEN_ACTORS = (19, 20)
"""Never trained on, so that a conversion of their clips shows what a new speaker gets."""


@dataclass(frozen=True, order=True)
class Clip:
    """One recording, as its name describes it.

    ``emotion`` is in the report's spelling; ``intensity`` 1 is normal and 2 strong; ``statement`` 1 is
    "Kids are talking by the door" and 2 "Dogs are sitting by the door"; odd actors are male.
    """

    path: Path
    emotion: str
    intensity: int
    statement: int
    repetition: int
    actor: int

    @property
    def key(self) -> str:
        """The seven fields of the name: the same for every copy of the recording, in whatever format."""
        return self.path.stem


@dataclass(frozen=True)
class Split:
    """Clips to train on, clips of known actors held back from training, and clips of unseen actors."""

    train: tuple[Clip, ...]
    held_back: tuple[Clip, ...]
    unseen: tuple[Clip, ...]


def split_clips(clips: Iterable[Clip]) -> Split:
    """Divide clips into those to train on and those to judge by.

    The division follows from a clip's name alone, whatever else is there.

    Parameters
    ----------
    clips : iterable of Clip

    Returns
    -------
    split : Split

    Example
    -------
    >>> names = "03-01-02-01-02-02-03.wav", "03-01-02-01-02-02-04.wav", "03-01-02-01-02-02-19.wav"
    >>> split = split_clips(parse_name(Path(name)) for name in names)
    >>> len(split.train), len(split.held_back), len(split.unseen)
    (1, 1, 1)
    """
    train, held_back, unseen = [], [], []
    for clip in clips:
        if clip.actor in UNSEEN_ACTORS:
            unseen.append(clip)
        elif clip.actor % 4 == 0 and (clip.intensity, clip.statement, clip.repetition) == (1, 2, 2):
            # A few takes by speakers and of words that training knows; one speaker in four leaves training
            # nearly whole. Intensity 1, because neutral has no other.
            held_back.append(clip)
        else:
            train.append(clip)
    return Split(tuple(train), tuple(held_back), tuple(unseen))


def domain(clips: Iterable[Clip], *emotions: str) -> list[Clip]:
    """Choose the clips of an emotion, or of several.

    Parameters
    ----------
    clips : iterable of Clip
    *emotions : str
        From ``config.EMOTIONS``.

    Returns
    -------
    chosen : list of Clip
        In the order of ``clips``.

    Raises
    ------
    InputError
        There are none of one; the message says which emotions there are.

    Example
    -------
    >>> [clip.actor for clip in domain([parse_name(Path("03-01-02-01-02-02-04.wav"))], "calm")]
    [4]
    """
    clips = list(clips)
    counts = Counter(clip.emotion for clip in clips)
    for emotion in emotions:
        if not counts[emotion]:
            others = ", ".join(f"{name} {counts[name]}" for name in EMOTIONS if name in counts) or "none at all"
            folder = f" in {os.path.commonpath([clip.path.parent for clip in clips])}" if clips else ""
            raise InputError(
                f"no clips of {emotion!r} to use{folder}: there are {others}; "
                "choose another emotion, or another folder with --data"
            )
    return [clip for clip in clips if clip.emotion in emotions]


def describe(split: Split, emotions: Sequence[str]) -> str:
    """Say in one line how many clips a split has of each emotion.

    Example
    -------
    >>> describe(split_clips([parse_name(Path("03-01-02-01-02-02-04.wav"))]), ["calm"])
    'calm 0 train, 1 held back, 0 by unseen actors'
    """
    train, held_back, unseen = (
        Counter(clip.emotion for clip in clips) for clips in (split.train, split.held_back, split.unseen)
    )
    return "; ".join(
        f"{name} {train[name]} train, {held_back[name]} held back, {unseen[name]} by unseen actors" for name in emotions
    )
