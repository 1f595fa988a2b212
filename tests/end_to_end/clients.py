"""Clients of every kind for the end-to-end tests: curl, nc, Chromium, and sockets that send what no library would."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading

import pytest

from brilliant import BINARY, TIMEOUT, clean_environment, wait_until

BROWSER_TESTS = pathlib.Path(__file__).resolve().parents[1] / "browser"  # scripts that drive a browser
BROWSER_TIMEOUT = 180.0  # seconds; a browser on a machine that is busy with other things starts slowly


def needs(program):
    """Leaves a test out where that program is not installed. tools/install-packages installs all of them."""
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


linux_only = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="looks into /proc")
large = pytest.mark.skipif(not os.environ.get("BRILLIANT_LARGE"), reason="large: part of make test-all, or with BRILLIANT_LARGE=1")
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def is_sanitized():
    """Whether the server is built with AddressSanitizer."""
    return b"AddressSanitizer" in pathlib.Path(BINARY).read_bytes()


# ---- programs

def curl(*arguments, check=True):
    """Runs curl, uninfluenced by the machine: a CompletedProcess with bytes. `check`: it must end with status 0."""
    command = ["curl", "-q", "-sS", "--noproxy", "*", "--max-time", str(TIMEOUT), *map(str, arguments)]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * TIMEOUT)
    if check:
        assert result.returncode == 0, (command, result.stderr.decode(errors="replace"))
    return result


def nc(port, data):
    """Sends `data` with nc -N, which ends its side of the connection after it: all that came back."""
    result = subprocess.run(["nc", "-N", "-w", str(int(TIMEOUT)), "127.0.0.1", str(port)], input=data, capture_output=True,
                            timeout=2 * TIMEOUT)
    assert result.returncode == 0, result.stderr
    return result.stdout


def git(*arguments, cwd, check=True, **options):
    """Runs git as somebody called A, uninfluenced by the machine: a CompletedProcess with bytes."""
    environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(cwd), "GIT_TERMINAL_PROMPT": "0"}
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "safe.directory=*", "-c", "init.defaultBranch=main"]
    return subprocess.run(["git", *identity, *map(str, arguments)], cwd=cwd, env=environment, check=check, timeout=4 * TIMEOUT,
                          stdin=subprocess.DEVNULL, capture_output=True, **options)


# Chromium without a window and without the internet.
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
            "--disable-default-apps", "--disable-extensions", "--no-proxy-server",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost"]


def chromium_environment(folder, extra=None):
    """The environment of a browser that keeps whatever it keeps below `folder`."""
    home = pathlib.Path(folder) / "chromium-home"
    home.mkdir(parents=True, exist_ok=True)
    places = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR"), str(home))
    return clean_environment({**places, **(extra or {})})


def chromium_command(folder, *arguments):
    """A command that starts Chromium, and its environment. `folder`: for its profile."""
    profile = pathlib.Path(folder) / "chromium-profile"
    return [*CHROMIUM, f"--user-data-dir={profile}", *map(str, arguments)], chromium_environment(folder)


def chromium(folder, *arguments):
    """Runs Chromium to its end: what it prints."""
    command, environment = chromium_command(folder, *arguments)
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=BROWSER_TIMEOUT, env=environment)
    assert result.returncode == 0, result.stderr.decode(errors="replace")
    return result.stdout.decode()


needs_driver = pytest.mark.skipif(
    not ((BROWSER_TESTS / "node_modules/playwright-core").is_dir() and shutil.which("node") and shutil.which("chromium")),
    reason="playwright-core, node or chromium is not installed: run tools/install-packages test")


def drive(folder, script, **options):
    """Runs tests/browser/SCRIPT, which clicks and types in Chromium (see tests/browser/page.js): what it returns, and what
    the browser complained about meanwhile."""
    environment = chromium_environment(folder, {"CHROMIUM": json.dumps([shutil.which("chromium"), *CHROMIUM[1:]])})
    result = subprocess.run(["node", BROWSER_TESTS / "page.js", BROWSER_TESTS / script, json.dumps(options)], env=environment,
                            stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * BROWSER_TIMEOUT, text=True)
    assert result.returncode == 0, result.stderr
    outcome = json.loads(result.stdout)
    assert "error" not in outcome, "\n".join([outcome["error"], *outcome["complaints"], outcome.get("page") or ""])
    return outcome["result"], outcome["complaints"]


@contextlib.contextmanager
def open_browser(folder, url):
    """Chromium with that page open, for as long as the block lasts: its process."""
    command, environment = chromium_command(folder, "--remote-debugging-port=0", url)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=environment, start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its helpers too
        process.wait(TIMEOUT)


# ---- sockets

class Reply:
    """One answer as it came over the wire."""

    def __init__(self, status_line, fields, body):
        self.status_line = status_line
        self.fields = fields  # name in small letters to value; tests of repeated fields look at the bytes
        self.body = body

    @property
    def status(self):
        return int(self.status_line.split()[1])

    @property
    def persists(self):
        return "close" not in self.fields.get("connection", "")


class RawConnection:
    """A connection that sends exactly what it is told, and reads answer by answer."""

    def __init__(self, server=None, port=None, receive_buffer=None, path=None):
        self.socket = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.socket.settimeout(TIMEOUT)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(str(path) if path else ("127.0.0.1", port or server.port))
        if not path:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def read_head(self):
        """Status line and fields of the next answer. ConnectionError if the connection ends instead."""
        line = self.file.readline(65536)
        if not line.endswith(b"\r\n"):
            raise ConnectionError(f"the connection ended where an answer was due: {line!r}")
        fields = {}
        while (field := self.file.readline(65536)) != b"\r\n":
            if not field.endswith(b"\r\n"):
                raise ConnectionError(f"the connection ended within a head: {field!r}")
            name, _, value = field.decode("latin-1").partition(":")
            fields[name.lower()] = value.strip()
        return line.decode("latin-1").rstrip(), fields

    def read(self, head_only=False):
        """The next answer, whole."""
        status_line, fields = self.read_head()
        length = int(fields.get("content-length", 0))
        if head_only or status_line.split()[1] in ("204", "304"):
            length = 0
        body = self.file.read(length)
        if len(body) != length:
            raise ConnectionError(f"{len(body)} bytes came of {length}")
        return Reply(status_line, fields, body)

    def get(self, target="/", fields=""):
        self.send(f"GET {target} HTTP/1.1\r\nHost: test\r\n{fields}\r\n".encode())
        return self.read()

    def ended(self):
        """Waits until the server ends the connection; true if nothing came before that."""
        return self.file.read() == b""


class FetchLoop(threading.Thread):
    """A client that fetches a target again and again until it is told to stop, and remembers what went wrong.

    `persistent`: over one connection as long as the server lets it; else over a new one each time. `right` says whether
    an answer is what it should be.
    """

    def __init__(self, server, target, right, persistent=True):
        super().__init__(daemon=True)
        self.server, self.target, self.right, self.persistent = server, target, right, persistent
        self.fetched = 0
        self.failures = []
        self.ending = threading.Event()
        self.connection = RawConnection(server) if persistent else None

    def run(self):
        while not self.ending.is_set():
            try:
                if self.connection is None:
                    self.connection = RawConnection(self.server)
                reply = self.connection.get(self.target, "" if self.persistent else "Connection: close\r\n")
                if not self.right(reply):
                    self.failures.append(f"wrong answer: {reply.status_line} {reply.body[:80]!r}")
                if not self.persistent or not reply.persists:
                    self.disconnect()
                self.fetched += 1
            except OSError as error:
                self.failures.append(repr(error))
                self.disconnect()
        self.disconnect()

    def disconnect(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def wait_more(self, count):
        """Until it has fetched that many more."""
        goal = self.fetched + count
        wait_until(lambda: self.fetched >= goal, f"{count} more fetches of {self.target}; failures: {self.failures}")

    def finish(self):
        self.ending.set()
        self.join(2 * TIMEOUT)
        assert not self.is_alive()


class Crowd:
    """Several FetchLoops, stopped at the end of a with block whatever happens in it."""

    def __init__(self, loops):
        self.loops = loops

    def __enter__(self):
        for loop in self.loops:
            loop.start()
        return self

    def __exit__(self, *_):
        for loop in self.loops:
            loop.ending.set()
        for loop in self.loops:
            loop.finish()

    def wait_more(self, count):
        for loop in self.loops:
            loop.wait_more(count)

    def failures(self):
        return [failure for loop in self.loops for failure in loop.failures]


# ---- what /proc knows

def worker_of(server, connection):
    """The pid of the worker that has accepted this TCP connection over IPv4; None if none has yet."""
    local = connection.getsockname()
    suffixes = (f":{server.port:04X}", f":{local[1]:04X}")
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1].endswith(suffixes[0]) and words[2].endswith(suffixes[1]):
            inode = f"socket:[{words[9]}]"
            for pid in server.worker_pids():
                if inode in descriptors_of(pid).values():
                    return pid
    return None


def descriptors_of(pid):
    """What each descriptor of a process is."""
    links = {}
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            links[int(entry.name)] = os.readlink(entry)
        except FileNotFoundError:
            continue  # closed meanwhile
    return links


def cpu_seconds(pid):
    """The processor time a process has used so far."""
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
