"""Clips of any length as overlapping images, blended again."""

import numpy as np
import pytest

from cyclegan_keras.audio.windows import _window_starts, blend_windows, split_windows
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.presets import SPECTROGRAM_520

CONFIG = SpectrogramConfig()

BOTH = pytest.mark.parametrize("config", [CONFIG, SPECTROGRAM_520], ids=["260", "520"])


@BOTH
@pytest.mark.parametrize("frames_more", [-200, 0, 1, 30, 257, 1000])
def test_windows_cover_a_clip_whole_and_blend_back_into_it(config, frames_more):
    frames = config.n_frames + frames_more
    spectrogram = np.random.default_rng(0).uniform(-1, 1, (config.n_bins, frames)).astype(np.float32)
    windows = split_windows(spectrogram, config)
    assert windows.shape[1:] == config.image_shape
    np.testing.assert_allclose(blend_windows(windows, frames, config), spectrogram, atol=1e-5)


def test_neighbouring_windows_overlap_by_a_quarter_or_more():
    for frames in range(258, 2000, 37):
        starts = _window_starts(frames, CONFIG)
        assert np.diff(starts).max() <= 0.75 * 257 + 1 and starts[0] == 0 and starts[-1] == frames - 257


def test_where_windows_disagree_the_blend_fades_from_one_to_the_other():
    frames = 400
    windows = split_windows(np.zeros((257, frames), np.float32), CONFIG)
    windows[0], windows[-1] = 0.0, 1.0
    blended = blend_windows(windows, frames, CONFIG)[0]
    assert blended[0] == 0 and blended[-1] == 1 and np.all(np.diff(blended) >= -1e-6) and np.diff(blended).max() < 0.05
