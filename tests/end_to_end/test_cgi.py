"""Programs: scripts behind the real server, with real clients, and what they may do to it (RFC 3875)."""

import http.client
import json
import os
import pathlib
import re
import signal
import socket
import urllib.parse

import pytest

from brilliant import TIMEOUT, Answer, run, wait_until
from clients import RawConnection, curl, is_sanitized

SITE = """
error_log error.log info
access_log off
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www; index index.html start.sh }
  location /up { root @FOLDER@/www/up; methods GET PUT }
  location /program { cgi @FOLDER@/program; methods GET POST PUT; cgi_env APP on; @RULE@ }
  cgi .sh { root @FOLDER@/www; methods GET POST; @RULE@ }
}
"""
ENVIRONMENT = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nenv | sort\n"
HEAD = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"


def start(brilliant, scripts, rule="", top="", **options):
    """A server with these scripts (text by path below www, or "program")."""
    files = {"www/index.html": "start\n", "program": ENVIRONMENT}
    files |= {name if name == "program" else f"www/{name}": text for name, text in scripts.items()}
    brilliant.write(files)
    for name, text in files.items():
        if text.startswith("#!"):
            (brilliant.folder / name).chmod(0o755)
    return brilliant.start(top + SITE.replace("@RULE@", rule), error_log="error.log", **options)


def variables(answer):
    return dict(line.split("=", 1) for line in answer.body.decode().splitlines() if "=" in line)


def is_gone(pid):
    """Whether no process of that number runs (one that only waits to be reaped does not)."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):  # the second one if it goes between opening and reading
        return True


def expect_gone(pid):
    wait_until(lambda: is_gone(pid), f"process {pid} to end")


def start_staying(connection, request=b"GET /stay.sh HTTP/1.1\r\nHost: h\r\n\r\n"):
    """Has a script run that says its process id first: that."""
    connection.send(request)
    connection.read_head()
    connection.file.readline()  # the size of the chunk
    return int(connection.file.readline())


# ---- what a script gets

def test_a_script_runs_and_its_meta_variables_are_those_of_rfc_3875(brilliant):
    server = start(brilliant, {"app/env.sh": ENVIRONMENT})
    answer = server.get("/app/env.sh/more%20path/x?a=b&c", headers={"X-Some-Thing": "1", "Proxy": "evil", "Authorization": "x"})
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/plain"
    got = variables(answer)
    www = f"{brilliant.folder}/www"
    expected = {
        "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET", "SERVER_PROTOCOL": "HTTP/1.1", "QUERY_STRING": "a=b&c",
        "SCRIPT_NAME": "/app/env.sh", "PATH_INFO": "/more path/x", "PATH_TRANSLATED": f"{www}/more path/x",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": str(server.port), "REMOTE_ADDR": "127.0.0.1", "REMOTE_HOST": "127.0.0.1",
        "SERVER_SOFTWARE": "BrilliantServer", "SCRIPT_FILENAME": f"{www}/app/env.sh", "DOCUMENT_ROOT": www,
        "REQUEST_URI": "/app/env.sh/more%20path/x?a=b&c", "REQUEST_SCHEME": "http", "HTTP_X_SOME_THING": "1"}
    assert {name: got.get(name) for name in expected} == expected
    for name in ("HTTP_PROXY", "HTTP_AUTHORIZATION", "CONTENT_LENGTH", "CONTENT_TYPE", "AUTH_TYPE", "REMOTE_USER", "HTTPS"):
        assert name not in got, name


# Bash as it was before 2014 (CVE-2014-6271), as far as it matters here: a variable with a function defines it, and what stands
# behind the function is run.
OLD_BASH = """#!/usr/bin/python3 -IS
import os, subprocess
for value in os.environ.values():
    if value.startswith("() {"):
        subprocess.run(["/bin/sh", "-c", "f" + value])
print("Content-Type: text/plain\\n")
for name, value in os.environ.items():
    print(f"{name}={value}")
