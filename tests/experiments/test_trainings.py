"""Which trainings tables need, which of them are there, and what is said of the rest."""

import dataclasses
import importlib
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from cyclegan_keras.presets import PRESETS, SPECTROGRAM_520
from cyclegan_keras.shared.errors import InputError, RunError
from cyclegan_keras.shared.run_directory import DIRECTIONS
from experiments import clips, losses, make, published, resources, yields
from experiments.figure5 import FaceRunConfig
from experiments.losses import STEPS_TOGETHER, thinned_losses
from experiments.results import YIELD, read_json, write_json
from experiments.speech_runs import SpeechTraining, needed
from experiments.tables import NAMES
from tests.corpora.made_up import tree
from tests.experiments.conftest import settings, training, write_losses, write_yield
from tests.small_training import run_config


def with_weights(run, *epochs):
    for epoch in epochs:
        for direction in DIRECTIONS:
            file = run.directory.weights_file(epoch, direction)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    return run


def plan(tmp_path, capsys, *arguments):
    options = ["--preset", "cpu", "--runs", tmp_path / "runs", "--results", tmp_path / "results", "--plan", *arguments]
    with pytest.raises(SystemExit) as ended:
        make.main([str(option) for option in options])
    return ended.value.code, capsys.readouterr()


@pytest.mark.parametrize(
    "there, epoch, done",
    [((), 0, False), ((3, 7), 7, False), ((10, 20), 20, True), ((10, 30), 10, True), ((50,), 50, True)],
)
def test_a_training_is_reused_once_it_is_as_long_as_wanted(tmp_path, there, epoch, done):
    run = with_weights(needed(settings(tmp_path, epochs=20), "calm_anger", 150), *there)
    assert (run.epoch(), run.is_done()) == (epoch, done)


def test_trainings_are_as_long_as_the_reports_or_the_presets_or_as_told(tmp_path):
    assert needed(settings(tmp_path, preset="report"), "calm_anger", 150).epochs == 150
    assert needed(settings(tmp_path), "calm_anger", 150).epochs == PRESETS["cpu"].train.epochs
    assert needed(settings(tmp_path, epochs=3), "calm_anger", 150).epochs == 3


def test_every_depth_and_size_has_a_run_directory_of_its_own_and_the_usual_one_is_trains(tmp_path):
    sizes = ((6, 260), (9, 260), (6, 520))
    runs = [needed(settings(tmp_path), "calm_anger", 100, n_resnet=n, image_size=size) for n, size in sizes]
    assert [run.name for run in runs] == ["calm_anger-cpu", "calm_anger-cpu-9-blocks", "calm_anger-cpu-520"]
    assert runs[2].preset == "report-520" and runs[2].options[:2] == ("--filters", "16")


def test_the_plan_says_what_is_trained_and_for_how_long_and_makes_nothing(demo_clips, tmp_path, capsys, monkeypatch):
    chosen = settings(tmp_path, data=demo_clips, epochs=20)
    with_weights(needed(chosen, "calm_fearful", 150), 5)
    with_weights(needed(chosen, "calm_anger", 150), 20)
    options = ("table4", "--data", demo_clips, "--epochs", 20, "--published", tmp_path / "published")
    status, said = plan(tmp_path, capsys, *options)
    assert status == 0 and "calm_anger-cpu: epoch 20 of 20, as it is" in said.out
    assert "calm_fearful-cpu: to be resumed after epoch 5, 15 epochs of 15 steps, at a pace not known yet" in said.out
    assert not chosen.results.exists()
    write_yield(tmp_path / "published", "calm_happy-cpu")  # 2,800 steps in 1.25 h
    assert "at a pace not known yet" in plan(tmp_path, capsys, *options)[1].out, "it is of another processor"
    monkeypatch.setattr("experiments.pace.processor", lambda: "a processor, 2 cores")
    assert "15 epochs of 15 steps, about 6 min" in plan(tmp_path, capsys, *options)[1].out


