"""File to waveform to spectrogram image, and the way back (report, section 3).

A *spectrogram* here is a float32 array ``(n_bins, frames)``: the STFT magnitude in dB relative to
the clip's maximum, floored at -80 dB, with [-80, 0] dB mapped onto [-1, 1]. Row 0 is 0 Hz. An
*image* is the ``(260, 260, 1)`` square that the networks see: exactly 257 frames of a spectrogram,
padded with silence at the high-frequency end and at the end of time.
"""

import io
import os
from pathlib import Path
from typing import Tuple

import librosa
import numpy as np
import soundfile

from cyclegan_keras.config import FRAMES_THAT_OVERLAP, SpectrogramConfig
from cyclegan_keras.errors import InputError
from cyclegan_keras.files import written_beside

SILENCE = -1.0
"""The bottom of the image scale: the floor of -80 dB."""

FULL_SCALE = 32767 / 32768
"""The largest sample that 16-bit PCM holds."""

QUIETEST_PEAK = 1 / 32768
"""A clip whose peak stays below one 16-bit step carries no sound."""

LOUDEST_PEAK = 1e6
"""A recording in floats may exceed full scale, but not so far: its spectrum would overflow."""

LONGEST_SECONDS = 600
"""So much is read of a recording at most, which bounds the memory a conversion takes."""

SAMPLE_RATES = (1_000, 1_000_000)
"""Hz: beyond lies no recording of sound, but a damaged header."""

SAMPLES_AT_ONCE = 2**22
"""Read together, of all channels."""

WINDOW_OVERLAP = 1 / 4
"""The least share of a window that its neighbour sees too, when a long clip is converted."""

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".mp3"})
"""Of the files that are taken for recordings in a folder."""

FORMATS = "WAV, FLAC, Ogg, AIFF or MP3"
"""The same, for messages."""

