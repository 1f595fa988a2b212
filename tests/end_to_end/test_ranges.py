"""Byte ranges: as RFC 9110 section 14 has them, and as real clients use them to resume, to load in parallel and to seek."""

import email.parser
import email.policy
import hashlib
import random
import re
import struct
import subprocess

import pytest

from brilliant import TIMEOUT, wait_until
from clients import BROWSER_TIMEOUT, RawConnection, curl, needs, open_browser

SITE = """
error_log error.log
access_log access.log
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www }
}
"""
MEBIBYTE = 1024 * 1024


def content_of(size, seed=1):
    return random.Random(seed).randbytes(size)


def start(brilliant, files, config=SITE, **options):
    return brilliant.start(config, files={f"www/{name}": content for name, content in files.items()}, error_log="error.log",
                           **options)


def partial_answers(brilliant, target):
    """How many 206 the access log has for that target. It is written once a second."""
    return len(re.findall(rf'"GET {re.escape(target)} HTTP/1\.1" 206 ', (brilliant.folder / "access.log").read_text()))


def parts_of(answer):
    """The parts of a multipart/byteranges, as Python's email parser understands them: (Content-Range, content)."""
    assert answer.status == 206
    head = f"Content-Type: {answer.headers['Content-Type']}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + answer.body)
    assert message.get_content_type() == "multipart/byteranges"
    assert not message.defects
    assert message.preamble in (None, "") and message.epilogue in (None, "")
    # As bytes: the parser takes content for text and changes the ends of its lines.
    pieces = answer.body.split(b"--" + message.get_boundary().encode())
    assert pieces[0] == b"" and pieces[-1] == b"--\r\n"
    contents = [piece.split(b"\r\n\r\n", 1)[1][:-2] for piece in pieces[1:-1]]
    assert len(contents) == len(message.get_payload())
    return [(part["Content-Range"], part["Content-Type"], content) for part, content in zip(message.get_payload(), contents)]


# ---- by hand

@pytest.mark.parametrize("size", [5000, 3 * MEBIBYTE])
def test_single_open_and_suffix_ranges(brilliant, size):
    content = content_of(size)
    server = start(brilliant, {"file.bin": content}, workers=1)
    for value, first, last in (("0-0", 0, 0), ("10-99", 10, 99), (f"{size - 5}-", size - 5, size - 1), ("-7", size - 7, size - 1),
                               ("0-", 0, size - 1), (f"-{size + 1}", 0, size - 1), (f"4000-{size * 2}", 4000, size - 1)):
        answer = server.get("/file.bin", headers={"Range": f"bytes={value}"})
        assert answer.status == 206, value
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert answer.headers["Content-Length"] == str(last - first + 1)
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.body == content[first:last + 1], value
    refused = server.get("/file.bin", headers={"Range": f"bytes={size}-"})
    assert (refused.status, refused.headers["Content-Range"]) == (416, f"bytes */{size}")
    for value in ("lines=0-1", "bytes=1-0", "bytes=a-b", "bytes=0-1,x"):
        answer = server.get("/file.bin", headers={"Range": value})
        assert (answer.status, answer.body) == (200, content), value
    head = server.request("HEAD", "/file.bin", headers={"Range": "bytes=0-9"})
    assert (head.status, head.headers["Content-Length"]) == (200, str(size))


@pytest.mark.parametrize("size", [5000, 3 * MEBIBYTE])
def test_several_ranges_are_a_multipart(brilliant, size):
    content = content_of(size)
    server = start(brilliant, {"file.bin": content}, workers=1)
    answer = server.get("/file.bin", headers={"Range": "bytes=-100, 0-99, 1000-2999"})
    kind = "application/octet-stream"
    assert parts_of(answer) == [
        (f"bytes {size - 100}-{size - 1}/{size}", kind, content[-100:]),
        (f"bytes 0-99/{size}", kind, content[:100]),
        (f"bytes 1000-2999/{size}", kind, content[1000:3000]),
    ]
    assert "Content-Range" not in answer.headers
    again = server.get("/file.bin", headers={"Range": "bytes=-100, 0-99, 1000-2999"})
    assert answer.headers["Content-Type"] != again.headers["Content-Type"]  # a boundary is used once
    # On one connection, behind each other: so Content-Length was exact.
    with RawConnection(server) as connection:
        for _ in range(3):
            assert connection.get("/file.bin", "Range: bytes=0-0,500-599,4900-\r\n").status == 206
            assert connection.get("/file.bin").body == content


