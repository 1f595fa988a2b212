"""Both logs: their forms, what clients can't do to them, and disks that are full."""

import contextlib
import json
import os
import re
import resource
import signal
import subprocess

import pytest

from brilliant import BINARY, TIMEOUT, clean_environment, is_alive, wait_until
from clients import RawConnection, curl, needs, root_only

SITE = """
error_log error.log debug
access_log access.log @FORMAT@
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www }
}
"""
FILES = {"www/index.html": "start\n", "www/a.txt": "0123456789"}
COMBINED = re.compile(r'(?P<client>[^\s"\\]+) - (?P<user>[^\s"\\]+) \[(?P<time>\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000)\] '
                      r'"(?P<request>(?:[^"\\]|\\x[0-9a-fA-F]{2})*)" (?P<status>\d{3}) (?P<bytes>\d+) '
                      r'"(?P<referer>(?:[^"\\]|\\x[0-9a-fA-F]{2})*)" "(?P<agent>(?:[^"\\]|\\x[0-9a-fA-F]{2})*)"')


def start(brilliant, log_format, config=SITE, **options):
    return brilliant.start(config.replace("@FORMAT@", log_format), files=FILES, error_log="error.log", **options)


def lines_after_stop(brilliant, server):
    """The access log, complete: what was buffered is written before the server ends."""
    assert server.stop(signal.SIGQUIT) == 0
    text = (brilliant.folder / "access.log").read_bytes()
    assert text.endswith(b"\n")
    return text.decode().split("\n")[:-1]  # at the line ends, and at nothing else that some take for one


# ---- their forms

@needs("curl")
def test_combined_lines(brilliant):
    server = start(brilliant, "combined", workers=1)
    base = f"http://127.0.0.1:{server.port}"
    curl("-A", "agent/1.0", "-e", "http://from.example/", base + "/a.txt")
    curl("-A", "", "-I", base + "/a.txt?q=%20")
    curl("-X", "DELETE", base + "/nothing")
    lines = [COMBINED.fullmatch(line) for line in lines_after_stop(brilliant, server)]
    assert [(line["client"], line["user"], line["request"], line["status"]) for line in lines] == [
        ("127.0.0.1", "-", "GET /a.txt HTTP/1.1", "200"), ("127.0.0.1", "-", "HEAD /a.txt?q=%20 HTTP/1.1", "200"),
        ("127.0.0.1", "-", "DELETE /nothing HTTP/1.1", "405")]
    assert (lines[0]["bytes"], lines[0]["referer"], lines[0]["agent"]) == ("10", "http://from.example/", "agent/1.0")
    assert (lines[1]["bytes"], lines[1]["referer"], lines[1]["agent"]) == ("0", "-", "-")
    assert int(lines[2]["bytes"]) > 100 and lines[2]["agent"].startswith("curl/")


def test_json_lines(brilliant):
    server = start(brilliant, "json", workers=1)
    with RawConnection(server) as connection:
        connection.get("/a.txt", 'User-Agent: a "b" \\ c\r\nReferer: r\r\n')
        connection.get("/nothing")
    server.exchange(b"nonsense\r\n\r\n")
    first, second, third = map(json.loads, lines_after_stop(brilliant, server))
    assert (first["client"], first["user"], first["host"], first["method"], first["target"], first["protocol"], first["status"],
            first["bytes"], first["referer"], first["user_agent"]) == (
                "127.0.0.1", "", "test", "GET", "/a.txt", "HTTP/1.1", 200, 10, "r", 'a "b" \\ c')
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", first["time"])
    assert first["duration_ms"] >= 0
    assert (second["connection"], second["request"], second["status"]) == (first["connection"], first["request"] + 1, 404)
    assert third["connection"] != first["connection"]
    assert (third["request_line"], third["status"]) == ("nonsense", 400)


