"""Every number of the system in one place: analysis, networks, training, and the presets.

The defaults are the report's. A run directory's ``config.json`` is a ``RunConfig``, so whoever
holds the directory can rebuild the networks and the analysis.
"""

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Type, TypeVar

from cyclegan_keras.errors import InputError
from cyclegan_keras.files import written_beside

EMOTIONS = ("neutral", "calm", "happy", "sad", "anger", "fearful", "disgust", "surprised")
"""The report's spelling, in the order of RAVDESS's codes 01 to 08."""

EMOTION_ALIASES = {"angry": "anger"}

MAX_FILE_BYTES = 100_000
"""A hundred times what a ``config.json`` takes; nothing larger is read."""


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise InputError("; ".join(problems))


def _outside(config: object, **ranges: Tuple[float, float]) -> List[str]:
    # NaN lies in no range.
    return [
        f"{name}: must lie between {low} and {high}, not {_short(getattr(config, name))}"
        for name, (low, high) in ranges.items()
        if not low <= getattr(config, name) <= high
    ]


def _not_among(config: object, **choices: Sequence[str]) -> List[str]:
    return [
        f"{name}: must be one of {', '.join(names)}, not {_short(getattr(config, name))}"
        for name, names in choices.items()
        if getattr(config, name) not in names
    ]


@dataclass(frozen=True)
class SpectrogramConfig:
    """The analysis: how a waveform becomes an image and back (report, section 3).

    ``n_frames`` frames of a Hann-windowed STFT, in dB relative to the clip's maximum and floored
    at ``floor_db``, padded with silence to ``image_size`` pixels of frequency, and as many of time or
    ``image_width``, where that is not 0.
    """

    sample_rate: int = 16_000
    n_fft: int = 512
    hop_length: int = 256
    n_frames: int = 257
    image_size: int = 260
    image_width: int = 0
    floor_db: float = -80.0
    griffin_lim_iterations: int = 32
    griffin_lim_momentum: float = 0.99

    def __post_init__(self):
        problems = _outside(
            self, sample_rate=(1000, 192_000), n_fft=(16, 8192), hop_length=(1, 8192), n_frames=(2, 4096),
            image_size=(16, 4096), image_width=(0, 4096), floor_db=(-200.0, -1.0), griffin_lim_iterations=(1, 1000),
            griffin_lim_momentum=(0.0, 0.999),
        )  # fmt: skip
        if self.hop_length > self.n_fft:
            problems.append("hop_length: must not exceed n_fft")
        height, width, _ = self.image_shape
        if height < self.n_bins or width < self.n_frames:
            problems.append("image_size, image_width: must hold every bin and frame")
        if height % 4 or width % 4:
            problems.append("image_size, image_width: must be multiples of 4, the generator's stride")
        _refuse(problems)

    @property
    def n_bins(self) -> int:
        """Frequency bins of a frame: 257 for an FFT of 512."""
        return self.n_fft // 2 + 1

    @property
    def decibel(self) -> float:
        """One decibel in units of an image: 0.025 where -80 dB is -1 and 0 dB is 1."""
        return 2.0 / -self.floor_db

    @property
    def n_samples(self) -> int:
        """Samples that fill an image exactly: 65,536, which is 4.096 s at 16 kHz."""
        return (self.n_frames - 1) * self.hop_length

    @property
    def image_shape(self) -> Tuple[int, int, int]:
        """Height, width and channels of an image."""
        return (self.image_size, self.image_width or self.image_size, 1)

    @property
    def listening(self) -> "SpectrogramConfig":
        """The analysis for words and pitch: the report's, if it sees as much in windows no longer, else this one."""
        report = SpectrogramConfig()
        sees_as_much = (self.sample_rate, self.n_samples) == (report.sample_rate, report.n_samples)
        return report if sees_as_much and self.n_fft >= report.n_fft else self


@dataclass(frozen=True)
class ModelConfig:
    """The networks' width and depth, and what a generator's output starts from.

    ``output_init`` is ``"default"`` (scale 1, offset 0, as the report) or ``"data"`` (the standard
    deviation and mean of arctanh of the training images, which spares a short training
    thousands of steps). A ``residual`` generator paints what is to be added to an image instead of the image anew;
    nothing to begin with.
    """

    filters: int = 64
    n_resnet: int = 6
    output_init: str = "default"
    residual: bool = False

    def __post_init__(self):
        # At the upper ends a generator takes 6 GB; beyond, memory could run out while it is built.
        problems = _outside(self, filters=(1, 256), n_resnet=(1, 16))
        if self.residual and self.output_init != "default":
            problems.append("output_init: a residual generator has no norm at its output to start; leave it at default")
        _refuse(problems + _not_among(self, output_init=("default", "data")))


