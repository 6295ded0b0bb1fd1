"""A cascade formant synthesiser (Klatt, 1980): a sentence in phones, an emotion and a voice become a waveform.

A pulse train and noise from the glottis pass through the resonances of the vocal tract. Bursts and friction are
separate noise.
"""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import istft, stft
from scipy.special import diric

from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.corpora.demo_speech import PHONES, STATEMENTS, Expression

SAMPLE_RATE = SpectrogramConfig().sample_rate
FRAME_LENGTH = SAMPLE_RATE // 200  # Klatt's update interval, 5 ms
WINDOW_LENGTH = 5 * FRAME_LENGTH

ACCENT_FRAMES = 18  # standard deviation, 90 ms
DECLINATION_SEMITONES = 3.0
LEVEL_DECLINATION_DB = 6.0
STRESS_DB = 3.0
STRESS_LENGTHENING = 1.35
SOURCE_TILT_DB = -6.0  # an octave: glottal flow -12, radiation at the lips +6
HIGHER_FORMANTS = (3500.0, 4500.0, 5500.0, 6500.0)
BANDWIDTHS = (70.0, 90.0, 140.0, 220.0, 260.0, 320.0, 400.0)

_DELAY = np.exp(-2j * np.pi * np.arange(WINDOW_LENGTH // 2 + 1)[:, None] / WINDOW_LENGTH)  # 1/z at each bin
SPEECH_SECONDS = 2.05


class Voice(NamedTuple):
    """A speaker: neutral F0 in Hz, and formants and tempo relative to an average male voice."""

    f0_hz: float
    tract_scale: float
    tempo: float


class Tracks(NamedTuple):
    """One value per frame of 5 ms: formants in Hz (n_frames, 7), linear gains (n_frames,)."""

    formants: np.ndarray
    voicing: np.ndarray
    aspiration: np.ndarray
    frication: np.ndarray
    frication_hz: np.ndarray
    f0_hz: np.ndarray


def articulate(statement: int, expression: Expression, voice: Voice, rng: np.random.Generator) -> Tracks:
    """Compute formants, gains and F0 of a statement in frames of 5 ms."""
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

    # Articulators move within some 50 ms, a burst or the onset of voicing within 10 ms.
    formants = gaussian_filter1d(spoken[:, 1:4], sigma=4, axis=0)
    gains = gaussian_filter1d(10 ** (spoken[:, 4:7] / 20), sigma=0.8, axis=0)
    higher = np.broadcast_to(HIGHER_FORMANTS, (n_frames, len(HIGHER_FORMANTS)))

    centres = (ends - lengths / 2)[stressed]
    accent = np.exp(-0.5 * ((frames[:, None] - centres) / ACCENT_FRAMES) ** 2).sum(axis=1)
    progress = frames / n_frames
    dying_away = np.minimum(1.0, (1.0 - progress) / 0.1)
    gains *= (dying_away * 10 ** ((STRESS_DB * accent - LEVEL_DECLINATION_DB * progress) / 20))[:, None]
    return Tracks(
        np.hstack([formants, higher]) * voice.tract_scale,
        *gains.T,
        spoken[:, 7],
        _f0_track(expression, voice, accent, progress, gains[:, 0], rng),
    )


def _f0_track(
    expression: Expression,
    voice: Voice,
    accent: np.ndarray,
    progress: np.ndarray,
    voicing: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    final = np.clip((progress - 0.75) / 0.25, 0.0, 1.0)
    contour = expression.accent_semitones * accent + expression.final_semitones * final
    contour -= DECLINATION_SEMITONES * progress
    # Centred over voiced frames, so that their mean is ``f0_semitones`` for any contour.
    contour += expression.f0_semitones + rng.uniform(-0.3, 0.3) - np.average(contour, weights=voicing)
    jitter = 1 + expression.jitter_percent / 100 * rng.standard_normal(len(contour))
    return voice.f0_hz * 2 ** (contour / 12) * jitter


def speak(tracks: Tracks, expression: Expression, rng: np.random.Generator) -> np.ndarray:
    """Synthesise tracks as a waveform at ``SAMPLE_RATE``; the level is arbitrary."""
    pulses = _pulse_train(_at_samples(tracks.f0_hz), SOURCE_TILT_DB + expression.tilt_db)
    breath = tracks.aspiration + tracks.voicing * 10 ** (expression.breath_db / 20)
    source = _at_samples(tracks.voicing) * pulses + _at_samples(breath) * rng.standard_normal(len(pulses))
    vocal_tract = np.prod([_resonator(*formant) for formant in zip(tracks.formants.T, BANDWIDTHS)], axis=0)
    voice = _filtered(source, vocal_tract)

    hiss = _at_samples(tracks.frication) * rng.standard_normal(len(pulses))
    return voice / rms(voice) + _filtered(hiss, _noise_band(tracks.frication_hz))


def _pulse_train(f0_hz: np.ndarray, tilt_db: float) -> np.ndarray:
    """Band-limited pulses of unit RMS, with a tilt of ``tilt_db`` per octave."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / SAMPLE_RATE
    n_harmonics = np.floor(0.49 * SAMPLE_RATE / f0_hz)
    # The Dirichlet kernel is the closed form of the sum of all harmonics.
    flat = ((2 * n_harmonics + 1) * diric(phase, 2 * n_harmonics + 1) - 1) / np.sqrt(2 * n_harmonics)
    frequencies = np.fft.rfftfreq(len(flat), 1 / SAMPLE_RATE)
    octaves = np.log2(np.maximum(frequencies, 50.0) / 1000)
    pulses = np.fft.irfft(np.fft.rfft(flat) * 10 ** (tilt_db * octaves / 20), len(flat))
    return pulses / rms(pulses)


def _resonator(frequencies: np.ndarray, bandwidths: float | np.ndarray) -> np.ndarray:
    """The response of Klatt's digital resonator at every frame, complex (n_bins, n_frames)."""
    radius, angle = np.exp(-np.pi * bandwidths / SAMPLE_RATE), 2 * np.pi * frequencies / SAMPLE_RATE
    b, c = 2 * radius * np.cos(angle), -(radius**2)
    return (1 - b - c) / (1 - b * _DELAY - c * _DELAY**2)


def _noise_band(frequencies: np.ndarray) -> np.ndarray:
    """A broad resonance with a double zero at 0 Hz and a peak gain of 1, complex (n_bins, n_frames)."""
    response = _resonator(frequencies, bandwidths=0.3 * frequencies) * (1 - _DELAY) ** 2
    return response / np.abs(response).max(axis=0)


def _filtered(signal: np.ndarray, response: np.ndarray) -> np.ndarray:
    # In the STFT domain, because a recursive filter with changing coefficients would click.
    analysis = {"fs": SAMPLE_RATE, "nperseg": WINDOW_LENGTH, "noverlap": WINDOW_LENGTH - FRAME_LENGTH}
    spectrum = stft(signal, **analysis)[2]
    return istft(spectrum * response, **analysis)[1][: len(signal)]


def _at_samples(track: np.ndarray) -> np.ndarray:
    n_samples = (len(track) - 1) * FRAME_LENGTH
    return np.interp(np.arange(n_samples) / FRAME_LENGTH, np.arange(len(track)), track)


def rms(signal: np.ndarray) -> float:
    """Root mean square of a signal."""
    return float(np.sqrt(np.mean(signal**2)))
