"""Sounds that several test files use, and their level."""

from functools import cache

import numpy as np

from cyclegan_keras.corpora.demo import synthesise_clip

SHORT_CLIP = "Actor_04/03-01-02-01-02-02-04.wav"
"""A clip of the fixture ``demo_clips`` that training never sees."""


def level_db(waveform: np.ndarray) -> float:
    """RMS level in dB of full scale."""
    return 20 * np.log10(np.sqrt(np.mean(np.square(waveform))))


@cache
def speech(emotion: str = "calm", actor: int = 1, statement: int = 1, repetition: int = 1) -> np.ndarray:
    """A clip of the demo corpus, 16 kHz."""
    return synthesise_clip(emotion, 1, statement, repetition, actor=actor, seed=0)


def speech_of(seconds: float) -> np.ndarray:
    """Speech without pauses at its ends, repeated until it lasts so long."""
    return np.tile(speech()[16_000:48_000], 8)[: int(seconds * 16_000)]


def harmonic_voice(hertz: float, seconds: float = 2.0) -> np.ndarray:
    """Harmonics of one pitch over faint noise, 16 kHz."""
    time = np.arange(int(seconds * 16_000)) / 16_000
    harmonics = sum(np.sin(2 * np.pi * n * hertz * time) / n for n in range(1, 12))
    return (0.1 * harmonics + np.random.default_rng(0).normal(0, 1e-3, len(time))).astype(np.float32)
