"""Connections: long pipelines, errors while the client still sends, clients that are slow, limits, proxies in front."""

import socket
import struct
import threading

import pytest

from brilliant import TIMEOUT, Factory, wait_until
from clients import RawConnection, linux_only, worker_of

SITE = """
error_log error.log debug
access_log access.log
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www }
  location /small { root @FOLDER@/www; methods GET POST; upload_path /; body_max 1k }
}
"""
LARGE = 64 * 1024 * 1024  # more than any buffer on the way holds


@pytest.fixture(scope="module")
def site():
    """One server for all tests that change nothing about it."""
    factory = Factory()
    try:
        yield start(factory)
    finally:
        factory.close()


def start(brilliant, directives="", config=SITE, **options):
    server = brilliant.start(directives + config, files={"www/a.txt": "content of a", "www/b.txt": "b"}, error_log="error.log", **options)
    with open(brilliant.folder / "www/large.bin", "wb") as file:
        file.truncate(LARGE)
    (brilliant.folder / "www/large.bin").chmod(0o644)
    return server


def access_log(server, pattern):
    path = server.folder / "access.log"
    return wait_until(lambda: [line for line in path.read_text().splitlines() if pattern in line], f"{pattern!r} in the access log")


# ---- long pipelines

def test_a_thousand_requests_in_one_go_are_answered_in_order(site):
    requests = b"".join(b"GET /%s?%d HTTP/1.1\r\nHost: x\r\n\r\n" % ((b"a.txt", b"none", b"b.txt")[number % 3], number)
                        for number in range(1000))
    with RawConnection(site) as connection:
        sender = threading.Thread(target=connection.send, args=(requests,), daemon=True)
        sender.start()
        for number in range(1000):
            reply = connection.read()
            assert (number, reply.status) == (number, (200, 404, 200)[number % 3])
            assert (b"content of a", None, b"b")[number % 3] in (reply.body, None)
        sender.join(TIMEOUT)
        assert connection.get("/b.txt").body == b"b"


# ---- an error is read by a client that still sends

@pytest.mark.parametrize("head, first, status", [
    (b"POST /small/x HTTP/1.1\r\nContent-Length: 52428800\r\n", b"", 413),
    (b"POST /none HTTP/1.1\r\nContent-Length: 104857600\r\n", b"", 405),
    (b"PUT /%00 HTTP/1.1\r\nContent-Length: 104857600\r\n", b"", 400),
    (b"POST /none HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", b"5\r\nhello\r\nno size\r\n", 400),
    (b"POST /none HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", b"3200000\r\n", 405),
])
def test_a_client_that_sends_everything_before_it_reads_gets_the_whole_answer(site, head, first, status):
    pushed = 50 << 20
    with RawConnection(site) as connection:
        connection.send(head + b"Host: x\r\n\r\n" + first)
        for _ in range(pushed >> 17):
            connection.send(bytes(1 << 17))  # no EPIPE, no ECONNRESET
        reply = connection.read()
        assert (reply.status, reply.persists) == (status, False)
        assert b"</html>" in reply.body
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.ended()


# ---- slow clients. What is waited for is the event itself.

def trickle(connection, data, until):
    """Sends a byte every now and then, until something comes back."""
    stop = threading.Event()

    def run():
        try:
            for byte in data:
                connection.socket.send(bytes([byte]))
                if stop.wait(0.05):
                    return
        except OSError:
            pass
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    result = until()
    stop.set()
    thread.join(TIMEOUT)
    return result


def test_content_that_trickles_is_408(brilliant):
    server = start(brilliant, "client_body_timeout 500ms\n", workers=1)
    for framing, data in ((b"Content-Length: 100000", b"x" * 100_000), (b"Transfer-Encoding: chunked", b"fffff\r\n" + b"x" * 100_000)):
        with RawConnection(server) as connection:
            connection.send(b"GET /a.txt HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n\r\n")
            if framing.startswith(b"Content"):
                assert connection.read().status == 200  # content that nobody wants is read after the answer
                assert trickle(connection, data, connection.ended)
            else:
                reply = trickle(connection, data, connection.read)
                assert (reply.status, reply.persists) == (408, False)
    with RawConnection(server) as connection:  # a head has one term, whatever comes
        assert connection.get("/b.txt").body == b"b"


@linux_only
def test_a_reader_that_takes_a_little_now_and_then_is_cut_and_an_honest_slow_one_is_not(brilliant):
    server = start(brilliant, "send_timeout 3s\nclient_rate_min 1k\n", workers=1)
    request = b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n"
    with RawConnection(server, receive_buffer=4096) as greedy, RawConnection(server, receive_buffer=4096) as honest:
        honest.send(request)
        greedy.send(request)
        honest.read_head()
        greedy.socket.recv(10)

        def look():
            # Some 20 KB a second, and 100 bytes.
            honest.socket.recv(2048)
            greedy.socket.recv(10)
            return worker_of(server, greedy.socket) is None
        wait_until(look, "the end of the greedy connection")
        assert worker_of(server, honest.socket) is not None
    server.wait_log("debug: answer taken too slowly: connection cut client=127.0.0.1 ")
    assert server.get("/b.txt").body == b"b"


