"""Processes: start and stop, crashes, reloads, logs, privileges, descriptors."""

import os
import pathlib
import re
import signal
import socket
import stat
import subprocess

import pytest

from brilliant import BINARY, TIMEOUT, clean_environment, free_port, is_alive, run, wait_until

SITE = """
error_log error.log
access_log access.log
pid_file server.pid
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www }
}
"""
FILES = {"www/index.html": "hello\n"}

# Built with the portable branches: memfd and no_new_privs are Linux's.
PORTABLE = bool(os.environ.get("BRILLIANT_PORTABLE"))
linux_only = pytest.mark.skipif(PORTABLE or not os.path.isdir("/proc/self/fd"), reason="only Linux has what it checks")
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def start(brilliant, config=SITE, **options):
    return brilliant.start(config, files=FILES, error_log="error.log", **options)


def refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT).close()
        return False
    except ConnectionRefusedError:
        return True


# ---- start and stop

def test_serves_and_stops(brilliant):
    server = start(brilliant)
    assert server.get("/").body == b"hello\n"
    pid_file = brilliant.folder / "server.pid"
    assert pid_file.read_text() == f"{server.pid}\n"
    workers = server.worker_pids()
    assert len(workers) == 2
    assert server.stop(signal.SIGTERM) == 0
    assert not pid_file.exists()
    assert not any(map(is_alive, workers))
    assert refused(server.port)
    assert re.search(r"notice: stopped pid=\d+\n\Z", server.log())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT])
def test_every_way_to_stop_ends_with_status_0(brilliant, number):
    server = start(brilliant)
    assert server.stop(number) == 0
    # All of them in good order: no worker had to be killed, none failed.
    assert len(re.findall(r"notice: worker ended .* exit=0\n", server.log())) == 2
    assert "killed" not in server.log()


def test_ctrl_c_reaches_all_processes_and_is_still_orderly(brilliant):
    server = start(brilliant, start_new_session=True)
    os.killpg(server.pid, signal.SIGINT)
    assert server.wait_exit() == 0
    assert len(re.findall(r"notice: worker ended .* exit=0\n", server.log())) == 2


def test_the_address_is_free_at_once_after_a_stop(brilliant):
    server = start(brilliant)
    for _ in range(3):
        assert server.get("/").status == 200
        server.stop()
        server.log_path.unlink()
        server.launch([brilliant.folder / "site.conf", "--workers", "2"])
        server.wait_ready(2)
    assert server.get("/").status == 200


def test_the_number_of_workers_is_what_was_asked_for(brilliant):
    server = start(brilliant, workers=3)
    assert len(server.worker_pids()) == 3
    assert sorted(server.ready_pids()) == [0, 1, 2]


def test_it_starts_with_its_standard_descriptors_closed(brilliant):
    brilliant.write(FILES)
    ports = []
    (brilliant.folder / "site.conf").write_text(brilliant.expand(SITE, ports))
    command = f'exec "{BINARY}" "{brilliant.folder}/site.conf" --workers 1 <&- >&- 2>&-'
    process = subprocess.Popen(["/bin/sh", "-c", command], env=clean_environment())
    try:
        log = brilliant.folder / "error.log"
        wait_until(lambda: log.exists() and "worker ready" in log.read_text(), "a ready worker")
        with socket.create_connection(("127.0.0.1", ports[0]), timeout=TIMEOUT) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
    finally:
        process.terminate()
        assert process.wait(TIMEOUT) == 0


# ---- addresses

def test_a_port_of_another_program_is_explained(brilliant):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        brilliant.write(FILES)
        (brilliant.folder / "site.conf").write_text(SITE.replace("@PORT@", str(port)).replace("@FOLDER@", str(brilliant.folder)))
        result = run(brilliant.folder / "site.conf")
        assert result.returncode == 1
        assert result.stderr == (f"brilliantserver: 127.0.0.1:{port} is in use by another program: "
                                 "stop it or choose another port with listen or --listen\n")
        assert not (brilliant.folder / "server.pid").exists()


