"""Cached measures of a single sound: acoustic features, recognised words, cleanness, speaker embedding."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import joblib
import numpy as np

from cyclegan_keras.measuring import metrics, speaker, voice, words
from cyclegan_keras.measuring.cache import cached, fingerprint

SCALARS = ("f0_median", "f0_spread", "treble", "level_spread")


class Sound(NamedTuple):
    """The measures of a sound. ``words`` is None if the sentence is unknown, ``dnsmos`` if it is not measured."""

    voice: voice.Voice
    words: words.Recognition | None
    dnsmos: float | None


def measure_sounds(
    sounds: Sequence[np.ndarray], statements: Sequence[int], sample_rate: int, with_dnsmos: bool
) -> list[Sound]:
    """Measure sounds in parallel on all processors.

    Parameters
    ----------
    sounds : sequence of np.ndarray [shape=(n,)]
    statements : sequence of int
        The sentence of each sound: a key of ``words.SENTENCES``, or 0 for any other.
    sample_rate : int
        Must be 16000 Hz for the recogniser and DNSMOS.
    with_dnsmos : bool
    """
    return joblib.Parallel(n_jobs=-1)(
        joblib.delayed(_measure)(sound, statement, sample_rate, with_dnsmos)
        for sound, statement in zip(sounds, statements)
    )


def embedding(sound: np.ndarray) -> np.ndarray:
    """The cached speaker embedding of a sound, by ``speaker.embed``."""
    return cached("speaker", fingerprint(sound), (speaker,), lambda: {"embedding": speaker.embed(sound)})["embedding"]


def _measure(sound: np.ndarray, statement: int, sample_rate: int, with_dnsmos: bool) -> Sound:
    content = f"{fingerprint(sound)} {sample_rate}"
    numbers = cached("voice", content, (voice,), lambda: _voice_numbers(voice.analyse_voice(sound, sample_rate)))
    scalars = dict(zip(SCALARS, map(float, numbers["scalars"])))
    recognised = mos = None
    if statement:
        said = cached("words", f"{content} {statement}", (words,), lambda: _word_numbers(sound, statement))
        recognised = words.Recognition(float(said["wer"]), bool(said["whole"]))
    if with_dnsmos:
        clean = cached("dnsmos", content, (metrics,), lambda: {"dnsmos": np.array(metrics.dnsmos(sound, sample_rate))})
        mos = float(clean["dnsmos"])
    return Sound(voice.Voice(numbers["cepstra"], numbers["f0"], **scalars), recognised, mos)


def _voice_numbers(measured: voice.Voice) -> dict[str, np.ndarray]:
    scalars = np.array([getattr(measured, name) for name in SCALARS])
    return {"cepstra": measured.cepstra, "f0": measured.f0, "scalars": scalars}


def _word_numbers(sound: np.ndarray, statement: int) -> dict[str, np.ndarray]:
    recognised = _recogniser().score(sound, statement)
    return {"wer": np.array(recognised.wer), "whole": np.array(float(recognised.whole))}


@functools.cache
def _recogniser() -> words.WordRecogniser:
    return words.WordRecogniser()
