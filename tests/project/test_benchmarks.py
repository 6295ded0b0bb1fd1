"""The benchmarks run and print the figures they promise; what the figures are is theirs to say."""

import json
import subprocess
import sys

import pytest

from tests.conftest import PROJECT


def printed(module, *arguments):
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200, cwd=PROJECT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_the_benchmark_of_the_training_step_prints_its_figures_as_json():
    figures = printed("train_step", "--preset", "cpu", "--steps", 1)
    assert {
        "ours_s", "report_s", "torch_s", "peak_mb_ours", "peak_mb_report", "first_call_s", "matmul_fraction",
    } <= figures.keys()  # fmt: skip
    assert figures["ours_s"] > 0 and figures["matmul_fraction"] > 0


@pytest.mark.slow
def test_the_benchmark_of_inference_prints_its_figures_as_json():
    figures = printed("inference", "--repeats", 1)
    assert figures.keys() == {"cpu", "report"} and all(value > 0 for value in figures["cpu"].values())


@pytest.mark.slow
def test_the_benchmark_of_the_pipeline_prints_its_figures_as_json(demo_clips):
    figures = printed("pipeline", "--data", demo_clips, "--steps", 1)
    assert figures["clips"] == 48 and figures["wait_share"] >= 0


def test_the_work_of_a_step_is_counted_from_the_generators_convolutions():
    from benchmarks.train_step import GENERATOR_PASSES, generator_work

    # The report preset's generator takes about 160 GFLOP, and a step 24 times that, of which we spare one.
    assert generator_work("report") == pytest.approx(160e9, rel=0.05)
    assert (GENERATOR_PASSES + 1) * generator_work("report") == pytest.approx(3.9e12, rel=0.05)


@pytest.mark.slow
def test_the_profile_of_a_step_sums_up_to_what_the_cores_did():
    figures = printed("step_profile", "--preset", "cpu", "--steps", 1)
    assert figures["least_s"] > 0 and figures["busy"] > 0
    assert figures["by_kind_s"]["convolutions, forward"] > 0 and figures["by_kind_s"]["optimizers"] > 0
