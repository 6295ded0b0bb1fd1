"""A synthetic corpus of speech-like clips, in RAVDESS's layout and names.

It serves the demo and the tests, and does not replace RAVDESS. A formant synthesiser speaks RAVDESS's two statements.
The emotion sets pitch, tempo, level and voice quality.
"""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from scipy.io import wavfile
from scipy.signal import lfilter

from cyclegan_keras.corpora.demo_speech import EXPRESSIONS, STATEMENTS, Expression
from cyclegan_keras.corpora.formant_synthesis import SAMPLE_RATE, Voice, articulate, rms, speak
from cyclegan_keras.emotions import EMOTION_ALIASES, EMOTIONS
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.files import written_beside

INTENSITIES, REPETITIONS, ACTORS = (1, 2), (1, 2), range(1, 25)

LEAD_SECONDS, TAIL_SECONDS = 1.0, 0.9
SPEECH_DB, NOISE_FLOOR_DB = -29.0, -76.0  # RMS, dB of full scale
PEAK_LIMIT = 0.97
STRONG = 1.6  # times an emotion's difference from neutral


def write_demo_corpus(
    root: Path, seed: int = 0, emotions: Sequence[str] = EMOTIONS, actors: Sequence[int] = (1, 2, 4, 19)
) -> list[Path]:
    """Write a small synthetic corpus in RAVDESS's layout, as 16-bit mono WAV at 16 kHz.

    Each actor speaks both statements twice at each intensity: 8 clips per emotion, and 4 of neutral, which has no
    strong intensity. A clip depends only on ``seed`` and its own name. The default 240 clips take about 31 MB.

    Parameters
    ----------
    root : Path
        Folder that receives ``Actor_01`` and so on; created if missing.
    seed : int
        0 or more; another seed gives other voices and other takes.
    emotions : sequence of str
        From ``emotions.EMOTIONS``.
    actors : sequence of int
        1 to 24, odd male and even female. By the rule of ``split.split_clips``, actors 1 and 2 of the default are only
        trained on, 4 has clips held back, and 19 is unseen.

    Returns
    -------
    list of Path
        The files, in the order of actors and names.

    Raises
    ------
    InputError
        An emotion is unknown, or an actor or the seed out of range; nothing is written then.

    Example
    -------
    >>> paths = write_demo_corpus(Path("data/demo"), emotions=("calm", "fearful"))  # doctest: +SKIP
    >>> len(paths), paths[0].name  # doctest: +SKIP
    (64, '03-01-02-01-01-01-01.wav')
    """
    emotions = sorted({_known_emotion(emotion) for emotion in emotions}, key=EMOTIONS.index)
    clips = [
        (emotion, intensity, statement, repetition, actor)
        for actor, emotion, intensity, statement, repetition in product(
            sorted(set(actors)), emotions, INTENSITIES, STATEMENTS, REPETITIONS
        )
        if (emotion, intensity) != ("neutral", 2)
    ]
    names = ["-".join(f"{field:02d}" for field in (3, 1, *_name_fields(*clip, seed))) for clip in clips]
    paths = [Path(root) / f"Actor_{clip[-1]:02d}" / f"{name}.wav" for clip, name in zip(clips, names)]
    for clip, path in zip(clips, paths):
        waveform = synthesise_clip(*clip, seed)
        with written_beside(path) as beside:
            wavfile.write(beside, SAMPLE_RATE, np.round(waveform * 32767).astype("<i2"))
    return paths


