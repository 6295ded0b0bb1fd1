"""The layout of a run directory, known to whoever writes one and whoever reads one."""

import re
from dataclasses import dataclass
from pathlib import Path

from cyclegan_keras.config import RunConfig
from cyclegan_keras.emotions import split_pair
from cyclegan_keras.shared.errors import InputError

DIRECTIONS = ("a_to_b", "b_to_a")
"""G and F, as files name them."""

SHIPPED = Path(__file__).parent.parent / "weights"
"""The models that come with the package: for each pair a small run directory, and a card that says what it is worth."""


@dataclass(frozen=True)
class RunDirectory:
    """Paths inside a run directory.

    ``config.json``, ``prosody.npz``, ``checkpoints/``, ``weights/`` (generators by epoch), ``samples/`` (PNG and
    WAV), ``logs/`` (TensorBoard) and ``train.csv`` (a row a step). ``divergence.txt`` says at which step and on
    which clips a loss was not finite, if one ever was.
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
        """Held by the training under way."""
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
        """A row a step: its losses and its time."""
        return self.path / "train.csv"

    @property
    def divergence_file(self) -> Path:
        """Where and on which clips a loss was not finite, if one ever was."""
        return self.path / "divergence.txt"

    def samples(self, epoch: int) -> Path:
        """Folder of the samples made at the end of ``epoch`` (counted from 1)."""
        return self.path / "samples" / f"epoch_{epoch:03d}"

    def weights_file(self, epoch: int, direction: str) -> Path:
        """A generator's weights at the end of ``epoch``; ``direction`` is one of ``DIRECTIONS``."""
        return self.path / "weights" / f"epoch_{epoch:03d}_{direction}.npz"

    def epochs(self) -> list[int]:
        """Epochs for which both generators' weights are there, in rising order."""
        names = (re.fullmatch(r"epoch_(\d+)_a_to_b\.npz", file.name) for file in self.path.glob("weights/*.npz"))
        epochs = sorted(int(name.group(1)) for name in names if name)
        return [epoch for epoch in epochs if self.weights_file(epoch, "b_to_a").exists()]

    def epoch_or_latest(self, epoch: int = 0) -> int:
        """Resolve an epoch to read weights of: the latest for 0.

        Raises
        ------
        InputError
            There are no weights, or none of that epoch.
        """
        epochs = self.epochs()
        if not epochs:
            raise InputError(f"{self.path}: no generator weights yet; the first are written when an epoch ends")
        if epoch and epoch not in epochs:
            raise InputError(
                f"{self.path}: no weights of epoch {epoch}; there are those of {', '.join(map(str, epochs))}"
            )
        return epoch or epochs[-1]


def evaluation_file(folder: Path, reverse: bool) -> Path:
    """Where the measures of one direction are written."""
    return folder / ("evaluate_reverse.json" if reverse else "evaluate.json")


def newest_run(pair: str, root: Path, shipped: Path = SHIPPED) -> RunDirectory:
    """Find the run of a pair whose weights were written last, or the model of it that comes with the package.

    Parameters
    ----------
    pair : str
        Such as ``"calm_fearful"``.
    root : Path
        The folder that holds run directories.
    shipped : Path
        The folder to look in next.

    Raises
    ------
    InputError
        Neither has the pair.
    """
    emotions = split_pair(pair)
    pair, turned = "_".join(emotions), "_".join(reversed(emotions))
    runs = _trained(pair, root) or _trained(pair, shipped)
    if runs:
        return max(runs, key=lambda run: run.weights_file(run.epochs()[-1], "a_to_b").stat().st_mtime)
    if _trained(turned, root) or _trained(turned, shipped):
        raise InputError(f"--pair {pair}: there is a model of {turned}; give --pair {turned} --reverse")
    ships = ", ".join(sorted(folder.parent.name for folder in shipped.glob("*/config.json")))
    raise InputError(
        f"{root}: holds no trained run of {pair}, and what ships is {ships}; "
        f"train one (make train PAIR={pair}) or give --run-dir"
    )


def _trained(pair: str, root: Path) -> list[RunDirectory]:
    runs = [RunDirectory(file.parent) for file in root.glob("*/config.json")]
    return [run for run in runs if run.epochs() and _pair_of(run) == pair]


def _pair_of(run: RunDirectory) -> str | None:
    try:
        return RunConfig.load(run.config_file).pair
    except InputError:
        return None  # a run that cannot be read is nobody's; named with --run-dir, it says what is wrong
