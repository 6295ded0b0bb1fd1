"""The recordings of a training: the clips of two emotions, divided, without files that cannot be used."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cyclegan_keras.corpora.clips import Clip, domain
from cyclegan_keras.corpora.index import index_corpora
from cyclegan_keras.corpora.passed_over import PassedOver
from cyclegan_keras.corpora.sound import with_sound
from cyclegan_keras.corpora.split import NOBODY, Split, split_clips, unseen_speakers
from cyclegan_keras.shared.errors import InputError


class TrainingSet(NamedTuple):
    """The recordings of a training.

    Attributes
    ----------
    split : Split
        All clips of the corpus: trained on, held back, and of unseen speakers. Those of other emotions than the two
        are not checked.
    clips : dict of str to list of Clip
        Those trained on, by emotion: A, then B.
    passed_over : list of PassedOver
    not_used : str
        How much sound is beyond the images, as ``sound.not_trained_on`` says it.
    unseen : str
        The unseen speakers as a run stores them, joined by commas; empty where RAVDESS's rule chose them.
    """

    split: Split
    clips: dict[str, list[Clip]]
    passed_over: list[PassedOver]
    not_used: str
    unseen: str


def training_set(
    folders: Sequence[Path], corpus: str | None, unseen: Sequence[str], emotions: Sequence[str]
) -> TrainingSet:
    """Find the recordings to train on.

    Parameters
    ----------
    folders : sequence of Path
    corpus : str, optional
        Name of the corpus in them; by default recognised.
    unseen : sequence of str
        Speakers to leave out; empty for those of the rule.
    emotions : sequence of str
        A and B.

    Raises
    ------
    InputError
        A folder cannot be used, or an emotion has no clips to train on.
    """
    where = ", ".join(map(str, folders))
    index = index_corpora(folders, corpus)
    split = split_clips(index.clips, unseen)
    domain(index.clips, *emotions)  # names an emotion that the data lacks
    for emotion in emotions:
        if not any(clip.emotion == emotion for clip in split.train):
            who = unseen_speakers(split)
            by = f" or by an unseen speaker ({', '.join(who)})" if who else ""
            others = ", or name others with --unseen-speakers" if who else ""
            raise InputError(
                f"{where}: every clip of {emotion} is held back{by}, none is left to train on; give more "
                f"recordings{others}"
            )
    split, without_sound, not_used = with_sound(split, emotions, where)
    clips = {emotion: domain(split.train, emotion) for emotion in emotions}
    # RAVDESS's rule never changes, and runs from before others existed do not say whom it left out.
    by_rule = not unseen and all(clip.of_ravdess for clip in split.train)
    stored = "" if by_rule else ",".join(unseen_speakers(split)) or NOBODY
    return TrainingSet(split, clips, [*index.unusable, *without_sound], not_used, stored)
