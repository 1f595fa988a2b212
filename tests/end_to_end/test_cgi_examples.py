"""The programs in examples/cgi-bin, as a reader of examples/cgi.conf would run them."""

import hashlib
import json
import pathlib
import shutil
import subprocess
import urllib.parse

import pytest

from clients import RawConnection, needs

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def server(brilliant):
    shutil.copytree(EXAMPLES / "cgi-bin", brilliant.folder / "cgi-bin")
    shutil.copy(EXAMPLES / "cgi.conf", brilliant.folder)
    return brilliant.start_file(brilliant.folder / "cgi.conf")


def test_the_environment_page(server):
    text = server.get("/cgi-bin/environment.sh/some/path?a=b").body.decode()
    assert text.startswith(f"I run in {server.folder}/cgi-bin as ")
    assert "\nPATH_INFO=/some/path\n" in text and "\nQUERY_STRING=a=b\n" in text
    assert server.get("/").headers["Location"] == "/cgi-bin/environment.sh"


@needs("perl")
def test_the_form_shows_what_was_typed_and_nothing_else(server):
    assert "<dd>" not in server.get("/cgi-bin/form.pl").body.decode()
    content = urllib.parse.urlencode({"name": "<script>'\"&", "words": "two words"})
    page = server.request("POST", "/cgi-bin/form.pl", body=content).body.decode()
    assert "<dt>name<dd>&lt;script&gt;&#39;&quot;&amp;\n<dt>words<dd>two words\n" in page
    assert server.request("POST", "/cgi-bin/form.pl", body="x" * 70_000).status == 413


def test_the_counter_takes_everything(server):
    content = bytes(range(256)) * 10_000
    answer = server.request("POST", "/cgi-bin/upload.py", body=content, headers={"Content-Type": "a/b"})
    assert json.loads(answer.body) == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "type": "a/b"}
    refused = server.get("/cgi-bin/upload.py")
    assert (refused.status, refused.headers["Allow"]) == (405, "POST")


@needs("cc")
def test_the_clock_ticks_as_long_as_somebody_reads(server):
    folder = server.folder / "cgi-bin"
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", folder / "clock", folder / "clock.c"], check=True)
    assert server.get("/cgi-bin/clock?1").body.count(b"\n") == 1
    with RawConnection(server) as connection:
        connection.send(b"GET /cgi-bin/clock HTTP/1.0\r\n\r\n")
        connection.read_head()
        assert len(connection.file.readline()) == len("2026-01-02 03:04:05\n")


def test_sources_are_not_sent(server):
    for target in ("/cgi-bin/clock.c", "/cgi-bin/"):
        assert server.get(target).status == 403
