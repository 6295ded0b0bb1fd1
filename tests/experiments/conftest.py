"""Settings and stored yields for the tests of the report's tables."""

import csv

import numpy as np
import pytest

from cyclegan_keras.config import SpectrogramConfig
from experiments import report
from experiments.cells import write_cell
from experiments.results import YIELD, write_json
from experiments.runs import Settings

CONFIG = SpectrogramConfig()

TONE = 0.1 * np.sin(np.arange(CONFIG.n_samples) / 5.0)

IMAGE = np.linspace(-1.0, 1.0, 257 * 200).reshape(257, 200)

RAVDESS, ESPEAK, REPORT = "03-01-02-02-01-01-14", "espeak_en_f2_1", "calm_eng1"
"""A clip of each origin; the first is the report's calm_04."""


def settings(folder, **changes):
    values = {
        "data": folder / "data", "preset": "cpu", "epochs": 0, "runs": folder / "runs", "clips": None,
        "report_outputs": None, "faces": None, "results": folder / "results",
    }  # fmt: skip
    return Settings(**{**values, **changes})


def training(epoch=20, demo=False, preset="cpu"):
    return {
        "pair": "calm_fearful", "preset": preset, "image": "260 x 260", "filters": 16, "n_resnet": 6, "epoch": epoch,
        "epochs": 20, "seed": 0, "precision": "float32", "steps": 2800, "hours": 1.25,
        "processor": "a processor, 2 cores", "demo": demo, "commit": "abc1234", "date": "2026-01-01",
    }  # fmt: skip


def write_yield(results, name, **changes):
    """Store what a training might yield: a clip of each origin, with the report's conversion of two of them."""
    folder, cells = results / name, []
    measures = {"wer": 0.2, "wer_before": 0.1, "dnsmos": 2.0, "dnsmos_before": 2.5, "mimicry": 0.1, "cycle": 0.05}
    for clip, of in ((RAVDESS, "seen"), (ESPEAK, "espeak-ng, English"), (REPORT, "English")):
        media = write_cell(folder, clip, IMAGE, TONE, CONFIG)
        cells.append({"name": clip, "of": of, "speaker": clip, **measures, **media})
    theirs = [
        {"name": clip, "of": "seen", "speaker": clip, **write_cell(folder, f"{clip}-report", IMAGE, TONE, CONFIG)}
        for clip in (RAVDESS, REPORT)
    ]
    write_cell(folder, "losses", IMAGE, TONE, CONFIG)
    (folder / "losses.ogg").unlink()
    stored = {
        "training": training(**changes), "judge": "judge right on 1.00", "ours": cells,
        "theirs": theirs, "by_epoch": [], "losses": {"step": [20], "g_loss": [3.0]},
    }  # fmt: skip
    write_json(folder / YIELD, stored)


def write_losses(file, *losses):
    """A ``train.csv`` with one row for each loss."""
    columns = ("g_loss", "f_loss", "d_a_real", "d_a_fake", "d_b_real", "d_b_fake")
    rows = [["step", "epoch", "seconds", *columns]]
    rows += [[step, 1, 0.5, *[loss] * len(columns)] for step, loss in enumerate(losses, 1)]
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows(rows)
    return file


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """Results of one training by preset cpu, with the recordings that its tables show."""
    folder = tmp_path_factory.mktemp("results")
    write_yield(folder, "calm_fearful-cpu")
    recordings = [
        {
            "name": name, "what": f"actor <b>{name}</b>", "origin": origin, "source": f"{origin}'s {name}",
            **write_cell(folder / "recordings", name, IMAGE, TONE, CONFIG),
        }
        for name, origin in ((RAVDESS, "RAVDESS"), (ESPEAK, "espeak-ng"), (REPORT, "the report"))
    ]  # fmt: skip
    write_json(folder / "recordings" / YIELD, {"recordings": recordings})
    return folder


@pytest.fixture(scope="module")
def published(results, tmp_path_factory):
    """The published part of the results, with its page."""
    folder = tmp_path_factory.mktemp("published")
    report.command(report.parser().parse_args(["--results", str(results), "--publish", str(folder)]))
    return folder
