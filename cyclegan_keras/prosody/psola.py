"""Pitch and tempo of a recording changed by pitch-synchronous overlap-add (TD-PSOLA; Moulines & Charpentier, 1990).

The recording is cut into grains of two periods, one about every pitch mark. Grains laid closer together sound higher;
grains repeated or left out make the sentence longer or shorter. Each grain keeps its spectral envelope.
"""

import librosa
import numpy as np

from cyclegan_keras.prosody.f0 import FRAME_SECONDS

FINE_HZ = 64_000
"""Grains are placed at this rate or more. At 16 kHz a voice of 400 Hz would jitter by a percent."""

UNVOICED_SECONDS = 0.005
"""Distance between marks in unvoiced frames."""

SEARCH = (0.8, 1.25)
"""The next mark lies between so many periods from the last one."""


def resynthesise(waveform: np.ndarray, f0: np.ndarray, ratio: np.ndarray, tempo: float, sample_rate: int) -> np.ndarray:
    """Change pitch and duration; ``ratio`` and ``tempo`` of 1 leave the recording as it was.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
    f0 : np.ndarray [shape=(frames,)]
        In Hz, every ``FRAME_SECONDS``; 0 in unvoiced frames.
    ratio : np.ndarray [shape=(frames,)]
        New F0 over F0; not used in unvoiced frames.
    tempo : float
        New duration over duration.
    sample_rate : int
        In Hz.

    Returns
    -------
    changed : np.ndarray [shape=(round(n * tempo),), dtype=float64]
        Voiced frames keep their power.
    """
    length = round(len(waveform) * tempo)
    oversampling = -(-FINE_HZ // sample_rate)
    rate, hop = oversampling * sample_rate, oversampling * round(FRAME_SECONDS * sample_rate)
    fine = librosa.resample(np.asarray(waveform, np.float64), orig_sr=sample_rate, target_sr=rate)
    marks, voiced = pitch_marks(fine, f0, hop, rate)
    frame = np.minimum(np.round(marks / hop).astype(int), len(f0) - 1)
    ratio = np.where(voiced, ratio[frame], 1.0)
    source, at = _plan(marks, ratio, tempo)
    changed = _overlap_add(fine, marks, voiced, ratio, source, at, round(len(fine) * tempo))
    changed = librosa.resample(changed, orig_sr=rate, target_sr=sample_rate)
    return librosa.util.fix_length(changed, size=length)


def pitch_marks(waveform: np.ndarray, f0: np.ndarray, hop: int, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Mark every period of voiced stretches, and unvoiced ones evenly.

    The first mark of a voiced stretch is its highest peak. Each next mark is where the waveform correlates most with
    the period about the last mark.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
    f0 : np.ndarray [shape=(frames,)]
        As of ``resynthesise``.
    hop : int
        Samples from one frame of F0 to the next.
    sample_rate : int
        In Hz.

    Returns
    -------
    marks : np.ndarray [shape=(marks,), dtype=int]
        Sample numbers, rising, from 0 to n.
    voiced : np.ndarray [shape=(marks,), dtype=bool]
        Whether a mark begins a period of a voiced stretch.
    """
    marks, voiced, done = [], [], 0
    even = round(sample_rate * UNVOICED_SECONDS)
    edges = np.flatnonzero(np.diff(np.r_[False, f0 > 0, False].astype(int)))
    periods = np.divide(sample_rate, f0, out=np.zeros(len(f0)), where=f0 > 0)
    pole = 1.0 if np.mean(waveform**3) >= 0 else -1.0
    for first, behind in edges.reshape(-1, 2):
        start, end = max(done + even, round((first - 0.5) * hop)), min(len(waveform), round((behind - 0.5) * hop))
        if end - start < 2 * sample_rate / f0[first:behind].min():
            continue
        peak = start + int(np.argmax(pole * waveform[start:end]))
        before = _follow(waveform, peak, start, -1, periods, hop)[::-1]
        after = _follow(waveform, peak, end, 1, periods, hop)
        here = [*before, peak, *after]
        _fill(marks, voiced, done, here[0], even)
        marks += here[:-1]  # the last mark ends a period; an unvoiced stretch begins there
        voiced += [True] * (len(here) - 1)
        done = here[-1]
    _fill(marks, voiced, done, len(waveform), even)
    return np.array([*marks, len(waveform)]), np.array([*voiced, False])


def _fill(marks: list[int], voiced: list[bool], start: int, end: int, step: int) -> None:
    """Add marks from ``start`` to before ``end``, about ``step`` apart."""
    count = max(1, round((end - start) / step))
    even = np.linspace(start, end, count + 1).round().astype(int)[:-1]
    marks += even.tolist()
    voiced += [False] * count


def _follow(waveform: np.ndarray, mark: int, limit: int, direction: int, periods: np.ndarray, hop: int) -> list[int]:
    """Go from mark to mark up to ``limit``."""
    found = []
    while True:
        period = periods[min(int(round(mark / hop)), len(periods) - 1)]
        if not period:
            return found
        half = int(period / 2)
        near, far = (int(share * period) for share in SEARCH)
        low, high = (mark + near, mark + far) if direction > 0 else (mark - far, mark - near)
        if low - half < 0 or high + half > len(waveform) or mark - half < 0 or mark + half > len(waveform):
            return found
        like, among = waveform[mark - half : mark + half], waveform[low - half : high + half]
        energy = np.cumsum(np.r_[0.0, among**2])
        energy = energy[2 * half :] - energy[: -2 * half]
        likeness = np.correlate(among, like, "valid") / np.sqrt(np.maximum(energy, 1e-12))
        mark = low + int(np.argmax(likeness))
        if (limit - mark) * direction < 0:
            return found
        found.append(mark)


def _plan(marks: np.ndarray, ratio: np.ndarray, tempo: float) -> tuple[np.ndarray, np.ndarray]:
    """Assign grains (by their marks) to places (in samples of the output)."""
    middles, periods = (marks[1:] + marks[:-1]) / 2, np.diff(marks)
    source, at, now, out = [], [], 0.0, 0.0
    while now < marks[-1]:
        grain = min(int(np.searchsorted(middles, now, side="right")), len(periods) - 1)
        source.append(grain)
        at.append(out)
        step = periods[grain] / ratio[grain]
        out += step
        now += step / tempo
    return np.array(source), np.round(np.array([*at, out])).astype(int)


def _overlap_add(
    waveform: np.ndarray, marks: np.ndarray, voiced: np.ndarray, ratio: np.ndarray,
    source: np.ndarray, at: np.ndarray, length: int,
) -> np.ndarray:  # fmt: skip
    periods, steps = np.diff(marks), np.r_[0, np.diff(at)]
    margin = int(max(periods.max(), steps.max())) + 1
    padded = np.pad(waveform, margin)
    result = np.zeros(max(length, at[-1]) + 2 * margin)
    for number, (grain, place) in enumerate(zip(source, at)):
        # A voiced grain reaches a period to either side, which keeps the envelope; noise is cross-faded.
        before = periods[grain - 1] if grain and number and voiced[grain - 1] else steps[number]
        after = periods[grain] if voiced[grain] else steps[number + 1]
        mark, place = marks[grain] + margin, place + margin
        if not voiced[grain] and number and source[number - 1] == grain and number % 2:
            piece = padded[mark - after : mark + before][::-1]  # noise repeated as it is would buzz
        else:
            piece = padded[mark - before : mark + after]
        rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(before) / max(before, 1))
        fall = 0.5 + 0.5 * np.cos(np.pi * np.arange(after) / max(after, 1))
        # Closer grains add up to more power, which would make a raised voice louder than the consonants.
        result[place - before : place + after] += piece * np.concatenate([rise, fall]) / np.sqrt(ratio[grain])
    return result[margin : margin + length]
