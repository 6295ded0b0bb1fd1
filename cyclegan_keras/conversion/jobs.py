"""Assignment of clips to output files."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cyclegan_keras.audio import containers
from cyclegan_keras.audio.sources import FORMATS, SUFFIXES
from cyclegan_keras.corpora.recordings import files_below
from cyclegan_keras.shared.errors import InputError


class Job(NamedTuple):
    """A recording and the file its conversion goes to."""

    clip: Path
    output: Path


class Plan(NamedTuple):
    """What is converted, and what of the folders is passed over: a line a folder, with counts and reasons."""

    jobs: list[Job]
    passed_over: list[str]


def plan_outputs(clips: Sequence[Path], output: Path, target: str) -> Plan:
    """Pair every recording with the file its conversion goes to.

    Parameters
    ----------
    clips : sequence of Path
        Recordings and folders of recordings.
    output : Path
        A name ending in .wav is the file for the one clip; anything else is a folder. It is left out of a folder above
        it, because it holds earlier conversions.
    target : str
        The emotion, part of the output's name in a folder.

    Raises
    ------
    InputError
        A file for several clips, two clips for one name, or a clip that would be overwritten.
    """
    passed_over = []
    if not output.is_dir() and (output.exists() or output.suffix.lower() in SUFFIXES | containers.SUFFIXES):
        if output.suffix.lower() != ".wav":
            raise InputError(f"--output {output}: the output is WAV; give a name ending in .wav, or a folder")
        if len(clips) != 1 or clips[0].is_dir():
            raise InputError(f"--output {output}: one file for several clips; give a folder")
        jobs = [Job(clips[0], output)]
    else:
        jobs = [
            Job(clip, (output / name).with_name(f"{name.stem}_{target}.wav"))
            for given in clips
            for clip, name in _recordings(given, output, passed_over)
        ]
    given, taken = {_identity(job.clip) for job in jobs}, {}
    for clip, path in jobs:
        if _identity(path) in given:
            raise InputError(f"--output {path}: is one of the clips; give another name or folder")
        if path in taken:
            raise InputError(f"{clip} and {taken[path]}: both would become {path}; convert them into different folders")
        taken[path] = clip
    return Plan(jobs, passed_over)


def _recordings(given: Path, output: Path, passed_over: list[str]) -> Iterator[tuple[Path, Path]]:
    if not given.is_dir():
        yield given, Path(given.name)
        return
    below, made = files_below(given), _real(output)
    found, others = below.recordings, [*below.others, *below.archives]
    (found if containers.readable() else others).extend(below.contained)
    if not _real(given).is_relative_to(made):
        found, others = ([file for file in files if not _real(file).is_relative_to(made)] for files in (found, others))
    said = f"; {_reasons(others)}" if others else ""
    if not found:
        raise InputError(f"{given}: holds no recordings{said}; give a folder of {FORMATS} files")
    if others:
        passed_over.append(f"{given}: {_reasons(others)}")
    for file in sorted(found):
        yield file, file.relative_to(given)


def _identity(path: Path) -> tuple[int, int] | Path:
    """What two names of one file share, whatever links and upper case they are written with."""
    try:
        status = os.stat(path)
    except OSError:
        return _real(path)
    return status.st_dev, status.st_ino


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # Path.resolve fails at a link to itself


def _reasons(others: Sequence[Path]) -> str:
    """Say how many files are passed over, and why."""
    readable, counts = Counter(), Counter()
    for file in others:
        suffix = file.suffix.lower()
        (readable if suffix in containers.SUFFIXES else counts)[suffix or "without a suffix"] += 1
    reasons = []
    if readable:
        reasons.append(f"{_counted(readable)}, which need the extra av (pip install -e '.[av]')")
    if counts:
        reasons.append(f"{_counted(counts)}, which are not recordings by their names")
    return f"{len(others)} file{'s' * (len(others) > 1)} passed over, " + " and ".join(reasons)


def _counted(counts: Counter[str]) -> str:
    common = [f"{count} {suffix}" for suffix, count in counts.most_common(4)]
    rest = counts.total() - sum(count for _, count in counts.most_common(4))
    return ", ".join(common + [f"{rest} other{'s' * (rest > 1)}"] * bool(rest))
