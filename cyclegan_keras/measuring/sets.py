"""Sets of clips for model selection and for final figures, and pairs of parallel recordings."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.audio.sources import FORMATS
from cyclegan_keras.corpora.clips import Clip, domain
from cyclegan_keras.corpora.parallel import counterpart
from cyclegan_keras.corpora.recordings import files_below
from cyclegan_keras.corpora.report_clips import known_clip
from cyclegan_keras.corpora.split import UNSEEN_ACTORS, split_clips
from cyclegan_keras.shared.errors import InputError

CHOOSING_ACTORS = (15, 16, 17, 18)
"""RAVDESS's actors for model selection: recipe, epoch and strength are chosen on their clips."""

FINAL_ACTORS = UNSEEN_ACTORS
"""RAVDESS's actors for the final figures, measured once when a model is finished."""

SETS = {
    "choose": "RAVDESS's actors 15 to 18, for model selection",
    "final": "RAVDESS's actors 19 and 20, for final figures",
    "unseen": "speakers that the run left out of training",
    "seen": "some training clips",
    "held-back": "held-back clips of training speakers",
}
"""The sets of clips that can be measured."""

SEEN_CLIPS = 16
"""The least number of training clips that are measured, where there are so many: every nth of all, in their order."""


@dataclass(frozen=True, eq=False)
class Source:
    """A recording to convert; ``clip`` describes it if it is from a known corpus, else None."""

    name: str
    waveform: np.ndarray
    clip: Clip | None

    @property
    def speaker(self) -> str:
        """The speaker, or the recording's name if the speaker is not known."""
        return self.clip.who if self.clip else self.name


class Pairing:
    """Finds parallel recordings: the same sentence in another emotion, take or voice.

    Parameters
    ----------
    clips : sequence of Clip
        All clips of a data set.
    """

    def __init__(self, clips: Sequence[Clip]):
        self.clips = list(clips)
        self._by_speaker = defaultdict(list)
        for clip in self.clips:
            self._by_speaker[clip.who].append(clip)

    def real(self, clip: Clip, emotion: str) -> Clip | None:
        """The same speaker's recording of the same sentence in another emotion.

        Of several, the one with the nearest intensity and repetition. RAVDESS's neutral has only intensity 1.
        """
        return counterpart(clip, emotion, self._by_speaker[clip.who])

    def second_take(self, clip: Clip) -> Clip | None:
        """Another recording of the same sentence by the same speaker, in the same emotion and intensity."""
        alike = [other for other in self._by_speaker[clip.who] if other.intensity == clip.intensity]
        return counterpart(clip, clip.emotion, alike)

    def others(self, clip: Clip) -> list[Clip]:
        """The speaker's other clips in the same emotion."""
        return [c for c in self._by_speaker[clip.who] if c.emotion == clip.emotion and c.key != clip.key]

    def impostors(self, clip: Clip) -> list[Clip]:
        """The same sentence in the same emotion by other speakers; of RAVDESS's, of the same sex and not final ones."""
        said = (clip.corpus, clip.emotion, clip.intensity, clip.sentence, clip.repetition)
        return [
            c
            for c in self.clips
            if (c.corpus, c.emotion, c.intensity, c.sentence, c.repetition) == said
            and c.who != clip.who
            and not (c.of_ravdess and (c.actor in FINAL_ACTORS or (c.actor - clip.actor) % 2))
        ]


def training_clips(clips: Iterable[Clip]) -> list[Clip]:
    """The clips that judges and statistics are fitted to, whatever a model trained on; none of actors 15 to 20."""
    return [clip for clip in split_clips(clips).train if clip.actor not in CHOOSING_ACTORS]


def trial_clips(clips: Iterable[Clip]) -> list[Clip]:
    """The clips that judges are tested on: of ``CHOOSING_ACTORS``, else of unseen speakers, else held-back clips."""
    clips = list(clips)
    split = split_clips(clips)
    return [clip for clip in clips if clip.actor in CHOOSING_ACTORS] or list(split.unseen or split.held_back)


def clips_of_set(name: str, clips: Sequence[Clip], emotion: str, unseen_speakers: Sequence[str] = ()) -> list[Clip]:
    """The clips of an emotion in one of ``SETS``.

    Parameters
    ----------
    name : str
    clips : sequence of Clip
        All clips of a data set.
    emotion : str
    unseen_speakers : sequence of str
        Those that a run left out of training; empty where the rule of ``split_clips`` chose.

    Raises
    ------
    InputError
        There are no such clips.
    """
    split = split_clips(clips, unseen_speakers)
    members = {
        "choose": [clip for clip in clips if clip.actor in CHOOSING_ACTORS],
        "final": [clip for clip in clips if clip.actor in FINAL_ACTORS],
        "unseen": split.unseen,
        "held-back": [clip for clip in split.held_back if clip.actor not in CHOOSING_ACTORS],
        "seen": [clip for clip in split.train if clip.actor not in CHOOSING_ACTORS],
    }[name]
    if not any(clip.emotion == emotion for clip in members):
        raise InputError(f"--clips {name}: no clips of {emotion!r} ({SETS[name]}); choose another of {', '.join(SETS)}")
    chosen = domain(members, emotion)
    return chosen[:: max(1, len(chosen) // SEEN_CLIPS)] if name == "seen" else chosen


def choose_sources(
    wanted: str, clips: Sequence[Clip], emotion: str, sample_rate: int, unseen_speakers: Sequence[str] = ()
) -> list[Source]:
    """Read the clips to convert: those of one of ``SETS``, or of a folder, except its clips of other emotions.

    Raises
    ------
    InputError
        There are none.
    """
    if wanted not in SETS:
        if not Path(wanted).is_dir():
            raise InputError(f"--clips {wanted}: no such folder; give a folder of recordings, or {', '.join(SETS)}")
        found = identified(recordings_in(Path(wanted)), clips)
        found = [(path, clip) for path, clip in found if clip is None or clip.emotion == emotion]
        if not found:
            raise InputError(f"--clips {wanted}: every recording is of another emotion than {emotion!r}; name --source")
    else:
        found = [(clip.path, clip) for clip in clips_of_set(wanted, clips, emotion, unseen_speakers)]
    return [load_source(path, sample_rate, clip) for path, clip in found]


def identified(paths: Sequence[Path], clips: Iterable[Clip]) -> list[tuple[Path, Clip | None]]:
    """Find the clip that each recording is: one of ``clips``, or by its name one of RAVDESS's; else None."""
    known = {clip.path.resolve(): clip for clip in clips}
    return [(path, known.get(path.resolve()) or known_clip(path)) for path in paths]


def load_source(path: Path, sample_rate: int, clip: Clip | None) -> Source:
    """Read a recording; ``clip`` describes it, if it is known."""
    return Source(path.stem, load_waveform(path, sample_rate), clip)


def recordings_in(folder: Path) -> list[Path]:
    """Find the recordings in a folder and below; refuse a folder without any."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give a folder of recordings")
    found = sorted(files_below(folder).recordings)
    if not found:
        raise InputError(f"{folder}: holds no recordings; give a folder of {FORMATS} files")
    return found
