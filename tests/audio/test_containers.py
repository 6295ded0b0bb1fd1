"""What telephones, browsers and cameras record is read with PyAV, and without it answered with what to do."""

import fractions

import numpy as np
import pytest
import soundfile

from cyclegan_keras.audio import containers, files
from cyclegan_keras.corpora.demo import synthesise_clip
from cyclegan_keras.shared.errors import InputError

RATE = 16_000
KINDS = {  # suffix: FFmpeg's format and encoder, and the rate that has one
    ".m4a": ("ipod", "aac", 44_100),
    ".mp4": ("mp4", "aac", 48_000),
    ".mov": ("mov", "pcm_s16le", 48_000),
    ".webm": ("webm", "libopus", 48_000),
    ".mkv": ("matroska", "libopus", 48_000),
    ".avi": ("avi", "mp3", 44_100),
    ".caf": ("caf", "pcm_s16be", 44_100),
    ".w64": ("w64", "pcm_s16le", 16_000),
    ".aac": ("adts", "aac", 32_000),
}
VIDEOS = (".mp4", ".mov", ".mkv", ".avi")
HEADS = {
    ".m4a": b"\0\0\0\x20ftypM4A \0\0\0\0",
    ".mp4": b"\0\0\0\x20ftypisom\0\0\0\0", ".webm": b"\x1a\x45\xdf\xa3" + bytes(12),
    ".caf": b"caff\0\1\0\0desc\0\0\0\0",
    ".w64": b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb", ".avi": b"RIFF\0\0\0\0AVI LIST",
    ".amr": b"#!AMR\n" + bytes(10), ".aac": b"\xff\xf1\x50\x80" + bytes(12),
}  # fmt: skip


@pytest.fixture(scope="module")
def speech():
    return synthesise_clip("calm", 1, 1, 1, actor=1, seed=0)[RATE : 3 * RATE]


