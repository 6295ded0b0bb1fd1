"""What this machine computes with, and the settings that suit it."""

import functools
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cyclegan_keras.shared.errors import RunError


class Machine(NamedTuple):
    """What TensorFlow runs on, and the preset and precision that suit it."""

    device: str
    preset: str
    reason: str
    precision: str


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Discard what is written to standard error, by libraries of any language, for the length of a ``with`` block.

    TensorFlow 2.21 tells at its import of CUDA and oneDNN, whatever its log level is.
    """
    sys.stderr.flush()
    before = os.dup(2)
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def prepare_tensorflow(deterministic: bool = False) -> Machine:
    """Set TensorFlow up for this machine; must come before its first computation.

    ``deterministic`` lets it use only kernels that give the same bits every time, or none.

    Raises
    ------
    RunError
        TensorFlow does not load: it is damaged, or there is not enough memory or too few files may be open.
    """
    try:
        with silent_stderr():
            import tensorflow as tf
    except ImportError as error:
        reason = str(error).strip().splitlines()[-1]
        raise RunError(f"TensorFlow does not load ({reason}); run make setup again, or give more memory") from None

    tf.get_logger().addFilter(_is_worth_telling)
    if deterministic:
        tf.config.experimental.enable_op_determinism()

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if not gpus:
        # Grappler rewrites the step's graph for three seconds, and on a CPU the step gets no faster by it.
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    device = f"{len(gpus)} GPU" if gpus else f"CPU ({os.cpu_count()} cores)"
    return Machine(device, *choose_preset(bool(gpus)), choose_precision(bool(gpus), processor_flags()))


def _is_worth_telling(record: logging.LogRecord) -> bool:
    # Every epoch's generator is traced once; TensorFlow takes them for one function that is traced again and again.
    return "tf.function retracing" not in record.getMessage()


@functools.cache
def processor_flags() -> str:
    """Everything Linux tells of the processor; elsewhere nothing, which means settings that suit any."""
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def choose_preset(gpu_visible: bool) -> tuple[str, str]:
    """Choose the preset for a machine; returns its name and the reason to print."""
    if gpu_visible:
        return "report", "TensorFlow sees a GPU"
    return "cpu", "TensorFlow sees no GPU"


def choose_precision(gpu_visible: bool, flags: str) -> str:
    """Choose the precision for a machine: what its arithmetic units are made for.

    Parameters
    ----------
    gpu_visible : bool
    flags : str
        The processor's, as in Linux's ``/proc/cpuinfo``.

    Returns
    -------
    precision : str
        One of ``config.PRECISIONS``.

    Example
    -------
    >>> choose_precision(False, "fpu sse avx2 avx512_bf16")
    'mixed_bfloat16'
    """
    if gpu_visible:
        return "mixed_float16"
    bfloat16_units = {"avx512_bf16", "amx_bf16"} & set(flags.split())
    return "mixed_bfloat16" if bfloat16_units else "float32"


def channels_for_products(gpu_visible: bool, flags: str) -> int | None:
    """From how many channels, in and out, a matrix product is a faster filter gradient than the library's own kernel.

    oneDNN's kernel for AVX2 runs at a third of the processor's rate, that for AVX-512 at three quarters.

    Parameters
    ----------
    gpu_visible, flags
        As for ``choose_precision``.

    Returns
    -------
    channels : int or None
        None where the kernel is the faster always.
    """
    names = set(flags.split())
    if gpu_visible or "avx2" not in names:
        return None
    return 128 if "avx512f" in names else 1
