"""``python -m cyclegan_keras.data`` as a user runs it."""

import dataclasses
import hashlib
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cyclegan_keras import data
from cyclegan_keras.corpora import demo as demo_corpus
from cyclegan_keras.corpora import download
from cyclegan_keras.corpora.index import index_clips
from cyclegan_keras.shared.errors import InputError
from tests.corpora.made_up import LFS_POINTER, iemocap, recording, tree, wav

CALM = "Actor_01/03-01-02-01-01-01-01.wav"
NOBODY = "http://127.0.0.1:1"
ONE, TWO = wav("one"), wav("two", seconds=0.02)


def run(*arguments) -> int:
    with pytest.raises(SystemExit) as exit_:
        data.main([str(argument) for argument in arguments])
    return exit_.value.code


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """An archive of two clips behind a server on the loopback address, in Zenodo's place."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    monkeypatch.setenv("no_proxy", "*")
    folder = tmp_path / "mirror"
    folder.mkdir()
    with zipfile.ZipFile(folder / "speech.zip", "w") as archive:
        archive.writestr(CALM, ONE)
        archive.writestr("Actor_19/03-01-06-01-01-01-19.wav", TWO)
    content = (folder / "speech.zip").read_bytes()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/speech.zip"
    archive = download.Archive(url, len(content), hashlib.md5(content).hexdigest())
    monkeypatch.setattr(download, "SPEECH_ARCHIVE", archive)
    yield archive
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def few_demo_clips(monkeypatch):
    """Let the demo be two actors' calm clips: the whole takes seconds."""
    write = partial(demo_corpus.write_demo_corpus, emotions=("calm",), actors=(1, 19))
    monkeypatch.setattr(demo_corpus, "write_demo_corpus", write)


def clips_below(root: Path) -> dict:
    return {path.name: path.read_bytes() for path in root.rglob("*.wav")}


def test_ravdess_downloads_unpacks_and_says_what_it_found(mirror, tmp_path, capsys):
    root = tmp_path / "new" / "clips"
    assert run("ravdess", "--data", root) == 0
    assert (root / CALM).read_bytes() == ONE
    printed = capsys.readouterr().out
    assert f"{root}: 2 clips of 2 actors" in printed
    assert "calm 1 train, 0 held back, 0 by unseen speakers" in printed
    assert "fearful 0 train, 0 held back, 1 by unseen speakers" in printed


def test_ravdess_names_the_licence_and_the_authors_before_the_download(mirror, tmp_path, capsys):
    run("ravdess", "--data", tmp_path / "clips")
    printed = capsys.readouterr().out
    assert printed.index("Livingstone & Russo (2018)") < printed.index(mirror.url)
    assert printed.index("CC BY-NC-SA 4.0") < printed.index(mirror.url)


def test_ravdess_in_a_log_shows_one_line_of_progress_a_stage_with_the_bytes(mirror, tmp_path, capsys):
    run("ravdess", "--data", tmp_path / "clips")
    lines = capsys.readouterr().out.splitlines()
    assert sum(f"{mirror.size:,} of {mirror.size:,} bytes" in line for line in lines) == 1
    assert sum(f"{len(ONE + TWO):,} of {len(ONE + TWO):,} bytes" in line for line in lines) == 1
    assert sum("bytes" in line for line in lines) == 2


def test_ravdess_with_the_archive_at_hand_needs_no_network(mirror, tmp_path, monkeypatch):
    root = tmp_path / "clips"
    assert run("ravdess", "--data", root) == 0
    (root / CALM).unlink()
    monkeypatch.setattr(download, "SPEECH_ARCHIVE", dataclasses.replace(mirror, url=f"{NOBODY}/speech.zip"))
    assert run("ravdess", "--data", root) == 0
    assert (root / CALM).read_bytes() == ONE


