"""The judge of two emotions of a face: tried on real faces and attacked before it judges, like that of speech."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from scipy.ndimage import gaussian_filter
from tensorflow.keras import Sequential, layers

from cyclegan_keras.corpora.fer2013 import SIZE, faces_key
from cyclegan_keras.measuring.judge import Verdict
from cyclegan_keras.networks.weights import load_weights, save_weights
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.training.image_cache import default_cache_dir

EPOCHS, BATCH = 12, 64

FACES_AT_ONCE = 256


class FaceJudge:
    """A small convolutional network; ``scores`` says how much a face is of class B."""

    def __init__(self, seed: int = 0):
        tf.keras.utils.set_random_seed(seed)
        self.network = Sequential([layers.InputLayer((SIZE, SIZE, 1))])
        for channels in (32, 64, 128):
            self.network.add(layers.Conv2D(channels, 3, padding="same"))
            self.network.add(layers.BatchNormalization())
            self.network.add(layers.ReLU())
            self.network.add(layers.MaxPooling2D())
            self.network.add(layers.Dropout(0.2))
        self.network.add(layers.Flatten())
        self.network.add(layers.Dense(64, activation="relu"))
        self.network.add(layers.Dense(1, activation="sigmoid"))

    def scores(self, faces: np.ndarray) -> np.ndarray:
        """How much each face is of class B: from 0 to 1."""
        return self.network.predict(faces, batch_size=FACES_AT_ONCE, verbose=0)[:, 0]


def fit_face_judge(a: np.ndarray, b: np.ndarray, epochs: int = EPOCHS) -> FaceJudge:
    """Fit a judge to the training faces of two classes, each also mirrored, blurred, lit otherwise and noisy; cached.

    Parameters
    ----------
    a, b : np.ndarray [shape=(n, 48, 48, 1), dtype=float32]
        In [-1, 1].
    epochs : int
    """
    judge = FaceJudge()
    code = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    cached = default_cache_dir() / f"face-judge-{faces_key(a, b)}-{epochs}-{code}.npz"
    try:
        load_weights(cached, judge.network)
        return judge
    except InputError:
        print("fitting the judge of faces: some minutes, once", flush=True)  # not there yet, or damaged
    rng = np.random.default_rng(0)
    faces, classes = np.concatenate([a, b]), np.repeat([0.0, 1.0], [len(a), len(b)])
    weight = {0: len(faces) / len(a) / 2, 1: len(faces) / len(b) / 2}
    judge.network.compile("adam", "binary_crossentropy")
    for _ in range(epochs):
        judge.network.fit(_disguised(faces, rng), classes, BATCH, verbose=0, class_weight=weight)
    save_weights(cached, judge.network)
    return judge


def face_attacks(a: np.ndarray, b: np.ndarray) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Changes to faces of class A that are no change of emotion; ``a`` and ``b`` are the training faces."""
    shift = b.mean(axis=0) - a.mean(axis=0)
    noise = np.random.default_rng(0).normal(0.0, 0.1, a.shape[1:])
    return {
        "untouched": lambda faces: faces,
        "the classes' mean difference added": lambda faces: np.clip(faces + shift, -1.0, 1.0),
        "more contrast": lambda faces: np.clip(1.5 * faces, -1.0, 1.0),
        "blurred": _blurred,
        "noise": lambda faces: np.clip(faces + noise, -1.0, 1.0),
    }


def try_face_judge(judge: FaceJudge, train: tuple, test: tuple) -> Verdict:
    """Test a judge on real test faces of both classes, and attack it with those of class A."""
    a, b = test
    right = np.concatenate([judge.scores(a) <= 0.5, judge.scores(b) > 0.5])
    alarms = {
        name: float((judge.scores(attack(a).astype(np.float32)) > 0.5).mean())
        for name, attack in face_attacks(*train).items()
    }
    return Verdict(float(right.mean()), len(right), alarms)


def _blurred(faces: np.ndarray) -> np.ndarray:
    return gaussian_filter(faces, (0, 1, 1, 0))


def _disguised(faces: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    changed = np.where(rng.random((len(faces), 1, 1, 1)) < 0.5, faces[:, :, ::-1], faces)
    blurred = rng.random(len(faces)) < 0.25
    changed[blurred] = _blurred(changed[blurred])
    gain, offset = rng.uniform(0.7, 1.5, (len(faces), 1, 1, 1)), rng.uniform(-0.2, 0.2, (len(faces), 1, 1, 1))
    noise = rng.normal(0.0, 1.0, faces.shape) * rng.uniform(0.0, 0.1, (len(faces), 1, 1, 1))
    return np.clip(gain * changed + offset + noise, -1.0, 1.0).astype(np.float32)
