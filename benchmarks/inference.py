"""Time a conversion: the generator, Griffin-Lim and the command line, beside the length of the sound.

    python -m benchmarks.inference [--repeats 5] [--json]

Weights are random: they change no time. Figures are medians; the two halves are timed in turns, and
a real-time factor is seconds of sound for a second of work.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cyclegan_keras.config import RunConfig
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.cli import prepare_environment

SECONDS = 4.096
CLIPS = 16


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    arguments = parser.parse_args()
    figures = {preset: measure(preset, arguments.repeats) for preset in ("cpu", "report")}
    if arguments.json:
        print(json.dumps(figures))
        return
    for preset, values in figures.items():
        print(f"preset {preset}: " + ", ".join(f"{name} {value:.2f}" for name, value in values.items()))


def measure(preset: str, repeats: int) -> dict:
    """Time one clip when warm, one from the shell, and a folder of clips from the shell, in seconds."""
    import tensorflow as tf

    from cyclegan_keras.audio.files import save_waveform
    from cyclegan_keras.audio.vocoder import spectrogram_to_waveform
    from cyclegan_keras.conversion.convert import convert
    from cyclegan_keras.conversion.recording import analyse
    from cyclegan_keras.conversion.settings import ConversionSettings
    from cyclegan_keras.corpora.demo import synthesise_clip
    from cyclegan_keras.networks.generator import build_generator
    from cyclegan_keras.networks.weights import save_weights
    from cyclegan_keras.shared.run_directory import DIRECTIONS, RunDirectory

    chosen = PRESETS[preset]
    config = chosen.spectrogram
    generator = build_generator(config.image_shape, chosen.model.n_resnet, chosen.model.filters)
    generator.call = tf.function(generator.call, autograph=False)  # as load_generator does
    speech = synthesise_clip("calm", 1, 1, 1, actor=1, seed=0)[: config.n_samples]
    warm, griffin_lim = [], []
    for _ in range(1 + repeats):
        began = time.perf_counter()
        conversion = convert(analyse(speech, config), generator, config, ConversionSettings("griffin-lim"))
        warm.append(time.perf_counter() - began)
        began = time.perf_counter()
        spectrogram_to_waveform(conversion.converted, 1.0, config, len(speech))
        griffin_lim.append(time.perf_counter() - began)
    with tempfile.TemporaryDirectory() as folder:
        run = RunDirectory(Path(folder) / "run")
        RunConfig(
            pair="calm_fearful", preset=preset, data="", data_key="0" * 16,
            spectrogram=config, model=chosen.model, train=chosen.train, conversion=chosen.conversion,
        ).save(run.config_file)  # fmt: skip
        for direction in DIRECTIONS:
            save_weights(run.weights_file(1, direction), generator)
        for number in range(CLIPS):
            save_waveform(Path(folder) / "clips" / f"{number}.wav", speech, config.sample_rate)
        one = [from_shell(run, Path(folder) / "clips" / "0.wav") for _ in range(repeats)]
        many = from_shell(run, Path(folder) / "clips")
    return {
        "warm_clip_s": statistics.median(warm[1:]),
        "griffin_lim_s": statistics.median(griffin_lim[1:]),
        "shell_one_clip_s": statistics.median(one),
        "folder_real_time_factor": (CLIPS - 1) * SECONDS / (many - statistics.median(one)),
    }


def from_shell(run, clips: Path) -> float:
    """Convert by the command line; return the total seconds."""
    command = [sys.executable, "-m", "cyclegan_keras.infer", clips, "--run-dir", run.path, "--output", run.path / "out"]
    command += ["--phase", "griffin-lim"]
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).resolve().parent.parent)
    return time.perf_counter() - began


if __name__ == "__main__":
    prepare_environment()
    main()