def test_demo_writes_clips_that_the_index_finds(few_demo_clips, tmp_path, capsys):
    root = tmp_path / "demo"
    assert run("demo", "--data", root, "--seed", 3) == 0
    assert "calm 8 train, 0 held back, 8 by unseen speakers" in capsys.readouterr().out
    assert len(index_clips(root)) == 16


def test_demo_is_the_same_for_the_same_seed_and_another_for_another(few_demo_clips, tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        assert run("demo", "--data", tmp_path / name, "--seed", seed) == 0
    first, again, other = (clips_below(tmp_path / name) for name in "abc")
    assert first == again
    assert all(first[name] != other[name] for name in first)


def test_demo_can_be_written_over_a_demo(few_demo_clips, tmp_path):
    assert run("demo", "--data", tmp_path) == 0
    assert run("demo", "--data", tmp_path) == 0


def test_demo_never_writes_among_recordings(few_demo_clips, tmp_path, capsys):
    recording = tmp_path / CALM
    recording.parent.mkdir()
    recording.write_bytes(b"precious")
    assert run("demo", "--data", tmp_path) == 2
    assert str(tmp_path) in capsys.readouterr().err
    assert clips_below(tmp_path) == {recording.name: b"precious"}


def test_ravdess_is_never_fetched_among_demo_clips(few_demo_clips, mirror, tmp_path, capsys):
    root = tmp_path / "demo"
    run("demo", "--data", root)
    before = clips_below(root)
    assert run("ravdess", "--data", root) == 2
    assert "holds the demo corpus" in capsys.readouterr().err
    assert clips_below(root) == before


@pytest.mark.parametrize("arguments", [("ravdess", "--debug"), ("--debug", "ravdess")])
def test_debug_shows_the_error_itself_wherever_it_stands(tmp_path, arguments):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError, match="not a folder"):
        data.main([*arguments, "--data", str(file)])


@pytest.mark.parametrize(
    "arguments, named",
    [
        ((), "list|ravdess|demo"),
        (("list",), "data"),
        (("list", "nowhere", "--dance"), "--dance"),
        (("download",), "download"),
        (("ravdess", "--seed", "1"), "--seed"),
        (("demo", "--seed", "many"), "--seed"),
    ],
)
def test_usage_errors_are_one_line_and_exit_with_2(arguments, named, capsys):
    assert run(*arguments) == 2
    printed = capsys.readouterr().err
    assert named in printed
    assert len(printed.strip().splitlines()) == 1


# As a user runs it


@pytest.mark.parametrize("command", ["ravdess", "demo"])
def test_a_file_given_as_folder_is_one_line_and_exits_with_2(fails_with_one_line, tmp_path, command):
    file = tmp_path / "file"
    file.touch()
    line = fails_with_one_line("data", command, "--data", file, expect=2)
    assert line.startswith("python -m cyclegan_keras.data: --data") and str(file) in line


def test_a_seed_below_zero_is_one_line_and_exits_with_2(fails_with_one_line, tmp_path):
    assert "seed -1" in fails_with_one_line("data", "demo", "--data", tmp_path, "--seed", "-1", expect=2)
    assert not list(tmp_path.iterdir()), "a folder that was refused is not marked as the demo corpus"


def test_a_failed_download_is_one_line_and_exits_with_1(fails_with_one_line, tmp_path, monkeypatch):
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, NOBODY)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    line = fails_with_one_line("data", "ravdess", "--data", tmp_path / "clips", expect=1)
    assert "no connection" in line and download.SPEECH_ARCHIVE.url in line


def test_help_names_every_command(capsys):
    assert run("--help") in (None, 0)
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("list", "ravdess", "demo"))


# list


def listed(capsys, *arguments) -> str:
    assert run("list", *arguments) == 0
    return capsys.readouterr().out


