"""Conversions for an app's pages: files apart, and none left behind."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from cyclegan_keras.audio.level import level_db
from cyclegan_keras.conversion.studio import Studio, write_examples
from cyclegan_keras.shared.errors import InputError
from tests.sounds import speech_of


@pytest.fixture
def studio(trained_run, tmp_path):
    return Studio(tmp_path / "recordings", str(trained_run.path))


@pytest.fixture
def upload(studio):
    folder = studio.folder / "0123"
    folder.mkdir(parents=True)
    soundfile.write(folder / "me.wav", speech_of(0.5), 16_000)
    return folder / "me.wav"


def test_before_and_after_are_equally_loud_and_the_picture_is_there(studio, upload):
    before, after, picture, line = studio.convert("tab", str(upload), studio.name, False, None)
    sounds = [soundfile.read(file)[0] for file in (before, after)]
    assert level_db(sounds[0], 16_000) == pytest.approx(level_db(sounds[1], 16_000), abs=0.1)
    assert Path(after).name == "me_fearful.wav" and Path(picture).read_bytes().startswith(b"\x89PNG")
    np.testing.assert_allclose(sounds[1], studio.model(studio.name, False).convert(upload)[0], atol=1 / 32768)
    assert "pitch" in line


@pytest.mark.parametrize("session", ["tab", "../../outside", "/", ""])
def test_what_a_page_uploaded_and_made_is_deleted_with_it_and_nothing_else(studio, upload, session, tmp_path):
    (tmp_path / "outside").mkdir()
    examples = write_examples(studio.folder / "examples")
    made = studio.convert(session, str(upload), studio.name, False, None)[:3]
    others = studio.convert("another", str(upload), studio.name, False, None)[:3]
    assert all(studio.folder in Path(file).resolve().parents for file in made)
    studio.uploads[session] |= {upload, examples[0], tmp_path / "outside" / "a"}
    studio.uploads["another"].add(upload)
    studio.forget(session)
    assert not any(Path(file).exists() for file in made) and upload.exists()
    assert all(Path(file).exists() for file in (*others, *examples)) and (tmp_path / "outside").exists()
    studio.forget("another")
    assert not upload.exists() and not any(Path(file).exists() for file in others)


def test_a_page_that_is_closed_during_a_conversion_leaves_nothing(studio, upload, monkeypatch):
    model = studio.model(studio.name, False)

    def closed_meanwhile(*arguments, **options):
        studio.forget("tab")
        return type(model).convert_fully(model, *arguments, **options)

    monkeypatch.setattr(model, "convert_fully", closed_meanwhile)
    made = studio.convert("tab", str(upload), studio.name, False, None)[:3]
    assert not any(Path(file).exists() for file in made)
    monkeypatch.undo()
    made = studio.convert("tab", str(upload), studio.name, False, None)[:3]
    assert all(Path(file).exists() for file in made), "its connection had only broken"


def test_a_broken_espeak_ng_costs_its_example_only(tmp_path, monkeypatch):
    (tmp_path / "espeak-ng").write_text("#!/bin/sh\necho no > $2; exit 1\n")
    (tmp_path / "espeak-ng").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert len(write_examples(tmp_path / "examples")) == len(list((tmp_path / "examples").iterdir())) == 2


def test_an_error_names_the_file_and_not_where_it_lies(studio, upload):
    upload.write_text("no sound")
    with pytest.raises(InputError, match=r"^me\.wav: not readable"):
        studio.convert("tab", str(upload), studio.name, False, None)


def test_examples_are_recordings_that_are_converted(studio):
    examples = write_examples(studio.folder / "examples")
    assert len(examples) >= 2 and all(soundfile.info(example).duration > 2 for example in examples)
    studio.warm_up()
    assert (studio.name, False) in studio.models
