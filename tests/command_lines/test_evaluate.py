"""``python -m cyclegan_keras.evaluate`` as a user runs it."""

import dataclasses
import json
import shutil
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cyclegan_keras import evaluate
from cyclegan_keras.config import RunConfig, SpectrogramConfig
from cyclegan_keras.corpora.clips import Clip
from cyclegan_keras.corpora.index import index_clips
from cyclegan_keras.measuring import conversions, judge, panel
from cyclegan_keras.measuring.conversions import paired
from cyclegan_keras.measuring.sets import Source
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.run_directory import SHIPPED, RunDirectory
from tests.small_training import run_config


@pytest.fixture(scope="module")
def few_clips(demo_clips, tmp_path_factory):
    """One sentence of two actors to fit judges to, and one of an actor they never met; the middle 1.8 s of each."""
    root = tmp_path_factory.mktemp("few")
    for pattern in ("01/03-01-??-01-01-01-01", "04/03-01-??-01-02-01-04", "19/03-01-??-02-01-0?-19"):
        for clip in demo_clips.glob(f"Actor_{pattern}.wav"):
            (root / clip.parent.name).mkdir(exist_ok=True)
            sound, rate = soundfile.read(clip)
            beyond = (len(sound) - int(1.8 * rate)) // 2
            soundfile.write(root / clip.parent.name / clip.name, sound[beyond:-beyond], rate)
    return root


@pytest.fixture(scope="module")
def evaluated(trained_run, few_clips, environment, tmp_path_factory):
    """What `evaluate` prints and writes of a run, both of its phases' rows among it."""
    out = tmp_path_factory.mktemp("evaluated")
    command = [sys.executable, "-m", "cyclegan_keras.evaluate", "--run-dir", trained_run.path, "--data", few_clips]
    command += ["--clips", "final", "--epochs", "all", "--without-dnsmos", "--output", out]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=900, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads((out / "evaluate.json").read_text())


def test_evaluate_writes_rows_of_the_run_the_baselines_and_the_second_take(evaluated):
    output, written = evaluated
    assert [row["name"] for row in written["rows"]] == [
        "nothing: calm", "fixed equaliser", "WORLD statistics", "nothing, same vocoder: calm", "epoch 1",
        "second take: fearful", "second take, same vocoder: fearful",
    ]  # fmt: skip
    nothing, equaliser, world, vocoded, epoch, second, _ = written["rows"]
    assert nothing["f0_gap"][0] == nothing["mcd_gap"][0] == 0.0 and nothing["clips"] == epoch["clips"] == 2
    assert second["mcd_gap"][0] == pytest.approx(1.0)
    assert world["f0_away"] < nothing["f0_away"] and abs(equaliser["f0_away"] - nothing["f0_away"]) < 1.0
    (clip, _), (moved, _) = nothing["by_clip"], world["by_clip"]
    assert clip["clip"] == moved["clip"] and clip["speaker"] == "ravdess/19" and abs(moved["f0"]) < abs(clip["f0"])
    for row in written["rows"]:
        assert np.mean([abs(each["f0"]) for each in row["by_clip"]]) == pytest.approx(row["f0_away"])
        assert np.mean([each["wer"] for each in row["by_clip"]]) == pytest.approx(row["wer"])
    assert nothing["estoi"] == pytest.approx(1.0, abs=1e-3) and second["estoi"] is None
    assert epoch["estoi"] < vocoded["estoi"] < 1.0
    assert epoch["mimicry"] > 0 and epoch["cycle"] > 0 and nothing["mimicry"] is None
    assert all(row["wer"] is not None and row["dnsmos"] is None for row in written["rows"])
    assert "| epoch 1 | 2 |" in output and "| nothing: calm | 2 |" in output


def test_figures_say_on_which_clips_they_are_and_what_the_judges_are_worth(evaluated):
    output, written = evaluated
    assert (
        written["set"] == "final"
        and "clips: final (RAVDESS's actors 19 and 20, for final figures)" in written["caption"]
    )
    assert set(written["judges"]) == set(judge.JUDGES)
    for kind in judge.JUDGES:
        assert f"judge {kind} of calm and fearful: right on" in output
        assert "fixed equaliser" in written["judges"][kind]["false_alarms"]


