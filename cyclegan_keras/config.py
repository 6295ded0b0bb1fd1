"""Every number of the system: analysis, networks, training and conversion.

The defaults are the report's. A run directory's ``config.json`` is a ``RunConfig``: it holds everything needed to
rebuild the networks, the analysis and the conversion.
"""

import os
import re
from dataclasses import dataclass, field, fields
from pathlib import Path

from cyclegan_keras.emotions import split_pair
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.stored import StoredConfig, not_among, outside, refuse

PHASES = ("griffin-lim", "source")
"""The source of a conversion's phase: Griffin-Lim, as in the report, or the clip itself."""

STRENGTHS = (0.0, 10.0)
"""The smallest and largest factor on a model's change that a conversion may apply."""

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
"""Keras's names. In mixed precision, activations have 16 bits; weights, statistics and optimizers are float32."""

UPDATES = ("alternating", "joint")
"""Update of the generators: F before G, as in the report, or both from one graph, as in Zhu et al. (2017)."""

STRATEGIES = ("one", "mirrored", "multiworker")
"""One device, all devices of a machine, or the devices of several machines. The training step is the same."""


@dataclass(frozen=True)
class SpectrogramConfig:
    """The analysis of a waveform as an image, and the resynthesis (report, section 3).

    An image has ``n_frames`` frames of a Hann-windowed STFT, in dB relative to the clip's maximum and floored at
    ``floor_db``. It is padded with silence to a square of ``image_size`` pixels.
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
        problems = outside(
            self, sample_rate=(1000, 192_000), n_fft=(16, 8192), hop_length=(1, 8192), n_frames=(2, 4096),
            image_size=(16, 4096), floor_db=(-200.0, -1.0), griffin_lim_iterations=(1, 1000),
            griffin_lim_momentum=(0.0, 0.999),
        )  # fmt: skip
        if self.hop_length > self.n_fft:
            problems.append("hop_length: must not exceed n_fft")
        if self.image_size < max(self.n_bins, self.n_frames):
            problems.append("image_size: must hold every bin and frame")
        if self.image_size % 4:
            problems.append("image_size: must be a multiple of 4, the generator's stride")
        refuse(problems)

    @property
    def n_bins(self) -> int:
        """Frequency bins of a frame: 257 for an FFT of 512."""
        return self.n_fft // 2 + 1

    @property
    def decibel(self) -> float:
        """One decibel in image units: 0.025 if -80 dB is -1 and 0 dB is 1."""
        return 2.0 / -self.floor_db

    @property
    def n_samples(self) -> int:
        """Samples of one image: 65,536, which is 4.096 s at 16 kHz."""
        return (self.n_frames - 1) * self.hop_length

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        return (self.image_size, self.image_size, 1)


@dataclass(frozen=True)
class ModelConfig:
    """The width and depth of the networks, and the initial values of the generators' output norm.

    ``output_init`` is ``"default"`` (scale 1, offset 0, as in the report) or ``"data"`` (standard deviation and mean of
    arctanh of the training images, which saves thousands of steps).
    """

    filters: int = 64
    n_resnet: int = 6
    output_init: str = "default"

    def __post_init__(self):
        # At the upper limits a generator takes 6 GB.
        problems = outside(self, filters=(1, 256), n_resnet=(1, 16))
        refuse(problems + not_among(self, output_init=("default", "data")))


@dataclass(frozen=True)
class LossWeights:
    """Weights of a composite's four losses, in the order of its outputs, and of a discriminator's loss (section 4)."""

    adversarial: float = 1.0
    identity: float = 5.0
    forward_cycle: float = 10.0
    backward_cycle: float = 10.0
    discriminator: float = 0.5

    def __post_init__(self):
        refuse(outside(self, **{weight.name: (0.0, 1e6) for weight in fields(self)}))


@dataclass(frozen=True)
class TrainConfig:
    """The training of the networks (report, section 4).

    Not in the report: ``snapshot_every`` (epochs between two snapshots), ``precision``, ``update``, ``xla`` (compile
    the step), and ``average_decay``, the decay of the moving average of the generators' weights (0: no average).
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
        problems = outside(
            self, epochs=(0, 1_000_000), batch_size=(1, 1024), learning_rate=(1e-12, 1.0), beta_1=(0.0, 0.9999),
            pool_size=(1, 10_000), seed=(0, 1_000_000), snapshot_every=(1, 1_000_000), average_decay=(0.0, 0.999999),
        )  # fmt: skip
        problems += not_among(self, precision=PRECISIONS, update=UPDATES)
        if self.average_decay and self.update != "joint":
            problems.append("average_decay: needs update joint, not alternating")
        refuse(problems)


@dataclass(frozen=True)
class ConversionConfig:
    """A run's default settings for conversion.

    With ``phase`` ``"griffin-lim"`` the generated spectrogram is resynthesised unchanged, as in the report. With
    ``"source"`` the generator's change is applied to the clip itself, times ``strength`` from A to B and times
    ``strength_back`` from B to A. With ``prosody`` the pitch, tempo, level and balance of a clip are moved by the
    statistics of the training clips: before G, which is trained on clips of A that are moved so, and after F.
    """

    phase: str = "griffin-lim"
    strength: float = 1.0
    strength_back: float = 1.0
    prosody: bool = False

    def __post_init__(self):
        refuse(outside(self, strength=STRENGTHS, strength_back=STRENGTHS) + not_among(self, phase=PHASES))


@dataclass(frozen=True)
class RunConfig(StoredConfig):
    """Everything that defines a training run; stored as ``config.json`` in its directory.

    ``data`` are the folders of the clips, joined by ``os.pathsep``; in a model that ships, the corpora's titles.
    ``unseen_speakers`` are separated by commas, and empty if the rule for RAVDESS chose them. ``corpus`` is the name
    that ``--corpus`` gave, and empty if the corpus was recognised. ``data_key`` is the
    fingerprint of the training clips, so that a run is never resumed on other recordings.
    """

    pair: str
    preset: str
    data: str
    data_key: str
    spectrogram: SpectrogramConfig
    model: ModelConfig
    train: TrainConfig
    conversion: ConversionConfig
    unseen_speakers: str = ""
    corpus: str = ""

    def __post_init__(self):
        refuse(run_problems(self.pair, self.data_key))

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        return self.spectrogram.image_shape

    @property
    def folders(self) -> list[Path]:
        """The folders of the clips."""
        return [Path(folder) for folder in self.data.split(os.pathsep)]


def run_problems(pair: str, data_key: str) -> list[str]:
    """List the problems of a run's pair and fingerprint; empty if there are none."""
    problems = []
    if not re.fullmatch("[0-9a-f]{16}", data_key):
        problems.append(f"data_key: must be 16 hexadecimal digits, not {data_key!r}")
    try:
        split_pair(pair)
    except InputError as error:
        problems.append(str(error))
    return problems
