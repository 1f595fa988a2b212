"""What programs must never get, whatever a client sends, and what clients must never get, whatever a program prints."""

import json
import pathlib
import re
import subprocess

import h11

from brilliant import TIMEOUT, run
from clients import RawConnection, needs

SITE = """
error_log error.log info
access_log off
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www; index index.html }
  location /staff { root @FOLDER@/www/staff; auth_basic "Staff" @FOLDER@/users }
  cgi .sh { root @FOLDER@/www; methods GET POST; cgi_env APP_MODE test; @RULE@ }
}
"""
# What the kernel gave to the shell, before the shell itself adds to it.
ENVIRONMENT = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\ntr '\\0' '\\n' </proc/$$/environ | LC_ALL=C sort\n"
ALICE = "Authorization: Basic YWxpY2U6c2VjcmV0"  # alice:secret


def start(brilliant, files, rule="", environment=None):
    brilliant.write({f"www/{name}": content for name, content in {"index.html": "start\n", **files}.items()})
    users = subprocess.run(["htpasswd", "-nbB", "-C", "4", "alice", "secret"], capture_output=True, check=True, text=True)
    return brilliant.start(SITE.replace("@RULE@", rule), {"users": users.stdout}, error_log="error.log", environment=environment)


def ask(server, head, content=b""):
    """Sends a request (its lines, without Connection) and returns the content of its answer, which must be a 200."""
    with RawConnection(server) as connection:
        connection.send("\r\n".join([*head, "Connection: close", "", ""]).encode("latin-1") + content)
        received = h11.Connection(h11.CLIENT)
        received.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
        received.send(h11.EndOfMessage())
        received.receive_data(connection.file.read())
        received.receive_data(b"")
        status = received.next_event()
        assert status.status_code == 200, status
        body = b""
        while isinstance(event := received.next_event(), h11.Data):
            body += event.data
        return body.decode("latin-1")


def golden(server, folder, text):
    """The environment as it should be, with what differs from run to run put in."""
    return text.replace("@FOLDER@", str(folder)).replace("@PORT@", str(server.port))


# ---- the environment, all of it

PLAIN = """\
APP_MODE=test
DOCUMENT_ROOT=@FOLDER@/www
GATEWAY_INTERFACE=CGI/1.1
HTTP_HOST=Example.COM:81
PATH=/usr/local/bin:/usr/bin:/bin
QUERY_STRING=
REDIRECT_STATUS=200
REMOTE_ADDR=127.0.0.1
REMOTE_HOST=127.0.0.1
REMOTE_PORT=*
REQUEST_METHOD=GET
REQUEST_SCHEME=http
REQUEST_URI=/env.sh
SCRIPT_FILENAME=@FOLDER@/www/env.sh
SCRIPT_NAME=/env.sh
SERVER_NAME=example.com
SERVER_PORT=@PORT@
SERVER_PROTOCOL=HTTP/1.1
SERVER_SOFTWARE=BrilliantServer
"""
FULL = """\
APP_MODE=test
AUTH_TYPE=Basic
CONTENT_LENGTH=5
CONTENT_TYPE=text/x; a="b"
DOCUMENT_ROOT=@FOLDER@/www
GATEWAY_INTERFACE=CGI/1.1
HTTP_ACCEPT=a/b, c/d
HTTP_COOKIE=a=1; b=2
HTTP_HOST=example.com
HTTP_USER_AGENT=() { :; }; echo "$(id)" `id` %n
HTTP_X_FORWARDED_FOR=192.0.2.1
PATH=/usr/local/bin:/usr/bin:/bin
PATH_INFO=/() { :; }/\xc3\xa4
PATH_TRANSLATED=@FOLDER@/www/() { :; }/\xc3\xa4
QUERY_STRING=()%20{:;};a&b=c+d
REDIRECT_STATUS=200
REMOTE_ADDR=127.0.0.1
REMOTE_HOST=127.0.0.1
REMOTE_PORT=*
REMOTE_USER=alice
REQUEST_METHOD=POST
REQUEST_SCHEME=http
REQUEST_URI=/staff/env.sh/()%20%7B%20:;%20%7D/%C3%A4?()%20{:;};a&b=c+d
SCRIPT_FILENAME=@FOLDER@/www/staff/env.sh
SCRIPT_NAME=/staff/env.sh
SERVER_NAME=example.com
SERVER_PORT=@PORT@
SERVER_PROTOCOL=HTTP/1.1
SERVER_SOFTWARE=BrilliantServer
"""
DANGEROUS = [
    "Proxy: http://evil.example/", "PROXY: x", "Https: on", "Session: x", "Content_Type: x", "Content_Length: 1", "Content-length_: 1",
    "X_Forwarded_For: 203.0.113.1", "X.Forwarded.For: 203.0.113.1", "X_FORWARDED-FOR: 203.0.113.1", "Remote_User: root",
    "Remote-User_: root", "Host_: evil", "X~Y: 1", "X!Y: 1", "X'Y: 1", "Cookie_: x", "Proxy_: x", "_: x", "a.b: c",
    "Proxy-Authorization: x", "Keep-Alive: 1", "TE: trailers", "Proxy-Connection: x", "HTTP2-Settings: x", "Upgrade: h2c",
    "Trailer: X-A"]


