import dataclasses
import hashlib
import os
import re
import stat
import threading
import zipfile
from collections import Counter
from collections.abc import Iterable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path

import pytest

from cyclegan_keras import ravdess
from cyclegan_keras.corpora.clips import Clip, describe, domain, split_clips
from cyclegan_keras.corpora.download import Archive, download
from cyclegan_keras.corpora.ravdess import index_clips, parse_name
from cyclegan_keras.corpora.unpack import unpack
from cyclegan_keras.emotions import EMOTIONS
from cyclegan_keras.shared.errors import InputError, RunError

PAYLOAD = bytes(range(256)) * 4000
HALF = len(PAYLOAD) // 2
NEVER_SECONDS = 60.0

CALM_1 = "Actor_01/03-01-02-01-01-01-01.wav"
CALM_2 = "Actor_02/03-01-02-01-01-01-02.wav"


@pytest.fixture(scope="module")
def full_tree(tmp_path_factory) -> Path:
    """All 24 actors, with empty files under the right names."""
    root = tmp_path_factory.mktemp("full")
    fields = product(range(1, 25), range(1, 9), (1, 2), (1, 2), (1, 2))
    for actor, emotion, intensity, statement, repetition in fields:
        if (emotion, intensity) != (1, 2):
            name = f"03-01-{emotion:02d}-{intensity:02d}-{statement:02d}-{repetition:02d}-{actor:02d}.wav"
            touch(root / f"Actor_{actor:02d}" / name)
    return root


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


# Names


def test_a_name_gives_the_seven_fields_meaning():
    clip = parse_name(Path("x/03-01-06-02-01-02-23.wav"))
    assert dataclasses.astuple(clip) == (Path("x/03-01-06-02-01-02-23.wav"), "fearful", 2, 1, 2, 23)
    assert clip.key == "03-01-06-02-01-02-23"


def test_the_emotion_codes_are_the_reports_emotions_in_order():
    names = [f"03-01-{code:02d}-01-01-01-01.wav" for code in range(1, 9)]
    assert tuple(parse_name(Path(name)).emotion for name in names) == EMOTIONS


@pytest.mark.parametrize("extension", [".wav", ".WAV", ".flac", ".Flac"])
def test_the_extension_is_wav_or_flac_in_any_case(extension):
    assert parse_name(Path("03-01-02-01-01-01-01" + extension)).emotion == "calm"


@pytest.mark.parametrize(
    "name",
    [
        "01-01-02-01-01-01-01.wav",  # full audio-video
        "03-02-02-01-01-01-01.wav",  # song
        "03-01-00-01-01-01-01.wav",
        "03-01-09-01-01-01-01.wav",
        "03-01-02-03-01-01-01.wav",
        "03-01-02-01-00-01-01.wav",
        "03-01-02-01-01-03-01.wav",
        "03-01-02-01-01-01-00.wav",
        "03-01-02-01-01-01-25.wav",
        "03-01-02-01-01-01.wav",
        "03-01-02-01-01-01-01-01.wav",
        "3-1-2-1-1-1-1.wav",
        "03-01-02-01-01-01-01.mp3",
        "03-01-02-01-01-01-01",
        "._03-01-02-01-01-01-01.wav",  # what macOS leaves beside a file in a zip
        "03-01-0٢-01-01-01-01.wav",  # a digit, but not an ASCII one
        "notes.txt",
    ],
)
def test_any_other_name_is_no_clip(name):
    assert parse_name(Path(name)) is None


# Index


def test_the_full_tree_has_192_clips_an_emotion_and_96_neutral(full_tree):
    counts = Counter(clip.emotion for clip in index_clips(full_tree))
    assert counts == {"neutral": 96, **{emotion: 192 for emotion in EMOTIONS if emotion != "neutral"}}


def test_the_index_is_sorted_by_key_wherever_the_files_lie(tmp_path):
    for path in ("z/03-01-02-01-01-01-01.wav", "a/b/03-01-06-01-01-01-02.wav", "m/03-01-02-01-01-01-03.flac"):
        touch(tmp_path / path)
    found = [clip.key for clip in index_clips(tmp_path)]
    assert found == ["03-01-02-01-01-01-01", "03-01-02-01-01-01-03", "03-01-06-01-01-01-02"]


def test_the_nested_copy_of_everything_is_counted_once_and_from_outside(tmp_path):
    outside = touch(tmp_path / CALM_1)
    # This folder's name sorts before Actor_01, so that depth alone decides.
    touch(tmp_path / "AAA" / CALM_1)
    assert [clip.path for clip in index_clips(tmp_path)] == [outside]


