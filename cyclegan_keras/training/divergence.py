"""A training whose losses or weights are no longer finite is stopped before they are saved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cyclegan_keras.config import TrainConfig
from cyclegan_keras.shared.errors import RunError
from cyclegan_keras.shared.files import written_beside
from cyclegan_keras.shared.run_directory import RunDirectory
from cyclegan_keras.training.pipeline import unpaired_indices
from cyclegan_keras.training.state import TrainState


@dataclass(frozen=True)
class DivergenceGuard:
    """Stops a training whose losses or weights are no longer finite, and says on which clips it happened."""

    train: TrainConfig
    run: RunDirectory
    names: tuple[Sequence[str], Sequence[str]]
    epoch_steps: int

    def check(self, values: Iterable[tuple[str, float | np.ndarray]], step: int) -> None:
        """Raise a ``RunError`` that names the step and the clips where one of the named values is not finite."""
        for name, array in values:
            wrong = np.extract(~np.isfinite(array), array)
            if wrong.size:
                what = (
                    f"{name} is {wrong[0]} at step {step}, on {self._batch_names(*divmod(step - 1, self.epoch_steps))}"
                )
                with written_beside(self.run.divergence_file) as beside:
                    beside.write_text(f"{what}\n", encoding="utf-8")
                raise RunError(
                    f"{self.run.path}: {what}; training stopped; the last checkpoint was written before that "
                    f"({self.run.divergence_file} keeps this)"
                )

    def _batch_names(self, epoch: int, first_step: int) -> str:
        # The order follows from the seed, so it is drawn again.
        indices = unpaired_indices(
            *map(len, self.names), seed=self.train.seed, epoch=epoch, batch_size=self.train.batch_size,
            first_step=first_step,
        )  # fmt: skip
        chosen = next(iter(indices))
        return " and ".join(
            ", ".join(of_domain[index] for index in positions.numpy())
            for of_domain, positions in zip(self.names, chosen, strict=True)
        )


def trained_values(state: TrainState) -> Iterable[tuple[str, np.ndarray]]:
    """Every array that a step changes, with its name for messages: weights of networks and moments of optimizers."""
    for name, network in state.networks().items():
        for weight in network.weights:
            yield f"a weight of {name}", weight.numpy()
    for name, optimizer in state.optimizers.items():
        for moment in (*optimizer.means, *optimizer.squares):
            yield f"a moment of the optimizer of {name}", moment.numpy()
