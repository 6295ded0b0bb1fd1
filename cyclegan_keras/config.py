"""Every number of the system in one place: analysis, networks, training, and the presets.

The defaults are the report's. A run directory's ``config.json`` is a ``RunConfig``, so whoever
holds the directory can rebuild the networks and the analysis.
"""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Tuple

from cyclegan_keras.errors import InputError
from cyclegan_keras.files import written_beside

EMOTIONS = ("neutral", "calm", "happy", "sad", "anger", "fearful", "disgust", "surprised")
"""The report's spelling, in the order of RAVDESS's codes 01 to 08."""

EMOTION_ALIASES = {"angry": "anger"}


def _require(holds: bool, name: str, problem: str) -> None:
    if not holds:
        raise InputError(f"{name}: {problem}")


@dataclass(frozen=True)
class SpectrogramConfig:
    """The analysis: how a waveform becomes an image and back (report, section 3).

    ``n_frames`` frames of a Hann-windowed STFT, in dB relative to the clip's maximum and floored
    at ``floor_db``, padded with silence to a square of ``image_size`` pixels.
    """

    sample_rate: int = 16_000
    n_fft: int = 512
    hop_length: int = 256
    n_frames: int = 257
    image_size: int = 260
    floor_db: float = -80.0
    griffin_lim_iterations: int = 32
    griffin_lim_momentum: float = 0.99

    def __post_init__(self):
        for name in ("sample_rate", "n_fft", "hop_length", "n_frames", "griffin_lim_iterations"):
            _require(getattr(self, name) >= 1, name, "must be 1 or more")
        _require(self.hop_length <= self.n_fft, "hop_length", "must not exceed n_fft")
        _require(self.image_size >= max(self.n_frames, self.n_bins), "image_size", "must hold every frame and bin")
        _require(self.image_size % 4 == 0, "image_size", "must be a multiple of 4, the generator's stride")
        _require(-200.0 <= self.floor_db < 0.0, "floor_db", "must lie between -200 and 0")
        _require(0.0 <= self.griffin_lim_momentum < 1.0, "griffin_lim_momentum", "must lie in [0, 1)")

    @property
    def n_bins(self) -> int:
        """Frequency bins of a frame: 257 for an FFT of 512."""
        return self.n_fft // 2 + 1

    @property
    def n_samples(self) -> int:
        """Samples that fill an image exactly: 65,536, which is 4.096 s at 16 kHz."""
        return (self.n_frames - 1) * self.hop_length

    @property
    def image_shape(self) -> Tuple[int, int, int]:
        """Height, width and channels of an image."""
        return (self.image_size, self.image_size, 1)


@dataclass(frozen=True)
class ModelConfig:
    """The networks' width and depth, and where the generator's output norm starts.

    ``output_init`` is ``"default"`` (scale 1, offset 0, as the report) or ``"data"`` (the standard
    deviation and mean of arctanh of the training images, which spares a short training
    thousands of steps).
    """

    filters: int = 64
    n_resnet: int = 6
    output_init: str = "default"

    def __post_init__(self):
        _require(self.filters >= 1, "filters", "must be 1 or more")
        _require(self.n_resnet >= 1, "n_resnet", "must be 1 or more")
        _require(self.output_init in ("default", "data"), "output_init", "must be default or data")


@dataclass(frozen=True)
class LossWeights:
    """Weights of a composite's four losses, in the order of its outputs (report, section 4)."""

    adversarial: float = 1.0
    identity: float = 5.0
    forward_cycle: float = 10.0
    backward_cycle: float = 10.0
    discriminator: float = 0.5


PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
"""Keras's names: activations in 16 bits and weights, statistics and optimizer in float32, or all in float32."""

UPDATES = ("alternating", "joint")
"""F before G, as the report does it; or both from one graph of six generator passes, as Zhu et al. do it."""


@dataclass(frozen=True)
class TrainConfig:
    """How the networks are trained (report, section 4).

    Ours are ``snapshot_every`` (epochs), ``precision``, ``update``, ``xla`` (compile the step with XLA) and
    ``average_decay``: of the moving average of the generators' weights that conversions then use; 0 for none.
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

    def __post_init__(self):
        for name in ("epochs", "batch_size", "pool_size", "snapshot_every"):
            _require(getattr(self, name) >= 1, name, "must be 1 or more")
        _require(self.learning_rate > 0.0, "learning_rate", "must be positive")
        _require(0.0 <= self.beta_1 < 1.0, "beta_1", "must lie in [0, 1)")
        _require(self.precision in PRECISIONS, "precision", f"must be one of {', '.join(PRECISIONS)}")
        _require(0.0 <= self.average_decay < 1.0, "average_decay", "must lie in [0, 1)")
        _require(self.update in UPDATES, "update", f"must be one of {', '.join(UPDATES)}")
        _require(0 <= self.seed < 2**31, "seed", "must lie between 0 and 2147483647")


@dataclass(frozen=True)
class Preset:
    """A named choice of analysis, networks and training."""

    spectrogram: SpectrogramConfig = SpectrogramConfig()
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()


SPECTROGRAM_520 = SpectrogramConfig(n_fft=1024, hop_length=128, n_frames=513, image_size=520)

PRESETS = {
    "report": Preset(),
    "report-520": Preset(spectrogram=SPECTROGRAM_520, train=TrainConfig(epochs=100)),
    "cpu": Preset(model=ModelConfig(filters=16, output_init="data"), train=TrainConfig(epochs=20, snapshot_every=1)),
    "cpu-plus": Preset(
        model=ModelConfig(filters=16, output_init="data"),
        train=TrainConfig(epochs=20, snapshot_every=1, update="joint", average_decay=0.995),
    ),
}


@dataclass(frozen=True)
class RunConfig:
    """Everything that defines a training run; stored as ``config.json`` in its directory.

    ``data`` is the folder the clips came from and ``data_key`` the fingerprint of the training
    clips' content, so that a run is never continued on other recordings.
    """

    pair: str
    preset: str
    data: str
    data_key: str
    spectrogram: SpectrogramConfig
    model: ModelConfig
    train: TrainConfig

    def __post_init__(self):
        split_pair(self.pair)

    def save(self, path: Path) -> None:
        """Write the configuration as JSON."""
        with written_beside(path) as beside:
            beside.write_text(json.dumps(dataclasses.asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "RunConfig":
        """Read a configuration; every key and value is checked.

        Raises
        ------
        InputError
            The file is missing, is not JSON, or has a key or value that no configuration has.
        """
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
            return _from_dict(cls, values)
        except FileNotFoundError:
            raise InputError(f"{path}: not found; is this a run directory that `train` made?") from None
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: not a run's configuration ({error})") from None


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


def _from_dict(cls: type, values: Any) -> Any:
    if not isinstance(values, dict):
        raise ValueError(f"{cls.__name__} must be an object, not {type(values).__name__}")
    fields = {f.name: f.type for f in dataclasses.fields(cls)}
    for problem, names in (("unknown key", values.keys() - fields), ("missing key", fields.keys() - values)):
        if names:
            raise ValueError(f"{problem} {', '.join(sorted(names))} in {cls.__name__}")
    return cls(**{name: _checked(name, fields[name], value) for name, value in values.items()})


def _checked(name: str, wanted: type, value: Any) -> Any:
    if dataclasses.is_dataclass(wanted):
        return _from_dict(wanted, value)
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise ValueError(f"{name} must be {wanted.__name__}, not {value!r}")
    return value
