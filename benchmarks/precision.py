"""Follow the losses of one training in two precisions, from the same seed on the same clips.

    python -m benchmarks.precision --pair calm_anger --data DIR [--steps 200] [--filters 4] [--picture FILE] [--json]

The difference of the two curves is set against the noise of one: how far a loss moves from a step to the next.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

PRECISIONS = ("float32", "mixed_bfloat16")

LOSSES = ("g_loss", "f_loss", "d_a_real", "d_a_fake", "d_b_real", "d_b_fake")

WINDOW = 20
"""Steps that a curve is smoothed over in the picture, and compared over in the figures."""


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pair", default="calm_anger")
    parser.add_argument("--data", required=True)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--filters", type=int, default=16, help="bfloat16 is emulated, slowly, where there is no unit")
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    arguments = parser.parse_args()
    curves = {precision: losses(arguments, precision) for precision in PRECISIONS}
    figures = {name: compare(*(curves[precision][name] for precision in PRECISIONS)) for name in LOSSES}
    if arguments.picture:
        draw(curves, arguments.picture, f"{arguments.pair}, preset cpu, {arguments.filters} filters, seed 0")
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, values in figures.items():
        print(f"{name}: " + ", ".join(f"{key} {value:.4f}" for key, value in values.items()))


def losses(arguments: argparse.Namespace, precision: str) -> np.ndarray:
    """Train in a precision; the rows of ``train.csv``."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "cyclegan_keras.train", "--preset", "cpu", "--run-dir", f"{folder}/run"]
        for name in ("pair", "data", "steps", "filters"):
            command += [f"--{name}", str(getattr(arguments, name))]
        subprocess.run([*command, "--precision", precision], check=True, stdout=subprocess.DEVNULL, cwd=PROJECT)
        return np.genfromtxt(f"{folder}/run/train.csv", delimiter=",", names=True)


def compare(one: np.ndarray, other: np.ndarray) -> dict:
    """Mean difference of two curves, smoothed, beside the median step of the first to its next."""
    smooth = [np.convolve(curve, np.ones(WINDOW) / WINDOW, "valid") for curve in (one, other)]
    return {
        "mean": float(one.mean()),
        "difference": float(np.abs(smooth[0] - smooth[1]).mean()),
        "noise": float(np.median(np.abs(np.diff(one)))),
    }


def draw(curves: dict, picture: Path, title: str) -> None:
    """Draw both generators' and discriminators' losses."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), layout="constrained")
    figure.suptitle(f"{title}; mean of {WINDOW} steps")
    for axes, name in zip(figure.subplots(2, 3).flat, LOSSES):
        for precision, rows in curves.items():
            axes.plot(np.convolve(rows[name], np.ones(WINDOW) / WINDOW, "valid"), label=precision)
        axes.set_title(name)
        axes.set_xlabel("step")
    axes.legend()
    figure.savefig(picture, dpi=80)


if __name__ == "__main__":
    main()
