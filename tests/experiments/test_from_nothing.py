"""The tables from nothing: trained, measured and rendered by the command lines."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from experiments.results import YIELD, read_json
from tests.conftest import PROJECT


@pytest.mark.slow
def test_tables_are_made_from_nothing_and_a_second_time_nothing_is_made(environment, tmp_path):
    from cyclegan_keras.corpora.demo import write_demo_corpus
    from cyclegan_keras.corpora.demo_speech import DEMO_MARK

    data = tmp_path / "demo"
    write_demo_corpus(data, emotions=("calm", "anger", "fearful"), actors=(1, 4, 19))
    (data / DEMO_MARK).touch()
    rng = np.random.default_rng(0)
    faces = [
        f"{code},{' '.join(map(str, rng.integers(0, 256, 48 * 48)))},{usage}"
        for code in (3, 4) for usage in ("Training", "PrivateTest") for _ in range(6)
    ]  # fmt: skip
    (tmp_path / "fer2013.csv").write_text("\n".join(["emotion,pixels,Usage", *faces]) + "\n")

    def run(module, *arguments):
        command = [
            sys.executable,
            "-m",
            f"experiments.{module}",
            *map(str, arguments),
            "--results",
            tmp_path / "results",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=1800, cwd=PROJECT, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    options = ["--data", data, "--preset", "cpu", "--epochs", 1, "--runs", tmp_path / "runs", "--published", tmp_path]
    options += ["--faces", tmp_path / "fer2013.csv"]
    first = run("make", "table3", "table4", "curve", "figure5", *options)
    assert "calm_fearful-cpu: to be trained, 1 epoch" in first.stdout
    assert "calm_surprised-cpu: left out: no clips of 'surprised'" in first.stderr
    assert "Are clips held back moved towards fearful?" in first.stdout
    stored = json.loads((tmp_path / "results" / "calm_fearful-cpu" / YIELD).read_text())
    assert stored["ours"][0].keys() >= {"f0", "f0_before", "mcd_floor", "wer", "dnsmos", "mimicry", "cycle"}
    equalised = {cell["name"]: cell for cell in stored["equalised"]}
    assert [equalised[cell["name"]].get("f0_before") for cell in stored["ours"]] == [
        cell.get("f0_before") for cell in stored["ours"]
    ]
    written = (tmp_path / "results" / "calm_fearful-cpu" / YIELD).stat().st_mtime_ns
    second = run("make", "table4", "figure5", *options)
    assert second.stdout.count("epoch 1 is measured: ") == 3
    assert (tmp_path / "results" / "calm_fearful-cpu" / YIELD).stat().st_mtime_ns == written
    (tmp_path / "own").mkdir()
    shutil.copy(next(data.glob("Actor_19/*.wav")), tmp_path / "own" / "mine.wav")
    third = run("make", "table5", *options, "--clips", tmp_path / "own")
    assert third.stdout.count("epoch 1, to measure: 1 recordings") == 2
    grown = read_json(tmp_path / "results" / "calm_fearful-cpu" / YIELD)["ours"]
    assert [cell["name"] for cell in grown] == [*(cell["name"] for cell in stored["ours"]), "mine"]
    assert grown[:-1] == stored["ours"]
    run("report")
    page = (tmp_path / "results" / "index.html").read_text(encoding="utf-8")
    assert "sad_happy-cpu/faces.webp" in page and "Not trained yet: calm_surprised-cpu" in page
