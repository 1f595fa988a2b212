"""Starts the real server for a test, talks to it, and stops it. Only the standard library; every wait has an end.

    def test_something(brilliant):
        server = brilliant.start('''
            server {
              listen 127.0.0.1:@PORT@
              location / { root @FOLDER@/www }
            }
        ''', files={"www/index.html": "hello"})
        assert server.get("/").body == b"hello"

`@PORT@`, `@PORT2@` ... become free ports (server.ports), `@FOLDER@` a folder of the test's own (server.folder).
"""

import atexit
import functools
import http.client
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import tempfile
import shutil
import time

TIMEOUT = 30.0  # seconds, for anything that should happen "at once": far more than a slow machine under sanitizers needs
BINARY = os.environ.get(
    "BRILLIANT_BINARY", str(pathlib.Path(__file__).resolve().parents[2] / "build/release/brilliantserver"))
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
# What no log may hold, whatever the test does.
FAULTS = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|internal error: CHECK|pure virtual")


def free_port():
    """A port nobody listens on, below those that the system gives to clients."""
    for _ in range(1000):
        port = random.randrange(10000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port")


def wait_until(condition, what, timeout=TIMEOUT):
    """Calls `condition` until it returns something true, which is returned."""
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s in vain: {what}")
        time.sleep(0.01)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # http.client.HTTPMessage: names compare without case
        self.body = body


@functools.cache
def public_program():
    """A copy of the program where every user may execute it: a checkout may lie in a private home."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="brilliant-program-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    return shutil.copy(BINARY, folder)


def program_for(options):
    """The program to execute with these options of subprocess.Popen."""
    return public_program() if options.get("user") else BINARY


def run(*arguments, cwd=None, environment=None, timeout=TIMEOUT, **options):
    """Runs the program to its end: a subprocess.CompletedProcess with text in stdout and stderr."""
    return subprocess.run([program_for(options), *map(str, arguments)], cwd=cwd, env=clean_environment(environment),
                          timeout=timeout, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def clean_environment(extra=None):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BRILLIANT_")}
    environment.update(extra or {})
    return environment


class Server:
    """One running server. Made by Factory."""

    def __init__(self, folder, ports, number):
        self.folder = folder
        self.ports = ports
        self.port = ports[0] if ports else None
        self.process = None
        self.stdout_path = folder / f"stdout-{number}.log"
        self.stderr_path = folder / f"stderr-{number}.log"
        self.log_path = self.stderr_path  # where the error log goes

    @property
    def pid(self):
        return self.process.pid

    def launch(self, arguments, environment=None, **options):
        with open(self.stdout_path, "ab") as out, open(self.stderr_path, "ab") as err:
            self.process = subprocess.Popen([program_for(options), *map(str, arguments)], stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=err, env=clean_environment(environment), **options)
        return self

    # ---- its logs

    def log(self):
        """The error log so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    def stdout(self):
        return self.stdout_path.read_text(errors="replace")

    def wait_log(self, pattern, count=1, timeout=TIMEOUT):
        """Until the error log matches `pattern` (a regular expression) `count` times: the list of matches."""
        def look():
            found = list(re.finditer(pattern, self.log(), re.MULTILINE))
            if len(found) >= count:
                return found
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode} before its log had {pattern!r}:\n{self.log()}")
            return None
        try:
            return wait_until(look, f"{count} times {pattern!r} in the log", timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}\n--- error log:\n{self.log()}\n--- stderr:\n{self.stderr()}") from None

    def wait_ready(self, workers, generation=1):
        """Until that many workers of that generation are ready: their pids by slot."""
        def look():
            pids = self.ready_pids(generation)
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.stderr()}\n{self.log()}")
            return pids if len(pids) >= workers else None
        try:
            return wait_until(look, f"{workers} workers of generation {generation}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n--- error log:\n{self.log()}") from None

    def ready_pids(self, generation=1):
        """The last pid that said READY, by slot."""
        pattern = rf"worker ready slot=(\d+) pid=(\d+) generation={generation}\b"
        return {int(m[1]): int(m[2]) for m in re.finditer(pattern, self.log())}

    # ---- requests

    def request(self, method, target, port=None, headers=None, body=None, timeout=TIMEOUT):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, target="/", **options):
        return self.request("GET", target, **options)

    def connect(self, port=None, timeout=TIMEOUT):
        return socket.create_connection(("127.0.0.1", port or self.port), timeout=timeout)

    def exchange(self, data, port=None, timeout=TIMEOUT):
        """Sends `data` as it is and returns everything up to the end of the connection."""
        with self.connect(port, timeout) as connection:
            connection.sendall(data)
            received = b""
            while True:
                try:
                    piece = connection.recv(65536)
                except ConnectionResetError:
                    return received
                if not piece:
                    return received
                received += piece

    # ---- processes

    def worker_pids(self):
        """The running workers (and only they are children of the supervisor)."""
        return sorted(children_of(self.pid))

    def send_signal(self, number):
        self.process.send_signal(number)

    def wait_exit(self, timeout=TIMEOUT):
        """The exit status, once it has ended by itself."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server did not end:\n{self.log()}") from None

    def stop(self, number=signal.SIGTERM):
        """Ends it, if it still runs: the exit status."""
        if self.process.poll() is None:
            self.send_signal(number)
        return self.wait_exit()


def children_of(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def is_alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
        return state not in "ZX"
    except OSError:
        return False


class Factory:
    """The `brilliant` fixture: starts servers and stops all of them when the test is over."""

    def __init__(self):
        # The workers of a server that root starts are somebody else, who must be able to read here.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="brilliant-test-"))
        self.folder.chmod(0o755)
        self.servers = []

    def write(self, files):
        """Files below the test's folder: a dictionary from path to text or bytes."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            path.chmod(0o755 if path.read_bytes().startswith(b"#!") else 0o644)

    def expand(self, text, ports):
        """Replaces @FOLDER@ and @PORT@, @PORT2@ ...; new ports are appended to `ports`."""
        def port(match):
            index = int(match[1] or 1) - 1
            while len(ports) <= index:
                ports.append(free_port())
            return str(ports[index])
        return re.sub(r"@PORT(\d*)@", port, text).replace("@FOLDER@", str(self.folder))

    def start(self, config, files=None, workers=2, arguments=(), wait=True, error_log=None, environment=None, **options):
        """Starts a server with `config` and waits until all its workers are ready. `error_log`: the path in the
        configuration, if it has one, relative to the folder."""
        self.write(files or {})
        ports = []
        text = self.expand(config, ports)
        (self.folder / "site.conf").write_text(text)
        server = Server(self.folder, ports, len(self.servers))
        if error_log:
            server.log_path = self.folder / error_log
        self.servers.append(server)
        server.launch([self.folder / "site.conf", "--workers", workers, *arguments], environment, **options)
        if wait:
            server.wait_ready(workers)
        return server

    def start_file(self, config, workers=2):
        """Starts a server with a configuration as it stands in a file, but on a free port."""
        server = Server(self.folder, [free_port()], len(self.servers))
        self.servers.append(server)
        server.launch([config, "--workers", workers, "--listen", f"127.0.0.1:{server.port}"])
        server.wait_ready(workers)
        return server

    def start_example(self, name, **options):
        """Starts a server with examples/NAME, but on a free port, and with a folder of the test's own for /srv."""
        return self.start(self.example(name), **options)

    def example(self, name):
        """The text of examples/NAME, as start_example uses it."""
        text = (EXAMPLES / name).read_text().replace("listen 80\n", "listen 127.0.0.1:@PORT@\n").replace("/srv/", "@FOLDER@/srv/")
        return text if os.geteuid() == 0 else re.sub(r"^user .*$", "", text, flags=re.MULTILINE)

    def copy_examples(self, to):
        """All of examples/, and what visitors of the demo site write to is open to everybody, as `make run` sees to."""
        shutil.copytree(EXAMPLES, to, dirs_exist_ok=True)
        for name in ("drop", "trash"):
            (to / name).chmod(0o1777)

    def give_to_server(self, path):
        """Makes the user of a server's workers and scripts (that of the examples) the owner of all that is there."""
        if os.geteuid() == 0:
            for entry in [path, *path.rglob("*")]:
                shutil.chown(entry, "www-data", "www-data")

    def serve_folder(self, files=None, workers=1, arguments=(), wait=True, name="www", listen="127.0.0.1:0", **options):
        """Starts quick mode on a folder of the test's own, on a port that the system chooses. `listen` None: as without
        --listen."""
        self.write({f"{name}/{path}": content for path, content in (files or {}).items()})
        (self.folder / name).mkdir(exist_ok=True)
        server = Server(self.folder, [], len(self.servers))
        self.servers.append(server)
        address = ["--listen", listen] if listen else []
        server.launch([self.folder / name, "--workers", workers, *address, *arguments], **options)
        if wait:
            server.wait_ready(workers)
            url = wait_until(lambda: re.search(r"http://127\.0\.0\.1:(\d+)/", server.stdout()), "the URL on standard output")
            server.port = int(url[1])
        return server

    def reconfigure(self, server, config):
        """Writes another configuration; the ports stay."""
        (self.folder / "site.conf").write_text(self.expand(config, server.ports))

    def close(self):
        """Stops what still runs; raises if a server did something no server may."""
        problems = []
        for server in self.servers:
            if server.process is None:
                continue
            workers = server.worker_pids()
            try:
                server.stop()
            except AssertionError as error:
                problems.append(str(error))
                server.process.kill()
                server.process.wait(TIMEOUT)
            for pid in workers:
                wait_until(lambda pid=pid: not is_alive(pid), f"the end of worker {pid}")
            for text in (server.stderr(), server.log()):
                if FAULTS.search(text):
                    problems.append(text)
        shutil.rmtree(self.folder, ignore_errors=True)
        if problems:
            raise AssertionError("\n".join(problems))
