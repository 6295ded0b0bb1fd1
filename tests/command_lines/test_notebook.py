"""The notebook runs from its first cell to its last, and is kept without outputs."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.conftest import PROJECT

NOTEBOOK = PROJECT / "notebooks" / "spectrogan.ipynb"


def test_the_notebook_is_kept_without_outputs():
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    assert len(cells) > 10
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)


@pytest.fixture
def tensorboards_end(tmp_path, monkeypatch):
    """TensorBoard outlives the notebook that began it; it writes its process number below the temporary folder."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    yield
    for file in Path(tmp_path, ".tensorboard-info").glob("pid-*.info"):
        os.kill(json.loads(file.read_text())["pid"], signal.SIGTERM)


@pytest.mark.slow
def test_every_cell_runs_on_the_demo_corpus(environment, tmp_path, monkeypatch, tensorboards_end):
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    small = {"DATA": "demo", "EPOCHS": "1", "OPTIONS": "--filters 2 --n-resnet 1 --steps 4"}
    for name, value in small.items():
        monkeypatch.setenv(f"SPECTROGAN_{name}", value)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    try:
        nbclient.NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": str(tmp_path)}}).execute()
    finally:
        if os.environ.get("NOTEBOOK_EXECUTED"):
            nbformat.write(notebook, os.environ["NOTEBOOK_EXECUTED"])
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    shown = [output["data"] for output in outputs if "data" in output]
    assert (
        sum("image/png" in data for data in shown) >= 4
        and sum("<audio" in data.get("text/html", "") for data in shown) >= 6
    )
    assert not any("Could not find `tensorboard`" in data.get("text/plain", "") for data in shown)
    text = "\n".join(output.get("text", "") for output in outputs)
    assert "Traceback" not in text and "pitch" in text and "trained 4 steps" in text
    assert "calm_surprised" in text, "the table"
