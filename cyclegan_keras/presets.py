"""The four presets: named choices of analysis, networks, training and conversion."""

from dataclasses import dataclass

from cyclegan_keras.config import ConversionConfig, ModelConfig, SpectrogramConfig, TrainConfig


@dataclass(frozen=True)
class Preset:
    """A named choice of analysis, networks, training and conversion; the defaults are the report's."""

    spectrogram: SpectrogramConfig = SpectrogramConfig()
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()
    conversion: ConversionConfig = ConversionConfig()


SPECTROGRAM_520 = SpectrogramConfig(n_fft=1024, hop_length=128, n_frames=513, image_size=520)
QUARTER_WIDTH = ModelConfig(filters=16, output_init="data")

PRESETS = {
    "report": Preset(),
    "report-520": Preset(spectrogram=SPECTROGRAM_520, train=TrainConfig(epochs=100)),
    "cpu": Preset(model=QUARTER_WIDTH, train=TrainConfig(epochs=20, snapshot_every=1)),
    "cpu-plus": Preset(
        model=QUARTER_WIDTH,
        train=TrainConfig(epochs=20, snapshot_every=1, update="joint", average_decay=0.995),
        conversion=ConversionConfig(phase="source", prosody=True),
    ),
}
"""By name: the report's two image sizes, the report a quarter as wide for a CPU, and our own way at that width."""