"""


@pytest.mark.parametrize("blank", [False, True])
@pytest.mark.parametrize("shell", ["sh", "bash", "old bash"])
def test_shell_functions_from_outside_are_bytes_or_nothing(brilliant, shell, blank):
    script = OLD_BASH if shell == "old bash" else ENVIRONMENT.replace("/bin/sh", f"/bin/{shell}")
    rule = "cgi_blank_shell_functions on" if blank else ""
    server = start(brilliant, {"sub/env.sh": script}, rule=rule)
    brilliant.folder.chmod(0o777)  # so that the attack could write
    attack = f"() {{ :;}}; echo > {brilliant.folder}/hit"
    quoted = urllib.parse.quote(attack)
    fields = {"User-Agent": attack, "Cookie": attack, "Content-Type": attack, "Referer": attack}
    got = variables(server.get(f"/sub/env.sh/{quoted}?{quoted}", headers=fields))
    for name in ("HTTP_USER_AGENT", "HTTP_COOKIE", "HTTP_REFERER"):
        assert got[name] == ("" if blank else attack), name
    assert got.get("CONTENT_TYPE") == (None if blank else attack)
    assert (got["PATH_INFO"], got["QUERY_STRING"]) == (f"/{attack}", quoted)
    assert got["PATH"] == "/usr/local/bin:/usr/bin:/bin"
    assert (brilliant.folder / "hit").exists() == (shell == "old bash" and not blank)


def test_the_clients_port_is_that_of_the_client(brilliant):
    server = start(brilliant, {"env.sh": ENVIRONMENT}, top="trusted_proxy 127.0.0.1\nforwarded_field Forwarded\n")
    for forwarded, address, port in [(None, "127.0.0.1", "own"), ("for=192.0.2.9", "192.0.2.9", None),
                                     ('for="192.0.2.9:42"', "192.0.2.9", "42")]:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)
        connection.request("GET", "/env.sh", headers={"Forwarded": forwarded} if forwarded else {})
        own = str(connection.sock.getsockname()[1])
        answer = connection.getresponse()
        got = variables(Answer(answer.status, answer.headers, answer.read()))
        connection.close()
        assert (got["REMOTE_ADDR"], got.get("REMOTE_PORT")) == (address, own if port == "own" else port)


def test_a_program_answers_everything_below_its_location(brilliant):
    server = start(brilliant, {})
    got = variables(server.get("/program/a/b.sh?x"))
    assert (got["SCRIPT_NAME"], got["PATH_INFO"], got["APP"]) == ("/program", "/a/b.sh", "on")
    assert "PATH_INFO" not in variables(server.get("/program"))


def test_an_index_that_is_a_script_runs(brilliant):
    server = start(brilliant, {"dir/start.sh": ENVIRONMENT})
    got = variables(server.get("/dir/?q"))
    assert (got["SCRIPT_NAME"], got["QUERY_STRING"]) == ("/dir/start.sh", "q")


def test_content_arrives_with_its_length(brilliant):
    server = start(brilliant, {"cat.sh": HEAD + "echo $CONTENT_LENGTH $CONTENT_TYPE\ncat\n"})
    answer = server.request("POST", "/cat.sh", body=b"hello", headers={"Content-Type": "text/x"})
    assert answer.body == b"5 text/x\nhello"


def test_chunked_content_is_read_first_so_that_its_length_is_true(brilliant):
    server = start(brilliant, {"cat.sh": HEAD + "echo $CONTENT_LENGTH\ncat\n"})
    with RawConnection(server) as connection:
        connection.send(b"POST /cat.sh HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                        b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
        assert b"7\n" in connection.file.read()


def test_a_hundred_megabytes_through_cat_for_a_client_that_reads_afterwards(brilliant):
    size = 20_000_000 if is_sanitized() else 100_000_000
    server = start(brilliant, {"cat.sh": HEAD + "exec cat\n"})
    block = os.urandom(1_000_000)
    with RawConnection(server) as connection:
        connection.send(f"POST /cat.sh HTTP/1.1\r\nHost: h\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n".encode())
        for _ in range(size // len(block)):
            connection.send(block)
        head = connection.read_head()
        assert head[0].endswith("200 OK"), head
        received = 0
        while chunk := connection.file.readline():
            length = int(chunk, 16)
            if length == 0:
                break
            data = connection.file.read(length)
            at = received % len(block)
            assert data == (block[at:] + block * (length // len(block) + 1))[:length]
            received += length
            assert connection.file.read(2) == b"\r\n"
        assert received == size


# ---- what it may answer

@pytest.mark.parametrize("output, status, fields, body", [
    ("Content-Type: text/plain\n\nx", 200, {"Content-Type": "text/plain"}, b"x"),
    ("Content-Type: text/plain\r\n\r\nx", 200, {}, b"x"),
    ("Status: 418 Short and stout\nContent-Type: text/plain\n\nx", 418, {}, b"x"),
    ("Location: https://example.com/\n\n", 302, {"Location": "https://example.com/"}, None),
    ("Status: 303 See Other\nLocation: https://example.com/\nContent-Type: text/plain\n\nthere", 303, {}, b"there"),
    ("Location: /index.html\n\n", 200, {"Content-Type": "text/html; charset=utf-8"}, b"start\n"),
    ("Status: 204 No Content\n\n", 204, {}, b""),
    ("Content-Type: text/plain\nTransfer-Encoding: gzip\nConnection: X-A\nX-A: 1\n\nx", 200, {"X-A": None}, b"x"),
    ("Content-Type: text/plain\nContent-Length: 3\n\nabcdef", 200, {"Content-Length": "3"}, b"abc"),
])
def test_answers_of_every_kind(brilliant, output, status, fields, body):
    server = start(brilliant, {"say.sh": "#!/bin/sh\nprintf '%s' '" + output + "'\n"})
    answer = server.get("/say.sh")
    assert answer.status == status
    for name, value in fields.items():
        assert answer.headers[name] == value, (name, answer.headers[name])
    if body is not None:
        assert answer.body == body


def test_head_gets_the_same_fields_and_no_content(brilliant):
    server = start(brilliant, {"say.sh": HEAD + "echo content\n"})
    with RawConnection(server) as connection:
        connection.send(b"HEAD /say.sh HTTP/1.1\r\nHost: h\r\n\r\nGET /index.html HTTP/1.1\r\nHost: h\r\n\r\n")
        assert connection.read(head_only=True).status == 200
        assert connection.read().body == b"start\n"


def test_output_is_passed_on_while_the_script_waits(brilliant):
    server = start(brilliant, {"wait.sh": HEAD + "echo first\nread line < \"$FIFO\"\necho second $line\n"},
                   rule=f"cgi_env FIFO {brilliant.folder}/fifo")
    os.mkfifo(brilliant.folder / "fifo")
    with RawConnection(server) as connection:
        connection.send(b"GET /wait.sh HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        connection.read_head()
        assert connection.file.read(3 + len("first\n")) == b"6\r\nfirst\n"
        (brilliant.folder / "fifo").write_text("now\n")
        assert b"second now" in connection.file.read()


def test_an_answer_cut_short_is_seen_as_such(brilliant):
    server = start(brilliant, {"short.sh": "#!/bin/sh\nprintf 'Content-Type: text/plain\\nContent-Length: 100\\n\\nabc'\n"})
    assert curl(f"http://127.0.0.1:{server.port}/short.sh", check=False).returncode == 18  # partial file
    assert curl("-0", f"http://127.0.0.1:{server.port}/short.sh", check=False).returncode != 0
    assert server.get("/").body == b"start\n"


# ---- files that a script has sent for it

def sender(path, fields="Content-Type: text/x-own\nContent-Disposition: attachment\nSet-Cookie: a=1"):
    return f"#!/bin/sh\nprintf '%s\\n\\nignored' '{fields}\nX-Sendfile: {path}'\n"


def start_sending(brilliant, paths, rule="cgi_sendfile_roots @FOLDER@/private/ @FOLDER@/other; cgi_debug on", **options):
    """A server with a script for each of `paths` (by name) that has that file sent."""
    folder = str(brilliant.folder)
    brilliant.write({"private/data.html": "0123456789", "private/long.html": "0123456789" * 100, "other/x.txt": "other", "elsewhere/secret.txt": "MARKER", "privates/x": "MARKER"})
    (brilliant.folder / "private/out").symlink_to("../elsewhere/secret.txt")
    (brilliant.folder / "private/across").symlink_to("../other/x.txt")
    (brilliant.folder / "private/folder").mkdir()
    scripts = {f"{name}.sh": sender(path.replace("@FOLDER@", folder)) for name, path in paths.items()}
    scripts["bare.sh"] = sender(f"{folder}/private/data.html", "Cache-Control: no-store")
    scripts["status.sh"] = sender(f"{folder}/private/data.html", "Status: 404 Gone Fishing")
    return start(brilliant, scripts, rule=rule, **options)


def test_a_file_is_sent_in_place_of_the_output(brilliant):
    server = start_sending(brilliant, {"ok": "@FOLDER@/private/data.html", "link": "@FOLDER@/private/across"})
    answer = server.get("/ok.sh")
    assert (answer.status, answer.body) == (200, b"0123456789")
    fields = answer.headers
    assert (fields["Content-Type"], fields["Content-Disposition"], fields["Set-Cookie"]) == ("text/x-own", "attachment", "a=1")
    assert fields["Content-Length"] == "10" and fields["Accept-Ranges"] == "bytes" and fields["X-Sendfile"] is None
    assert server.get("/link.sh").body == b"other"
    assert server.get("/bare.sh").headers["Content-Type"].startswith("text/html")
    assert server.request("POST", "/ok.sh", body=b"x", headers={"Range": "bytes=1-2"}).body == b"0123456789"
    gone = server.get("/status.sh", headers={"Range": "bytes=1-2"})
    assert (gone.status, gone.body) == (404, b"0123456789")


def test_conditions_and_ranges_of_a_file_that_is_sent(brilliant):
    server = start_sending(brilliant, {"ok": "@FOLDER@/private/data.html", "long": "@FOLDER@/private/long.html"})
    etag = server.get("/ok.sh").headers["ETag"]
    same = server.get("/ok.sh", headers={"If-None-Match": etag})
    assert (same.status, same.body, same.headers["ETag"], same.headers["Content-Type"]) == (304, b"", etag, None)
    assert server.get("/ok.sh", headers={"If-Match": '"x"'}).status == 412
    part = server.get("/ok.sh", headers={"Range": "bytes=2-4"})
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert (part.headers["Content-Type"], part.headers["Content-Disposition"]) == ("text/x-own", "attachment")
    several = server.get("/long.sh", headers={"Range": "bytes=0-1,998-999"})
    assert several.status == 206 and several.headers["Content-Type"].startswith("multipart/byteranges")
    assert several.body.count(b"Content-Type: text/x-own\r\n") == 2
    assert server.get("/ok.sh", headers={"Range": "bytes=20-"}).status == 416
    head = server.request("HEAD", "/ok.sh")
    assert (head.status, head.body, head.headers["Content-Length"], head.headers["ETag"]) == (200, b"", "10", etag)


@pytest.mark.parametrize("path, status, cause", [
    ("@FOLDER@/elsewhere/secret.txt", 500, "cgi_sendfile_roots"), ("@FOLDER@/privates/x", 500, "cgi_sendfile_roots"),
    ("@FOLDER@/private/../elsewhere/secret.txt", 500, "cgi_sendfile_roots"), ("/etc/passwd", 500, "cgi_sendfile_roots"),
    ("@FOLDER@/private/out", 500, "cgi_sendfile_roots"), ("private/data.html", 500, "cgi_sendfile_roots"),
    ("@FOLDER@/private//data.html", 500, "cgi_sendfile_roots"), ("@FOLDER@/private", 500, "cgi_sendfile_roots"),
    ("@FOLDER@/private/folder", 500, "no regular file"), ("@FOLDER@/private/missing", 404, "does not exist"),
    ("@FOLDER@/private/data.html/", 404, "does not exist"), ("file://@FOLDER@/private/data.html", 500, "cgi_sendfile_roots")])
def test_no_file_but_those_below_the_roots_is_sent(brilliant, path, status, cause):
    server = start_sending(brilliant, {"try": path})
    answer = server.get("/try.sh")
    page = answer.body.decode()
    assert answer.status == status and cause in page
    assert "MARKER" not in page and "root:" not in page and "0123456789" not in page
    line = wait_until(lambda: next((line for line in server.log().splitlines() if "program failed" in line), None), "a log line")
    assert cause in line and "remedy=" in line


def test_without_roots_the_field_has_no_effect(brilliant):
    server = start_sending(brilliant, {"ok": "@FOLDER@/private/data.html"}, rule="")
    answer = server.get("/ok.sh")
    assert (answer.status, answer.body, answer.headers["X-Sendfile"]) == (200, b"ignored", None)
    server.wait_log("X-Sendfile ignored .*directive=cgi_sendfile_roots")


# ---- never its source

SPELLINGS = [
    "/secret.sh/", "/secret.sh%2f", "/secret.sh%2F", "/secret.sh%00", "/secret.sh%00.html", "/secret.sh.", "/secret.sh..", "/secret.SH",
    "/SECRET.sh", "/./secret.sh", "/x/../secret.sh", "/secret.sh?x", "/secret.sh;a", "/secret.sh;a=b/c", "/secret.sh%20", "/secret.sh+",
    "/secret.sh%0a", "/secret.sh%09", "/secret.sh%5c", "/secret.sh\\", "/secret.sh:", "/secret.sh::$DATA", "/secret.sh%3a%3a$DATA",
    "//secret.sh", "///secret.sh", "/secret.sh//", "/secret.sh/extra", "/secret.sh/.", "/secret.sh/..", "/secret.sh/../secret.sh",
    "/%73ecret.sh", "/secret%2esh", "/secret%2Esh", "/secret.%73h", "/secret.s%68", "/%2e/secret.sh", "/x/%2e%2e/secret.sh",
    "/secret%252esh", "/secret.sh%23", "/secret.sh%3fx", "/secret.sh*", "/secret.sh~", "/secret.sh.bak", "/link.txt", "/link.txt/",
    "/link.txt/x.sh", "/closed.sh", "/outside.sh", "/outside.sh/x", "/up/evil.sh", "/up/evil.sh/", "/up/evil.sh/x.sh", "/up/evil.jpg/x.sh",
    "/up/../secret.sh", "/up/%2e%2e/secret.sh", "/up/link.sh", "/folder.sh/inner.txt/x.sh", "http://h/secret.sh", "http://h//secret.sh"]


@pytest.mark.parametrize("fields", ["", "Range: bytes=0-\r\n", "Accept-Encoding: gzip, br\r\n", "If-None-Match: \"x\"\r\nTE: trailers\r\n"])
def test_the_source_of_a_script_is_never_sent(brilliant, fields):
    marker = "MARKER-OF-SOURCE"
    source = HEAD + f"# {marker}\necho ran\n"
    brilliant.write({"elsewhere/outside.sh": source, "www/up/.keep": ""})
    (brilliant.folder / "www/outside.sh").symlink_to("../elsewhere/outside.sh")
    (brilliant.folder / "www/link.txt").symlink_to("secret.sh")
    (brilliant.folder / "www/up/link.sh").symlink_to("../secret.sh")
    server = start(brilliant, {"secret.sh": source, "closed.sh": source, "up/evil.sh": source, "folder.sh/inner.txt": "inner"})
    (brilliant.folder / "www/closed.sh").chmod(0o600)
    ran = set()
    for target in SPELLINGS:
        for method in ("GET", "POST"):
            with RawConnection(server) as connection:
                connection.send(f"{method} {target} HTTP/1.1\r\nHost: h\r\n{fields}Connection: close\r\n\r\n".encode())
                answer = connection.file.read()
                assert answer.startswith(b"HTTP/1.1 ") and marker.encode() not in answer, (method, target)
                if b"ran\n" in answer:
                    ran.add(target)
    assert {"/secret.sh/", "/./secret.sh", "/secret%2esh", "//secret.sh", "/secret.sh/extra", "http://h/secret.sh"} <= ran
    assert not {target for target in ran if "evil" in target or "outside" in target or "closed" in target}


def test_a_folder_named_like_a_script_is_a_folder(brilliant):
    server = start(brilliant, {"folder.sh/page.html": "page"})
    assert server.get("/folder.sh/page.html").body == b"page"
    assert server.get("/nothing.sh").status == 404


# ---- what is left behind

def test_a_half_closed_client_gets_its_whole_answer(brilliant):
    server = start(brilliant, {"slow.sh": HEAD + "echo one\nread line < \"$FIFO\"\necho two\n"},
                   rule=f"cgi_env FIFO {brilliant.folder}/fifo")
    os.mkfifo(brilliant.folder / "fifo")
    with RawConnection(server) as connection:
        connection.send(b"GET /slow.sh HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        connection.socket.shutdown(socket.SHUT_WR)
        connection.read_head()
        connection.file.readline()
        (brilliant.folder / "fifo").write_text("now\n")
        assert b"two" in connection.file.read()


def test_content_that_ends_too_early_ends_the_script(brilliant):
    server = start(brilliant, {"stay.sh": HEAD + "echo $$\nread line\nread line\nsleep 1000\n"})
    with RawConnection(server) as connection:
        pid = start_staying(connection, b"POST /stay.sh HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\na\n")
        connection.socket.shutdown(socket.SHUT_WR)
        expect_gone(pid)


def test_a_script_never_outlives_a_fast_stop(brilliant):
    server = start(brilliant, {"stay.sh": HEAD + "echo $$\nexec sleep 1000\n"})
    with RawConnection(server) as connection:
        pid = start_staying(connection)
        server.stop()
    expect_gone(pid)


# ---- when it fails, the log and the page say why

@pytest.mark.parametrize("name, text, mode, status, cause", [
    ("mode.sh", HEAD, 0o644, 403, "no execute permission"),
    ("text.sh", "echo hello\n", 0o755, 500, "does not begin with #!"),
    ("windows.sh", "#!/bin/sh\r\necho\r\n", 0o755, 500, "Windows line ends"),
    ("missing.sh", "#!/no/such/program\n", 0o755, 500, "interpreter does not exist"),
    ("silent.sh", "#!/bin/sh\nexit 0\n", 0o755, 502, "output"),
    ("exit.sh", "#!/bin/sh\necho 'no such module' >&2\nexit 3\n", 0o755, 502, "exit status 3"),
    ("signal.sh", "#!/bin/sh\nkill -SEGV $$\n", 0o755, 502, "signal 11"),
    ("headless.sh", "#!/bin/sh\necho hello\necho\n", 0o755, 502, "colon"),
    ("smuggle.sh", "#!/bin/sh\nprintf 'Content-Type: a\\rX: b\\n\\n'\n", 0o755, 502, ""),
])
def test_a_failure_explains_itself(brilliant, name, text, mode, status, cause):
    server = start(brilliant, {name: text}, rule="cgi_debug on")
    (brilliant.folder / "www" / name).chmod(mode)
    answer = server.get(f"/{name}")
    assert answer.status == status
    assert cause in answer.body.decode()
    line = wait_until(lambda: next((line for line in server.log().splitlines() if "program failed" in line), None), "a log line")
    assert cause in line and "remedy=" in line
    if name == "exit.sh":
        assert "no such module" in answer.body.decode()
        assert "no such module" in server.log()
        assert "\nIt said last:\nno such module\n" in answer.body.decode()


def test_without_cgi_debug_the_page_says_nothing_of_the_inside(brilliant):
    server = start(brilliant, {"exit.sh": "#!/bin/sh\necho secret >&2\nexit 3\n"})
    page = server.get("/exit.sh").body.decode()
    assert "secret" not in page and str(brilliant.folder) not in page


def test_a_script_that_says_nothing_is_ended_after_its_time(brilliant):
    server = start(brilliant, {"silent.sh": "#!/bin/sh\necho $$ >&2\nexec sleep 1000\n"}, rule="timeout 300ms")
    assert server.get("/silent.sh").status == 504
    line = wait_until(lambda: next((line for line in server.log().splitlines() if "script says" in line), None), "its words")
    expect_gone(int(line.split('line="')[1].split('"')[0]))


def test_places_and_queue(brilliant):
    server = start(brilliant, {"wait.sh": HEAD + "echo $$\nread line\n"}, top="cgi_processes 1\ncgi_queue 0\n", rule="cgi_stream on")
    with RawConnection(server) as connection:
        connection.send(b"POST /wait.sh HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nx")
        connection.read_head()
        answer = server.get("/wait.sh")
        assert answer.status == 503 and answer.headers["Retry-After"]


# ---- a folder of programs

BIN = """
error_log error.log info
access_log off
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www }
  location /cgi-bin { root @FOLDER@/www/cgi-bin; cgi *; methods GET POST; cgi_debug on; @RULE@ }
  location /static { root @FOLDER@/static }
  location /cgi-bin/images { root @FOLDER@/static }
  location /other { root @FOLDER@/www/cgi-bin }
}
"""


def bin_files():
    marked = ENVIRONMENT + "# MARKER\n"
    names = ("run", "deep/er/any.name.py", ".hidden", ".git/hook", "closed")
    return {"www/index.html": "start\n", "www/cgi-bin/data.txt": "MARKER", "static/a.txt": "image"} | {
        f"www/cgi-bin/{name}": marked for name in names}


def start_bin(brilliant, rule=""):
    brilliant.write(bin_files())
    (brilliant.folder / "www/cgi-bin/closed").chmod(0o644)
    (brilliant.folder / "www/link").symlink_to("cgi-bin/run")
    (brilliant.folder / "www/folder").symlink_to("cgi-bin")
    (brilliant.folder / "www/cgi-bin/out").symlink_to("/bin/echo")
    return brilliant.start(BIN.replace("@RULE@", rule), error_log="error.log")


def test_every_executable_of_a_folder_runs(brilliant):
    server = start_bin(brilliant)
    www = f"{brilliant.folder}/www"
    got = variables(server.get("/cgi-bin/run/more%20x/y?a=b"))
    expected = {"SCRIPT_NAME": "/cgi-bin/run", "PATH_INFO": "/more x/y", "PATH_TRANSLATED": f"{www}/more x/y", "DOCUMENT_ROOT": www,
                "SCRIPT_FILENAME": f"{www}/cgi-bin/run", "QUERY_STRING": "a=b"}
    assert {name: got.get(name) for name in expected} == expected
    got = variables(server.request("POST", "/cgi-bin/deep/er/any.name.py", body=b"x"))
    assert (got["SCRIPT_NAME"], got.get("PATH_INFO")) == ("/cgi-bin/deep/er/any.name.py", None)
    assert server.get("/cgi-bin/images/a.txt").body == b"image"
    assert server.request("OPTIONS", "/cgi-bin/").status == 204
    assert server.request("PUT", "/cgi-bin/run", body=b"x").status == 405


@pytest.mark.parametrize("target, status", [
    ("/cgi-bin", 403), ("/cgi-bin/", 403), ("/cgi-bin/deep", 403), ("/cgi-bin/deep/er/", 403), ("/cgi-bin/missing", 404),
    ("/cgi-bin/deep/missing/run", 404), ("/cgi-bin/data.txt", 403), ("/cgi-bin/closed/x", 403), ("/cgi-bin/.hidden", 404),
    ("/cgi-bin/.git/hook", 404), ("/cgi-bin/out", 403), ("/other/run", 403), ("/other/data.txt", 403), ("/link", 403),
    ("/folder/run", 403), ("/folder/", 403), ("/other/", 403), ("/other/.hidden", 404), ("/cgi-bin/run%00", 400), ("/cgi-bin/RUN", 404)])
def test_what_is_no_program_of_a_folder_is_neither_run_nor_sent(brilliant, target, status):
    server = start_bin(brilliant)
    answer = server.get(target)
    assert answer.status == status
    assert b"MARKER" not in answer.body and b"SCRIPT_NAME" not in answer.body


def test_an_interpreter_runs_every_file_of_a_folder(brilliant):
    server = start_bin(brilliant, rule="interpreter /bin/sh; dotfiles on")
    assert variables(server.get("/cgi-bin/closed"))["SCRIPT_NAME"] == "/cgi-bin/closed"
    assert variables(server.get("/cgi-bin/.hidden"))["SCRIPT_NAME"] == "/cgi-bin/.hidden"


def test_quick_mode_runs_the_programs_of_a_folder(brilliant):
    server = brilliant.serve_folder({name.removeprefix("www/"): text for name, text in bin_files().items()}, arguments=["--cgi"])
    assert f"may run the executable files in {brilliant.folder}/www/cgi-bin as programs (CGI)." in server.stdout()
    got = variables(server.get("/cgi-bin/run/a/b"))
    assert (got["SCRIPT_NAME"], got["PATH_INFO"], got["DOCUMENT_ROOT"]) == ("/cgi-bin/run", "/a/b", f"{brilliant.folder}/www")
    assert server.get("/").body == b"start\n"
    for target in ("/cgi-bin/", "/cgi-bin/data.txt"):
        assert server.get(target).status == 403, target


def test_quick_mode_runs_nothing_unless_it_is_told_to(brilliant):
    server = brilliant.serve_folder({"cgi-bin/run": ENVIRONMENT})
    assert server.get("/cgi-bin/run").body == ENVIRONMENT.encode()
    missing = run(brilliant.folder, "--cgi")
    assert missing.returncode == 2 and "there is no such folder" in missing.stderr
    (brilliant.folder / "site.conf").write_text("server { listen 1; location / { } }")
    config = run(brilliant.folder / "site.conf", "--cgi")
    assert config.returncode == 2 and '"cgi *"' in config.stderr


# ---- what it takes

def test_the_logs_say_what_a_program_has_taken(brilliant):
    site = SITE.replace("access_log off", "access_log access.log json").replace("@RULE@", "")
    scripts = {"ok.sh": HEAD + "echo hello\n", "exit.sh": HEAD + "echo half\nexit 3\n", "kill.sh": HEAD + "echo x\nkill -9 $$\n",
               "jump.sh": "#!/bin/sh\nprintf 'Location: /index.html\\n\\n'\n", "fail.sh": "#!/bin/sh\nexit 7\n"}
    brilliant.write({f"www/{name}": text for name, text in scripts.items()} | {"www/index.html": "start\n", "program": ENVIRONMENT})
    server = brilliant.start(site, error_log="error.log", workers=1)
    for target in ("/ok.sh", "/exit.sh", "/jump.sh", "/fail.sh", "/index.html"):
        server.get(target)
    with pytest.raises(http.client.IncompleteRead):  # what a signal has ended is not whole
        server.get("/kill.sh")
    server.stop()
    lines = map(json.loads, (brilliant.folder / "access.log").read_text().splitlines())
    programs = {line["target"]: line.get("program") for line in lines}
    assert {name: (use.get("exit"), use.get("signal")) for name, use in programs.items() if use} == {
        "/ok.sh": (0, None), "/exit.sh": (3, None), "/kill.sh": (None, 9), "/jump.sh": (0, None), "/fail.sh": (7, None)}
    assert programs["/index.html"] is None
    use = programs["/ok.sh"]
    assert 0 == use["queue_ms"] < use["start_ms"] <= use["total_ms"] and 0 < use["first_byte_ms"] <= use["total_ms"]
    assert use["memory_kib"] > 100 and use["cpu_ms"] >= 0
    assert len(re.findall(r"info: program done script=\S+/ok\.sh client=127\.0\.0\.1 queue_ms=0\.000 .* exit=0\n", server.log())) == 1
    assert "signal=9" in server.log() and server.log().count("program done") == 5


def test_time_in_the_queue_is_told(brilliant):
    site = SITE.replace("access_log off", "access_log access.log json").replace("@RULE@", "cgi_stream on")
    brilliant.write({"www/wait.sh": HEAD + "echo $$\nread line\n", "program": ENVIRONMENT})
    server = brilliant.start("cgi_processes 1\n" + site, error_log="error.log", workers=1)
    post = b"POST /wait.sh HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
    with RawConnection(server) as first, RawConnection(server) as second:
        first.send(post + b"x")
        first.read_head()
        second.send(post + b"x\n")
        third = server.connect()  # its answer shows that the worker has come past the request before it
        third.sendall(b"GET /index.html HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert third.recv(100)
        third.close()
        first.send(b"\n")
        first.file.read()
        second.read_head()
        second.file.read()
    server.stop()
    lines = [json.loads(line) for line in (brilliant.folder / "access.log").read_text().splitlines()]
    waited = [line["program"]["queue_ms"] for line in lines if line["target"] == "/wait.sh"]
    assert waited[0] == 0 and waited[1] > 0


# ---- the spawner may die

def test_a_crashed_spawner_is_replaced_and_running_scripts_go_on(brilliant):
    server = start(brilliant, {"wait.sh": HEAD + "echo $$\nread line\necho done\n", "hello.sh": HEAD + "echo hello\n"})
    spawner = next(int(pid) for pid in os.listdir("/proc") if pid.isdigit() and is_spawner_of(server.pid, pid))
    with RawConnection(server) as connection:
        connection.send(b"POST /wait.sh HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: close\r\n\r\nx")
        connection.read_head()
        os.kill(spawner, signal.SIGKILL)
        wait_until(lambda: server.log().count("spawner ready") == 2, "another spawner")
        assert server.get("/hello.sh").body == b"hello\n"
        connection.send(b"\n")
        assert b"done" in connection.file.read()


def is_spawner_of(supervisor, pid):
    try:
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        parent = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
    except OSError:
        return False
    return b"spawner" in command and int(parent) == supervisor


def test_many_at_once(brilliant):
    server = start(brilliant, {"hello.sh": HEAD + "echo hello\n"})
    urls = [f"http://127.0.0.1:{server.port}/hello.sh?{i}" for i in range(60)]
    result = curl("--parallel", "--parallel-max", "20", *urls)
    assert result.stdout == b"hello\n" * 60


def test_a_head_is_passed_on_while_the_script_waits_with_its_content(brilliant):
    server = start(brilliant, {"wait.sh": HEAD + "read line < \"$FIFO\"\necho content\n"}, rule=f"cgi_env FIFO {brilliant.folder}/fifo")
    os.mkfifo(brilliant.folder / "fifo")
    with RawConnection(server) as connection:
        connection.send(b"GET /wait.sh HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert connection.read_head()[0] == "HTTP/1.1 200 OK"
        (brilliant.folder / "fifo").write_text("now\n")
        assert b"content" in connection.file.read()


def test_an_answer_does_not_wait_for_the_script_behind_it(brilliant):
    server = start(brilliant, {"wait.sh": "#!/bin/sh\nread line < \"$FIFO\"\nprintf 'Content-Type: a/b\\n\\ncontent\\n'\n"},
                   rule=f"cgi_env FIFO {brilliant.folder}/fifo")
    os.mkfifo(brilliant.folder / "fifo")
    with RawConnection(server) as connection:
        connection.send(b"GET /index.html HTTP/1.1\r\nHost: h\r\n\r\nGET /wait.sh HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert connection.read().body == b"start\n"
        (brilliant.folder / "fifo").write_text("now\n")
        assert b"content" in connection.file.read()


def test_chunked_content_that_there_is_no_room_for_is_refused(brilliant):
    """RFC 3875 section 4.2: a length that can't be made true is no reason to make one up."""
    server = start(brilliant, {"cat.sh": HEAD + "echo ran $CONTENT_LENGTH\ncat\n"}, top="spool_max 200k\n")
    with RawConnection(server) as connection:
        connection.send(b"POST /cat.sh HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        block = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        for _ in range(10):
            connection.send(block)
        connection.send(b"0\r\n\r\n")
        assert connection.read_head()[0] == "HTTP/1.1 413 Content Too Large"


def test_content_codings_are_left_alone(brilliant):
    server = start(brilliant, {name: "#!/bin/sh\nprintf '%sContent-Type: a/b\\n\\n' \"$LINE\"\necho $CONTENT_LENGTH $HTTP_CONTENT_ENCODING\ncat\n"
                               .replace("$LINE", line) for name, line in (("cat.sh", ""), ("nph-cat.sh", "HTTP/1.1 200 OK\n"))})
    coded = b"\x1f\x8b\x08\x00 not even gzip"
    for name in ("cat.sh", "nph-cat.sh"):
        answer = server.request("POST", f"/{name}", body=coded, headers={"Content-Encoding": "gzip"})
        assert answer.body == f"{len(coded)} gzip\n".encode() + coded, name


def test_only_the_methods_listed_reach_a_script(brilliant):
    server = start(brilliant, {"method.sh": HEAD + "echo method $REQUEST_METHOD\n"})
    assert server.request("POST", "/method.sh", body=b"").body == b"method POST\n"
    for method in ("PUT", "DELETE", "PATCH", "get", "FOO"):
        answer = server.request(method, "/method.sh", body=b"")
        assert answer.status in (405, 501) and b"method " + method.encode() not in answer.body