@dataclass(frozen=True)
class LossWeights:
    """Weights of a composite's four losses, in the order of its outputs (report, section 4).

    Ours are ``intelligibility``: of what a generated image keeps no more of its source's sentence, 1 - ESTOI, and
    ``pitch``: an adversarial loss by discriminators that are shown correlograms (``resynthesis.correlogram``).
    """

    adversarial: float = 1.0
    identity: float = 5.0
    forward_cycle: float = 10.0
    backward_cycle: float = 10.0
    discriminator: float = 0.5
    intelligibility: float = 0.0
    pitch: float = 0.0

    def __post_init__(self):
        _refuse(_outside(self, **{weight.name: (0.0, 1e6) for weight in dataclasses.fields(self)}))


STRENGTH, STRENGTHS = 1.5, (0.0, 10.0)
"""How much of what a generator changes is applied with the clip's own phase: by default, and what may be asked for."""

PHASES = ("source", "griffin-lim")
"""Where the phase of a conversion comes from: the recording, the default, refined by what was changed; or nowhere, the
report's way."""

FRAMES_THAT_OVERLAP = 8
"""Where the phase is refined, so many frames see a sample: of two, as in the analysis, gains that change are heard."""

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
"""Keras's names: activations in 16 bits and weights, statistics and optimizer in float32, or all in float32."""

UPDATES = ("alternating", "joint")
"""F before G, as the report does it; or both from one graph of six generator passes, as Zhu et al. do it."""

STRATEGIES = ("one", "mirrored", "multiworker")
"""One device, all of a machine's, or those of several machines. The step is the same, so no run depends on it."""


@dataclass(frozen=True)
class TrainConfig:
    """How the networks are trained (report, section 4).

    Ours are ``snapshot_every`` (epochs), ``precision``, ``update``, ``xla`` (compile the step with XLA),
    ``average_decay``: of the moving average of the generators' weights that conversions then use; 0 for none,
    ``average_ramp``: how soon it is reached (``cyclegan.update_averages``),
    ``resynthesis``: networks are shown generated images as they sound with their clip's phase, not as painted,
    ``refined``: before that, what a generator changes is smoothed along time, and that phase is refined by it, as
    conversions do, ``equalised``: training images are given another equaliser every time
    (``augmentation.equalise``), and ``real_and_fake_at_once``: a discriminator takes one step on both, as Zhu et al.
    do it, not one on each.
    """

    epochs: int = 150
    batch_size: int = 1
    learning_rate: float = 2e-4
    beta_1: float = 0.5
    pool_size: int = 50
    loss_weights: LossWeights = field(default_factory=LossWeights)
    seed: int = 0
    snapshot_every: int = 10
    precision: str = "float32"
    update: str = "alternating"
    xla: bool = False
    average_decay: float = 0.0
    average_ramp: float = 10.0
    resynthesis: bool = False
    refined: bool = False
    equalised: bool = False
    real_and_fake_at_once: bool = False

    def __post_init__(self):
        problems = _outside(
            self, epochs=(1, 1_000_000), batch_size=(1, 1024), learning_rate=(1e-12, 1.0), beta_1=(0.0, 0.9999),
            pool_size=(1, 10_000), seed=(0, 2**31 - 1), snapshot_every=(1, 1_000_000), average_decay=(0.0, 0.999999),
            average_ramp=(1.0, 1000.0),
        )  # fmt: skip
        problems += _not_among(self, precision=PRECISIONS, update=UPDATES)
        if self.update != "joint":
            given = [name for name in ("resynthesis", "real_and_fake_at_once") if getattr(self, name)]
            problems += [f"{name}: needs joint updates, not alternating ones" for name in given]
        if not self.resynthesis:
            weights = self.loss_weights
            needing = {"refined": self.refined, "intelligibility": weights.intelligibility, "pitch": weights.pitch}
            problems += [f"{name}: needs resynthesis" for name, wanted in needing.items() if wanted]
        _refuse(problems)


