"""The functions that numba compiles for librosa, compiled before they are needed.

Where two processes compile one of them at the same time, numba's cache breaks, and every later call of it ends the
process (numba's issue 10128). ``make setup`` therefore calls ``compile_ahead`` once.
"""

import librosa
import numpy as np

from cyclegan_keras.audio.pitch import FRAME_SECONDS, HOP_SECONDS, yin


def compile_ahead() -> None:
    """Call every function of librosa that numba compiles and that this package uses; its cache keeps them."""
    for precision in (np.float32, np.float64):
        tone = np.sin(np.arange(4_000, dtype=precision) / 20)
        yin(tone, 16_000, FRAME_SECONDS, HOP_SECONDS)
        librosa.griffinlim(np.abs(librosa.stft(tone, n_fft=512)), n_iter=1)
        cepstra = librosa.feature.mfcc(y=tone, sr=16_000, n_fft=512)
        librosa.sequence.dtw(cepstra, cepstra)