def test_a_wav_beside_its_flac_is_counted_once(tmp_path):
    touch(tmp_path / CALM_1)
    touch((tmp_path / CALM_1).with_suffix(".flac"))
    assert len(index_clips(tmp_path)) == 1


def test_other_files_and_folders_named_like_clips_are_passed_over(tmp_path):
    kept = touch(tmp_path / CALM_1)
    touch(tmp_path / "Actor_01" / "README.txt")
    (tmp_path / "03-01-02-01-01-01-05.wav").mkdir()
    assert [clip.path for clip in index_clips(tmp_path)] == [kept]


def test_a_missing_folder_is_named_with_what_to_do(tmp_path):
    with pytest.raises(InputError, match="nowhere: no such folder.*make data.*--data"):
        index_clips(tmp_path / "nowhere")


def test_a_file_given_as_folder_is_named_with_what_to_do(tmp_path):
    with pytest.raises(InputError, match="a.txt: not a folder.*make data.*--data"):
        index_clips(touch(tmp_path / "a.txt"))


def test_a_folder_without_clips_is_named_with_what_to_do(tmp_path):
    touch(tmp_path / "03-02-02-01-01-01-01.wav")
    with pytest.raises(InputError, match=f"{re.escape(str(tmp_path))}: holds no clips.*make data.*--data"):
        index_clips(tmp_path)


def test_an_unreadable_folder_is_an_error_not_a_missing_actor(tmp_path, monkeypatch):
    touch(tmp_path / CALM_1)
    closed = tmp_path / "Actor_02"
    closed.mkdir()
    scandir = os.scandir

    def refuse(path):
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match="Actor_02: cannot be read"):
        index_clips(tmp_path)


# Splits and domains


def keys(clips: Iterable[Clip]) -> Counter:
    return Counter(clip.key for clip in clips)


def test_every_clip_is_in_exactly_one_set_and_actors_19_and_20_are_unseen(full_tree):
    clips = index_clips(full_tree)
    split = split_clips(clips)
    assert keys(split.train) + keys(split.held_back) + keys(split.unseen) == keys(clips)
    assert set(keys(clips).values()) == {1}
    assert {clip.actor for clip in split.unseen} == {19, 20}
    assert not {19, 20} & {clip.actor for clip in split.train + split.held_back}


def test_the_second_normal_dogs_take_of_every_fourth_actor_is_held_back(full_tree):
    split = split_clips(index_clips(full_tree))
    takes = {(clip.intensity, clip.statement, clip.repetition) for clip in split.held_back}
    assert takes == {(1, 2, 2)}
    for emotion in EMOTIONS:
        assert [clip.actor for clip in domain(split.held_back, emotion)] == [4, 8, 12, 16, 24]


def test_the_split_of_a_clip_does_not_depend_on_the_others(full_tree):
    whole = split_clips(index_clips(full_tree))
    few = split_clips(index_clips(full_tree)[::7])
    assert set(few.train) <= set(whole.train)
    assert set(few.held_back) <= set(whole.held_back)
    assert set(few.unseen) <= set(whole.unseen)


def test_one_line_says_what_was_found(full_tree):
    line = describe(split_clips(index_clips(full_tree)), ["calm", "neutral"])
    assert line == (
        "calm 171 train, 5 held back, 16 by unseen actors; neutral 83 train, 5 held back, 8 by unseen actors"
    )


def test_a_domain_is_the_clips_of_one_emotion(full_tree):
    chosen = domain(index_clips(full_tree), "anger")
    assert len(chosen) == 192
    assert {clip.emotion for clip in chosen} == {"anger"}


def test_a_domain_of_several_emotions_keeps_the_order_of_the_clips_however_they_are_named(full_tree):
    clips = index_clips(full_tree)
    chosen = domain(clips, "anger", "disgust")
    assert chosen == domain(clips, "disgust", "anger") == [c for c in clips if c.emotion in ("anger", "disgust")]
    with pytest.raises(InputError, match="no clips of 'disgust'"):
        domain(domain(clips, "anger"), "anger", "disgust")


def test_an_empty_domain_says_where_and_what_there_is_instead(full_tree):
    clips = [clip for clip in index_clips(full_tree) if clip.emotion in ("calm", "anger")]
    message = f"'fearful'.* in {re.escape(str(full_tree))}: there are calm 192, anger 192; .*--data"
    with pytest.raises(InputError, match=message):
        domain(clips, "fearful")


def test_a_domain_of_no_clips_at_all_is_an_input_error():
    with pytest.raises(InputError, match="'calm'.*none at all"):
        domain([], "calm")


