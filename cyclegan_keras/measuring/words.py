"""Word error rate by the speech recogniser PocketSphinx, with its English acoustic model."""

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
"""Other words that can be recognised."""

SAMPLE_RATE = 16_000
"""Hz: the rate of PocketSphinx's model."""

TRIM_DB, PEAK = 35.0, 0.8
"""Before recognition, pauses this far below the loudest are trimmed at both ends, and the peak is set."""

BEAMS = {"beam": 1e-40, "wbeam": 1e-25, "pbeam": 1e-40}
"""PocketSphinx's search beams: wide, for speech that is hard to recognise."""


class Recognition(NamedTuple):
    """The recognition of a sentence: its word error rate (0 is best; it can exceed 1), and whether it has no error."""

    wer: float
    whole: bool


class WordRecogniser:
    """Recognises any sequence of the two sentences' words and of ``DISTRACTORS``, without a language model.

    Raises
    ------
    InputError
        The package pocketsphinx or jiwer is missing.
    """

    def __init__(self):
        try:
            import jiwer
            from pocketsphinx import Decoder
        except (ImportError, OSError) as error:  # OSError: pocketsphinx lacks an audio library that is not used here
            raise missing(getattr(error, "name", None) or "pocketsphinx") from None
        self._error_rate, self._decoder = jiwer.wer, Decoder
        words = sorted({*" ".join(SENTENCES.values()).split(), *DISTRACTORS.split()})
        self._grammar = f"#JSGF V1.0;\ngrammar words;\npublic <sentence> = ({' | '.join(words)})+;\n"

    def recognise(self, waveform: np.ndarray) -> str:
        """Recognise the words of a clip, independently of the clips before it.

        Parameters
        ----------
        waveform : np.ndarray [shape=(n,)]
            At 16 kHz; its level does not matter.
        """
        spoken, _ = librosa.effects.trim(waveform, top_db=TRIM_DB)
        spoken = spoken / (np.abs(spoken).max() + 1e-9) * PEAK
        # A decoder adapts to what it hears, so each clip gets a new one.
        decoder = self._decoder(lm=None, samprate=float(SAMPLE_RATE), loglevel="FATAL", **BEAMS)
        decoder.add_jsgf_string("words", self._grammar)
        decoder.activate_search("words")
        decoder.start_utt()
        decoder.process_raw((spoken * 32767).astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        return decoder.hyp().hypstr if decoder.hyp() else ""

    def score(self, waveform: np.ndarray, statement: int) -> Recognition:
        """Compare the recognised words with the sentence; ``statement`` is a key of ``SENTENCES``."""
        wer = float(self._error_rate(SENTENCES[statement], self.recognise(waveform)))
        return Recognition(wer, wer == 0.0)
