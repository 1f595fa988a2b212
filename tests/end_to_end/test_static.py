"""Files: names, links, hidden ones, large ones, and everything that tries to get out of the root."""

import hashlib
import mmap
import os
import selectors
import signal
import urllib.parse

import pytest

from brilliant import TIMEOUT, Factory, is_alive, wait_until
from clients import RawConnection, curl, descriptors_of, needs

SITE = """
error_log error.log
access_log off
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www }
}
"""
FILES = {"www/index.html": "start\n", "www/folder/index.html": "folder\n", "www/folder/page.html": "page\n"}
MARKER = b"what-nobody-may-see-5e2f"


def start(brilliant, config=SITE, files=None, **options):
    return brilliant.start(config, files=FILES | (files or {}), error_log="error.log", **options)


# ---- plain files and folders

def test_files_and_start_pages_arrive(brilliant):
    server = start(brilliant)
    assert server.get("/").body == b"start\n"
    assert server.get("/folder/").body == b"folder\n"
    page = server.get("/folder/page.html?with=query")
    assert (page.status, page.body) == (200, b"page\n")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert server.get("/folder/index.html/").status == 404
    assert server.get("/no").status == 404


def test_a_folder_without_its_slash_is_a_redirect_that_keeps_the_query(brilliant):
    server = start(brilliant)
    answer = server.get("/folder?a=b%20c")
    assert answer.status == 301
    assert answer.headers["Location"] == "/folder/?a=b%20c"


def test_a_folder_without_a_start_page_is_not_listed(brilliant):
    server = start(brilliant, files={"www/bare/unlisted-name.txt": ""})
    answer = server.get("/bare/")
    assert answer.status == 403
    assert b"unlisted-name" not in answer.body


def test_a_location_has_its_own_root(brilliant):
    config = SITE.replace("root @FOLDER@/www }", "root @FOLDER@/www }\n  location /img { root @FOLDER@/pictures }")
    server = start(brilliant, config, {"pictures/a.svg": "<svg/>", "www/imgs/a.svg": "other"})
    assert server.get("/img/a.svg").body == b"<svg/>"
    assert server.get("/imgs/a.svg").body == b"other"


def test_content_follows_the_file(brilliant):
    server = start(brilliant)
    page = brilliant.folder / "www/folder/page.html"
    for text in (b"second state\n", b"third\n"):
        (brilliant.folder / "new").write_bytes(text)
        (brilliant.folder / "new").rename(page)
        wait_until(lambda text=text: server.get("/folder/page.html").body == text, "the new content")
    page.unlink()
    wait_until(lambda: server.get("/folder/page.html").status == 404, "the end of the file")


# ---- odd names