def synthesise_clip(
    emotion: str, intensity: int, statement: int, repetition: int, actor: int, seed: int = 0
) -> np.ndarray:
    """Synthesise one clip: about 1.0 s of room noise, the statement, 0.9 s of room noise.

    Parameters
    ----------
    emotion : str
        From ``emotions.EMOTIONS``.
    intensity : int
        1 normal, 2 strong: every difference from neutral is 1.6 times as large. Neutral has only 1.
    statement : int
        1 "Kids are talking by the door", 2 "Dogs are sitting by the door".
    repetition : int
        1 or 2.
    actor : int
        1 to 24, odd male and even female.
    seed : int
        0 or more.

    Returns
    -------
    np.ndarray [shape=(n_samples,), dtype=float32]
        Waveform at 16 kHz within [-1, 1], 3.2 to 5.0 s long.

    Raises
    ------
    InputError
        An argument is out of range.

    Example
    -------
    >>> waveform = synthesise_clip("fearful", intensity=2, statement=1, repetition=1, actor=4)
    >>> waveform.dtype, 3.2 <= len(waveform) / 16_000 <= 5.0
    (dtype('float32'), True)
    """
    fields = _name_fields(emotion, intensity, statement, repetition, actor, seed)
    rng = np.random.default_rng([seed, *fields])
    expression, voice = _expression(_known_emotion(emotion), intensity), _voice(actor, seed)

    tracks = articulate(statement, expression, voice, rng)
    speech = speak(tracks, expression, rng)
    level_db = SPEECH_DB + expression.level_db + rng.uniform(-0.7, 0.7)
    speech *= 10 ** (level_db / 20) / rms(speech)
    speech *= min(1.0, PEAK_LIMIT / np.abs(speech).max())

    lead, tail = (np.array([LEAD_SECONDS, TAIL_SECONDS]) + rng.uniform(-0.04, 0.04, 2)) * SAMPLE_RATE
    lead, tail = int(lead), int(tail)
    waveform = _room_noise(lead + len(speech) + tail, rng)
    waveform[lead : lead + len(speech)] += speech
    return np.clip(waveform, -1.0, 1.0).astype(np.float32)


def _known_emotion(emotion: str) -> str:
    known = EMOTION_ALIASES.get(emotion, emotion)
    if known not in EMOTIONS:
        raise InputError(f"unknown emotion {emotion!r}; choose from {', '.join(EMOTIONS)}")
    return known


def _name_fields(
    emotion: str, intensity: int, statement: int, repetition: int, actor: int, seed: int
) -> tuple[int, ...]:
    """Check the arguments; return the last five fields of the clip's name."""
    emotion = _known_emotion(emotion)
    if seed < 0:
        raise InputError(f"seed {seed}: must be 0 or more")
    if (emotion, intensity) == ("neutral", 2):
        raise InputError("intensity 2: neutral has no strong intensity; use 1")
    for name, value, choices in (
        ("intensity", intensity, INTENSITIES),
        ("statement", statement, tuple(STATEMENTS)),
        ("repetition", repetition, REPETITIONS),
        ("actor", actor, ACTORS),
    ):
        if value not in choices:
            raise InputError(f"{name} {value!r}: must lie between {choices[0]} and {choices[-1]}")
    return (EMOTIONS.index(emotion) + 1, intensity, statement, repetition, actor)


def _expression(emotion: str, intensity: int) -> Expression:
    scale = STRONG if intensity == 2 else 1.0
    neutral = EXPRESSIONS["neutral"]
    return Expression(*(n + scale * (e - n) for e, n in zip(EXPRESSIONS[emotion], neutral)))


def _voice(actor: int, seed: int) -> Voice:
    rng = np.random.default_rng([seed, actor])
    f0_hz, tract_scale = (110.0, 1.0) if actor % 2 else (200.0, 1.15)
    f0_hz *= 2 ** (rng.uniform(-1.5, 1.5) / 12)
    return Voice(f0_hz, tract_scale * rng.uniform(0.97, 1.03), tempo=rng.uniform(0.96, 1.04))


def _room_noise(n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """Noise at ``NOISE_FLOOR_DB`` that falls by 6 dB per octave, as in a quiet room."""
    noise = lfilter([1.0], [1.0, -0.95], rng.standard_normal(n_samples))
    return noise * 10 ** (NOISE_FLOOR_DB / 20) / rms(noise)
