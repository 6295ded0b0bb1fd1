"""Speech-like clips made by the project's own code, in RAVDESS's layout and names.

For the demo and the tests, where no recordings are at hand; never a stand-in for RAVDESS. Each clip
is one of RAVDESS's two statements from a cascade formant synthesiser (Klatt 1980): a pulse train and
noise at the glottis through the resonances of the vocal tract, and noise of its own for bursts and
friction. The emotion sets pitch, tempo, level and voice quality.

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
from itertools import product
from pathlib import Path
from typing import List, NamedTuple, Sequence, Tuple, Union

import numpy as np
from scipy.io import wavfile
from scipy.ndimage import gaussian_filter1d
from scipy.signal import istft, lfilter, stft
from scipy.special import diric

from cyclegan_keras.config import EMOTION_ALIASES, EMOTIONS, SpectrogramConfig
from cyclegan_keras.errors import InputError
from cyclegan_keras.files import written_beside

SAMPLE_RATE = SpectrogramConfig().sample_rate
FRAME_LENGTH = SAMPLE_RATE // 200  # Klatt's update interval, 5 ms
WINDOW_LENGTH = 5 * FRAME_LENGTH

INTENSITIES, REPETITIONS, ACTORS = (1, 2), (1, 2), range(1, 25)

LEAD_SECONDS, SPEECH_SECONDS, TAIL_SECONDS = 1.0, 2.05, 0.9
SPEECH_DB, NOISE_FLOOR_DB = -29.0, -76.0  # RMS, dB of full scale
PEAK_LIMIT = 0.97

ACCENT_FRAMES = 18  # standard deviation, 90 ms
DECLINATION_SEMITONES = 3.0
LEVEL_DECLINATION_DB = 6.0
STRESS_DB = 3.0
STRESS_LENGTHENING = 1.35
SOURCE_TILT_DB = -6.0  # an octave: glottal flow -12, radiation at the lips +6
HIGHER_FORMANTS = (3500.0, 4500.0, 5500.0, 6500.0)
BANDWIDTHS = (70.0, 90.0, 140.0, 220.0, 260.0, 320.0, 400.0)
STRONG = 1.6  # times an emotion's difference from neutral

_DELAY = np.exp(-2j * np.pi * np.arange(WINDOW_LENGTH // 2 + 1)[:, None] / WINDOW_LENGTH)  # 1/z at each bin


class Expression(NamedTuple):
    """How an emotion is spoken.

    F0, tempo, level and tilt (dB an octave) are relative to the speaker's neutral voice; an accent is
    the height of a stressed syllable, breath the glottal noise relative to the pulses.
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

# A 1 behind a vowel marks stress, as in ARPAbet.
STATEMENTS = {
    1: "k hh ih1 dcl d z aa r tcl t hh ao1 kcl k ih ng bcl b aa iy dh ax dcl d ao1 axr",
    2: "dcl d ao1 gcl g z aa r s ih1 dx ih ng bcl b aa iy dh ax dcl d ao1 axr",
}


class _Voice(NamedTuple):
    f0_hz: float
    tract_scale: float
    tempo: float


class _Tracks(NamedTuple):
    """One value a 5 ms frame; formants are Hz (n_frames, 7), gains linear (n_frames,)."""

    formants: np.ndarray
    voicing: np.ndarray
    aspiration: np.ndarray
    frication: np.ndarray
    frication_hz: np.ndarray
    f0_hz: np.ndarray


