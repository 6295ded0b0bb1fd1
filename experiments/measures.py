"""What the tables measure of a conversion, by the package's measures.

A clip's measures are a dict of numbers; what cannot be measured of it is left out.
"""

from collections.abc import Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.conversion.recording import Recording as Analysed
from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.measuring.judge import JUDGES
from cyclegan_keras.measuring.panel import build_panel
from cyclegan_keras.measuring.parallel import distance
from cyclegan_keras.measuring.sets import Pairing
from cyclegan_keras.measuring.sounds import Sound, measure_sounds
from cyclegan_keras.measuring.voice import SEMITONE_ZERO_HZ, Voice
from experiments.answers import Cells, Quantity, average, gap_closed, mean
from experiments.clips import Recording

CONFIG = SpectrogramConfig()
"""The judges' analysis, 260 x 260: all columns are measured alike."""

GAPS = {"F0": gap_closed("f0"), "treble": gap_closed("treble"), "level spread": gap_closed("level")}
"""Gaps to the actor's own recording in the target emotion."""

GAP = Quantity("gap closed", average(*GAPS.values()))
"""The gap closed to the actors' own recordings, as a mean over three features."""

MCD, MCD_CHANGE = Quantity("MCD in dB", mean("mcd")), Quantity("change of MCD in dB", mean("mcd", "mcd_before"))
"""The distance of the spectral envelope from that of the actor's own recording. A gap would end at the actor's second
take, and is missing where that is no closer than the recording."""

PITCH = Quantity("median F0 in Hz", mean("pitch_hz"), 0)

WORDS, LOST = (
    Quantity("word error rate", mean("wer")),
    Quantity("word error rate less that of the actors' own recordings", mean("wer", "wer_real")),
)

CLEANNESS, DNSMOS_CHANGE = (
    Quantity("DNSMOS", mean("dnsmos")),
    Quantity("change of DNSMOS", mean("dnsmos", "dnsmos_before")),
)

JUDGED = Quantity("rise of the judges' mean score", mean("judge", "judge_before"))
"""Of cells by ``with_judges``."""

CHANGE, CYCLE = Quantity("change of the image", mean("mimicry"), 3), Quantity("cycle error", mean("cycle"), 3)

SUMMARY = (
    PITCH._replace(name="F0, Hz"),
    GAP,
    *(Quantity(*gap) for gap in GAPS.items()),
    *(
        Quantity(name, mean(measure))
        for name, measure in {
            "MCD before": "mcd_before", "MCD": "mcd", "MCD second take": "mcd_floor",
            "WER before": "wer_before", "WER": "wer", "WER real": "wer_real",
            "DNSMOS before": "dnsmos_before", "DNSMOS": "dnsmos",
            **{f"judge {kind}{when}": f"{kind}{when.replace(' ', '_')}" for kind in JUDGES for when in (" before", "")},
        }.items()
    ),
    CHANGE._replace(name="change"), CYCLE,
)  # fmt: skip
"""The measures of all clips of a column."""

SHOWN = {
    "f0": "F0 off, semitones", "treble": "treble off, dB", "mcd": "MCD, dB", "wer": "WER", "dnsmos": "DNSMOS",
    **{kind: f"judge {kind}" for kind in JUDGES}, "pitch_hz": "F0, Hz",
}  # fmt: skip
"""The measures of a cell."""


class Source(NamedTuple):
    """A recording to convert: its middle 4.096 s, and the sound of its own spectrogram, with no network between.

    ``rated`` says whether the cleanness of its conversions is measured as well, which takes a second each.
    """

    recording: Recording
    analysed: Analysed
    untouched: np.ndarray
    rated: bool


