"""RAVDESS's archive into a folder of clips, and nothing else."""

import io
import stat
import zipfile
from pathlib import Path

import pytest

from cyclegan_keras.corpora import unpack as unpacking
from cyclegan_keras.corpora.unpack import unpack
from cyclegan_keras.shared.errors import RunError

CALM_1 = "Actor_01/03-01-02-01-01-01-01.wav"
CALM_2 = "Actor_02/03-01-02-01-01-01-02.wav"


def one_line(error) -> bool:
    return "\n" not in str(error.value)


def zipped(path: Path, *members) -> Path:
    """Write an archive of (name or ZipInfo, content) members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


@pytest.fixture
def zip_path(tmp_path) -> Path:
    return tmp_path / "speech.zip"


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "inside" / "clips"


def everything_below(folder: Path) -> dict:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_only_clips_are_unpacked_each_into_its_actors_folder(zip_path, root):
    clips = [(CALM_1, b"one"), ("deep/er/03-01-02-01-01-01-02.wav", b"two")]
    others = [("README.txt", b"r"), ("__MACOSX/._03-01-02-01-01-01-01.wav", b"m"), ("Actor_03/", b"")]
    others.append(("Actor_03/03-01-02-01-01-01-03.wav/", b""))
    unpack(zipped(zip_path, *clips, *others), root)
    assert everything_below(root) == {CALM_1: b"one", CALM_2: b"two"}


def test_the_nested_copy_in_an_archive_is_unpacked_once(zip_path, root):
    unpack(zipped(zip_path, (CALM_1, b"one"), ("audio_speech_actors_01-24/" + CALM_1, b"ONE")), root)
    assert everything_below(root) == {CALM_1: b"one"}


def test_unpacking_reports_progress_up_to_the_total(zip_path, root):
    seen = []
    zipped(zip_path, (CALM_1, b"one"), (CALM_2, b"four"))
    unpack(zip_path, root, lambda done, total: seen.append((done, total)))
    assert seen == [(3, 7), (7, 7)]


def test_a_clip_of_the_right_size_is_kept_and_one_of_another_is_replaced(zip_path, root):
    for name, content in ((CALM_1, b"ONE"), (CALM_2, b"tw")):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_bytes(content)
    unpack(zipped(zip_path, (CALM_1, b"one"), (CALM_2, b"two")), root)
    assert everything_below(root) == {CALM_1: b"ONE", CALM_2: b"two"}


@pytest.mark.parametrize(
    "name",
    [
        "../03-01-02-01-01-01-02.wav",
        "Actor_01/../../03-01-02-01-01-01-02.wav",
        "/03-01-02-01-01-01-02.wav",
        "..\\03-01-02-01-01-01-02.wav",
        "C:\\03-01-02-01-01-01-02.wav",
        "../notes.txt",
    ],
)
def test_a_name_that_leads_out_refuses_the_archive_before_anything_is_written(zip_path, root, tmp_path, name):
    zipped(zip_path, (CALM_1, b"one"), (name, b"two"))
    with pytest.raises(RunError, match=r"speech\.zip: .* leads out of the folder") as error:
        unpack(zip_path, root)
    assert one_line(error)
    assert list(tmp_path.iterdir()) == [zip_path]


def test_a_link_refuses_the_archive_before_anything_is_written(zip_path, root, tmp_path):
    link = zipfile.ZipInfo(CALM_2)
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    zipped(zip_path, (CALM_1, b"one"), (link, b"/etc/passwd"))
    with pytest.raises(RunError, match=r"speech\.zip: .* is a link"):
        unpack(zip_path, root)
    assert list(tmp_path.iterdir()) == [zip_path]


def test_an_archive_that_declares_too_much_is_refused_before_anything_is_written(zip_path, root, tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "MAX_UNPACKED_BYTES", 100_000)
    zipped(zip_path, (CALM_1, bytes(60_000)), (CALM_2, bytes(60_000)))
    with pytest.raises(RunError, match=r"speech\.zip: .*120000 bytes"):
        unpack(zip_path, root)
    assert list(tmp_path.iterdir()) == [zip_path]


def test_a_member_larger_than_it_declares_is_not_written(zip_path, root):
    zipped(zip_path, (CALM_1, bytes(100_000)))
    declared, lie = (100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    content = zip_path.read_bytes()
    assert content.count(declared) == 2
    zip_path.write_bytes(content.replace(declared, lie))
    with pytest.raises(RunError, match=r"speech\.zip: cannot be read as a zip archive"):
        unpack(zip_path, root)
    assert everything_below(root) == {}


def test_members_that_share_their_bytes_are_bounded_by_their_sum(zip_path, root, tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "MAX_UNPACKED_BYTES", 1_000_000)
    with zipfile.ZipFile(zip_path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(CALM_1, bytes(60_000))
        (shared,) = archive.infolist()
        for actor in range(2, 25):
            member = zipfile.ZipInfo(f"03-01-02-01-01-01-{actor:02d}.wav")
            for name in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
                setattr(member, name, getattr(shared, name))
            archive.filelist.append(member)
    with pytest.raises(RunError, match=r"speech\.zip: .*1440000 bytes"):
        unpack(zip_path, root)
    assert list(tmp_path.iterdir()) == [zip_path]


def test_a_device_in_an_archive_becomes_a_plain_file(zip_path, root):
    device = zipfile.ZipInfo(CALM_1)
    device.create_system = 3
    device.external_attr = (stat.S_IFCHR | 0o4777) << 16
    unpack(zipped(zip_path, (device, b"one")), root)
    mode = (root / CALM_1).stat().st_mode
    assert stat.S_ISREG(mode) and not mode & 0o7111


def test_what_is_read_is_bounded_too_in_case_zipfile_trusts_the_archive(zip_path, root, monkeypatch):
    zipped(zip_path, (CALM_1, b"one"))
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: io.FileIO("/dev/zero"))
    with pytest.raises(RunError, match=r"speech\.zip: .*more than it declares"):
        unpack(zip_path, root)
    assert everything_below(root) == {}


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"no zip at all",
        lambda content: content[: len(content) // 2],
        lambda content: content.replace(b"sound", b"noise"),
    ],
)
def test_a_damaged_archive_is_named_and_leaves_no_half_clip(zip_path, root, damage):
    with zipfile.ZipFile(zip_path, "w") as archive:
        archive.writestr(CALM_1, b"sound" * 100)
    zip_path.write_bytes(damage(zip_path.read_bytes()))
    with pytest.raises(RunError, match=r"speech\.zip: cannot be read as a zip archive .*make data") as error:
        unpack(zip_path, root)
    assert one_line(error)
    assert not root.exists() or everything_below(root) == {}


def test_damage_within_compressed_sound_is_named_too(zip_path, root):
    content = bytearray(zipped(zip_path, (CALM_1, b"sound" * 100)).read_bytes())
    content[content.index(CALM_1.encode()) + len(CALM_1)] = 0xFF  # a kind of block that deflate does not have
    zip_path.write_bytes(content)
    with pytest.raises(RunError, match=r"speech\.zip: cannot be read as a zip archive"):
        unpack(zip_path, root)
    assert everything_below(root) == {}


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_unknown_compression_is_refused(zip_path, root, compression):
    with zipfile.ZipFile(zip_path, "w", compression) as archive:
        archive.writestr(CALM_1, b"one")
    with pytest.raises(RunError, match="encrypted or compressed"):
        unpack(zip_path, root)


def test_an_archive_without_clips_is_refused(zip_path, root):
    with pytest.raises(RunError, match=r"speech\.zip: .*holds no clips"):
        unpack(zipped(zip_path, ("README.txt", b"r")), root)


def test_a_clip_that_cannot_be_written_is_named(zip_path, root):
    root.mkdir(parents=True)
    (root / "Actor_01").write_bytes(b"a file where the folder should be")
    with pytest.raises(RunError, match=r"03-01-02-01-01-01-01\.wav: not written .*another folder") as error:
        unpack(zipped(zip_path, (CALM_1, b"one")), root)
    assert one_line(error)