@dataclass(frozen=True)
class Gains:
    """How what a generator changes becomes gains on a recording, which ``infer.change_gains`` takes strength times.

    ``envelope`` is the share of what neighbouring bins have in common, the spectral envelope. Along time that and the
    rest, harmonics, are each smoothed, by Gaussians of ``envelope_smoothing`` and ``harmonics_smoothing`` seconds.
    The phase is fitted to the gains by so many iterations of Griffin-Lim, ``refinements``. Several conversions are
    averaged, each with the image another ``frames_apart`` further on, one more than a multiple of the strides' four.
    With a ``ceiling`` no bin becomes louder than the recording's loudest.
    """

    envelope: float = 1.0
    envelope_smoothing: float = 0.024
    harmonics_smoothing: float = 0.024
    refinements: int = 2
    frames_apart: int = 1
    ceiling: bool = True


@dataclass(frozen=True)
class Preset:
    """A named choice of analysis, networks and training, and the gains and strength that suit what they make.

    Without ``gains_back``, B to A takes ``gains`` as well.
    """

    spectrogram: SpectrogramConfig = SpectrogramConfig()
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()
    gains: Gains = Gains()
    gains_back: Optional[Gains] = None
    strength: float = STRENGTH
    strength_back: float = STRENGTH


SPECTROGRAM_520 = SpectrogramConfig(n_fft=1024, hop_length=128, n_frames=513, image_size=520)

# Of networks that were shown what they paint, not what is heard of it: two iterations leave pitch where it was, more
# cost cleanness; and with less of the envelope, which tells words apart, more of a sentence is left at equal transfer.
AS_PAINTED = Gains(envelope=0.75, refinements=4)

PRESETS = {
    "report": Preset(gains=AS_PAINTED),
    "report-520": Preset(spectrogram=SPECTROGRAM_520, train=TrainConfig(epochs=100), gains=AS_PAINTED),
    "cpu": Preset(
        model=ModelConfig(filters=16, output_init="data"),
        train=TrainConfig(epochs=20, snapshot_every=1),
        gains=AS_PAINTED,
    ),
    "cpu-plus": Preset(
        model=ModelConfig(filters=16, output_init="data"),
        train=TrainConfig(epochs=20, snapshot_every=1, update="joint", average_decay=0.995),
        gains=AS_PAINTED,
    ),
    "cpu-resynthesis": Preset(
        model=ModelConfig(filters=16, output_init="data"),
        # The discriminators, whom what is heard makes hard to please, win outright in the end: at weight 1 from the
        # sixth epoch on, at weight 2 from the sixth or the ninth, by the seed, and the emotion goes.
        train=TrainConfig(
            epochs=5,
            snapshot_every=1,
            update="joint",
            average_decay=0.995,
            resynthesis=True,
            loss_weights=LossWeights(adversarial=2.0),
        ),
    ),
}
# What is heard can be of another pitch here, so most discriminators win later, from the eighth epoch or the ninth on.
PRESETS["cpu-refined"] = dataclasses.replace(
    PRESETS["cpu-resynthesis"], train=dataclasses.replace(PRESETS["cpu-resynthesis"].train, refined=True, epochs=7)
)

# A generator that paints only a change need not paint the clip anew, in which it errs, and strength multiplies that. So
# the emotion can be asked for twenty times as much; the weight of intelligibility holds the sentence.
PRESETS["cpu-residual"] = dataclasses.replace(
    PRESETS["cpu-refined"],
    model=ModelConfig(filters=16, residual=True),
    strength=4.0,
    strength_back=2.0,
    train=dataclasses.replace(
        PRESETS["cpu-refined"].train,
        loss_weights=LossWeights(40.0, identity=2.0, forward_cycle=2.0, backward_cycle=2.0, intelligibility=30.0),
        average_decay=0.998,
        average_ramp=4.0,
        equalised=True,
        real_and_fake_at_once=True,
        epochs=7,
    ),
)

# Two more discriminators hear pitch alone, which spectrograms of so short windows hardly show.
PRESETS["cpu-pitch"] = dataclasses.replace(
    PRESETS["cpu-residual"],
    strength=2.5,
    strength_back=1.5,
    train=dataclasses.replace(
        PRESETS["cpu-residual"].train,
        loss_weights=dataclasses.replace(PRESETS["cpu-residual"].train.loss_weights, adversarial=20.0, pitch=40.0),
    ),
)

