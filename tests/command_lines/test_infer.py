"""``python -m cyclegan_keras.infer`` as a user runs it."""

import dataclasses
import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from cyclegan_keras import audio, infer
from cyclegan_keras.config import Gains, RunConfig, SpectrogramConfig
from cyclegan_keras.conversion.settings import ConversionOptions
from cyclegan_keras.measuring.metrics import pitch_of
from cyclegan_keras.presets import PRESETS
from cyclegan_keras.shared.errors import InputError
from cyclegan_keras.shared.run_directory import RunDirectory
from tests.conftest import the_one_line

CONFIG = SpectrogramConfig()
CLIP = "Actor_04/03-01-02-01-02-02-04.wav"


def level_db(waveform):
    return 20 * np.log10(np.sqrt(np.mean(np.square(waveform))))


def test_a_clip_becomes_16_bit_16_khz_wav_of_its_duration_and_level(trained_run, demo_clips, command_line, tmp_path):
    done = command_line(
        "infer", demo_clips / CLIP, "--run-dir", trained_run.path, "--output", "out.wav", "--plot", expect=0
    )
    assert "calm to fearful" in done.stdout and "epoch 1, phase source, strength 1.5" in done.stdout
    info = soundfile.info(tmp_path / "out.wav")
    assert (info.format, info.subtype, info.samplerate, info.channels) == ("WAV", "PCM_16", 16_000, 1)
    before, after = soundfile.read(demo_clips / CLIP)[0], soundfile.read(tmp_path / "out.wav")[0]
    assert len(after) == len(before)
    assert level_db(after) == pytest.approx(level_db(before), abs=0.5) and np.abs(after).max() < 1.0
    assert not np.allclose(after, before, atol=0.01)
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_is_converted_the_bad_ones_listed_and_the_exit_status_is_1(
    trained_run, demo_clips, command_line, tmp_path
):
    folder = tmp_path / "in"
    (folder / "deeper").mkdir(parents=True)
    shutil.copy(demo_clips / CLIP, folder / "good one.wav")
    shutil.copy(demo_clips / CLIP, folder / "deeper" / "good.wav")
    (folder / "bad.wav").write_text("no audio")
    soundfile.write(folder / "silent.flac", np.zeros(16_000), 16_000)
    (folder / "notes.txt").write_text("not a recording, passed over")
    done = command_line(
        "infer", folder, "--run-dir", trained_run.path, "--output", tmp_path / "out", "--reverse", expect=1
    )
    assert "fearful to calm" in done.stdout
    converted = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*"))
    assert converted == ["deeper/good_calm.wav", "good one_calm.wav"]
    bad, silent, summary = done.stderr.strip().splitlines()
    assert "bad.wav" in bad and "silent.flac" in silent and summary == "2 of 4 clips could not be converted"


def test_the_newest_run_of_a_pair_is_found_under_runs(trained_run, demo_clips, command_line, tmp_path):
    shutil.copytree(trained_run.path, tmp_path / "runs" / "mine")
    done = command_line("infer", demo_clips / CLIP, "--pair", "calm_fearful")
    assert "runs/mine" in done.stdout
    assert (tmp_path / "converted" / "03-01-02-01-02-02-04_fearful.wav").exists()


@pytest.fixture(scope="module")
def generator(trained_run):
    run = RunDirectory(trained_run.path)
    return infer.load_generator(run, RunConfig.load(run.config_file), 1, "a_to_b")


@pytest.mark.parametrize("seconds", [0.1, 1.0, 4.096, 5.0, 13.3])
def test_a_clip_of_any_length_keeps_its_duration_and_level(generator, seconds):
    from cyclegan_keras.corpora.demo import synthesise_clip

    speech = np.tile(synthesise_clip("calm", 1, 1, 1, actor=1, seed=0)[16_000:48_000], 8)[: int(seconds * 16_000)]
    converted = infer.convert(speech, generator, CONFIG)
    assert converted.waveform.shape == speech.shape and converted.waveform.dtype == np.float32
    assert converted.source.shape == converted.converted.shape
    assert level_db(converted.waveform) == pytest.approx(level_db(speech), abs=0.5)


