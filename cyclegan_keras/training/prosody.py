"""The statistics of prosody that a run of our own way starts from."""

from collections.abc import Sequence

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.parallel import comparable
from cyclegan_keras.prosody.estimate import Spoken, estimate_prosody
from cyclegan_keras.prosody.move import Prosody
from cyclegan_keras.shared.run_directory import DIRECTIONS

PROSODY_CLIPS = 200
"""Prosody is estimated from at most so many clips of each emotion."""


def estimate_both_ways(a: Sequence[Clip], b: Sequence[Clip], sample_rate: int) -> dict[str, Prosody]:
    """Estimate how B differs from A as it is spoken, and A from B.

    Parameters
    ----------
    a, b : sequences of Clip
        The training clips of each emotion.
    sample_rate : int
        In Hz.

    Returns
    -------
    prosodies : dict of str to Prosody
        By direction.

    Raises
    ------
    InputError
        An emotion has no clip with enough voiced frames.
    """
    estimates = [
        estimate_prosody(_spoken(source, sample_rate), _spoken(comparable(target, source), sample_rate), sample_rate)
        for source, target in ((a, b), (b, a))
    ]
    return dict(zip(DIRECTIONS, estimates))


def _spoken(clips: Sequence[Clip], sample_rate: int) -> Spoken:
    few = clips[:: -(-len(clips) // PROSODY_CLIPS)]
    return [(clip.who, load_waveform(clip.path, sample_rate)) for clip in few]
