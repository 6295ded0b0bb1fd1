"""The four presets."""

import dataclasses

import pytest

from cyclegan_keras.config import ConversionConfig, ModelConfig, SpectrogramConfig, TrainConfig
from cyclegan_keras.presets import PRESETS


def test_there_are_four():
    assert list(PRESETS) == ["report", "report-520", "cpu", "cpu-plus"]


@pytest.mark.parametrize(
    "name, size, filters, epochs, output_init",
    [
        ("report", 260, 64, 150, "default"),
        ("report-520", 520, 64, 100, "default"),
        ("cpu", 260, 16, 20, "data"),
        ("cpu-plus", 260, 16, 20, "data"),
    ],
)
def test_their_numbers_are_the_designs(name, size, filters, epochs, output_init):
    preset = PRESETS[name]
    assert preset.spectrogram.image_shape == (size, size, 1)
    assert preset.model == ModelConfig(filters, 6, output_init)
    assert (preset.train.epochs, preset.train.batch_size, preset.train.pool_size) == (epochs, 1, 50)
    assert (preset.train.learning_rate, preset.train.beta_1) == (2e-4, 0.5)
    assert preset.train.snapshot_every == (10 if name.startswith("report") else 1)


@pytest.mark.parametrize("name, n_fft, hop, frames", [("report", 512, 256, 257), ("report-520", 1024, 128, 513)])
def test_the_analyses_are_the_reports(name, n_fft, hop, frames):
    spectrogram = PRESETS[name].spectrogram
    assert (spectrogram.sample_rate, spectrogram.floor_db) == (16_000, -80.0)
    assert (spectrogram.n_fft, spectrogram.hop_length, spectrogram.n_frames) == (n_fft, hop, frames)
    assert (spectrogram.griffin_lim_iterations, spectrogram.griffin_lim_momentum) == (32, 0.99)


@pytest.mark.parametrize("name", ["report", "report-520", "cpu"])
def test_the_reports_way_is_griffin_lim_alternating_updates_and_no_averages(name):
    preset = PRESETS[name]
    assert preset.conversion == ConversionConfig("griffin-lim", 1.0, 1.0)
    assert (preset.train.update, preset.train.average_decay) == ("alternating", 0.0)


def test_cpu_plus_moves_prosody_and_converts_by_the_clips_own_phase():
    assert PRESETS["cpu-plus"].conversion == ConversionConfig("source", 1.0, 1.0, prosody=True)


def test_cpu_plus_is_cpu_but_for_joint_updates_averages_and_conversion():
    cpu, plus = PRESETS["cpu"], PRESETS["cpu-plus"]
    assert (plus.train.update, plus.train.average_decay) == ("joint", 0.995)
    train = dataclasses.replace(plus.train, update="alternating", average_decay=0.0)
    assert dataclasses.replace(plus, train=train, conversion=cpu.conversion) == cpu


def test_report_is_every_default():
    report = PRESETS["report"]
    assert (report.spectrogram, report.model, report.train) == (SpectrogramConfig(), ModelConfig(), TrainConfig())
