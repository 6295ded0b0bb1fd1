"""Folders laid out like RAVDESS."""

from itertools import product
from pathlib import Path

import pytest


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.fixture(scope="session")
def full_tree(tmp_path_factory) -> Path:
    """All 24 actors, with empty files under the right names."""
    root = tmp_path_factory.mktemp("full")
    fields = product(range(1, 25), range(1, 9), (1, 2), (1, 2), (1, 2))
    for actor, emotion, intensity, statement, repetition in fields:
        if (emotion, intensity) != (1, 2):
            name = f"03-01-{emotion:02d}-{intensity:02d}-{statement:02d}-{repetition:02d}-{actor:02d}.wav"
            touch(root / f"Actor_{actor:02d}" / name)
    return root