def test_if_range_continues_only_the_same_file(brilliant):
    content = content_of(2 * MEBIBYTE)
    server = start(brilliant, {"file.bin": content}, workers=1)
    path = brilliant.folder / "www/file.bin"

    def etag():
        answer = server.request("HEAD", "/file.bin")
        return answer.headers["ETag"], answer.headers["Last-Modified"]
    wait_until(lambda: etag()[0].startswith('"'), "the file to be old enough for a strong tag")
    for validator in etag():
        answer = server.get("/file.bin", headers={"Range": "bytes=1000-", "If-Range": validator})
        assert (answer.status, answer.body) == (206, content[1000:]), validator
    old_tag, _ = etag()
    path.write_bytes(content[::-1])
    wait_until(lambda: etag()[0] != old_tag, "the new file to be seen")
    for validator in (old_tag, "W/" + old_tag, "Sun, 06 Nov 1994 08:49:37 GMT"):
        answer = server.get("/file.bin", headers={"Range": "bytes=1000-", "If-Range": validator})
        assert (answer.status, answer.body) == (200, content[::-1]), validator


def test_1300_overlapping_ranges_cost_no_more_than_the_file(brilliant):
    size = 4000
    content = content_of(size)
    config = SITE.replace("/www }", "/www }\n  location /many { root @FOLDER@/www; max_ranges 1000 }")
    server = start(brilliant, {"file.bin": content}, config, workers=1)
    killer = ",".join(f"5-{i}" for i in range(5, 1305))
    assert len(killer) < 30000  # within one head
    for target, ranges in (("/file.bin", "0-," + killer), ("/many/file.bin", "0-," + killer)):
        answer = server.get(target, headers={"Range": f"bytes={ranges}"})
        assert (answer.status, answer.body) == (200, content), target
    # As many as are allowed there: they become one.
    thousand = ",".join(f"5-{i}" for i in range(5, 1005))
    answer = server.get("/many/file.bin", headers={"Range": f"bytes={thousand}"})
    assert (answer.status, answer.headers["Content-Range"]) == (206, f"bytes 5-1004/{size}")
    assert answer.body == content[5:1005]


def test_max_ranges_0_turns_ranges_off(brilliant):
    server = start(brilliant, {"file.bin": "content"}, SITE.replace("/www }", "/www; max_ranges 0 }"), workers=1)
    answer = server.get("/file.bin", headers={"Range": "bytes=0-0"})
    assert (answer.status, answer.body) == (200, b"content")
    assert "Accept-Ranges" not in answer.headers


def test_a_large_multipart_reaches_a_slow_reader_whole(brilliant):
    size = 40 * MEBIBYTE
    content = content_of(size)
    server = start(brilliant, {"file.bin": content}, workers=1)
    step = size // 50
    ranges = [(i * step, i * step + step - 1000) for i in range(50)]
    with RawConnection(server, receive_buffer=64 * 1024) as connection:
        value = ",".join(f"{first}-{last}" for first, last in ranges)
        reply = connection.get("/file.bin", f"Range: bytes={value}\r\n")
        assert reply.status == 206
        for first, last in ranges:
            mark = f"Content-Range: bytes {first}-{last}/{size}\r\n\r\n".encode()
            begin = reply.body.index(mark) + len(mark)
            assert reply.body[begin:begin + last - first + 1] == content[first:last + 1]


# ---- real clients

@needs("curl")
def test_curl_asks_for_ranges(brilliant):
    content = content_of(100_000)
    server = start(brilliant, {"file.bin": content}, workers=1)
    url = f"http://127.0.0.1:{server.port}/file.bin"
    assert curl("-r", "10-19", url).stdout == content[10:20]
    assert curl("-r", "-10", url).stdout == content[-10:]
    assert curl("-r", "99990-", url).stdout == content[-10:]
    assert curl("-r", "0-9,500-509", url).stdout.count(b"Content-Range: bytes ") == 2