def test_the_bytes_are_those_that_were_sent(brilliant):
    server = start(brilliant, "json", workers=1)
    with open(brilliant.folder / "www/large.bin", "wb") as file:
        file.truncate(100 * 1024 * 1024)
    (brilliant.folder / "www/large.bin").chmod(0o644)
    with RawConnection(server, receive_buffer=16 * 1024) as connection:
        connection.send(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.read_head()
    access = brilliant.folder / "access.log"
    line = json.loads(wait_until(access.read_text, "the line"))
    assert line["status"] == 200
    assert 0 < line["bytes"] < 100 * 1024 * 1024


# ---- what clients can't do

ATTACKS = [
    b"GET /x%0a127.0.0.1%20-%20forged HTTP/1.1\r\nHost: x\r\n",
    b'GET /"%20200%201%20"-"%20"forged HTTP/1.1\r\nHost: x\r\n',
    b'GET /a.txt HTTP/1.1\r\nHost: x\r\nUser-Agent: " 200 1 "-" "forged\r\n',
    b'GET /a.txt HTTP/1.1\r\nHost: x\r\nReferer: forged" "agent"\r\n',
    b"GET /a.txt HTTP/1.1\r\nHost: x\r\nUser-Agent: \\\" \\x22 \\u0022 \\n\r\n",
    b"GET /a.txt HTTP/1.1\r\nHost: x\r\nUser-Agent: \x1b[2J\x1b]0;forged\x07\r\n",
    b"GET /a.txt HTTP/1.1\r\nHost: x\r\nUser-Agent: \xc2\x9b2J \xc2\x85 \x9b\r\n",                       # C1 controls
    "GET /a.txt HTTP/1.1\r\nHost: x\r\nUser-Agent: \u202egnp.exe \u2028 \u2066 \u200f\r\n".encode(),      # directions, lines
    b"GET /a.txt HTTP/1.1\r\nHost: x\r\nUser-Agent: \xff\xfe \xc0\x80 \xed\xa0\x80 \xf4\x90\x80\x80\r\n",  # no UTF-8
    "GET /a.txt HTTP/1.1\r\nHost: x\r\nUser-Agent: Grüße 日本 🌞\r\n".encode(),
    b"GET /a.txt HTTP/1.1\r\nHost: x\r\nUser-Agent: \t\t\r\n",
    b"GET /a.txt HTTP/1.1\r\nHost: x\r\nUser-Agent: " + b"\xff" * 4000 + b"\r\n",
    b"GET /" + b"%22" * 2000 + b" HTTP/1.1\r\nHost: x\r\n",
    b"GET /" + b"\"" * 5000 + b" HTTP/1.1\r\nHost: x\r\n",
    b"\x1b[31mGET / HTTP/1.1\r\nHost: x\r\n",
    b'"forged" \\ \x00\x01\x7f\x80\xff\r\nHost: x\r\n',
    b"GET / HTTP/1.1\nforged line\r\n",
    b"GET / HTTP/1.1\rforged line\r\n",
    b"G\xe2\x80\xaeT / HTTP/1.1\r\nHost: x\r\n",
]
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@pytest.mark.parametrize("log_format", ["combined", "json"])
def test_no_client_forges_a_line_or_moves_a_terminal(brilliant, log_format):
    server = start(brilliant, log_format, workers=1)
    for attack in ATTACKS:
        with RawConnection(server) as connection:
            connection.send(attack + b"Connection: close\r\n\r\n")
            assert connection.file.read().startswith(b"HTTP/1.1 ")
    lines = lines_after_stop(brilliant, server)  # which are UTF-8
    assert len(lines) == len(ATTACKS)
    for attack, line in zip(ATTACKS, lines):
        assert not UNSAFE.search(line), (attack, line)
        if log_format == "json":
            record = json.loads(line)
            assert "forged" not in record
            assert 100 < record["status"] < 600
        else:
            assert COMBINED.fullmatch(line), (attack, line)
    for line in server.log().splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|notice|warn|error): ", line), line
        assert not UNSAFE.search(line)
    if log_format == "json":
        assert json.loads(lines[9])["user_agent"] == "Grüße 日本 🌞"
    else:
        assert '"Grüße 日本 🌞"' in lines[9]


