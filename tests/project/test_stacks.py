"""TensorFlow 2.15 with its addons and today's TensorFlow: one code, one step, one run directory."""

import os
import shutil
import subprocess

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from cyclegan_keras.config import PHASES
from cyclegan_keras.networks.weights import load_weights
from tests import step_reference
from tests.small_training import OPTIONS, losses


@pytest.fixture(scope="module")
def stored():
    with np.load(step_reference.STEPS_FILE) as arrays:
        return dict(arrays)


def test_weights_saved_by_another_tensorflow_convert_alike(stored):
    generator = step_reference.new_generator()
    load_weights(step_reference.GENERATOR_FILE, generator)
    np.testing.assert_allclose(step_reference.conversion(generator), stored["conversion"], atol=1e-5)


def test_steps_from_the_same_weights_and_draws_agree_with_another_tensorflows(stored):
    # Rewriting is on, as by default. Loading a network turns it off, and with that changes the order of rounding.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
    found = step_reference.steps()
    assert list(found["names"]) == list(stored["names"])
    # Adam turns rounding of small gradients into shares of a step, so later losses are told apart less finely.
    for one, other, tolerance in zip(found["losses"], stored["losses"], (1e-5, 5e-4, 5e-4)):
        np.testing.assert_allclose(one, other, rtol=tolerance)
    for name in step_reference.NETWORKS:
        np.testing.assert_allclose(found[name], stored[name], atol=0.01, err_msg=name)


@pytest.fixture(scope="module")
def other_python():
    python = os.environ.get("OTHER_PYTHON")
    if not python:
        pytest.skip("no second TensorFlow: set OTHER_PYTHON to the Python of an environment that has one")
    return python


@pytest.fixture
def other_command_line(other_python, environment, tmp_path):
    def run(module, *arguments):
        command = [other_python, "-m", f"cyclegan_keras.{module}", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_a_run_begun_here_is_resumed_by_the_other_tensorflow_as_it_would_be_here(
    trained_run, demo_clips, command_line, other_command_line, tmp_path
):
    last = {}
    for name, resume in (("here", command_line), ("there", other_command_line)):
        shutil.copytree(trained_run.path, tmp_path / name)
        said = resume("train", "--data", demo_clips, *OPTIONS[:-1], 4, "--run-dir", tmp_path / name)
        assert "resumed after step 3 of 4" in getattr(said, "stdout", said)
        last[name] = losses(tmp_path / name)[-1]
    assert last["there"]["step"] == last["here"]["step"] == "4"
    for name, loss in last["here"].items():
        assert float(last["there"][name]) == pytest.approx(float(loss), rel=5e-4), name


def test_a_clip_becomes_the_same_sound_by_either_tensorflow(
    trained_run, demo_clips, command_line, other_command_line, tmp_path
):
    for phase in PHASES:
        sounds = []
        for name, convert in (("here", command_line), ("there", other_command_line)):
            output = tmp_path / f"{name}.wav"
            clip = demo_clips / "Actor_04/03-01-02-01-02-02-04.wav"
            convert("infer", clip, "--run-dir", trained_run.path, "--output", output, "--phase", phase)
            sounds.append(soundfile.read(output)[0])
        np.testing.assert_allclose(sounds[0], sounds[1], atol=1e-3, err_msg=phase)
