"""Uploads: POST and PUT, as they come and as forms, what is refused and when, and that no file is ever seen in part."""

import contextlib
import hashlib
import json
import os
import pathlib
import random
import subprocess
import threading

import pytest

from brilliant import TIMEOUT, wait_until
from clients import RawConnection, curl, is_sanitized, linux_only, needs, root_only, worker_of
from crash_uploads import crash_at_random, crash_at_system_calls, crash_without_unnamed_files

CONFIG = """
error_log error.log
access_log off
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www; methods GET POST PUT; upload_path /in; body_max 1g; @MORE@ }
}
"""
FOLDERS = ("www", "www/in", "www/in/sub")


def start(brilliant, more="", config=CONFIG, folders=FOLDERS, **options):
    brilliant.write({"www/in/sub/.keep": ""})
    for name in folders:
        (brilliant.folder / name).mkdir(exist_ok=True)
        (brilliant.folder / name).chmod(0o777)
    return brilliant.start(config.replace("@MORE@", more), error_log="error.log", **options)


def names(server, folder="www/in"):
    """Everything in the folder, hidden files too, but for what the tests put there."""
    return sorted(set(os.listdir(server.folder / folder)) - {"sub", ".keep", "in"})


def content(server, path):
    return (server.folder / "www" / path).read_bytes()


def form(*parts, boundary="B"):
    """A form of (file name or None, content)."""
    text = b""
    for name, value in parts:
        file_name = b"" if name is None else b'; filename="' + name.encode("utf-8", "surrogateescape") + b'"'
        text += (b"--" + boundary.encode() + b'\r\nContent-Disposition: form-data; name="f"' + file_name + b"\r\n\r\n" + value +
                 b"\r\n")
    return text + b"--" + boundary.encode() + b"--\r\n"


FORM = {"Content-Type": "multipart/form-data; boundary=B"}


def chunked(data, size):
    pieces = [data[at:at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def head(method, target, *fields):
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: test", *fields, "", ""]).encode()


# ---- one file

def test_a_posted_file_is_found_where_location_says(brilliant):
    server = start(brilliant)
    answer = server.request("POST", "/sub/a%20b.bin?x=1", body=b"\0\r\n--raw\xff")
    assert (answer.status, answer.headers["Location"], answer.body) == (201, "/in/sub/a%20b.bin", b"")
    assert server.get("/in/sub/a%20b.bin").body == b"\0\r\n--raw\xff"
    assert (server.folder / "www/in/sub/a b.bin").stat().st_mode & 0o7133 == 0


def test_a_file_is_put_where_the_target_says_and_replaced_whole(brilliant):
    server = start(brilliant)
    assert server.request("PUT", "/in/a.txt", body=b"one").status == 201
    assert server.get("/in/a.txt").body == b"one"
    for number in range(20):  # whichever worker is asked
        again = server.request("PUT", "/in/a.txt", body=b"%d" % number)
        assert (again.status, again.headers["Location"], again.body) == (204, None, b"")
        assert server.get("/in/a.txt").body == b"%d" % number
    assert server.request("PUT", "/in/empty", body=b"").status == 201
    assert content(server, "in/empty") == b""
    assert names(server) == ["a.txt", "empty"]


def test_programs_get_json(brilliant):
    server = start(brilliant)
    asks = {"Accept": "application/json"}
    for method, status in (("POST", 201), ("PUT", 201), ("PUT", 200)):
        target, path = ("/ä.txt", "/in/%C3%A4.txt") if method == "POST" else ("/in/x", "/in/x")
        answer = server.request(method, "/%C3%A4.txt" if method == "POST" else target, body=b"123", headers=asks)
        assert answer.status == status
        assert answer.headers["Content-Type"] == "application/json"
        assert json.loads(answer.body) == {"files": [{"name": target[1:].split("/")[-1], "path": path, "size": 3}]}


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 16_385, 262_144, 262_145, 3_000_000])
def test_files_of_all_sizes_arrive_with_length_and_in_chunks(brilliant, size):
    server = start(brilliant)
    data = random.Random(size).randbytes(size)
    assert server.request("PUT", "/in/length", body=data).status == 201
    with RawConnection(server) as connection:
        connection.send(head("PUT", "/in/chunks", "Transfer-Encoding: chunked") + chunked(data, 70_001))
        assert connection.read().status == 201
        # What follows the content belongs to the next request.
        connection.send(head("PUT", "/in/pipelined", f"Content-Length: {size}") + data + head("GET", "/in/pipelined"))
        assert connection.read().status == 201
        assert connection.read().body == data
    for name in ("length", "chunks", "pipelined"):
        assert content(server, f"in/{name}") == data, name