def without_port(text):
    """The client's port, which can't be known, becomes a star."""
    return re.sub(r"^REMOTE_PORT=\d+$", "REMOTE_PORT=*", text, flags=re.MULTILINE)


def test_the_whole_environment_of_a_simple_request(brilliant):
    """Built from nothing: whatever the server's own environment holds is not in it."""
    secrets = {"LD_PRELOAD_X": "x", "NOTIFY_SOCKET": "", "AWS_SECRET": "s", "LISTEN_FDS_X": "3", "HTTP_PROXY": "p", "REMOTE_USER": "root"}
    server = start(brilliant, {"env.sh": ENVIRONMENT}, environment=secrets)
    got = ask(server, ["GET /env.sh HTTP/1.1", "Host: Example.COM:81"])
    assert without_port(got) == golden(server, brilliant.folder, PLAIN)


def test_dangerous_fields_add_nothing_to_the_environment(brilliant):
    """httpoxy; names that fold into those of others (`_`, `.`); CVE-2018-1283; what is between server and client."""
    server = start(brilliant, {"env.sh": ENVIRONMENT})
    plain = without_port(ask(server, ["GET /env.sh HTTP/1.1", "Host: example.com:81"]))
    for field in DANGEROUS:
        assert without_port(ask(server, ["GET /env.sh HTTP/1.1", "Host: example.com:81", field])) == plain, field
    assert without_port(ask(server, ["GET /env.sh HTTP/1.1", "Host: example.com:81", *DANGEROUS])) == plain
    assert without_port(ask(server, ["GET /env.sh HTTP/1.1", "Host: example.com:81", "Authorization: Basic eDp5"])) == plain


def test_the_whole_environment_of_a_full_request(brilliant):
    """Bytes that old shells ran as code (CVE-2014-6271) are bytes."""
    server = start(brilliant, {"staff/env.sh": ENVIRONMENT})
    target = "/staff/env.sh/()%20%7B%20:;%20%7D/%C3%A4?()%20{:;};a&b=c+d"
    head = [f"POST {target} HTTP/1.1", "Host: example.com", "User-Agent: () { :; }; echo \"$(id)\" `id` %n", "Cookie: a=1", "Accept: a/b",
            "X-Forwarded-For: 192.0.2.1", "Cookie: b=2", "aCCEPT: c/d", "Content-Type: text/x; a=\"b\"", *DANGEROUS, ALICE]
    got = ask(server, [*head, "Content-Length: 5"], b"hello")
    assert without_port(got) == golden(server, brilliant.folder, FULL)
    # In chunks, it is the same, and what comes after them adds nothing.
    got = ask(server, [*head, "Transfer-Encoding: chunked"],
              b"2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Late: 1\r\nCookie: c=3\r\nProxy: x\r\n\r\n")
    assert without_port(got) == golden(server, brilliant.folder, FULL)