# ---- connections of one address

@linux_only
def test_connections_per_address(brilliant):
    server = start(brilliant, "connections_per_address 5\n", config=SITE.replace("{\n  listen", "{\n  listen unix:@FOLDER@/socket\n  listen", 1),
                   workers=1)
    held = []
    for _ in range(5):
        held.append(RawConnection(server))
        assert held[-1].get("/b.txt").body == b"b"
    for _ in range(3):
        with RawConnection(server) as surplus:
            reply = surplus.read()
            assert (reply.status, reply.persists, reply.fields["retry-after"]) == (503, False, "1")
            assert surplus.ended()
    server.wait_log(r"warn: connection refused listener=127\.0\.0\.1:\d+ client=127\.0\.0\.1 limit=5 directive=connections_per_address")
    with RawConnection(path=server.folder / "socket") as exempt:
        assert exempt.get("/b.txt").body == b"b"
    held.pop().close()
    wait_until(lambda: server_answers(server), "room for another connection")
    for connection in held:
        assert connection.get("/b.txt").body == b"b"
        connection.close()


def server_answers(server):
    with RawConnection(server) as connection:
        return connection.get("/b.txt").status == 200


# ---- behind a proxy

def test_a_trusted_proxy_names_the_client(brilliant):
    server = start(brilliant, "trusted_proxy 127.0.0.0/8\n", workers=1)
    server.get("/a.txt?trusted", headers={"X-Forwarded-For": "192.0.2.1, 198.51.100.7, 127.0.0.9", "X-Forwarded-Proto": "https"})
    server.get("/a.txt?malformed", headers={"X-Forwarded-For": "198.51.100.7, ') OR 1=1"})
    assert access_log(server, "?trusted")[0].startswith("198.51.100.7 - - ")
    assert access_log(server, "?malformed")[0].startswith("127.0.0.1 - - ")


def test_nobody_else_does(site):
    site.get("/a.txt?untrusted", headers={"X-Forwarded-For": "198.51.100.7", "Forwarded": "for=198.51.100.7"})
    assert access_log(site, "?untrusted")[0].startswith("127.0.0.1 - - ")


PROXIED = SITE.replace("listen 127.0.0.1:@PORT@", "listen 127.0.0.1:@PORT@ proxy_protocol\n  listen 127.0.0.1:@PORT2@")


def test_the_proxy_protocol(brilliant):
    server = start(brilliant, "trusted_proxy 127.0.0.1\n", config=PROXIED, workers=1)
    binary = b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack("!H4s4sHH", 15, bytes([192, 0, 2, 2]), bytes(4), 1, 2) + b"\x04\0\0"
    for number, header in enumerate((b"PROXY TCP4 192.0.2.1 127.0.0.1 4000 80\r\n", binary, b"PROXY UNKNOWN\r\n")):
        with RawConnection(server) as connection:
            for byte in header:
                connection.send(bytes([byte]))
            for _ in range(2):
                assert connection.get(f"/a.txt?{number}").body == b"content of a"
    # The client's own fields are not the proxy's.
    with RawConnection(server) as connection:
        connection.send(b"PROXY TCP4 192.0.2.3 127.0.0.1 4000 80\r\n")
        assert connection.get("/a.txt?3", "X-Forwarded-For: 198.51.100.7\r\n").status == 200
    for number, client in enumerate(("192.0.2.1", "192.0.2.2", "127.0.0.1", "192.0.2.3")):
        assert access_log(server, f"?{number} ")[0].startswith(f"{client} - - ")
    with RawConnection(server) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionError):
            connection.read()
    server.wait_log("warn: malformed PROXY protocol header: connection closed proxy=127.0.0.1 ")
    assert server.get("/a.txt", port=server.ports[1]).body == b"content of a"


def test_only_trusted_proxies_speak_the_proxy_protocol(brilliant):
    server = start(brilliant, "trusted_proxy 10.0.0.1\n", config=PROXIED, workers=1)
    with RawConnection(server) as connection:
        with pytest.raises(ConnectionError):
            connection.send(b"PROXY TCP4 192.0.2.1 127.0.0.1 4000 80\r\n")
            connection.get("/a.txt")
    server.wait_log(r'warn: connection refused .*client=127\.0\.0\.1 reason="not a trusted proxy" directive=trusted_proxy')
    assert server.get("/a.txt", port=server.ports[1]).body == b"content of a"
