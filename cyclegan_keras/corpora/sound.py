"""Whether recordings hold sound: every one is decoded, which names alone do not tell."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import soundfile

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.corpora.clips import Clip, Split
from cyclegan_keras.corpora.index import PassedOver, refuse_many_unusable
from cyclegan_keras.shared.errors import InputError

SHORTEST_SECONDS = 0.064
"""The widest window that a preset analyses by: 1024 samples at 16 kHz."""

FALLBACK_RATE = 16_000  # of a file that does not tell its own, and will be refused


class Heard(NamedTuple):
    """A recording's length in seconds and its rate in Hz, and why it cannot be used; None where it can."""

    seconds: float
    sample_rate: int
    problem: str | None


def hear(path: Path) -> Heard:
    """Decode a recording from start to end.

    Example
    -------
    >>> hear(Path("nowhere.wav")).problem
    'not found'
    """
    try:
        info = soundfile.info(os.fsencode(path))
        seconds, rate = info.duration, info.samplerate
    except (soundfile.SoundFileError, OSError):
        seconds, rate = 0.0, FALLBACK_RATE
    try:
        load_waveform(path, rate)
    except InputError as error:
        return Heard(seconds, rate, str(error).removeprefix(f"{path}: ").split(";")[0])
    too_short = f"shorter than {SHORTEST_SECONDS} s" if seconds < SHORTEST_SECONDS else None
    return Heard(seconds, rate, too_short)


def hear_all(paths: Sequence[Path], on_progress: Callable[[int], None] | None = None) -> list[Heard]:
    """Decode recordings, several at once; ``on_progress`` is called with the number done after each."""
    heard = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for one in threads.map(hear, paths):
            heard.append(one)
            if on_progress:
                on_progress(len(heard))
    return heard


def with_sound(split: Split, emotions: Sequence[str], data: object) -> tuple[Split, list[PassedOver]]:
    """Take out of a split the recordings of some emotions that hold no sound to use: broken, empty or silent ones.

    Parameters
    ----------
    split : Split
    emotions : sequence of str
        Only their recordings are decoded; those of other emotions stay.
    data : object
        What the message calls the data set.

    Returns
    -------
    split : Split
    unusable : list of PassedOver

    Raises
    ------
    InputError
        More than a tenth cannot be used.
    """
    parts = (split.train, split.held_back, split.unseen)
    paths = [clip.path for part in parts for clip in part if clip.emotion in emotions]
    unusable = [PassedOver(path, one.problem) for path, one in zip(paths, hear_all(paths)) if one.problem]
    refuse_many_unusable(data, unusable, len(paths))
    bad = {file.path for file in unusable}

    def usable(clips: Sequence[Clip]) -> tuple[Clip, ...]:
        return tuple(clip for clip in clips if clip.path not in bad)

    return Split(*map(usable, parts)), unusable