# Windows twice as long tell harmonics apart that are twice as close. Half as many frames leave images as large, and are
# no loss: conversions smooth what a generator changes over as long.
SPECTROGRAM_FINE = SpectrogramConfig(n_fft=1024, hop_length=512, n_frames=129, image_size=516, image_width=132)
PRESETS["cpu-fine"] = dataclasses.replace(PRESETS["cpu-pitch"], spectrogram=SPECTROGRAM_FINE, strength=2.0)

# To begin with what `cpu-fine` learned, and end soon. Three times the weight of the sentence turns what is changed to
# where it costs few words, and makes it fainter, so that strength multiplies it by more. Back, where it is taken most
# often, what changes of the envelope is most of what is lost of a sentence, and harmonics that change within a tenth of
# a second are rough; there, emotions are heard by what does, and a ceiling would flatten what is loud, which is not
# clean.
PRESETS["cpu-clear"] = dataclasses.replace(
    PRESETS["cpu-fine"],
    gains=Gains(envelope=0.8, refinements=4, frames_apart=5, ceiling=False),
    gains_back=Gains(envelope=0.4, envelope_smoothing=0.02, harmonics_smoothing=0.1, refinements=4, frames_apart=5),
    strength=4.0,
    strength_back=6.5,
    train=dataclasses.replace(
        PRESETS["cpu-fine"].train,
        loss_weights=dataclasses.replace(PRESETS["cpu-fine"].train.loss_weights, intelligibility=90.0),
        epochs=1,
    ),
)


Stored = TypeVar("Stored", bound="StoredConfig")


ADDED_LATER = {
    "also", "average_ramp", "equalised", "image_width", "intelligibility", "pitch",
    "real_and_fake_at_once", "refined", "residual", "resynthesis", "start_from", "strength", "strength_back",
}  # fmt: skip
"""Keys that files of before they were thought of lack; their defaults are what was done then."""

GONE = {"pause_db"}
"""Keys that files of a few hours have, and nothing needs any more."""


class StoredConfig:
    """What a run's configuration has in common, of speech or of faces: it is a file that is checked when it is read."""

    def save(self, path: Path) -> None:
        """Write the configuration as JSON, with a checksum that tells a damaged file from a whole one."""
        values = dataclasses.asdict(self)
        with written_beside(path) as beside:
            text = json.dumps({**values, "checksum": _checksum(values)}, indent=2)
            beside.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls: Type[Stored], path: Path) -> Stored:
        """Read a configuration; every key and value is checked.

        Raises
        ------
        InputError
            The file is missing, is not JSON, has keys or values that no configuration has (every one is
            named), or was changed since ``save``.
        """
        path = Path(path)
        if not path.exists():
            raise InputError(f"{path}: not found; is this a run directory that `train` made?")
        try:
            if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
                raise InputError(f"not a file of at most {MAX_FILE_BYTES} bytes")
            values = json.loads(path.read_text(encoding="utf-8"))
            # A file of before there were checksums has none.
            checksum = values.pop("checksum", None) if isinstance(values, dict) else None
            config = _from_dict(cls, values)
            if checksum not in (None, _checksum(values)):
                raise InputError("checksum: does not match the rest, which was changed; if on purpose, delete its line")
            return config
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{path}: not a run's configuration ({error})") from None


