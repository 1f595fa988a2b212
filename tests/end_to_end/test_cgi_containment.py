"""What programs may do to the server and its neighbours: nothing. And what becomes of them when processes of the server end
or the configuration changes."""

import os
import pathlib
import pwd
import re
import resource
import signal
import socket
import struct
import subprocess
import time

import pytest

from brilliant import children_of, is_alive, wait_until
from clients import RawConnection, is_sanitized, linux_only, root_only
from test_cgi import HEAD, expect_gone, is_spawner_of, start, start_staying

# Forks as fast as it can and ignores every request to end. Most of its processes leave their session.
BOMB = """#!/usr/bin/python3 -IS
import os, signal
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
print("Content-Type: text/plain\\n", flush=True)
print(os.getpid(), flush=True)
while True:
    try:
        if os.fork() == 0:
            os.setsid()
    except OSError:
        pass
"""
STUBBORN = "sh -c 'trap \"\" TERM INT HUP; echo $$; while :; do sleep 1000; done'"
# What a program may do so as not to end with its request. Each says a process id first, once it is at it.
MISDEEDS = {
    "forks twice": HEAD + "(sh -c 'echo $$; exec sleep 1000' &) &\nexec sleep 1000\n",
    "leaves its session": HEAD + "setsid sh -c 'echo $$; exec sleep 1000' &\nexec sleep 1000\n",
    "ignores TERM": HEAD + f"exec {STUBBORN}\n",
    "does all three": HEAD + f"(setsid {STUBBORN} &) &\nexec {STUBBORN} >/dev/null\n",
    "forks without end": BOMB,
    "floods its output": HEAD + "echo $$\nexec yes\n",
    "floods its errors": HEAD + "echo $$\nexec yes >&2\n",
    "never reads": HEAD + "echo $$\nexec sleep 1000 3<&0\n",
    "never ends": HEAD + "echo $$\nexec sleep 1000\n",
}
# The same with an answer that ends by itself.
MISDEEDS_AFTERWARDS = {
    "closes its output": HEAD + "exec >&- 2>&-\nexec sleep 1000\n",
    "says more than its length": "#!/bin/sh\nprintf 'Content-Type: a/b\nContent-Length: 6\n\n'\nexec yes\n",
    "leaves something behind": HEAD + f"setsid {STUBBORN} </dev/null >/dev/null 2>&1 &\n",
    "floods what nobody wants": "#!/bin/sh\nprintf 'Location: http://example.com/\n\n'\nexec yes\n",
    "floods its errors after its answer": HEAD + "exec >&-\nexec yes >&2\n",
}
NEIGHBOUR = HEAD + "echo neighbour\n"


def spawner_of(server):
    return next(int(pid) for pid in os.listdir("/proc") if pid.isdigit() and is_spawner_of(server.pid, pid))


def left_of(server, script):
    """The processes that this script has started, and itself: what they inherit from it tells them apart."""
    mark = f"\0SCRIPT_FILENAME={server.folder}/www/{script}\0".encode()
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        if mark in b"\0" + environment and is_alive(pid):
            found.append(int(pid))
    return found


def expect_none_left_in_time(server, script):
    """docs/cgi.md: SIGTERM, half a second later SIGKILL. Two seconds after a request nothing may be left of its program.

    Two seconds by the clock; but of the time between two looks, only so much counts as a machine with time for its processes
    takes. What is above is time in which this process was kept waiting, as the server may have been.
    """
    counted, last = 0.0, time.monotonic()
    while left := left_of(server, script):
        assert counted < 2.0, f"still there: {left}"
        time.sleep(0.01)
        now = time.monotonic()
        counted += min(now - last, 0.05)
        last = now


def reset(connection):
    """The client goes without a word."""
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.file.close()
    connection.socket.close()


def processes_of(user):
    uid = pwd.getpwnam(user).pw_uid
    count = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            count += os.stat(f"/proc/{pid}").st_uid == uid
        except OSError:
            pass
    return count


def limit(pid, kind, soft):
    """Sets a soft limit of a process, as its own user: root may not do it everywhere. The one before."""
    code = ("import resource, sys\npid, kind, soft = map(int, sys.argv[1:])\nold, hard = resource.prlimit(pid, kind)\n"
            "resource.prlimit(pid, kind, (soft, hard))\nprint(old)")
    as_owner = {"user": owner_of(pid)[0], "group": owner_of(pid)[1], "extra_groups": []} if os.geteuid() == 0 else {}
    result = subprocess.run(["/usr/bin/python3", "-c", code, str(pid), str(kind), str(soft)], capture_output=True, text=True, check=True, **as_owner)
    return int(result.stdout)


