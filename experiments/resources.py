"""Section 5.3: the cost of training at the report's size, with 3, 6 and 9 blocks, and at 520 x 520."""

import dataclasses
import resource
import statistics
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cyclegan_keras.presets import PRESETS, SPECTROGRAM_520, Preset
from cyclegan_keras.shared.cli import prepare_environment
from cyclegan_keras.shared.machine import prepare_tensorflow
from experiments.pace import processor
from experiments.results import YIELD, read_json, write_json
from experiments.runs import Settings

TIMED = 3
"""Number of timed steps, after a first one that traces the graph."""

STEPS_AN_EPOCH = {"calm": 140, "neutral": 68}
"""Number of training clips in RAVDESS's actors 1 to 18, if there is no data to count."""

GENERATOR_PASSES = 23
"""Work of a step in forward passes of a generator: a composite takes five, and gradients worth seven more; of the two
composites' passes one is the same."""

GPU_HOURS = 10
"""Hours within which a GPU should train the report's epochs."""


class NetworkSize(NamedTuple):
    """A row: the image's side, the generator's ResNet blocks, the report's epochs, and the emotion it starts from."""

    image_size: int
    n_resnet: int
    epochs: int
    source: str

    @property
    def preset(self) -> Preset:
        """The report's preset at this size and depth."""
        chosen = PRESETS["report"]
        spectrogram = SPECTROGRAM_520 if self.image_size == SPECTROGRAM_520.image_size else chosen.spectrogram
        model = dataclasses.replace(chosen.model, n_resnet=self.n_resnet)
        return dataclasses.replace(chosen, spectrogram=spectrogram, model=model)


SIZES = (
    NetworkSize(260, 3, 100, "neutral"), NetworkSize(260, 6, 150, "calm"), NetworkSize(260, 9, 100, "neutral"),
    NetworkSize(520, 6, 100, "calm"),
)  # fmt: skip
"""Tables 1, 3, 1 and 2."""


@dataclass(frozen=True)
class Resources:
    """The cost table."""

    name: str = "resources"
    title: str = "Section 5.3: what training costs"
    compares: str = (
        "The report's width, 64 filters: trainable weights of one composite's three networks, seconds a step on the "
        "machine named below, hours for the epochs that the report trains, and what a GPU would need."
    )
    runs: tuple = ()

    def make(self, settings: Settings) -> None:
        """Count and time each size in its own process; what was measured on such a processor is kept."""
        folder = settings.results / self.name
        if settings.as_is or read_json(folder / YIELD).get("machine", "").startswith(processor()):
            return
        steps, paces = STEPS_AN_EPOCH, []
        if settings.data.is_dir():
            steps = Counter(clip.emotion for clip in settings.split().train)
        for size in SIZES[:1] if settings.demo else SIZES:
            print(f"timing {TIMED} steps at {size.image_size} x {size.image_size}, {size.n_resnet} blocks", flush=True)
            with ProcessPoolExecutor(1, get_context("spawn"), initializer=prepare_environment) as process:
                paces.append({**size._asdict(), "steps": steps[size.source], **process.submit(measure, size).result()})
        machine = prepare_tensorflow()
        devices = (processor(), *([machine.device] if "GPU" in machine.device else ()), machine.precision)
        write_json(folder / YIELD, {"paces": paces, "machine": ", ".join(devices)})

    def section(self, results: Path) -> dict | None:
        """Return the table for the page from the stored results."""
        stored = read_json(results / self.name / YIELD)
        if not stored:
            return None
        rows = []
        for pace in stored["paces"]:
            steps = pace["steps"] * pace["epochs"]
            size = f"{pace['image_size']} x {pace['image_size']}"
            rows.append(
                [
                    f"{size}, {pace['n_resnet']} blocks, from {pace['source']}", pace["weights"], pace["memory_gb"],
                    pace["seconds"], pace["steps"], pace["epochs"], steps * pace["seconds"] / 3600,
                    pace["tflop"], steps * pace["tflop"] / (3600 * GPU_HOURS),
                ]
            )  # fmt: skip
        return {
            "name": self.name, "title": self.title, "compares": self.compares,
            "figures": {
                "columns": [
                    "", "weights", "memory, GB", "seconds a step", "steps an epoch", "the report's epochs", "hours",
                    "TFLOP a step", f"TFLOP/s for {GPU_HOURS} hours",
                ],
                "rows": rows,
            },
            "questions": [], "trainings": {}, "missing": [], "judges": [],
            "note": f"Measured on {stored['machine']}. A time is the median of {TIMED} steps. Memory is the most that "
            "the process took. A step's TFLOP are those of its convolutions. The last column is what a GPU would have "
            f"to sustain to train the report's epochs in {GPU_HOURS} hours. The report trained on Google Colab and on "
            "a p3.2xlarge, whose V100 has 15.7 TFLOP/s at most by NVIDIA's data sheet. The hours that it took there "
            "are not in the sources of this project.",
        }  # fmt: skip


def experiment(settings: Settings) -> Resources:
    """Define the table."""
    return Resources()


def measure(size: NetworkSize) -> dict:
    """Count a size's weights and work, and time its steps."""
    import tensorflow as tf

    from cyclegan_keras.training.step import build_training

    precision = prepare_tensorflow().precision
    chosen = size.preset
    train = dataclasses.replace(chosen.train, precision=precision)
    state, take_step = build_training(chosen.spectrogram.image_shape, chosen.model, train)
    shape = (1, *chosen.spectrogram.image_shape)
    a, b = np.random.default_rng(0).uniform(-1.0, 1.0, (2, *shape)).astype(np.float32)
    seconds = []
    for _ in range(1 + TIMED):
        began = time.perf_counter()
        float(take_step(tf.constant(a), tf.constant(b))["g_loss"])
        seconds.append(time.perf_counter() - began)
    return {
        "filters": chosen.model.filters,
        "seconds": round(statistics.median(seconds[1:]), 3),
        "weights": 2 * state.g.count_params() + state.d_b.count_params(),
        "memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "tflop": round(GENERATOR_PASSES * convolution_work(state.g) / 1e12, 3),
    }


def convolution_work(network) -> int:
    """Floating-point operations of a forward pass on one image, from the convolutions."""
    work = 0
    for layer in network.layers:
        if hasattr(layer, "kernel"):
            # A transposed convolution multiplies once per input pixel, a plain one once per output pixel.
            shape = (layer.input if "transpose" in layer.name else layer.output).shape
            work += 2 * shape[1] * shape[2] * int(np.prod(layer.kernel.shape))
    return work
