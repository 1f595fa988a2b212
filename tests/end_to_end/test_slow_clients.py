"""slowhttptest, in each of its modes: while some hundred slow clients hold on to the server, everybody else is served; and
when their time is over, nothing of them is left."""

import pathlib
import re
import subprocess

import pytest

from brilliant import TIMEOUT, wait_until
from clients import RawConnection, descriptors_of, is_sanitized, linux_only, needs

CONNECTIONS = 300
SITE = """
error_log error.log
access_log access.log
client_header_timeout 2s
client_body_timeout 2s
send_timeout 2s
client_rate_min 1k
lingering_timeout 1s
lingering_time 2s
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www }
  location /upload { root @FOLDER@/www; methods GET POST; upload_path /; body_max 1g }
}
"""
LARGE = 32 * 1024 * 1024

# How each mode attacks, with data every second: for the server, that is before its time-outs.
MODES = {
    "heads": ["-H", "-i", "1", "-x", "8", "-t", "GET"],
    "content": ["-B", "-i", "1", "-x", "8", "-s", "100000", "-t", "POST"],
    "ranges": ["-R", "-a", "1", "-b", "3000", "-t", "GET"],
    "reading": ["-X", "-n", "1", "-w", "256", "-y", "1024", "-z", "16", "-k", "3"],
}
TARGETS = {"heads": "/", "content": "/upload/x", "ranges": "/large.bin", "reading": "/large.bin"}


def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def client_sockets(pid):
    """The sockets of a worker, its listener and channel among them."""
    return sum(link.startswith("socket:") for link in descriptors_of(pid).values())


@needs("slowhttptest")
@linux_only
@pytest.mark.parametrize("mode", MODES)
def test_slow_clients_keep_nobody_out_and_leave_nothing_behind(brilliant, mode):
    server = brilliant.start(SITE, files={"www/index.html": "start\n"}, error_log="error.log", workers=1)
    with open(brilliant.folder / "www/large.bin", "wb") as file:
        file.truncate(LARGE)
    (brilliant.folder / "www/large.bin").chmod(0o644)
    worker = server.ready_pids()[0]
    assert server.get("/").body == b"start\n"
    quiet = wait_until(lambda: client_sockets(worker) <= 3 and client_sockets(worker), "quiet")
    memory_before = memory_peak = resident_kib(worker)
    command = ["slowhttptest", "-c", str(CONNECTIONS), "-r", str(CONNECTIONS), "-l", "6", "-v", "1", "-p", "5", *MODES[mode],
               "-u", f"http://127.0.0.1:{server.port}{TARGETS[mode]}"]
    attack = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=brilliant.folder)
    most = probes = 0
    try:
        with RawConnection(server) as regular:
            while attack.poll() is None:
                most = max(most, client_sockets(worker))
                memory_peak = max(memory_peak, resident_kib(worker))
                assert regular.get("/").body == b"start\n"  # somebody who was there before
                assert server.get("/").body == b"start\n"   # and somebody who comes now
                probes += 1
                try:
                    attack.wait(0.05)
                except subprocess.TimeoutExpired:
                    pass
    finally:
        if attack.poll() is None:
            attack.kill()
        attack.wait(TIMEOUT)
    # Those who get their answer at once, or a refusal, leave by themselves.
    answered = (brilliant.folder / "access.log").read_text().count("TESTING_PURPOSES_ONLY")
    assert probes > 0 and (most > quiet + 50 or answered > 50), "there was no attack"
    wait_until(lambda: client_sockets(worker) <= quiet, "the end of the attacker's connections")
    assert server.get("/").body == b"start\n"
    assert server.worker_pids() == [worker]
    if not is_sanitized():
        # A head of head_bytes_max each, and what belongs to it; nothing grows with what the clients send or don't read.
        # The server keeps 256 such buffers for the next clients.
        assert memory_peak - memory_before < CONNECTIONS * 64 + 4096, (memory_before, memory_peak)
        wait_until(lambda: resident_kib(worker) - memory_before < min(CONNECTIONS, 256) * 64 + 4096, "the memory to be given back")