def test_a_second_instance_is_noticed_and_does_not_disturb_the_first(brilliant):
    server = start(brilliant)
    result = run(brilliant.folder / "site.conf", "--workers", "2")
    assert result.returncode == 1
    assert f"127.0.0.1:{server.port} is in use by another program" in result.stderr
    assert (brilliant.folder / "server.pid").read_text() == f"{server.pid}\n"
    for _ in range(20):
        assert server.get("/").status == 200


def test_listen_on_the_command_line_replaces_the_configured_ones(brilliant):
    port = free_port()
    server = start(brilliant, arguments=["--listen", f"127.0.0.1:{port}"])
    assert refused(server.port)
    assert server.get("/", port=port).body == b"hello\n"
    server.send_signal(signal.SIGHUP)
    server.wait_ready(2, generation=2)
    server.wait_log("reloaded generation=2")
    assert refused(server.port)
    assert server.get("/", port=port).body == b"hello\n"


def test_two_overlapping_addresses_are_explained(brilliant):
    brilliant.write(FILES)
    port = free_port()
    (brilliant.folder / "site.conf").write_text(
        f"server {{\n listen 127.0.0.1:{port}\n listen *:{port}\n location / {{ root {brilliant.folder}/www }} }}")
    result = run(brilliant.folder / "site.conf")
    assert result.returncode == 1
    assert "127.0.0.1" in result.stderr and "0.0.0.0" in result.stderr
    assert "another program" not in result.stderr


UNIX = SITE.replace("listen 127.0.0.1:@PORT@", "listen unix:@FOLDER@/server.sock")


def get_over_unix(path):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT)
        connection.connect(str(path))
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


