"""Whose voice it is: speaker embeddings by the network of Wan et al. (2018), with Resemblyzer's weights.

Resemblyzer 0.1.4 itself is not imported: it asks for PyTorch (gigabytes, for a network of 1.4 million weights) and for
packages that no longer install. Its wheel carries the weights, and the network is three LSTM layers. On clips of two
seconds it is a weak witness: the figures of two recordings of one actor, and of two actors, belong beside it.
"""

import functools
import importlib.metadata
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import librosa
import numpy as np

from cyclegan_keras.shared.errors import InputError

if TYPE_CHECKING:  # TensorFlow takes seconds to import
    import tensorflow as tf

SAMPLE_RATE, WINDOW, HOP, N_MELS = 16_000, 400, 160, 40
"""Of the mel spectrogram that the network was trained on: 25 ms, each 10 ms."""

FRAMES, STEP = 160, 77
"""A part that is embedded, and from one part to the next: 1.6 s, 1.3 a second."""

LEVEL_DB = -30.0
"""RMS to which fainter clips are raised."""

PAUSE_DB = 40.0
"""What is this far below the loudest is a pause. Resemblyzer asks WebRTC's detector instead."""

LAYERS, UNITS = 3, 256
"""Of the network."""

INSTALL = "pip install --no-deps resemblyzer==0.1.4"
"""Without its dependencies, of which none is needed here."""


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Cosine of two embeddings: 1 for the same clip."""
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def embed(waveform: np.ndarray) -> np.ndarray:
    """Describe a voice.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
        At 16 kHz.

    Returns
    -------
    embedding : np.ndarray [shape=(256,)]
        Of length 1.

    Raises
    ------
    InputError
        Resemblyzer's weights are not installed.
    """
    network = _network()
    spans = librosa.effects.split(waveform, top_db=PAUSE_DB, frame_length=1024, hop_length=256)
    spoken = np.concatenate([waveform[start:end] for start, end in spans])
    rms = np.sqrt(np.mean(spoken**2)) + 1e-12
    spoken = spoken * max(1.0, 10 ** (LEVEL_DB / 20) / rms)
    mel = librosa.feature.melspectrogram(y=spoken, sr=SAMPLE_RATE, n_fft=WINDOW, hop_length=HOP, n_mels=N_MELS).T
    mel = np.pad(mel, ((0, max(0, FRAMES - len(mel))), (0, 0)))
    starts = range(0, len(mel) - FRAMES + 1, STEP)
    parts = network(np.stack([mel[start : start + FRAMES] for start in starts]), training=False).numpy()
    mean = (parts / (np.linalg.norm(parts, axis=1, keepdims=True) + 1e-12)).mean(axis=0)
    return mean / (np.linalg.norm(mean) + 1e-12)


@functools.cache
def _network() -> "tf.keras.Model":
    weights = load_weights()
    import tensorflow as tf

    layers = [tf.keras.layers.LSTM(UNITS, return_sequences=layer < LAYERS - 1) for layer in range(LAYERS)]
    dense = tf.keras.layers.Dense(UNITS, "relu")
    network = tf.keras.Sequential([tf.keras.Input((FRAMES, N_MELS)), *layers, dense])
    # The order of gates is the same as PyTorch's, which has two biases where one is enough.
    for number, layer in enumerate(layers):
        of = {part: weights[f"lstm.{part}_l{number}"] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
        layer.set_weights([of["weight_ih"].T, of["weight_hh"].T, of["bias_ih"] + of["bias_hh"]])
    dense.set_weights([weights["linear.weight"].T, weights["linear.bias"]])
    return network


@functools.cache
def load_weights() -> dict[str, np.ndarray]:
    """Read the network's weights from the installed wheel, by PyTorch's names.

    Raises
    ------
    InputError
        It is not installed, or its file is damaged.
    """
    try:
        files = importlib.metadata.files("resemblyzer") or []
    except importlib.metadata.PackageNotFoundError:
        raise InputError(f"resemblyzer: its weights are not installed; {INSTALL}") from None
    path = next((Path(file.locate()) for file in files if file.name == "pretrained.pt"), Path("pretrained.pt"))
    try:
        with path.open("rb") as file:
            return _read_torch(file)
    except (OSError, pickle.UnpicklingError, ValueError, KeyError, EOFError, AttributeError, IndexError):
        raise InputError(f"{path}: damaged, or not Resemblyzer 0.1.4's; {INSTALL}") from None


class _Tensor(NamedTuple):
    storage: tuple
    offset: int
    shape: tuple[int, ...]


class _Unpickler(pickle.Unpickler):
    """Reads what a checkpoint is made of and nothing else, so that the file can run no code."""

    def find_class(self, module: str, name: str) -> object:
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): lambda storage, offset, shape, *_: _Tensor(storage, offset, shape),
            ("torch", "FloatStorage"): "float32",
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return known[module, name]

    def persistent_load(self, identity: tuple) -> tuple:
        return identity


def _read_torch(file: BinaryIO) -> dict[str, np.ndarray]:
    # PyTorch's format of before 1.6: magic number, version, system, objects, keys of storages, storages.
    for _ in range(3):
        _Unpickler(file).load()
    tensors = _Unpickler(file).load()["model_state"]
    storages = {}
    for key in _Unpickler(file).load():
        length = int.from_bytes(file.read(8), "little")
        storages[key] = np.frombuffer(file.read(4 * length), np.float32)
    return {
        name: storages[tensor.storage[2]][tensor.offset :][: int(np.prod(tensor.shape))].reshape(tensor.shape)
        for name, tensor in tensors.items()
    }