@dataclass(frozen=True)
class RunConfig(StoredConfig):
    """Everything that defines a training run; stored as ``config.json`` in its directory.

    ``data`` is the folder the clips came from and ``data_key`` the fingerprint of the training
    clips' content, so that a run is never continued on other recordings. Unless told otherwise, a conversion
    applies ``strength`` and, from B to A, ``strength_back`` of what a generator changes (``infer.change_gains``).
    ``start_from`` is the checkpoint of another run that this one began with, if it did not with random weights.
    ``also`` are the emotions, with commas between, whose clips B is trained with beside its own.
    """

    pair: str
    preset: str
    data: str
    data_key: str
    spectrogram: SpectrogramConfig
    model: ModelConfig
    train: TrainConfig
    strength: float = STRENGTH
    strength_back: float = STRENGTH
    start_from: str = ""
    also: str = ""

    def __post_init__(self):
        problems = _outside(self, strength=STRENGTHS, strength_back=STRENGTHS)
        try:
            split_also(self.also, self.pair)
        except InputError as error:
            problems.append(str(error))
        if self.train.refined and self.spectrogram.hop_length % (self.spectrogram.n_fft // FRAMES_THAT_OVERLAP):
            problems.append(f"refined: needs a hop_length that is a multiple of n_fft / {FRAMES_THAT_OVERLAP}")
        _refuse(_run_problems(self) + problems)

    @property
    def image_shape(self) -> Tuple[int, int, int]:
        """Height, width and channels of an image."""
        return self.spectrogram.image_shape


@dataclass(frozen=True)
class FaceRunConfig(StoredConfig):
    """What defines a training run on faces (report, Figure 5): as ``RunConfig``, without an analysis of sound."""

    pair: str
    preset: str
    data: str
    data_key: str
    image_size: int
    model: ModelConfig
    train: TrainConfig

    def __post_init__(self):
        problems = _run_problems(self) + _outside(self, image_size=(16, 4096))
        if self.image_size % 4:
            problems.append("image_size: must be a multiple of 4, the generator's stride")
        _refuse(problems)

    @property
    def image_shape(self) -> Tuple[int, int, int]:
        """Height, width and channels of an image."""
        return (self.image_size, self.image_size, 1)


def split_pair(pair: str) -> Tuple[str, str]:
    """Split ``"calm_fearful"`` into its domains A and B, in the report's spelling.

    Raises
    ------
    InputError
        Not two different known emotions joined by an underscore.

    Example
    -------
    >>> split_pair("calm_angry")
    ('calm', 'anger')
    """
    names = tuple(EMOTION_ALIASES.get(name, name) for name in pair.split("_"))
    unknown = [name for name in names if name not in EMOTIONS]
    if len(names) != 2 or unknown or names[0] == names[1]:
        wrong = f"unknown emotion {unknown[0]!r}" if unknown and len(names) == 2 else "not two different emotions"
        raise InputError(f"pair {pair!r}: {wrong}; write A_B, such as calm_fearful, from {', '.join(EMOTIONS)}")
    return names


def split_also(also: str, pair: str) -> Tuple[str, ...]:
    """Split ``"disgust,happy"`` into the emotions whose clips join those of the pair's B, in the report's spelling.

    Raises
    ------
    InputError
        One is no known emotion, is of the pair, or is named twice.

    Example
    -------
    >>> split_also("disgust,fearful", "calm_anger")
    ('disgust', 'fearful')
    """
    names = tuple(EMOTION_ALIASES.get(name, name) for name in also.split(",") if also)
    for number, name in enumerate(names):
        if name not in EMOTIONS or name in (*names[:number], *split_pair(pair)):
            wrong = "unknown emotion" if name not in EMOTIONS else "named twice or in the pair:"
            others = ", ".join(other for other in EMOTIONS if other not in split_pair(pair))
            raise InputError(f"also {also!r}: {wrong} {name!r}; write some of {others}, with commas between")
    return names


def _run_problems(config: StoredConfig) -> List[str]:
    problems = _not_among(config, preset=tuple(PRESETS))
    if not re.fullmatch("[0-9a-f]{16}", config.data_key):
        problems.append(f"data_key: must be 16 hexadecimal digits, not {config.data_key!r}")
    try:
        split_pair(config.pair)
    except InputError as error:
        problems.append(str(error))
    return problems


def _checksum(values: Dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _from_dict(cls: type, values: Any) -> Any:
    if not isinstance(values, dict):
        raise InputError(f"{cls.__name__} must be an object, not {_short(values)}")
    fields = {f.name: f for f in dataclasses.fields(cls)}
    problems = [f"unknown key {_short(name)} in {cls.__name__}" for name in sorted(values.keys() - fields - GONE)]
    problems += [f"missing key {name!r} in {cls.__name__}" for name in fields if name not in {*values, *ADDED_LATER}]
    read = {}
    for name in (name for name in fields if name in values):
        try:
            read[name] = _checked(name, fields[name].type, values[name])
        except InputError as error:
            problems.append(str(error))
            if dataclasses.is_dataclass(fields[name].type):
                read[name] = fields[name].type()  # its defaults, so that the ranges of the rest are checked as well
    without_default = [f.name for f in fields.values() if f.default is f.default_factory is dataclasses.MISSING]
    if all(name in read for name in without_default):
        try:
            config = cls(**read)
        except InputError as error:
            problems.append(str(error))
    _refuse(problems)
    return config


def _checked(name: str, wanted: type, value: Any) -> Any:
    if dataclasses.is_dataclass(wanted):
        return _from_dict(wanted, value)
    if wanted is float and type(value) is int and abs(value) < 2**53:
        return float(value)
    if type(value) is not wanted:
        raise InputError(f"{name} must be {wanted.__name__}, not {_short(value)}")
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