@needs("curl")
def test_curl_uploads(brilliant, tmp_path):
    server = start(brilliant)
    file = tmp_path / 'say "hi".txt'
    file.write_bytes(b"hello" * 100_000)
    url = f"http://127.0.0.1:{server.port}"
    curl("-T", file, f"{url}/in/put")
    curl("--data-binary", f"@{file}", f"{url}/post")
    curl("-F", f'a=@"{tmp_path}/say \\"hi\\".txt"', "-F", "b=text", url + "/")
    for name in ("put", "post", 'say "hi".txt'):
        assert content(server, f"in/{name}") == file.read_bytes(), name


def test_content_of_any_type_is_stored_as_it_is(brilliant):
    server = start(brilliant)
    for number, media_type in enumerate(("application/x-www-form-urlencoded", "multipart/mixed; boundary=B", "text/plain", "nonsense")):
        assert server.request("POST", f"/{number}", body=form(("x", b"")), headers={"Content-Type": media_type}).status == 201
        assert content(server, f"in/{number}") == form(("x", b""))


# ---- forms

def test_a_form_stores_several_files(brilliant):
    server = start(brilliant)
    files = [("a.txt", b"one"), (None, b"a field"), ("", b""), ("a.txt", b"two"), ("\udcff ü%.bin", b"\r\n--A\r--" * 50_000)]
    for fields, kind in (({"Accept": "application/json"}, "json"), ({"Accept": "text/html,*/*"}, "html"), ({}, "text")):
        target = {"json": "/sub/", "html": "/sub", "text": "/"}[kind]
        folder = "in/sub/" if target != "/" else "in/"
        answer = server.request("POST", target, body=form(*files), headers=FORM | fields)
        assert (answer.status, answer.headers["Location"]) == (201, f"/{folder}")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if kind == "json":
            stored = json.loads(answer.body)["files"]
            assert [entry["name"] for entry in stored] == ["a.txt", "a_1.txt", "\ufffd ü%.bin"]
            assert [entry["path"] for entry in stored] == ["/in/sub/a.txt", "/in/sub/a_1.txt", "/in/sub/%FF%20%C3%BC%25.bin"]
            assert [server.get(entry["path"]).body for entry in stored] == [b"one", b"two", files[4][1]]
            assert [entry["size"] for entry in stored] == [3, 3, len(files[4][1])]
        elif kind == "html":
            assert b'<a href="/in/sub/a_2.txt">a_2.txt</a>' in answer.body and b'href="/in/sub/"' in answer.body
            assert "style-src 'sha256-" in answer.headers["Content-Security-Policy"]
        else:
            assert answer.body == b"/in/a.txt\n/in/a_1.txt\n/in/%FF%20%C3%BC%25.bin\n"


def test_names_in_a_page_are_text(brilliant):
    server = start(brilliant)
    answer = server.request("POST", "/", body=form(("<img src=x onerror=alert(1)>&amp;'.txt", b"")), headers=FORM | {"Accept": "text/html"})
    assert answer.status == 201
    assert b"<img" not in answer.body and b"&lt;img src=x onerror=alert(1)&gt;&amp;amp;&#39;.txt" in answer.body


BAD_NAMES = ["..", ".", ".hidden", "a/b", "/etc/passwd", "../x", "sub/../x", "a\tb", "n" * 256]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_forms_with_bad_names_store_nothing(brilliant, name):
    server = start(brilliant)
    assert server.request("POST", "/", body=form((name, b"x")), headers=FORM).status == 400
    assert names(server) == [] and names(server, "www") == []


def test_backslashes_are_plain_bytes(brilliant):
    server = start(brilliant)
    assert server.request("POST", "/", body=form(("C:\\dir\\a.txt", b"x")), headers=FORM).status == 201
    assert names(server) == ["C:\\dir\\a.txt"]


