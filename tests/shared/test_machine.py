"""The settings that a machine is given."""

import logging
import subprocess
import sys

import pytest

from cyclegan_keras.shared import machine
from cyclegan_keras.shared.machine import (
    channels_for_products,
    choose_precision,
    choose_preset,
    prepare_tensorflow,
    processor_flags,
)


def test_a_gpu_gets_the_reports_preset_and_a_machine_without_one_the_cpus():
    assert choose_preset(True)[0] == "report" and choose_preset(False)[0] == "cpu"


@pytest.mark.parametrize(
    "gpu, flags, precision",
    [
        (True, "", "mixed_float16"),
        (False, "avx2 avx512_bf16", "mixed_bfloat16"),
        (False, "avx2 amx_bf16 amx_tile", "mixed_bfloat16"),
        (False, "avx2 avx512f", "float32"),
        (False, "", "float32"),
    ],
)
def test_the_precision_is_what_the_machine_has_units_for(gpu, flags, precision):
    assert choose_precision(gpu, flags) == precision


@pytest.mark.parametrize(
    "gpu, flags, channels",
    [(False, "avx2 fma", 1), (False, "avx2 avx512f", 128), (True, "avx2", None), (False, "", None)],
)
def test_filter_gradients_are_products_from_as_many_channels_as_make_them_faster(gpu, flags, channels):
    assert channels_for_products(gpu, flags) == channels


def test_the_processor_is_asked_where_linux_tells():
    assert ("flags" in processor_flags() or "Features" in processor_flags()) == sys.platform.startswith("linux")


def test_tensorflow_is_set_up_for_a_cpu():
    code = (
        "import tensorflow as tf; from cyclegan_keras.shared.machine import prepare_tensorflow\n"
        "tf.config.set_visible_devices([], 'GPU'); machine = prepare_tensorflow()\n"
        "print(machine.device, machine.preset, tf.config.optimizer.get_experimental_options())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0 and "'disable_meta_optimizer': True" in done.stdout, done.stderr
    assert done.stdout.startswith("CPU") and " cpu " in done.stdout


def test_a_gpu_that_tensorflow_does_not_see_is_mentioned_with_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda _: [])
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(machine, "NVIDIA_DEVICE", tmp_path)
    assert "pip install -e '.[gpu]'" in prepare_tensorflow().hint
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert not prepare_tensorflow().hint, "it was hidden"
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setattr(machine, "NVIDIA_DEVICE", tmp_path / "none")
    assert not prepare_tensorflow().hint


def test_a_generator_an_epoch_is_traced_without_a_warning():
    import tensorflow as tf

    prepare_tensorflow()
    texts = ("5 out of the last 5 calls to f triggered tf.function retracing.", "something else")
    records = [logging.makeLogRecord({"msg": text}) for text in texts]
    assert [bool(tf.get_logger().filter(record)) for record in records] == [False, True]
