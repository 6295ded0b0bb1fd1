"""Where the time of a training step goes: TensorFlow's profile of it, summed up by kind of operation.

    python -m benchmarks.step_profile [--preset cpu] [--steps 3] [--json]

Operations run beside each other, so their sum exceeds the step's time; `busy` is the sum over that time and the number
of cores. Beside it stands the least that the step could take: its convolutions' arithmetic at the rate of one large
matrix product, measured before the steps and behind them.
"""

import argparse
import collections
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.train_step import GENERATOR_PASSES, MATRIX, generator_work, matmul, ours
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.cli import prepare_environment

KINDS = {
    "convolutions, forward": ("_MklNativeConv2D", "_MklNativeConv2DWithBias", "Conv2D", "_FusedConv2D"),
    "convolutions, gradient by image": ("_MklNativeConv2DBackpropInput", "Conv2DBackpropInput"),
    "convolutions, gradient by filter": (
        "_MklNativeConv2DBackpropFilter", "_MklNativeConv2DBackpropFilterWithBias", "Conv2DBackpropFilter",
        "_MklMatMul", "MatMul", "GatherV2",
    ),
    "normalization": (
        "_MklNativeFusedBatchNormV3", "_MklNativeFusedBatchNormGradV3", "FusedBatchNormV3", "FusedBatchNormGradV3",
    ),
    "activations": ("Relu", "ReluGrad", "LeakyRelu", "LeakyReluGrad", "Tanh", "TanhGrad"),
    "optimizers": ("ResourceApplyAdam",),
}  # fmt: skip
"""TensorFlow's names of the operations in a step, with and without oneDNN."""

FUNCTIONS = ("PartitionedCall", "StatefulPartitionedCall")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=PRESETS, default="cpu")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    arguments = parser.parse_args()
    figures = measure(arguments.preset, arguments.steps)
    print(json.dumps(figures) if arguments.json else report(arguments.preset, arguments.steps, figures))


def measure(preset: str, steps: int) -> dict:
    """Profile ``steps`` steps: seconds per step in total, at least, and by kind of operation."""
    import tensorflow as tf

    take_step, multiply = ours(PRESETS[preset]), matmul(None)
    for _ in range(2):
        take_step(), multiply()
    rates = [seconds_of(multiply) for _ in range(5)]
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            step = statistics.median(seconds_of(take_step) for _ in range(steps))
        by_operation = operations(next(Path(folder).rglob("*.xplane.pb")))
    rates += [seconds_of(multiply) for _ in range(5)]
    work = GENERATOR_PASSES * generator_work(preset)
    by_kind = {kind: sum(by_operation.pop(name, 0.0) for name in names) / steps for kind, names in KINDS.items()}
    by_kind["other"] = sum(by_operation.values()) / steps
    return {
        "step_s": step,
        "least_s": work / (2 * MATRIX**3) * statistics.median(rates),
        "busy": sum(by_kind.values()) / step / os.cpu_count(),
        "by_kind_s": by_kind,
    }


def seconds_of(call) -> float:
    """Time a call."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def operations(profile: Path) -> collections.Counter:
    """Sum a TensorFlow profile: seconds by operation."""
    from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace

    space, seconds = XSpace.FromString(profile.read_bytes()), collections.Counter()
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                # Operations are named "name:Kind"; the executor's own events, which enclose them, "Class::Method".
                name, colon, kind = plane.event_metadata[event.metadata_id].name.rpartition(":")
                if colon and not name.endswith(":") and kind.isidentifier() and kind not in FUNCTIONS:
                    seconds[kind] += event.duration_ps / 1e12
    return seconds


def report(preset: str, steps: int, figures: dict) -> str:
    """Write the figures as text."""
    total = sum(figures["by_kind_s"].values())
    lines = [f"preset {preset}, {steps} steps", "", "| | s, over all cores | share |", "|---|---|---|"]
    lines += [f"| {kind} | {value:.2f} | {value / total:.0%} |" for kind, value in figures["by_kind_s"].items()]
    lines += [
        "",
        f"a step {figures['step_s']:.2f} s, cores busy {figures['busy']:.0%}; its convolutions at the rate of a matrix "
        f"product would take {figures['least_s']:.2f} s",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    prepare_environment()
    main()