def test_what_was_published_of_a_training_is_gone_on_from_unless_the_training_is_here(demo_clips, tmp_path, capsys):
    write_yield(tmp_path / "published", "calm_fearful-cpu")
    options = ("table4", "--data", demo_clips, "--published", tmp_path / "published")
    _, said = plan(tmp_path, capsys, *options)
    assert "calm_fearful-cpu: epoch 20 is measured: " in said.out
    shorter = plan(tmp_path, capsys, *options, "--epochs", 5)[1].out
    assert "calm_fearful-cpu: epoch 20 is measured, and 5 asked for: " in shorter
    with_weights(needed(settings(tmp_path), "calm_fearful", 150), 5)
    assert "calm_fearful-cpu: to be resumed after epoch 5" in plan(tmp_path, capsys, *options)[1].out


def test_a_published_yield_is_taken_unless_another_training_of_its_name_is_here(tmp_path):
    here = {}
    for name, loss in (("calm_fearful-cpu", 1.0), ("calm_anger-cpu", 2.0)):
        here[name] = write_losses(tmp_path / f"{name}.csv", loss)
        write_yield(tmp_path / "published", name)
        file = tmp_path / "published" / name / YIELD
        write_json(file, {**read_json(file), "losses": thinned_losses(here[name])})
    write_losses(here["calm_anger-cpu"], 3.0)
    chosen = settings(tmp_path)
    trainings = [with_weights(needed(chosen, name.removesuffix("-cpu"), 150), 20) for name in here]
    for training_here in trainings:
        here[training_here.name].rename(training_here.directory.losses_file)
    published.take_published(tmp_path / "published", tmp_path / "results", "cpu", trainings)
    assert [file.parent.name for file in (tmp_path / "results").glob(f"*/{YIELD}")] == ["calm_fearful-cpu"]


def test_published_recordings_complete_those_that_are_here_and_replace_none(tmp_path):
    for folder, names in (("published", "ab"), ("results", "bc")):
        listed = [{"name": name, "sound": folder} for name in names]
        write_json(tmp_path / folder / "recordings" / YIELD, {"recordings": listed})
    published.take_published(tmp_path / "published", tmp_path / "results", "cpu")
    found = read_json(tmp_path / "results" / "recordings" / YIELD)["recordings"]
    assert {each["name"]: each["sound"] for each in found} == {"a": "published", "b": "results", "c": "results"}


def test_trainings_are_made_in_the_order_of_what_most_tables_show():
    wanted = [
        "calm_fearful-cpu", "calm_anger-cpu", "calm_surprised-cpu", "neutral_anger-cpu-3-blocks", "calm_disgust-cpu",
        "calm_happy-cpu", "calm_sad-cpu", "calm_anger-cpu-520", "sad_happy-cpu",
    ]  # fmt: skip
    runs = [SimpleNamespace(name=name) for name in sorted(wanted)]
    assert [run.name for run in sorted(runs, key=make._turn)] == wanted


@pytest.mark.parametrize("differs", ["n_resnet", "filters", "update", "unseen_speakers"])
def test_a_run_of_the_tables_name_that_was_trained_by_other_options_is_refused(tmp_path, differs):
    run, config = with_weights(needed(settings(tmp_path), "calm_anger", 150), 20), run_config(pair="calm_anger")
    run.refuse_other_options(config)
    other = {
        "n_resnet": {"model": dataclasses.replace(config.model, n_resnet=3)},
        "filters": {"model": dataclasses.replace(config.model, filters=8)},
        "update": {"train": dataclasses.replace(config.train, update="joint")},
        "unseen_speakers": {"unseen_speakers": "15,16"},
    }
    dataclasses.replace(config, **other[differs]).save(run.directory.config_file)
    with pytest.raises(InputError, match=rf"calm_anger-cpu: trained otherwise .*\({differs} differ\)"):
        yields._measured(settings(tmp_path), run, [], [], None)


@pytest.mark.parametrize(
    "status, interrupted, error, said",
    [
        (130, False, KeyboardInterrupt, None), (0, True, KeyboardInterrupt, None),
        (2, False, RunError, "as said above"), (1, False, RunError, "the same command resumes it"),
    ],
)  # fmt: skip
def test_after_ctrl_c_no_other_training_begins_whatever_the_first_ends_with(
    demo_clips, tmp_path, monkeypatch, status, interrupted, error, said
):
    class Child:
        returncode = None

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def poll(self):
            return self.returncode

        def wait(self):
            self.returncode = status
            if interrupted:
                raise KeyboardInterrupt

    monkeypatch.setattr("experiments.speech_runs.subprocess.Popen", lambda command: Child())
    chosen = settings(tmp_path, data=demo_clips)
    with pytest.raises(error, match=said):
        needed(chosen, "calm_fearful", 150).train(chosen)