class PairMeasures:
    """The measures of conversions from one emotion to another, by the clips of a data set."""

    def __init__(self, clips: Sequence[Clip], source: str, target: str):
        self.pairing, self.target = Pairing(clips), target
        self.panel = build_panel(clips, source, target, CONFIG, tell=print)

    def measure(self, sources: Sequence[Source], sounds: Sequence[np.ndarray]) -> list[dict[str, float]]:
        """Measure conversions; those of RAVDESS's clips against the actor's own recording of the same sentence."""
        clips = [each.recording.clip for each in sources]
        said = [clip.statement if clip else 0 for clip in clips]
        recorded = [each.analysed.waveform for each in sources]
        after = measure_sounds(sounds, said, CONFIG.sample_rate, False)
        before = measure_sounds(recorded, said, CONFIG.sample_rate, False)
        untouched = [each.untouched for each in sources]
        rated = [each.rated for each in sources]
        clean = iter(zip(*(_cleanness(list(compress(of, rated))) for of in (sounds, untouched))))
        real = [self.pairing.real(clip, self.target) if clip else None for clip in clips]
        second = [self.pairing.second_take(clip) if clip else None for clip in real]
        heard = _recordings([clip for clip in (*real, *second) if clip])
        rows = []
        for each, now, then, *goals in zip(sources, after, before, real, second):
            row = {"pitch_hz": _pitch(now)}
            if each.rated:
                row |= zip(("dnsmos", "dnsmos_before"), next(clean))
            if now.words:
                row |= {"wer": now.words.wer, "wer_before": then.words.wer}
            if goals[0]:
                row["wer_real"] = heard[goals[0]].words.wer
            rows.append(row | _distances(now, then, *(heard[goal].voice if goal else None for goal in goals)))
        for one, verdict in zip(self.panel.judges, self.panel.verdicts):
            if sources and verdict.holds:
                scores = one.scores(sounds, self.target)
                scores_before = one.scores(untouched, self.target)
                for row, *pair in zip(rows, scores, scores_before):
                    row.update(zip((one.kind, f"{one.kind}_before"), pair))
        return [rounded(row) for row in rows]


def false_alarms(cells: Cells) -> dict[str, float]:
    """The share of untouched recordings that each judge classifies as the target emotion, by judge."""
    scores = {kind: [cell[f"{kind}_before"] for cell in cells if kind in cell] for kind in JUDGES}
    return {kind: float(np.mean(np.array(of_kind) > 0.5)) for kind, of_kind in scores.items() if of_kind}


def with_judges(cells: Cells, kinds: Sequence[str]) -> list[dict]:
    """Add the mean score of some judges to each cell that has them; without judges there are no cells."""

    def mean_of(cell: dict, when: str) -> float:
        return float(np.mean([cell[f"{kind}{when}"] for kind in kinds]))

    heard = [cell for cell in cells if kinds and all(kind in cell for kind in kinds)]
    return [{**cell, "judge": mean_of(cell, ""), "judge_before": mean_of(cell, "_before")} for cell in heard]


def of_recording(waveform: np.ndarray) -> dict[str, float]:
    """Measure a recording as it is."""
    (sound,) = measure_sounds([waveform], [0], CONFIG.sample_rate, True)
    return rounded({"dnsmos": sound.dnsmos, "pitch_hz": _pitch(sound)})


def _pitch(sound: Sound) -> float:
    return SEMITONE_ZERO_HZ * 2 ** (sound.voice.f0_median / 12)


def _cleanness(sounds: Sequence[np.ndarray]) -> list[float]:
    return [sound.dnsmos for sound in measure_sounds(sounds, [0] * len(sounds), CONFIG.sample_rate, True)]


def rounded(measures: dict[str, float]) -> dict[str, float]:
    """Round measures for a file; leave out what is not finite, because it could not be measured."""
    return {name: round(float(value), 4) for name, value in measures.items() if np.isfinite(value)}


def _recordings(clips: Sequence[Clip]) -> dict[Clip, Sound]:
    clips = list(dict.fromkeys(clips))
    waveforms = [load_waveform(clip.path, CONFIG.sample_rate) for clip in clips]
    said = [clip.statement for clip in clips]
    return dict(zip(clips, measure_sounds(waveforms, said, CONFIG.sample_rate, False)))


def _distances(now: Sound, then: Sound, real: Voice | None, second: Voice | None) -> dict[str, float]:
    row = {"mcd_floor": distance(second, real).mcd} if second else {}
    for name, sound in (("", now), ("_before", then)) if real else ():
        found = distance(sound.voice, real)
        row |= {f"f0{name}": abs(found.f0), f"treble{name}": abs(found.treble), f"level{name}": abs(found.level)}
        row[f"mcd{name}"] = found.mcd
    return row
