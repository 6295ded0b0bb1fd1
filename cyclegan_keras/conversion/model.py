"""A trained model as an object of Python: a recording in, its conversion out."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cyclegan_keras.audio.files import Sound, read_sound, sound_of_samples, without_offset_and_rumble
from cyclegan_keras.config import PHASES, RunConfig
from cyclegan_keras.conversion.convert import Conversion, convert
from cyclegan_keras.conversion.generators import load_generator
from cyclegan_keras.conversion.recording import Recording, analyse_sound
from cyclegan_keras.conversion.settings import ConversionSettings, run_settings
from cyclegan_keras.conversion.summary import Summary, summarise
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.shared.errors import InputError, RunError
from cyclegan_keras.shared.machine import prepare_tensorflow
from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory, newest_run

if TYPE_CHECKING:
    import tensorflow as tf

RUNS = Path("runs")
"""Where trainings are looked for by the name of their pair."""


class Converted(NamedTuple):
    """A clip as the network saw it, its conversion, and what that changed."""

    recording: Recording
    conversion: Conversion
    summary: Summary

    @property
    def waveform(self) -> np.ndarray:
        """The converted waveform."""
        return self.conversion.waveform


class Model:
    """One direction of a trained pair. ``load_model`` makes it; the first clip that needs the network loads it.

    Attributes
    ----------
    run : RunDirectory
    config : RunConfig
    epoch : int
        Of the generator's weights; 0 without a network.
    direction : str
        One of ``DIRECTIONS``.
    source, target : str
        Emotions.
    settings : ConversionSettings
        How clips are converted by default.
    """

    def __init__(
        self,
        run: RunDirectory,
        epoch: int = 0,
        reverse: bool = False,
        phase: str | None = None,
        strength: float | None = None,
        keep_duration: bool = False,
    ):
        self.run, self.config = run, RunConfig.load(run.config_file)
        self.reverse, self.direction = reverse, DIRECTIONS[reverse]
        self.source, self.target = split_pair(self.config.pair)[:: -1 if reverse else 1]
        if phase not in (None, *PHASES):
            raise InputError(f"phase {phase!r}: unknown; give one of {', '.join(PHASES)}")
        self.keep_duration = keep_duration
        self.settings = self._settings(phase, strength)
        if epoch and not self.config.train.epochs:
            raise InputError(f"--epoch {epoch}: {run.path} has no network, so it has no epochs; leave --epoch out")
        self.epoch = run.epoch_or_latest(epoch) if epoch or self.settings.uses_network else 0
        self._generator: tf.keras.Model | None = None

    def __repr__(self) -> str:
        network = f"epoch {self.epoch}" if self.settings.uses_network else "no network"
        return f"{self.source} to {self.target}, with {self.run.path}, {network}, {self.settings}"

    def load_network(self, traced: bool = False) -> None:
        """Load the network now instead of with the first clip that needs it.

        Parameters
        ----------
        traced : bool
            Trace it at its first clip, which takes seconds and saves time with every clip that follows.

        Raises
        ------
        InputError
            The weights are missing or damaged.
        RunError
            TensorFlow does not load, or there is not enough memory.
        """
        try:
            prepare_tensorflow()
        except RunError:
            raise
        except RuntimeError:
            pass  # the program around has used TensorFlow on a GPU before, whose settings are its own then
        epoch = self.run.epoch_or_latest(self.epoch)  # it is 0 where a strength of 0 needs no network
        self._generator = load_generator(self.run, self.config, epoch, self.direction, traced)

    def convert(
        self,
        clip: "str | Path | np.ndarray",
        sample_rate: int | None = None,
        *,
        strength: float | None = None,
        keep_rate: bool = False,
    ) -> tuple[np.ndarray, int]:
        """Convert a recording of up to ten minutes.

        Parameters
        ----------
        clip : str, Path or np.ndarray [shape=(n,) or (n, channels)]
            A file, or samples: floats where 1 is full scale, or signed integers of any width.
        sample_rate : int, optional
            Of an array, in Hz.
        strength : float, optional
            Multiple of the change, with the clip's own phase; default: as the model was loaded.
        keep_rate : bool
            Return the clip's own rate, with what it has above 8 kHz; else 16 kHz.

        Returns
        -------
        waveform : np.ndarray [shape=(n,), dtype=float32]
            At the clip's level, within [-1, 1]. As long as the clip, unless the model changes the tempo.
        sample_rate : int
            In Hz.

        Raises
        ------
        InputError
            The recording cannot be used, samples have no rate, the strength does not fit, or weights are damaged.
        RunError
            TensorFlow does not load, or there is not enough memory.

        Example
        -------
        >>> from cyclegan_keras import load_model
        >>> waveform, rate = load_model("calm_fearful").convert("clip.wav")  # doctest: +SKIP
        """
        result = self.convert_fully(clip, sample_rate, strength=strength, keep_rate=keep_rate)
        return result.conversion.waveform, result.conversion.sample_rate

    def convert_fully(
        self,
        clip: "str | Path | np.ndarray",
        sample_rate: int | None = None,
        *,
        strength: float | None = None,
        keep_rate: bool = False,
    ) -> Converted:
        """Convert as ``convert`` does; returns spectrograms and a summary as well.

        Returns
        -------
        converted : Converted
        """
        settings = self.settings if strength is None else self._settings(self.settings.phase, strength)
        sound, name = _sound(clip, sample_rate)
        config, sound = self.config.spectrogram, without_offset_and_rumble(sound)
        recording = analyse_sound(sound, name, config, settings.move_before)
        full_band = sound if keep_rate else None
        del sound  # ten minutes take much memory
        if settings.uses_network and self._generator is None:
            self.load_network()
        generator = self._generator if settings.uses_network else None
        try:
            conversion = convert(recording, generator, config, settings, full_band)
        except InputError as error:
            raise InputError(f"{name}: once moved, {error}; give a longer recording") from None
        return Converted(recording, conversion, summarise(recording, conversion, config))

    def _settings(self, phase: str | None, strength: float | None) -> ConversionSettings:
        return run_settings(self.run, self.config, self.reverse, phase, strength, self.keep_duration)


def load_model(
    name: str | Path,
    *,
    reverse: bool = False,
    epoch: int = 0,
    phase: str | None = None,
    strength: float | None = None,
    keep_duration: bool = False,
    runs: str | Path = RUNS,
) -> Model:
    """Load a trained model.

    Parameters
    ----------
    name : str or Path
        A pair, such as ``"calm_fearful"``: its newest finished training under ``runs``, else the model that ships,
        else an unfinished training. Or the path of a run directory.
    reverse : bool
        Convert from B to A.
    epoch : int
        Use this epoch's weights; 0 is the latest.
    phase : str, optional
        One of ``config.PHASES``; else the model's own.
    strength : float, optional
        0 to 10; else the model's own.
    keep_duration : bool
        Leave the tempo as it is.
    runs : str or Path
        The folder of trainings.

    Returns
    -------
    model : Model

    Raises
    ------
    InputError
        There is no such model, or one of the options does not fit it.

    Example
    -------
    >>> load_model("calm_fearful").target
    'fearful'
    """
    folder = Path(name)
    run = RunDirectory(folder) if (folder / "config.json").exists() else None
    if run is None:
        if len(folder.parts) != 1:
            raise InputError(f"{name}: holds no config.json; give a run directory that train made, or a pair")
        run = newest_run(str(name), Path(runs))
    return Model(run, epoch, reverse, phase, strength, keep_duration)


def _sound(clip: "str | Path | np.ndarray", sample_rate: int | None) -> tuple[Sound, str]:
    if isinstance(clip, (str, Path)):
        return read_sound(Path(clip)), str(clip)
    if not sample_rate:
        raise InputError("the waveform: has no sample rate; give sample_rate in Hz")
    return sound_of_samples(np.asarray(clip), sample_rate, "the waveform"), "the waveform"
