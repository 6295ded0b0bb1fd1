"""The recordings that the tables start from: the report's own, or what stands for them."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cyclegan_keras.corpora.clips import Clip, domain, split_clips
from cyclegan_keras.corpora.ravdess import parse_name
from cyclegan_keras.shared.errors import InputError
from experiments.runs import Settings

STATEMENTS = {1: "Kids are talking by the door", 2: "Dogs are sitting by the door"}
"""RAVDESS's two sentences."""

RAVDESS_KEYS = {
    "neutral_01": "03-01-01-01-02-01-18",
    "calm_01": "03-01-02-01-02-01-14",
    "calm_02": "03-01-02-02-02-02-14",
    "calm_03": "03-01-02-01-02-02-14",
    "calm_04": "03-01-02-02-01-01-14",
    "calm_orig1": "03-01-02-01-02-01-20",
    "calm_orig2": "03-01-02-02-01-01-20",
    "260_real_calm_for_anger": "03-01-02-02-02-02-05",
    "520_real_calm_for_anger": "03-01-02-02-02-02-05",
    "260_real_calm_for_anger1": "03-01-02-02-01-01-14",
}
"""Which recordings of RAVDESS the report's clips are: found by cross-correlation, 0.98 and above (0.41 for the two
that are no plain copies; the next best is 0.2)."""

SPOKEN = {
    "en": ("This project is fun", "Three plus one equals four"),
    "hi": ("यह परियोजना मज़ेदार है",),
    "kn": ("ಈ ಯೋಜನೆ ಖುಷಿ ಕೊಡುತ್ತದೆ",),
}
"""What espeak-ng says where there are no recordings, by its names of languages."""

LANGUAGES = {"en": "English", "hi": "Hindi", "kn": "Kannada"}

_SUFFIXES = (".wav", ".flac")


@dataclass(frozen=True)
class Recording:
    """A recording, what it is, and which of RAVDESS's statements it holds; 0 for neither."""

    path: Path
    what: str
    statement: int = 0

    @property
    def name(self) -> str:
        """Its file's name without the ending."""
        return self.path.stem


def of_report(settings: Settings, names: Sequence[str], what: str = "the report's recording") -> list[Recording]:
    """Find recordings of the report by name in the folder given with CLIPS; those that are not there are left out.

    Those of RAVDESS are described by what they are and whether training here has seen them, which need not be as in the
    report; the others as ``what``.
    """
    found = []
    for name in names:
        paths = [settings.clips / f"{name}{suffix}" for suffix in _SUFFIXES] if settings.clips else []
        found += [_described(path, what) for path in paths if path.is_file()]
    return found


def given(settings: Settings) -> list[Recording]:
    """Take every recording of the folder given with CLIPS."""
    paths = sorted(settings.clips.glob("*")) if settings.clips else []
    return [Recording(path, f"from {settings.clips.name}") for path in paths if path.suffix.lower() in _SUFFIXES]


def of_data(clips: Sequence[Clip], emotion: str, what: str, statements: Sequence[int]) -> list[Recording]:
    """Take a clip of an emotion for each of ``statements``, every one by another actor where there are enough.

    Raises
    ------
    InputError
        There are no clips of the emotion.
    """
    left, chosen = domain(clips, emotion), []
    for statement in statements:
        saying = [clip for clip in left if clip.statement == statement]
        if saying:
            heard = {clip.actor for clip in chosen}
            chosen.append(min(saying, key=lambda clip: (clip.actor in heard, clip.intensity, clip.path.name)))
            left.remove(chosen[-1])
    return [
        Recording(clip.path, f"{what}, actor {clip.actor}: {STATEMENTS[clip.statement]}", clip.statement)
        for clip in chosen
    ]


def _described(path: Path, what: str) -> Recording:
    if path.stem not in RAVDESS_KEYS:
        return Recording(path, what)
    clip = parse_name(Path(f"{RAVDESS_KEYS[path.stem]}.flac"))
    split = split_clips([clip])
    known = "seen in training" if split.train else "held back here" if split.held_back else "an unseen actor here"
    return Recording(path, f"RAVDESS actor {clip.actor}, {known}: {STATEMENTS[clip.statement]}", clip.statement)


def by_espeak(settings: Settings, language: str) -> list[Recording]:
    """Have espeak-ng speak the sentences of a language; its voices are synthetic and of no emotion.

    Raises
    ------
    InputError
        espeak-ng is not installed.
    """
    if not shutil.which("espeak-ng"):
        raise InputError(
            f"no recordings in {LANGUAGES[language]}: name a folder of them with --clips (CLIPS=), or install espeak-ng"
        )
    recordings = []
    for number, sentence in enumerate(SPOKEN[language], start=1):
        path = settings.results / "spoken" / f"espeak_{language}_{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["espeak-ng", "-v", language, "-s", "130", "-w", str(path), sentence], check=True)
        recordings.append(Recording(path, f"espeak-ng, a synthetic voice, {LANGUAGES[language]}: {sentence}"))
    return recordings
