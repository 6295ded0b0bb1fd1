"""What comes from someone else is data: none of it runs code, and what is wrong with it is named."""

import ast
import io
import json
import os
import pickle
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest
import tensorflow as tf

from cyclegan_keras.config import RunConfig
from cyclegan_keras.networks.generator import build_generator
from cyclegan_keras.networks.weights import load_weights, save_weights
from cyclegan_keras.shared.errors import InputError, RunError
from cyclegan_keras.shared.files import read_arrays
from cyclegan_keras.shared.run_directory import RunDirectory
from cyclegan_keras.training.checkpoints import CheckpointKeeper
from cyclegan_keras.training.step import build_training
from tests.conftest import PROJECT
from tests.small_training import CONFIG, SMALL

MEGABYTE = 2**20


class Exploit:
    """Touches a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mknod, (str(self.path),)


@pytest.fixture(scope="module")
def generator():
    return build_generator(SMALL.image_shape, CONFIG.model.n_resnet, CONFIG.model.filters)


@pytest.fixture
def weights(tmp_path):
    return tmp_path / "weights.npz"


@pytest.fixture
def proof(tmp_path):
    """What appears if an exploit runs."""
    path = tmp_path / "ran"
    yield path
    assert not path.exists()


def member(header, body=b""):
    """An array file of ``.npz`` with the header given; version 1.0."""
    header = header.encode("latin1").ljust(117) + b"\n"
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + body


def archive(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)


def whole(generator):
    return {f"{number:03d}": array for number, array in enumerate(generator.get_weights())}


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def header_only(shape, kind="<f4"):
    return member(f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}")


HOSTILE = {
    "a pickle": lambda path, exploit, arrays: path.write_bytes(pickle.dumps(exploit)),
    "a pickle as member": lambda path, exploit, arrays: archive(path, {"000.npy": pickle.dumps(exploit)}),
    "an array of objects": lambda path, exploit, arrays: np.savez(path, **{**arrays, "000": np.array([exploit])}),
    "a record with an object": lambda path, exploit, arrays: np.savez(
        path, **{**arrays, "000": np.array([(1.0, exploit)], dtype=[("a", "f4"), ("b", "O")])}
    ),
    "an array, no archive": lambda path, exploit, arrays: path.write_bytes(npy(arrays["000"])),
    "a shape beyond memory": lambda path, exploit, arrays: archive(path, {"000.npy": header_only((10**9, 10**9))}),
    "a shape of 100 GB": lambda path, exploit, arrays: archive(path, {"000.npy": header_only((25 * 2**30,))}),
    "a negative shape": lambda path, exploit, arrays: archive(path, {"000.npy": header_only((-1, 4))}),
    "a type of 2 GB": lambda path, exploit, arrays: archive(path, {"000.npy": header_only((1,), "V2147483647")}),
    "code in the header": lambda path, exploit, arrays: archive(
        path, {"000.npy": member(f"__import__('os').mknod({str(exploit.path)!r})")}
    ),
    "a header nested deeply": lambda path, exploit, arrays: archive(
        path, {"000.npy": b"\x93NUMPY\1\0" + (60_000).to_bytes(2, "little") + b"(" * 60_000}
    ),
    "a bomb": lambda path, exploit, arrays: archive(path, {"000.npy": bytes(200 * MEGABYTE)}, zipfile.ZIP_DEFLATED),
    "a name that leads out": lambda path, exploit, arrays: archive(path, {f"../../{exploit.path.name}.npy": b""}),
    "text": lambda path, exploit, arrays: np.savez(path, **{**arrays, "000": np.array(["os.system"])}),
    "integers": lambda path, exploit, arrays: np.savez(path, **{**arrays, "000": arrays["000"].astype(np.int32)}),
    "NaN": lambda path, exploit, arrays: np.savez(path, **{**arrays, "000": arrays["000"] * np.nan}),
    "an array too many": lambda path, exploit, arrays: np.savez(path, **arrays, more=arrays["000"]),
    "an array too few": lambda path, exploit, arrays: np.savez(path, **dict(list(arrays.items())[:-1])),
    "another shape": lambda path, exploit, arrays: np.savez(path, **{**arrays, "000": arrays["000"][..., :1]}),
    "nothing": lambda path, exploit, arrays: path.write_bytes(b""),
    "a folder": lambda path, exploit, arrays: path.mkdir(),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_weights_that_would_do_harm_are_refused_by_name_and_run_nothing(kind, generator, weights, proof):
    HOSTILE[kind](weights, Exploit(proof), whole(generator))
    tracemalloc.start()
    with pytest.raises(InputError, match="weights.npz: damaged, or weights of another network") as caught:
        load_weights(weights, generator)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "\n" not in str(caught.value) and most < 100 * 2**20


def test_an_archive_that_holds_more_than_it_declares_is_not_read_further(weights):
    archive(weights, {"a.npy": bytes(50_000_000)}, zipfile.ZIP_DEFLATED)
    declared, lie = (50_000_000).to_bytes(4, "little"), (500).to_bytes(4, "little")
    content = weights.read_bytes()
    assert content.count(declared) == 2
    weights.write_bytes(content.replace(declared, lie))
    with pytest.raises(ValueError):
        read_arrays(weights, max_bytes=10_000)


def test_any_byte_of_a_weights_file_changed_is_noticed_or_changes_nothing(generator, weights):
    save_weights(weights, generator)
    content, expected = weights.read_bytes(), generator.get_weights()
    dice = np.random.default_rng(0)
    for position in dice.choice(len(content), 400, replace=False):
        changed = bytearray(content)
        changed[position] ^= dice.integers(1, 256)
        weights.write_bytes(changed)
        try:
            load_weights(weights, generator)
        except InputError:
            continue
        assert all(np.array_equal(one, other) for one, other in zip(expected, generator.get_weights()))


@pytest.fixture(scope="module")
def state():
    return build_training(SMALL.image_shape, CONFIG.model, CONFIG.train)[0]


def test_a_checkpoint_of_something_else_is_passed_over_and_never_trained_on(state, tmp_path):
    folder = RunDirectory(tmp_path).checkpoints
    foreign = {
        9: tf.train.Checkpoint(step=tf.Variable(9)),
        8: tf.train.Checkpoint(g=tf.Variable(tf.zeros([4])), step=tf.Variable(8, dtype=tf.int64)),
        7: tf.train.Checkpoint(step=tf.Variable("text")),
    }
    for step, checkpoint in foreign.items():
        checkpoint.write(str(folder / f"ckpt-{step}"))
    (folder / "ckpt-99999999999999999999.index").write_bytes(b"\0")
    (folder / "ckpt-x.index").write_bytes(b"not of a step")
    keeper = CheckpointKeeper(state, RunDirectory(tmp_path))
    with pytest.raises(RunError, match="checkpoints: no checkpoint can be read .4 damaged."):
        keeper.restore_newest()


MAY_IMPORT = {
    "audio/containers.py": {"importlib"},
    "corpora/known/__init__.py": {"importlib"},
    "measuring/speaker.py": {"importlib", "pickle"},
}
"""Whether PyAV is installed; the package's own modules; the weights in an installed package, by an unpickler that
knows arrays alone (``tests/measuring/test_speaker.py`` holds that)."""


def test_nothing_in_the_package_can_run_what_it_reads():
    forbidden = {
        "eval", "exec", "__import__", "load_model", "model_from_json", "from_config", "deserialize",
        "Lambda", "py_function", "numpy_function", "unsafe_load", "system", "Popen", "enable_unsafe_deserialization",
    }  # fmt: skip
    for module in (PROJECT / "cyclegan_keras").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", None))
                # Our own load_model is called by its bare name; Keras's, which can run code, never is.
                ours = name == "load_model" and isinstance(node.func, ast.Name)
                assert ours or name not in forbidden, f"{module.name}:{node.lineno}: {name}"
                # np.load decides by a file's first bytes whether to unpickle; read_arrays cannot.
                assert ast.unparse(node.func) not in ("np.load", "pickle.load", "joblib.load", "yaml.load")
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = {name.name.partition(".")[0] for name in node.names} | {getattr(node, "module", None)}
                allowed = MAY_IMPORT.get(str(module.relative_to(PROJECT / "cyclegan_keras")), set())
                found = names & {"pickle", "marshal", "shelve", "dill", "yaml", "importlib"}
                assert found <= allowed, module.name


def edited(**changes):
    def edit(values):
        for path, value in changes.items():
            *parents, key = path.split("__")
            place = values
            for parent in parents:
                place = place[parent]
            place[key] = value

    return edit


@pytest.mark.parametrize(
    "change, named",
    [
        (edited(model__filters=10**9), "filters: must lie between 1 and 256"),
        (edited(model__n_resnet=10**6), "n_resnet: must lie between 1 and 16"),
        (edited(model__filters=10**4000), "filters"),
        (edited(train__learning_rate=10**400), "learning_rate"),
        (edited(train__learning_rate=float("nan")), "learning_rate"),
        (edited(train__loss_weights__identity=float("inf")), "identity"),
        (edited(train__loss_weights__identity=-1.0), "identity"),
        (edited(spectrogram__n_fft=2**31), "n_fft"),
        (edited(spectrogram__griffin_lim_iterations=2**31), "griffin_lim_iterations"),
        (edited(spectrogram__griffin_lim_momentum=float("nan")), "griffin_lim_momentum"),
        (edited(spectrogram__image_size=2**20), "image_size"),
        (edited(spectrogram__sample_rate=0), "sample_rate"),
        (edited(train__pool_size=2**40), "pool_size"),
        (edited(train__precision="__import__('os').system('id')"), "precision"),
        (edited(data_key="../../../../tmp/x"), "data_key"),
        (edited(pair="calm_../.."), "pair"),
        (edited(model={"class_name": "Lambda", "config": {"function": "4wEAAAAAAAAA"}}), "unknown key 'class_name'"),
        (edited(model__class_name="Lambda"), "unknown key 'class_name'"),
        (edited(train=[1, 2]), "TrainConfig must be an object"),
    ],
)
def test_a_configuration_from_someone_else_is_refused_with_one_line_that_names_it(tmp_path, change, named):
    file = tmp_path / "config.json"
    CONFIG.save(file)
    values = json.loads(file.read_text())
    change(values)
    sys_limit = getattr(sys, "set_int_max_str_digits", lambda _: None)
    sys_limit(0)
    file.write_text(json.dumps(values))
    sys_limit(4300)
    with pytest.raises(InputError, match=named) as caught:
        RunConfig.load(file)
    assert str(file) in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 2000


@pytest.mark.parametrize("content", [b"[" * 50_000, b'{"a":' * 15_000, b"1" * 200_000, b'{"pair": 1e999}', b"NaN"])
def test_json_that_is_made_to_hurt_is_refused_by_name(tmp_path, content):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(InputError, match="config.json: not a run's configuration"):
        RunConfig.load(tmp_path / "config.json")


def test_a_pipe_for_a_configuration_is_refused_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "config.json")
    with pytest.raises(InputError, match="config.json: .*not a file"):
        RunConfig.load(tmp_path / "config.json")


def test_every_bad_key_and_range_is_named_at_once(tmp_path):
    file = tmp_path / "config.json"
    CONFIG.save(file)
    values = json.loads(file.read_text())
    edited(surprise=1, pair="calm_calm", model__filters="16", model__n_resnet=0, train__seed=-1,
           train__loss_weights__more=1, spectrogram__floor_db=3)(values)  # fmt: skip
    del values["spectrogram"]["n_fft"]
    file.write_text(json.dumps(values))
    with pytest.raises(InputError) as caught:
        RunConfig.load(file)
    for name in ("surprise", "calm_calm", "filters", "n_resnet", "seed", "'more'", "floor_db", "n_fft"):
        assert name in str(caught.value)


def test_a_configuration_changed_by_one_digit_is_noticed(tmp_path):
    file = tmp_path / "config.json"
    CONFIG.save(file)
    file.write_text(file.read_text().replace('"hop_length": 64', '"hop_length": 65'))
    with pytest.raises(InputError, match="config.json: .*checksum: does not match"):
        RunConfig.load(file)


def test_a_configuration_changed_on_purpose_has_no_checksum_and_is_read(tmp_path):
    file = tmp_path / "config.json"
    CONFIG.save(file)
    values = json.loads(file.read_text())
    del values["checksum"]
    file.write_text(json.dumps(values))
    assert RunConfig.load(file) == CONFIG


def test_a_run_directory_from_someone_else_runs_nothing_as_it_converts(trained_run, demo_clips, environment, tmp_path):
    proof, run = tmp_path / "ran", RunDirectory(tmp_path / "run")
    run.weights_file(1, "a_to_b").parent.mkdir(parents=True)
    run.config_file.write_bytes(RunDirectory(trained_run.path).config_file.read_bytes())
    for direction in ("a_to_b", "b_to_a"):
        np.savez(run.weights_file(1, direction), **{"000": np.array([Exploit(proof)])})
    clip = demo_clips / "Actor_04" / "03-01-02-01-02-02-04.wav"
    done = subprocess.run(
        [sys.executable, "-m", "cyclegan_keras.infer", clip, "--run-dir", run.path], capture_output=True, text=True,
        timeout=900, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2 and "epoch_001_a_to_b.npz: damaged" in done.stderr and not proof.exists()
    assert len(done.stderr.splitlines()) == 1