@pytest.mark.parametrize("body, headers, status", [
    (form(("a", b"x"))[:-5], FORM, 400),
    (b"", FORM, 400),
    (form((None, b"x")), FORM, 400),
    (form(("", b"")), FORM, 400),
    (form(("a", b"x")), {"Content-Type": "multipart/form-data"}, 400),
    (form(("a", b"x"), boundary="C"), FORM, 400),
    (form(("a", b"x")).replace(b"filename=", b"filename*=utf-8''b; filename="), FORM, 400),
    (b"--B\r\nX: " + b"x" * 10_000, FORM, 431),
])
def test_malformed_forms_store_nothing(brilliant, body, headers, status):
    server = start(brilliant)
    with RawConnection(server) as connection:
        fields = [f"{name}: {value}" for name, value in headers.items()]
        connection.send(head("POST", "/", f"Content-Length: {len(body)}", *fields) + body)
        assert connection.read().status == status
        assert connection.get("/none").status == 404, "the connection persists"
    assert names(server) == []


def test_what_was_stored_before_a_form_failed_is_named(brilliant):
    server = start(brilliant)
    answer = server.request("POST", "/", body=form(("good.txt", b"x"), (".bad", b"y")), headers=FORM)
    assert answer.status == 400 and b"/in/good.txt" in answer.body
    assert names(server) == ["good.txt"]


def test_a_form_cut_at_every_byte_leaves_nothing_but_whole_files(brilliant):
    server = start(brilliant)
    body = form(("a", b"first"), ("b", b"second"))
    request = head("POST", "/", f"Content-Length: {len(body)}", "Content-Type: multipart/form-data; boundary=B") + body
    for cut in range(len(request) - len(body), len(request), 7):
        with RawConnection(server) as connection:
            connection.send(request[:cut])
            connection.socket.shutdown(1)
            assert connection.read().status == 400
    assert all(content(server, f"in/{name}") in (b"first", b"second") for name in names(server))


# ---- names that are taken

@pytest.mark.parametrize("choice, status, expected", [
    ("rename", 201, {"x.tar.gz": b"1", "x.tar_1.gz": b"2"}), ("reject", 409, {"x.tar.gz": b"1"}), ("replace", 204, {"x.tar.gz": b"2"})])
def test_upload_conflict(brilliant, choice, status, expected):
    server = start(brilliant, f"upload_conflict {choice}")
    assert server.request("POST", "/x.tar.gz", body=b"1").status == 201
    assert server.request("POST", "/x.tar.gz", body=b"2").status == status
    assert {name: content(server, f"in/{name}") for name in names(server)} == expected


