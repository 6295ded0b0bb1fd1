"""All measures of one direction of a pair: distance to the actor's own recording, words, cleanness, speaker, judges."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.config import SpectrogramConfig
from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.measuring import metrics, parallel, speaker
from cyclegan_keras.measuring.cache import Tell, say_nothing
from cyclegan_keras.measuring.panel import Panel, build_panel
from cyclegan_keras.measuring.rows import Row
from cyclegan_keras.measuring.sets import Pairing, Source
from cyclegan_keras.measuring.sounds import Sound, embedding, measure_sounds
from cyclegan_keras.shared.errors import InputError


@dataclass
class Ruler:
    """Measures one direction of a pair. Made by ``build_ruler``.

    ``pairing`` finds the actors' own recordings. ``with_dnsmos`` and ``with_speaker`` switch the measures of cleanness
    and speaker. ``tell`` receives lines of progress.
    """

    panel: Panel
    pairing: Pairing
    with_dnsmos: bool = True
    with_speaker: bool = True
    tell: Tell = say_nothing
    _of_clips: dict[Path, Sound] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The source emotion."""
        return self.panel.source

    @property
    def target(self) -> str:
        """The target emotion."""
        return self.panel.target

    @property
    def config(self) -> SpectrogramConfig:
        """The analysis of the judges, the same for every run that is measured."""
        return self.panel.judges[0].config

    def measure(self, name: str, sounds: Sequence[np.ndarray], sources: Sequence[Source], aligned: bool = True) -> Row:
        """Measure sounds against their sources and against the real recordings in the target emotion.

        Parameters
        ----------
        name : str
            Name of the row.
        sounds : sequence of np.ndarray [shape=(n,)]
        sources : sequence of Source
            The source recording of each sound.
        aligned : bool
            Whether each sound is aligned in time with its source, as ESTOI needs.

        Returns
        -------
        row : Row
            Without the measures that need a source from RAVDESS, if the sources are from elsewhere.
        """
        rate = self.config.sample_rate
        statements = [source.clip.statement if source.clip else 0 for source in sources]
        measured = measure_sounds(sounds, statements, rate, self.with_dnsmos)
        recognised = [sound.words for sound in measured if sound.words]
        distances = self._distances(measured, sources)
        estoi = []
        if aligned:
            shared = [min(len(sound), len(source.waveform)) for sound, source in zip(sounds, sources)]
            estoi = [
                metrics.estoi(source.waveform[:length], sound[:length], rate)
                for sound, source, length in zip(sounds, sources, shared)
            ]
        return Row(
            name,
            len(sounds),
            **self._compared(distances, sources),
            wer=_mean([each.wer for each in recognised]),
            whole=_mean([each.whole for each in recognised]),
            dnsmos=_mean([sound.dnsmos for sound in measured if sound.dnsmos is not None]),
            voice=self._same_voice(sounds, sources),
            **self.panel.shares([middle(sound, self.config) for sound in sounds]),
            estoi=_mean(estoi),
            by_clip=tuple(
                _of_clip(source, sound, distance) for source, sound, distance in zip(sources, measured, distances)
            ),
        )

    def two_actors(self, sources: Sequence[Source]) -> float | None:
        """Mean speaker similarity of two speakers, in RAVDESS of one sex, in the same sentence and emotion."""
        found = []
        for source in sources:
            if source.clip and self.with_speaker:
                own = embedding(source.waveform)
                impostors = self.pairing.impostors(source.clip)
                found += [speaker.similarity(own, embedding(self.waveform(clip))) for clip in impostors]
        return _mean(found)

    def second_takes(self, sources: Sequence[Source]) -> tuple[list[np.ndarray], list[Source]]:
        """The actors' second takes of the same sentences in the target emotion, and the sources that have one."""
        found = [(self._second_take(source), source) for source in sources]
        found = [(clip, source) for clip, source in found if clip]
        return [self.waveform(clip) for clip, _ in found], [source for _, source in found]

    def waveform(self, clip: Clip) -> np.ndarray:
        """Read a recording of the data set."""
        return load_waveform(clip.path, self.config.sample_rate)

    def _second_take(self, source: Source) -> Clip | None:
        real = self.pairing.real(source.clip, self.target) if source.clip else None
        return self.pairing.second_take(real) if real else None

    def _distances(self, sounds: Sequence[Sound], sources: Sequence[Source]) -> list[parallel.Distance | None]:
        """The distance of each sound to the real recording; None if there is none."""
        goals = [source.clip and self.pairing.real(source.clip, self.target) for source in sources]
        real = iter(self._real([goal for goal in goals if goal]))
        return [
            parallel.distance(sound.voice, next(real).voice) if goal else None for sound, goal in zip(sounds, goals)
        ]

    def _compared(self, distances: Sequence[parallel.Distance | None], sources: Sequence[Source]) -> dict:
        """The columns of a row that compare with the real recordings."""
        known = [(distance, source) for distance, source in zip(distances, sources) if distance]
        if not known:
            return {}
        after, sources = zip(*known)
        untouched = measure_sounds(
            [source.waveform for source in sources], [0] * len(sources), self.config.sample_rate, False
        )
        ours, theirs = map(parallel.differences, (after, self._distances(untouched, sources)))
        speakers = [source.speaker for source in sources]
        gaps = {
            f"{name}_gap": parallel.gap_closed(ours[name], theirs[name], speakers)
            for name in ("f0", "f0_spread", "treble", "level")
        }
        return {
            **{name: gap for name, gap in gaps.items() if np.isfinite(gap.value)},
            "f0_away": _mean(np.abs(ours["f0"])),
            "contour": _mean(ours["contour"]),
            "treble_off": _mean(ours["treble"]),
            "level_off": _mean(ours["level"]),
            "mcd": _mean(ours["mcd"]),
            "mcd_gap": self._mcd_gap(ours["mcd"], theirs["mcd"], sources),
        }

    def _mcd_gap(self, now: np.ndarray, before: np.ndarray, sources: Sequence[Source]) -> parallel.Gap | None:
        takes = [self._second_take(source) for source in sources]
        with_take = [number for number, take in enumerate(takes) if take]
        if not with_take:
            return None
        seconds = self._real([takes[number] for number in with_take])
        floor = [distance.mcd for distance in self._distances(seconds, [sources[number] for number in with_take])]
        speakers = [sources[number].speaker for number in with_take]
        return parallel.gap_to_second_take(now[with_take], before[with_take], floor, speakers)

    def _real(self, clips: Sequence[Clip]) -> list[Sound]:
        missing = [clip for clip in clips if clip.path not in self._of_clips]
        waveforms = [self.waveform(clip) for clip in missing]
        measured = measure_sounds(waveforms, [0] * len(missing), self.config.sample_rate, False)
        self._of_clips.update(zip([clip.path for clip in missing], measured))
        return [self._of_clips[clip.path] for clip in clips]

    def _same_voice(self, sounds: Sequence[np.ndarray], sources: Sequence[Source]) -> float | None:
        found = []
        for sound, source in zip(sounds, sources):
            others = self.pairing.others(source.clip) if source.clip and self.with_speaker else []
            if others:
                own = np.mean([embedding(self.waveform(clip)) for clip in others], axis=0)
                found.append(speaker.similarity(embedding(sound), own))
        return _mean(found)