SIGNATURES = (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS", b"FORM", b"ID3", b"\xff")
"""How WAV, FLAC, Ogg, AIFF and MP3 files begin. libsndfile reads two dozen formats more, by parsers that few have
tested (CVE-2025-52194 is in one of them): a file from somebody else is not handed to those."""


def load_waveform(path: Path, sample_rate: int) -> np.ndarray:
    """Read a recording as mono at ``sample_rate``: any rate, any channels.

    Parameters
    ----------
    path : Path
        WAV, FLAC, Ogg, AIFF or MP3.
    sample_rate : int
        Wanted rate in Hz.

    Returns
    -------
    waveform : np.ndarray [shape=(n,), dtype=float32]
        The mean of the channels, at the level of the file.

    Raises
    ------
    InputError
        The file is missing, not audio, empty, silent, longer than ``LONGEST_SECONDS``, or holds values
        that are not finite or absurd.

    Example
    -------
    >>> load_waveform("clip.flac", 16_000).shape  # doctest: +SKIP
    (65536,)
    """
    path = Path(path)
    try:
        with _opened(path) as file:
            waveform, file_rate = _mono(file, path), file.samplerate
    except (soundfile.SoundFileError, OSError) as error:
        reason = getattr(error, "error_string", None) or getattr(error, "strerror", None) or error
        raise InputError(f"{path}: not readable as audio ({reason}); give {FORMATS}") from None
    if waveform.size == 0:
        raise InputError(f"{path}: holds no samples; give a recording with sound")
    if not np.isfinite(waveform).all():
        raise InputError(f"{path}: holds NaN or infinite samples; export the recording again")
    peak = max(waveform.max(), -waveform.min())
    if peak > LOUDEST_PEAK:
        raise InputError(f"{path}: holds samples of {peak:.0e} where 1 is full scale; export the recording again")
    if peak < QUIETEST_PEAK:
        raise InputError(f"{path}: silent from start to end; give a recording with sound")
    return librosa.resample(waveform, orig_sr=file_rate, target_sr=sample_rate)


def duration(path: Path) -> float:
    """Tell how many seconds a recording says it lasts; 0 where it cannot be read, of which reading it will tell."""
    try:
        with _opened(Path(path)) as file:
            return file.frames / file.samplerate
    except (soundfile.SoundFileError, OSError, InputError):
        return 0.0


def _opened(path: Path) -> soundfile.SoundFile:
    if not path.is_file():
        found = "not a file" if path.exists() else "not found"
        raise InputError(f"{path}: {found}; give a recording (WAV, FLAC, ...)")
    with path.open("rb") as file:  # of what cannot be opened libsndfile would say no more than "System error"
        if not file.read(4).startswith(SIGNATURES):
            raise InputError(f"{path}: not readable as audio (no format taken here); give {FORMATS}")
    return soundfile.SoundFile(os.fsencode(path))  # bytes, because a name need not be text


def _mono(file: soundfile.SoundFile, path: Path) -> np.ndarray:
    # In pieces: what a header says of the length is a claim, and channels take memory.
    if not SAMPLE_RATES[0] <= file.samplerate <= SAMPLE_RATES[1]:
        raise InputError(f"{path}: has {file.samplerate} samples a second; export the recording again")
    pieces, frames = [np.empty(0, np.float32)], 0
    while True:
        piece = file.read(max(1, SAMPLES_AT_ONCE // file.channels), dtype="float32", always_2d=True)
        frames += len(piece)
        if frames > LONGEST_SECONDS * file.samplerate:
            raise InputError(f"{path}: longer than {LONGEST_SECONDS // 60} minutes; give it in parts")
        if not len(piece):
            return np.concatenate(pieces)
        with np.errstate(invalid="ignore", over="ignore"):  # of infinite samples, which the caller refuses
            pieces.append(piece.mean(axis=1))


def save_waveform(path: Path, waveform: np.ndarray, sample_rate: int) -> None:
    """Write a mono waveform as 16-bit WAV; the file appears under its name only when complete.

    Parameters
    ----------
    path : Path
    waveform : np.ndarray [shape=(n,)]
        Samples in [-1, 1]; what exceeds the range is an error of the caller, not clipped away.
    sample_rate : int
        In Hz.

    Raises
    ------
    ValueError
        A sample lies outside [-1, 1].
    """
    if np.abs(waveform).max(initial=0.0) > 1.0:
        raise ValueError(f"{path}: the waveform exceeds full scale")
    # Encoded in memory: libsndfile says nothing of a full disk, Python does.
    encoded = io.BytesIO()
    soundfile.write(encoded, waveform, sample_rate, format="WAV", subtype="PCM_16")
    with written_beside(path) as beside:
        beside.write_bytes(encoded.getvalue())


def waveform_to_spectrogram(waveform: np.ndarray, config: SpectrogramConfig) -> Tuple[np.ndarray, float]:
    """Analyse a waveform of any length.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,), dtype=float32]
    config : SpectrogramConfig

    Returns
    -------
    spectrogram : np.ndarray [shape=(n_bins, 1 + n // hop_length), dtype=float32]
        In [-1, 1].
    reference : float
        The clip's largest STFT magnitude, which -1..1 leaves out and the way back needs.

    Raises
    ------
    InputError
        The waveform is shorter than one analysis window, or has no energy.

    Example
    -------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000).astype(np.float32)
    >>> waveform_to_spectrogram(tone, SpectrogramConfig())[0].shape
    (257, 63)
    """
    if len(waveform) < config.n_fft:
        raise InputError(f"shorter than one analysis window ({config.n_fft} samples at {config.sample_rate} Hz)")
    magnitude = np.abs(librosa.stft(waveform, n_fft=config.n_fft, hop_length=config.hop_length, window="hann"))
    reference = float(magnitude.max())
    if reference == 0.0:
        raise InputError("silent: nothing to analyse")
    decibels = librosa.amplitude_to_db(magnitude / reference, ref=1.0, top_db=-config.floor_db)
    return (1.0 - 2.0 * decibels / config.floor_db).astype(np.float32), reference


def spectrogram_to_waveform(
    spectrogram: np.ndarray, reference: float, config: SpectrogramConfig, length: int
) -> np.ndarray:
    """Undo ``waveform_to_spectrogram`` with Griffin-Lim (fast variant; the first phase is seeded).

    Parameters
    ----------
    spectrogram : np.ndarray [shape=(n_bins, frames)]
        In [-1, 1].
    reference : float
        The STFT magnitude that stands for 0 dB.
    config : SpectrogramConfig
    length : int
        Samples to return.

    Returns
    -------
    waveform : np.ndarray [shape=(length,), dtype=float32]
    """
    # librosa 1.0 renamed the argument; integer seeds mean another generator to it, so it is handed the generator.
    seeded = {"rng" if librosa.__version__.startswith("1.") else "random_state": np.random.RandomState(0)}
    return librosa.griffinlim(
        librosa.db_to_amplitude(_decibels(spectrogram, config), ref=reference),
        n_iter=config.griffin_lim_iterations,
        hop_length=config.hop_length,
        n_fft=config.n_fft,
        window="hann",
        length=length,
        momentum=config.griffin_lim_momentum,
        **seeded,
    ).astype(np.float32)


def apply_gains(waveform: np.ndarray, gains: np.ndarray, config: SpectrogramConfig, refinements: int) -> np.ndarray:
    """Change a waveform's spectrogram and keep its phase, which is then fitted to the change (Griffin & Lim, 1984).

    Gains go onto closer frames than the analysis's: ``config.FRAMES_THAT_OVERLAP`` of them see a sample.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,), dtype=float32]
    gains : np.ndarray [shape=(n_bins, 1 + n // hop_length)]
        In dB, of the bins and frames of ``waveform_to_spectrogram``.
    config : SpectrogramConfig
    refinements : int
        Iterations of Griffin-Lim, from the waveform's own phase on: with none pitch hardly moves.

    Returns
    -------
    changed : np.ndarray [shape=(n,), dtype=float32]

    Example
    -------
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000).astype(np.float32)
    >>> halved = apply_gains(tone, np.full((257, 63), -6.02), SpectrogramConfig(), refinements=2)
    >>> bool(np.allclose(halved, tone / 2, atol=1e-3))
    True
    """
    frames = {"n_fft": config.n_fft, "hop_length": config.n_fft // FRAMES_THAT_OVERLAP, "window": "hann"}
    transform = librosa.stft(waveform, **frames)
    magnitude = np.abs(transform)
    times = np.arange(magnitude.shape[1]) * frames["hop_length"] / config.hop_length
    for bin_magnitude, bin_gains in zip(magnitude, gains):
        bin_magnitude *= librosa.db_to_amplitude(np.interp(times, np.arange(len(bin_gains)), bin_gains))
    for _ in range(refinements):
        _set_magnitude(transform, magnitude)
        sound = librosa.istft(transform, length=len(waveform), **frames)
        del transform  # 300 MB of ten minutes
        transform = librosa.stft(sound, **frames)
    _set_magnitude(transform, magnitude)
    return librosa.istft(transform, length=len(waveform), **frames).astype(np.float32)


def _set_magnitude(transform: np.ndarray, magnitude: np.ndarray) -> None:
    # Bin by bin, as all at once would take three times the memory.
    for of_bin, wanted in zip(transform, magnitude):
        _, phase = librosa.magphase(of_bin)
        of_bin[:] = wanted * phase


def waveform_to_phase(waveform: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Tell the phase of every bin that ``waveform_to_spectrogram`` tells the magnitude of.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,), dtype=float32]
    config : SpectrogramConfig

    Returns
    -------
    phase : np.ndarray [shape=(n_bins, 1 + n // hop_length), dtype=float32]
        In radians.
    """
    return np.angle(librosa.stft(waveform, n_fft=config.n_fft, hop_length=config.hop_length, window="hann"))


def _decibels(spectrogram: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    return (1.0 - np.clip(spectrogram, -1.0, 1.0)) * config.floor_db / 2.0


def spectrogram_to_image(spectrogram: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Cut or fill a spectrogram to ``n_frames`` and pad it to the image.

    A longer one gives its middle; a shorter one is followed by silence.

    Parameters
    ----------
    spectrogram : np.ndarray [shape=(n_bins, frames), dtype=float32]
    config : SpectrogramConfig

    Returns
    -------
    image : np.ndarray [shape=(height, width, 1), dtype=float32]
    """
    start = max(0, (spectrogram.shape[1] - config.n_frames) // 2)
    middle = spectrogram[:, start : start + config.n_frames]
    height, width, _ = config.image_shape
    padding = ((0, height - middle.shape[0]), (0, width - middle.shape[1]))
    return np.pad(middle, padding, constant_values=SILENCE)[:, :, np.newaxis]


def image_to_spectrogram(image: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Clip an image's padding off.

    Parameters
    ----------
    image : np.ndarray [shape=(height, width, 1)]
    config : SpectrogramConfig

    Returns
    -------
    spectrogram : np.ndarray [shape=(n_bins, n_frames)]
    """
    return image[: config.n_bins, : config.n_frames, 0]


def load_image(path: Path, config: SpectrogramConfig, phase: bool = False) -> Tuple[np.ndarray, float]:
    """Read a recording as an image.

    Returns
    -------
    image : np.ndarray [shape=(height, width, 1), dtype=float32]
        In [-1, 1]. With ``phase``, a second channel holds every bin's phase in radians.
    reference : float
        The STFT magnitude of 0 dB.

    Raises
    ------
    InputError
        As ``load_waveform``, or the clip is shorter than one analysis window; names the file.
    """
    waveform = load_waveform(path, config.sample_rate)
    try:
        spectrogram, reference = waveform_to_spectrogram(waveform, config)
    except InputError as error:
        raise InputError(f"{path}: {error}; give a longer recording") from None
    image = spectrogram_to_image(spectrogram, config)
    if phase:
        image = np.concatenate([image, spectrogram_to_image(waveform_to_phase(waveform, config), config)], axis=-1)
    return image, reference


def image_to_waveform(image: np.ndarray, reference: float, config: SpectrogramConfig) -> np.ndarray:
    """Turn an image into the 4.096 s of sound it shows.

    Parameters
    ----------
    image : np.ndarray [shape=(height, width, 1)]
        In [-1, 1].
    reference : float
        The STFT magnitude that stands for 0 dB.
    config : SpectrogramConfig

    Returns
    -------
    waveform : np.ndarray [shape=(n_samples,), dtype=float32]
    """
    return spectrogram_to_waveform(image_to_spectrogram(image, config), reference, config, config.n_samples)


def split_windows(spectrogram: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Cut a spectrogram of any length into images that cover it whole, overlapping by a quarter or more.

    Parameters
    ----------
    spectrogram : np.ndarray [shape=(n_bins, frames)]
    config : SpectrogramConfig

    Returns
    -------
    images : np.ndarray [shape=(windows, height, width, 1), dtype=float32]
    """
    return np.stack(
        [
            spectrogram_to_image(spectrogram[:, start : start + config.n_frames], config)
            for start in _window_starts(spectrogram.shape[1], config)
        ]
    )


def blend_windows(images: np.ndarray, frames: int, config: SpectrogramConfig) -> np.ndarray:
    """Join the windows of ``split_windows`` again, fading from each into the next in dB.

    Parameters
    ----------
    images : np.ndarray [shape=(windows, height, width, 1)]
    frames : int
        Frames of the spectrogram that was split.
    config : SpectrogramConfig

    Returns
    -------
    spectrogram : np.ndarray [shape=(n_bins, frames), dtype=float32]
    """
    longest = max(frames, config.n_frames)
    total = np.zeros((config.n_bins, longest), np.float32)
    weight = np.zeros(longest, np.float32)
    # A triangle: it weighs a frame by its distance from the window's edges, where a network sees least context.
    fade = np.bartlett(config.n_frames + 2)[1:-1].astype(np.float32)
    for start, image in zip(_window_starts(frames, config), images):
        span = slice(start, start + config.n_frames)
        total[:, span] += fade * image_to_spectrogram(image, config)
        weight[span] += fade
    return (total / weight)[:, :frames]


def match_level(waveform: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Scale a waveform to the RMS level of another, or as near to it as full scale allows.

    Parameters
    ----------
    waveform, like : np.ndarray [shape=(n,)]

    Returns
    -------
    scaled : np.ndarray [shape=(n,), dtype=float32]
        Within [-1, 1]: it never clips.
    """
    gain = np.sqrt(np.mean(np.square(like)) / max(np.mean(np.square(waveform)), np.finfo(np.float32).tiny))
    peak = max(np.abs(waveform).max(), np.finfo(np.float32).tiny)
    return (waveform * min(gain, FULL_SCALE / peak)).astype(np.float32)


def _window_starts(frames: int, config: SpectrogramConfig) -> np.ndarray:
    beyond_first = max(0, frames - config.n_frames)
    stride = config.n_frames * (1.0 - WINDOW_OVERLAP)
    windows = 1 + int(np.ceil(beyond_first / stride))
    return np.linspace(0, beyond_first, windows).round().astype(int)