def test_a_unix_socket_serves_and_is_removed_at_the_end(brilliant):
    server = start(brilliant, UNIX)
    path = brilliant.folder / "server.sock"
    assert get_over_unix(path).endswith(b"hello\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o666
    server.stop()
    assert not path.exists()


def test_a_stale_unix_socket_is_replaced(brilliant):
    path = brilliant.folder / "server.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        dead.listen()
    assert path.exists()
    start(brilliant, UNIX)
    assert get_over_unix(path).endswith(b"hello\n")


def test_a_unix_socket_in_use_is_left_alone(brilliant):
    start(brilliant, UNIX)
    result = run(brilliant.folder / "site.conf")
    assert result.returncode == 1
    assert "server.sock is in use by another program" in result.stderr
    assert get_over_unix(brilliant.folder / "server.sock").endswith(b"hello\n")


# ---- quick mode

def test_quick_mode_says_what_where_and_how_to_stop(brilliant):
    server = brilliant.serve_folder(FILES | {"index.html": "quick\n"})
    lines = server.stdout().splitlines()
    assert lines[0] == f"Serving {brilliant.folder}/www on http://127.0.0.1:{server.port}/"
    assert lines[1] == "Stop with Ctrl-C."
    assert server.get("/").body == b"quick\n"
    assert server.stop(signal.SIGINT) == 0


def test_quick_mode_takes_the_next_free_port(brilliant):
    with socket.socket() as other:
        try:
            other.bind(("127.0.0.1", 8080))
            other.listen()
        except OSError:
            pass  # somebody has it already, which is as good
        servers = [brilliant.serve_folder({"index.html": name}, name=name, listen=None) for name in ("one", "two")]
        assert 8080 < servers[0].port < 8180
        assert 8080 < servers[1].port < 8180
        assert servers[0].port != servers[1].port
        for name, server in zip(("one", "two"), servers):
            assert server.get("/").body == name.encode()
            assert server.stdout().splitlines()[0].endswith(" (127.0.0.1:8080 was taken)")


def test_a_port_asked_for_is_not_exchanged_for_another(brilliant):
    server = brilliant.serve_folder({"index.html": "one"})
    result = run(brilliant.folder / "www", "--listen", server.port)
    assert result.returncode == 1
    assert f"127.0.0.1:{server.port} is in use by another program" in result.stderr or f"0.0.0.0:{server.port} is in use" in result.stderr


def test_quick_mode_without_the_folder_is_an_error(brilliant):
    result = run(brilliant.folder / "missing")
    assert result.returncode == 1
    assert "missing" in result.stderr


@root_only
def test_quick_mode_with_a_folder_the_workers_cannot_enter_is_an_error(brilliant):
    folder = brilliant.folder / "closed"
    folder.mkdir(mode=0o700)
    result = run(folder)
    assert result.returncode == 1
    assert str(folder) in result.stderr
    assert "error" in result.stderr


def test_quick_mode_ends_with_its_terminal(brilliant):
    server = brilliant.serve_folder({"index.html": "quick\n"})
    assert server.stop(signal.SIGHUP) == 0


# ---- crashes

def test_a_crashed_worker_is_replaced(brilliant):
    # A build with sanitizers would otherwise make its own end of the signal.
    server = start(brilliant, environment={"ASAN_OPTIONS": "handle_segv=0"})
    before = server.ready_pids()
    os.kill(before[0], signal.SIGSEGV)
    ended = server.wait_log(rf"worker ended slot=0 pid={before[0]} generation=1 signal=SIGSEGV")
    assert len(ended) == 1
    after = wait_until(lambda: (pids := server.ready_pids())[0] != before[0] and pids, "the successor")
    assert after[1] == before[1]
    assert sorted(server.worker_pids()) == sorted(after.values())
    for _ in range(20):
        assert server.get("/").body == b"hello\n"


def test_clients_waiting_at_a_crash_are_served_by_the_successor(brilliant):
    server = start(brilliant, workers=1)
    worker = server.ready_pids()[0]
    os.kill(worker, signal.SIGSTOP)
    connections = [server.connect() for _ in range(10)]  # into the queue: nobody accepts
    for connection in connections:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
    os.kill(worker, signal.SIGKILL)
    for connection in connections:
        with connection:
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_worker_that_dies_young_again_and_again_is_replaced_more_and_more_slowly(brilliant):
    server = start(brilliant, workers=1)
    delays = []
    for count in range(1, 5):
        os.kill(server.ready_pids()[0], signal.SIGKILL)
        delays.append(int(server.wait_log(r"signal=SIGKILL served_ms=\d+ respawn_after_ms=(\d+)", count)[-1][1]))
        server.wait_log(r"worker ready slot=0", count + 1)
    # A machine may be so slow that a worker lived for a second: then it counts from the start again.
    assert all(delay in (0, 100, 200, 400, 800) for delay in delays)
    assert delays == [0, 0, 0, 0] or max(delays) > min(delays)
    assert server.get("/").status == 200


def test_while_a_slot_is_empty_its_neighbour_serves_its_clients(brilliant):
    server = start(brilliant, workers=2)
    count = 0
    for _ in range(6):  # until the wait is long enough to look into it
        os.kill(server.ready_pids()[0], signal.SIGKILL)
        count += 1
        server.wait_log(r"worker ended slot=0", count)
        if int(server.wait_log(r"respawn_after_ms=(\d+)", count)[-1][1]) >= 400:
            break
        server.wait_log(r"worker ready slot=0", count + 1)
    server.wait_log(r"listeners lent slot=0 to_pid=\d+")
    for _ in range(50):  # both queues are hit: 2^-50 that one is not
        assert server.get("/", timeout=TIMEOUT).status == 200


@linux_only
def test_no_orphans_when_the_supervisor_is_killed(brilliant):
    server = start(brilliant)
    workers = server.worker_pids()
    server.process.kill()
    server.process.wait(TIMEOUT)
    wait_until(lambda: not any(map(is_alive, workers)), "the end of the workers")
    wait_until(lambda: refused(server.port), "a free address")


def test_signals_to_a_worker_do_not_end_it(brilliant):
    server = start(brilliant)
    workers = server.worker_pids()
    for pid in workers:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2,
                       signal.SIGWINCH, signal.SIGPIPE):
            os.kill(pid, number)
    for _ in range(20):
        assert server.get("/").status == 200
    assert server.worker_pids() == workers


def test_a_failed_start_leaves_nothing_behind(brilliant):
    brilliant.write(FILES)
    (brilliant.folder / "site.conf").write_text(brilliant.expand(SITE, []).replace("error.log", "nowhere/error.log"))
    result = run(brilliant.folder / "site.conf")
    assert result.returncode == 1
    assert result.stderr.endswith(f"brilliantserver: cannot open error_log {brilliant.folder}/nowhere/error.log: "
                                  "its folder does not exist: create it\n")
    assert not (brilliant.folder / "server.pid").exists()