def test_as_is_trains_nothing(tmp_path):
    run = needed(settings(tmp_path), "calm_anger", 150)
    assert run.is_due(settings(tmp_path)) and not run.is_due(settings(tmp_path, as_is=True))
    with_weights(run, 20)
    assert not run.is_due(settings(tmp_path))


def test_a_training_that_fails_is_named_and_the_others_go_on(demo_clips, tmp_path, capsys, monkeypatch):
    trained = []

    def train(run, _):
        trained.append(run.name)
        if run.name == "calm_anger-cpu":
            raise RunError("training ended with status 1")

    monkeypatch.setattr(SpeechTraining, "train", train)
    options = ("table4", "--data", demo_clips, "--preset", "cpu", "--runs", tmp_path, "--results", tmp_path / "results")
    with pytest.raises(SystemExit) as ended:
        make.main([*map(str, options), "--published", str(tmp_path)])
    assert ended.value.code == 1 and trained == ["calm_fearful-cpu", "calm_anger-cpu"]
    assert "calm_anger-cpu: failed: training ended" in capsys.readouterr().err


def test_tables_that_share_a_training_take_the_longest(tmp_path, capsys):
    clips_of_all = (f"03-01-{emotion:02}-01-01-01-{actor:02}.wav" for emotion in range(1, 9) for actor in (1, 2, 3))
    data = tree(tmp_path / "ravdess", *clips_of_all)
    _, said = plan(tmp_path, capsys, "table2", "table3", "--data", data, "--preset", "report")
    assert said.out.count("calm_anger-report: ") == 1 and "calm_anger-report: to be trained, 150 epochs" in said.out
    assert "calm_anger-report-520: to be trained, 100 epochs" in said.out


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("table8",), "'table8' is none of"), (("--epochs", -1), "--epochs"),
        (("--preset", "cpu-plus"), "invalid choice: 'cpu-plus'"),
        (("--clips", "no"), "--clips no: no folder of WAV"),
        (("--clips", "docs"), "--clips docs: no folder of WAV"),
        (("--emodb", "no"), "--emodb no"), (("--faces", "no"), "--faces no"),
        (("--data", "typo"), "typo: no such folder"),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_used_is_one_line(tmp_path, capsys, arguments, said):
    status, printed = plan(tmp_path, capsys, *arguments)
    assert status == 2 and said in printed.err and len(printed.err.strip().splitlines()) == 1


def test_another_corpus_than_ravdess_is_refused_before_anything_is_trained(tmp_path, capsys):
    data = tree(tmp_path / "emodb", "03a01Na.wav", "03a01Wa.wav")
    status, printed = plan(tmp_path, capsys, "table1", "--data", data)
    assert status == 2 and "the report's tables are of RAVDESS's speech" in printed.err


def test_without_faces_the_figure_of_faces_is_left_out_and_alone_refused(demo_clips, tmp_path, capsys):
    status, said = plan(tmp_path, capsys, "table4", "figure5", "--data", demo_clips, "--published", tmp_path)
    assert status == 0 and "calm_fearful-cpu: to be trained" in said.out
    assert "sad_happy-cpu: left out: Figure 5 needs FER2013; --faces" in said.err
    options = ["figure5", "--preset", "cpu", "--published", tmp_path, "--runs", tmp_path, "--results", tmp_path]
    with pytest.raises(SystemExit) as ended:
        make.main(list(map(str, options)))
    assert ended.value.code == 2 and "needs FER2013; --faces" in capsys.readouterr().err.splitlines()[-1]


def test_the_plan_of_a_demo_that_is_not_made_yet_makes_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, said = plan(tmp_path, capsys, "table4", "--data", "demo")
    assert status == 0 and "to be trained, 1 epoch on a demo corpus that is not made yet" in said.out
    assert not list(tmp_path.iterdir())


def test_stored_losses_are_means_of_twenty_steps_and_a_torn_row_is_left_out(tmp_path):
    file = write_losses(tmp_path / "train.csv", *range(1, 2 * STEPS_TOGETHER + 1))
    with file.open("a") as opened:
        opened.write("41,1,0.5")
    thinned = thinned_losses(file)
    assert thinned["step"] == [20, 40] and thinned["g_loss"] == [10.5, 30.5]


