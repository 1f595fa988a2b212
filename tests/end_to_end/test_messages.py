"""Requests and answers on the wire: heads, conditions, persistence, pipelining, errors, half-closed clients."""

import http.client
import os
import re
import socket

import pytest

from brilliant import Factory, wait_until
from clients import RawConnection, curl, descriptors_of, linux_only, nc, needs, worker_of

SITE = """
error_log error.log
access_log off
lingering_timeout 60s
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www }
  location /old { redirect_to /new?a=b }
  location /elsewhere { redirect_to 307 https://example.com/x }
  location /small { root @FOLDER@/www; methods GET POST; upload_path /; body_max 1k }
}
"""
FILES = {"www/index.html": "start\n", "www/a.txt": "content of a", "www/b.txt": "content of b, longer", "www/c.txt": "c", "www/empty": ""}


@pytest.fixture(scope="module")
def site():
    """One server for all tests that change nothing about it."""
    factory = Factory()
    try:
        server = factory.start(SITE, files=FILES | {"www/large.txt": "0123456789abcdef" * 20_000}, error_log="error.log")
        for path in (factory.folder / "www").iterdir():
            os.utime(path, (1_700_000_000, 1_700_000_000))
        yield server
    finally:
        factory.close()


def url(server, target="/"):
    return f"http://127.0.0.1:{server.port}{target}"


# ---- one request

def test_an_answer_says_what_it_has_to(site):
    answer = site.get("/a.txt")
    assert (answer.status, answer.body) == (200, b"content of a")
    assert answer.headers["Content-Length"] == "12"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Last-Modified"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert re.fullmatch(r'"[^"]+"', answer.headers["ETag"])
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.headers["Date"])
    for name, values in ((name, answer.headers.get_all(name)) for name in answer.headers):
        assert len(values) == 1, name
    empty = site.get("/empty")
    assert (empty.status, empty.headers["Content-Length"], empty.body) == (200, "0", b"")


