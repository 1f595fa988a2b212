"""The server does not die: crashes, reloads and shortages while clients are at work."""

import os
import resource
import signal
import socket
import struct

import pytest

from brilliant import TIMEOUT, is_alive, wait_until
from clients import Crowd, FetchLoop, RawConnection, cpu_seconds, descriptors_of, is_sanitized, linux_only, worker_of

SITE = """
error_log error.log
access_log off
drain_idle 60s
worker_shutdown_timeout 5m
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www }
}
"""
TEXT = b"0123456789abcdef" * 4096
FILES = {"www/index.html": "start\n", "www/page.txt": TEXT, "www/large.bin": TEXT * 8}


def start(brilliant, config=SITE, **options):
    return brilliant.start(config, files=FILES, error_log="error.log", **options)


def right_page(reply):
    return reply.status == 200 and reply.body == TEXT


# ---- crashes

@linux_only
def test_a_crash_is_noticed_by_the_clients_of_that_worker_only(brilliant):
    server = start(brilliant, environment={"ASAN_OPTIONS": "handle_segv=0"})
    loops = [FetchLoop(server, "/page.txt", right_page) for _ in range(20)]
    owners = [wait_until(lambda loop=loop: worker_of(server, loop.connection.socket), "an owner") for loop in loops]
    victim = server.ready_pids()[0]
    assert len(set(owners)) == 2  # 2^-19 that all are one worker's
    with Crowd(loops) as crowd:
        crowd.wait_more(5)
        os.kill(victim, signal.SIGSEGV)
        server.wait_log(rf"worker ended slot=0 pid={victim} generation=1 signal=SIGSEGV")
        server.wait_log(r"worker ready slot=0", 2)
        crowd.wait_more(20)
        for loop, owner in zip(loops, owners):
            assert len(loop.failures) == (1 if owner == victim else 0), (owner == victim, loop.failures)
        # From now on nobody fails at all.
        before = crowd.failures()
        crowd.wait_more(20)
        assert crowd.failures() == before


@linux_only
def test_new_clients_survive_crash_after_crash(brilliant):
    """Each fetch has a connection of its own; a crash costs those that were under way, at most one per client."""
    server = start(brilliant)
    loops = [FetchLoop(server, "/page.txt", right_page, persistent=False) for _ in range(8)]
    crashes = 5
    with Crowd(loops) as crowd:
        for crash in range(crashes):
            crowd.wait_more(5)
            slot = crash % 2
            ready = len(server.wait_log(rf"worker ready slot={slot}"))
            os.kill(server.ready_pids()[slot], signal.SIGKILL)
            server.wait_log(rf"worker ready slot={slot}", ready + 1)
        crowd.wait_more(5)
        for loop in loops:
            assert len(loop.failures) <= crashes, loop.failures
            assert not any("wrong answer" in failure or "Refused" in failure for failure in loop.failures), loop.failures
    assert server.process.poll() is None


# ---- reloads

def test_reloads_cost_no_client_anything(brilliant):
    server = start(brilliant)
    loops = [FetchLoop(server, target, lambda reply: reply.status == 200 and len(reply.body) in (len(TEXT), 8 * len(TEXT)), persistent)
             for target in ("/page.txt", "/large.bin") for persistent in (True, False, True)]
    with Crowd(loops) as crowd:
        for generation in range(2, 6):
            crowd.wait_more(5)
            server.send_signal(signal.SIGHUP)
            server.wait_log(rf"reloaded generation={generation} ")
        crowd.wait_more(5)
        assert crowd.failures() == []
    # Nobody holds on to an old worker, so all of them end.
    wait_until(lambda: len(server.worker_pids()) == 2, "the end of the old workers")


def test_a_reload_changes_what_is_served_and_never_mixes(brilliant):
    brilliant.write({"other/page.txt": TEXT.upper()})
    server = start(brilliant)
    with Crowd([FetchLoop(server, "/page.txt", lambda reply: reply.body in (TEXT, TEXT.upper()))]) as crowd:
        for generation in range(2, 6):
            folder = "/other" if generation % 2 == 0 else "/www"
            brilliant.reconfigure(server, SITE.replace("/www", folder))
            crowd.wait_more(3)
            server.send_signal(signal.SIGHUP)
            server.wait_log(rf"reloaded generation={generation} ")
            expected = TEXT.upper() if folder == "/other" else TEXT
            # The old workers have been told to accept no more; until they know, they may take one or the other client.
            wait_until(lambda: server.get("/page.txt").body == expected, "the new configuration to answer")
        assert crowd.failures() == []


