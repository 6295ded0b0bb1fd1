"""Progress on the terminal: of a training, and of anything that is counted."""

import contextlib
import signal
import statistics
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence

FIRST_STEPS_FOR_ESTIMATE = 3
"""Number of steps whose median gives the estimated time. The first step, which traces the graph, is not counted."""

LAST_STEPS_FOR_PACE = 11
"""Number of steps that are kept for the pace, which is the median of all but the first of them."""

LOG_SECONDS = 30
"""Seconds between two lines of progress if the output is a file."""


class TerminalObserver:
    """Shows a training's progress on the terminal, and handles Ctrl-C and SIGTERM.

    Both stop the training only after the current step, and so does the end of the terminal or of a pipe.
    """

    def __init__(self, last_step: int):
        self.last_step = last_step
        self.step = 0
        self.seconds: deque[float] = deque(maxlen=LAST_STEPS_FOR_PACE)
        self.asked_to_stop = False

    def __enter__(self) -> "TerminalObserver":
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # which nohup sets
            numbers.append(signal.SIGHUP)
        self.handlers = {number: signal.signal(number, self._stop) for number in numbers}
        return self

    def __exit__(self, *_) -> None:
        self.say()
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def resumed(self, step: int, damaged: Sequence[str]) -> None:
        """Print the step from which training resumes."""
        for prefix in damaged:
            self.say(f"{prefix}: damaged checkpoint passed over")
        self.step = step
        if step < self.last_step:
            self.say(f"resumed after step {step} of {self.last_step}")
        else:
            self.say(f"all {self.last_step} steps are trained already")

    def rows_lost(self, file: str, rows: int) -> None:
        """Print how many rows of the log of losses are missing."""
        self.say(f"{file}: {rows} damaged or missing rows left out")

    def epoch_begins(self, epoch: int, first_step: int, steps: int) -> None:
        """Start a progress bar."""
        from tensorflow.keras.utils import Progbar

        self.say(f"epoch {epoch}")
        redrawn = sys.stdout.isatty()
        self.bar = Progbar(
            steps, stateful_metrics=["steps/s"], unit_name="step", interval=0.5 if redrawn else LOG_SECONDS
        )
        # Keras treats any output on Linux as a terminal; a log file needs lines instead.
        self.bar._dynamic_display = redrawn
        if first_step:  # at 0, Keras would write a remaining time of 0 s
            with self._output_may_end():
                self.bar.update(first_step)
        self.began = time.perf_counter()

    def step_done(self, losses: dict[str, float]) -> None:
        """Advance the bar; after the first steps, print how long the rest will take."""
        self.step += 1
        self.seconds.append(time.perf_counter() - self.began)
        self.began = time.perf_counter()
        shown = {name: losses[name] for name in ("g_loss", "f_loss")}
        shown.update({name: losses[f"{name}_real"] + losses[f"{name}_fake"] for name in ("d_a", "d_b")})
        pace = statistics.median(list(self.seconds)[1:] or self.seconds)
        with self._output_may_end():
            self.bar.add(1, [*shown.items(), ("steps/s", 1.0 / pace)])
        left = self.last_step - self.step
        if len(self.seconds) == 1 + FIRST_STEPS_FOR_ESTIMATE and left:
            self.say(f"\nabout {readable_duration(left * pace)} for the {left} steps left, at {pace:.2f} s a step")

    def stop_requested(self) -> bool:
        """Whether Ctrl-C was pressed, or the training was told to stop otherwise."""
        return self.asked_to_stop

    def _stop(self, number: int, frame: object) -> None:
        # Python calls this when TensorFlow returns, at the end of a step. A second Ctrl-C has no effect.
        told, self.asked_to_stop = self.asked_to_stop, True
        if not told:
            self.say("\nstopping after this step, then saving")

    def say(self, line: str = "") -> None:
        """Print a line, if anybody reads the output."""
        with self._output_may_end():
            print(line, flush=True)

    @contextlib.contextmanager
    def _output_may_end(self) -> Iterator[None]:
        # Ctrl-C in `train | tee log` ends tee first, and a closed terminal takes no more output. Nothing can be printed
        # by a signal that interrupts printing (RuntimeError).
        try:
            yield
        except (OSError, RuntimeError):
            self.asked_to_stop = True


def show_progress(done: int, total: int, unit: str) -> None:
    """Rewrite a line of progress, such as ``12 of 340 clips``; in a log file, write the last one only."""
    if done >= total or sys.stdout.isatty():
        print(f"\r{done:,} of {total:,} {unit}s", end="\n" if done >= total else "", flush=True)


def readable_duration(seconds: float) -> str:
    """Write a duration in seconds, minutes or hours.

    Example
    -------
    >>> readable_duration(7200)
    '2.0 h'
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