def encode(path, speech, form, encoder, rate, channels="mono", video=False):
    """Write speech into a container, beside a grey film where that is asked for."""
    av = pytest.importorskip("av", reason="the extra `av` is not installed")
    with av.open(str(path), "w", format=form) as container:
        if video:
            film = container.add_stream("mpeg4", rate=10)
            film.width = film.height = 64
            film.pix_fmt = "yuv420p"
        stream = container.add_stream(encoder, rate=rate, layout=channels)
        samples = np.stack([speech] * (2 if channels == "stereo" else 1)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=channels)
        frame.sample_rate, frame.time_base, frame.pts = RATE, fractions.Fraction(1, RATE), 0
        if video:
            for number in range(20):
                picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 128, np.uint8), format="rgb24")
                picture.pts = number
                container.mux(film.encode(picture))
            container.mux(film.encode(None))
        fitted = av.AudioResampler(stream.format, channels, rate, frame_size=stream.codec_context.frame_size or 1024)
        for piece in (*fitted.resample(frame), *fitted.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


def likeness(read, speech):
    """The largest correlation within 100 ms, because encoders put silence before the first sample."""
    read = np.pad(read, (0, max(0, len(speech) + 1600 - len(read))))
    products = np.correlate(read[: len(speech) + 1600], speech, "valid")
    return products.max() / (np.linalg.norm(speech) * np.linalg.norm(read))


@pytest.mark.parametrize("suffix", KINDS)
@pytest.mark.parametrize("channels", ["mono", "stereo"])
def test_each_kind_is_read_at_its_length_and_level(tmp_path, speech, suffix, channels):
    path = encode(tmp_path / f"clip{suffix}", speech, *KINDS[suffix], channels, video=suffix in VIDEOS)
    read = files.load_waveform(path, RATE)
    assert likeness(read, speech) > 0.95
    assert np.sqrt(np.mean(read**2)) == pytest.approx(np.sqrt(np.mean(speech**2)), rel=0.1)
    assert len(read) / RATE == pytest.approx(2.0, abs=0.15)


def test_of_channels_that_cancel_one_is_taken(tmp_path, speech):
    av = pytest.importorskip("av", reason="the extra `av` is not installed")
    path = tmp_path / "a.w64"
    with av.open(str(path), "w", format="w64") as container:
        stream = container.add_stream("pcm_f32le", rate=RATE, layout="stereo")
        interleaved = np.stack([speech, -speech], axis=1).astype(np.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(interleaved, format="flt", layout="stereo")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    sound = files.read_sound(path)
    np.testing.assert_allclose(sound.waveform, speech, atol=1e-6)
    assert "opposite phase" in sound.changes[0]


@pytest.mark.parametrize("suffix", HEADS)
def test_without_pyav_the_answer_names_the_extra_and_the_command(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(containers, "readable", lambda: False)
    path = tmp_path / f"clip{suffix}"
    path.write_bytes(HEADS[suffix] + bytes(1000))
    with pytest.raises(InputError) as caught:
        files.load_waveform(path, RATE)
    line = str(caught.value)
    assert str(path) in line and "pip install -e '.[av]'" in line and f"ffmpeg -i clip{suffix} clip.wav" in line
    assert ("only the sound of a video is needed" in line) == (suffix in (".mp4", ".avi"))


@pytest.mark.parametrize("suffix", [".m4a", ".webm", ".caf", ".w64", ".avi"])
def test_a_cut_or_changed_file_is_read_or_refused_by_name_and_nothing_is_printed(tmp_path, capfd, speech, suffix):
    whole = encode(tmp_path / f"whole{suffix}", speech, *KINDS[suffix]).read_bytes()
    rng = np.random.default_rng(0)
    for number in range(20):
        content = bytearray(whole[: rng.integers(20, len(whole))] if number % 2 else whole)
        for place in rng.integers(12, len(content), 30 if number % 4 < 2 else 3):
            content[place] = rng.integers(256)
        path = tmp_path / f"{number}{suffix}"
        path.write_bytes(content)
        try:
            assert np.isfinite(files.load_waveform(path, RATE)).all()
        except InputError as error:
            assert str(path) in str(error) and "\n" not in str(error)
    assert capfd.readouterr() == ("", "")


def test_a_film_without_sound_is_told(tmp_path):
    av = pytest.importorskip("av", reason="the extra `av` is not installed")
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        film = container.add_stream("mpeg4", rate=10)
        film.width = film.height = 64
        film.pix_fmt = "yuv420p"
        container.mux(film.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(film.encode(None))
    with pytest.raises(InputError, match="a.mp4: MP4 or QuickTime without sound"):
        files.load_waveform(tmp_path / "a.mp4", RATE)


def test_a_decoder_that_is_not_listed_never_runs(tmp_path, speech):
    path = encode(tmp_path / "a.mkv", speech, "matroska", "ac3", 48_000)
    with pytest.raises(InputError, match=r"a\.mkv: not readable as audio"):
        files.load_waveform(path, RATE)


def test_what_is_no_container_never_reaches_pyav(tmp_path, monkeypatch):
    monkeypatch.setattr(containers, "opened", lambda *_: pytest.fail("handed to PyAV"))
    soundfile.write(tmp_path / "a.wav", np.sin(np.arange(RATE) / 9), RATE)
    assert len(files.load_waveform(tmp_path / "a.wav", RATE)) == RATE
    for head in (
        b"#EXTM3U\n",
        b"ffconcat version 1.0\n",
        b"<?xml",
        b"0&\xb2u",
        b"MThd",
        b"\x47" * 16,
        b"file:/etc/passwd",
    ):
        (tmp_path / "b.m4a").write_bytes(head + bytes(1000))
        with pytest.raises(InputError, match="unknown format"):
            files.load_waveform(tmp_path / "b.m4a", RATE)


def test_a_recording_over_ten_minutes_is_refused(tmp_path, monkeypatch, speech):
    monkeypatch.setattr(files, "LONGEST_SECONDS", 1)
    with pytest.raises(InputError, match="longer than"):
        files.load_waveform(encode(tmp_path / "a.m4a", speech, *KINDS[".m4a"]), RATE)
