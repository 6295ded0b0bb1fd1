"""The hardware of this machine, and the settings that suit it."""

import functools
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cyclegan_keras.shared.errors import RunError

NVIDIA_DEVICE = Path("/dev/nvidia0")
"""Exists where the driver of a GPU by NVIDIA is loaded."""


class Machine(NamedTuple):
    """The device that TensorFlow uses, the preset and precision that suit it, and what to install for a better one."""

    device: str
    preset: str
    reason: str
    precision: str
    hint: str = ""


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Discard everything written to standard error during a ``with`` block, by libraries in any language.

    TensorFlow 2.21 prints messages about CUDA and oneDNN when it is imported, at any log level.
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
    """Set up TensorFlow for this machine. Call it before TensorFlow's first computation.

    With ``deterministic``, only kernels that give the same bits every time are used.

    Raises
    ------
    RunError
        TensorFlow does not load: it is damaged, memory is short, or the limit of open files is too low.
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
        # Grappler takes three seconds to rewrite the step's graph, and the step gets no faster on a CPU.
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    device = f"{len(gpus)} GPU" if gpus else f"CPU ({os.cpu_count()} cores)"
    unseen = not gpus and NVIDIA_DEVICE.exists() and "CUDA_VISIBLE_DEVICES" not in os.environ
    hint = "TensorFlow does not see this machine's GPU; .venv/bin/pip install -e '.[gpu]' may help" if unseen else ""
    return Machine(device, *choose_preset(bool(gpus)), choose_precision(bool(gpus), processor_flags()), hint)


def _is_worth_telling(record: logging.LogRecord) -> bool:
    # Each epoch's generator is traced once. TensorFlow mistakes them for one function that is retraced.
    return "tf.function retracing" not in record.getMessage()


@functools.cache
def processor_flags() -> str:
    """The text of ``/proc/cpuinfo``; empty on systems other than Linux, where the settings suit any processor."""
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def choose_preset(gpu_visible: bool) -> tuple[str, str]:
    """Choose the preset for a machine; return its name and the reason to print."""
    if gpu_visible:
        return "report", "TensorFlow sees a GPU"
    return "cpu", "TensorFlow sees no GPU"


def choose_precision(gpu_visible: bool, flags: str) -> str:
    """Choose the precision that the machine's arithmetic units are made for.

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
    """The least number of channels for which a matrix product computes a filter gradient faster than oneDNN's kernel.

    oneDNN's kernel for AVX2 reaches a third of the processor's rate, its kernel for AVX-512 three quarters.

    Parameters
    ----------
    gpu_visible, flags
        As for ``choose_precision``.

    Returns
    -------
    channels : int or None
        Input and output channels; None if oneDNN's kernel is always faster.
    """
    names = set(flags.split())
    if gpu_visible or "avx2" not in names:
        return None
    return 128 if "avx512f" in names else 1
