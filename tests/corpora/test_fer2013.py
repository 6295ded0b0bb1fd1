"""Faces are read from Kaggle's csv and from folders alike; what cannot be used is named."""

import numpy as np
import PIL.Image
import pytest

from cyclegan_keras.corpora import fer2013
from cyclegan_keras.shared.errors import InputError

FACES = np.random.default_rng(0).integers(0, 256, (3, 48, 48), np.uint8)


def csv_of(*rows, header="emotion,pixels,Usage"):
    return "\n".join([header, *(f"{code},{pixels},{usage}" for code, pixels, usage in rows)]) + "\n"


def as_text(face):
    return " ".join(map(str, face.ravel()))


@pytest.fixture
def table(tmp_path):
    rows = [
        (4, as_text(FACES[0]), "Training"),
        (3, as_text(FACES[1]), "Training"),
        (4, as_text(FACES[2]), "PrivateTest"),
    ]
    path = tmp_path / "fer2013.csv"
    path.write_text(csv_of(*rows, (4, as_text(FACES[1]), "PublicTest")))
    return path


@pytest.mark.parametrize("emotion, subset, face", [("sad", "train", 0), ("happy", "train", 1), ("sad", "test", 2)])
def test_the_csv_gives_the_faces_of_an_emotion_and_a_subset(table, emotion, subset, face):
    for data in (table, table.parent):
        faces = fer2013.load_faces(data, emotion, subset)
        assert faces.shape == (1, 48, 48, 1) and faces.dtype == np.float32
        np.testing.assert_allclose((faces[0, :, :, 0] + 1.0) * 127.5, FACES[face], atol=1e-4)


def test_black_is_minus_one_and_white_is_one(tmp_path):
    black_and_white = np.zeros((48, 48), np.uint8)
    black_and_white[24:] = 255
    (tmp_path / "fer2013.csv").write_text(csv_of((3, as_text(black_and_white), "Training")))
    (face,) = fer2013.load_faces(tmp_path, "happy", "train")
    assert (face[:24] == -1.0).all() and (face[24:] == 1.0).all()


def test_folders_give_the_faces_in_the_order_of_their_names(tmp_path):
    folder = tmp_path / "test" / "fear"
    folder.mkdir(parents=True)
    for number, name in enumerate(("b.jpg", "a.jpeg", "c.PNG")):
        PIL.Image.fromarray(np.full((48, 48), 60 * number, np.uint8)).save(folder / name)
    (folder / "notes.txt").write_text("not a face")
    faces = fer2013.load_faces(tmp_path, "fearful", "test")
    assert faces.shape == (3, 48, 48, 1)
    np.testing.assert_allclose((faces.mean(axis=(1, 2, 3)) + 1.0) * 127.5, [60, 0, 120], atol=1.0)


@pytest.mark.parametrize(
    "text, said",
    [
        (csv_of((3, "1 2 3", "Training")), "line 2: holds 3 pixels"),
        (
            csv_of((3, as_text(FACES[0].astype(int) + 1), "Training")),
            "line 2: holds 2304 pixels, not 2304 from 0 to 255",
        ),
        (csv_of((3, "a b c", "Training")), "line 2: could not convert"),
        (csv_of((3, "", "Training"), header="emotion,pixels"), "line 1: its first line is not"),
        ("", "line 1: its first line is not"),
        (csv_of((4, as_text(FACES[0]), "Training")), "holds no faces of 'happy' to train with"),
    ],
)
def test_a_csv_that_cannot_be_used_is_named_with_its_line(tmp_path, text, said):
    (tmp_path / "fer2013.csv").write_text(text)
    with pytest.raises(InputError, match="fer2013.csv|holds no faces") as error:
        fer2013.load_faces(tmp_path, "happy", "train")
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_picture_that_cannot_be_used_is_named(tmp_path):
    folder = tmp_path / "train" / "sad"
    folder.mkdir(parents=True)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / "._broken.jpg").touch()  # as macOS writes beside its own
    with pytest.raises(InputError, match="broken.jpg: not usable as a face"):
        fer2013.load_faces(tmp_path, "sad", "train")
    PIL.Image.new("L", (64, 48)).save(folder / "broken.jpg")
    with pytest.raises(InputError, match="64 x 48 pixels"):
        fer2013.load_faces(tmp_path, "sad", "train")
    # Pillow has forty decoders, and would choose by what the file holds.
    PIL.Image.new("L", (48, 48)).save(folder / "broken.jpg", format="TIFF")
    with pytest.raises(InputError, match="broken.jpg: not usable as a face .cannot identify"):
        fer2013.load_faces(tmp_path, "sad", "train")


@pytest.mark.parametrize("emotion, said", [("calm", "not an emotion of FER2013"), ("sad", "no such file or folder")])
def test_what_is_not_there_is_named(tmp_path, emotion, said):
    with pytest.raises(InputError, match=said):
        fer2013.load_faces(tmp_path / "nowhere", emotion, "train")


def test_the_fingerprint_is_of_the_faces(table):
    sad, happy = (fer2013.load_faces(table, emotion, "train") for emotion in ("sad", "happy"))
    assert fer2013.faces_key(sad, happy) == fer2013.faces_key(sad.copy(), happy) != fer2013.faces_key(happy, sad)
    assert len(fer2013.faces_key(sad)) == 16
