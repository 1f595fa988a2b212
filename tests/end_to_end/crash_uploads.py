#!/usr/bin/python3
"""Kills workers while files are stored, and looks at what is left: every name stands for old or new content in full, and
nothing is left behind but at most one hidden file, which the next upload takes away. A sample runs in test_uploads.py;
alone:

    BRILLIANT_BINARY=build/release/brilliantserver tests/end_to_end/crash_uploads.py [ROUNDS]
"""

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import time

from brilliant import TIMEOUT, Factory, wait_until

CONFIG = """
access_log off
server { listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www; methods GET PUT; autoindex on; dotfiles on } }
"""
OLD = b"old content, whole\n" * 30_000
NEW = b"new content, whole\n" * 40_000
HIDDEN = ".upload-5265706c6163696e"  # of a file that is about to replace another
# Each with the number of the call from which on the worker is killed: the first, and later ones where there are several.
SYSTEM_CALLS = {"openat2": (1,), "openat": (1, 2), "newfstatat": (1, 2, 3), "fstatfs": (1,), "flock": (1,), "write": (1, 2, 3),
                "fallocate": (1,), "linkat": (1, 2), "renameat": (1,), "unlinkat": (1,), "recvfrom": (1, 2, 3), "close": (1, 2), "sendto": (1,)}


def put(server, target, body, method="PUT"):
    """The status, or None if the connection ended before it."""
    with contextlib.suppress(OSError, ConnectionError, ValueError):
        return server.request(method, target, body=body).status
    return None


def check(folder, complete):
    """What is in the folder, after a crash. `complete`: the answer said so."""
    for name in os.listdir(folder):
        if name in ("sub", ".keep"):
            continue
        path = folder / name
        content = path.read_bytes()
        assert content in (OLD, NEW), f"{name}: {len(content)} bytes"
        assert name in ("old.bin", "new.bin", HIDDEN), name
    assert not complete or NEW in [(folder / name).read_bytes() for name in ("old.bin", "new.bin") if (folder / name).exists()]


def prepare(folder):
    for name in ("old.bin", "new.bin"):
        (folder / name).unlink(missing_ok=True)
    old = folder / "old.bin"
    old.write_bytes(OLD)
    old.chmod(0o666)


def start(brilliant, workers):
    """A server of its own for each crash: workers that die young have successors only after a while."""
    folder = brilliant.folder / "www/in"
    folder.mkdir(parents=True, exist_ok=True)
    folder.parent.chmod(0o755)
    folder.chmod(0o777)
    server = brilliant.start(CONFIG, workers=workers)
    # What the last crash has left behind is taken away by the next file that is replaced.
    prepare(folder)
    assert put(server, "/in/old.bin", NEW) == 204
    assert os.listdir(folder) == ["old.bin"]
    prepare(folder)
    return server, folder


def crash_at_random(brilliant, rounds, seed=1):
    """Kills all workers at a random moment of an upload."""
    choice = random.Random(seed)
    for _ in range(rounds):
        server, folder = start(brilliant, workers=2)
        target = choice.choice(("/in/old.bin", "/in/new.bin"))
        killer = subprocess.Popen([sys.executable, "-c", "import os, signal, sys, time\ntime.sleep(float(sys.argv[1]))\n"
                                   "for pid in sys.argv[2:]:\n  os.kill(int(pid), signal.SIGKILL)", str(choice.random() * 0.01),
                                   *map(str, server.worker_pids())])
        status = None
        while killer.poll() is None:
            status = put(server, target, NEW)
        killer.wait(TIMEOUT)
        check(folder, status in (201, 204))
        server.stop()


def crash_at_system_calls(brilliant):
    """Kills the worker as it enters each of the system calls that an upload makes."""
    killed = 0
    for call, counts in SYSTEM_CALLS.items():
        for count in counts:
            server, folder = start(brilliant, workers=1)
            (pid,) = server.worker_pids()
            trace = attach(pid, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={count}")
            status = put(server, "/in/old.bin", NEW)
            killed += status is None
            check(folder, status in (201, 204))
            trace.kill()
            trace.wait(TIMEOUT)
            server.stop()
    assert killed >= len(SYSTEM_CALLS), "strace kills too little"


def attach(pid, *expressions):
    """strace for a worker, at work when this returns."""
    trace = subprocess.Popen(["strace", "-f", "-qq", "-p", str(pid), "-o", "/dev/null", *expressions], stderr=subprocess.DEVNULL)
    wait_until(lambda: traced(pid), "strace")
    return trace


def crash_without_unnamed_files(brilliant):
    """Where files can't be without a name (the first openat of a thread asks for one), what a killed worker leaves is never
    seen, and goes with the next upload."""
    no_unnamed = ("-e", "trace=openat,write", "-e", "inject=openat:error=EOPNOTSUPP:when=1")
    server, folder = start(brilliant, workers=1)
    (killed,) = server.worker_pids()
    trace = attach(killed, *no_unnamed, "-e", "inject=write:signal=KILL:when=1")
    assert put(server, "/in/old.bin", NEW) is None
    trace.wait(TIMEOUT)
    (hidden,) = set(os.listdir(folder)) - {"old.bin"}
    assert re.fullmatch(r"\.upload-[0-9a-f]{16}", hidden)
    assert (folder / "old.bin").read_bytes() == OLD
    assert server.get(f"/in/{hidden}").status == 404
    assert b"old.bin" in server.get("/in/").body and b"upload-" not in server.get("/in/?format=json").body
    (successor,) = wait_until(lambda: [pid for pid in server.worker_pids() if pid != killed], "a successor")
    trace = attach(successor, *no_unnamed)
    assert put(server, "/in/new.bin", NEW) == 201
    trace.kill()
    trace.wait(TIMEOUT)
    assert sorted(os.listdir(folder)) == ["new.bin", "old.bin"]
    assert (folder / "new.bin").read_bytes() == NEW
    server.stop()


def traced(pid):
    """Whether all threads of a process are traced."""
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as status:
                if "TracerPid:\t0\n" in status.read():
                    return False
        return True
    return False


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    factory = Factory()
    try:
        began = time.monotonic()
        crash_at_random(factory, rounds, seed=int(time.time()))
        print(f"{rounds} crashes in {time.monotonic() - began:.0f} s: nothing lost, nothing in part")
    finally:
        factory.close()


if __name__ == "__main__":
    main()
