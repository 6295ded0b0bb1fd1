"""Which of RAVDESS's recordings the report's clips are."""

from pathlib import Path

import pytest

from cyclegan_keras.corpora.report_clips import RAVDESS_KEYS, known_clip


def test_every_clip_of_the_report_is_a_recording_in_its_emotion():
    for name in RAVDESS_KEYS:
        clip = known_clip(Path(f"inputs/{name}.flac"))
        assert clip.emotion == ("neutral" if name.startswith("neutral") else "calm")
    assert known_clip(Path("calm_15.wav")).key == "03-01-02-01-01-02-20"


@pytest.mark.parametrize("name", ["calm_hin.flac", "calm_16.wav", "calm_01.txt"])
def test_anything_else_is_no_known_recording(name):
    assert known_clip(Path(name)) is None
