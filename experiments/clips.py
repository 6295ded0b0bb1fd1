"""The recordings that the tables start from: the data's clips, the report's own, and espeak-ng's voices."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cyclegan_keras.corpora.clips import Clip, domain
from cyclegan_keras.corpora.index import index_clips
from cyclegan_keras.corpora.report_clips import RAVDESS_KEYS
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.shared.errors import InputError
from experiments.runs import Settings
from experiments.speech_runs import SpeechTraining

SEEN, HELD_BACK, UNSEEN = "seen", "held back", "unseen"
"""Sets of the data's clips: training clips, held-back clips, and clips of unseen speakers."""

TABLE_2 = "seen, Table 2's models"
"""The set of the clip that the authors converted by the models of Table 2, which are others than those of Table 3."""

OTHER_SPEAKER, ENGLISH, HINDI, KANNADA = "another speaker", "English", "Hindi", "Kannada"
"""Sets of recordings in the report's folder."""

YOURS = "your recordings"
"""The set of all recordings in another folder given with CLIPS."""

GERMAN = "German"
"""The set of EmoDB's neutral clips, ``GERMAN_CLIPS`` of each speaker."""

GERMAN_CLIPS = 3

ESPEAK_ENGLISH, ESPEAK_HINDI, ESPEAK_KANNADA = "espeak-ng, English", "espeak-ng, Hindi", "espeak-ng, Kannada"

STATEMENTS = {1: "Kids are talking by the door", 2: "Dogs are sitting by the door"}
"""RAVDESS's two sentences."""

REPORTS = {
    **{name: HELD_BACK if "orig" in name else SEEN for name in RAVDESS_KEYS if "real" not in name},
    "260_real_calm_for_anger": TABLE_2, "520_real_calm_for_anger": TABLE_2,
    "calm_eng2": OTHER_SPEAKER, "calm_eng1": ENGLISH, "calm_eng3": ENGLISH, "calm_hin": HINDI, "calm_kan": KANNADA,
}  # fmt: skip
"""The report's recordings, and the set of each for the authors' models."""

SPOKEN = {
    ESPEAK_ENGLISH: ("en", ("This project is fun", "Three plus one equals four")),
    ESPEAK_HINDI: ("hi", ("यह परियोजना मज़ेदार है",)),
    ESPEAK_KANNADA: ("kn", ("ಈ ಯೋಜನೆ ಖುಷಿ ಕೊಡುತ್ತದೆ",)),
}
"""espeak-ng's name of each set's language, and the sentences to synthesise."""

VOICES = ("f2", "m3", "f4", "m1", "m7")
"""espeak-ng's voice variants, which serve as speakers."""

CLIPS_WITH_DEMO = 4
"""Number of clips in each set with the demo corpus."""

SUFFIXES = (".wav", ".flac")


@dataclass(frozen=True)
class Recording:
    """A recording; ``of`` is its set, ``origin`` its source: "RAVDESS", "EmoDB", "espeak-ng", "the report", "yours"."""

    name: str
    path: Path
    of: str
    origin: str
    speaker: str
    words: str = ""
    clip: Clip | None = None

    @property
    def what(self) -> str:
        """A line that describes it."""
        theirs = [
            f"the report's {name}" for name, key in RAVDESS_KEYS.items() if key == self.name and "real" not in name
        ]
        of = f"{self.of} in training" if self.of == SEEN else self.of
        return ", ".join([self.speaker, *([f'"{self.words}"'] if self.words else ()), of, *theirs])

    @property
    def source(self) -> str:
        """Where to get the file."""
        return f"{self.origin}'s {self.path.stem}" if self.origin != "yours" else self.path.name


def recordings(settings: Settings, pair: str, sets: Sequence[str]) -> list[Recording]:
    """Find the recordings of some sets that a pair converts; an empty set is left out.

    Raises
    ------
    InputError
        The data has no clips of the pair's first emotion.
    """
    emotion, split = split_pair(pair)[0], settings.split()
    found, most = [], CLIPS_WITH_DEMO if settings.demo else None
    for of, clips in ((SEEN, split.train), (HELD_BACK, split.held_back), (UNSEEN, split.unseen)):
        if of in sets:
            there = domain(clips, emotion) if of == SEEN else [clip for clip in clips if clip.emotion == emotion]
            found += [of_clip(clip, of) for clip in there[:most]]
    theirs = of_report(settings)
    found += [each for each in theirs if each.of in sets and each.origin == "the report"]
    if YOURS in sets and settings.clips and not theirs:
        found += [Recording(path.stem, path, YOURS, "yours", path.stem) for path in sound_files(settings.clips)]
    if GERMAN in sets and settings.emodb:
        neutral = domain(index_clips(settings.emodb, "emodb"), "neutral")
        of_each = [clip for clips in _by_speaker(neutral).values() for clip in clips[:GERMAN_CLIPS]]
        found += [Recording(clip.key, clip.path, GERMAN, "EmoDB", f"EmoDB's {clip.speaker}") for clip in of_each[:most]]
    for of in SPOKEN:
        if of in sets and shutil.which("espeak-ng"):
            found += by_espeak(settings.results / "spoken", of)[:most]
    return found


