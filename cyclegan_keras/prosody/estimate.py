"""How one emotion differs from another as it is spoken, estimated from recordings of both.

Clips are compared with those of the same speaker. Level and balance are compared once pitch and tempo are alike.
"""

from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import scipy

from cyclegan_keras.audio.level import high_passed
from cyclegan_keras.prosody.balance import mean_balance, ranked_level
from cyclegan_keras.prosody.f0 import FRAME_SECONDS, RUMBLE_HZ, frame_level, speech_span, track_f0
from cyclegan_keras.prosody.move import LEAST_VOICED, Prosody, move
from cyclegan_keras.shared.errors import InputError

Spoken = Sequence[tuple[Hashable, np.ndarray]]
"""Recordings with their speakers."""

Groups = dict[Hashable, list[np.ndarray]]
"""An array of measures for each recording, by speaker."""

ANYONE = "anyone"
"""Stands for every speaker where no speaker has recordings of both emotions."""

PRIOR_CLIPS = 10.0
"""``pull`` starts from the belief that a clip keeps its own balance, which counts as much as so many recordings."""

THREADS = 4


def estimate_prosody(source: Spoken, target: Spoken, sample_rate: int, same_words: bool = True) -> Prosody:
    """Estimate how a target emotion differs from a source emotion.

    Parameters
    ----------
    source, target : sequences of (speaker, np.ndarray [shape=(n,)])
    sample_rate : int
        In Hz.
    same_words : bool
        Whether the two emotions have the same sentences. If not, durations tell nothing, and ``tempo`` is 1.

    Returns
    -------
    prosody : Prosody
        ``shift`` is the median difference between a target and a source clip of one speaker, over all such pairs
        (Hodges & Lehmann, 1963): an octave error in a shouted clip does not move it. The rest are means over speakers.

    Raises
    ------
    InputError
        An emotion has no recording with enough voiced frames.
    """
    source, target = (_described(side, sample_rate) for side in (source, target))
    if not source or not target:
        raise InputError("an emotion has no clip with a voice to estimate its pitch from; give other recordings")
    if not {who for who, *_ in source} & {who for who, *_ in target}:
        source, target = ([(ANYONE, *rest) for _, *rest in side] for side in (source, target))
    before, after = ([(who, measures) for who, _, measures in side] for side in (source, target))
    speakers = _speakers(before, after)
    (_, width, seconds), (_, new_width, new_seconds) = (_mean(side, speakers) for side in (before, after))
    tempo = float(new_seconds / seconds) if same_words else 1.0
    pitch = Prosody(_shift(before, after), float(new_width / width), tempo)

    def at_new_pitch(waveform: np.ndarray) -> np.ndarray:
        return ranked_level(move(waveform, pitch, sample_rate), sample_rate)

    with ThreadPoolExecutor(THREADS) as threads:
        here = list(zip((who for who, *_ in source), threads.map(at_new_pitch, (w for _, w, _ in source))))
    there = [(who, ranked_level(waveform, sample_rate)) for who, waveform, _ in target]
    difference = _mean(there, speakers) - _mean(here, speakers)
    centre, pull = _pull(_grouped(here), _grouped(there), speakers)
    return replace(
        pitch,
        levels=tuple(difference[:, 0].tolist()),
        balance=tuple(map(tuple, difference[:, 1:].tolist())),
        centre=tuple(centre.tolist()),
        pull=tuple(pull.tolist()),
    )


def _described(spoken: Spoken, sample_rate: int) -> list[tuple[Hashable, np.ndarray, np.ndarray]]:
    """Add median and width of log F0 and seconds of speech; leave out recordings with too few voiced frames."""

    def describe(waveform: np.ndarray) -> np.ndarray | None:
        f0 = track_f0(waveform, sample_rate)
        log_f0 = np.log(f0[f0 > 0])
        if len(log_f0) < LEAST_VOICED:
            return None
        speech = speech_span(frame_level(high_passed(waveform, sample_rate, RUMBLE_HZ), sample_rate))
        low, middle, high = np.percentile(log_f0, (16, 50, 84))
        return np.array([middle, high - low, (speech.stop - speech.start) * FRAME_SECONDS])

    with ThreadPoolExecutor(THREADS) as threads:
        measures = threads.map(describe, (waveform for _, waveform in spoken))
        return [(who, waveform, found) for (who, waveform), found in zip(spoken, measures) if found is not None]


def _shift(before: Sequence[tuple], after: Sequence[tuple]) -> float:
    return float(np.median([new[0] - old[0] for who, new in after for speaker, old in before if speaker == who]))


def _pull(here: Groups, there: Groups, speakers: Sequence[Hashable]) -> tuple[np.ndarray, np.ndarray]:
    """The mean balance, and for each coefficient 1 - the slope of the target's deviation over the source's."""

    def mean(group: list[np.ndarray]) -> np.ndarray:
        return np.mean([mean_balance(decibels) for decibels in group], axis=0)

    centre = np.mean([mean(here[who]) for who in speakers], axis=0)
    goal = np.mean([mean(there[who]) for who in speakers], axis=0)
    own, target = [], []
    for who in speakers:
        own += [mean_balance(decibels) - centre for decibels in here[who]]
        target += [mean(there[who]) - goal] * len(here[who])
    own, target = scipy.fft.dct(own, norm="ortho"), scipy.fft.dct(target, norm="ortho")
    energy = (own**2).sum(axis=0)
    belief = PRIOR_CLIPS / len(own) * energy
    slope = ((own * target).sum(axis=0) + belief) / np.maximum(energy + belief, 1e-12)
    return centre, np.clip(1.0 - slope, 0.0, 1.0)


def _speakers(before: Sequence[tuple], after: Sequence[tuple]) -> list[Hashable]:
    return sorted({who for who, _ in before} & {who for who, _ in after})


def _mean(measures: Sequence[tuple[Hashable, np.ndarray]], speakers: Sequence[Hashable]) -> np.ndarray:
    groups = _grouped(measures)
    return np.mean([np.mean(groups[speaker], axis=0) for speaker in speakers], axis=0)


def _grouped(measures: Sequence[tuple[Hashable, np.ndarray]]) -> Groups:
    groups: Groups = {}
    for speaker, array in measures:
        groups.setdefault(speaker, []).append(array)
    return groups