@pytest.mark.parametrize("phase, passes, apart", [("source", 4, 1), ("source", 4, 5), ("griffin-lim", 1, 1)])
def test_a_clip_of_one_window_is_the_mean_of_passes_each_further_on(generator, tone, phase, passes, apart):
    spectrogram, _ = audio.waveform_to_spectrogram(tone, CONFIG)
    image = audio.spectrogram_to_image(spectrogram, CONFIG)
    by = [(spin, apart * spin) for spin in range(passes)]
    moved = [np.pad(image, ((b, 0), (f, 0), (0, 0)), constant_values=-1.0)[:260, :260] for b, f in by]
    painted = [generator(each[np.newaxis]).numpy()[0, b : b + 257, f : f + 126, 0] for (b, f), each in zip(by, moved)]
    how = ConversionOptions(phase, gains=Gains(frames_apart=apart))
    converted = infer.convert(tone, generator, CONFIG, how).converted
    np.testing.assert_allclose(converted, np.mean(painted, axis=0), atol=1e-4)


@pytest.mark.parametrize("phase, is_limited", [("source", True), ("griffin-lim", False)])
def test_a_bin_is_raised_by_40_db_at_most_with_the_clips_own_phase(phase, is_limited):
    from cyclegan_keras.corpora.demo import synthesise_clip

    speech = synthesise_clip("calm", 1, 1, 1, actor=1, seed=0)
    reading = infer.Reading(speech, *audio.waveform_to_spectrogram(speech, CONFIG))
    by_40, by_60 = reading.spectrogram.copy(), reading.spectrogram.copy()
    high = slice(192, 224)  # 6 to 7 kHz, which is faint in speech
    by_40[high] += 1.0
    by_60[high] += 1.5
    how = ConversionOptions(phase, strength=1.0)
    sounds = [infer.synthesise(reading, painted, CONFIG, how) for painted in (by_40, by_60)]
    assert np.allclose(*sounds, atol=1e-5) == is_limited


def voice(hertz):
    time = np.arange(32_000) / 16_000
    harmonics = sum(np.sin(2 * np.pi * n * hertz * time) / n for n in range(1, 12))
    return (0.1 * harmonics + np.random.default_rng(0).normal(0, 1e-3, len(time))).astype(np.float32)


def test_the_pitch_of_moved_harmonics_is_heard_because_the_phase_follows():
    reading = infer.Reading(voice(200), *audio.waveform_to_spectrogram(voice(200), CONFIG))
    painted, _ = audio.waveform_to_spectrogram(voice(240), CONFIG)

    def heard(refinements):
        how = ConversionOptions(strength=1.0, gains=Gains(refinements=refinements))
        return pitch_of(infer.synthesise(reading, painted, CONFIG, how), 16_000).median_hz

    assert heard(2) == pytest.approx(240, rel=0.02) and heard(0) != pytest.approx(240, rel=0.02)


def test_where_nothing_was_changed_the_phase_stays_the_clips_own():
    reading = infer.Reading(voice(200), *audio.waveform_to_spectrogram(voice(200), CONFIG))
    sound = infer.synthesise(reading, reading.spectrogram, CONFIG, ConversionOptions())
    np.testing.assert_allclose(sound, reading.waveform, atol=1e-4)


def test_gains_are_smoothed_along_time_and_taken_as_often_as_asked():
    source = np.zeros((257, 40), np.float32)
    painted = source.copy()
    painted[100, 20] = 0.1
    once, twice = (
        infer.change_gains(source, painted, CONFIG, ConversionOptions(strength=strength)) for strength in (1.0, 2.0)
    )
    assert np.argwhere(once > 1e-9).tolist() == [[100, frame] for frame in range(14, 27)]
    assert once.sum() == pytest.approx(0.1) and 0.02 < once.max() < 0.03
    np.testing.assert_allclose(twice, 2.0 * once)
    np.testing.assert_array_equal(infer.change_gains(source, painted, CONFIG, ConversionOptions(strength=0.0)), source)


