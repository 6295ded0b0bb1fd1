"""``python -m cyclegan_keras.evaluate`` as a user runs it."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from cyclegan_keras.config import PHASES, RunConfig, SpectrogramConfig
from cyclegan_keras.conversion.settings import ConversionSettings
from cyclegan_keras.measuring import conversions, judge
from cyclegan_keras.measuring.attacks import Spectrum
from cyclegan_keras.measuring.conversions import measure_run
from cyclegan_keras.measuring.ruler import Row, build_ruler, load_source, middle
from cyclegan_keras.presets import SPECTROGRAM_520
from cyclegan_keras.shared.errors import RunError
from cyclegan_keras.shared.run_directory import RunDirectory
from tests.small_training import run_config

CONFIG = SpectrogramConfig()


@pytest.fixture(scope="module")
def few_clips(demo_clips, tmp_path_factory):
    """A quarter of the unseen actor's demo clips, a statement from each of the others: a judge is fitted in seconds.

    Of each the middle 2.3 s, which DNSMOS takes for one of its windows of 9 s where it takes a whole clip for seven.
    """
    root = tmp_path_factory.mktemp("few")
    unseen = demo_clips.glob("Actor_19/03-01-??-02-??-01-19.wav")
    statements = ("Actor_01/03-01-??-01-01-01-01.wav", "Actor_04/03-01-??-01-02-01-04.wav")
    for clip in (*unseen, *(clip for pattern in statements for clip in demo_clips.glob(pattern))):
        (root / clip.parent.name).mkdir(exist_ok=True)
        sound, rate = soundfile.read(clip)
        beyond = (len(sound) - int(2.3 * rate)) // 2
        soundfile.write(root / clip.parent.name / clip.name, sound[beyond:-beyond], rate)
    return root


def test_a_run_is_measured_between_its_source_and_its_target(trained_run, few_clips, run_here, tmp_path):
    _, said, _ = run_here(
        "evaluate", "--run-dir", trained_run.path, "--data", few_clips, "--epochs", "all", "--output", tmp_path / "out"
    )
    assert "judge of calm and fearful: right on" in said
    assert "false alarms, fixed equaliser" in said and "| epoch 1 |" in said
    written = json.loads((tmp_path / "out" / "evaluate.json").read_text())
    assert [row["name"] for row in written["rows"]] == [
        "calm, no network", "fixed equaliser, no network", "random gains, no network", "epoch 1",
        "real fearful, unseen actors",
    ]  # fmt: skip
    before, equaliser, random, epoch, real = written["rows"]
    assert before["estoi"] == pytest.approx(1.0, abs=1e-3) and epoch["estoi"] < 0.9
    assert random["estoi"] < 0.95
    assert before["transfer"] < 0.5 < real["transfer"] and epoch["clips"] == 2
    assert epoch["mimicry"] > 0 and epoch["cycle"] > 0 and before["mimicry"] is None
    assert set(written["judge"]["false_alarms"]) >= {"untouched", "fixed equaliser"}


def test_a_judge_is_fitted_and_tried_once_and_read_from_the_cache_then(few_clips, cache_dir, monkeypatch, capsys):
    monkeypatch.setenv("CYCLEGAN_KERAS_CACHE", str(cache_dir))

    def ruler():
        return build_ruler(few_clips, "calm", "fearful", SpectrogramConfig())

    first = ruler()
    monkeypatch.setattr(judge, "training_features", None)
    monkeypatch.setattr(judge, "try_judge", None)
    capsys.readouterr()
    again = ruler()
    assert not capsys.readouterr().out, "nothing is said to be fitted"
    assert again.verdict == first.verdict and len(again.verdict.false_alarms) == 9
    noise = np.random.default_rng(0).normal(size=(2, 65_536)).astype(np.float32)
    np.testing.assert_array_equal(again.judge.scores(noise, "fearful"), first.judge.scores(noise, "fearful"))


@pytest.mark.slow
def test_conversions_made_elsewhere_are_measured_by_the_same_ruler(demo_clips, command_line, tmp_path):
    for folder in ("in", "out"):
        (tmp_path / folder).mkdir()
    clips = sorted((demo_clips / "Actor_19").glob("03-01-02-*.wav"))[:2]
    for number, clip in enumerate(clips):
        shutil.copy(clip, tmp_path / "in" / f"calm_{number}.wav")
        sound, rate = soundfile.read(clip)
        soundfile.write(tmp_path / "out" / f"calm_{number}_Fearful_made.wav", 0.5 * sound, rate)
    done = command_line(
        "evaluate", "--converted", tmp_path / "out", "--inputs", tmp_path / "in", "--target", "fearful",
        "--data", demo_clips,
    )  # fmt: skip
    assert "| converted to fearful | 2 |" in done.stdout
    rows = json.loads((tmp_path / "out" / "evaluate.json").read_text())["rows"]
    assert rows[1]["estoi"] > 0.8, "the clips themselves are understood"


@pytest.mark.parametrize(
    "arguments, said",
    [
        ((), "--run-dir"),
        (("--run-dir", "nowhere"), "nowhere"),
        (("--converted", "nowhere"), "needs --inputs and --target"),
        (("--converted", "nowhere", "--inputs", "nowhere", "--target", "joyful"), "joyful"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(fails_with_one_line, arguments, said):
    assert said in fails_with_one_line("evaluate", *arguments, expect=2)


@pytest.mark.parametrize(
    "option, value, said",
    [
        ("--epochs", "soon", "--epochs soon"),
        ("--epochs", 7, "no weights of epoch 7"),
        ("--clips", "nowhere", "nowhere: no such folder"),
    ],
)
def test_what_is_not_there_is_named_before_the_judge_is_fitted(
    fails_with_one_line, trained_run, demo_clips, option, value, said
):
    line = fails_with_one_line("evaluate", "--run-dir", trained_run.path, "--data", demo_clips, option, value, expect=2)
    assert said in line


def test_the_middle_of_a_recording_is_what_an_image_shows():
    config = SpectrogramConfig()
    long = np.arange(config.n_samples + 100)
    assert middle(long, config)[0] == 50 and len(middle(long, config)) == config.n_samples
    assert len(middle(long[:500], config)) == 500


@pytest.mark.parametrize("source, target", [("calm", "fearful"), ("fearful", "calm")])
def test_the_generator_that_is_measured_starts_from_the_rulers_source(trained_run, monkeypatch, source, target):
    fitted = SimpleNamespace(emotions=("calm", "fearful"), spectra=(None, None), config=CONFIG)
    ruler = SimpleNamespace(source=source, target=target, judge=fitted, measure=lambda *_: None)
    loaded = []

    def load(run, config, epoch, direction, traced=True):
        loaded.append(direction)
        if len(loaded) == 2:
            raise RunError("both were asked for")

    monkeypatch.setattr(conversions, "load_generator", load)
    run = RunDirectory(trained_run.path)
    with pytest.raises(RunError, match="both were asked for"):
        measure_run(ruler, run, RunConfig.load(run.config_file), [1], [], [], ConversionSettings("source"))
    assert loaded == (["a_to_b", "b_to_a"] if source == "calm" else ["b_to_a", "a_to_b"])


@pytest.mark.parametrize("phase", PHASES)
def test_a_run_with_an_analysis_of_its_own_is_measured_against_the_same_sounds_as_any(demo_clips, monkeypatch, phase):
    fitted = SimpleNamespace(emotions=("calm", "fearful"), spectra=(Spectrum(0.0, 1.0),) * 2, config=CONFIG)
    monkeypatch.setattr(conversions, "load_generator", lambda *_: lambda images, training: tf.constant(images))
    clip = next(demo_clips.glob("Actor_19/03-01-02-*.wav"))
    heard = []
    for analysis in (CONFIG, SPECTROGRAM_520):
        sounds = {}

        def measure(name, converted, references, *_, sounds=sounds):
            sounds[name] = converted
            if name == "fixed equaliser, no network":
                np.testing.assert_array_equal(converted, references, "spectra are alike: it changes nothing")
            return Row(name, len(converted), *[0.0] * 7)

        ruler = SimpleNamespace(source="calm", target="fearful", judge=fitted, measure=measure)
        sources = [load_source(clip, 1, analysis)]
        config = run_config(spectrogram=analysis)
        measure_run(ruler, RunDirectory(Path()), config, [1], sources, [], ConversionSettings(phase))
        heard.append(sounds)
    assert list(heard[0]) == list(heard[1])
    for name in ("fixed equaliser, no network", "random gains, no network"):
        np.testing.assert_array_equal(heard[0][name], heard[1][name])
    for name in ("calm, no network", "epoch 1") if phase == "source" else ():
        np.testing.assert_allclose(heard[1][name], heard[0]["calm, no network"], atol=1e-3)
