"""A trained generator."""

import pytest

from cyclegan_keras.config import RunConfig
from cyclegan_keras.conversion.generators import load_generator
from cyclegan_keras.shared.run_directory import RunDirectory


@pytest.fixture(scope="session")
def generator(trained_run):
    run = RunDirectory(trained_run.path)
    return load_generator(run, RunConfig.load(run.config_file), 1, "a_to_b")
