"""Nothing outside of a location's root is read, made, changed or deleted: however a path is spelled, and whatever is renamed or replaced
by a link while requests are under way. BRILLIANT_RACE_SWAPS=N makes the race longer."""

import contextlib
import itertools
import os
import shutil
import threading

from clients import RawConnection

SITE = """
error_log error.log
access_log off
client_body_timeout 10s
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www; methods GET POST PUT DELETE; upload_path /; upload_mkdir on; delete_folders empty; body_max 1k }
  location /in { root @FOLDER@/www/in; methods GET POST PUT DELETE; upload_path /; upload_mkdir on; delete_folders empty; trash @FOLDER@/trash }
}
"""
OWN_USER = "user root\n" if os.geteuid() == 0 else ""
MARKER = b"SECRET-MARKER"
FILES = {"www/a.txt": "inside\n", "www/in/a.txt": "inside\n", "www/in/deep/a.txt": "inside\n", "secret": MARKER + b"\n", "outside/secret": MARKER + b"\n",
         "outside/a.txt": MARKER + b"\n", "outside/deep/a.txt": MARKER + b"\n"}
SWAPS = int(os.environ.get("BRILLIANT_RACE_SWAPS", "3000"))


def start(brilliant):
    brilliant.write(FILES)
    (brilliant.folder / "trash").mkdir()
    (brilliant.folder / "outside/empty").mkdir()
    return brilliant.start(OWN_USER + SITE, error_log="error.log")


def outside(server):
    """Everything beside the root: names, content, time of the last change."""
    seen = {}
    for top in ("outside", "secret"):
        path = server.folder / top
        for entry in [path, *(path.rglob("*") if path.is_dir() else ())]:
            status = entry.lstat()
            seen[str(entry)] = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode, entry.read_bytes() if entry.is_file() else None)
    seen["names"] = {name for name in os.listdir(server.folder) if not name.endswith(".log")}
    return seen


def spellings(folder):
    dots = ["..", "%2e%2e", ".%2e", "%2E.", "%252e%252e", "%25252e.", "..%00", "..;", "...", "....", ".. ".replace(" ", "%20"), "%c0%ae%c0%ae",
            "%e0%80%ae%e0%80%ae", "%u002e%u002e", "..%0d", "..%ff", "\u2025".encode().decode("latin-1"), ".", "%2e", "..."]
    slashes = ["/", "//", "%2f", "%2F", "\\", "%5c", "%252f", "/./", "%c0%af", "/%2e/", ";/", "/%2f"]
    starts = ["/", "//", "/in/", "/in/deep/", "/none/", "/a.txt/", "/in", "/link/", "/linked-file/"]
    ends = ["outside/secret", "secret", "outside/new", "outside/empty", "outside/"]
    for start_text, dot, slash, depth in itertools.product(starts, dots, slashes, (1, 2, 3)):
        for end in ends[:2] if depth == 3 else ends:
            yield start_text + (dot + slash) * depth + end
    absolute = str(folder / "outside/secret")
    for start_text in starts:
        for text in (absolute, absolute.replace("/", "%2f"), "file:" + absolute, "/proc/self/root" + absolute, "proc/self/cwd/secret", "~root/x", "\\\\x\\y"):
            yield start_text + text
    for name in ("secret", "deep/a.txt", "new", "empty", "empty/", ""):
        yield f"/link/{name}"
        yield f"/in/link/{name}"


def shoot(server, client, method, target):
    """The answer to one request, and the connection to go on with."""
    try:
        body = b"" if method in ("GET", "DELETE") else b"Content-Length: 4\r\n"
        client.send(method.encode() + b" " + target.encode("latin-1") + b" HTTP/1.1\r\nHost: a\r\n" + body + b"\r\n" + (b"evil" if body else b""))
        reply = client.read()
    except OSError:
        reply = None
    if reply is None or not reply.persists:
        client.close()
        client = RawConnection(server)
    return reply, client


def test_no_spelling_of_a_path_leads_out(brilliant):
    server = start(brilliant)
    (brilliant.folder / "www/link").symlink_to("../outside")
    (brilliant.folder / "www/in/link").symlink_to("../../outside")
    (brilliant.folder / "www/linked-file").symlink_to("../outside/secret")
    before = outside(server)
    client = RawConnection(server)
    count = 0
    targets = list(dict.fromkeys(spellings(brilliant.folder)))
    for method in ("GET", "PUT", "DELETE", "POST"):
        for target in targets:
            reply, client = shoot(server, client, method, target)
            assert reply is not None, (method, target)
            assert MARKER not in reply.body, (method, target)
            count += 1
        assert outside(server) == before, method
    client.close()
    assert count > 10_000


def test_no_race_between_folders_and_links_leads_out(brilliant):
    server = start(brilliant)
    before = outside(server)
    inside = brilliant.folder / "www/in"
    (inside / "link").symlink_to("../../outside")
    over = threading.Event()
    faults, answers = [], {}

    def move(source, target):
        # PUT makes the folders that are missing, so there may be one in the way.
        while True:
            try:
                return os.rename(inside / source, inside / target)
            except OSError:
                shutil.rmtree(inside / target, ignore_errors=True)

    def swap():
        """in/deep is a folder, then a link that leads out, then the folder again; so is what lies in it."""
        try:
            for _ in range(SWAPS):
                move("deep", "real")
                move("link", "deep")
                move("deep", "link")
                move("real", "deep")
        finally:
            over.set()

    def ask(method, target):
        client = RawConnection(server)
        while not over.is_set():
            reply, client = shoot(server, client, method, target)
            if reply is None:
                continue
            answers[method, reply.status] = answers.get((method, reply.status), 0) + 1
            if MARKER in reply.body:
                faults.append((method, target, reply.body))
        client.close()

    clients = [threading.Thread(target=ask, args=args) for args in (
        ("GET", "/in/deep/a.txt"), ("PUT", "/in/deep/a.txt"), ("DELETE", "/in/deep/a.txt"), ("DELETE", "/in/deep/secret"))]
    swapper = threading.Thread(target=swap)
    for thread in (*clients, swapper):
        thread.start()
    for thread in (*clients, swapper):
        thread.join()
    print(SWAPS, "swaps:", dict(sorted(answers.items())))
    assert faults == []
    assert outside(server) == before
    with contextlib.suppress(FileNotFoundError):
        assert MARKER not in (inside / "deep/a.txt").read_bytes()
    for entry in (brilliant.folder / "trash").iterdir():
        assert MARKER not in entry.read_bytes(), entry
    assert answers.get(("GET", 200), 0) + answers.get(("PUT", 201), 0) + answers.get(("PUT", 204), 0) > 0, answers
