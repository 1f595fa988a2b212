"""Compressed neighbours: made by the usual tools, chosen by what a client accepts, understood by real clients."""

import gzip
import os
import shutil
import subprocess

import pytest

from brilliant import wait_until
from clients import chromium, curl, needs

SITE = """
error_log error.log
access_log off
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www; precompressed br zstd gzip }
}
"""
SCRIPT = "document.title = 'the script ran';\n" * 400
BROWSER = "gzip, deflate, br, zstd"


def start(brilliant, files, config=SITE):
    return brilliant.start(config, files={f"www/{name}": content for name, content in files.items()}, workers=1,
                           error_log="error.log")


def get(server, target, accept=None, **fields):
    return server.get(target, headers=({"Accept-Encoding": accept} if accept is not None else {}) | fields)


# http.client asks for "identity" unless told otherwise; raw bytes ask for nothing.
def get_without_a_word(server, target):
    return server.exchange(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())


def test_the_neighbour_that_suits_best_is_sent(brilliant):
    server = start(brilliant, {"a.css": "plain", "a.css.gz": "as gzip", "a.css.br": "as br", "a.css.zst": "as zstd", "b.css": "alone"})
    for accept, coding, body in ((BROWSER, "br", b"as br"), ("gzip", "gzip", b"as gzip"), ("x-gzip", "gzip", b"as gzip"),
                                 ("gzip, zstd;q=0.5", "gzip", b"as gzip"), ("*;q=0.1, br;q=0", "zstd", b"as zstd"),
                                 ("identity", None, b"plain"), ("", None, b"plain"), ("deflate", None, b"plain"),
                                 ("identity, br;q=0.9", None, b"plain")):
        for _ in range(2):
            answer = get(server, "/a.css", accept)
            assert (answer.status, answer.headers["Content-Encoding"], answer.body) == (200, coding, body), accept
            assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
            assert answer.headers["Vary"] == "Accept-Encoding"
    plain = get_without_a_word(server, "/a.css")
    assert plain.endswith(b"\r\n\r\nplain") and b"Vary: Accept-Encoding\r\n" in plain
    # What is refused is still better than nothing.
    assert get(server, "/b.css", "identity;q=0, br").body == b"alone"


def test_each_is_a_representation_of_its_own(brilliant):
    server = start(brilliant, {"a.css": "plain", "a.css.gz": "0123456789", "a.css.br": "as br"})
    tags = {accept: get(server, "/a.css", accept).headers["ETag"] for accept in ("identity", "gzip", "br")}
    assert len(set(tags.values())) == 3
    for accept, tag in tags.items():
        for other, other_tag in tags.items():
            answer = get(server, "/a.css", accept, **{"If-None-Match": other_tag})
            assert answer.status == (304 if accept == other else 200)
            assert answer.headers["Vary"] == "Accept-Encoding"
    part = get(server, "/a.css", "gzip", Range="bytes=2-4")
    assert (part.status, part.headers["Content-Range"], part.body) == (206, "bytes 2-4/10", b"234")
    assert part.headers["Content-Encoding"] == "gzip"
    refused = get(server, "/a.css", "gzip", Range="bytes=10-")
    assert (refused.status, refused.headers["Content-Range"]) == (416, "bytes */10")
    assert server.get("/a.css.gz").headers["Content-Encoding"] is None


def test_a_stale_neighbour_is_not_sent(brilliant):
    server = start(brilliant, {"a.css": "plain", "a.css.gz": "stale"})
    now = os.stat(brilliant.folder / "www/a.css").st_mtime
    os.utime(brilliant.folder / "www/a.css.gz", (now - 10, now - 10))
    assert get(server, "/a.css", "gzip").body == b"plain"
    (brilliant.folder / "www/a.css.gz").write_text("fresh")
    wait_until(lambda: get(server, "/a.css", "gzip").body == b"fresh", "the new neighbour")
    (brilliant.folder / "www/a.css.gz").unlink()
    wait_until(lambda: get(server, "/a.css", "gzip").body == b"plain", "the end of the neighbour")


def test_neighbours_obey_the_rules_of_all_files(brilliant):
    server = start(brilliant, {"a.css": "plain", ".hidden": "x", ".hidden.gz": "x", "../outside/secret": "secret", "gone.css.gz": "alone"})
    (brilliant.folder / "www/a.css.gz").symlink_to("../outside/secret")
    assert get(server, "/a.css", "gzip").body == b"plain"
    server.wait_log(r"warn: precompressed file refused .*path=a\.css\.gz")
    assert get(server, "/.hidden", "gzip").status == 404
    assert get(server, "/gone.css", "gzip").status == 404


def test_off_is_the_default(brilliant):
    server = start(brilliant, {"a.css": "plain", "a.css.gz": "gzip"}, SITE.replace("; precompressed br zstd gzip", ""))
    answer = get(server, "/a.css", "gzip")
    assert (answer.body, answer.headers["Vary"], answer.headers["Content-Encoding"]) == (b"plain", None, None)


# The time stamps that the tools leave are as they are.
@needs("curl")
@pytest.mark.parametrize("tool, coding", [(["brotli", "-k"], "br"), (["zstd", "-q", "-k"], "zstd"), (["gzip", "-k"], "gzip")])
def test_what_the_usual_tools_make_is_what_curl_understands(brilliant, tool, coding):
    if not shutil.which(tool[0]):
        pytest.skip(f"{tool[0]} is not installed")
    server = start(brilliant, {"app.js": SCRIPT, "large.js": SCRIPT * 100})
    for name, content in (("app.js", SCRIPT), ("large.js", SCRIPT * 100)):
        subprocess.run([*tool, str(brilliant.folder / "www" / name)], check=True, stdin=subprocess.DEVNULL)
        for target in brilliant.folder.glob("www/*"):
            target.chmod(0o644)
        result = curl("--compressed", "-D", "-", f"http://127.0.0.1:{server.port}/{name}").stdout.decode()
        head, body = result.split("\r\n\r\n", 1)
        assert f"content-encoding: {coding}" in head.lower(), head
        assert body == content


@needs("chromium")
def test_a_browser_runs_a_compressed_script(brilliant):
    server = start(brilliant, {
        "index.html": "<!doctype html><title>plain</title><script src='app.js'></script>",
        "app.js": "document.title = 'not compressed';",
        "app.js.gz": gzip.compress(SCRIPT.encode()),
    })
    assert "<title>the script ran</title>" in chromium(brilliant.folder, "--dump-dom", f"http://127.0.0.1:{server.port}/")