def test_judges_are_fitted_and_tried_once_and_read_from_the_cache_then(evaluated, few_clips, environment, monkeypatch):
    monkeypatch.setenv("CYCLEGAN_KERAS_CACHE", environment["CYCLEGAN_KERAS_CACHE"])
    monkeypatch.setattr(judge, "training_features", None)
    monkeypatch.setattr(judge, "try_judges", None)
    told = []
    again = panel.build_panel(index_clips(few_clips), "calm", "fearful", SpectrogramConfig(), told.append)
    assert told == [] and again.verdicts[0].accuracy == evaluated[1]["judges"]["svm"]["accuracy"]
    assert len(again.verdicts[1].false_alarms) == 9


@pytest.mark.slow
def test_conversions_made_elsewhere_are_measured_by_the_same_ruler(few_clips, command_line, tmp_path):
    for folder in ("in", "out"):
        (tmp_path / folder).mkdir()
    clips = sorted((few_clips / "Actor_19").glob("03-01-02-*.wav"))
    for clip in clips:
        shutil.copy(clip, tmp_path / "in" / clip.name)
        sound, rate = soundfile.read(clip)
        soundfile.write(tmp_path / "out" / f"{clip.stem}_Fearful_made.wav", 0.5 * sound, rate)
    done = command_line(
        "evaluate", "--converted", tmp_path / "out", "--inputs", tmp_path / "in", "--target", "fearful",
        "--data", few_clips, "--without-dnsmos",
    )  # fmt: skip
    assert f"| converted to fearful | {len(clips)} |" in done.stdout
    written = json.loads((tmp_path / "out" / "evaluate_calm_fearful.json").read_text())
    rows = {row["name"]: row for row in written["rows"]}
    assert rows["converted to fearful"]["f0_gap"][0] == pytest.approx(0.0, abs=0.02), "they are the clips themselves"
    assert rows["converted to fearful"]["estoi"] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    "arguments, said",
    [
        ((), "--run-dir"),
        (("--run-dir", "nowhere"), "nowhere"),
        (("--converted", "nowhere"), "needs --inputs and --target"),
        (("--converted", "nowhere", "--inputs", "nowhere", "--target", "?"), "emotion '?'"),
        (("--run-dir", "nowhere", "--target", "sad"), "--target and --inputs: belong to --converted"),
        (("--converted", "a", "--inputs", "b", "--target", "sad", "--clips", "final"), "belong to --run-dir"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(fails_with_one_line, arguments, said):
    assert said in fails_with_one_line("evaluate", *arguments, expect=2)


@pytest.mark.parametrize(
    "option, value, said",
    [
        ("--epochs", "soon", "--epochs soon"),
        ("--epochs", "²", "--epochs ²"),
        ("--epochs", 7, "no weights of epoch 7"),
        ("--clips", "nowhere", "nowhere: no such folder"),
        ("--clips", "choose", "--clips choose: no clips of 'calm'"),
        ("--source", "boredom", "no clips of 'boredom'"),
        ("--output", "table.json", "--output table.json: not a folder"),
        ("--output", __file__, "not a folder"),
    ],
)
def test_what_is_not_there_is_named_before_judges_are_fitted(
    fails_with_one_line, trained_run, demo_clips, option, value, said
):
    line = fails_with_one_line("evaluate", "--run-dir", trained_run.path, "--data", demo_clips, option, value, expect=2)
    assert said in line


@pytest.mark.parametrize("corpus, wanted", [("ravdess", "choose"), ("emodb", "unseen")])
def test_unless_it_is_asked_for_no_run_is_measured_on_the_final_actors(trained_run, monkeypatch, corpus, wanted):
    told = []

    def choose(name, *_):
        told.append(name)
        raise InputError("chosen")

    clips = [Clip(Path(f"{number}.wav"), str(number), "calm", corpus=corpus) for number in range(1, 21)]
    monkeypatch.setattr(evaluate, "index_clips", lambda *_: clips)
    monkeypatch.setattr(evaluate, "choose_sources", choose)
    monkeypatch.setattr(evaluate, "prepare_tensorflow", lambda: None)
    with pytest.raises(InputError, match="chosen"):
        evaluate.command(evaluate.parser().parse_args(["--run-dir", str(trained_run.path)]))
    assert told == [wanted]


def test_on_its_own_folders_a_run_is_measured_as_the_corpus_that_its_training_was_told(
    trained_run, monkeypatch, capsys
):
    config = dataclasses.replace(RunConfig.load(RunDirectory(trained_run.path).config_file), corpus="folders")
    monkeypatch.setattr(evaluate, "index_clips", lambda data, corpus: (data, corpus))

    def clips(*options, of=config):
        return evaluate._clips(evaluate.parser().parse_args(["--run-dir", "run", *options]), of)

    own = [Path(config.data)]
    assert clips() == (own, "folders") and clips("--corpus", "savee") == (own, "savee")
    assert clips("--data", "other") == ([Path("other")], None)
    assert clips(of=dataclasses.replace(config, data="/gone")) == (evaluate.RAVDESS, None)
    assert "/gone: the run's recordings are not there; measuring on data/ravdess" in capsys.readouterr().out


def test_a_model_of_ravdess_is_said_to_know_no_speaker_of_another_corpus():
    german = [Clip(Path(f"{who}a01N.wav"), who, "neutral", "a01", corpus="emodb") for who in ("03", "08", "09")]
    sources = [Source(clip.key, np.zeros(1), clip) for clip in german]
    ravdess = run_config(pair="neutral_anger")
    assert evaluate.speakers_seen(ravdess, german, sources) == "by unseen speakers"
    emodb = run_config(pair="neutral_anger", unseen_speakers="emodb/09")
    assert evaluate.speakers_seen(emodb, german, sources) == "2 of 3 by training speakers"


@pytest.mark.parametrize("left_out", ["none", "mine/ann"])
def test_a_run_on_own_recordings_is_said_to_know_no_speaker_of_another_folder(tmp_path, monkeypatch, left_out):
    (tmp_path / "mine").mkdir()
    monkeypatch.setattr(evaluate, "index_clips", lambda *_: clips["mine"])
    clips = {
        folder: [Clip(tmp_path / folder / f"{who}.wav", who, "calm", who, corpus=folder) for who in ("ann", "ben")]
        for folder in ("mine", "other")
    }
    run = run_config(data=str(tmp_path / "mine"), unseen_speakers=left_out)
    said = {
        folder: evaluate.speakers_seen(run, found, [Source(clip.key, np.zeros(1), clip) for clip in found])
        for folder, found in clips.items()
    }
    known = 2 if left_out == "none" else 1
    assert said == {"mine": f"{known} of 2 by training speakers", "other": "by unseen speakers"}


def test_a_model_without_a_network_has_no_epochs_to_measure(fails_with_one_line):
    shipped = SHIPPED / "calm_fearful"
    assert "has no network" in fails_with_one_line("evaluate", "--run-dir", shipped, "--epochs", 5, expect=2)


def test_a_missing_extra_is_named_before_judges_are_fitted(monkeypatch):
    monkeypatch.setitem(sys.modules, "pystoi", None)
    monkeypatch.setattr(evaluate, "build_ruler", lambda *_: pytest.fail("too late"))
    with pytest.raises(InputError, match=r"pystoi: not installed; install the extra eval"):
        evaluate._ruler(Namespace(without_dnsmos=False), [], "calm", "fearful")


def paired_names(tmp_path, inputs, converted, target="fearful"):
    for name in (*(f"in/{name}" for name in inputs), *(f"out/{name}" for name in converted)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    pairs = paired(tmp_path / "out", tmp_path / "in", target)
    return {str(recording.relative_to(tmp_path / "in")): made.name for recording, made in pairs}


@pytest.mark.parametrize(
    "inputs, converted, pairs",
    [
        (["calm.wav", "calm_01.wav"], ["calm_01_Fearful_made.wav", "calm_01_anger.wav"], {"calm_01.wav": 0}),
        (["a.wav", "b.wav"], ["a_fear.wav", "b_fearfully.wav", "c_fearful.wav"], {"a.wav": 0}),
        (["a.wav"], ["A_Fearful-v2.1.wav", "a.wav"], {"a.wav": 0}),
        (["a.wav", "b.wav"], ["b.wav"], {"b.wav": 0}),
        (["a.wav", "a_fearful.wav"], ["a_fearful.wav"], {"a.wav": 0}),
        (["ann/1.wav", "ben/1.wav"], ["ben/1_fearful.wav"], {"ben/1.wav": 0}),
        (["ann/1.wav", "ben/2.wav"], ["2_fearful.wav"], {"ben/2.wav": 0}),
        (["1.wav", "ann/1.wav"], ["1_fearful.wav", "ann/1_fearful.wav"], {"1.wav": 0, "ann/1.wav": 1}),
        (["ann/1.wav", "ann/2.wav"], ["ann/1_fearful.wav", "ben/2_fearful.wav"], {"ann/1.wav": 0}),
    ],
    ids=[
        "longest name",
        "synonym",
        "version",
        "same name",
        "target before same name",
        "folders",
        "one folder",
        "as infer writes them",
        "another speaker's",
    ],
)
def test_a_conversion_is_paired_with_its_recording_by_name(tmp_path, inputs, converted, pairs):
    expected = {recording: Path(converted[number]).name for recording, number in pairs.items()}
    assert paired_names(tmp_path, inputs, converted) == expected


@pytest.mark.parametrize(
    "inputs, converted, said",
    [
        (["a.wav"], ["a_sad.wav"], "no file is named after a file of"),
        (["a.wav"], ["a_fearful.wav", "a_fearful_again.wav"], "of the same recording as"),
        (["ann/1.wav", "ben/1.wav"], ["1_fearful.wav"], "may be of .*1.wav or of .*1.wav; keep the folders"),
    ],
)
def test_conversions_that_cannot_be_paired_are_refused(tmp_path, inputs, converted, said):
    with pytest.raises(InputError, match=said):
        paired_names(tmp_path, inputs, converted)


def test_recordings_and_conversions_may_share_a_folder_and_be_links(tmp_path):
    for name in ("a.wav", "blob"):
        (tmp_path / name).touch()
    (tmp_path / "a_fearful.wav").symlink_to("blob")
    pairs = paired(tmp_path, tmp_path, "fearful")
    assert [(recording.name, made.name) for recording, made in pairs] == [("a.wav", "a_fearful.wav")]


@pytest.fixture
def measured_folder(monkeypatch, tmp_path):
    """Runs `evaluate --converted` up to the measuring; gives the emotions, the clips measured and the file's name."""
    told = {}

    def measure(ruler, conversions, sources):
        told.update(ruler=ruler, conversions=conversions, sources=sources)
        return []

    monkeypatch.setattr(evaluate, "_ruler", lambda arguments, clips, *emotions: emotions)
    monkeypatch.setattr(evaluate, "measure_conversions", measure)
    monkeypatch.setattr(evaluate, "_write", lambda file, *_, **__: told.update(file=file.name))
    monkeypatch.setattr(evaluate, "prepare_tensorflow", lambda: None)

    def run(emotions, *options):
        for code in ("01", "02", "03", "05"):
            name = f"03-01-{code}-01-01-01-01.wav"
            for folder in ("in", "out") if code in emotions else ("in",):
                (tmp_path / folder).mkdir(exist_ok=True)
                soundfile.write(tmp_path / folder / name, np.tile([0.5, -0.5], 8_000), 16_000)
        folders = ["--converted", tmp_path / "out", "--inputs", tmp_path / "in", "--data", tmp_path / "in"]
        evaluate.command(evaluate.parser().parse_args([*map(str, folders), "--target", "fearful", *options]))
        return told

    return run


def test_the_source_emotion_is_that_of_the_recordings_and_names_the_table(measured_folder):
    told = measured_folder(["01"])
    assert told["ruler"] == ("neutral", "fearful") and told["file"] == "evaluate_neutral_fearful.json"
    assert [source.clip.emotion for source in told["sources"]] == ["neutral"]


def test_recordings_of_another_emotion_are_passed_over_and_counted(measured_folder, capsys):
    told = measured_folder(["02", "03", "05"], "--source", "happy")
    assert [source.clip.emotion for source in told["sources"]] == ["happy"] and len(told["conversions"]) == 1
    assert "passed over: 2 conversions of recordings in another emotion than happy" in capsys.readouterr().out
    with pytest.raises(InputError, match="another emotion than 'sad'"):
        measured_folder([], "--source", "sad")


@pytest.mark.parametrize("seconds, aligned", [(2.04, True), (2.06, False)])
def test_only_conversions_as_long_as_their_recordings_are_measured_by_estoi(tmp_path, monkeypatch, seconds, aligned):
    soundfile.write(tmp_path / "made.wav", np.tile([0.5, -0.5], round(seconds * 8_000)), 16_000)
    for baseline in ("before_conversion", "second_take"):
        monkeypatch.setattr(conversions, baseline, lambda *_: [])
    ruler = Namespace(config=SpectrogramConfig(), target="sad", measure=lambda *arguments: arguments[-1])
    source = Source("a", np.zeros(2 * 16_000), None)
    assert conversions.measure_conversions(ruler, [tmp_path / "made.wav"], [source]) == [aligned]


def test_the_raw_weights_of_an_averaged_run_are_no_epoch_of_their_own(tmp_path):
    run = RunDirectory(tmp_path)
    (tmp_path / "weights").mkdir()
    for name in ("a_to_b", "b_to_a", "a_to_b_raw", "b_to_a_raw"):
        run.weights_file(1, name).touch()
    assert run.epochs() == [1]