def write_demo_corpus(
    root: Path, seed: int = 0, emotions: Sequence[str] = EMOTIONS, actors: Sequence[int] = (1, 2, 4, 19)
) -> List[Path]:
    """Write a small synthetic corpus in RAVDESS's layout, as 16-bit mono WAV at 16 kHz.

    Each actor speaks both statements twice at each intensity: 8 clips an emotion, 4 of neutral, which
    has no strong intensity. A clip depends on ``seed`` and its own name only, not on what else is written.
    The default 240 clips take about 31 MB.

    Parameters
    ----------
    root : Path
        Folder that receives ``Actor_01`` and so on; created where it is missing.
    seed : int
        0 or more; another seed gives other voices and other takes.
    emotions : sequence of str
        From ``config.EMOTIONS``.
    actors : sequence of int
        1 to 24, odd male and even female. The default has two that train, one whose number is divisible
        by 4 and one (19) that stays unseen.

    Returns
    -------
    list of Path
        The files, in the order of actors and names.

    Raises
    ------
    InputError
        An unknown emotion, or an actor or seed out of range; nothing is written then.

    Example
    -------
    >>> paths = write_demo_corpus(Path("data/demo"), emotions=("calm", "fearful"))  # doctest: +SKIP
    >>> len(paths), paths[0].name  # doctest: +SKIP
    (64, '03-01-02-01-01-01-01.wav')
    """
    emotions = sorted({_known_emotion(emotion) for emotion in emotions}, key=EMOTIONS.index)
    clips = [
        (emotion, intensity, statement, repetition, actor)
        for actor, emotion, intensity, statement, repetition in product(
            sorted(set(actors)), emotions, INTENSITIES, STATEMENTS, REPETITIONS
        )
        if (emotion, intensity) != ("neutral", 2)
    ]
    names = ["-".join(f"{field:02d}" for field in (3, 1, *_name_fields(*clip, seed))) for clip in clips]
    paths = [Path(root) / f"Actor_{clip[-1]:02d}" / f"{name}.wav" for clip, name in zip(clips, names)]
    for clip, path in zip(clips, paths):
        waveform = synthesise_clip(*clip, seed)
        with written_beside(path) as beside:
            wavfile.write(beside, SAMPLE_RATE, np.round(waveform * 32767).astype("<i2"))
    return paths


def synthesise_clip(
    emotion: str, intensity: int, statement: int, repetition: int, actor: int, seed: int = 0
) -> np.ndarray:
    """Synthesise one clip: about 1.0 s of room noise, the statement, 0.9 s of room noise.

    Parameters
    ----------
    emotion : str
        From ``config.EMOTIONS``.
    intensity : int
        1 normal, 2 strong: every difference from neutral is 1.6 times as large. Neutral has only 1.
    statement : int
        1 "Kids are talking by the door", 2 "Dogs are sitting by the door".
    repetition : int
        1 or 2.
    actor : int
        1 to 24, odd male and even female.
    seed : int
        0 or more.

    Returns
    -------
    np.ndarray [shape=(n_samples,), dtype=float32]
        Waveform at 16 kHz within [-1, 1], 3.2 to 5.0 s long.

    Raises
    ------
    InputError
        An argument out of range.

    Example
    -------
    >>> waveform = synthesise_clip("fearful", intensity=2, statement=1, repetition=1, actor=4)
    >>> waveform.dtype, 3.2 <= len(waveform) / 16_000 <= 5.0
    (dtype('float32'), True)
    """
    fields = _name_fields(emotion, intensity, statement, repetition, actor, seed)
    rng = np.random.default_rng([seed, *fields])
    expression, voice = _expression(_known_emotion(emotion), intensity), _voice(actor, seed)

    tracks = _tracks(statement, expression, voice, rng)
    speech = _speech(tracks, expression, rng)
    level_db = SPEECH_DB + expression.level_db + rng.uniform(-0.7, 0.7)
    speech *= 10 ** (level_db / 20) / _rms(speech)
    speech *= min(1.0, PEAK_LIMIT / np.abs(speech).max())

    lead, tail = (np.array([LEAD_SECONDS, TAIL_SECONDS]) + rng.uniform(-0.04, 0.04, 2)) * SAMPLE_RATE
    lead, tail = int(lead), int(tail)
    waveform = _room_noise(lead + len(speech) + tail, rng)
    waveform[lead : lead + len(speech)] += speech
    return np.clip(waveform, -1.0, 1.0).astype(np.float32)


def _known_emotion(emotion: str) -> str:
    emotion = EMOTION_ALIASES.get(emotion, emotion)
    if emotion not in EMOTIONS:
        raise InputError(f"unknown emotion {emotion!r}; choose from {', '.join(EMOTIONS)}")
    return emotion


