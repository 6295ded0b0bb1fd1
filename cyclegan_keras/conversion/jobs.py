"""Which clips are converted, into which files, and which of them together."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from cyclegan_keras.audio.files import FORMATS, SUFFIXES, duration
from cyclegan_keras.shared.errors import InputError

CLIPS_AT_ONCE = 8
"""Short clips that are read, converted and written together; so many are held in memory three times."""

SECONDS_AT_ONCE = 600.0
"""The longest that those clips last together, unless one alone lasts longer."""


class Job(NamedTuple):
    """A recording and the file its conversion goes to."""

    clip: Path
    output: Path


def plan_outputs(clips: Sequence[Path], output: Path, target: str) -> list[Job]:
    """Pair every recording with the file its conversion goes to.

    Parameters
    ----------
    clips : sequence of Path
        Recordings and folders of recordings.
    output : Path
        A name ending in .wav is the file for the one clip; anything else is a folder.
    target : str
        The emotion, part of the output's name in a folder.

    Raises
    ------
    InputError
        A file for several clips, two clips for one name, or a clip that would be overwritten.
    """
    if not output.is_dir() and (output.exists() or output.suffix.lower() in SUFFIXES):
        if output.suffix.lower() != ".wav":
            raise InputError(f"--output {output}: what is written is WAV; give a name ending in .wav, or a folder")
        if len(clips) != 1 or clips[0].is_dir():
            raise InputError(f"--output {output}: one file for several clips; give a folder")
        jobs = [Job(clips[0], output)]
    else:
        jobs = [
            Job(clip, (output / name).with_name(f"{name.stem}_{target}.wav"))
            for given in clips
            for clip, name in _recordings(given)
        ]
    taken = {}
    for clip, path in jobs:
        if path.exists() and clip.exists() and path.samefile(clip):
            raise InputError(f"--output {path}: is the clip itself; give another name")
        if path in taken:
            raise InputError(f"{clip} and {taken[path]}: both would become {path}; convert them into different folders")
        taken[path] = clip
    return jobs


def grouped(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Divide jobs into groups of a few short clips, or one long clip, which are held in memory together."""
    group, seconds = [], 0.0
    for job in jobs:
        length = duration(job.clip)
        if group and (len(group) == CLIPS_AT_ONCE or seconds + length > SECONDS_AT_ONCE):
            yield group
            group, seconds = [], 0.0
        group.append(job)
        seconds += length
    yield group


def _recordings(given: Path) -> Iterator[tuple[Path, Path]]:
    if not given.is_dir():
        yield given, Path(given.name)
        return
    found = sorted(
        Path(folder, name)
        for folder, folders, files in os.walk(given, onerror=_unreadable)
        for name in (*folders, *files)
        if Path(name).suffix.lower() in SUFFIXES
    )
    if not found:
        raise InputError(f"{given}: holds no recordings; give a folder of {FORMATS} files")
    for file in found:
        yield file, file.relative_to(given)


def _unreadable(error: OSError) -> NoReturn:
    raise InputError(f"{error.filename}: cannot be read ({error.strerror}); change its permissions") from None