def test_nothing_of_a_request_is_in_the_environment_of_the_next(brilliant):
    """On one connection, through one worker and the same keepers."""
    server = start(brilliant, {"env.sh": ENVIRONMENT, "staff/env.sh": ENVIRONMENT})
    with RawConnection(server) as connection:
        def exchange(text):
            connection.send(text)
            connection.read_head()
            body = b""
            while size := int(connection.file.readline(), 16):
                body += connection.file.read(size)
                connection.file.readline()
            connection.file.readline()
            return without_port(body.decode())

        plain = b"GET /env.sh HTTP/1.1\r\nHost: h\r\n\r\n"
        before = exchange(plain)
        for _ in range(8):
            full = exchange(b"POST /staff/env.sh/info?query HTTP/1.1\r\nHost: other\r\n" + ALICE.encode() + b"\r\nCookie: secret=1\r\n"
                            b"X-Secret: 2\r\nContent-Type: text/secret\r\nContent-Length: 6\r\n\r\nsecret")
            assert "REMOTE_USER=alice\n" in full and "HTTP_X_SECRET=2\n" in full
            assert exchange(plain) == before
    assert before == golden(server, brilliant.folder, PLAIN).replace("Example.COM:81", "h").replace("=example.com\n", "=h\n")


def test_a_configuration_sets_no_variable_that_comes_from_the_request(brilliant):
    """CVE-2025-65082: nobody's configuration takes the place of the server's word."""
    names = [line.split("=")[0] for line in (PLAIN + FULL).splitlines()]
    names += ["REMOTE_IDENT", "HTTPS", "REDIRECT_URL", "REDIRECT_QUERY_STRING", "REDIRECT_X", "HTTP_PROXY", "HTTP_ANYTHING", "HTTP_"]
    for name in sorted(set(names) - {"APP_MODE", "PATH"}):
        (brilliant.folder / "x.conf").write_text(f"server {{ listen 1; cgi .x {{ cgi_env {name} y }} }}\n")
        result = run("--check", brilliant.folder / "x.conf")
        assert result.returncode == 1 and f"{name} comes from the request and can't be set" in result.stderr, (name, result.stderr)


# ---- descriptors

LIST_DESCRIPTORS = """#!/usr/bin/python3 -IS
import os
def is_open(number):
    try:
        return os.fstat(number) is not None
    except OSError:
        return False
print("Content-Type: text/plain\\n")
print(*[number for number in range(4096) if is_open(number)])
"""


@needs("python3")
def test_a_program_has_three_descriptors(brilliant):
    """Whatever the server has open: connections, logs, files, other programs."""
    server = start(brilliant, {"fd.sh": LIST_DESCRIPTORS, "stay.sh": "#!/bin/sh\nprintf 'Content-Type: a/b\\n\\n'\nread line\n"},
                   rule="cgi_stream on")
    with RawConnection(server) as idle, RawConnection(server) as busy:
        idle.get("/")
        busy.send(b"POST /stay.sh HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nx")
        busy.read_head()
        for _ in range(4):
            assert ask(server, ["GET /fd.sh HTTP/1.1", "Host: h"]) == "0 1 2\n"


# ---- output that would be somebody else's answer