def sound_files(folder: Path) -> list[Path]:
    """Find the recordings in a folder, without those below it and without the ``._`` files of macOS."""
    return sorted(path for path in folder.glob("[!.]*") if path.suffix.lower() in SUFFIXES)


def of_clip(clip: Clip, of: str, path: Path | None = None) -> Recording:
    """Describe a clip of the data set."""
    voice = f"actor {clip.actor:02d}"
    return Recording(clip.key, path or clip.path, of, "RAVDESS", voice, STATEMENTS[clip.statement], clip)


def of_report(settings: Settings) -> list[Recording]:
    """Find the report's recordings in the folder given with CLIPS; those from RAVDESS get RAVDESS's name."""
    by_key = {clip.key: clip for clip in settings.clips_of_data}
    found = []
    for name, of in REPORTS.items() if settings.clips else ():
        path = next((p for p in (settings.clips / f"{name}{suffix}" for suffix in SUFFIXES) if p.is_file()), None)
        if path and name not in RAVDESS_KEYS:
            found.append(Recording(name, path, of, "the report", f"the report's {name}"))
        elif path and RAVDESS_KEYS[name] in by_key:
            found.append(of_clip(by_key[RAVDESS_KEYS[name]], of, path))
    return found


def reports_output(settings: Settings, recording: Recording, run: SpeechTraining) -> Path | None:
    """Find the conversion of a recording by the report's authors with a model like a training."""
    name, (source, target) = recording.path.stem, split_pair(run.pair)
    if source != ("neutral" if name.startswith("neutral") else "calm"):
        return None
    if name == f"{run.image_size}_real_calm_for_{target}":
        wanted = f"{run.image_size}_generated_{target}"
    elif name == "neutral_01":
        wanted = f"{name}_{target}{run.n_resnet}_generated"
    elif run.image_size == 260 and run.n_resnet == 6:
        wanted = f"{name}_{target}_generated"
    else:
        return None
    # The report's file names write emotions with and without a capital.
    files = settings.report_outputs.glob("*.*") if settings.report_outputs else ()
    return next((file for file in files if file.stem.lower() == wanted), None)


def by_espeak(folder: Path, of: str) -> list[Recording]:
    """Synthesise a set's sentences by espeak-ng in every voice, without emotion.

    Raises
    ------
    InputError
        espeak-ng cannot speak the language.
    """
    language, sentences = SPOKEN[of]
    spoken = []
    for voice in VOICES:
        for number, sentence in enumerate(sentences, start=1):
            path = folder / f"espeak_{language}_{voice}_{number}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            command = ["espeak-ng", "-v", f"{language}+{voice}", "-s", "130", "-w", str(path), sentence]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise InputError(f"espeak-ng: cannot speak {language}+{voice} ({done.stderr.strip()}); install it anew")
            spoken.append(Recording(path.stem, path, of, "espeak-ng", f"voice {language}+{voice}", sentence))
    return spoken


def rated(found: Sequence[Recording], shown: Sequence[str]) -> set[str]:
    """Choose the clips for DNSMOS, which takes a second each: all but the training clips, of which one per speaker.

    Those that are shown are measured whatever their set.
    """
    seen = _by_speaker([each for each in found if each.of == SEEN])
    return {each.name for each in found if each.of != SEEN} | {own[0].name for own in seen.values()} | set(shown)


def _by_speaker(of: Sequence[Clip] | Sequence[Recording]) -> dict[str, list]:
    found: dict[str, list] = {}
    for each in of:
        found.setdefault(each.speaker, []).append(each)
    return found


def chosen(names_by_set: dict[str, list[str]], rows: Sequence[tuple[str, int | Sequence[str]]]) -> list[str]:
    """Choose the clips that a table shows.

    Parameters
    ----------
    names_by_set : dict
        The names that there are.
    rows : sequence of (set, number or names)
        Names are the report's or RAVDESS's; where none of them is there, others of the set take their place.
    """
    shown = []
    for of, wanted in rows:
        there = names_by_set.get(of, [])
        number = wanted if isinstance(wanted, int) else len(wanted)
        named = [] if isinstance(wanted, int) else [RAVDESS_KEYS.get(name, name) for name in wanted]
        shown += [name for name in named if name in there] or there[:: max(1, len(there) // number)][:number]
    return list(dict.fromkeys(shown))
