"""A training's progress on the terminal."""

import signal
import statistics
import sys
import time
from collections.abc import Sequence

FIRST_STEPS_FOR_ESTIMATE = 3
"""The estimated time is made from the median of so many steps after the first, which traces the graph."""

LOG_SECONDS = 30
"""Between two lines of progress, where the output is a file and a bar cannot be redrawn."""


class TerminalObserver:
    """Shows a training's progress on the terminal, and passes Ctrl-C on between two steps.

    A step must not be torn: after Ctrl-C or SIGTERM the step under way is finished first.
    """

    def __init__(self, last_step: int):
        self.last_step = last_step
        self.step = 0
        self.seconds: list[float] = []
        self.asked_to_stop = False

    def __enter__(self) -> "TerminalObserver":
        self.handlers = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_) -> None:
        print()
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def resumed(self, step: int, damaged: Sequence[str]) -> None:
        """Say from where training goes on."""
        for prefix in damaged:
            print(f"{prefix}: damaged checkpoint passed over")
        self.step = step
        print(f"resumed after step {step} of {self.last_step}", flush=True)

    def rows_lost(self, file: str, rows: int) -> None:
        """Say that the log of losses has gaps."""
        print(f"{file}: {rows} damaged or missing rows left out", flush=True)

    def epoch_begins(self, epoch: int, first_step: int, steps: int) -> None:
        """Begin a bar."""
        from tensorflow.keras.utils import Progbar

        print(f"epoch {epoch}", flush=True)
        redrawn = sys.stdout.isatty()
        self.bar = Progbar(
            steps, stateful_metrics=["steps/s"], unit_name="step", interval=0.5 if redrawn else LOG_SECONDS
        )
        # Keras takes every Linux output for a terminal; a log file gets lines instead.
        self.bar._dynamic_display = redrawn
        self.bar.update(first_step)
        self.began = time.perf_counter()

    def step_done(self, losses: dict[str, float]) -> None:
        """Move the bar on; say once how long the rest will take."""
        self.step += 1
        self.seconds.append(time.perf_counter() - self.began)
        self.began = time.perf_counter()
        shown = {name: losses[name] for name in ("g_loss", "f_loss")}
        shown.update({name: losses[f"{name}_real"] + losses[f"{name}_fake"] for name in ("d_a", "d_b")})
        pace = statistics.median(self.seconds[1:][-10:] or self.seconds)
        self.bar.add(1, [*shown.items(), ("steps/s", 1.0 / pace)])
        left = self.last_step - self.step
        if len(self.seconds) == 1 + FIRST_STEPS_FOR_ESTIMATE and left:
            print(
                f"\nabout {readable_duration(left * pace)} for the {left} steps left, at {pace:.2f} s a step",
                flush=True,
            )

    def stop_requested(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self.asked_to_stop

    def _stop(self, number: int, frame: object) -> None:
        # Python runs this once TensorFlow gives control back, at a step's end; pressing again changes nothing.
        if not self.asked_to_stop:
            print("\nstopping after this step, then saving", flush=True)
        self.asked_to_stop = True


def readable_duration(seconds: float) -> str:
    """Write seconds as a person would say them.

    Example
    -------
    >>> readable_duration(7200)
    '2.0 h'
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
