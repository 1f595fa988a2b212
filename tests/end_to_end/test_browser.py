"""A real browser: Chromium renders what the server sends. With BRILLIANT_SHOTS=FOLDER the pictures are kept there."""

import json
import os
import pathlib
import re
import shutil
import struct
import subprocess

import pytest

from brilliant import wait_until
from clients import chromium, drive, needs, needs_driver

pytestmark = needs("chromium")

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = pathlib.Path("/usr/share/doc/python3-doc/html")
PYTHON_DOCUMENTS = """
error_log error.log
access_log access.log
server {
  listen 127.0.0.1:@PORT@
  location / {
    root /usr/share/doc/python3-doc/html
    symlink_roots /usr/share/javascript
  }
}
"""


def screenshot(brilliant, url, name, size="1280,900", arguments=()):
    """Takes a picture of the page: its width and height."""
    path = brilliant.folder / f"{name}.png"
    chromium(brilliant.folder, f"--window-size={size}", f"--screenshot={path}", *arguments, url)
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    if kept := os.environ.get("BRILLIANT_SHOTS"):
        shutil.copy(path, pathlib.Path(kept) / path.name)
    assert len(data) > 5000  # something is on it: a blank page compresses to less
    return struct.unpack(">II", data[16:24])


def requests_in(path):
    """From target to status, of an access log that is written once a second."""
    return dict(re.findall(r'"GET (\S+) HTTP/1\.1" (\d+) ', path.read_text()))


@pytest.mark.skipif(not (DOCUMENTS / "index.html").exists(), reason="python3-doc is not installed")
def test_the_start_page_of_pythons_documentation(brilliant):
    server = brilliant.start(PYTHON_DOCUMENTS, error_log="error.log")
    url = f"http://127.0.0.1:{server.port}/"
    page = chromium(brilliant.folder, "--dump-dom", url)
    assert "<title>3.11" in page
    assert "Python 3.11" in page and "What's new in Python" in page.replace("\u2019", "'")
    access = brilliant.folder / "access.log"
    wanted = {"/", "/_static/pydoctheme.css?2022.1", "/_static/jquery.js", "/_static/py.svg"}
    seen = wait_until(lambda: (all_seen := requests_in(access)).keys() >= wanted and all_seen, f"requests for {wanted}")
    # A browser asks for whatever a page refers to; pages ask for nothing here that is missing.
    assert {target for target, status in seen.items() if status != "200"} == set(), seen
    assert screenshot(brilliant, url, "python3-doc") == (1280, 900)


@pytest.fixture
def demo(brilliant):
    """The demo site, as `make run` serves it, on another port, from where every user can read it."""
    brilliant.copy_examples(brilliant.folder / "examples")
    return brilliant.start_file(brilliant.folder / "examples/demo.conf")


def test_the_demo_site(brilliant, demo):
    url = f"http://127.0.0.1:{demo.port}/"
    page = chromium(brilliant.folder, "--dump-dom", url)
    assert "<title>BrilliantServer is running</title>" in page
    # Its script ran: the buttons it makes are there, and no longer hidden.
    assert re.search(r'id="buttons">\s*<button', page), page[-3000:]
    assert screenshot(brilliant, url, "demo", "1280,1500") == (1280, 1500)
    screenshot(brilliant, url, "demo-narrow", "500,1800")
    assert "Notes" in chromium(brilliant.folder, "--dump-dom", url + "notes")
    assert "Notes" in chromium(brilliant.folder, "--dump-dom", url + "old-notes")


def test_the_shared_folder_of_the_demo_site(brilliant, demo):
    url = f"http://127.0.0.1:{demo.port}/drop/"
    sent = brilliant.folder / "photo.jpg"
    sent.write_bytes(b"not really a photo")
    curl = ["curl", "-sS", "--fail-with-body"]
    subprocess.run([*curl, "-T", sent, url], check=True)
    assert subprocess.check_output([*curl, url + "photo.jpg"]) == b"not really a photo"
    page = chromium(brilliant.folder, "--dump-dom", url)
    assert "photo.jpg" in page and "A folder for everybody" in page
    screenshot(brilliant, url, "demo-drop", "1000,900")
    undo = json.loads(subprocess.check_output([*curl, "-X", "DELETE", "-H", "Accept: application/json", url + "photo.jpg"]))["undo"]
    assert demo.get("/drop/photo.jpg").status == 404
    subprocess.run([*curl, "-X", "POST", "-o", "/dev/null", f"http://127.0.0.1:{demo.port}{undo}"], check=True)
    assert demo.get("/drop/photo.jpg").body == b"not really a photo"
    assert "warn" not in demo.log(), demo.log()


def test_the_second_demo_site_has_its_own_error_page(brilliant, demo):
    own = (REPOSITORY / "examples/second/not-found.html").read_text()
    title = re.search("<title>(.*?)</title>", own)[1]
    page = chromium(brilliant.folder, "--dump-dom", f"http://second.localhost:{demo.port}/nothing")
    assert title in page
    screenshot(brilliant, f"http://second.localhost:{demo.port}/nothing", "second-404")
    screenshot(brilliant, f"http://second.localhost:{demo.port}/", "second")


@needs_driver
def test_the_buttons_of_the_demo_site(brilliant, demo):
    shown, complaints = drive(brilliant.folder, "demo.js", url=f"http://127.0.0.1:{demo.port}/")
    assert "\n304 Not Modified\n" in shown["GET again, if changed"]
    assert "\n405 Method Not Allowed\n" in shown["DELETE"] and "allow: GET, HEAD" in shown["DELETE"]
    assert len(complaints) == 1 and "405" in complaints[0]


def test_the_built_in_error_page(brilliant, demo):
    url = f"http://127.0.0.1:{demo.port}/no/such/page?with=%3Cb%3Equery"
    page = chromium(brilliant.folder, "--dump-dom", url)
    assert "<title>404 Not Found</title>" in page
    assert "/no/such/page?with=%3Cb%3Equery" in page
    assert "<script" not in page
    screenshot(brilliant, url, "404", "1000,700")
    screenshot(brilliant, url, "404-narrow", "500,700")
    screenshot(brilliant, url, "404-dark", "1000,700", ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"])


def test_the_style_of_the_error_page_passes_its_own_policy(brilliant):
    """The page's Content-Security-Policy names its style by a hash."""
    strict = "<!doctype html><meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\"><style>p { color: red }</style>"
    server = brilliant.serve_folder({"strict.html": strict})

    def complaints(target):
        log = brilliant.folder / "console.log"
        log.unlink(missing_ok=True)
        chromium(brilliant.folder, "--enable-logging", f"--log-file={log}", "--dump-dom", f"http://127.0.0.1:{server.port}{target}")
        return "Content Security Policy" in log.read_text(errors="replace")

    assert complaints("/strict.html")  # so that is what it looks like
    assert not complaints("/nothing")
