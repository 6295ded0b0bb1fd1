"""What is measured of one sound alone, kept from run to run: its voice, the words heard in it, how clean it is, who."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import joblib
import numpy as np

from cyclegan_keras.measuring import metrics, speaker, voice, words
from cyclegan_keras.measuring.cache import fingerprint, kept

SCALARS = ("f0_median", "f0_spread", "treble", "level_spread")


class Sound(NamedTuple):
    """The measures of a sound; ``heard`` is None where what is said is not known, ``dnsmos`` where it is not asked."""

    voice: voice.Voice
    heard: words.Heard | None
    dnsmos: float | None


def measure_sounds(
    sounds: Sequence[np.ndarray], statements: Sequence[int], sample_rate: int, with_dnsmos: bool
) -> list[Sound]:
    """Measure sounds by all processors.

    Parameters
    ----------
    sounds : sequence of np.ndarray [shape=(n,)]
    statements : sequence of int
        What is said in each: of ``words.SENTENCES``, or 0 for anything else.
    sample_rate : int
        16000 Hz, which the recogniser and DNSMOS are made for.
    with_dnsmos : bool
    """
    return joblib.Parallel(n_jobs=-1)(
        joblib.delayed(_measure)(sound, statement, sample_rate, with_dnsmos)
        for sound, statement in zip(sounds, statements)
    )


def embedding(sound: np.ndarray) -> np.ndarray:
    """The speaker's embedding of a sound, as ``speaker.embed``."""
    return kept("speaker", fingerprint(sound), (speaker,), lambda: {"embedding": speaker.embed(sound)})["embedding"]


def _measure(sound: np.ndarray, statement: int, sample_rate: int, with_dnsmos: bool) -> Sound:
    content = f"{fingerprint(sound)} {sample_rate}"
    numbers = kept("voice", content, (voice,), lambda: _voice_numbers(voice.analyse_voice(sound, sample_rate)))
    scalars = dict(zip(SCALARS, map(float, numbers["scalars"])))
    heard = mos = None
    if statement:
        said = kept("words", f"{content} {statement}", (words,), lambda: _word_numbers(sound, statement))
        heard = words.Heard(float(said["wer"]), bool(said["whole"]))
    if with_dnsmos:
        clean = kept("dnsmos", content, (metrics,), lambda: {"dnsmos": np.array(metrics.dnsmos(sound, sample_rate))})
        mos = float(clean["dnsmos"])
    return Sound(voice.Voice(numbers["cepstra"], numbers["f0"], **scalars), heard, mos)


def _voice_numbers(measured: voice.Voice) -> dict[str, np.ndarray]:
    scalars = np.array([getattr(measured, name) for name in SCALARS])
    return {"cepstra": measured.cepstra, "f0": measured.f0, "scalars": scalars}


def _word_numbers(sound: np.ndarray, statement: int) -> dict[str, np.ndarray]:
    heard = _recogniser().hear(sound, statement)
    return {"wer": np.array(heard.wer), "whole": np.array(float(heard.whole))}


@functools.cache
def _recogniser() -> words.WordRecogniser:
    return words.WordRecogniser()
