"""The demo corpus's emotions, phones and sentences, as parameters of the synthesiser with their sources.

References
----------
Klatt, *Software for a cascade/parallel formant synthesizer*, J. Acoust. Soc. Am. 67 (1980).
Banse & Scherer, *Acoustic profiles in vocal emotion expression*, J. Pers. Soc. Psychol. 70 (1996).
Juslin & Laukka, *Communication of emotions in vocal expression and music performance*,
Psychol. Bull. 129 (2003).
Murray & Arnott, *Toward the simulation of emotion in synthetic speech*, J. Acoust. Soc. Am. 93 (1993).
Pell et al., *Factors in the recognition of vocally expressed emotions*, J. Phonetics 37 (2009).
"""

import math
from typing import NamedTuple

DEMO_MARK = "DEMO_CORPUS.txt"
"""A file of this name marks a folder of synthetic clips, because their names are those of RAVDESS."""

LAST_CLIP = "Actor_19/03-01-08-02-02-02-19.wav"
"""The clip of the demo corpus that is written last: without it, the corpus is not complete."""


class Expression(NamedTuple):
    """The prosody and voice quality of an emotion.

    F0, tempo, level and tilt (dB per octave) are relative to the speaker's neutral voice. An accent is the F0 rise on a
    stressed syllable. Breath is the glottal noise relative to the pulses.
    """

    f0_semitones: float
    accent_semitones: float
    final_semitones: float
    tempo: float
    level_db: float
    tilt_db: float
    breath_db: float
    jitter_percent: float


# Directions from Juslin & Laukka 2003 (calm as their tenderness) and Banse & Scherer 1996 (fearful as
# their panic fear, hence loud), disgust from Murray & Arnott 1993, surprised from Pell et al. 2009. Sizes
# are ours.
EXPRESSIONS = {
    "neutral": Expression(0.0, 3.0, -3.0, 1.00, 0.0, 0.0, -34.0, 0.3),
    "calm": Expression(-1.0, 2.2, -3.5, 0.90, -4.0, -1.2, -28.0, 0.25),
    "happy": Expression(4.5, 5.0, -1.0, 1.08, 4.0, 1.0, -34.0, 0.4),
    "sad": Expression(-1.2, 1.8, -4.5, 0.83, -5.0, -1.5, -29.0, 0.6),
    "anger": Expression(5.0, 5.0, -2.0, 1.06, 7.0, 2.0, -37.0, 0.6),
    "fearful": Expression(6.0, 2.2, 0.0, 1.12, 3.0, 0.4, -28.0, 1.0),
    "disgust": Expression(-1.5, 3.8, -4.5, 0.88, -1.5, 0.4, -31.0, 0.9),
    "surprised": Expression(6.5, 6.5, 7.0, 1.05, 3.0, 0.5, -32.0, 0.4),
}


_OFF = -math.inf


class Phone(NamedTuple):
    """A phone of a male voice: formants in Hz, levels in dB relative to a vowel's."""

    milliseconds: float
    f1: float
    f2: float
    f3: float
    voicing: float = 0.0
    aspiration: float = _OFF
    frication: float = _OFF
    frication_hz: float = 4000.0


# Names are TIMIT's ("kcl" is the closure before the release "k"), formants Klatt's (1980, tables II and III).
PHONES = {
    "pau": Phone(40, 500, 1500, 2500, _OFF),
    "iy": Phone(80, 310, 2020, 2960),
    "ih": Phone(80, 400, 1800, 2570),
    "aa": Phone(100, 700, 1220, 2600),
    "ao": Phone(115, 600, 990, 2570),
    "ax": Phone(55, 550, 1350, 2500, -2),
    "axr": Phone(150, 470, 1270, 1540, -4),
    "r": Phone(65, 310, 1060, 1380, -3),
    "ng": Phone(85, 350, 1700, 2600, -9),
    "dx": Phone(25, 300, 1600, 2600, -12),
    "hh": Phone(45, 500, 1600, 2500, _OFF, -14),
    "s": Phone(120, 320, 1390, 2530, _OFF, _OFF, -12, 6000),
    "z": Phone(80, 240, 1390, 2530, -12, _OFF, -17, 6000),
    "dh": Phone(45, 270, 1290, 2540, -8, _OFF, -28, 5000),
    "bcl": Phone(60, 200, 1100, 2150, -16),
    "b": Phone(10, 200, 1100, 2150, -8, _OFF, -22, 900),
    "dcl": Phone(50, 200, 1600, 2600, -16),
    "d": Phone(15, 200, 1600, 2600, -12, _OFF, -14, 4000),
    "gcl": Phone(50, 200, 1990, 2850, -16),
    "g": Phone(20, 200, 1990, 2850, -12, _OFF, -14, 2000),
    "tcl": Phone(60, 400, 1600, 2600, _OFF),
    "t": Phone(20, 400, 1600, 2600, _OFF, _OFF, -8, 4500),
    "kcl": Phone(60, 300, 1990, 2850, _OFF),
    "k": Phone(25, 300, 1990, 2850, _OFF, _OFF, -8, 2000),
}

# A 1 after a vowel marks stress, as in ARPAbet.
STATEMENTS = {
    1: "k hh ih1 dcl d z aa r tcl t hh ao1 kcl k ih ng bcl b aa iy dh ax dcl d ao1 axr",
    2: "dcl d ao1 gcl g z aa r s ih1 dx ih ng bcl b aa iy dh ax dcl d ao1 axr",
}
