"""Time a training step: ours, the report's way, and a PyTorch twin where PyTorch is installed.

    python -m benchmarks.train_step --preset cpu --steps 5 [--json]

Each runs in a process of its own and takes a step in turn, so that a noisy machine meets all alike. What counts are the
ratios of the medians. The fraction of the matrix-product peak is measured in the same turns. Ours, the twin and the
matrix product compute in the precision that `train` would choose; the report's way has TensorFlow as it comes: float32,
and oneDNN only where TensorFlow turns it on by itself.
"""

import argparse
import dataclasses
import importlib.util
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.cli import prepare_environment
from cyclegan_keras.shared.machine import choose_precision, prepare_tensorflow, processor_flags
from experiments.resources import GENERATOR_PASSES, convolution_work

MATRIX = 3000


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=PRESETS, default="cpu")
    parser.add_argument("--steps", type=int, default=5, help="timed steps of each, after a first one that sets up")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--worker", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        if arguments.worker != "report":
            prepare_environment()
        serve(CONTENDERS[arguments.worker](PRESETS[arguments.preset]))
    else:
        figures = measure(arguments.preset, arguments.steps)
        print(json.dumps(figures) if arguments.json else report(arguments.preset, arguments.steps, figures))


def measure(preset: str, steps: int) -> dict:
    """Time ``steps`` steps of each contender in turns; seconds, megabytes, and a share of the matrix peak."""
    with_torch = importlib.util.find_spec("torch") is not None
    workers, first = {}, {}
    for name in CONTENDERS:
        if name != "torch" or with_torch:
            workers[name] = Worker(name, preset)
            first[name] = workers[name].turn()  # before the next one starts, so that it is alone
    turns = {name: [] for name in workers}
    for _ in range(steps):
        for name, worker in workers.items():
            turns[name].append(worker.turn())
    seconds = {name: statistics.median(times) for name, times in turns.items()}
    peaks = {name: worker.peak_mb() for name, worker in workers.items()}
    work, matrix_work = GENERATOR_PASSES * generator_work(preset), 2 * MATRIX**3
    return {
        "precision": choose_precision(False, processor_flags()),
        "ours_s": seconds["ours"],
        "joint_s": seconds["joint"],
        "report_s": seconds["report"],
        "torch_s": seconds.get("torch"),
        "peak_mb_ours": peaks["ours"],
        "peak_mb_report": peaks["report"],
        "peak_mb_joint": peaks["joint"],
        "peak_mb_torch": peaks.get("torch"),
        "first_call_s": first["ours"],
        "matmul_fraction": (work / seconds["ours"]) / (matrix_work / seconds["matmul"]),
        "matmul_gflops": matrix_work / seconds["matmul"] / 1e9,
    }


def report(preset: str, steps: int, figures: dict) -> str:
    """Write the figures as text."""
    lines = [
        f"preset {preset}, {figures['precision']}, medians of {steps} steps each, in turns",
        "",
        "| | s a step | times ours | peak memory, MB |",
        "|---|---|---|---|",
    ]
    for name, contender in NAMES.items():
        if figures[f"{name}_s"] is not None:
            ratio = figures[f"{name}_s"] / figures["ours_s"]
            memory = figures[f"peak_mb_{name}"]
            lines.append(f"| {contender} | {figures[f'{name}_s']:.2f} | {ratio:.2f} | {memory:.0f} |")
    lines += ["", f"first call of ours {figures['first_call_s']:.1f} s"]
    lines.append(f"{figures['matmul_fraction']:.0%} of the matrix-product peak, {figures['matmul_gflops']:.0f} GFLOP/s")
    return "\n".join(lines)


def generator_work(preset: str) -> int:
    """Floating-point operations of one forward pass of the preset's generator, from its convolutions."""
    from cyclegan_keras.networks.generator import build_generator

    chosen = PRESETS[preset]
    network = build_generator(chosen.spectrogram.image_shape, chosen.model.n_resnet, chosen.model.filters)
    return convolution_work(network)


class Worker:
    """A contender in its own process, which takes one step per request and returns its seconds."""

    def __init__(self, name: str, preset: str):
        command = [sys.executable, __file__, "--worker", name, "--preset", preset]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def turn(self) -> float:
        """Take one step; return its seconds."""
        self.process.stdin.write("step\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def peak_mb(self) -> float:
        """End the process; return its peak memory."""
        output, _ = self.process.communicate()
        return float(output)


def serve(take_step) -> None:
    """The worker's loop: one step per input line, with its seconds as the reply; at the end the peak memory in MB."""
    for _ in sys.stdin:
        began = time.perf_counter()
        take_step()
        print(time.perf_counter() - began, flush=True)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def ours(preset, update="alternating"):
    """The project's own step."""
    import tensorflow as tf

    from cyclegan_keras.training.step import build_training

    shape = preset.spectrogram.image_shape
    train = dataclasses.replace(
        preset.train, precision=prepare_tensorflow().precision, update=update, average_decay=0.0
    )
    _, take_step = build_training(shape, preset.model, train)
    a, b = map(tf.constant, images(shape))
    return lambda: {name: float(loss) for name, loss in take_step(a, b).items()}


def report_way(preset):
    """The report's way: compiled composites, ``train_on_batch``, ``predict``."""
    from tests.reports_way import ReportsWay

    shape = preset.spectrogram.image_shape
    reference = ReportsWay(shape, preset.model, preset.train)
    a, b = images(shape)
    return lambda: reference.step(a, b)


def torch_twin(preset):
    """The same step in PyTorch."""
    from benchmarks.torch_twin import build_step

    shape = preset.spectrogram.image_shape
    precision = choose_precision(False, processor_flags()).replace("mixed_", "")
    take_step = build_step(preset.model.filters, preset.model.n_resnet, shape[0], precision)
    a, b = images(shape)
    return lambda: take_step(a, b)


def matmul(_):
    """One matrix product, the machine's peak in the precision of ours."""
    import tensorflow as tf

    dtype = choose_precision(False, processor_flags()).replace("mixed_", "")
    matrix = tf.cast(tf.random.stateless_normal([MATRIX, MATRIX], seed=[0, 0]), dtype)
    return lambda: tf.linalg.matmul(matrix, matrix).numpy()


def images(shape):
    """Two random images, the same for every contender."""
    import numpy as np

    return np.random.default_rng(0).uniform(-1, 1, (2, 1, *shape)).astype(np.float32)


CONTENDERS = {
    "ours": ours,
    "joint": lambda preset: ours(preset, "joint"),
    "report": report_way,
    "torch": torch_twin,
    "matmul": matmul,
}
NAMES = {"ours": "ours", "joint": "ours, `--update joint`", "report": "the report's way", "torch": "PyTorch twin"}

if __name__ == "__main__":
    main()
