"""Sets of clips for model selection and for final figures, and pairs of parallel recordings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cyclegan_keras.audio.files import FORMATS, SUFFIXES, load_waveform
from cyclegan_keras.corpora.clips import UNSEEN_ACTORS, Clip, domain, split_clips
from cyclegan_keras.corpora.report_clips import known_clip
from cyclegan_keras.shared.errors import InputError

CHOOSING_ACTORS = (15, 16, 17, 18)
"""Actors for model selection: preset, epoch and strength are chosen on their clips, which research models exclude."""

FINAL_ACTORS = UNSEEN_ACTORS
"""Actors for the final figures, measured once when a model is finished."""

SETS = {
    "choose": "actors 15 to 18, for model selection",
    "final": "actors 19 and 20, for final figures",
    "seen": "some training clips of actors 1 to 14",
    "held-back": "held-back clips of training actors",
}
"""The sets of clips that can be measured."""

SEEN_CLIPS = 16
"""Number of training clips that are measured, about one of each actor."""


@dataclass(frozen=True, eq=False)
class Source:
    """A recording to convert; ``clip`` describes it if it is from RAVDESS, else None."""

    name: str
    waveform: np.ndarray
    clip: Clip | None

    @property
    def speaker(self) -> str:
        """The actor, or the recording's name if it is not from RAVDESS."""
        return str(self.clip.actor) if self.clip else self.name


class Pairing:
    """Finds parallel recordings: the same sentence in another emotion, take or voice.

    Parameters
    ----------
    clips : sequence of Clip
        All clips of a data set.
    """

    def __init__(self, clips: Sequence[Clip]):
        self.clips = list(clips)
        self._found = {(c.emotion, c.intensity, c.statement, c.repetition, c.actor): c for c in self.clips}

    def real(self, clip: Clip, emotion: str) -> Clip | None:
        """The same actor's recording of the same sentence, intensity and repetition in another emotion.

        Neutral has only intensity 1, so any pair with neutral is compared with intensity 1.
        """
        intensity = 1 if "neutral" in (emotion, clip.emotion) else clip.intensity
        return self._found.get((emotion, intensity, clip.statement, clip.repetition, clip.actor))

    def second_take(self, clip: Clip) -> Clip | None:
        """The other repetition of the same sentence by the same actor in the same emotion."""
        return self._found.get((clip.emotion, clip.intensity, clip.statement, 3 - clip.repetition, clip.actor))

    def others(self, clip: Clip) -> list[Clip]:
        """The actor's other clips in the same emotion."""
        return [c for c in self.clips if (c.actor, c.emotion) == (clip.actor, clip.emotion) and c.key != clip.key]

    def impostors(self, clip: Clip) -> list[Clip]:
        """The same sentence in the same emotion by other actors of the same sex, without ``FINAL_ACTORS``."""
        said = (clip.emotion, clip.intensity, clip.statement, clip.repetition)
        return [
            c
            for c in self.clips
            if (c.emotion, c.intensity, c.statement, c.repetition) == said
            and c.actor not in (clip.actor, *FINAL_ACTORS)
            and (c.actor - clip.actor) % 2 == 0
        ]


def training_clips(clips: Iterable[Clip]) -> list[Clip]:
    """The clips that judges and statistics are fitted to: the training clips of actors 1 to 14, for any model."""
    return [clip for clip in split_clips(clips).train if clip.actor not in CHOOSING_ACTORS]


def trial_clips(clips: Iterable[Clip]) -> list[Clip]:
    """The clips that judges are tested on: those of ``CHOOSING_ACTORS``, or of unseen speakers if there are none."""
    clips = list(clips)
    return [clip for clip in clips if clip.actor in CHOOSING_ACTORS] or list(split_clips(clips).unseen)


def clips_of_set(name: str, clips: Sequence[Clip], emotion: str) -> list[Clip]:
    """The clips of an emotion in one of ``SETS``.

    Raises
    ------
    InputError
        There are no such clips.
    """
    split = split_clips(clips)
    members = {
        "choose": [clip for clip in clips if clip.actor in CHOOSING_ACTORS],
        "final": split.unseen,
        "held-back": [clip for clip in split.held_back if clip.actor not in CHOOSING_ACTORS],
        "seen": training_clips(clips),
    }[name]
    if not any(clip.emotion == emotion for clip in members):
        raise InputError(f"--clips {name}: no clips of {emotion!r} ({SETS[name]}); choose another of {', '.join(SETS)}")
    chosen = domain(members, emotion)
    return chosen[:: max(1, len(chosen) // SEEN_CLIPS)] if name == "seen" else chosen


def choose_sources(wanted: str, clips: Sequence[Clip], emotion: str, sample_rate: int) -> list[Source]:
    """Read the clips to convert: those of one of ``SETS``, or of a folder."""
    paths = (
        [clip.path for clip in clips_of_set(wanted, clips, emotion)] if wanted in SETS else recordings_in(Path(wanted))
    )
    return [load_source(path, sample_rate) for path in paths]


def load_source(path: Path, sample_rate: int) -> Source:
    """Read a recording, and identify it by its name if it is from RAVDESS."""
    return Source(path.stem, load_waveform(path, sample_rate), known_clip(path))


def recordings_in(folder: Path) -> list[Path]:
    """Find the recordings directly in a folder; refuse one that has none."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give a folder of recordings, or {', '.join(SETS)}")
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise InputError(f"{folder}: holds no recordings; give a folder of {FORMATS} files")
    return found
