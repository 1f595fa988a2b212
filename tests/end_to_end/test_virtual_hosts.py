"""Which site answers: names, addresses, sockets, and a folder served without a configuration."""

import socket

import pytest

from brilliant import Factory
from clients import RawConnection, curl, needs

SITES = """
error_log error.log
access_log off
server {
  listen 127.0.0.1:@PORT@
  server_name one.example www.one.example
  location / { root @FOLDER@/one }
  error 404 pages/one.html
}
server {
  listen 127.0.0.1:@PORT@
  listen 127.0.0.1:@PORT2@
  server_name two.example
  location / { root @FOLDER@/two }
}
server {
  listen 127.0.0.1:@PORT@
  server_name *.example .wild.example deep.under.wild.example
  location / { root @FOLDER@/wild }
}
"""
FILES = {"one/index.html": "one", "two/index.html": "two", "wild/index.html": "wild", "pages/one.html": "nothing at one"}


@pytest.fixture(scope="module")
def sites():
    factory = Factory()
    try:
        yield factory.start(SITES, files=FILES, error_log="error.log")
    finally:
        factory.close()


def get(server, host, port=None):
    return server.get("/", port=port, headers={"Host": host}).body


@needs("curl")
def test_two_names_on_one_port_are_two_sites_and_others_get_the_first(sites):
    for name, body in (("one.example", b"one"), ("two.example", b"two"), ("www.one.example", b"one"), ("unknown.test", b"one")):
        result = curl("--resolve", f"{name}:{sites.port}:127.0.0.1", f"http://{name}:{sites.port}/")
        assert (name, result.stdout) == (name, body)
    assert curl(f"http://127.0.0.1:{sites.port}/").stdout == b"one"


@pytest.mark.parametrize("host, body", [
    ("TWO.Example", b"two"), ("two.example.", b"two"), ("two.example:99", b"two"), ("other.example", b"wild"), ("wild.example", b"wild"),
    ("a.b.wild.example", b"wild"), ("deep.under.wild.example", b"wild"), ("example", b"one"), ("[::1]", b"one"),
    ("two.example.evil", b"one"), ("xtwo.example", b"wild")])
def test_names_are_compared_as_names(sites, host, body):
    assert get(sites, host) == body


def test_the_default_is_per_address(sites):
    assert get(sites, "unknown.test", port=sites.ports[1]) == b"two"
    assert get(sites, "one.example", port=sites.ports[1]) == b"two"


def test_the_target_wins_over_the_host_field(sites):
    answer = sites.exchange(b"GET http://two.example/ HTTP/1.1\r\nHost: one.example\r\nConnection: close\r\n\r\n")
    assert answer.endswith(b"\r\n\r\ntwo")


def test_one_connection_may_ask_for_several_sites(sites):
    with RawConnection(sites) as connection:
        for name in ("one", "two", "one"):
            connection.send(f"GET / HTTP/1.1\r\nHost: {name}.example\r\n\r\n".encode())
        assert [connection.read().body for _ in range(3)] == [b"one", b"two", b"one"]


def test_each_site_has_its_own_error_pages(sites):
    assert sites.get("/x", headers={"Host": "one.example"}).body == b"nothing at one"
    assert b"nothing at one" not in sites.get("/x", headers={"Host": "two.example"}).body


# ---- other kinds of addresses

def ipv6_works():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


ONE = """
error_log error.log
access_log access.log
server {
  listen @LISTEN@
  location / { root @FOLDER@/one }
}
"""


@needs("curl")
@pytest.mark.skipif(not ipv6_works(), reason="this machine has no IPv6")
def test_ipv6(brilliant):
    config = ONE.replace("@LISTEN@", "[::1]:@PORT@")
    server = brilliant.start(config, files=FILES, error_log="error.log")
    assert curl("-g", f"http://[::1]:{server.port}/").stdout == b"one"
    server.stop()
    assert (brilliant.folder / "access.log").read_text().startswith("::1 - - [")


@needs("curl")
@pytest.mark.skipif(not ipv6_works(), reason="this machine has no IPv6")
def test_a_port_alone_is_ipv4_and_ipv6(brilliant):
    server = brilliant.start(ONE.replace("@LISTEN@", "@PORT@"), files=FILES, error_log="error.log")
    assert curl("-g", f"http://[::1]:{server.port}/").stdout == b"one"
    assert curl(f"http://127.0.0.1:{server.port}/").stdout == b"one"
    server.stop()
    clients = {line.split()[0] for line in (brilliant.folder / "access.log").read_text().splitlines()}
    assert clients == {"::1", "127.0.0.1"}


@needs("curl")
def test_a_unix_socket(brilliant):
    config = ONE.replace("@LISTEN@", "unix:@FOLDER@/site.sock")
    server = brilliant.start(config, files=FILES, error_log="error.log")
    path = brilliant.folder / "site.sock"
    for _ in range(10):
        assert curl("--unix-socket", path, "http://any.name/", "http://any.name/").stdout == b"oneone"
    with RawConnection(path=path) as connection:
        assert connection.get("/").body == b"one"
        assert connection.get("/nothing").status == 404
    server.stop()
    lines = (brilliant.folder / "access.log").read_text().splitlines()
    assert len(lines) == 22
    assert all(line.startswith("unix: - - [") for line in lines)


# ---- without a configuration

@needs("curl")
def test_a_folder_is_served_without_a_configuration(brilliant):
    server = brilliant.serve_folder({"index.html": "quick", "sub/page.html": "page", ".hidden": "secret"})
    assert curl(f"http://127.0.0.1:{server.port}/").stdout == b"quick"
    assert curl("-L", f"http://localhost:{server.port}/sub/page.html").stdout == b"page"
    assert server.get("/.hidden").status == 404
    assert server.stop() == 0
