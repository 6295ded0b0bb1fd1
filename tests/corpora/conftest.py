"""Folders laid out like real corpora."""

from itertools import product
from pathlib import Path

import pytest

from tests.conftest import _data_folder
from tests.corpora.made_up import recording


@pytest.fixture(scope="session")
def emodb_dir() -> Path:
    """EmoDB's recordings: $EMODB_DIR, else ../shared/emodb."""
    return _data_folder("EMODB_DIR", "emodb")


@pytest.fixture(scope="session")
def full_tree(tmp_path_factory) -> Path:
    """RAVDESS with all its 24 actors."""
    root = tmp_path_factory.mktemp("full")
    fields = product(range(1, 25), range(1, 9), (1, 2), (1, 2), (1, 2))
    for actor, emotion, intensity, statement, repetition in fields:
        if (emotion, intensity) != (1, 2):
            name = f"03-01-{emotion:02d}-{intensity:02d}-{statement:02d}-{repetition:02d}-{actor:02d}.wav"
            recording(root / f"Actor_{actor:02d}" / name)
    return root