# What a program prints, and what the client gets of it, but for Date and Server: field by field, byte by byte.
PASSED = [
    (b"Content-Type: a/b\n\nx", b"200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
    # Framing is the server's: what would end the content too early or too late is left out.
    (b"Content-Type: a/b\nTransfer-Encoding: chunked\n\n0\r\n\r\n",
     b"200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n0\r\n\r\n\r\n0\r\n\r\n"),
    (b"Content-Type: a/b\nContent-Length: 3\n\nabcHTTP/1.1 200 OK\r\n\r\n", b"200 OK\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\nabc"),
    (b"Status: 204\nContent-Length: 3\n\nabc", b"204 No Content\r\n\r\n"),
    (b"Status: 304\nETag: \"x\"\n\nabc", b"304 Not Modified\r\nETag: \"x\"\r\n\r\n"),
    *[(b"Content-Type: a/b\n" + lengths + b"\n\nabc",
       b"200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
      for lengths in (b"Content-Length: -3", b"Content-Length: +3", b"Content-Length: 0x3", b"Content-Length: 3 3", b"Content-Length: 3.0",
                      b"Content-Length: 99999999999999999999", b"Content-Length: 3\nContent-Length: 2", b"content-length: three",
                      b"Connection: close", b"Connection: X-A\nX-A: 1", b"Keep-Alive: timeout=1", b"Upgrade: h2c", b"TE: trailers",
                      b"Trailer: X", b"Proxy-Connection: close", b"Date: never", b"Server: other", b"X-CGI-Secret: 1",
                      b"Transfer-Encoding: gzip", b"Transfer-Encoding:chunked, chunked")],
    (b"Content-Type: a/b\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX: \xe4\t b\r\n\r\n",
     b"200 OK\r\nContent-Type: a/b\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX: \xe4\t b\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (b"HTTP/1.1 404 Gone away\nX-A: b\nContent-Type: a/b\nContent-Length: 0\n\n",
     b"404 Gone away\r\nX-A: b\r\nContent-Type: a/b\r\nContent-Length: 0\r\n\r\n"),
]
REFUSED = [
    b"", b"\n\nx", b"x", b"Content-Type: a/b", b"Content-Type: a/b\n", b"X-A: b\n\n", b"hello\n\n", b"Content-Type: a/b\nhello\n\n",
    b"Content-Type: a/b\rSet-Cookie: INJECTED\n\n", b"Content-Type: a/b\r\r\n\r\nINJECTED", b"Content-Type: a\0b\n\n", b"X\0: INJECTED\nStatus: 200\n\n",
    b"X Y: INJECTED\nStatus: 200\n\n", b"X-A : INJECTED\nStatus: 200\n\n", b" X-A: INJECTED\nStatus: 200\n\n", b": INJECTED\nStatus: 200\n\n",
    b"Status: 200\n X-A: INJECTED\n\n", b"Status: 200\nX-A: a\n\tINJECTED\n\n", b"X(A): INJECTED\nStatus: 200\n\n", b"X-\xe4: INJECTED\nStatus: 200\n\n",
    b"X-A: INJECTED\x0b\nStatus: 200\n\n", b"X-A: INJECTED\x7f\nStatus: 200\n\n", b"X-A: INJECTED\x1b[0m\nStatus: 200\n\n",
    b"Status: 200 OK\rSet-Cookie: INJECTED\n\n", b"Status: 200 INJECTED\0\n\n", b"Status: 20\n\n", b"Status: 2000\n\n", b"Status: 101 Switching\n\n",
    b"Status: 100\n\nHTTP/1.1 200 OK\r\n\r\nINJECTED", b"Status: 099\n\n", b"Status: 600\n\n", b"Status: +200\n\n", b"Status: OK\n\n",
    b"Status: 200\nStatus: 404\n\n", b"Content-Type: a/b\nContent-Type: c/d\n\n", b"Location: /a\rSet-Cookie: INJECTED\n\n",
    b"Location: x\n\n", b"Location: /../../x\n\n", b"Status: 200\nX-A: " + b"a" * 40000 + b"\n\n", b"Status: 200\n" + b"X: y\n" * 200 + b"\n",
]
PRINT = "#!/bin/sh\nexec cat output\n"


def answer_of(server, brilliant, output, target="/say.sh"):
    """All bytes that come when a program prints `output`, and a second request stands behind."""
    (brilliant.folder / "www/output").write_bytes(output)
    return server.exchange(f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\nGET /index.html HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())


def first_and_rest(received):
    """Parsed by h11: status, fields and content of the first answer, and the bytes behind it."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(received)
    head = connection.next_event()
    content = b""
    while isinstance(event := connection.next_event(), h11.Data):
        content += event.data
    assert isinstance(event, h11.EndOfMessage), event
    return head, content, connection.trailing_data[0]


def in_node(received):
    """The same, by Node.js."""
    script = pathlib.Path(__file__).with_name("parse_response.js")
    result = subprocess.run(["node", script], input=received, capture_output=True, timeout=TIMEOUT, check=True)
    return json.loads(result.stdout)


def test_what_a_program_prints_is_one_answer(brilliant):
    server = start(brilliant, {"say.sh": PRINT})
    for output, expected in PASSED:
        received = answer_of(server, brilliant, output)
        _, _, rest = first_and_rest(received)
        first = received.removesuffix(rest)
        assert re.sub(rb"(Date|Server): [^\r]*\r\n", b"", first) == b"HTTP/1.1 " + expected, output
        head, content, rest = first_and_rest(rest)
        assert (head.status_code, content, rest) == (200, b"start\n", b""), output


def test_output_that_is_no_answer_is_never_sent(brilliant):
    server = start(brilliant, {"say.sh": PRINT})
    for output in REFUSED:
        received = answer_of(server, brilliant, output)
        head, content, rest = first_and_rest(received)
        assert head.status_code == 502 and b"INJECTED" not in received and received.count(b"\r\n\r\n") == 2, output
        head, content, rest = first_and_rest(rest)
        assert (head.status_code, content, rest) == (200, b"start\n", b""), output


NON_PARSED = [
    (b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 INJECTED\r\n\r\n", 200),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nHTTP/1.1 200 INJECTED\r\n\r\n", 200),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 200),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 INJECTED\r\n\r\n", 502), (b"HTTP/1.1 101 Switching\r\nUpgrade: INJECTED\r\n\r\n", 502),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nINJECTED", 502),
    (b"HTTP/2 200\r\n\r\nx", 200), (b"HTTP 200 OK\r\n\r\nINJECTED", 502),
    (b"HTTP/1.1 200 O\rK: INJECTED\r\n\r\n", 502), (b"Content-Type: a/b\r\n\r\nINJECTED", 502), (b"200 OK\r\n\r\nINJECTED", 502),
]


def test_the_output_of_nph_scripts_is_one_answer(brilliant):
    server = start(brilliant, {"nph-say.sh": PRINT})
    for output, status in NON_PARSED:
        received = answer_of(server, brilliant, output, "/nph-say.sh")
        head, content, rest = first_and_rest(received)
        assert head.status_code == status and b"INJECTED" not in received, (output, received)
        assert status == 502 or content == b"x", output
        head, content, rest = first_and_rest(rest)
        assert (head.status_code, content, rest) == (200, b"start\n", b""), output


@needs("node")
def test_node_sees_the_same_answers(brilliant):
    """A second strict parser: every tenth of the outputs that are refused, and all that are passed."""
    server = start(brilliant, {"say.sh": PRINT})
    for output in [output for output, _ in PASSED] + REFUSED[::10]:
        received = answer_of(server, brilliant, output)
        head, content, rest = first_and_rest(received)
        seen = in_node(received.removesuffix(rest))
        assert "error" not in seen, (output, seen)
        fields = [(name.decode().lower(), value.decode("latin-1")) for name, value in head.headers]
        pairs = zip(seen["fields"][::2], seen["fields"][1::2])
        assert (seen["status"], [(name.lower(), value) for name, value in pairs]) == (head.status_code, fields), output
        assert seen["content"] == content.decode("latin-1"), output


# ---- letters that are not ASCII

def test_names_are_compared_byte_by_byte(brilliant):
    """CVE-2026-27590: letters whose small forms have another length must not move where a script ends."""
    folder = "\u0130" * 20
    server = start(brilliant, {f"{folder}/env.sh": ENVIRONMENT, "x.\u017fh": "#!/bin/sh\necho INJECTED\n", "x.S\u212a": "text\n",
                               "\u0130.txt": "text\n"})
    encoded = "%C4%B0" * 20
    got = ask(server, [f"GET /{encoded}/env.sh/%C4%B0.sh/%E2%84%AA.SH HTTP/1.1", "Host: h"])
    assert f"SCRIPT_NAME=/{folder}/env.sh\n" in got.encode("latin-1").decode()
    assert "PATH_INFO=/\u0130.sh/\u212a.SH\n" in got.encode("latin-1").decode()
    assert server.get("/%C4%B0.txt/x.sh").status == 404
    assert server.get(f"/{encoded}/env.SH").status == 404
    # Not one of them is a script: no rule runs it, and it is a file like others.
    assert server.get("/x.%C5%BFh").body.startswith(b"#!")
