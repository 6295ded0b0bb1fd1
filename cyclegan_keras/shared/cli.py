"""Code that the command lines share: error messages, exit status, and a quiet start."""

import argparse
import ctypes
import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from cyclegan_keras.shared.errors import InputError, RunError

M_ARENA_MAX = -8  # glibc's malloc.h

EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130

TOLD = (InputError, RunError, OSError, KeyboardInterrupt)
"""Errors that are told in one line, beside lack of memory."""


class _HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    def _get_help_string(self, action: argparse.Action) -> str:
        # "(default: None)" is useless, and some help texts state the default in words.
        as_is = action.default is None or action.default is False or "default" in action.help
        return action.help if as_is else super()._get_help_string(action)


class CommandParser(argparse.ArgumentParser):
    """An ``ArgumentParser`` with usage errors of one line and an option ``--debug``."""

    def __init__(self, **kwargs):
        super().__init__(formatter_class=_HelpFormatter, allow_abbrev=False, **kwargs)
        self.add_argument("--debug", action="store_true", help="show a traceback when something fails")

    def error(self, message: str) -> NoReturn:
        """Print ``message`` on one line and exit with status 2."""
        self.exit(EXIT_USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def prepare_environment() -> None:
    """Make TensorFlow quiet and fast. Call it before TensorFlow is imported. Variables that the user set are kept."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Without AVX-512, TensorFlow leaves oneDNN off, although it halves the time of a step.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    # Importing TensorFlow creates a million lasting objects; collecting garbage among them takes 0.6 s.
    gc.set_threshold(50_000)


def use_one_heap() -> None:
    """Let all threads share one heap, so that a conversion takes a tenth less memory.

    glibc gives each thread its own, and memory freed in one is lost to the others. Training needs the heaps: on images
    of 48 x 48, whose operations are short, threads that wait for one make a step take 1.3 times as long.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        mallopt(M_ARENA_MAX, 1)


def run_command(
    parser: CommandParser, command: Callable[[argparse.Namespace], int], argv: Sequence[str] | None = None
) -> NoReturn:
    """Parse ``argv``, call ``command`` with the result, and exit with its status.

    ``InputError`` exits with 2, ``RunError``, ``OSError`` and lack of memory with 1, Ctrl-C with 130. Each prints one
    line on standard error, and a traceback with ``--debug``.
    """
    prepare_environment()
    # The name of a file may not be valid text.
    sys.stdout.reconfigure(errors="backslashreplace")
    arguments, status = parser.parse_args(argv), EXIT_FAILED
    try:
        status = command(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output has gone, such as head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (Exception, KeyboardInterrupt) as error:
        if arguments.debug or not is_told(error):
            raise
        print(f"{parser.prog}: {one_line(error)}", file=sys.stderr)
        status = _exit_status(error)
    sys.exit(status)


def printable(text: str) -> str:
    r"""Escape the characters that would break a line or control a terminal, because a file's name may contain them.

    Example
    -------
    >>> printable("two\\nlines")
    'two\\\\nlines'
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def end_at_once(main: Callable[[], NoReturn]) -> NoReturn:
    """Run a program and end the process without unloading TensorFlow, which would take half a second."""
    try:
        main()
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code or 0)


def is_told(error: BaseException) -> bool:
    """Whether an error is told in a line; any other is a fault of the program."""
    return isinstance(error, TOLD) or _out_of_memory(error)


def _out_of_memory(error: BaseException) -> bool:
    # TensorFlow's own error is known by its name, because importing TensorFlow takes seconds.
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"


def one_line(error: BaseException) -> str:
    """What is told of an error."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if _out_of_memory(error):
        return "not enough memory; close other programs, or give fewer or shorter inputs"
    return printable(str(error)) or type(error).__name__


def _exit_status(error: BaseException) -> int:
    if isinstance(error, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    return EXIT_USAGE if isinstance(error, InputError) else EXIT_FAILED