def test_a_file_name_cannot_forge_a_line_of_the_error_log(brilliant):
    server = start(brilliant, "combined", workers=1)
    name = 'x" errno=0 \u202e\u009b'
    (brilliant.folder / "www" / name).symlink_to("/etc/hostname")
    assert server.get("/x%22%20errno=0%20%E2%80%AE%C2%9B").status == 403
    server.wait_log(r"warn: file refused")
    assert not UNSAFE.search(server.log().replace("\n", ""))


def test_what_repeats_is_counted_not_written(brilliant):
    server = start(brilliant, "combined", workers=1)
    (brilliant.folder / "www/leak").symlink_to("/etc/hostname")
    with RawConnection(server) as connection:
        for _ in range(500):
            assert connection.get("/leak").status == 403
    server.wait_log(r"suppressed", timeout=2 * TIMEOUT)
    assert len(re.findall("file refused", server.log())) < 100


# ---- logs that can't be written

def many(server, count=200):
    """So many requests over one connection to a server, or to a port."""
    with RawConnection(port=server if isinstance(server, int) else server.port) as connection:
        for _ in range(count):
            assert connection.get("/a.txt").body == b"0123456789"


full_device = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")


@full_device
def test_an_access_log_on_a_full_disk_is_reported_and_holds_nothing_up(brilliant):
    server = start(brilliant, "combined", SITE.replace("access.log", "/dev/full"))
    many(server)
    server.wait_log(r'error: writing fails, .*log="access log".*No space left on device')
    many(server, 3000)
    assert sorted(server.worker_pids()) == sorted(server.ready_pids().values())
    assert server.stop(signal.SIGQUIT) == 0


@full_device
def test_an_error_log_on_a_full_disk_holds_nothing_up(brilliant):
    config = SITE.replace("error.log debug", "/dev/full debug")
    brilliant.write(FILES)
    server = brilliant.start(config.replace("@FORMAT@", "combined"), wait=False, workers=2)
    server.log_path = brilliant.folder / "nothing"
    wait_until(lambda: answers(server), "an answer")
    for _ in range(50):
        server.exchange(b"nonsense\r\n\r\n")
    many(server, 1000)
    workers = server.worker_pids()
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    wait_until(lambda: len(server.worker_pids()) == 2 and workers[0] not in server.worker_pids(), "the successor")
    many(server, 10)
    server.send_signal(signal.SIGUSR1)
    many(server, 10)
    assert server.stop(signal.SIGQUIT) == 0


def answers(server):
    try:
        return server.get("/").status == 200
    except ConnectionRefusedError:
        return False


@contextlib.contextmanager
def small_disk(folder, size="256k"):
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"can't mount here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True, timeout=TIMEOUT)


@root_only
def test_a_disk_that_is_full_for_a_while(brilliant):
    """Both logs on one small disk: nobody waits, whole lines only, and afterwards the log says what is missing."""
    with small_disk(brilliant.folder / "disk") as disk:
        config = SITE.replace("error.log debug", "disk/error.log").replace("access.log", "disk/access.log")
        server = brilliant.start(config.replace("@FORMAT@", "json"), files=FILES, error_log="disk/error.log", workers=1)
        access = disk / "access.log"
        filler = disk / "filler"
        with open(filler, "wb", buffering=0) as file:
            with contextlib.suppress(OSError):
                while file.write(bytes(1024)):
                    pass
        # Far more than the memory that lines may wait in.
        long_target = "/" + "x" * 2000
        with RawConnection(server) as connection:
            for _ in range(6000):
                connection.send(f"GET {long_target} HTTP/1.1\r\nHost: test\r\nReferer: {'r' * 500}\r\n\r\n".encode())
                assert connection.read().status == 414
        filler.unlink()
        # The disk is as small as before, so what waits is still too much for it: rotation, as an operator would do it.
        access.unlink()
        server.send_signal(signal.SIGUSR1)
        server.wait_log("log files reopened")
        server.wait_log(r'warn: lines were dropped: log="access log" count=\d+')
        assert server.ready_pids()[0] in server.worker_pids()
        last = "/the-last-one"

        def is_written():
            server.get(last)
            return last in access.read_text()
        wait_until(is_written, "a line in the new file")
        for line in access.read_text().splitlines():
            json.loads(line)
        assert server.stop(signal.SIGQUIT) == 0