def test_what_is_stored_is_read_back_and_damage_is_named(tmp_path):
    values = {"training": training(), "ours": [{"name": "a, {b}, {c}", "wer": 0.5}], "theirs": []}
    write_json(tmp_path / YIELD, values)
    assert read_json(tmp_path / YIELD) == values and read_json(tmp_path / "none") == {}
    for text in ("{", "[]", "null"):
        (tmp_path / YIELD).write_text(text)
        with pytest.raises(InputError, match="damaged"):
            read_json(tmp_path / YIELD)


def test_a_trainings_hours_do_not_count_the_time_that_it_was_suspended(tmp_path):
    chosen = PRESETS["cpu"]
    config = FaceRunConfig("sad_happy", "cpu", "faces", "0" * 16, chosen.model, chosen.train)
    run = with_weights(needed(settings(tmp_path), "calm_anger", 150), 1)
    rows = ["step,epoch,seconds", *(f"{step},1,{seconds}" for step, seconds in enumerate((900, 900, 900, 90000), 1))]
    run.directory.losses_file.write_text("\n".join([*rows, "5,2,900"]) + "\n")
    described = run.described(settings(tmp_path), config, "sad_happy")
    assert (described["steps"], described["hours"]) == (4, 1.0)


def test_a_run_on_faces_is_stored_and_checked_as_one_on_speech(tmp_path):
    chosen = PRESETS["cpu"]
    config = FaceRunConfig("sad_happy", "cpu", "faces", "0" * 16, chosen.model, chosen.train)
    config.save(tmp_path / "config.json")
    assert FaceRunConfig.load(tmp_path / "config.json") == config and config.image_shape == (48, 48, 1)
    with pytest.raises(InputError, match="pair"):
        FaceRunConfig("sad", "cpu", "faces", "0" * 16, chosen.model, chosen.train)


def test_the_losses_of_a_long_training_are_thinned_further(tmp_path, monkeypatch):
    monkeypatch.setattr(losses, "MOST_STORED", 3)
    file = write_losses(tmp_path / "train.csv", *range(1, 76))
    thinned = thinned_losses(file)
    assert thinned["step"] == [25, 50, 75] and thinned["g_loss"] == [13.0, 38.0, 63.0]


def test_the_cost_table_is_of_the_reports_width():
    sizes = [size.preset for size in resources.SIZES]
    assert [(preset.model.filters, preset.model.n_resnet) for preset in sizes] == [(64, 3), (64, 6), (64, 9), (64, 6)]
    assert sizes[3].spectrogram == SPECTROGRAM_520
    trainings = [(size.source, size.epochs) for size in resources.SIZES]
    assert trainings == [("neutral", 100), ("calm", 150), ("neutral", 100), ("calm", 100)]


def test_the_reports_clips_are_known_for_what_they_are_and_its_conversions_found(tmp_path, demo_clips):
    for folder, names in (("inputs", ["calm_eng1", "neutral_01"]), ("outputs", ["calm_eng1_Anger_generated"])):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / f"{name}.flac").touch()
    chosen = settings(tmp_path, data=demo_clips, clips=tmp_path / "inputs", report_outputs=tmp_path / "outputs")
    (found,) = clips.of_report(chosen)  # the demo corpus has no neutral_01
    assert (found.name, found.of, found.origin, found.clip) == ("calm_eng1", clips.ENGLISH, "the report", None)
    anger, deep = (needed(chosen, "calm_anger", 150, n_resnet=n) for n in (6, 9))
    assert clips.reports_output(chosen, found, needed(chosen, "neutral_anger", 100)) is None, "this clip is calm"
    assert clips.reports_output(chosen, found, anger).name == "calm_eng1_Anger_generated.flac"
    assert clips.reports_output(chosen, found, deep) is None


@pytest.mark.parametrize(
    "name, trainings",
    {
        "table1": [("neutral_anger-report", 100), ("neutral_anger-report-3-blocks", 100),
                   ("neutral_anger-report-9-blocks", 100)],
        "table2": [("calm_anger-report", 100), ("calm_anger-report-520", 100)],
        "table3": [(f"calm_{emotion}-report", 150) for emotion in
                   ("anger", "disgust", "fearful", "happy", "sad", "surprised")],
        "curve": [("calm_anger-report", 150)],
        **{f"table{n}": [("calm_anger-report", 150), ("calm_fearful-report", 150)] for n in (4, 5, 6, 7)},
        "figure5": [("sad_happy-report", 50)],
    }.items(),
)  # fmt: skip
def test_a_table_needs_the_reports_trainings_for_the_reports_epochs(tmp_path, name, trainings):
    table = importlib.import_module(f"experiments.{name}").experiment(settings(tmp_path, preset="report"))
    assert sorted((run.name, run.epochs) for run in table.runs) == trainings


