"""The download of an archive: resumed where it broke off, verified, and never fooled by a server."""

import dataclasses
import socket
from functools import partial
from pathlib import Path

import pytest

from cyclegan_keras.corpora.download import SPEECH_ARCHIVE, download
from cyclegan_keras.shared.errors import RunError
from tests.corpora.host import HALF, NEVER_SECONDS, PAYLOAD, Host, breaks_off, ranged, redirects, reply, whole


@pytest.fixture
def host(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    host = Host()
    yield host
    host.close()


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
    assert one_line(error) and "run the same command again to continue" in str(error.value)
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
    with pytest.raises(RunError, match=f"{len(served)} bytes, but .* {len(PAYLOAD)}"):
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
        download(host.archive(), target, timeout=3.0)
    assert one_line(error)
    assert part_of(target).read_bytes() == PAYLOAD[:HALF]


def test_a_server_that_never_answers_is_no_connection(host, target):
    host.answer = lambda handler, host: host.released.wait(NEVER_SECONDS)
    with pytest.raises(RunError, match="no connection .*timed out"):
        download(host.archive(), target, timeout=0.1)


def test_a_closed_port_is_no_connection(host, target):
    with socket.socket() as silent:  # it keeps the port, and does not listen
        silent.bind(("127.0.0.1", 0))
        archive = dataclasses.replace(host.archive(), url=f"http://127.0.0.1:{silent.getsockname()[1]}/speech.zip")
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
        download(host.archive(), target, timeout=3.0)
    host.answer = ranged
    download(host.archive(), target)
    assert target.read_bytes() == PAYLOAD and host.ranges == [None, f"bytes={HALF}-"]


def test_a_web_page_is_not_taken_for_the_archive_and_the_part_survives_it(host, half_done):
    page = b"<html>please log in</html>"
    host.answer = lambda handler, host: reply(handler, host, page, Content_Type="text/html; charset=utf-8")
    with pytest.raises(RunError, match="sends a web page instead of the archive"):
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
    archive = SPEECH_ARCHIVE
    assert archive.url == "https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip"
    assert (archive.size, archive.md5) == (208_468_073, "bc696df654c87fed845eb13823edef8a")


# Unpack