def test_a_reload_finishes_a_running_download(brilliant):
    server = start(brilliant, workers=1)
    size = 40 * 1024 * 1024
    with open(brilliant.folder / "www/huge.bin", "wb") as file:
        file.truncate(size)
    (brilliant.folder / "www/huge.bin").chmod(0o644)
    old = server.ready_pids()[0]
    with RawConnection(server, receive_buffer=64 * 1024) as connection:
        connection.send(b"GET /huge.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.read_head()
        server.send_signal(signal.SIGHUP)
        server.wait_log("reloaded generation=2")
        assert is_alive(old)
        assert connection.file.read(size) == bytes(size)
        # Promised before the reload: the connection goes on, until the next answer says that it ends.
        reply = connection.get("/index.html")
        assert (reply.body, reply.persists) == (b"start\n", False)
        assert connection.ended()
    wait_until(lambda: not is_alive(old), "the end of the old worker")
    assert server.get("/").body == b"start\n"


# ---- shortages

def limit_descriptors(count):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def open_many(server, count, data):
    connections = []
    for _ in range(count):
        connection = RawConnection(server)
        connection.send(data)
        connections.append(connection)
    return connections


@linux_only
def test_more_clients_than_descriptors(brilliant):
    """200 clients that are all in the middle of something, where 64 descriptors are allowed."""
    config = SITE.replace("access_log off", "access_log off\nclient_header_timeout 3s")
    server = start(brilliant, config, workers=1, preexec_fn=limit_descriptors(64))
    worker = server.ready_pids()[0]
    connections = open_many(server, 200, b"GET /page.txt HTTP/1.1\r\nHost: x\r\n")
    server.wait_log(r"warn: connections wait listener=127\.0\.0\.1:\d+ .*remedy=")
    # Between two events, about three seconds apart, nothing can be done: and it is not done in circles.
    before = cpu_seconds(worker)
    first = connections[0].read()
    used = cpu_seconds(worker) - before
    assert first.status == 408
    assert used < 1.0, f"{used} s of processor time while waiting"
    assert is_alive(worker)
    assert len(descriptors_of(worker)) < 64
    for connection in connections:
        connection.close()
    assert server.get("/page.txt").body == TEXT
    wait_until(lambda: len([1 for link in descriptors_of(worker).values() if link.startswith("socket:")]) <= 3,
               "the sockets to be closed")
    for _ in range(50):
        assert server.get("/page.txt").body == TEXT
    assert server.worker_pids() == [worker]


@linux_only
def test_idle_clients_make_room_for_those_who_want_something(brilliant):
    server = start(brilliant, workers=1, preexec_fn=limit_descriptors(64))
    worker = server.ready_pids()[0]
    idle = []
    for _ in range(200):
        idle.append(RawConnection(server))
        assert idle[-1].get("/index.html").body == b"start\n"
    assert server.get("/page.txt").body == TEXT
    # The oldest ones had to go, without a word.
    assert idle[0].ended()
    assert idle[-1].get("/index.html").body == b"start\n"
    assert server.worker_pids() == [worker]
    for connection in idle:
        connection.close()


@linux_only
def test_so_many_different_files_that_descriptors_run_out(brilliant):
    server = start(brilliant, workers=1, preexec_fn=limit_descriptors(64))
    brilliant.write({f"www/{number}.bin": TEXT + b"%d" % number * 10 for number in range(150)})
    with RawConnection(server) as connection:
        for _ in range(2):
            for number in range(150):
                reply = connection.get(f"/{number}.bin")
                assert (number, reply.status, reply.body) == (number, 200, TEXT + b"%d" % number * 10)
    # What was kept open for later requests does not stand in the way of new clients.
    connections = []
    for _ in range(15):
        connections.append(RawConnection(server))
        assert connections[-1].get("/index.html").body == b"start\n"
    for number, connection in enumerate(connections):
        reply = connection.get(f"/{number}.bin")
        assert (number, reply.status, reply.body) == (number, 200, TEXT + b"%d" % number * 10)
        connection.close()
    assert server.worker_pids() == list(server.ready_pids().values())


@linux_only
@pytest.mark.skipif(is_sanitized(), reason="the sanitizers need descriptors themselves, and report faults that are none")
def test_descriptors_taken_away_from_a_running_worker(brilliant):
    """accept() itself fails with EMFILE, and so does every open()."""
    # A worker of our own user, because only that one's limits may be changed.
    server = start(brilliant, ("user root\n" if os.geteuid() == 0 else "") + SITE, workers=1)
    worker = server.ready_pids()[0]
    with RawConnection(server) as connection:
        assert connection.get("/index.html").status == 200
        soft, hard = resource.prlimit(worker, resource.RLIMIT_NOFILE)
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (3, hard))
        connection.send(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.read().status == 503
        server.wait_log(r"error: file not opened .*path=large.bin .*errno=24")
        with RawConnection(server) as waiting:
            waiting.send(b"GET /page.txt HTTP/1.1\r\nHost: x\r\n\r\n")
            server.wait_log(r"warn: connections wait .*errno=24")
            resource.prlimit(worker, resource.RLIMIT_NOFILE, (soft, hard))
            assert waiting.read().body == TEXT
    assert server.get("/large.bin").body == TEXT * 8
    assert server.worker_pids() == [worker]


def test_two_thousand_idle_connections_and_one_client(brilliant):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 8192:
        pytest.skip("too few descriptors are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 8192), hard))
    try:
        server = start(brilliant)
        idle = []
        try:
            for number in range(2000):
                idle.append(RawConnection(server))
                if number % 2:
                    idle[-1].send(b"GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n")
            for connection in idle[1::2]:
                assert connection.read().body == b"start\n"
            with RawConnection(server) as connection:
                for _ in range(100):
                    assert connection.get("/page.txt").body == TEXT
            # None of them was given up.
            for connection in idle:
                assert connection.get("/index.html").body == b"start\n"
        finally:
            for connection in idle:
                connection.close()
        assert len(server.worker_pids()) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_limit_of_connections_is_kept(brilliant):
    server = start(brilliant, SITE.replace("access_log off", "access_log off\nworker_connections 5"), workers=1)
    busy = open_many(server, 5, b"GET / HTTP/1.1\r\n")
    waiting = RawConnection(server)
    waiting.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    server.wait_log(r"warn: connections wait .*limit=5 reason=worker_connections")
    busy[0].close()
    assert waiting.read().body == b"start\n"
    for connection in [waiting, *busy[1:]]:
        connection.close()


# ---- bad company

def test_garbage_of_every_kind_ends_no_worker(brilliant):
    server = start(brilliant)
    workers = server.worker_pids()
    samples = [b"\x00" * 70_000, b"\xff" * 70_000, b"\r\n" * 50_000, b"GET " + b"/" * 100_000, b"A" * 100_000, os.urandom(70_000),
               b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000,
               b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 1000,
               b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
               b"GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=" + b"0-," * 9000 + b"0-\r\n\r\n"]
    for sample in samples:
        for cut in (len(sample), len(sample) // 2, 1):
            with RawConnection(server) as connection:
                try:
                    connection.send(sample[:cut])
                    connection.socket.shutdown(socket.SHUT_WR)
                    connection.file.read()
                except (ConnectionResetError, BrokenPipeError):
                    pass  # whoever goes on sending after the end is reset: its business
    assert server.get("/page.txt").body == TEXT
    assert server.worker_pids() == workers


def test_clients_that_reset_their_connections(brilliant):
    server = start(brilliant)
    workers = server.worker_pids()
    for number in range(300):
        connection = RawConnection(server)
        connection.send((b"", b"GET /", b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n" * 10)[number % 3])
        # A reset instead of an orderly end.
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    assert server.get("/page.txt", timeout=TIMEOUT).body == TEXT
    assert server.worker_pids() == workers
