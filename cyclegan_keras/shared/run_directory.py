"""The layout of a run directory, for the code that writes one and the code that reads one."""

import re
from dataclasses import dataclass
from pathlib import Path

from cyclegan_keras.config import RunConfig
from cyclegan_keras.emotions import EMOTIONS, nearest_name, split_pair
from cyclegan_keras.shared.errors import InputError

DIRECTIONS = ("a_to_b", "b_to_a")
"""Names of the generators G and F in file names."""

SHIPPED = Path(__file__).parent.parent / "weights"
"""Folder of the models that ship with the package: one small run directory per pair, with a card of its measures."""


@dataclass(frozen=True)
class RunDirectory:
    """Paths inside a run directory.

    ``config.json``, ``prosody.npz``, ``checkpoints/``, ``weights/`` (generators by epoch), ``samples/`` (PNG and WAV),
    ``logs/`` (TensorBoard), ``train.csv`` (one row per step) and, after a loss that was not finite, ``divergence.txt``.
    """

    path: Path

    @property
    def config_file(self) -> Path:
        """The run's ``RunConfig``."""
        return self.path / "config.json"

    @property
    def prosody_file(self) -> Path:
        """How the two emotions differ in pitch, tempo, level and balance, where the run moves clips by that."""
        return self.path / "prosody.npz"

    @property
    def lock_file(self) -> Path:
        """The lock that a running training holds."""
        return self.path / "lock"

    @property
    def checkpoints(self) -> Path:
        """Folder of the newest two checkpoints."""
        return self.path / "checkpoints"

    @property
    def logs(self) -> Path:
        """Folder of TensorBoard's files."""
        return self.path / "logs"

    @property
    def losses_file(self) -> Path:
        """One row per step: its losses and its time."""
        return self.path / "train.csv"

    @property
    def divergence_file(self) -> Path:
        """The step and the clips of a loss that was not finite; missing otherwise."""
        return self.path / "divergence.txt"

    def samples(self, epoch: int) -> Path:
        """Folder of the samples made at the end of ``epoch`` (counted from 1)."""
        return self.path / "samples" / f"epoch_{epoch:03d}"

    def weights_file(self, epoch: int, direction: str) -> Path:
        """A generator's weights at the end of ``epoch``; ``direction`` is one of ``DIRECTIONS``."""
        return self.path / "weights" / f"epoch_{epoch:03d}_{direction}.npz"

    def epochs(self) -> list[int]:
        """Epochs with weights of both generators, in ascending order."""
        names = (re.fullmatch(r"epoch_(\d+)_a_to_b\.npz", file.name) for file in self.path.glob("weights/*.npz"))
        epochs = sorted(int(name.group(1)) for name in names if name)
        return [epoch for epoch in epochs if self.weights_file(epoch, "b_to_a").exists()]

    def epoch_or_latest(self, epoch: int = 0) -> int:
        """Return ``epoch`` if it has weights, or the latest epoch for 0.

        Raises
        ------
        InputError
            The run has no weights, or none of this epoch.
        """
        epochs = self.epochs()
        if not epochs:
            raise InputError(f"{self.path}: no generator weights yet; training writes them every few epochs")
        if epoch and epoch not in epochs:
            raise InputError(f"{self.path}: no weights of epoch {epoch}; choose from {', '.join(map(str, epochs))}")
        return epoch or epochs[-1]


def evaluation_file(folder: Path, reverse: bool) -> Path:
    """The file for the measures of one direction."""
    return folder / ("evaluate_reverse.json" if reverse else "evaluate.json")


def newest_run(pair: str, root: Path, shipped: Path = SHIPPED) -> RunDirectory:
    """Find a pair's newest finished run, or else the model that ships with the package, or else an unfinished run.

    Parameters
    ----------
    pair : str
        Such as ``"calm_fearful"``.
    root : Path
        The folder that holds run directories.
    shipped : Path
        The folder to search if ``root`` has no finished run of the pair.

    Raises
    ------
    InputError
        Neither folder has the pair.
    """
    emotions = split_pair(pair)
    pair, turned = "_".join(emotions), "_".join(reversed(emotions))
    trained = _trained(pair, root)
    runs = [run for run in trained if _is_finished(run)] or _trained(pair, shipped) or trained
    if runs:
        return max(runs, key=lambda run: _newest_file(run).stat().st_mtime)
    if _trained(turned, root) or _trained(turned, shipped):
        raise InputError(f"--pair {pair}: there is a model of {turned}; give --pair {turned} --reverse")
    ships = sorted(folder.parent.name for folder in shipped.glob("*/config.json"))
    nothing = f"--pair {pair}: no model; the project comes with {', '.join(ships)}, and {root} has no training of it"
    near = "_".join(name if name in EMOTIONS else nearest_name(name, EMOTIONS) or name for name in emotions)
    if near != pair:
        raise InputError(f"{nothing}; did you mean {near}?")
    raise InputError(f"{nothing}; make one (make train PAIR={pair} PRESET=cpu-plus EPOCHS=0) or give --run-dir")


def _trained(pair: str, root: Path) -> list[RunDirectory]:
    runs = [RunDirectory(file.parent) for file in root.glob("*/config.json")]
    return [run for run in runs if _is_trained(run, pair)]


def _is_finished(run: RunDirectory) -> bool:
    epochs = RunConfig.load(run.config_file).train.epochs
    return epochs == 0 or run.epochs()[-1] >= epochs


def _is_trained(run: RunDirectory, pair: str) -> bool:
    try:
        config = RunConfig.load(run.config_file)
    except InputError:
        return False  # --run-dir reports what is wrong with an unreadable run
    return config.pair == pair and _newest_file(run).exists() and bool(run.epochs() or config.train.epochs == 0)


def _newest_file(run: RunDirectory) -> Path:
    epochs = run.epochs()
    return run.weights_file(epochs[-1], "a_to_b") if epochs else run.prosody_file