def test_a_strength_of_nothing_gives_the_clip_back_and_more_changes_more(generator, demo_clips):
    clip = audio.load_waveform(next(demo_clips.glob("Actor_19/03-01-02-*.wav")), CONFIG.sample_rate)
    same, once, thrice = (
        np.abs(infer.convert(clip, generator, CONFIG, ConversionOptions(strength=strength)).waveform - clip)
        for strength in (0.0, 1.0, 3.0)
    )
    assert same.max() < 1e-3 and 0 < once.mean() < thrice.mean()


@pytest.mark.parametrize("strength", ["-1", "nan", "11"])
def test_a_strength_out_of_range_is_refused(fails_with_one_line, trained_run, demo_clips, tmp_path, strength):
    clip, output = next(demo_clips.glob("Actor_19/03-01-02-*.wav")), tmp_path / "x.wav"
    options = ("--run-dir", trained_run.path, "--strength", strength, "--output", output)
    line = fails_with_one_line("infer", clip, *options, expect=2)
    assert f"--strength: must lie between 0 and 10, not {strength}" in line and not output.exists()


def test_the_strength_of_the_direction_is_the_runs_unless_another_is_asked_for(trained_run):
    config = RunConfig.load(RunDirectory(trained_run.path).config_file)
    config = dataclasses.replace(config, strength=2.0, strength_back=1.25)

    def chosen(*options):
        arguments = infer.parser().parse_args(["clip.wav", "--pair", "calm_fearful", *options])
        return infer.chosen_conversion(arguments, config)[:2]

    assert (chosen(), chosen("--reverse")) == (("source", 2.0), ("source", 1.25))
    assert chosen("--reverse", "--strength", "3") == ("source", 3.0)


@pytest.mark.parametrize(
    "preset, there, back",
    [
        ("cpu", (4, 0.75), (4, 0.75)),
        ("cpu-plus", (4, 0.75), (4, 0.75)),
        ("cpu-resynthesis", (2, 1.0), (2, 1.0)),
        ("cpu-refined", (2, 1.0), (2, 1.0)),
        ("cpu-residual", (2, 1.0), (2, 1.0)),
        ("cpu-pitch", (2, 1.0), (2, 1.0)),
        ("cpu-fine", (2, 1.0), (2, 1.0)),
        ("cpu-clear", (4, 0.8), (4, 0.4)),
    ],
)
def test_a_run_converts_with_its_presets_iterations_and_envelope(trained_run, preset, there, back):
    config = RunConfig.load(RunDirectory(trained_run.path).config_file)
    config = dataclasses.replace(config, preset=preset, train=PRESETS[preset].train)
    for reverse, expected in ([], there), (["--reverse"], back):
        arguments = infer.parser().parse_args(["clip.wav", "--pair", "calm_fearful", *reverse])
        how = infer.chosen_conversion(arguments, config)
        assert (how.gains.refinements, how.gains.envelope) == expected


def test_less_envelope_weakens_what_neighbouring_bins_share_and_leaves_what_they_do_not():
    source = np.zeros((CONFIG.n_bins, 40), np.float32)
    bins = np.arange(CONFIG.n_bins)[:, np.newaxis]
    formant = np.broadcast_to(0.2 * np.exp(-(((bins - 100) / 40.0) ** 2)), source.shape)
    harmonics = np.broadcast_to(0.2 * np.cos(2 * np.pi * bins / 6.4), source.shape)  # of 200 Hz
    how = ConversionOptions(strength=1.5, gains=Gains(envelope=0.75))
    weaker, as_before = (infer.change_gains(source, source + change, CONFIG, how) for change in (formant, harmonics))
    assert weaker[100].mean() == pytest.approx(0.75 * 1.5 * 0.2, rel=0.02)
    np.testing.assert_allclose(as_before[20:-20], 1.5 * harmonics[20:-20], atol=1e-3)


