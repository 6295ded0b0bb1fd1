"""Baselines in every table: the source recordings, a fixed equaliser, WORLD statistics, and the second takes."""

from collections.abc import Sequence

import joblib
import numpy as np

from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion.convert import synthesise
from cyclegan_keras.conversion.recording import analyse
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.corpora.clips import Clip, domain
from cyclegan_keras.corpora.parallel import comparable
from cyclegan_keras.measuring import attacks, voice, world
from cyclegan_keras.measuring.cache import Tell, cached, say_nothing
from cyclegan_keras.measuring.panel import load_clips
from cyclegan_keras.measuring.rows import Row
from cyclegan_keras.measuring.ruler import Ruler
from cyclegan_keras.measuring.sets import Source, training_clips
from cyclegan_keras.training.image_cache import data_key

OWN_PHASE = ConversionSettings("source")
"""The settings of the fixed equaliser, which keeps the recording's own phase."""


def before_conversion(ruler: Ruler, sources: Sequence[Source]) -> list[Row]:
    """Measure the source recordings, the fixed equaliser and the WORLD statistics."""
    own, other = ruler.panel.spectra
    rate = ruler.config.sample_rate
    recordings = [analyse(source.waveform, ruler.config) for source in sources]
    equalised = [
        synthesise(recording, attacks.equalised(recording.spectrogram, own, other), ruler.config, OWN_PHASE).waveform
        for recording in recordings
    ]
    statistics = world_statistics(ruler.pairing.clips, ruler.source, ruler.target, rate, ruler.tell)
    moved = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(world.convert)(source.waveform, statistics, rate) for source in sources
    )
    return [
        ruler.measure(f"nothing: {ruler.source}", [source.waveform for source in sources], sources),
        ruler.measure("fixed equaliser", equalised, sources),
        ruler.measure("WORLD statistics", moved, sources),
    ]


def second_take(ruler: Ruler, sources: Sequence[Source]) -> list[Row]:
    """Measure the actors' second takes, which show what a repetition reaches; no row if there are none."""
    sounds, known = ruler.second_takes(sources)
    return [ruler.measure(f"second take: {ruler.target}", sounds, known, aligned=False)] if sounds else []


def world_statistics(
    clips: Sequence[Clip], source: str, target: str, sample_rate: int, tell: Tell = say_nothing
) -> world.Statistics:
    """Compare two emotions in the training recordings. The analysis of each recording is cached.

    Raises
    ------
    InputError
        An emotion has no recordings.
    """
    described, speakers = [], []
    of_source, of_target = (domain(training_clips(clips), emotion) for emotion in (source, target))
    for emotion, of_emotion in ((source, of_source), (target, comparable(of_target, of_source))):
        numbers = _described(of_emotion, emotion, sample_rate, tell)
        voiced = np.isfinite(numbers).all(axis=1)
        described.append(numbers[voiced])
        speakers.append([clip.who for clip, kept_too in zip(of_emotion, voiced) if kept_too])
    return world.compare(described[0], speakers[0], described[1], speakers[1])


def _described(clips: Sequence[Clip], emotion: str, sample_rate: int, tell: Tell) -> np.ndarray:
    config = SpectrogramConfig(sample_rate=sample_rate)

    def compute() -> dict[str, np.ndarray]:
        found = joblib.Parallel(n_jobs=-1)(
            joblib.delayed(world.describe)(waveform, sample_rate) for waveform in load_clips(clips, config)
        )
        nothing = np.full(3 + world.N_FFT // 2 + 1, np.nan)
        return {"numbers": np.array([nothing if numbers is None else numbers for numbers in found])}

    content = data_key([clip.path for clip in clips], config) + "".join(clip.key for clip in clips)
    what = f"analysing {len(clips)} recordings of {emotion} by WORLD (some minutes, once)"
    return cached("world", content, (world, voice), compute, tell, what)["numbers"]
