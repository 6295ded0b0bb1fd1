"""The split of clips into training clips, held-back clips and clips of unseen speakers."""

import hashlib
import math
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.shared.errors import InputError

UNSEEN_ACTORS = (19, 20)
"""Actors of RAVDESS that are never trained on, to measure conversions of new speakers."""

HOLD_BACK_ONE_IN, HOLD_BACK_ONE_IN_ALONE = 20, 10
"""One sentence in 20 is held back if a corpus has unseen speakers, and one in 10 if it has none."""

ENOUGH_TO_HOLD_BACK = 10
"""The least number of clips of an emotion for one of them to be held back."""

NOBODY = "none"
"""Stands for the names of unseen speakers if training uses every speaker."""


@dataclass(frozen=True)
class Split:
    """Training clips, clips of training speakers that are held back, and clips of unseen speakers."""

    train: tuple[Clip, ...]
    held_back: tuple[Clip, ...]
    unseen: tuple[Clip, ...]


def split_clips(clips: Iterable[Clip], unseen_speakers: Sequence[str] = ()) -> Split:
    """Split clips into training clips, held-back clips and clips of unseen speakers.

    RAVDESS: actors 19 and 20 are unseen. Of every fourth other actor, the second take of the second sentence at normal
    intensity is held back.

    Any other corpus: in each language the last speakers by name are unseen: none of one speaker, one of two to five,
    and of more a tenth, but at least two. Of the other speakers one sentence in ``HOLD_BACK_ONE_IN`` is held back, in
    all its emotions and takes (or one clip, if sentences are unknown). The choice depends only on the names.

    Parameters
    ----------
    clips : iterable of Clip
    unseen_speakers : sequence of str, optional
        The unseen speakers, instead of the rule's, as ``"15"`` or ``"emodb/15"``; ``("none",)`` for no speaker.

    Returns
    -------
    split : Split

    Raises
    ------
    InputError
        An unknown or ambiguous speaker.

    Example
    -------
    >>> clips = [Clip(Path(f"{who}.wav"), who, "calm", corpus="mine") for who in ("ann", "ben", "cem")]
    >>> split = split_clips(clips)
    >>> [clip.speaker for clip in split.train], [clip.speaker for clip in split.unseen]
    (['ann', 'ben'], ['cem'])
    """
    clips = list(clips)
    unseen = _named(clips, unseen_speakers) if unseen_speakers else _unseen_by_rule(clips)
    known = [clip for clip in clips if clip.who not in unseen]
    held_back = _held_back(known, HOLD_BACK_ONE_IN if unseen else HOLD_BACK_ONE_IN_ALONE)
    return Split(
        tuple(clip for clip in known if clip.path not in held_back),
        tuple(clip for clip in known if clip.path in held_back),
        tuple(clip for clip in clips if clip.who in unseen),
    )


def natural_order(name: str) -> list[tuple[int, str]]:
    """Sort key by which ``speaker2`` comes before ``speaker10``."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]


def _unseen_by_rule(clips: Sequence[Clip]) -> set[str]:
    unseen, speakers = set(), defaultdict(set)
    for clip in clips:
        if clip.of_ravdess:
            if clip.actor in UNSEEN_ACTORS:
                unseen.add(clip.who)
        elif clip.speaker:
            speakers[clip.corpus, clip.language].add(clip.who)
    for group in speakers.values():
        few = min(1, len(group) - 1)
        count = few if len(group) <= 5 else max(2, math.ceil(len(group) / 10))
        unseen |= set(sorted(group, key=natural_order)[len(group) - count :])
    return unseen


def _named(clips: Sequence[Clip], names: Sequence[str]) -> set[str]:
    chosen, speakers = set(), {clip.who: clip.speaker for clip in clips if clip.speaker}
    if NOBODY in names and len(names) > 1:
        raise InputError(
            f"--unseen-speakers {' '.join(names)}: {NOBODY} cannot be combined with names; give one of them"
        )
    for name in names:
        if name == NOBODY:
            continue
        meant = [who for who, speaker in speakers.items() if name in (who, speaker)]
        if len(meant) != 1:
            there = ", ".join(sorted(meant or set(speakers.values()), key=natural_order)) or "none"
            what = "more than one speaker" if meant else "no speaker"
            raise InputError(f"unseen speakers: {what} has the name {name!r}; there are {there}")
        chosen.add(meant[0])
    return chosen


def _held_back(clips: Sequence[Clip], share: int) -> set[Path]:
    """Choose clips to hold back although their speakers are trained on."""
    drawn = [None if clip.of_ravdess else _draw(clip) for clip in clips]
    by_emotion = defaultdict(set)
    for clip, draw in zip(clips, drawn):
        by_emotion[clip.emotion].add(draw)
    # A sentence is held back in all emotions, so that training never uses the words that are measured.
    chosen = {draw for draw in drawn if draw is not None and draw % share == 0}
    counts = Counter(clip.emotion for clip in clips if not clip.of_ravdess)
    for emotion, count in counts.items():
        if count >= ENOUGH_TO_HOLD_BACK and chosen.isdisjoint(by_emotion[emotion]):
            chosen.add(min(by_emotion[emotion] - {None}))
    return {
        clip.path
        for clip, draw in zip(clips, drawn)
        if draw in chosen or (clip.of_ravdess and _ravdess_holds_back(clip))
    }


def _ravdess_holds_back(clip: Clip) -> bool:
    # One speaker in four costs training little. Intensity 1, because neutral has no other.
    return clip.actor % 4 == 0 and (clip.intensity, clip.statement, clip.repetition) == (1, 2, 2)


def _draw(clip: Clip) -> int:
    """Hash the speaker and the sentence to a number, the same for every emotion."""
    unit = "/".join((clip.who, clip.sentence or clip.key))
    return int.from_bytes(hashlib.sha256(os.fsencode(unit)).digest()[:8], "big")


def describe(split: Split, emotions: Sequence[str]) -> str:
    """Write in one line how many clips of each emotion a split has.

    Example
    -------
    >>> describe(split_clips([Clip(Path("a.wav"), "ann", "calm")]), ["calm"])
    'calm 1 train, 0 held back, 0 by unseen speakers'
    """
    train, held_back, unseen = (
        Counter(clip.emotion for clip in clips) for clips in (split.train, split.held_back, split.unseen)
    )
    return "; ".join(
        f"{name} {train[name]} train, {held_back[name]} held back, {unseen[name]} by unseen speakers"
        for name in emotions
    )


def describe_speakers(split: Split) -> str:
    """Write in one line which speakers are unseen, or that none is.

    Example
    -------
    >>> describe_speakers(split_clips([Clip(Path("a.wav"), "ann", "calm")]))
    'unseen speakers: none of 1, so unseen speakers cannot be measured; clips of training speakers held back: 0'
    """
    unseen = unseen_speakers(split)
    count = len({clip.who for clip in split.train + split.held_back} | set(unseen))
    if unseen:
        return f"unseen speakers: {', '.join(unseen)} (of {count})"
    return (
        f"unseen speakers: none of {count}, so unseen speakers cannot be measured; "
        f"clips of training speakers held back: {len(split.held_back)}"
    )


def unseen_speakers(split: Split) -> list[str]:
    """List the unseen speakers with their corpora, in natural order."""
    return sorted({clip.who for clip in split.unseen}, key=natural_order)