@pytest.mark.real
def test_the_recordings_have_every_clip_of_twenty_actors(ravdess_dir):
    clips = index_clips(ravdess_dir)
    assert len(clips) == 1200
    assert {clip.actor for clip in clips} == set(range(1, 21))
    counts = Counter(clip.emotion for clip in clips)
    assert counts == {"neutral": 80, **{emotion: 160 for emotion in EMOTIONS if emotion != "neutral"}}


# Download


class Host:
    """A server on the loopback address that answers as ``answer`` says and remembers what it was asked."""

    def __init__(self):
        self.ranges = []
        self.served = 0
        self.answer = ranged
        self.released = threading.Event()
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                host.ranges.append(self.headers.get("Range"))
                host.answer(self, host)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def archive(self, payload: bytes = PAYLOAD) -> Archive:
        url = f"http://127.0.0.1:{self.server.server_port}/speech.zip"
        return Archive(url, len(payload), hashlib.md5(payload).hexdigest())

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def host(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    host = Host()
    yield host
    host.close()


def reply(handler, host, body, status=200, **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    try:
        host.served += len(body)  # first: the client may be done before this thread goes on
        handler.wfile.write(body)
    except OSError:
        pass  # the client has what it wants


def ranged(handler, host, payload=PAYLOAD, upto=None):
    """Serve the payload from where the client asks, and break off before byte ``upto``."""
    asked = handler.headers.get("Range")
    if asked is None:
        return reply(handler, host, payload[:upto], Content_Length=len(payload))
    start = int(asked[len("bytes=") : -1])
    span = f"bytes {start}-{len(payload) - 1}/{len(payload)}"
    reply(handler, host, payload[start:upto], 206, Content_Length=len(payload) - start, Content_Range=span)
    return None


def breaks_off(handler, host):
    ranged(handler, host, upto=HALF)


def whole(handler, host, payload=PAYLOAD):
    reply(handler, host, payload, Content_Length=len(payload))


def redirects(handler, host, to):
    reply(handler, host, b"", 302, Location=to, Content_Length=0)


def part_of(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def one_line(error) -> bool:
    return "\n" not in str(error.value)


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "new folder" / "speech.zip"


@pytest.fixture
def half_done(target) -> Path:
    target.parent.mkdir()
    part_of(target).write_bytes(PAYLOAD[:HALF])
    return target


def test_a_download_gives_the_file_and_leaves_no_part(host, target):
    download(host.archive(), target)
    assert target.read_bytes() == PAYLOAD
    assert [path.name for path in target.parent.iterdir()] == ["speech.zip"]


def test_progress_rises_to_the_size(host, target):
    seen = []
    download(host.archive(), target, lambda done, total: seen.append((done, total)))
    done = [pair[0] for pair in seen]
    assert done == sorted(set(done))
    assert seen[-1] == (len(PAYLOAD), len(PAYLOAD))
    assert {total for _, total in seen} == {len(PAYLOAD)}


def test_a_verified_file_is_not_downloaded_again(host, target):
    download(host.archive(), target)
    download(host.archive(), target)
    assert len(host.ranges) == 1


def test_a_wrong_file_under_the_final_name_is_replaced(host, target):
    target.parent.mkdir()
    target.write_bytes(b"?" * len(PAYLOAD))
    download(host.archive(), target)
    assert target.read_bytes() == PAYLOAD


def test_a_broken_connection_keeps_the_part_and_the_next_call_resumes(host, target):
    host.answer = breaks_off
    with pytest.raises(RunError, match=r"speech\.zip: the connection broke .*kept in .*\.part") as error:
        download(host.archive(), target)
    assert one_line(error) and "the same command goes on from there" in str(error.value)
    assert part_of(target).read_bytes() == PAYLOAD[:HALF]
    assert not target.exists()

    host.answer = ranged
    download(host.archive(), target)
    assert target.read_bytes() == PAYLOAD
    assert host.ranges == [None, f"bytes={HALF}-"]
    assert host.served == len(PAYLOAD)


def test_a_server_that_ignores_range_restarts_from_zero(host, half_done):
    part_of(half_done).write_bytes(b"?" * HALF)
    host.answer = whole
    download(host.archive(), half_done)
    assert host.ranges == [f"bytes={HALF}-"]
    assert half_done.read_bytes() == PAYLOAD


def test_a_server_that_refuses_the_range_is_asked_from_zero(host, half_done):
    def refuses(handler, host):
        if handler.headers.get("Range"):
            return reply(handler, host, b"", 416, Content_Length=0)
        whole(handler, host)
        return None

    host.answer = refuses
    download(host.archive(), half_done)
    assert host.ranges == [f"bytes={HALF}-", None]
    assert half_done.read_bytes() == PAYLOAD


def test_a_server_that_sends_another_range_is_asked_from_zero(host, half_done):
    def shifts(handler, host):
        if handler.headers.get("Range"):
            span = f"bytes 5-{len(PAYLOAD) - 1}/{len(PAYLOAD)}"
            return reply(handler, host, PAYLOAD[5:], 206, Content_Length=len(PAYLOAD) - 5, Content_Range=span)
        whole(handler, host)
        return None

    host.answer = shifts
    download(host.archive(), half_done)
    assert half_done.read_bytes() == PAYLOAD


def test_a_finished_part_is_verified_and_renamed_without_asking_the_server(host, half_done):
    part_of(half_done).write_bytes(PAYLOAD)
    download(host.archive(), half_done)
    assert host.ranges == []
    assert half_done.read_bytes() == PAYLOAD


def test_a_wrong_checksum_keeps_the_part_and_the_next_call_starts_over(host, target):
    wrong = b"?" * len(PAYLOAD)
    host.answer = lambda handler, host: whole(handler, host, wrong)
    with pytest.raises(RunError, match=r"speech\.zip\.part: .*md5.* to start over") as error:
        download(host.archive(), target)
    assert one_line(error)
    assert part_of(target).read_bytes() == wrong
    assert not target.exists()

    host.answer = ranged
    download(host.archive(), target)
    assert host.ranges == [None, None]
    assert target.read_bytes() == PAYLOAD


def test_a_part_longer_than_the_archive_starts_over(host, half_done):
    part_of(half_done).write_bytes(PAYLOAD + b"more")
    download(host.archive(), half_done)
    assert host.ranges == [None]
    assert half_done.read_bytes() == PAYLOAD


@pytest.mark.parametrize("served", [PAYLOAD[:-1], PAYLOAD + b"!"])
def test_a_server_with_a_file_of_another_size_is_refused_before_the_part_is_touched(host, half_done, served):
    host.answer = lambda handler, host: whole(handler, host, served)
    with pytest.raises(RunError, match=f"{len(served)} bytes are offered, but .* {len(PAYLOAD)}"):
        download(host.archive(), half_done)
    assert part_of(half_done).read_bytes() == PAYLOAD[:HALF]


def test_never_more_than_the_size_is_written_when_the_server_does_not_say_how_much_comes(host, target):
    host.answer = lambda handler, host: reply(handler, host, b"?" * len(PAYLOAD) + PAYLOAD)
    with pytest.raises(RunError, match="md5"):
        download(host.archive(), target)
    assert part_of(target).stat().st_size == len(PAYLOAD)


def test_a_server_that_stops_early_without_saying_how_much_comes_is_a_broken_connection(host, target):
    host.answer = lambda handler, host: reply(handler, host, PAYLOAD[:HALF])
    with pytest.raises(RunError, match="the connection broke"):
        download(host.archive(), target)
    assert part_of(target).read_bytes() == PAYLOAD[:HALF]


def test_a_stalled_connection_is_a_broken_one_and_costs_nothing_that_came(host, target):
    def stalls(handler, host):
        breaks_off(handler, host)
        host.released.wait(NEVER_SECONDS)

    host.answer = stalls
    with pytest.raises(RunError, match="the connection broke .*timed out.*kept") as error:
        download(host.archive(), target, timeout=0.5)
    assert one_line(error)
    assert part_of(target).read_bytes() == PAYLOAD[:HALF]


def test_a_server_that_never_answers_is_no_connection(host, target):
    host.answer = lambda handler, host: host.released.wait(NEVER_SECONDS)
    with pytest.raises(RunError, match="no connection .*timed out"):
        download(host.archive(), target, timeout=0.1)


def test_a_closed_port_is_no_connection(host, target):
    archive = host.archive()
    host.server.shutdown()
    host.server.server_close()
    with pytest.raises(RunError, match=r"speech\.zip: no connection .*check the network") as error:
        download(archive, target)
    assert one_line(error)


def test_a_redirect_is_followed(host, target):
    def moves(handler, host):
        if handler.path == "/speech.zip":
            return redirects(handler, host, to="/moved.zip")
        ranged(handler, host)
        return None

    host.answer = moves
    download(host.archive(), target)
    assert target.read_bytes() == PAYLOAD


def test_a_redirect_loop_is_one_clear_line(host, target):
    host.answer = partial(redirects, to="/speech.zip")
    with pytest.raises(RunError, match=r"speech\.zip: .* redirects that lead nowhere") as error:
        download(host.archive(), target)
    assert one_line(error)


def test_a_redirect_to_a_local_file_is_not_followed(host, target, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(PAYLOAD)
    host.answer = partial(redirects, to=secret.as_uri())
    with pytest.raises(RunError, match="redirects that lead nowhere"):
        download(host.archive(), target)
    assert not target.exists()


def test_a_missing_page_is_one_clear_line(host, target):
    host.answer = lambda handler, host: reply(handler, host, b"", 404, Content_Length=0)
    with pytest.raises(RunError, match=r"speech\.zip: the server answers 404 Not Found") as error:
        download(host.archive(), target)
    assert one_line(error)


def raw(content):
    """An answer of these very bytes, after which the connection is closed."""

    def answer(handler, host):
        handler.close_connection = True
        handler.wfile.write(content)

    return answer


SENSELESS = {
    "closed at once": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"X-More: and more\r\n" * 10_000,
    "a header without end": b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1_000_000,
    "a length below zero": b"HTTP/1.1 206 Partial Content\r\nContent-Length: -5\r\n\r\nabc",
    "a length that is no number": b"HTTP/1.1 206 Partial Content\r\nContent-Length: many\r\n\r\nabc",
    "a range that is none": b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes */*\r\nContent-Length: 3\r\n\r\nabc",
    "pieces without sizes": f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {HALF}-{len(PAYLOAD) - 1}/*\r\n"
    "Transfer-Encoding: chunked\r\n\r\nxyz\r\n".encode(),
    "a piece that is cut": f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {HALF}-{len(PAYLOAD) - 1}/*\r\n"
    "Transfer-Encoding: chunked\r\n\r\nffff\r\nabc".encode(),
}


@pytest.mark.parametrize("answer", SENSELESS)
def test_an_answer_without_sense_is_one_clear_line_and_the_next_call_resumes(host, half_done, answer):
    host.answer = raw(SENSELESS[answer])
    with pytest.raises(RunError, match=r"speech\.zip: ") as error:
        download(host.archive(), half_done, timeout=5.0)
    assert one_line(error) and len(str(error.value)) < 1000
    kept = part_of(half_done)
    assert PAYLOAD[:HALF] == kept.read_bytes()[:HALF] and kept.stat().st_size <= len(PAYLOAD)
    kept.write_bytes(PAYLOAD[:HALF])

    host.answer = ranged
    download(host.archive(), half_done)
    assert half_done.read_bytes() == PAYLOAD and host.ranges[-1] == f"bytes={HALF}-"


def test_redirects_to_ever_new_addresses_end(host, target):
    host.answer = lambda handler, host: redirects(handler, host, to=f"/{len(host.ranges)}.zip")
    with pytest.raises(RunError, match="redirects that lead nowhere"):
        download(host.archive(), target)
    assert len(host.ranges) < 20


def test_after_a_stalled_connection_the_next_call_resumes(host, target):
    def stalls(handler, host):
        breaks_off(handler, host)
        host.released.wait(NEVER_SECONDS)

    host.answer = stalls
    with pytest.raises(RunError, match="the connection broke"):
        download(host.archive(), target, timeout=0.5)
    host.answer = ranged
    download(host.archive(), target)
    assert target.read_bytes() == PAYLOAD and host.ranges == [None, f"bytes={HALF}-"]


def test_a_web_page_is_not_taken_for_the_archive_and_the_part_survives_it(host, half_done):
    page = b"<html>please log in</html>"
    host.answer = lambda handler, host: reply(handler, host, page, Content_Type="text/html; charset=utf-8")
    with pytest.raises(RunError, match="a web page came instead of the archive"):
        download(host.archive(), half_done)
    assert part_of(half_done).read_bytes() == PAYLOAD[:HALF]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to stand for a full disk")
def test_a_full_disk_names_the_part_and_what_to_do(host, target):
    target.parent.mkdir()
    part_of(target).symlink_to("/dev/full")
    with pytest.raises(RunError, match=r"speech\.zip\.part: cannot be written \(No space left.*make room"):
        download(host.archive(), target)
    assert not target.exists()


def test_the_archive_is_zenodos():
    archive = ravdess.SPEECH_ARCHIVE
    assert archive.url == "https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip"
    assert (archive.size, archive.md5) == (208_468_073, "bc696df654c87fed845eb13823edef8a")


# Unpack


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
    monkeypatch.setattr(ravdess, "MAX_UNPACKED_BYTES", 100_000)
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
    monkeypatch.setattr(ravdess, "MAX_UNPACKED_BYTES", 1_000_000)
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
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: open("/dev/zero", "rb"))
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
