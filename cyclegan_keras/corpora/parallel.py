"""Parallel recordings: the same speaker saying the same sentence in another emotion."""

from collections.abc import Iterable, Sequence

from cyclegan_keras.corpora.clips import Clip


def counterpart(clip: Clip, emotion: str, clips: Iterable[Clip]) -> Clip | None:
    """Find the recording of the same speaker and sentence in another emotion.

    Of several recordings, the one with the nearest intensity, then the nearest repetition, is taken.

    Parameters
    ----------
    clip : Clip
    emotion : str
    clips : iterable of Clip
        The clips to search.

    Returns
    -------
    counterpart : Clip or None
        None if there is no such recording, or the sentence or the speaker is unknown.

    Example
    -------
    >>> from pathlib import Path
    >>> calm, angry = (Clip(Path(f"{name}.wav"), "ann", name, sentence="kids") for name in ("calm", "anger"))
    >>> counterpart(calm, "anger", [calm, angry]).emotion
    'anger'
    """
    if not (clip.sentence and clip.speaker):
        return None
    words = _words(clip)
    said = [other for other in clips if other.emotion == emotion and other.path != clip.path and _words(other) == words]
    return min(said, default=None, key=lambda other: _distance(clip, other))


def shared_sentences(clips: Iterable[Clip]) -> set[tuple[str, str | None, str]]:
    """Find the sentences that at least one speaker says in several emotions.

    Parameters
    ----------
    clips : iterable of Clip

    Returns
    -------
    sentences : set of tuple
        Corpus, language and sentence of each. Empty if the corpus is not parallel.
    """
    said: dict[tuple, set[str]] = {}
    for clip in clips:
        if clip.sentence and clip.speaker:
            said.setdefault(_words(clip), set()).add(clip.emotion)
    return {(corpus, language, sentence) for (corpus, language, _, sentence), in_ in said.items() if len(in_) > 1}


def is_parallel(a: Sequence[Clip], b: Sequence[Clip]) -> bool:
    """Whether at least half of the clips are of sentences that their speaker says in both emotions."""
    said_in_a, said_in_b = ({_words(clip) for clip in side if clip.sentence and clip.speaker} for side in (a, b))
    said_in_both, clips = said_in_a & said_in_b, [*a, *b]
    return 2 * sum(_words(clip) in said_in_both for clip in clips) >= len(clips)


def comparable(target: Sequence[Clip], source: Sequence[Clip]) -> list[Clip]:
    """The clips of a target emotion that are spoken at an intensity that the source emotion has too.

    RAVDESS's neutral has one intensity: strong anger would differ from it in intensity, not only in emotion.

    Parameters
    ----------
    target, source : sequences of Clip

    Returns
    -------
    comparable : list of Clip
        Of a corpus in which the emotions share no intensity, all.
    """
    of_source = {(clip.corpus, clip.intensity) for clip in source}
    shared = of_source & {(clip.corpus, clip.intensity) for clip in target}
    corpora = {corpus for corpus, _ in shared}
    return [clip for clip in target if clip.corpus not in corpora or (clip.corpus, clip.intensity) in shared]


def _words(clip: Clip) -> tuple[str, str | None, str, str | None]:
    return clip.corpus, clip.language, clip.speaker, clip.sentence


def _distance(clip: Clip, other: Clip) -> tuple[int, int, int, str]:
    intensity, repetition = other.intensity or 0, other.repetition or 0
    return (
        abs(intensity - (clip.intensity or 0)), abs(repetition - (clip.repetition or 0)), intensity, str(other.path)
    )  # fmt: skip