def build_ruler(
    clips: Sequence[Clip],
    source: str,
    target: str,
    config: SpectrogramConfig,
    tell: Tell = say_nothing,
    with_dnsmos: bool = True,
) -> Ruler:
    """Fit and test a pair's judges on a data set.

    Raises
    ------
    InputError
        The data set lacks clips of an emotion, or actors to test the judges on.
    """
    with_speaker = True
    try:
        speaker.load_weights()
    except InputError as error:
        tell(f"speaker similarity is not measured: {error}")
        with_speaker = False
    return Ruler(build_panel(clips, source, target, config, tell), Pairing(clips), with_dnsmos, with_speaker, tell)


def middle(waveform: np.ndarray, config: SpectrogramConfig) -> np.ndarray:
    """Cut a recording to its middle 4.096 s, the length of an image; a shorter recording is not changed."""
    start = max(0, (len(waveform) - config.n_samples) // 2)
    return waveform[start : start + config.n_samples]


def _mean(numbers: Sequence[float]) -> float | None:
    numbers = np.array(numbers, float)
    numbers = numbers[np.isfinite(numbers)]
    return float(numbers.mean()) if len(numbers) else None


def _of_clip(source: Source, sound: Sound, distance: parallel.Distance | None) -> dict[str, str | float]:
    """One clip's measures, without those that do not apply."""
    measured = {**(vars(distance) if distance else {}), "dnsmos": sound.dnsmos}
    if sound.words:
        measured["wer"] = sound.words.wer
    there = {name: value for name, value in measured.items() if value is not None and np.isfinite(value)}
    return {"clip": source.name, "speaker": source.speaker, **there}