@pytest.mark.parametrize("choice", ["rename", "reject", "replace"])
def test_fifty_clients_post_the_same_name_at_once(brilliant, choice):
    server = start(brilliant, f"upload_conflict {choice}")
    bodies = [random.Random(number).randbytes(300_000) for number in range(50)]
    answers = [None] * 50
    barrier = threading.Barrier(50)

    def post(number):
        barrier.wait(TIMEOUT)
        answers[number] = server.request("POST", "/same.bin", body=bodies[number], headers={"Accept": "application/json"})

    threads = [threading.Thread(target=post, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * TIMEOUT)
    sent = {hashlib.sha256(body).digest() for body in bodies}
    stored = {name: hashlib.sha256(content(server, f"in/{name}")).digest() for name in names(server)}
    statuses = sorted(answer.status for answer in answers)
    if choice == "rename":
        assert statuses == [201] * 50 and set(stored.values()) == sent and len(stored) == 50
        for number, answer in enumerate(answers):
            name = json.loads(answer.body)["files"][0]["name"]
            assert stored[name] == hashlib.sha256(bodies[number]).digest()
    else:
        assert list(stored) == ["same.bin"] and stored["same.bin"] in sent
        assert statuses == ([201] + [409] * 49 if choice == "reject" else [200] * 49 + [201])


# ---- refusals, before the content is asked for

REFUSALS = [
    ("PUT", "/in/x", ["Content-Range: bytes 0-1/10"], 400),
    ("PUT", "/in/x", ["Content-Encoding: gzip"], 415),
    ("POST", "/x", ["Content-Encoding: br"], 415),
    ("PUT", "/in/.x", [], 400),
    ("PUT", "/in/.git/x", [], 400),
    ("PUT", "/in/" + "n" * 255, ["If-Match: *"], 412),
    ("PUT", "/in/", [], 409),
    ("PUT", "/in/sub", [], 409),
    ("PUT", "/in/none/x", [], 409),
    ("PUT", "/in/file/x", [], 409),
    ("PUT", "/in/file", ["If-None-Match: *"], 412),
    ("PUT", "/in/file", ['If-Match: "other"'], 412),
    ("PUT", "/out/x", [], 403),
    ("PUT", "/in/link", [], 409),
    ("POST", "/", [], 400),
    ("POST", "/none/x", [], 404),
    ("POST", "/none/", ["Content-Type: multipart/form-data; boundary=B"], 404),
    ("POST", "/file", ["Content-Type: multipart/form-data; boundary=B"], 404),
    ("POST", "/", ["Content-Type: multipart/form-data; boundary=B", "Content-Encoding: gzip"], 415),
    ("PUT", "/big/x", [], 413),
    ("PUT", "/quota/x", [], 507),
    ("POST", "/nowhere/x", [], 403),
    ("PUT", "/closed/x", ["Authorization: Basic eDp4"], 401),
    ("PUT", "/in/x.sh", [], 403),
]


@pytest.mark.parametrize("method, target, fields, status", REFUSALS)
def test_refusals_come_before_the_content_is_asked_for(brilliant, method, target, fields, status):
    config = CONFIG.replace("location / {", """cgi .sh { root @FOLDER@/cgi }
  location /big { root @FOLDER@/www; methods PUT; body_max 1k }
  location /quota { root @FOLDER@/www; methods PUT; upload_quota 10k }
  location /nowhere { root @FOLDER@/www; methods GET POST }
  location /closed { root @FOLDER@/www; methods PUT; auth_basic "closed" @FOLDER@/users }
  location / {""")
    brilliant.write({"www/in/file": "", "outside/x": "", "users": "", "cgi/none": ""})
    os.symlink("../outside", brilliant.folder / "www/out")
    os.symlink("file", brilliant.folder / "www/in/link")
    server = start(brilliant, config=config)
    with RawConnection(server) as connection:
        connection.send(head(method, target, "Content-Length: 20000", "Expect: 100-continue", *fields))
        refusal = connection.read()
        assert refusal.status == status
        assert not refusal.persists
        if status == 413:
            assert b"At most 1024 bytes" in refusal.body
    with RawConnection(server) as connection:
        connection.send(head(method, target, "Content-Length: 20000", *fields) + b"x" * 20_000)
        assert connection.read().status == status
        assert connection.get("/in/file").status == 200, "content that was not asked for is skipped"
    assert (server.folder / "outside/x").read_bytes() == b"" and content(server, "in/file") == b""
    assert [name for name in names(server) if name.startswith(".upload") or name == "x"] == []


def test_too_large_in_chunks_is_413_that_says_the_limit(brilliant):
    server = start(brilliant, config=CONFIG.replace("body_max 1g", "body_max 1000"))
    with RawConnection(server) as connection:
        connection.send(head("PUT", "/in/x", "Transfer-Encoding: chunked") + chunked(b"x" * 1001, 1001))
        reply = connection.read()
        assert reply.status == 413 and b"At most 1000 bytes" in reply.body
    assert names(server) == []


@root_only
def test_a_folder_that_may_not_be_written_to_is_403(brilliant):
    server = start(brilliant)
    (server.folder / "www/in").chmod(0o755)
    assert server.request("POST", "/x", body=b"x").status == 403


# ---- conditions

def test_put_with_conditions(brilliant):
    server = start(brilliant)
    assert server.request("PUT", "/in/a", body=b"1", headers={"If-None-Match": "*"}).status == 201
    assert server.request("PUT", "/in/a", body=b"2", headers={"If-None-Match": "*"}).status == 412
    assert server.request("PUT", "/in/b", body=b"2", headers={"If-Match": "*"}).status == 412
    # Old enough for a strong validator.
    os.utime(server.folder / "www/in/a", (1_700_000_000, 1_700_000_000))
    etag = wait_until(lambda: (tag := server.get("/in/a").headers["ETag"]).startswith('"') and tag, "a strong validator")
    assert server.request("PUT", "/in/a", body=b"3", headers={"If-Unmodified-Since": "Tue, 14 Nov 2023 22:13:19 GMT"}).status == 412
    assert server.request("PUT", "/in/a", body=b"3", headers={"If-Match": '"x", ' + etag}).status == 204
    assert server.request("PUT", "/in/a", body=b"4", headers={"If-Match": etag}).status == 412
    assert content(server, "in/a") == b"3"
    os.utime(server.folder / "www/in/a", (1_700_000_000, 1_700_000_000))
    assert server.request("PUT", "/in/a", body=b"5", headers={"If-Unmodified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}).status == 204


def test_of_many_that_replace_the_same_state_one_wins(brilliant):
    server = start(brilliant)
    (server.folder / "www/in/a").write_bytes(b"old")
    (server.folder / "www/in/a").chmod(0o666)
    os.utime(server.folder / "www/in/a", (1_700_000_000, 1_700_000_000))
    etag = server.get("/in/a").headers["ETag"]
    connections = [RawConnection(server) for _ in range(10)]
    for number, connection in enumerate(connections):
        connection.send(head("PUT", "/in/a", "Content-Length: 2", "Expect: 100-continue", f"If-Match: {etag}"))
        assert connection.read().status == 100
    for number, connection in enumerate(connections):
        connection.send(b"%02d" % number)
    statuses = [connection.read().status for connection in connections]
    assert sorted(statuses) == [204] + [412] * 9
    assert content(server, "in/a") == b"%02d" % statuses.index(204)
    for connection in connections:
        connection.close()


def test_missing_folders_are_made_where_that_is_allowed(brilliant):
    server = start(brilliant, "upload_mkdir on")
    assert server.request("PUT", "/in/a/b/c.txt", body=b"x").status == 201
    assert server.request("POST", "/d/e.txt", body=b"y").status == 201
    assert server.request("PUT", "/in/.a/c.txt", body=b"x").status == 400
    assert (content(server, "in/a/b/c.txt"), content(server, "in/d/e.txt")) == (b"x", b"y")
    assert names(server) == ["a", "d"]


# ---- what is served afterwards

def test_uploads_never_act_as_pages_or_programs_of_the_site(brilliant):
    config = CONFIG.replace("location / {", "cgi .sh { root @FOLDER@/www/in }\n  location / {")
    server = start(brilliant, config=config)
    for name, active in (("a.html", True), ("a.svg", True), ("a.xml", True), ("a.txt", False), ("a.png", False)):
        assert server.request("POST", f"/{name}", body=b"<script>").status == 201
        answer = server.get(f"/in/{name}")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == ("sandbox" if active else None), name
    assert server.request("PUT", "/in/run.sh", body=b"#!/bin/sh\necho\n").status == 403
    (server.folder / "www/in/run.sh").write_text("#!/bin/sh\necho Content-Type: text/plain\necho\necho ran\n")
    (server.folder / "www/in/run.sh").chmod(0o755)
    assert b"ran" not in server.get("/in/run.sh").body


def test_the_policy_can_be_replaced(brilliant):
    server = start(brilliant, 'add_header Content-Security-Policy "default-src *"')
    server.request("POST", "/a.html", body=b"x")
    assert server.get("/in/a.html").headers.get_all("Content-Security-Policy") == ["default-src *"]


# ---- memory, room, clients that go

@linux_only
@pytest.mark.skipif(is_sanitized(), reason="AddressSanitizer keeps what is freed")
@pytest.mark.parametrize("kind", ["length", "chunked", "form"])
def test_a_large_upload_takes_constant_memory(brilliant, kind):
    server = start(brilliant, workers=1)
    size, piece = 200 << 20, random.Random(1).randbytes(1 << 20)
    fields, begin, end = [f"Content-Length: {size}"], b"", b""
    if kind == "form":
        begin, end = form(("x", b"")).split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n", b"\r\n--B--\r\n"
        fields = [f"Content-Length: {size + len(begin) + len(end)}", "Content-Type: multipart/form-data; boundary=B"]
    if kind == "chunked":
        fields, end = ["Transfer-Encoding: chunked"], b"0\r\n\r\n"
    (pid,) = server.worker_pids()
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew
    idle = memory_kib(pid, "VmRSS")
    with RawConnection(server) as connection:
        connection.send(head("POST", "/" if kind == "form" else "/x", *fields) + begin)
        for _ in range(200):
            connection.send(b"100000\r\n" + piece + b"\r\n" if kind == "chunked" else piece)
        connection.send(end)
        assert connection.read().status == 201
    assert memory_kib(pid, "VmHWM") - idle < 32 << 10
    stored = hashlib.sha256()
    with open(server.folder / "www/in/x", "rb") as file:
        while data := file.read(1 << 20):
            stored.update(data)
    expected = hashlib.sha256()
    for _ in range(200):
        expected.update(piece)
    assert stored.digest() == expected.digest()


def memory_kib(pid, name):
    line = next(line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1])


@contextlib.contextmanager
def small_file_system(brilliant, name):
    """1 MiB, below the test's folder."""
    (brilliant.folder / name).mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", brilliant.folder / name], capture_output=True).returncode != 0:
        pytest.skip("may not mount")
    try:
        yield
    finally:
        for running in brilliant.servers:
            running.stop()
        subprocess.run(["umount", "-l", brilliant.folder / name], check=True)


@root_only
@needs("mount")
@pytest.mark.parametrize("kind", ["length", "chunked", "form"])
def test_a_full_file_system_is_507_and_its_room_is_given_back(brilliant, kind):
    with small_file_system(brilliant, "www/in"):
        server = start(brilliant)
        free = lambda: os.statvfs(server.folder / "www/in").f_bfree
        before = free()
        data = b"x" * (2 << 20)
        body, fields = (form(("x", data)), ["Content-Type: multipart/form-data; boundary=B"]) if kind == "form" else (data, [])
        with RawConnection(server) as connection:
            if kind == "chunked":
                connection.send(head("PUT", "/in/x", "Transfer-Encoding: chunked"))
                with contextlib.suppress(OSError):
                    connection.send(chunked(data, 65_536))
            else:
                connection.send(head("POST", "/" if kind == "form" else "/x", f"Content-Length: {len(body)}", "Expect: 100-continue", *fields))
            assert connection.read().status == 507
        wait_until(lambda: free() == before, "the room of the upload")
        assert names(server) == []
        assert server.request("PUT", "/in/small", body=b"x" * 500_000).status == 201
        assert server.request("PUT", "/in/small", body=b"y" * 600_000).status == 507, "the old file is there until the new one is"
        assert content(server, "in/small") == b"x" * 500_000


@root_only
@needs("mount")
@pytest.mark.parametrize("pieces", [2, 3])
def test_what_follows_an_upload_that_fills_the_disk_is_not_taken_for_its_content(brilliant, pieces):
    """The pieces are as large as those that are written, and as what is skipped of unwanted content."""
    with small_file_system(brilliant, "www/in"):
        server = start(brilliant)
        length = pieces * 262_144
        with RawConnection(server) as connection:
            connection.send(head("PUT", "/in/x", f"Content-Length: {length}", "Expect: 100-continue"))
            assert connection.read_head()[0] == "HTTP/1.1 100 Continue"
            (server.folder / "www/in/filler").write_bytes(b"f" * 700_000)
            connection.send(b"x" * length + head("GET", "/in/filler"))
            assert connection.read().status == 507
            try:
                assert connection.read().status == 200
            except ConnectionError:
                pass  # that is safe too
        assert names(server) == ["filler"]


@pytest.mark.parametrize("chunks", [False, True])
def test_a_quota_holds_for_twenty_at_once(brilliant, chunks):
    server = start(brilliant, "upload_quota 1m")
    statuses = []

    def post(number):
        data = b"x" * 100_000
        with RawConnection(server) as connection:
            with contextlib.suppress(OSError):
                connection.send(head("POST", f"/{number}", "Transfer-Encoding: chunked") + chunked(data, 10_000) if chunks else
                                head("POST", f"/{number}", f"Content-Length: {len(data)}") + data)
            statuses.append(connection.read().status)

    threads = [threading.Thread(target=post, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * TIMEOUT)
    assert set(statuses) <= {201, 507} and len(statuses) == 20
    assert sum((server.folder / "www/in" / name).stat().st_size for name in names(server)) <= 1 << 20
    assert statuses.count(201) == len(names(server))
    # One after the other it fills up.
    while server.request("POST", "/more", body=b"x" * 100_000).status == 201:
        pass
    assert len(names(server)) == 10


def test_a_client_that_goes_leaves_nothing(brilliant):
    server = start(brilliant)
    for fields, begin in ((["Content-Length: 1000000"], b"x" * 400_000), (["Transfer-Encoding: chunked"], b"61a80\r\n" + b"x" * 400_000),
                          (["Content-Length: 1000000", "Content-Type: multipart/form-data; boundary=B"], form(("a", b"x" * 400_000))[:-9])):
        for abrupt in (False, True):
            connection = RawConnection(server)
            connection.send(head("POST", "/" if "Type" in fields[-1] else "/x", *fields) + begin)
            if abrupt:
                connection.socket.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER: a reset
            else:
                connection.socket.shutdown(1)
                assert connection.read().status == 400
            connection.close()
    assert server.get("/none").status == 404
    assert names(server) == []


@linux_only
def test_a_slow_client_holds_nobody_up(brilliant):
    server = start(brilliant, workers=1)
    with RawConnection(server) as slow:
        slow.send(head("PUT", "/in/slow", "Content-Length: 5"))
        for byte in (b"s", b"l", b"o", b"w"):
            slow.send(byte)
            assert server.request("PUT", "/in/fast", body=byte).status in (201, 204)
            assert "slow" not in names(server)
        slow.send(b"!")
        assert slow.read().status == 201
    assert content(server, "in/slow") == b"slow!"


# ---- crashes

@linux_only
@needs("strace")
@pytest.mark.skipif(is_sanitized(), reason="strace and AddressSanitizer do not go together")
def test_a_worker_killed_at_any_system_call_leaves_whole_files(brilliant):
    crash_at_system_calls(brilliant)


@linux_only
@needs("strace")
@pytest.mark.skipif(is_sanitized(), reason="strace and AddressSanitizer do not go together")
def test_what_a_killed_worker_leaves_is_not_seen_and_goes_with_the_next_upload(brilliant):
    crash_without_unnamed_files(brilliant)


@linux_only
def test_a_worker_killed_at_any_moment_leaves_whole_files(brilliant):
    crash_at_random(brilliant, rounds=20)


@needs("curl")
def test_a_folder_is_opened_for_uploads_by_an_option(brilliant):
    for name in ("www", "both"):
        (brilliant.folder / name).mkdir()
        (brilliant.folder / name).chmod(0o777)
    server = brilliant.serve_folder({"a.txt": "kept"}, arguments=["--upload"])
    assert "Everybody on this machine may store files in it; none replaces another.\n" in server.stdout()
    url = f"http://127.0.0.1:{server.port}/"
    assert curl("--data-binary", "new", f"{url}a.txt", "-o", "/dev/null", "-w", "%{http_code}").stdout == b"201"
    assert curl("--data-binary", "deep", f"{url}made/on/the/way.txt", "-o", "/dev/null", "-w", "%{http_code}").stdout == b"201"
    assert server.get("/a.txt").body == b"kept" and server.get("/a_1.txt").body == b"new"
    assert server.get("/made/on/the/way.txt").body == b"deep"
    assert server.request("PUT", "/a.txt", body=b"x").status == 405
    assert server.request("DELETE", "/a.txt").status == 405
    both = brilliant.serve_folder({"a.txt": "old"}, arguments=["--upload", "--delete"], name="both")
    assert "may store files in it, and replace them with PUT.\n" in both.stdout()
    assert both.request("PUT", "/a.txt", body=b"new").status == 204 and both.get("/a.txt").body == b"new"
    assert both.request("DELETE", "/a.txt").status == 204


def test_uploads_and_programs_of_a_folder_do_not_go_together(brilliant):
    server = brilliant.serve_folder({"cgi-bin/run": "#!/bin/sh\n"}, arguments=["--upload", "--cgi"], wait=False)
    assert server.process.wait(TIMEOUT) == 2
    assert "run what they have stored" in server.stderr()