def test_the_clip_that_the_authors_converted_by_table_2s_models_is_not_counted_in_other_tables(tmp_path):
    assert {name for name, of in clips.REPORTS.items() if of == clips.TABLE_2} == {
        "260_real_calm_for_anger", "520_real_calm_for_anger"
    }  # fmt: skip
    for name in NAMES:
        table = importlib.import_module(f"experiments.{name}").experiment(settings(tmp_path))
        assert (clips.TABLE_2 in getattr(table, "sets", ())) == (name == "table2")


def test_cleanness_is_measured_of_all_but_of_clips_seen_of_one_a_speaker_and_those_shown():
    found = [
        clips.Recording(name, None, of, "RAVDESS", speaker)
        for name, of, speaker in (
            ("a", clips.SEEN, "ann"), ("b", clips.SEEN, "ann"), ("c", clips.SEEN, "ann"), ("d", clips.SEEN, "ben"),
            ("e", clips.UNSEEN, "cem"), ("f", clips.UNSEEN, "cem"),
        )
    ]  # fmt: skip
    assert clips.rated(found, ["c"]) == set("acdef")


def test_the_reports_folder_may_be_named_as_a_whole(demo_clips, tmp_path):
    for folder in ("inputs", "outputs"):
        (tmp_path / "report_audio" / folder).mkdir(parents=True)
    options = ["--data", demo_clips, "--preset", "cpu", "--clips", tmp_path / "report_audio"]
    found = make.settings_from(make.parser().parse_args(list(map(str, options))))
    assert found.clips == tmp_path / "report_audio" / "inputs"
    assert found.report_outputs == tmp_path / "report_audio" / "outputs"


def test_of_emodb_the_neutral_clips_are_taken_and_without_it_none(demo_clips, tmp_path):
    for number, name in enumerate(("03a01Na", "10a02Nb", "10a02Wa")):
        soundfile.write(tmp_path / f"{name}.wav", 0.1 * np.sin(np.arange(8000) * (0.1 + 0.1 * number)), 16_000)
    chosen = settings(tmp_path, data=demo_clips, emodb=tmp_path)
    found = clips.recordings(chosen, "calm_fearful", [clips.GERMAN])
    assert [(each.name, each.speaker, each.clip) for each in found] == [
        ("03a01Na", "EmoDB's 03", None), ("10a02Nb", "EmoDB's 10", None),
    ]  # fmt: skip
    assert clips.recordings(settings(tmp_path, data=demo_clips), "calm_fearful", [clips.GERMAN]) == []


def test_all_clips_of_a_set_are_taken_and_some_are_shown(demo_clips, tmp_path):
    found = clips.recordings(settings(tmp_path, data=demo_clips), "calm_fearful", [clips.SEEN, clips.UNSEEN])
    by_set = {of: [each.name for each in found if each.of == of] for of in (clips.SEEN, clips.UNSEEN)}
    assert {of: len(names) for of, names in by_set.items()} == {clips.SEEN: 15, clips.UNSEEN: 8}
    named = by_set[clips.UNSEEN][5]
    assert clips.chosen(by_set, [(clips.UNSEEN, [named]), (clips.SEEN, 2)]) == [named, *by_set[clips.SEEN][::7][:2]]
    assert clips.chosen(by_set, [(clips.UNSEEN, ["calm_04"])]) == by_set[clips.UNSEEN][:1], "others take its place"
    with pytest.raises(InputError, match="no clips of 'happy'"):
        clips.recordings(settings(tmp_path, data=demo_clips), "happy_sad", [clips.SEEN])


@pytest.mark.real
def test_the_authors_conversions_by_both_image_sizes_are_the_same_sound(report_audio_dir):
    files = (next((report_audio_dir / "outputs").glob(f"{size}_generated_anger.*")) for size in (260, 520))
    (small, _), (large, _) = map(soundfile.read, files)
    np.testing.assert_array_equal(small, large)
