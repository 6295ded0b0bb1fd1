"""Section 5.3: parameters, seconds a step and hours for the report's epochs, at 3, 6 and 9 blocks and at 520 x 520."""

import dataclasses
import importlib.util
import os
import shutil
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cyclegan_keras.corpora.clips import domain
from cyclegan_keras.presets import PRESETS, Preset
from cyclegan_keras.shared.cli import prepare_environment
from cyclegan_keras.shared.machine import prepare_tensorflow
from experiments.runs import Settings

TIMED = 3
"""Steps that are timed, after a first one that traces the graph."""


class Size(NamedTuple):
    """A row: the image's side, the generator's ResNet blocks, and the epochs that the report trains it for."""

    image_size: int
    n_resnet: int
    epochs: int


SIZES = (Size(260, 3, 100), Size(260, 6, 150), Size(260, 9, 100), Size(520, 6, 100))


@dataclass(frozen=True)
class Resources:
    """The cost table."""

    name: str = "resources"
    title: str = "Section 5.3: what training costs"
    compares: str = (
        "Trainable weights of one composite's three networks, seconds a step on this machine, and hours for the epochs "
        "that the report trains."
    )
    runs: tuple = ()

    def make(self, settings: Settings, folder: Path) -> dict:
        """Count and time, every size in a process of its own."""
        steps = len(domain(settings.split().train, "calm"))
        rows, paces = [], []
        for size in SIZES:
            print(f"timing {TIMED} steps at {size.image_size} x {size.image_size}, {size.n_resnet} blocks", flush=True)
            with ProcessPoolExecutor(1, get_context("spawn"), initializer=prepare_environment) as process:
                cost = process.submit(measure, settings.preset, size).result()
            hours = cost["seconds"] * steps * size.epochs / 3600
            rows.append(
                [
                    f"{size.image_size} x {size.image_size}, {size.n_resnet} blocks", cost["report_weights"],
                    cost["weights"], round(cost["seconds"], 2), size.epochs, round(hours, 1),
                ]
            )  # fmt: skip
            paces.append({**cost, "image_size": size.image_size, "n_resnet": size.n_resnet})
        filters = PRESETS[settings.preset].model.filters
        machine = prepare_tensorflow()
        return {
            "title": self.title,
            "compares": self.compares,
            "figures": {
                "columns": [
                    "", "weights, 64 filters (the report)", f"weights, {filters} filters", "seconds a step",
                    "the report's epochs", f"hours for them, {steps} steps each",
                ],
                "rows": rows,
            },
            "paces": paces,
            "pictures": _architectures(settings.preset, folder),
            "paragraph": f"Timed on {machine.device}, {machine.precision}, preset {settings.preset}, {filters} "
            f"filters: medians of {TIMED} steps; other work on the machine counts in (load {os.getloadavg()[0]:.1f} on "
            f"{os.cpu_count()} cores).",
            "judges": [],
            "trainings": [],
        }  # fmt: skip


def experiment(settings: Settings) -> Resources:
    """State the table."""
    return Resources()


def measure(preset: str, size: Size) -> dict:
    """Count a size's weights with the report's filters and the preset's, and time steps with the preset's."""
    from cyclegan_keras.training.state import build_state
    from cyclegan_keras.training.step import compile_train_step

    precision = prepare_tensorflow().precision
    chosen = of_size(PRESETS[preset], size)
    state = build_state(
        chosen.spectrogram.image_shape, chosen.model, dataclasses.replace(chosen.train, precision=precision),
        spectrogram=chosen.spectrogram,
    )  # fmt: skip
    take_step = compile_train_step(state, chosen.train, chosen.spectrogram)
    height, width, _ = chosen.spectrogram.image_shape
    shape = (1, height, width, 2 if chosen.train.resynthesis else 1)
    a, b = np.random.default_rng(0).uniform(-1.0, 1.0, (2, *shape)).astype(np.float32)
    seconds = []
    for _ in range(1 + TIMED):
        began = time.perf_counter()
        float(take_step(a, b)["g_loss"])
        seconds.append(time.perf_counter() - began)
    return {
        "filters": chosen.model.filters,
        "seconds": statistics.median(seconds[1:]),
        "weights": weights(chosen),
        "report_weights": weights(of_size(PRESETS["report"], size)),
    }


def of_size(preset: Preset, size: Size) -> Preset:
    """A preset at another image size and depth."""
    others = (preset, *PRESETS.values())
    spectrogram = next(other.spectrogram for other in others if other.spectrogram.image_size == size.image_size)
    model = dataclasses.replace(preset.model, n_resnet=size.n_resnet)
    return dataclasses.replace(preset, spectrogram=spectrogram, model=model)


def weights(preset: Preset) -> int:
    """Trainable weights of a composite's three networks."""
    from cyclegan_keras.networks.discriminator import build_discriminator
    from cyclegan_keras.networks.generator import build_generator

    shape = preset.spectrogram.image_shape
    generator = build_generator(shape, preset.model.n_resnet, preset.model.filters)
    return 2 * generator.count_params() + build_discriminator(shape, preset.model.filters).count_params()


def _architectures(preset: str, folder: Path) -> list[dict]:
    """Draw Figures 3 and 4, generator and discriminator, where graphviz and pydot are there."""
    if not (shutil.which("dot") and importlib.util.find_spec("pydot")):
        return []
    from tensorflow.keras.utils import plot_model

    from cyclegan_keras.networks.discriminator import build_discriminator
    from cyclegan_keras.networks.generator import build_generator

    chosen = PRESETS[preset]
    shape = chosen.spectrogram.image_shape
    folder.mkdir(parents=True, exist_ok=True)
    networks = {
        "Figure 3, the generator": build_generator(shape, chosen.model.n_resnet, chosen.model.filters),
        "Figure 4, the discriminator": build_discriminator(shape, chosen.model.filters),
    }
    pictures = []
    for number, (title, network) in enumerate(networks.items(), start=3):
        plot_model(network, str(folder / f"figure{number}.png"), show_shapes=True, dpi=50)
        pictures.append({"picture": f"figure{number}.png", "title": title})
    return pictures