def _name_fields(
    emotion: str, intensity: int, statement: int, repetition: int, actor: int, seed: int
) -> Tuple[int, ...]:
    """The last five fields of the clip's name, once every one and the seed are checked."""
    emotion = _known_emotion(emotion)
    if seed < 0:
        raise InputError(f"seed {seed}: must be 0 or more")
    if (emotion, intensity) == ("neutral", 2):
        raise InputError("intensity 2: neutral has no strong intensity; use 1")
    for name, value, choices in (
        ("intensity", intensity, INTENSITIES),
        ("statement", statement, tuple(STATEMENTS)),
        ("repetition", repetition, REPETITIONS),
        ("actor", actor, ACTORS),
    ):
        if value not in choices:
            raise InputError(f"{name} {value!r}: must lie between {choices[0]} and {choices[-1]}")
    return (EMOTIONS.index(emotion) + 1, intensity, statement, repetition, actor)


def _expression(emotion: str, intensity: int) -> Expression:
    scale = STRONG if intensity == 2 else 1.0
    neutral = EXPRESSIONS["neutral"]
    return Expression(*(n + scale * (e - n) for e, n in zip(EXPRESSIONS[emotion], neutral)))


def _voice(actor: int, seed: int) -> _Voice:
    rng = np.random.default_rng([seed, actor])
    f0_hz, tract_scale = (110.0, 1.0) if actor % 2 else (200.0, 1.15)
    f0_hz *= 2 ** (rng.uniform(-1.5, 1.5) / 12)
    return _Voice(f0_hz, tract_scale * rng.uniform(0.97, 1.03), tempo=rng.uniform(0.96, 1.04))


def _tracks(statement: int, expression: Expression, voice: _Voice, rng: np.random.Generator) -> _Tracks:
    symbols = f"pau {STATEMENTS[statement]} pau".split()
    phones = np.array([PHONES[symbol.rstrip("1")] for symbol in symbols])
    stressed = np.array([symbol.endswith("1") for symbol in symbols])

    tempo = expression.tempo * voice.tempo * rng.uniform(0.98, 1.02)
    n_frames = int(SPEECH_SECONDS / tempo * SAMPLE_RATE / FRAME_LENGTH) + 1
    lengths = phones[:, 0] * rng.uniform(0.92, 1.08, len(phones))
    lengths[stressed] *= STRESS_LENGTHENING
    lengths *= n_frames / lengths.sum()
    ends, frames = np.cumsum(lengths), np.arange(n_frames)
    spoken = phones[np.searchsorted(ends[:-1], frames, side="right")]

    # Articulators move over some 50 ms, while a burst or the onset of voicing takes 10.
    formants = gaussian_filter1d(spoken[:, 1:4], sigma=4, axis=0)
    gains = gaussian_filter1d(10 ** (spoken[:, 4:7] / 20), sigma=0.8, axis=0)
    higher = np.broadcast_to(HIGHER_FORMANTS, (n_frames, len(HIGHER_FORMANTS)))

    centres = (ends - lengths / 2)[stressed]
    accent = np.exp(-0.5 * ((frames[:, None] - centres) / ACCENT_FRAMES) ** 2).sum(axis=1)
    progress = frames / n_frames
    dying_away = np.minimum(1.0, (1.0 - progress) / 0.1)
    gains *= (dying_away * 10 ** ((STRESS_DB * accent - LEVEL_DECLINATION_DB * progress) / 20))[:, None]
    return _Tracks(
        np.hstack([formants, higher]) * voice.tract_scale,
        *gains.T,
        spoken[:, 7],
        _f0_track(expression, voice, accent, progress, gains[:, 0], rng),
    )