# ---- reload

def test_a_reload_takes_effect_and_ends_the_old_workers(brilliant):
    server = start(brilliant)
    old = server.worker_pids()
    brilliant.write({"other/index.html": "other\n"})
    brilliant.reconfigure(server, SITE.replace("/www", "/other"))
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded generation=2")
    wait_until(lambda: not any(map(is_alive, old)), "the end of the old workers")
    assert server.get("/").body == b"other\n"
    assert len(server.worker_pids()) == 2


def test_no_request_fails_during_reloads(brilliant):
    server = start(brilliant)
    for generation in range(2, 6):
        server.send_signal(signal.SIGHUP)
        while f"reloaded generation={generation} " not in server.log():
            assert server.get("/").body == b"hello\n"
    assert server.process.poll() is None


def test_a_reload_with_mistakes_changes_nothing_and_says_why(brilliant):
    server = start(brilliant)
    workers = server.worker_pids()
    brilliant.reconfigure(server, SITE.replace("location / {", "location / { autoindx on;"))
    server.send_signal(signal.SIGHUP)
    server.wait_log("error: reload refused, the running configuration stays: 1 error")
    log = server.log()
    assert 'unknown directive "autoindx" in a location block' in log
    assert 'did you mean "autoindex"?' in log
    assert server.worker_pids() == workers
    assert server.get("/").body == b"hello\n"
    # And a good one afterwards is taken.
    brilliant.reconfigure(server, SITE)
    server.send_signal(signal.SIGHUP)
    server.wait_log(r"reloaded generation=\d")


def test_a_reload_moves_to_another_address(brilliant):
    server = start(brilliant)
    brilliant.reconfigure(server, SITE.replace("@PORT@", "@PORT2@"))
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded generation=2")
    assert server.get("/", port=server.ports[1]).body == b"hello\n"
    wait_until(lambda: refused(server.ports[0]), "the old address to be closed")


def test_a_reload_to_an_address_in_use_is_refused(brilliant):
    server = start(brilliant)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        brilliant.reconfigure(server, SITE.replace("listen 127.0.0.1:@PORT@", f"listen 127.0.0.1:@PORT@\n  listen 127.0.0.1:@PORT2@\n listen 127.0.0.1:{port}"))
        server.send_signal(signal.SIGHUP)
        server.wait_log(f"reload refused, the running configuration stays: 127.0.0.1:{port} is in use by another program")
    assert server.get("/").body == b"hello\n"
    assert refused(server.ports[1])


def test_a_reload_changes_the_number_of_workers(brilliant):
    config = "workers @WORKERS@\n" + SITE
    brilliant.write(FILES)
    server = brilliant.start(config.replace("@WORKERS@", "3"), error_log="error.log", wait=False, workers="auto")
    server.wait_ready(3)
    for generation, workers in ((2, 1), (3, 5), (4, 2)):
        brilliant.reconfigure(server, config.replace("@WORKERS@", str(workers)))
        server.send_signal(signal.SIGHUP)
        server.wait_ready(workers, generation)
        server.wait_log(f"reloaded generation={generation} ")
        wait_until(lambda: len(server.worker_pids()) == workers, f"{workers} workers")
        # Every one of the three listeners has a worker: no client waits.
        for _ in range(30):
            assert server.get("/").body == b"hello\n"


def test_many_reloads_at_once_become_few(brilliant):
    server = start(brilliant)
    for _ in range(50):
        server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded generation=2")
    server.send_signal(signal.SIGUSR1)
    server.wait_log("log files reopened")
    wait_until(lambda: len(server.worker_pids()) == 2, "the end of old workers")
    assert server.get("/").body == b"hello\n"
    assert server.process.poll() is None


def test_draining_lets_a_request_finish(brilliant):
    server = start(brilliant, workers=1)
    with server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        # Sure to be accepted: the worker accepts in order, and has answered a later client.
        assert server.get("/").status == 200
        server.send_signal(signal.SIGQUIT)
        wait_until(lambda: refused(server.port), "the listener to be closed")
        assert server.process.poll() is None
        connection.sendall(b"\r\n")
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert received.startswith(b"HTTP/1.1 200")
    assert b"\r\nConnection: close\r\n" in received
    assert received.endswith(b"hello\n")
    assert server.wait_exit() == 0


