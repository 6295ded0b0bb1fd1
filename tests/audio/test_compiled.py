"""What numba compiles for librosa is compiled by ``make setup``, before two processes can do it at once."""

import os
import subprocess
import sys

from tests.conftest import PROJECT

SCRIPT = """
import os, sys
from pathlib import Path
import numpy as np
from cyclegan_keras import load_model
from cyclegan_keras.audio.compiled import compile_ahead
from cyclegan_keras.audio.spectrogram import waveform_to_spectrogram
from cyclegan_keras.audio.vocoder import spectrogram_to_waveform
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.measuring.features import acoustic_features
from cyclegan_keras.measuring.parallel import distance
from cyclegan_keras.measuring.voice import analyse_voice

def compiled():
    return {file: file.stat().st_mtime_ns for file in Path(os.environ["NUMBA_CACHE_DIR"]).rglob("*.nb?")}

compile_ahead()
before = compiled()
assert any("_pi_wrapper" in file.name for file in before), before
config = SpectrogramConfig()
tone = 0.1 * np.sin(np.arange(24_000) / 20)
for sound in (tone, tone.astype(np.float32)):
    load_model("calm_fearful").convert(sound, 16_000)
    spectrogram, reference = waveform_to_spectrogram(sound, config)
    spectrogram_to_waveform(spectrogram, reference, config, len(sound))
    acoustic_features(sound, 16_000)
    distance(analyse_voice(sound, 16_000), analyse_voice(sound[4_000:], 16_000))
print(sorted(file.name for file, when in compiled().items() if before.get(file) != when))
"""


def test_after_setup_neither_conversion_nor_measuring_compiles_anything(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(PROJECT)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr
