"""How many words a recogniser still hears: word error rate by PocketSphinx, which brings its English model along."""

import os
import tempfile
from typing import NamedTuple

import librosa
import numpy as np

from cyclegan_keras.measuring.extras import missing

SENTENCES = {1: "kids are talking by the door", 2: "dogs are sitting by the door"}
"""RAVDESS's two statements."""

DISTRACTORS = (
    "cats cars bats boys girls birds is were was will walking running sleeping standing eating singing in on near with "
    "a this that my floor store window house table four more war tore dock doll"
)
"""Words that could be heard instead."""

SAMPLE_RATE = 16_000
"""Hz, of PocketSphinx's model."""

TRIM_DB, PEAK = 35.0, 0.8
"""Pauses at the ends are left out, and the level is made the same, before anything is recognised."""

BEAMS = {"beam": 1e-40, "wbeam": 1e-25, "pbeam": 1e-40}
"""Wide, so that what is hard to understand is searched to its end."""


class Heard(NamedTuple):
    """What was understood of a sentence: errors a word (0 is none; it can exceed 1), and whether all of it was."""

    wer: float
    whole: bool


class WordRecogniser:
    """Recognises any sequence of the two sentences' words and some forty others: a loop grammar, no language model.

    Raises
    ------
    InputError
        The package pocketsphinx or jiwer is missing.
    """

    def __init__(self):
        try:
            import jiwer
            from pocketsphinx import Decoder
        except (ImportError, OSError) as error:  # OSError: pocketsphinx asks for a sound library it does not need here
            raise missing(getattr(error, "name", None) or "pocketsphinx") from None
        self._error_rate = jiwer.wer
        words = sorted({*" ".join(SENTENCES.values()).split(), *DISTRACTORS.split()})
        grammar = f"#JSGF V1.0;\ngrammar words;\npublic <sentence> = ({' | '.join(words)})+;\n"
        handle, name = tempfile.mkstemp(suffix=".jsgf")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(grammar)
            self._decoder = Decoder(jsgf=name, samprate=float(SAMPLE_RATE), loglevel="FATAL", **BEAMS)
        finally:
            os.unlink(name)

    def understand(self, waveform: np.ndarray) -> str:
        """Recognise what is said.

        Parameters
        ----------
        waveform : np.ndarray [shape=(n,)]
            At 16 kHz; its level does not matter.
        """
        spoken, _ = librosa.effects.trim(waveform, top_db=TRIM_DB)
        spoken = spoken / (np.abs(spoken).max() + 1e-9) * PEAK
        self._decoder.start_utt()
        self._decoder.process_raw((spoken * 32767).astype("<i2").tobytes(), full_utt=True)
        self._decoder.end_utt()
        return self._decoder.hyp().hypstr if self._decoder.hyp() else ""

    def hear(self, waveform: np.ndarray, statement: int) -> Heard:
        """Compare what is recognised with what is said; ``statement`` is one of ``SENTENCES``."""
        wer = float(self._error_rate(SENTENCES[statement], self.understand(waveform)))
        return Heard(wer, wer == 0.0)
