"""What a training reads of its recordings: the images of an emotion, and the clips that snapshots convert."""

from collections.abc import Callable, Sequence
from pathlib import Path

from cyclegan_keras.config import RunConfig
from cyclegan_keras.conversion.recording import read_recording
from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.split import Split
from cyclegan_keras.prosody.move import Prosody
from cyclegan_keras.training.image_cache import default_cache_dir, load_images
from cyclegan_keras.training.loop import Domain
from cyclegan_keras.training.snapshots import Sample

SAMPLES_PER_DOMAIN = 2
"""Clips of each emotion that are converted at every snapshot."""


def load_domain(
    clips: Sequence[Clip],
    config: RunConfig,
    prosody: Prosody,
    on_progress: Callable[[int], None] | None,
    on_damage: Callable[[Path], None],
) -> Domain:
    """Read the training images of an emotion, its clips moved by ``prosody``; see ``image_cache.load_images``."""
    paths = [clip.path for clip in clips]
    images = load_images(paths, config.spectrogram, default_cache_dir(), on_progress, on_damage, prosody)
    return Domain(images, [str(path) for path in paths])


def load_samples(split: Split, config: RunConfig, emotion: str, prosody: Prosody) -> list[Sample]:
    """Read clips of an emotion that training never sees, where there are any: one held back, one of an unseen speaker.

    Raises
    ------
    InputError
        A recording cannot be used.
    """
    by_set = [[clip for clip in clips if clip.emotion == emotion] for clips in (split.held_back, split.unseen)]
    chosen = [clips[0] for clips in by_set if clips]
    chosen = chosen or [clip for clip in split.train if clip.emotion == emotion][:SAMPLES_PER_DOMAIN]
    # Speakers of other corpora may name their files alike.
    names = [clip.key if clip.of_ravdess else f"{number}_{clip.key}" for number, clip in enumerate(chosen, start=1)]
    return [Sample(name, read_recording(clip.path, config.spectrogram, prosody)) for name, clip in zip(names, chosen)]
