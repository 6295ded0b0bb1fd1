"""Everything that can be made: the report's tables, its figure of faces, and what it costs."""

import importlib
from collections.abc import Sequence
from pathlib import Path

from experiments.runs import Settings

NAMES = ("table1", "table2", "table3", "curve", "table4", "table5", "table6", "table7", "figure5", "resources")
"""In the report's order; each is a module beside this one."""


def tables_of(settings: Settings, names: Sequence[str] = NAMES) -> list:
    """State the tables of some names as the settings define them."""
    return [importlib.import_module(f"experiments.{name}").experiment(settings) for name in names]


def tables_as_trained(results: Path, preset: str) -> list:
    """State every table as trained by a preset, for reading its yields in a folder of results."""
    nowhere = Path()
    return tables_of(Settings(nowhere, preset, 0, nowhere, None, None, nowhere, results, as_is=True))
