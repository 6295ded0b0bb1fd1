"""Speaker embeddings by the network of Wan et al. (2018), with Resemblyzer's weights.

Resemblyzer 0.1.4 itself is not imported, because it needs PyTorch and packages that no longer install. Its wheel has
the weights, and the network is three LSTM layers. On clips of two seconds the similarity is weak evidence. Compare it
with the similarities of two recordings by one actor, and of two actors.
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
"""The mel spectrogram that the network was trained on: windows of 25 ms every 10 ms."""

FRAMES, STEP = 160, 77
"""Frames of a segment (1.6 s), and from one segment to the next (1.3 segments per second)."""

LEVEL_DB = -30.0
"""RMS to which fainter clips are amplified."""

PAUSE_DB = 40.0
"""A frame this far below the loudest is a pause. Resemblyzer uses WebRTC's voice activity detector instead."""

LAYERS, UNITS = 3, 256
"""Size of the network."""

INSTALL = "pip install --no-deps resemblyzer==0.1.4"
"""The weights need none of Resemblyzer's dependencies."""


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Cosine similarity of two embeddings: 1 for the same clip."""
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def embed(waveform: np.ndarray) -> np.ndarray:
    """Compute the speaker embedding of a clip.

    Parameters
    ----------
    waveform : np.ndarray [shape=(n,)]
        At 16 kHz.

    Returns
    -------
    embedding : np.ndarray [shape=(256,)]
        With norm 1.

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
    # Keras has PyTorch's order of gates; PyTorch's two biases are added.
    for number, layer in enumerate(layers):
        of = {part: weights[f"lstm.{part}_l{number}"] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
        layer.set_weights([of["weight_ih"].T, of["weight_hh"].T, of["bias_ih"] + of["bias_hh"]])
    dense.set_weights([weights["linear.weight"].T, weights["linear.bias"]])
    return network


@functools.cache
def load_weights() -> dict[str, np.ndarray]:
    """Read the network's weights from the installed wheel; the keys are PyTorch's names.

    Raises
    ------
    InputError
        The wheel is not installed, or its file is damaged.
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
    """Accepts only the types of a checkpoint, so that the file cannot run code."""

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
