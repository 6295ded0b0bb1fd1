"""The statistics of prosody that a run of our own way starts from."""

import functools
from collections.abc import Callable, Sequence

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.config import RunConfig
from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.parallel import comparable, is_parallel
from cyclegan_keras.prosody.estimate import Spoken, estimate_prosody
from cyclegan_keras.prosody.move import UNMOVED, Prosody
from cyclegan_keras.prosody.stored import load_prosody, save_prosodies
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory

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
    load = functools.cache(lambda path: load_waveform(path, sample_rate))  # both directions need it

    def spoken(clips: Sequence[Clip]) -> Spoken:
        few = clips[:: -(-len(clips) // PROSODY_CLIPS)]
        return [(clip.who, load(clip.path)) for clip in few]

    same_words = is_parallel(a, b)
    estimates = [
        estimate_prosody(spoken(source), spoken(comparable(target, source)), sample_rate, same_words)
        for source, target in ((a, b), (b, a))
    ]
    return dict(zip(DIRECTIONS, estimates))


def prosody_of_run(
    run: RunDirectory, config: RunConfig, a: Sequence[Clip], b: Sequence[Clip], tell: Callable[[str], None]
) -> Prosody:
    """How B differs from A as it is spoken: as the run has it, else estimated, told of, and stored both ways.

    Raises
    ------
    InputError
        As ``estimate_both_ways``; or what is stored is damaged.
    """
    if not config.conversion.prosody:
        return UNMOVED
    if not run.prosody_file.exists():
        tell("estimating how the emotions differ in pitch, tempo, level and balance")
        if not is_parallel(a, b):
            tell("tempo stays as it is: few clips are known to have a counterpart (sentence and speaker in clips.csv)")
        save_prosodies(run.prosody_file, estimate_both_ways(a, b, config.spectrogram.sample_rate))
    return load_prosody(run.prosody_file, DIRECTIONS[0])
