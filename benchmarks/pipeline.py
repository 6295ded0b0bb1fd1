"""Time the pipeline: the first analysis, the cache, and how long a training step waits for its batch.

    python -m benchmarks.pipeline --data data/ravdess [--steps 10] [--json]

The cache is a temporary one. The wait is measured in a real training of preset cpu, as a share of its time.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.cli import prepare_environment


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data/ravdess"))
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    arguments = parser.parse_args()
    figures = measure(arguments.data, arguments.steps)
    if arguments.json:
        print(json.dumps(figures))
    else:
        print(
            f"{figures['clips']} clips: first analysis {figures['analysis_s']:.1f} s, from the cache "
            f"{figures['cached_s']:.1f} s; a step waits {figures['wait_share']:.2%} of its time for data"
        )


def measure(data: Path, steps: int) -> dict:
    """Analyse every clip of ``data`` twice, then train for ``steps`` steps."""
    from cyclegan_keras.corpora.index import index_clips
    from cyclegan_keras.training.image_cache import load_images
    from cyclegan_keras.training.pipeline import unpaired_epoch
    from cyclegan_keras.training.step import build_training

    preset = PRESETS["cpu"]
    paths = [clip.path for clip in index_clips(data)]
    seconds = []
    with tempfile.TemporaryDirectory() as cache:
        for _ in range(2):
            began = time.perf_counter()
            images = load_images(paths, preset.spectrogram, Path(cache))
            seconds.append(time.perf_counter() - began)
    _, take_step = build_training(preset.spectrogram.image_shape, preset.model, preset.train)
    batches = iter(unpaired_epoch(images[::2], images[1::2], seed=0, epoch=0))
    take_step(*next(batches))
    waited = 0.0
    began = time.perf_counter()
    for _ in range(steps):
        asked = time.perf_counter()
        a, b = next(batches)
        waited += time.perf_counter() - asked
        float(take_step(a, b)["g_loss"])
    return {
        "clips": len(paths),
        "analysis_s": seconds[0],
        "cached_s": seconds[1],
        "wait_share": waited / (time.perf_counter() - began),
    }


if __name__ == "__main__":
    prepare_environment()
    main()