def _f0_track(
    expression: Expression,
    voice: _Voice,
    accent: np.ndarray,
    progress: np.ndarray,
    voicing: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    final = np.clip((progress - 0.75) / 0.25, 0.0, 1.0)
    contour = expression.accent_semitones * accent + expression.final_semitones * final
    contour -= DECLINATION_SEMITONES * progress
    # Centred where it is heard, so that the mean is ``f0_semitones`` whatever the contour.
    contour += expression.f0_semitones + rng.uniform(-0.3, 0.3) - np.average(contour, weights=voicing)
    jitter = 1 + expression.jitter_percent / 100 * rng.standard_normal(len(contour))
    return voice.f0_hz * 2 ** (contour / 12) * jitter


def _speech(tracks: _Tracks, expression: Expression, rng: np.random.Generator) -> np.ndarray:
    pulses = _pulse_train(_at_samples(tracks.f0_hz), SOURCE_TILT_DB + expression.tilt_db)
    breath = tracks.aspiration + tracks.voicing * 10 ** (expression.breath_db / 20)
    source = _at_samples(tracks.voicing) * pulses + _at_samples(breath) * rng.standard_normal(len(pulses))
    vocal_tract = np.prod([_resonator(*formant) for formant in zip(tracks.formants.T, BANDWIDTHS)], axis=0)
    voice = _filtered(source, vocal_tract)

    hiss = _at_samples(tracks.frication) * rng.standard_normal(len(pulses))
    return voice / _rms(voice) + _filtered(hiss, _noise_band(tracks.frication_hz))


def _pulse_train(f0_hz: np.ndarray, tilt_db: float) -> np.ndarray:
    """Band-limited pulses of unit RMS, their harmonics falling by ``tilt_db`` an octave."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / SAMPLE_RATE
    n_harmonics = np.floor(0.49 * SAMPLE_RATE / f0_hz)
    # The Dirichlet kernel is the sum of all harmonics in closed form, which spares a sinusoid for each.
    flat = ((2 * n_harmonics + 1) * diric(phase, 2 * n_harmonics + 1) - 1) / np.sqrt(2 * n_harmonics)
    frequencies = np.fft.rfftfreq(len(flat), 1 / SAMPLE_RATE)
    octaves = np.log2(np.maximum(frequencies, 50.0) / 1000)
    pulses = np.fft.irfft(np.fft.rfft(flat) * 10 ** (tilt_db * octaves / 20), len(flat))
    return pulses / _rms(pulses)


def _resonator(frequencies: np.ndarray, bandwidths: Union[float, np.ndarray]) -> np.ndarray:
    """Klatt's digital resonator at every frame, as its response, complex (n_bins, n_frames)."""
    radius, angle = np.exp(-np.pi * bandwidths / SAMPLE_RATE), 2 * np.pi * frequencies / SAMPLE_RATE
    b, c = 2 * radius * np.cos(angle), -(radius**2)
    return (1 - b - c) / (1 - b * _DELAY - c * _DELAY**2)


def _noise_band(frequencies: np.ndarray) -> np.ndarray:
    """A broad resonance with a double zero at 0 Hz and a peak gain of 1, complex (n_bins, n_frames)."""
    response = _resonator(frequencies, bandwidths=0.3 * frequencies) * (1 - _DELAY) ** 2
    return response / np.abs(response).max(axis=0)


def _filtered(signal: np.ndarray, response: np.ndarray) -> np.ndarray:
    # In the STFT domain, for overlap-add glides from frame to frame where a recursive filter clicks.
    analysis = dict(fs=SAMPLE_RATE, nperseg=WINDOW_LENGTH, noverlap=WINDOW_LENGTH - FRAME_LENGTH)
    spectrum = stft(signal, **analysis)[2]
    return istft(spectrum * response, **analysis)[1][: len(signal)]


def _at_samples(track: np.ndarray) -> np.ndarray:
    n_samples = (len(track) - 1) * FRAME_LENGTH
    return np.interp(np.arange(n_samples) / FRAME_LENGTH, np.arange(len(track)), track)


def _room_noise(n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """Noise at ``NOISE_FLOOR_DB`` that falls by 6 dB an octave, as a quiet room's does."""
    noise = lfilter([1.0], [1.0, -0.95], rng.standard_normal(n_samples))
    return noise * 10 ** (NOISE_FLOOR_DB / 20) / _rms(noise)


def _rms(signal: np.ndarray) -> float:
    return float(np.sqrt(np.mean(signal**2)))