def test_list_says_corpus_speakers_emotions_sentences_hours_and_licence(tmp_path, capsys):
    for speaker in ("03", "08", "09"):
        for sentence, emotion in (("a01", "W"), ("a01", "N"), ("b10", "L")):
            recording(tmp_path / f"{speaker}{sentence}{emotion}a.wav", seconds=36)
    out = listed(capsys, tmp_path)
    assert f"{tmp_path}: emodb, EmoDB: Berlin Database of Emotional Speech" in out
    assert "Burkhardt" in out and "licence" in out
    assert "9 clips, 0.09 hours, 8 kHz, language de" in out
    assert "speakers: 3 (emodb/03, emodb/08, emodb/09)" in out
    assert "sentences: 2, 1 spoken in several emotions by one speaker: parallel" in out
    assert "neutral 2 train, 0 held back, 1 by unseen speakers" in out and "boredom 2 train" in out
    assert "unseen speakers: emodb/09 (of 3)" in out and "passed over" not in out


def test_list_says_what_is_passed_over_and_why(tmp_path, capsys):
    iemocap(tmp_path / "iemocap")
    tree(tmp_path / "mine", *(f"calm/{number}.wav" for number in range(18)), "._x.wav", "calm/._1.wav")
    (tmp_path / "mine/calm/empty.wav").touch()
    silent = tmp_path / "mine/calm/silent.wav"
    silent.write_bytes(wav("s")[:44] + bytes(1600))
    (tmp_path / "mine/calm/phone.m4a").write_bytes(b"1")
    (tmp_path / "mine/calm/long.wav").write_bytes(wav("long", seconds=36.0))
    out = listed(capsys, tmp_path / "iemocap", tmp_path / "mine")
    assert "1 x empty" in out and "1 x silent from start to end" in out
    assert "1 x not trained on in this format (make a WAV with ffmpeg)" in out
    assert "1 recording is longer than 4.1 s, of which training uses the middle: 0.00 of 0.01 hours" in out
    assert f"{silent}: silent from start to end" in out
    assert "1 x no emotion that annotators agreed on (xxx)" in out
    assert "passed over: 2 ._ files of macOS" in out
    assert "the speaker of 19 clips is not known" in out


def test_list_names_every_unusable_recording_even_where_training_would_refuse_them(tmp_path, capsys):
    tree(tmp_path, "calm/1.wav", "calm/2.wav", "happy/3.wav")
    (tmp_path / "calm/empty.wav").touch()
    (tmp_path / "happy/page.wav").write_text("<!DOCTYPE html>")
    out = listed(capsys, tmp_path)
    assert "calm 2 train" in out and "happy 1 train" in out
    assert "calm/empty.wav: empty" in out and "happy/page.wav: not audio despite its name" in out


def test_list_says_of_a_demo_that_it_is_one(few_demo_clips, tmp_path, capsys):
    run("demo", "--data", tmp_path)
    assert "the demo corpus, synthetic speech" in listed(capsys, tmp_path)


def test_list_takes_other_unseen_speakers_and_another_corpus(tmp_path, capsys):
    tree(tmp_path, "ann/calm/03a01Wa.wav", "ben/calm/03a01Wb.wav")
    out = listed(capsys, tmp_path, "--corpus", "folders", "--unseen-speakers", "ann")
    assert f"unseen speakers: {tmp_path.name}/ann (of 2)" in out
    assert "no known corpus" in out


def test_a_clone_without_git_lfs_is_one_line(fails_with_one_line, tmp_path):
    folder = tmp_path / "AudioWAV"
    folder.mkdir()
    for actor in range(1001, 1041):
        (folder / f"{actor}_DFA_ANG_XX.wav").write_bytes(LFS_POINTER % actor)
    line = fails_with_one_line("data", "list", tmp_path, expect=2)
    assert "40 of 40 recordings are Git LFS pointers" in line and "git lfs pull" in line


def test_the_demo_is_not_written_among_own_recordings(fails_with_one_line, tmp_path):
    tree(tmp_path, "ann/calm/1.wav")
    assert "holds recordings" in fails_with_one_line("data", "demo", "--data", tmp_path, expect=2)
    assert [path.name for path in tmp_path.rglob("*.*")] == ["1.wav"]