def owner_of(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return [int(re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)[1]) for name in ("Uid", "Gid")]


def state_of(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def descriptors_of(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


# ---- what a program can do

starters = pytest.mark.parametrize("starter", ["nobody", pytest.param("root", marks=root_only)])  # root may make cgroups


def start_misdeed(brilliant, starter, script):
    options, rule, top = {}, "cgi_half_close 100ms", ""
    if os.geteuid() == 0:
        brilliant.folder.chmod(0o777)
        rule += f"; cgi_user_processes_max {processes_of('nobody') + 60}"
    if starter == "root":
        top = "user nobody\n"
    elif os.geteuid() == 0:
        options = {"user": "nobody", "group": "nogroup", "extra_groups": []}
    return start(brilliant, {"stay.sh": script, "program": NEIGHBOUR}, rule=rule, top=top, **options)


def expect_neighbours_unharmed(server):
    assert server.get("/").body == b"start\n"
    assert server.get("/program").body == b"neighbour\n"


@starters
@pytest.mark.parametrize("leave", [reset, RawConnection.close])
@pytest.mark.parametrize("misdeed", MISDEEDS)
def test_two_seconds_after_its_client_has_gone_nothing_is_left_of_a_program(brilliant, misdeed, leave, starter):
    if misdeed == "forks without end" and os.geteuid() != 0:
        pytest.skip("would be in the way of everything that this user does")
    server = start_misdeed(brilliant, starter, MISDEEDS[misdeed])
    workers = server.worker_pids()
    content = b"x" * 10_000_000 if misdeed == "never reads" else b""
    with RawConnection(server) as connection:
        start_staying(connection, f"POST /stay.sh HTTP/1.1\r\nHost: h\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
        if misdeed == "forks without end":
            wait_until(lambda: len(left_of(server, "stay.sh")) > 20, "the bomb to have gone off")
        expect_neighbours_unharmed(server)
        wait_until(lambda: left_of(server, "stay.sh"), "the program to be seen: in the middle of an exec it has no variables")
        leave(connection)
        expect_none_left_in_time(server, "stay.sh")
    expect_neighbours_unharmed(server)
    assert server.worker_pids() == workers


@starters
@pytest.mark.parametrize("misdeed", MISDEEDS_AFTERWARDS)
def test_two_seconds_after_its_answer_nothing_is_left_of_a_program(brilliant, misdeed, starter):
    server = start_misdeed(brilliant, starter, MISDEEDS_AFTERWARDS[misdeed])
    workers = server.worker_pids()
    status = 302 if "Location" in MISDEEDS_AFTERWARDS[misdeed] else 200
    for _ in range(3):
        assert server.request("POST", "/stay.sh", body=b"x" * 1_000_000).status == status
    expect_none_left_in_time(server, "stay.sh")
    expect_neighbours_unharmed(server)
    assert server.worker_pids() == workers


def test_a_flood_of_errors_has_an_end_in_the_log(brilliant):
    server = start(brilliant, {"stay.sh": HEAD + "echo $$\nexec yes complaint >&2\n"}, rule="cgi_half_close 100ms")
    with RawConnection(server) as connection:
        pid = start_staying(connection)
        server.wait_log("script says more than is logged")
        assert server.get("/").body == b"start\n"
    expect_gone(pid)
    assert server.log().count("complaint") <= 200


def test_an_output_above_its_limit_is_cut_off_and_its_program_ended(brilliant):
    server = start(brilliant, {"stay.sh": HEAD + "echo $$\nexec yes\n"}, rule="cgi_output_max 100k")
    with RawConnection(server) as connection:
        pid = start_staying(connection)
        assert len(connection.file.read()) < 300_000
    expect_gone(pid)
    server.wait_log('program failed in its answer script=.* cause="the output is larger than cgi_output_max" remedy=')


def test_an_answer_shorter_than_it_says_is_in_the_log(brilliant):
    server = start(brilliant, {"short.sh": "#!/bin/sh\nprintf 'Content-Type: text/plain\\nContent-Length: 100\\n\\nabc'\n"})
    with RawConnection(server) as connection:
        connection.send(b"GET /short.sh HTTP/1.1\r\nHost: h\r\n\r\n")
        assert connection.file.read().endswith(b"abc")
    server.wait_log('cause="the output is shorter than its Content-Length"')


# ---- time

@pytest.mark.parametrize("text", ["#!/bin/sh\necho $$ >&2\nexec sleep 1000\n", "#!/bin/sh\necho $$ >&2\nwhile :; do printf X; sleep 0.05; done\n"])
def test_a_program_that_takes_too_long_in_all_gets_504(brilliant, text):
    server = start(brilliant, {"slow.sh": text}, rule="cgi_total_timeout 300ms\ncgi_debug on")
    answer = server.get("/slow.sh")
    assert answer.status == 504 and "longer than 300 ms" in answer.body.decode()
    server.wait_log('program failed script=.* status=504 cause="the program has taken longer than 300 ms" remedy=".*cgi_total_timeout"')
    expect_gone(int(server.wait_log(r'script says .* line="(\d+)"')[0][1]))


@pytest.mark.parametrize("rule, cause", [("cgi_total_timeout 300ms", "taken longer than 300 ms"), ("timeout 300ms", "printed nothing for 300 ms")])
def test_an_answer_that_takes_too_long_is_cut_off(brilliant, rule, cause):
    server = start(brilliant, {"stay.sh": HEAD + "echo $$\nexec sleep 1000\n"}, rule=rule)
    with RawConnection(server) as connection:
        pid = start_staying(connection)
        assert not connection.file.read().endswith(b"0\r\n\r\n")
    expect_gone(pid)
    server.wait_log(f'program failed in its answer script=.* cause="the program has {cause}" remedy=')


def test_the_total_time_ends_a_program_whose_client_takes_nothing(brilliant):
    server = start(brilliant, {"stay.sh": HEAD + "echo $$\nexec yes\n"}, rule="cgi_total_timeout 300ms")
    with RawConnection(server) as connection:
        expect_gone(start_staying(connection))


def test_a_program_within_its_total_time_is_left_alone(brilliant):
    server = start(brilliant, {"hello.sh": HEAD + "echo hello\n"}, rule="cgi_total_timeout 60s")
    assert server.get("/hello.sh").body == b"hello\n"


# ---- processes of the server end, the configuration changes

def test_a_reload_lets_programs_finish_and_runs_new_ones_by_the_new_configuration(brilliant):
    script = HEAD + "echo $AGE\nread line < \"$FIFO\"\necho $AGE $line\n"
    rule = f"cgi_env FIFO {brilliant.folder}/fifo; cgi_env AGE "
    server = start(brilliant, {"wait.sh": script, "app.sh": HEAD + "echo $AGE\n"}, rule=rule + "old", workers=1)
    os.mkfifo(brilliant.folder / "fifo")
    with RawConnection(server) as connection:
        connection.send(b"GET /wait.sh HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        connection.read_head()
        assert connection.file.read(len("4\r\nold\n\r\n")) == b"4\r\nold\n\r\n"
        config = (brilliant.folder / "site.conf").read_text()
        (brilliant.folder / "site.conf").write_text(config.replace("cgi_env AGE old", "cgi_env AGE new"))
        server.send_signal(signal.SIGHUP)
        server.wait_ready(1, generation=2)
        wait_until(lambda: server.get("/app.sh").body == b"new\n", "the new configuration")
        (brilliant.folder / "fifo").write_text("finished\n")
        assert b"old finished\n" in connection.file.read()
    server.wait_log("spawner ended .* generation=1 exit=0")
    assert server.get("/app.sh").body == b"new\n"


def test_a_killed_worker_takes_its_programs_along(brilliant):
    server = start(brilliant, {"stay.sh": HEAD + "echo $$\nexec sleep 1000\n", "hello.sh": HEAD + "echo hello\n"}, workers=1)
    with RawConnection(server) as connection:
        pid = start_staying(connection)
        os.kill(server.ready_pids()[0], signal.SIGKILL)
        expect_gone(pid)
    server.wait_log("worker ready", count=2)
    assert server.get("/hello.sh").body == b"hello\n"


def test_a_large_answer_to_a_slow_client_takes_no_memory(brilliant):
    if is_sanitized():
        pytest.skip("the sanitizer keeps what is freed")
    size = 300_000_000
    server = start(brilliant, {"large.sh": HEAD + f"exec head -c {size} /dev/zero\n"}, workers=1)

    def peaks():
        spawner = spawner_of(server)
        pids = [server.ready_pids()[0], spawner, *children_of(spawner)]
        return sum(int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) for pid in pids)
    with RawConnection(server) as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.send(b"GET /large.sh HTTP/1.0\r\nHost: h\r\n\r\n")
        connection.read_head()
        before = peaks()
        received = 0
        while piece := connection.socket.recv(16_384):
            received += len(piece)
        assert received + 65_536 >= size  # what the head was read with is in the buffer of the file
        assert peaks() - before < 16_000


# ---- the system has nothing left

@root_only
def test_without_processes_left_programs_are_refused_and_run_again_later(brilliant):
    server = start(brilliant, {"hello.sh": HEAD + "echo hello\n"}, top="user nobody\n")
    spawner = spawner_of(server)
    wait_until(lambda: owner_of(spawner)[0] != 0, "the spawner to become nobody")
    before = limit(spawner, resource.RLIMIT_NPROC, 0)
    descriptors = descriptors_of(spawner)
    for _ in range(20):
        answer = server.get("/hello.sh")
        assert answer.status == 503 and answer.headers["Retry-After"]
    server.wait_log('status=503 cause="the system has no process left for the script .errno 11.*" remedy="raise the limit of processes')
    assert server.get("/").body == b"start\n"
    wait_until(lambda: descriptors_of(spawner) == descriptors, "every descriptor to be closed")
    limit(spawner, resource.RLIMIT_NPROC, before)
    assert server.get("/hello.sh").body == b"hello\n"
    # Now its keeper is there, but can't fork; nor can the spawner have another one.
    keeper = wait_until(lambda: children_of(spawner), "a keeper")[0]
    for pid in (keeper, spawner):
        limit(pid, resource.RLIMIT_NPROC, 0)
    assert server.get("/hello.sh").status == 503
    for pid in (keeper, spawner):
        limit(pid, resource.RLIMIT_NPROC, before)
    assert server.get("/hello.sh").body == b"hello\n"


@linux_only
@pytest.mark.parametrize("spare", [0, 1, 3])
def test_without_descriptors_left_for_the_spawner_programs_are_refused_and_run_again_later(brilliant, spare):
    server = start(brilliant, {"hello.sh": HEAD + "echo hello\n"}, workers=1)
    spawner = spawner_of(server)
    assert server.get("/hello.sh").body == b"hello\n"  # they have been introduced to each other
    os.kill(children_of(spawner)[0], signal.SIGKILL)
    # No keeper is left that would need no descriptors, and the spawner, asleep, has none open for a moment.
    wait_until(lambda: not children_of(spawner) and state_of(spawner) == "S", "the keeper to end")
    before = limit(spawner, resource.RLIMIT_NOFILE, descriptors_of(spawner) + spare)
    status = server.get("/hello.sh").status
    assert server.get("/").body == b"start\n"
    if spare >= 3:  # it could take the job, but not start anything
        assert status == 503
        server.wait_log('cause="the system has no open files left')
        limit(spawner, resource.RLIMIT_NOFILE, before)
        assert server.get("/hello.sh").body == b"hello\n"
    else:  # what it was given is lost: another one takes over
        assert status in (502, 503)
        server.wait_log("spawner ready", count=2)
        wait_until(lambda: server.get("/hello.sh").body == b"hello\n", "programs to run again")


@pytest.mark.skipif(is_sanitized(), reason="the sanitizers need descriptors themselves, and report faults that are none")
@linux_only
def test_without_descriptors_left_for_a_worker_programs_are_refused_and_run_again_later(brilliant):
    script = "#!/bin/sh\nprintf 'Content-Type: text/plain\\nContent-Length: 5\\n\\nhello'\n"
    server = start(brilliant, {"hello.sh": script}, workers=1)
    worker = server.ready_pids()[0]
    with RawConnection(server) as connection:
        def ask(target):
            connection.send(f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
            return connection.read()
        assert ask("/hello.sh").body == b"hello"
        assert ask("/").status == 200
        descriptors = descriptors_of(worker)  # with what the server keeps open
        for spare in (0, 2, 5):
            before = limit(worker, resource.RLIMIT_NOFILE, descriptors + spare)
            assert ask("/hello.sh").status == 503
            limit(worker, resource.RLIMIT_NOFILE, before)
        assert ask("/hello.sh").body == b"hello"
        assert ask("/").status == 200
        assert descriptors_of(worker) == descriptors
    server.wait_log('status=503 cause="the system has no open files left for the script .errno 24.*" remedy="raise the limit of open files')


# ---- cgroups

@root_only
def test_cgroups_are_removed_with_the_server(brilliant):
    server = start(brilliant, {"stay.sh": HEAD + "grep ^0:: /proc/self/cgroup\nexec sleep 1000\n"})
    if " cgroups=0 " in server.wait_log("spawner ready .*")[0][0]:
        pytest.skip("no cgroups (version 2) may be made here")
    with RawConnection(server) as connection:
        connection.send(b"GET /stay.sh HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.read_head()
        connection.file.readline()
        group = connection.file.readline().decode().strip().removeprefix("0::")
        mount = next(line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines() if " - cgroup2 " in line)
        folder = pathlib.Path(mount + group)
        assert folder.is_dir() and folder.parent.name == f"brilliantserver-{spawner_of(server)}"
        server.stop()
    assert not folder.parent.exists()