def test_a_limit_of_file_sizes_is_a_full_disk_and_no_death(brilliant):
    """RLIMIT_FSIZE (ulimit -f, LimitFSIZE): the kernel also sends SIGXFSZ, whose default is the end of the process."""
    limit = 64 * 1024
    server = start(brilliant, "combined", workers=1,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    worker = server.ready_pids()[0]
    many(server, 2000)
    server.wait_log(r'error: writing fails, .*log="access log".*File too large')
    many(server, 10)
    assert is_alive(worker)
    assert server.worker_pids() == [worker]
    size = (brilliant.folder / "access.log").stat().st_size
    assert 0 < size <= limit


def test_an_error_log_at_the_limit_of_file_sizes_does_not_end_the_server(brilliant):
    limit = 64 * 1024
    brilliant.write(FILES | {"error.log": b"x" * (limit - 1) + b"\n"})
    server = brilliant.start(SITE.replace("@FORMAT@", "combined"), wait=False,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    wait_until(lambda: server.process.poll() is not None or answers(server), "an answer")
    assert server.process.poll() is None, f"ended with {server.process.returncode}"
    wait_until(lambda: len(server.worker_pids()) == 2, "two workers")
    victim = server.worker_pids()[0]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(server.worker_pids()) == 2 and victim not in server.worker_pids(), "the successor")
    for _ in range(20):
        assert server.get("/").status == 200
    assert server.stop(signal.SIGQUIT) == 0
    assert (brilliant.folder / "error.log").stat().st_size == limit


def test_an_access_log_into_a_pipe_that_nobody_reads(brilliant):
    """Lines wait, then they are dropped; requests never wait."""
    os.mkfifo(brilliant.folder / "access.log")
    reader = os.open(brilliant.folder / "access.log", os.O_RDONLY | os.O_NONBLOCK)
    try:
        server = start(brilliant, "combined", workers=1)
        many(server, 20_000)
        assert server.get("/").status == 200
        assert server.stop(signal.SIGQUIT) == 0
    finally:
        os.close(reader)


def test_an_access_log_into_a_pipe_whose_reader_is_gone(brilliant):
    brilliant.write(FILES)
    ports = []
    text = brilliant.expand(SITE.replace("access.log @FORMAT@", "stdout"), ports)
    (brilliant.folder / "site.conf").write_text(text)
    reader, writer = os.pipe()
    process = subprocess.Popen([BINARY, brilliant.folder / "site.conf", "--workers", "1"], env=clean_environment(),
                               stdin=subprocess.DEVNULL, stdout=writer)
    try:
        os.close(writer)
        log = brilliant.folder / "error.log"
        wait_until(lambda: log.exists() and "worker ready" in log.read_text(), "a ready worker")
        many(ports[0], 10)
        os.close(reader)
        many(ports[0], 1000)
        wait_until(lambda: re.search(r'error: writing fails, .*log="access log".*Broken pipe', log.read_text()), "the report")
        many(ports[0], 10)
        assert log.read_text().count("worker ready") == 1
    finally:
        process.terminate()
        assert process.wait(TIMEOUT) == 0
