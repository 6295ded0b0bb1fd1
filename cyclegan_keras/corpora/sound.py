"""Checking recordings by decoding them."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from cyclegan_keras.audio.files import read_sound
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.passed_over import PassedOver, refuse_many_unusable
from cyclegan_keras.corpora.split import Split
from cyclegan_keras.shared.errors import InputError

IMAGE_SECONDS = SpectrogramConfig().n_samples / SpectrogramConfig().sample_rate
"""Of a longer recording, only the middle is trained on."""

MOST_NOT_USED = 0.1
"""The share of the sound that may be beyond the images before it is mentioned."""

SHORTEST_SECONDS = 0.064
"""The longest analysis window of a preset: 1024 samples at 16 kHz."""


class Decoded(NamedTuple):
    """A recording's duration in seconds, its sample rate in Hz (both 0 if unreadable), and why it cannot be used."""

    seconds: float
    sample_rate: int
    problem: str | None


def decode(path: Path) -> Decoded:
    """Decode a recording completely.

    Example
    -------
    >>> decode(Path("nowhere.wav")).problem
    'not found'
    """
    try:
        sound = read_sound(path)
    except InputError as error:
        return Decoded(0.0, 0, str(error).removeprefix(f"{path}: ").split(";")[0])
    seconds = len(sound.waveform) / sound.sample_rate
    too_short = f"shorter than {SHORTEST_SECONDS} s" if seconds < SHORTEST_SECONDS else None
    return Decoded(seconds, sound.sample_rate, too_short)


def decode_all(paths: Sequence[Path], on_progress: Callable[[int], None] | None = None) -> list[Decoded]:
    """Decode recordings in parallel; after each, ``on_progress`` is called with the number decoded so far."""
    decoded = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for one in threads.map(decode, paths):
            decoded.append(one)
            if on_progress:
                on_progress(len(decoded))
    return decoded


def not_trained_on(seconds: Iterable[float]) -> str:
    """Say how much sound is beyond the images of recordings with these durations; empty for little of it.

    Example
    -------
    >>> not_trained_on([1800.0, 1800.0, 2.0]).split(";")[0]
    '2 recordings are longer than 4.1 s, of which training uses the middle: 0.00 of 1.00 hours'
    """
    seconds = list(seconds)
    used, in_all = sum(min(each, IMAGE_SECONDS) for each in seconds), sum(seconds)
    if used >= (1.0 - MOST_NOT_USED) * in_all:
        return ""
    longer = sum(each > IMAGE_SECONDS for each in seconds)
    return (
        f"{longer} recording{'s are' if longer > 1 else ' is'} longer than {IMAGE_SECONDS:.1f} s, of which training "
        f"uses the middle: {used / 3600:.2f} of {in_all / 3600:.2f} hours; cut them first (docs/corpora.md)"
    )


def with_sound(split: Split, emotions: Sequence[str], data: object) -> tuple[Split, list[PassedOver], str]:
    """Remove unusable recordings (damaged, empty, silent or too short) of some emotions from a split.

    Parameters
    ----------
    split : Split
    emotions : sequence of str
        Only recordings of these emotions are decoded; the others stay.
    data : object
        The data set's name in messages.

    Returns
    -------
    split : Split
    unusable : list of PassedOver
    not_used : str
        By ``not_trained_on``.

    Raises
    ------
    InputError
        More than ``passed_over.MOST_UNUSABLE`` of the recordings cannot be used.
    """
    parts = (split.train, split.held_back, split.unseen)
    paths = [clip.path for part in parts for clip in part if clip.emotion in emotions]
    decoded = decode_all(paths)
    unusable = [PassedOver(path, one.problem) for path, one in zip(paths, decoded) if one.problem]
    refuse_many_unusable(data, unusable, len(paths))
    bad = {file.path for file in unusable}

    def usable(clips: Sequence[Clip]) -> tuple[Clip, ...]:
        return tuple(clip for clip in clips if clip.path not in bad)

    return Split(*map(usable, parts)), unusable, not_trained_on(one.seconds for one in decoded if not one.problem)