ODD_NAMES = ["two words.txt", " leading", "trailing ", "100%.txt", "%41.txt", "%2e%2e", "a+b", "a&b=c", "semi;colon", "hash#mark", "what?",
             'double"quote', "single'quote", "back\\slash", "<b>bold.html", "Grüße.txt", "日本語.html", "emoji 🌞", "e\u0301 decomposed",
             "-rf", "~", "...", "a..b", "a.", "*", "[x]", "{y}", "colon:80", "@at", "$HOME", "`id`", "x" * 255, "\u202ertl"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_only_names(odd_names_server, name):
    answer = odd_names_server.get("/" + urllib.parse.quote(name, safe=""))
    if name == "...":
        assert answer.status == 404  # it begins with a dot
        return
    assert (answer.status, answer.body.decode()) == (200, f"content of {name}")


@pytest.fixture(scope="module")
def odd_names_server():
    factory = Factory()
    try:
        yield start(factory, files={f"www/{name}": f"content of {name}" for name in ODD_NAMES}, workers=1)
    finally:
        factory.close()


def test_names_need_not_be_utf_8(brilliant):
    server = start(brilliant, workers=1)
    with open(os.fsencode(brilliant.folder / "www") + b"/\xff\xfe latin \xe4", "wb") as file:
        file.write(b"bytes")
    assert server.get("/%FF%FE%20latin%20%E4").body == b"bytes"


@needs("curl")
def test_raw_bytes_of_careless_clients_are_led_to_the_encoded_name(brilliant):
    server = start(brilliant, files={"www/Grüße.txt": "Hallo"})
    answer = server.exchange("GET /Grüße.txt HTTP/1.0\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 301 ")
    assert b"\r\nLocation: /Gr%C3%BC%C3%9Fe.txt\r\n" in answer
    assert curl("-L", f"http://127.0.0.1:{server.port}/Grüße.txt").stdout == b"Hallo"


# ---- hidden files

def test_names_with_a_leading_dot_do_not_exist(brilliant):
    hidden = {"www/.htpasswd": "x", "www/.git/config": "x", "www/folder/.secret/page": "x", "www/.well-known/security.txt": "contact"}
    server = start(brilliant, files=hidden)
    for target in ("/.htpasswd", "/.git/config", "/.git/", "/.git", "/folder/.secret/page", "/%2ehtpasswd", "/folder/../.htpasswd",
                   "/.no-such-file"):
        assert server.get(target).status == 404, target
    assert server.get("/.well-known/security.txt").body == b"contact"


def test_dotfiles_on_shows_them(brilliant):
    server = start(brilliant, SITE.replace("/www }", "/www; dotfiles on }"), {"www/.git/config": "[core]"})
    assert server.get("/.git/config").body == b"[core]"


# ---- symbolic links

def test_links_inside_the_root_are_followed(brilliant):
    server = start(brilliant)
    (brilliant.folder / "www/relative").symlink_to("folder/page.html")
    (brilliant.folder / "www/absolute").symlink_to(brilliant.folder / "www/folder/page.html")
    (brilliant.folder / "www/link-to-folder").symlink_to("folder")
    (brilliant.folder / "www/folder/up").symlink_to("../folder/../index.html")
    for target in ("/relative", "/absolute", "/link-to-folder/page.html"):
        assert server.get(target).body == b"page\n", target
    assert server.get("/folder/up").body == b"start\n"
    (brilliant.folder / "www/loop").symlink_to("loop")
    assert 400 <= server.get("/loop").status < 500
    (brilliant.folder / "www/dangling").symlink_to("nothing")
    assert server.get("/dangling").status == 404


def test_links_out_of_the_root_are_refused_and_the_log_names_the_remedy(brilliant):
    server = start(brilliant, files={"outside/file.txt": MARKER})
    (brilliant.folder / "www/leak").symlink_to("../outside/file.txt")
    (brilliant.folder / "www/folder-leak").symlink_to(brilliant.folder / "outside")
    (brilliant.folder / "www/two-steps").symlink_to("leak")
    for target in ("/leak", "/folder-leak/file.txt", "/two-steps"):
        answer = server.get(target)
        assert answer.status == 403, target
        assert MARKER not in answer.body
        assert str(brilliant.folder).encode() not in answer.body
        server.wait_log(rf"warn: .*path={target[1:]} .*symlink_roots")


def test_symlink_roots_lets_links_out_to_the_named_folders_only(brilliant):
    config = SITE.replace("/www }", "/www; symlink_roots @FOLDER@/shared @FOLDER@/media }")
    server = start(brilliant, config, {"shared/deep/a": "from shared", "media/b": "from media", "outside/c": MARKER})
    for name, target in (("a", "shared/deep/a"), ("b", "media/b"), ("c", "outside/c"), ("d", "shared/../outside/c")):
        (brilliant.folder / "www" / name).symlink_to(brilliant.folder / target)
    (brilliant.folder / "www/tree").symlink_to("../shared")
    assert server.get("/a").body == b"from shared"
    assert server.get("/b").body == b"from media"
    assert server.get("/tree/deep/a").body == b"from shared"
    for target in ("/c", "/d"):
        answer = server.get(target)
        assert (answer.status, MARKER in answer.body) == (403, False), target


def test_what_is_no_file_is_refused_without_waiting(brilliant):
    server = start(brilliant, workers=1)
    os.mkfifo(brilliant.folder / "www/pipe")
    (brilliant.folder / "www/pipe").chmod(0o666)
    assert server.get("/pipe").status == 403
    (brilliant.folder / "www/null").symlink_to("/dev/null")
    assert server.get("/null").status == 403


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's workers are somebody else")
def test_a_file_the_workers_may_not_read_is_403_and_the_log_says_so(brilliant):
    server = start(brilliant, files={"www/private": MARKER})
    (brilliant.folder / "www/private").chmod(0o600)
    answer = server.get("/private")
    assert (answer.status, MARKER in answer.body) == (403, False)
    server.wait_log(r"warn: .*path=private .*errno=13")


# ---- out of the root

def test_a_folder_that_turns_into_a_link_never_leaks(brilliant):
    server = start(brilliant, files={"www/swap/file.txt": "right", "outside/file.txt": MARKER}, workers=1)
    inside, link = brilliant.folder / "www/swap", brilliant.folder / "www/link"
    parked = brilliant.folder / "parked"
    with RawConnection(server) as connection:
        for _ in range(300):
            inside.rename(parked)
            link.symlink_to(brilliant.folder / "outside")
            link.rename(inside)
            connection.send(b"GET /swap/file.txt HTTP/1.1\r\nHost: x\r\n\r\n")
            inside.unlink()
            parked.rename(inside)
            reply = connection.read()
            assert MARKER not in reply.body
            assert reply.status in (200, 403, 404)


# ---- large files

def make_sparse_file(path, size):
    """Mostly holes, with marks of its own at many places: a piece that is misplaced, lost or doubled is noticed."""
    with open(path, "wb") as file:
        file.truncate(size)
        for number, offset in enumerate(range(0, size - 32, 977 * 1024)):
            file.seek(offset)
            file.write(hashlib.sha256(str(number).encode()).digest())
        file.seek(size - 4)
        file.write(b"end.")
    path.chmod(0o644)


def test_eight_slow_readers_of_a_large_file_get_every_byte(brilliant):
    size = 200 * 1024 * 1024 + 4321
    server = start(brilliant)
    path = brilliant.folder / "www/large.bin"
    make_sparse_file(path, size)
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as expected, \
            selectors.DefaultSelector() as selector:
        connections = []
        for _ in range(8):
            # A small window, read in turn: none of them ever takes what the server could send.
            connection = RawConnection(server, receive_buffer=64 * 1024)
            connection.send(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            connections.append(connection)
        received = {}
        for connection in connections:
            line, fields = connection.read_head()
            assert line == "HTTP/1.1 200 OK"
            assert fields["content-length"] == str(size)
            rest = connection.file.peek()
            assert rest == expected[:len(rest)]
            received[connection.socket] = len(rest)
            selector.register(connection.socket, selectors.EVENT_READ)
        while received:
            ready = selector.select(TIMEOUT)
            assert ready, f"nobody gets anything any more: {sorted(received.values())}"
            for key, _ in ready:
                offset = received[key.fileobj]
                piece = key.fileobj.recv(128 * 1024)
                assert piece, f"the connection ended at {offset} of {size}"
                assert piece == expected[offset:offset + len(piece)], f"wrong bytes after {offset}"
                received[key.fileobj] = offset + len(piece)
                if received[key.fileobj] == size:
                    selector.unregister(key.fileobj)
                    del received[key.fileobj]
        # The connections are good for more.
        for connection in connections:
            connection.file.close()
            connection.file = connection.socket.makefile("rb")
            assert connection.get("/folder/page.html").body == b"page\n"
            connection.close()


def test_a_stop_in_good_order_finishes_a_running_download(brilliant):
    size = 50 * 1024 * 1024
    server = start(brilliant, "worker_shutdown_timeout 10m\ndrain_idle 100ms\n" + SITE, workers=1)
    path = brilliant.folder / "www/large.bin"
    make_sparse_file(path, size)
    with RawConnection(server, receive_buffer=64 * 1024) as connection:
        connection.send(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.read_head()
        server.send_signal(signal.SIGQUIT)
        server.wait_log("signal SIGQUIT received")
        content = connection.file.read(size)
        assert content == path.read_bytes()
        assert connection.ended()
    assert server.wait_exit() == 0


def test_a_file_that_shrinks_while_it_is_sent_ends_the_connection(brilliant):
    size = 50 * 1024 * 1024
    server = start(brilliant, workers=1)
    path = brilliant.folder / "www/large.bin"
    make_sparse_file(path, size)
    with RawConnection(server, receive_buffer=64 * 1024) as connection:
        connection.send(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.read_head()
        os.truncate(path, 20 * 1024 * 1024)
        try:
            content = connection.file.read(size)
        except ConnectionResetError:
            content = b""
        assert len(content) < size
    server.wait_log(r"warn: a file became shorter while it was sent")
    assert server.get("/folder/page.html").status == 200


def test_a_client_that_leaves_in_the_middle_costs_nobody_anything(brilliant):
    server = start(brilliant, workers=1)
    make_sparse_file(brilliant.folder / "www/large.bin", 50 * 1024 * 1024)
    worker = server.ready_pids()[0]
    for _ in range(50):
        with RawConnection(server) as connection:
            connection.send(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.read_head()
    assert server.get("/").body == b"start\n"
    if os.path.isdir("/proc/self/fd"):
        # A file that is asked for often may stay open, but once.
        held = lambda: list(descriptors_of(worker).values())  # noqa: E731
        wait_until(lambda: len([link for link in held() if link.startswith("socket:")]) == 2, "all but listener and control channel closed")
        wait_until(lambda: len([link for link in held() if link.endswith("large.bin")]) <= 1, "the file to be closed")
    assert server.ready_pids()[0] == worker and is_alive(worker)