@pytest.mark.parametrize("target", ["/", "/a.txt", "/large.txt", "/empty", "/nothing", "/old", "/%00"])
def test_head_is_get_without_content(site, target):
    with RawConnection(site) as connection:
        connection.send(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        get = connection.read()
    with RawConnection(site) as connection:
        connection.send(f"HEAD {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        # Another answer follows at once, where the connection goes on: nothing was sent between them.
        if get.persists:
            connection.send(b"GET /c.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        head = connection.read(head_only=True)
        assert head.status_line == get.status_line
        for fields in (head.fields, get.fields):
            fields.pop("date")
        assert head.fields == get.fields
        if get.persists:
            assert connection.read().body == b"c"
        else:
            assert connection.ended()


@needs("curl")
def test_head_with_curl(site):
    result = curl("-I", url(site, "/a.txt"))
    assert result.stdout.startswith(b"HTTP/1.1 200 OK\r\n")
    assert result.stdout.endswith(b"\r\n\r\n")
    assert b"\r\nContent-Length: 12\r\n" in result.stdout


def test_options_and_methods(site):
    assert site.request("OPTIONS", "/").headers["Allow"] == "GET, HEAD, OPTIONS"
    assert site.exchange(b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 20")
    for method in ("DELETE", "PUT", "TRACE", "PATCH"):
        answer = site.request(method, "/a.txt")
        assert (method, answer.status, answer.headers["Allow"]) == (method, 405, "GET, HEAD, OPTIONS")
    assert site.request("BREW", "/a.txt").status == 501
    assert site.get("/a.txt").body == b"content of a"


# ---- redirects and error pages

def test_redirects(site):
    for target in ("/old", "/old/deep/er"):
        answer = site.get(target)
        assert (answer.status, answer.headers["Location"]) == (301, "/new?a=b")
    answer = site.get("/elsewhere")
    assert (answer.status, answer.headers["Location"]) == (307, "https://example.com/x")
    assert b'href="https://example.com/x"' in answer.body
    assert site.get("/older").status == 404


@needs("curl")
def test_curl_follows_a_folder_to_its_page(brilliant):
    server = brilliant.start(SITE, files=FILES | {"www/folder/index.html": "folder"}, error_log="error.log", workers=1)
    result = curl("-L", "-w", " %{http_code} %{num_redirects} %{url_effective}", url(server, "/folder"))
    assert result.stdout.decode() == f"folder 200 1 {url(server, '/folder/')}"


def test_the_built_in_error_page(site):
    answer = site.get("/no/such/%3Cscript%3Ealert(1)%3C/script%3E?q=%22%3E")
    page = answer.body.decode()
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "404" in page and "Not Found" in page and "/no/such/" in page
    assert "<script" not in page and "{{" not in page
    # Nothing that belongs to the machine.
    assert str(site.folder) not in page


def test_what_a_client_sends_is_escaped_in_the_error_page(site):
    answer = site.exchange(b"GET /<script>alert(1)</script>\"' HTTP/1.0\r\n\r\n")
    assert b"<script" not in answer
    answer = site.exchange(b"<script>alert(1)</script>\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"<script" not in answer


def test_configured_error_pages(brilliant):
    config = SITE.replace("server {", "server {\n  error 404 410 pages/missing.html\n  error pages/any.txt", 1)
    server = brilliant.start(config, files=FILES | {"pages/missing.html": "<p>not here", "pages/any.txt": "sorry"},
                             error_log="error.log", workers=1)
    answer = server.get("/nothing")
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (404, b"<p>not here", "text/html; charset=utf-8")
    answer = server.request("DELETE", "/a.txt")
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (405, b"sorry", "text/plain; charset=utf-8")
    assert server.exchange(b"nonsense\r\n\r\n").endswith(b"\r\n\r\nsorry")
    with RawConnection(server) as connection:
        connection.send(b"HEAD /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert connection.read(head_only=True).fields["content-length"] == "11"
        assert connection.ended()


def test_a_missing_error_page_is_reported_and_replaced_by_the_built_in_one(brilliant):
    config = SITE.replace("server {", "server {\n  error 404 pages/missing.html", 1)
    server = brilliant.start(config, files=FILES, error_log="error.log", workers=1)
    server.wait_log(r"warn: error page not loaded.*path=.*pages/missing.html")
    assert b"Not Found" in server.get("/nothing").body


# ---- conditions

@pytest.mark.parametrize("target", ["/a.txt", "/large.txt"])
def test_what_a_client_has_is_not_sent_again(site, target):
    first = site.get(target)
    tag, date = first.headers["ETag"], first.headers["Last-Modified"]
    for fields in ({"If-None-Match": tag}, {"If-None-Match": f'"other", W/{tag}'}, {"If-None-Match": "*"},
                   {"If-Modified-Since": date}, {"If-Modified-Since": "Tuesday, 14-Nov-23 22:13:20 GMT"},
                   {"If-None-Match": tag, "If-Modified-Since": "Mon, 13 Nov 2023 00:00:00 GMT"}):
        answer = site.get(target, headers=fields)
        assert (answer.status, answer.body) == (304, b""), fields
        assert answer.headers["ETag"] == tag
    for fields in ({"If-None-Match": '"other"'}, {"If-Modified-Since": "Mon, 13 Nov 2023 22:13:20 GMT"},
                   {"If-Modified-Since": "nonsense"}, {"If-None-Match": '"other"', "If-Modified-Since": date}):
        answer = site.get(target, headers=fields)
        assert (answer.status, answer.body) == (200, first.body), fields
    for fields in ({"If-Match": '"other"'}, {"If-Unmodified-Since": "Mon, 13 Nov 2023 22:13:20 GMT"}):
        assert site.get(target, headers=fields).status == 412, fields


@needs("curl")
def test_curl_keeps_what_has_not_changed(site, tmp_path):
    def fetch(*arguments):
        return curl(*arguments, "-o", tmp_path / "file", "-w", "%{http_code} %{size_download}", url(site, "/a.txt")).stdout

    assert fetch("--etag-save", tmp_path / "tag") == b"200 12"
    assert fetch("--etag-compare", tmp_path / "tag") == b"304 0"
    os.utime(tmp_path / "file", (1_700_000_000, 1_700_000_000))
    assert fetch("-z", tmp_path / "file") == b"304 0"
    os.utime(tmp_path / "file", (1_600_000_000, 1_600_000_000))
    assert fetch("-z", tmp_path / "file") == b"200 12"


def test_a_304_leaves_the_connection_usable(site):
    with RawConnection(site) as connection:
        for _ in range(3):
            assert connection.get("/a.txt", "If-None-Match: *\r\n").status == 304
            assert connection.get("/b.txt").body == b"content of b, longer"


# ---- persistence

@needs("nc")
def test_pipelined_requests_are_answered_in_order(site):
    requests = b"".join(b"GET /%s.txt HTTP/1.1\r\nHost: x\r\n\r\n" % name for name in (b"large", b"b", b"c"))
    answers = nc(site.port, requests)
    heads = re.findall(rb"HTTP/1\.1 200 OK\r\n", answers)
    assert len(heads) == 3
    places = [answers.index(text) for text in (b"0123456789abcdef" * 20_000 + b"HTTP/1.1", b"\r\n\r\ncontent of b, longerHTTP/1.1")]
    assert places == sorted(places)
    assert answers.endswith(b"\r\n\r\nc")


def test_pipelining_mixes_everything(site):
    with RawConnection(site) as connection:
        count = 60
        for _ in range(count):
            connection.send(b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n"
                            b"HEAD /b.txt HTTP/1.1\r\nHost: x\r\n\r\n"
                            b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
                            b"\r\nGET /large.txt HTTP/1.1\r\nHost: x\r\n\r\n"
                            b"GET /a.txt HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n"
                            b"DELETE /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
                            b"GET /old HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            # Not read yet: the answers of many rounds wait in the server.
        for _ in range(count):
            assert connection.read().body == b"content of a"
            assert connection.read(head_only=True).fields["content-length"] == "20"
            assert connection.read().status == 404
            assert len(connection.read().body) == 320_000
            assert connection.read().status == 304
            assert connection.read().status == 405
            assert connection.read().status == 301
        assert connection.get("/c.txt").body == b"c"


def test_a_request_one_byte_at_a_time(site):
    request = b"\r\nGET /a.txt HTTP/1.1\r\nHost: x\r\nX-Field: some value\r\n\r\n"
    with RawConnection(site) as connection:
        for _ in range(2):
            for byte in request:
                connection.send(bytes([byte]))
            assert connection.read().body == b"content of a"
        content = b"POST /a.txt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n"
        for byte in content + request:
            connection.send(bytes([byte]))
        assert connection.read().status == 405
        assert connection.read().body == b"content of a"


def test_a_request_cut_at_every_place(site):
    request = b"GET /b.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /c.txt HTTP/1.1\r\nHost: x\r\n\r\n"
    with RawConnection(site) as connection:
        for cut in range(1, len(request)):
            connection.send(request[:cut])
            connection.send(request[cut:])
            assert connection.read().body == b"content of b, longer"
            assert connection.read().body == b"c"


@needs("curl")
def test_curl_reuses_its_connection(site):
    result = curl("-w", "%{http_code} %{num_connects}\n", "-o", os.devnull, url(site, "/a.txt"), "-o", os.devnull, url(site, "/nothing"),
                  "-o", os.devnull, url(site, "/large.txt"), "-o", os.devnull, url(site, "/old"))
    assert result.stdout.decode().split("\n") == ["200 1", "404 0", "200 0", "301 0", ""]


def test_the_standard_client_of_python_reuses_its_connection(site):
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    connection.connect()
    port = connection.sock.getsockname()[1]
    for target, length in (("/a.txt", 12), ("/large.txt", 320_000), ("/c.txt", 1)):
        connection.request("GET", target)
        answer = connection.getresponse()
        assert len(answer.read()) == length
        assert connection.sock.getsockname()[1] == port
    connection.close()


@needs("curl")
def test_http_1_0_with_curl(site):
    result = curl("-0", "-i", url(site, "/a.txt"))
    assert result.stdout.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in result.stdout
    assert result.stdout.endswith(b"\r\n\r\ncontent of a")


def test_http_1_0_without_host_and_with_keep_alive(site):
    answer = site.exchange(b"GET /a.txt HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"content of a")
    with RawConnection(site) as connection:
        for _ in range(3):
            connection.send(b"GET /a.txt HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
            reply = connection.read()
            assert (reply.fields["connection"], reply.body) == ("keep-alive", b"content of a")
        connection.send(b"GET /c.txt HTTP/1.0\r\n\r\n")
        assert connection.read().body == b"c"
        assert connection.ended()


def test_connection_close_ends_it(site):
    with RawConnection(site) as connection:
        reply = connection.get("/a.txt", "Connection: close\r\n")
        assert (reply.body, reply.persists) == (b"content of a", False)
        assert connection.ended()


def test_a_connection_may_send_so_many_requests(brilliant):
    server = brilliant.start("keepalive_requests 3\n" + SITE, files=FILES, error_log="error.log", workers=1)
    with RawConnection(server) as connection:
        assert [connection.get("/c.txt").persists for _ in range(3)] == [True, True, False]
        assert connection.ended()


# ---- time limits: the event waited for is the end itself

def test_a_head_that_does_not_arrive_is_408(brilliant):
    server = brilliant.start("client_header_timeout 300ms\n" + SITE, files=FILES, error_log="error.log", workers=1)
    with RawConnection(server) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost:")
        reply = connection.read()
        assert (reply.status, reply.persists) == (408, False)
        assert connection.ended()
    with RawConnection(server) as connection:  # who says nothing is told nothing
        assert connection.ended()


def test_an_idle_connection_is_closed_without_a_word(brilliant):
    server = brilliant.start("keepalive_timeout 300ms\n" + SITE, files=FILES, error_log="error.log", workers=1)
    with RawConnection(server) as connection:
        assert connection.get("/c.txt").body == b"c"
        assert connection.ended()


@linux_only
def test_a_client_that_takes_nothing_is_cut(brilliant):
    server = brilliant.start("send_timeout 300ms\n" + SITE, files=FILES, error_log="error.log", workers=1)
    with open(brilliant.folder / "www/large.bin", "wb") as file:
        file.truncate(100 * 1024 * 1024)
    (brilliant.folder / "www/large.bin").chmod(0o644)
    with RawConnection(server, receive_buffer=16 * 1024) as connection:
        connection.send(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.read_head()
        # Nothing is taken until the server has given up.
        wait_until(lambda: worker_of(server, connection.socket) is None, "the end of the connection")
        try:
            rest = connection.file.read()
        except ConnectionResetError:
            rest = b""
        assert len(rest) < 100 * 1024 * 1024
    assert server.get("/c.txt").body == b"c"


# ---- content that nobody asked for

def test_an_error_is_readable_while_the_client_still_sends(site):
    for target, status in (("/a.txt", 405), ("/small/x", 413), ("/nothing", 405)):
        with RawConnection(site) as connection:
            connection.send(f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n".encode())
            for _ in range(128):  # 16 MiB: more than any buffer on the way holds
                connection.send(bytes(128 * 1024))
            reply = connection.read()
            assert (target, reply.status, reply.persists) == (target, status, False)
            assert b"</html>" in reply.body
            connection.socket.shutdown(socket.SHUT_WR)
            assert connection.ended()


@needs("curl")
def test_curl_shows_the_error_of_a_large_upload(site, tmp_path):
    with open(tmp_path / "large", "wb") as file:
        file.truncate(64 * 1024 * 1024)
    for fields in ((), ("-H", "Expect:"), ("-H", "Transfer-Encoding: chunked")):
        result = curl("-X", "POST", *fields, "--data-binary", f"@{tmp_path}/large", "-w", "%{http_code}", "-o", tmp_path / "page",
                      url(site, "/a.txt"), check=False)
        assert result.stdout == b"405", result.stderr
        assert b"</html>" in (tmp_path / "page").read_bytes()


def test_small_content_that_nobody_wants_is_skipped(site):
    with RawConnection(site) as connection:
        connection.send(b"GET /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n" + b"x" * 20_000)
        assert connection.read().body == b"content of a"
        assert connection.get("/c.txt").body == b"c"


def test_nobody_is_told_to_continue_with_what_will_be_refused(site):
    with RawConnection(site) as connection:
        connection.send(b"POST /small/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n")
        reply = connection.read()
        assert (reply.status, reply.persists) == (413, False)


# ---- half-closed clients

@needs("nc")
def test_a_client_that_ends_its_side_is_answered(site):
    answer = nc(site.port, b"GET /large.txt HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n" + b"0123456789abcdef" * 20_000)
    assert nc(site.port, b"GET /a.txt HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\ncontent of a")


def test_a_request_without_its_end_is_400(site):
    with RawConnection(site) as connection:
        connection.send(b"GET /a.txt HTTP/1.1\r\nHost: x\r\n")
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.read().status == 400
        assert connection.ended()
    with RawConnection(site) as connection:
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.ended()


# ---- framing that must be refused, through the whole server

@pytest.mark.parametrize("head, status", [
    (b"GET / HTTP/1.1\r\n", 400),                                                                # RFC 9112 section 3.2: no Host
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a b\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost : a\r\n", 400),                                                    # section 5.1
    (b"GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n", 400),                                       # section 5.2
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n", 400),                                          # section 2.2: bare CR
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n", 400),
    (b"GET / HTTP/1.1\nHost: a\n", 400),
    (b"GET  / HTTP/1.1\r\nHost: a\r\n", 400),
    (b"GET / HTTP/2.0\r\nHost: a\r\n", 505),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400),  # section 6.1
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n", 400),           # section 6.3
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n", 400),             # section 6.3: chunked is not last
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n", 501),             # section 6.1
    (b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: a\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 40_000 + b"\r\n", 431),
    (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 200, 431),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),                                      # somebody speaks TLS
])
def test_malformed_requests_are_refused_and_end_the_connection(site, head, status):
    smuggled = b"GET /c.txt HTTP/1.1\r\nHost: x\r\n\r\n"
    with RawConnection(site) as connection:
        connection.send(head + b"\r\n" + smuggled)
        connection.socket.shutdown(socket.SHUT_WR)
        reply = connection.read()
        assert (reply.status, reply.persists) == (status, False)
        assert connection.ended()


@linux_only
def test_no_connection_is_left_behind(site):
    connections = []
    for number in range(60):
        connection = RawConnection(site)
        connection.send((b"", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                         b"POST /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab",
                         b"nonsense\r\n\r\n", b"GET /large.txt HTTP/1.1\r\nHost: x\r\n\r\n" * 20)[number % 6])
        connections.append(connection)
    for connection in connections:
        connection.close()
    assert site.get("/c.txt").body == b"c"
    for pid in site.worker_pids():
        sockets = lambda: [link for link in descriptors_of(pid).values() if link.startswith("socket:")]  # noqa: E731
        wait_until(lambda: len(sockets()) == 2, f"only listener and control channel in worker {pid}")