def test_without_a_ceiling_what_is_loud_may_become_louder_than_the_clips_loudest_bin_and_never_fainter_than_its_floor():
    rising = np.broadcast_to(np.linspace(-1.0, 1.0, CONFIG.n_bins)[:, np.newaxis], (CONFIG.n_bins, 40))
    for ceiling, loudest in ((True, 1.0), (False, 1.2)):
        how = ConversionOptions(strength=2.0, gains=Gains(ceiling=ceiling))
        for change, expected in ((0.1, loudest), (-0.1, 0.8)):
            heard = infer.change_gains(rising, rising + change, CONFIG, how)
            assert heard.max() == pytest.approx(expected) and heard.min() == pytest.approx(max(-1.0, -1.0 + 2 * change))


def test_the_envelope_and_the_harmonics_of_what_is_changed_are_smoothed_each_by_its_own_time():
    source, frames, second = np.zeros((CONFIG.n_bins, 60)), np.arange(60), 16_000 / 256
    bins = np.arange(CONFIG.n_bins)[:, np.newaxis]
    envelope = 0.1 * np.exp(-(((bins - 100) / 40.0) ** 2)) * (frames == 30)
    harmonics = 0.1 * np.cos(2 * np.pi * bins / 6.4) * (frames == 30)
    how = ConversionOptions(strength=1.0, gains=Gains(envelope_smoothing=0.02, harmonics_smoothing=0.06))
    for change, seconds in ((envelope, 0.02), (harmonics, 0.06)):
        heard = infer.change_gains(source, change, CONFIG, how)[100]
        width = np.sqrt((heard * (frames - 30) ** 2).sum() / heard.sum()) / second
        assert width == pytest.approx(seconds, rel=0.05)


def test_more_iterations_bring_pitch_nearer_to_what_is_painted():
    reading = infer.Reading(voice(200), *audio.waveform_to_spectrogram(voice(200), CONFIG))
    painted, _ = audio.waveform_to_spectrogram(voice(220), CONFIG)
    sounds = (
        infer.synthesise(reading, painted, CONFIG, ConversionOptions(strength=1.0, gains=Gains(refinements=n)))
        for n in (0, 2, 20)
    )
    distances = [
        np.abs(audio.waveform_to_spectrogram(sound, CONFIG)[0] - painted)[:100, 4:-4].mean() for sound in sounds
    ]
    assert distances == sorted(distances, reverse=True) and distances[-1] < 0.8 * distances[0]


def test_a_strength_is_refused_where_griffin_lim_would_not_heed_it(fails_with_one_line, trained_run, demo_clips):
    clip = next(demo_clips.glob("Actor_19/03-01-02-*.wav"))
    options = ("--run-dir", trained_run.path, "--strength", 2, "--phase", "griffin-lim")
    assert "--strength: not with --phase griffin-lim" in fails_with_one_line("infer", clip, *options, expect=2)


def test_the_two_directions_are_two_generators(trained_run):
    run = RunDirectory(trained_run.path)
    config = RunConfig.load(run.config_file)
    forward, back = (infer.load_generator(run, config, 1, direction) for direction in ("a_to_b", "b_to_a"))
    assert not np.array_equal(forward.get_weights()[0], back.get_weights()[0])


@pytest.mark.parametrize("name", ["clip.wav", "folder"])
def test_outputs_are_planned_by_name(tmp_path, name):
    jobs = infer.plan_outputs([tmp_path / "a.flac"], tmp_path / name, "sad")
    assert jobs == [(tmp_path / "a.flac", tmp_path / (name if name == "clip.wav" else "folder/a_sad.wav"))]


@pytest.mark.parametrize("name", ["out.mp3", "out.flac", "notes.txt"])
def test_an_output_that_is_neither_wav_nor_folder_is_refused(tmp_path, name):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match="ending in .wav"):
        infer.plan_outputs([tmp_path / "a.flac"], tmp_path / name, "sad")