def test_a_drain_ends_at_its_deadline(brilliant):
    server = start(brilliant, "worker_shutdown_timeout 200ms\n" + SITE, workers=1)
    with server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")  # and never the rest
        assert server.get("/").status == 200
        server.send_signal(signal.SIGQUIT)
        assert server.wait_exit() == 0


def test_a_second_interrupt_does_not_wait(brilliant):
    server = start(brilliant, workers=1)
    os.kill(server.ready_pids()[0], signal.SIGSTOP)  # does not hear that it is to stop
    server.send_signal(signal.SIGINT)
    server.wait_log("signal SIGINT received")
    server.send_signal(signal.SIGINT)
    assert server.wait_exit() == 0


def test_a_worker_that_does_not_stop_is_killed(brilliant):
    server = start(brilliant, workers=1)
    os.kill(server.ready_pids()[0], signal.SIGSTOP)
    assert server.stop(signal.SIGTERM) == 0
    assert re.search(r"warn: worker killed slot=0", server.log())


def test_winch_drains_the_workers_and_hup_brings_new_ones(brilliant):
    server = start(brilliant)
    server.send_signal(signal.SIGWINCH)
    wait_until(lambda: not server.worker_pids(), "the end of the workers")
    assert server.process.poll() is None
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded generation=2")
    assert server.get("/").body == b"hello\n"


def test_usr2_does_not_end_the_server(brilliant):
    server = start(brilliant)
    server.send_signal(signal.SIGUSR2)
    server.wait_log("restart it to upgrade")
    assert server.get("/").status == 200


# ---- logs

def test_usr1_reopens_the_logs_in_supervisor_and_workers(brilliant):
    server = start(brilliant)
    access = brilliant.folder / "access.log"
    assert server.get("/first").status == 404
    wait_until(lambda: "/first" in access.read_text(), "the line of the first request")
    access.rename(brilliant.folder / "access.old")
    server.log_path.rename(brilliant.folder / "error.old")
    server.send_signal(signal.SIGUSR1)
    server.wait_log("log files reopened")

    def new_file_is_used():
        server.get("/second")
        return "/second" in access.read_text()
    wait_until(new_file_is_used, "a line in the new file")
    assert "worker ready" in (brilliant.folder / "error.old").read_text()


def test_lines_of_the_error_log_have_the_documented_form(brilliant):
    server = start(brilliant)
    server.stop()
    for line in server.log().splitlines():
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|notice|warn|error): .+", line), line
    assert re.search(r"notice: worker ready slot=1 pid=\d+ generation=1 after_ms=\d+\n", server.log())
    assert f"127.0.0.1:{server.port}" in server.log().splitlines()[0]


def test_the_access_log_goes_to_standard_output_by_default(brilliant):
    server = brilliant.start("server { listen 127.0.0.1:@PORT@\n location / { root @FOLDER@/www } }", files=FILES, workers=1)
    assert server.get("/hello-there").status == 404
    wait_until(lambda: "/hello-there" in server.stdout(), "the line on standard output")


# ---- privileges and descriptors

def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


@root_only
@linux_only
def test_workers_of_root_are_somebody_else_for_good(brilliant):
    server = start(brilliant, "user nobody\n" + SITE)
    nobody = subprocess.run(["id", "-u", "nobody"], capture_output=True, text=True, check=True).stdout.strip()
    assert status_of(server.pid)["Uid"] == ["0"] * 4
    for pid in server.worker_pids():
        status = status_of(pid)
        assert status["Uid"] == [nobody] * 4
        assert status["Gid"][0] != "0" and len(set(status["Gid"])) == 1
        assert "0" not in status["Groups"]
        assert PORTABLE or status["NoNewPrivs"] == ["1"]
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(status[name][0], 16) == 0, name