@needs("curl")
def test_curl_resumes_a_download_that_was_cut(brilliant):
    size = 64 * MEBIBYTE
    content = content_of(size)
    server = start(brilliant, {"file.bin": content}, workers=1)
    url = f"http://127.0.0.1:{server.port}/file.bin"
    target = brilliant.folder / "download"
    running = subprocess.Popen(["curl", "-q", "-sS", "--noproxy", "*", "--limit-rate", "8M", "-o", str(target), url])
    try:
        wait_until(lambda: target.exists() and target.stat().st_size > MEBIBYTE, "something to arrive")
    finally:
        running.kill()
        running.wait(TIMEOUT)
    assert MEBIBYTE < target.stat().st_size < size
    curl("-C", "-", "-o", target, url)
    assert target.read_bytes() == content
    wait_until(lambda: partial_answers(brilliant, "/file.bin") == 1, "the 206 in the log")


@needs("wget2")
def test_wget2_resumes_and_loads_in_chunks(brilliant):
    content = content_of(8 * MEBIBYTE)
    server = start(brilliant, {"file.bin": content}, workers=2)
    url = f"http://127.0.0.1:{server.port}/file.bin"

    def wget2(folder, *arguments):
        command = ["wget2", "--no-config", "--no-proxy", "-q", "--tries=1", "-P", str(brilliant.folder / folder), *arguments, url]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * TIMEOUT)
        assert result.returncode == 0, result.stderr.decode(errors="replace")
        assert (brilliant.folder / folder / "file.bin").read_bytes() == content
    brilliant.write({"resumed/file.bin": content[:3 * MEBIBYTE + 17]})
    wget2("resumed", "--continue")
    wait_until(lambda: partial_answers(brilliant, "/file.bin") == 1, "the 206 in the log")
    (brilliant.folder / "chunks").mkdir()  # with chunks, it makes no folders
    wget2("chunks", "--chunk-size=1M", "--max-threads=4")
    wait_until(lambda: partial_answers(brilliant, "/file.bin") == 1 + 8, "eight times 206 in the log")


@needs("aria2c")
def test_aria2_loads_over_16_connections_at_once(brilliant):
    size = 64 * MEBIBYTE
    content = content_of(size)
    server = start(brilliant, {"file.bin": content}, workers=2)
    command = ["aria2c", "--no-conf", "-q", "--all-proxy=", "-x16", "-s16", "-k1M", "--file-allocation=none", "-d",
               str(brilliant.folder), "-o", "download", f"http://127.0.0.1:{server.port}/file.bin"]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=4 * TIMEOUT)
    assert result.returncode == 0, result.stdout.decode(errors="replace")
    assert hashlib.sha256((brilliant.folder / "download").read_bytes()).digest() == hashlib.sha256(content).digest()
    wait_until(lambda: partial_answers(brilliant, "/file.bin") >= 15, "15 further connections in the log")


PLAYER = """<!doctype html>
<title>player</title>
<audio src="long.wav" preload="auto"></audio>
<script>
  const audio = document.querySelector("audio");
  const say = (what) => fetch("said-" + what + ".txt");
  audio.addEventListener("error", () => say("error"));
  audio.addEventListener("seeked", () => say("seeked-to-" + Math.round(audio.currentTime)));
  audio.addEventListener("loadedmetadata", () => { say("duration-" + Math.round(audio.duration)); audio.currentTime = 290; });
</script>
"""


def wave_head(seconds):
    """The head of a WAV file of 44,100 Hz, 16 bits and two channels."""
    rate = 44100 * 4
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + rate * seconds, b"WAVE", b"fmt ", 16, 1, 2, 44100, rate, 4, 16, b"data",
                       rate * seconds)


@needs("chromium")
def test_chromium_seeks_in_media(brilliant):
    seconds = 600
    server = start(brilliant, {"player.html": PLAYER})
    path = brilliant.folder / "www/long.wav"
    with open(path, "wb") as file:  # silence needs no blocks on the disk
        file.write(wave_head(seconds))
        file.truncate(44 + 44100 * 4 * seconds)
    path.chmod(0o644)
    log = brilliant.folder / "access.log"
    with open_browser(brilliant.folder, f"http://127.0.0.1:{server.port}/player.html"):
        # The two may come to different workers, whose logs are written at different times.
        said = (f"/said-duration-{seconds}.txt", "/said-seeked-to-290.txt")
        wait_until(lambda: all(words in log.read_text() for words in said), "the browser to have sought", BROWSER_TIMEOUT)
    assert "/said-error.txt" not in log.read_text()
    # The beginning, and what stands at the place that was sought.
    wait_until(lambda: partial_answers(brilliant, "/long.wav") >= 2, "206 for the middle of the file")
