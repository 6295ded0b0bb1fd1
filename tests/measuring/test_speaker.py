"""Whose voice it is."""

import importlib.metadata
import io
import pickle

import numpy as np
import pytest

from cyclegan_keras.audio.files import load_waveform
from cyclegan_keras.measuring import speaker
from cyclegan_keras.shared.errors import InputError


@pytest.fixture
def weights(monkeypatch):
    """Random weights of the network's shapes."""
    rng = np.random.default_rng(0)
    shapes = {"linear.weight": (256, 256), "linear.bias": (256,)}
    for layer in range(3):
        shapes[f"lstm.weight_ih_l{layer}"] = (1024, 40 if layer == 0 else 256)
        shapes[f"lstm.weight_hh_l{layer}"] = (1024, 256)
        shapes |= {f"lstm.bias_{part}_l{layer}": (1024,) for part in ("ih", "hh")}
    made = {name: rng.normal(0, 0.05, shape).astype(np.float32) for name, shape in shapes.items()}
    monkeypatch.setattr(speaker, "load_weights", lambda: made)
    speaker._network.cache_clear()
    yield made
    speaker._network.cache_clear()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_the_network_is_an_lstm_with_pytorchs_weights(weights):
    inputs = np.random.default_rng(1).normal(size=(1, speaker.FRAMES, 40)).astype(np.float32)
    sequence = inputs[0]
    for layer in range(3):
        w, u, b, c = (weights[f"lstm.{part}_l{layer}"] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        state, cell, states = np.zeros(256), np.zeros(256), []
        for frame in sequence:
            into, forget, new, out = np.split(w @ frame + u @ state + b + c, 4)  # the order that PyTorch documents
            cell = sigmoid(forget) * cell + sigmoid(into) * np.tanh(new)
            state = sigmoid(out) * np.tanh(cell)
            states.append(state)
        sequence = np.array(states)
    expected = np.maximum(0, weights["linear.weight"] @ sequence[-1] + weights["linear.bias"])
    np.testing.assert_allclose(speaker._network()(inputs)[0], expected, atol=1e-5)


@pytest.mark.parametrize("seconds", [0.5, 3.0])
def test_an_embedding_is_of_length_one_whatever_the_clips_length(weights, seconds):
    noise = np.random.default_rng(0).normal(0, 0.1, int(seconds * 16_000)).astype(np.float32)
    found = speaker.embed(noise)
    assert found.shape == (256,) and np.linalg.norm(found) == pytest.approx(1.0, abs=1e-5)
    assert speaker.similarity(found, 3 * found) == pytest.approx(1.0, abs=1e-5)


def test_a_checkpoint_that_would_run_code_is_refused():
    file = io.BytesIO(pickle.dumps({"model_state": print}))
    with pytest.raises(pickle.UnpicklingError, match="builtins.print"):
        speaker._Unpickler(file).load()


def test_weights_that_are_not_installed_are_named_with_what_brings_them(monkeypatch):
    def nothing(_):
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "files", nothing)
    with pytest.raises(InputError, match="pip install --no-deps resemblyzer"):
        speaker.load_weights.__wrapped__()


@pytest.mark.real
def test_two_sentences_of_one_actor_are_nearer_than_those_of_a_man_and_a_woman(ravdess_dir):
    try:
        speaker.load_weights()
    except InputError as error:
        pytest.skip(str(error))
    one, again, other = (
        speaker.embed(load_waveform(ravdess_dir / f"Actor_{actor}" / f"03-01-02-01-0{n}-01-{actor}.flac", 16_000))
        for n, actor in ((1, 15), (2, 15), (1, 16))
    )
    assert speaker.similarity(one, again) > speaker.similarity(one, other) + 0.1