@root_only
@linux_only
def test_without_a_user_root_becomes_www_data_or_nobody(brilliant):
    server = start(brilliant)
    assert all(status_of(pid)["Uid"][0] != "0" for pid in server.worker_pids())
    assert re.search(r"starting .* user=(www-data|nobody) ", server.log())


@root_only
def test_an_unknown_user_is_explained(brilliant):
    brilliant.write(FILES)
    (brilliant.folder / "site.conf").write_text("user no-such-user\n" + brilliant.expand(SITE, []))
    result = run(brilliant.folder / "site.conf")
    assert result.returncode == 1
    assert result.stderr.endswith("brilliantserver: user no-such-user does not exist on this machine: "
                                  "create it or name another one with user\n")


@root_only
def test_an_ordinary_user_is_told_that_user_has_no_effect(brilliant):
    brilliant.folder.chmod(0o777)
    server = start(brilliant, "user www-data\n" + SITE, user="nobody", group="nogroup", extra_groups=[])
    assert "warn: user www-data is ignored: only root can start the server as another user" in server.stderr() + server.log()
    assert server.get("/").body == b"hello\n"


@root_only
def test_an_ordinary_user_is_told_about_ports_below_1024(brilliant):
    brilliant.folder.chmod(0o777)
    start_of_free_ports = int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if start_of_free_ports <= 1023:
        pytest.skip("every port is open to everybody here")
    result = run("--listen", "127.0.0.1:1023", brilliant.folder, user="nobody", group="nogroup", extra_groups=[])
    assert result.returncode == 1
    assert "no permission to listen on 127.0.0.1:1023: ports below 1024 need root" in result.stderr


@root_only
def test_a_missing_root_is_a_warning_at_start(brilliant):
    server = start(brilliant, SITE.replace("/www", "/missing"))
    assert f"{brilliant.folder}/missing" in server.stderr()
    assert "warning: " in server.stderr()
    assert server.get("/").status == 404


@linux_only
def test_workers_hold_no_descriptor_they_were_not_given(brilliant):
    config = SITE.replace("listen 127.0.0.1:@PORT@", "listen 127.0.0.1:@PORT@\n  listen 127.0.0.1:@PORT2@")
    with open(os.devnull) as leak:
        os.set_inheritable(leak.fileno(), True)
        server = start(brilliant, config, pass_fds=[leak.fileno()])

        def kinds(pid):
            folder = pathlib.Path(f"/proc/{pid}/fd")
            links = {int(entry.name): os.readlink(entry) for entry in folder.iterdir()}
            return {fd: re.sub(r"\[\d+\]$| \(deleted\)$", "", link) for fd, link in links.items()}

        for pid in server.worker_pids():
            held = kinds(pid)
            assert held.pop(0) == "/dev/null"
            assert held.pop(1) == "/dev/null"
            assert held.pop(2) == str(server.stderr_path)
            # Two listeners, the control channel, the logs, the heartbeat's page; and what a loop has of its own.
            sockets = [link for link in held.values() if link == "socket:"]
            assert len(sockets) == 3
            files = sorted(link for link in held.values() if link.startswith("/") and not link.startswith("/memfd:"))
            allowed = {str(brilliant.folder / name) for name in ("access.log", "error.log", "www")} | {"/"}
            assert set(files) <= allowed, files
            assert not any("null" in link for link in files)
            for fd, link in held.items():
                flags = int(re.search(r"flags:\s*(\d+)", pathlib.Path(f"/proc/{pid}/fdinfo/{fd}").read_text())[1], 8)
                assert flags & os.O_CLOEXEC, (fd, link)


@linux_only
def test_a_successor_holds_as_much_as_its_predecessor(brilliant):
    server = start(brilliant)
    count = lambda pid: len(os.listdir(f"/proc/{pid}/fd"))  # noqa: E731
    workers, supervisor = count(server.ready_pids()[0]), count(server.pid)
    for crashes in range(1, 6):
        os.kill(server.ready_pids()[0], signal.SIGKILL)
        server.wait_log("worker ready slot=0", crashes + 1)
    wait_until(lambda: count(server.ready_pids()[0]) == workers, "as many descriptors as before")
    assert count(server.pid) == supervisor
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded generation=2")
    wait_until(lambda: count(server.pid) == supervisor, "as many descriptors as before the reload")