def test_outputs_that_would_meet_or_overwrite_a_clip_are_refused(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.wav").touch()
    clips = [tmp_path / "one" / "a.wav", tmp_path / "two" / "a.wav"]
    with pytest.raises(InputError, match="one file for several"):
        infer.plan_outputs(clips, tmp_path / "out.wav", "sad")
    with pytest.raises(InputError, match="both would become"):
        infer.plan_outputs(clips, tmp_path / "out", "sad")
    with pytest.raises(InputError, match="is the clip itself"):
        infer.plan_outputs(clips[:1], clips[0], "sad")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no recordings"):
        infer.plan_outputs([tmp_path / "empty"], tmp_path / "out", "sad")


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("clip.wav",), "--run-dir"),
        (("clip.wav", "--pair", "calm_joyful"), "joyful"),
        (("clip.wav", "--pair", "happy_disgust"), "make train PAIR=happy_disgust"),
        (("clip.wav", "--run-dir", "nowhere"), "nowhere"),
        ((), "CLIP"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(fails_with_one_line, arguments, said):
    assert said in fails_with_one_line("infer", *arguments, expect=2)


def test_an_epoch_that_is_not_there_is_named(fails_with_one_line, trained_run):
    line = fails_with_one_line("infer", "clip.wav", "--run-dir", trained_run.path, "--epoch", 7, expect=2)
    assert "no weights of epoch 7; there are those of 1" in line


@pytest.mark.parametrize("kind", ["missing", "text", "silent", "short"])
def test_a_clip_that_cannot_be_used_is_named_and_nothing_is_written(fails_with_one_line, trained_run, tmp_path, kind):
    clip = tmp_path / "clip.wav"
    if kind == "text":
        clip.write_text("no audio")
    elif kind == "silent":
        soundfile.write(clip, np.zeros(16_000), 16_000)
    elif kind == "short":
        soundfile.write(clip, np.full(100, 0.5), 16_000)
    line = fails_with_one_line("infer", clip, "--run-dir", trained_run.path, "--output", tmp_path / "out.wav", expect=2)
    assert str(clip) in line and not (tmp_path / "out.wav").exists()


def test_a_clip_that_is_not_there_is_told_without_loading_tensorflow(trained_run, environment, tmp_path):
    command = [sys.executable, "-X", "importtime", "-m", "cyclegan_keras.infer", "clip.wav"]
    command += ["--run-dir", str(trained_run.path)]
    told = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert told.returncode == 2 and "clip.wav: not found" in told.stderr
    assert "numpy" in told.stderr and "tensorflow" not in told.stderr  # of what was imported


def test_a_full_disk_is_a_failure_with_one_line_and_leaves_no_half_file(
    command_line, trained_run, demo_clips, tmp_path
):
    done = command_line(
        "infer", demo_clips / CLIP, "--run-dir", trained_run.path, "--output", tmp_path / "out" / "a.wav",
        expect=1, largest_file=20_000,
    )  # fmt: skip
    line = the_one_line(done.stderr)
    assert "a.wav: not written" in line and "make room" in line
    assert list((tmp_path / "out").iterdir()) == []


def test_damaged_weights_are_named(fails_with_one_line, trained_run, demo_clips, tmp_path):
    shutil.copytree(trained_run.path, tmp_path / "run")
    weights = RunDirectory(tmp_path / "run").weights_file(1, "a_to_b")
    weights.write_bytes(weights.read_bytes()[:500])
    line = fails_with_one_line("infer", demo_clips / CLIP, "--run-dir", tmp_path / "run", expect=2)
    assert weights.name in line


def test_an_edited_configuration_is_named(fails_with_one_line, trained_run, demo_clips, tmp_path):
    shutil.copytree(trained_run.path, tmp_path / "run")
    config = tmp_path / "run" / "config.json"
    config.write_text(config.read_text().replace('"filters": 2', '"filters": -2'))
    assert "filters" in fails_with_one_line("infer", demo_clips / CLIP, "--run-dir", tmp_path / "run", expect=2)


@pytest.mark.real
def test_the_reports_own_clips_are_converted(report_audio_dir, trained_run, command_line, tmp_path):
    clips = [report_audio_dir / "inputs" / f"{name}.flac" for name in ("calm_01", "calm_eng1", "calm_hin")]
    command_line("infer", *clips, "--run-dir", trained_run.path, "--output", tmp_path / "out")
    for clip in clips:
        seconds = soundfile.info(tmp_path / "out" / f"{clip.stem}_fearful.wav").duration
        assert seconds == pytest.approx(soundfile.info(clip).duration, abs=1e-3)
