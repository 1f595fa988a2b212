"""Folder listings (`autoindex on`): the page, JSON and NDJSON, their order and filter, README, whole folders as zip and tar."""

import html.parser
import io
import json
import os
import re
import socket
import tarfile
import zipfile

import pytest

from brilliant import wait_until
from clients import chromium, descriptors_of, is_sanitized, needs

SITE = """
error_log error.log
access_log off
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www; autoindex on }
  location /plain { root @FOLDER@/www }
  location /packed { root @FOLDER@/www; autoindex on; archive on }
  location /packed/private { root @FOLDER@/www/private }
  location /small { root @FOLDER@/www; autoindex on; archive on; archive_max 1000 }
  location /drop { root @FOLDER@/www; autoindex on; upload_path /in; methods GET POST DELETE }
  cgi .script { root @FOLDER@/www }
}
"""
# All that a request can name; two of them look like something else to browsers.
ODD_NAMES = [b"plain.txt", b"a&b \"q\" 'r' <i>.txt", b"javascript:alert(1)", b"?query#fragment", b"100%.txt", b"%41",
             b"back\\slash", b"bytes \xff\xfe", "ümlaut 😀".encode(), "\u202etxt.exe".encode(), b" blank ", b"C:file",
             b"&amp;", b"+plus+", b"`tick`", b"{{rows}}", b"x" * 255]
MEMORY_KIB_MAX = 48 * 1024


class Page(html.parser.HTMLParser):
    """What a listing's page shows: rows as (address, name, size, time, type), and every element with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.rows, self.in_body = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        if tag == "tbody" and not self.rows:
            self.in_body = True
        if tag == "tr" and self.in_body:
            self.rows.append({"up": attributes.get("class") == "up", "href": None, "cells": []})
        if tag in ("th", "td") and self.in_body:
            self.rows[-1]["cells"].append("")
        if tag == "a" and self.in_body:
            self.rows[-1]["href"] = attributes["href"]

    def handle_endtag(self, tag):
        if tag == "tbody":
            self.in_body = False

    def handle_data(self, data):
        if self.in_body and self.rows and self.rows[-1]["cells"]:
            self.rows[-1]["cells"][-1] += data

    def entries(self):
        return [row for row in self.rows if not row["up"]]

    def names(self):
        return [row["cells"][0].strip() for row in self.entries()]


def start(brilliant, files=None, **options):
    options.setdefault("workers", 1)
    (brilliant.folder / "www").mkdir(exist_ok=True)
    return brilliant.start(SITE, files=files or {}, error_log="error.log", **options)


def page_of(server, target="/"):
    answer = server.get(target)
    assert answer.status == 200, answer.body
    return Page(answer.body.decode())


def follow(server, target, reference):
    """Where a browser would go (RFC 3986 section 5.2), as a raw request. (urllib.parse.urljoin drops an empty ";".)"""
    assert not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|[/?#]|$", reference), reference
    return server.get(target[:target.rindex("/") + 1] + reference.removeprefix("./"))


def make_odd_files(brilliant):
    folder = os.fsencode(brilliant.folder) + b"/www/odd/"
    os.makedirs(folder, exist_ok=True)
    for name in ODD_NAMES:
        with open(folder + name, "wb") as file:
            file.write(b"content of " + name)
    return folder


# ---- what is shown

def test_a_listing_says_name_size_time_and_type(brilliant):
    server = start(brilliant, {"www/sub/b10.png": "x" * 1234, "www/sub/b9.txt": "12", "www/sub/deep/x": ""})
    os.utime(brilliant.folder / "www/sub/b10.png", (784111777, 784111777))
    page = page_of(server, "/sub/")
    assert page.names() == ["deep", "b9.txt", "b10.png"]
    assert [row["href"] for row in page.rows] == ["../", "deep/", "b9.txt", "b10.png"]
    assert [cell.strip() for cell in page.entries()[2]["cells"]] == ["b10.png", "1.2 kB", "1994-11-06 08:49", "PNG image"]
    assert page.entries()[0]["cells"][3].strip() == "Folder"

    document = json.loads(server.get("/sub/?format=json").body)
    assert document["path"] == "/sub/" and document["truncated"] is False
    assert [entry["name"] for entry in document["entries"]] == page.names()
    assert document["entries"][2] == {"name": "b10.png", "href": "b10.png", "kind": "file", "size": 1234,
                                      "modified": "1994-11-06T08:49:37Z", "type": "image/png"}
    lines = server.get("/sub/", headers={"Accept": "application/x-ndjson"})
    assert lines.headers["Content-Type"] == "application/x-ndjson"
    entries = [json.loads(line) for line in lines.body.splitlines()]
    assert sorted(entries, key=lambda entry: entry["name"]) == sorted(document["entries"], key=lambda entry: entry["name"])


def test_fields_keep_the_page_safe_and_fresh(brilliant):
    server = start(brilliant, {"www/a.txt": "a"})
    page = server.get("/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Vary"] == "Accept"
    assert page.headers["Cache-Control"] == "no-cache"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    assert not re.search(rb"<style|style=|<script(?! type=\"module\" src=)|\son[a-z]+=", page.body)
    as_json = server.get("/", headers={"Accept": "application/json"})
    assert as_json.headers["Content-Type"] == "application/json" and as_json.headers["ETag"] != page.headers["ETag"]
    again = server.get("/", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    (brilliant.folder / "www/b.txt").write_text("b")
    changed = server.get("/", headers={"If-None-Match": page.headers["ETag"]})
    assert changed.status == 200 and b"b.txt" in changed.body
    head = server.request("HEAD", "/")
    assert (head.status, head.body) == (200, b"") and int(head.headers["Content-Length"]) == len(changed.body)


def test_what_comes_and_goes_is_seen_at_once(brilliant):
    server = start(brilliant, {"www/sub/first": ""})
    folder = brilliant.folder / "www/sub"
    os.utime(folder, (784111777, 784111777))
    assert page_of(server, "/sub/").names() == ["first"]
    for round_number in range(20):
        (folder / f"new{round_number}").write_text("")
        assert len(page_of(server, "/sub/").names()) == 2
        (folder / f"new{round_number}").unlink()
        assert page_of(server, "/sub/").names() == ["first"]


def test_assets_are_kept_for_ever_under_a_name_that_changes(brilliant):
    server = start(brilliant)
    page = page_of(server)
    links = [a["href"] for tag, a in page.elements if tag == "link"] + [a["src"] for tag, a in page.elements if tag == "script"]
    icon, *links = links
    assert server.get(icon).headers["Content-Type"] == "image/svg+xml"
    assert len(links) == 2
    style = server.get(links[0])
    assert style.status == 200 and style.headers["Content-Type"] == "text/css; charset=utf-8"
    assert style.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    pictures = set(re.findall(r"url\(([^)]*)\)", style.body.decode()))
    assert len(pictures) >= 6
    scripts = [links[1]]
    for script in scripts:
        answer = server.get(script)
        assert answer.status == 200 and answer.headers["Content-Type"] == "text/javascript; charset=utf-8", script
        imported = [f"{script.rsplit('/', 1)[0]}/{name}" for name in re.findall(r'from "\./([^"]*)"', answer.body.decode())]
        scripts += [name for name in imported if name not in scripts]
    assert len(scripts) == 7
    for picture in pictures:
        assert follow(server, links[0], picture).headers["Content-Type"] == "image/svg+xml", picture
    assert server.request("POST", links[0]).status == 405
    config = SITE.replace("autoindex on", "autoindex off").replace("error.log", "other.log")
    server_without = brilliant.start(config, workers=1, error_log="other.log")
    assert server_without.get(links[0]).status == 404
    for wrong in ("/.brilliant/", "/.brilliant/0000000000000000/listing.css", links[0] + "x", links[0].rsplit("/", 1)[0] + "/"):
        assert server.get(wrong).status == 404, wrong


def test_folders_are_not_listed_where_it_is_off_and_start_pages_come_first(brilliant):
    server = start(brilliant, {"www/sub/secret-name": "", "www/with/index.html": "start"})
    assert server.get("/plain/sub/").status == 403
    assert b"secret-name" not in server.get("/plain/sub/?format=json").body
    assert server.get("/with/").body == b"start"
    assert server.get("/no/").status == 404
    assert server.get("/sub").status == 301


# ---- order and filter

def test_every_column_sorts_both_ways_and_folders_come_first(brilliant):
    server = start(brilliant)
    folder = brilliant.folder / "www/s"
    for name, size, time in (("a2", 5, 40), ("a10.txt", 9, 30), ("B.png", 1, 20), ("c.TXT", 7, 10)):
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x" * size)
        os.utime(folder / name, (time, time))
    (folder / "zoo").mkdir()
    orders = {"name": ["a2", "a10.txt", "B.png", "c.TXT"], "size": ["B.png", "a2", "c.TXT", "a10.txt"],
              "time": ["c.TXT", "B.png", "a10.txt", "a2"], "type": ["a2", "B.png", "a10.txt", "c.TXT"]}
    for key, names in orders.items():
        assert page_of(server, f"/s/?sort={key}&order=asc").names() == ["zoo", *names], key
        downwards = names[::-1]
        if key == "type":
            downwards = ["a10.txt", "c.TXT", "B.png", "a2"]  # equal types stay in the order of names
        assert page_of(server, f"/s/?sort={key}&order=desc").names() == ["zoo", *downwards], key
        document = json.loads(server.get(f"/s/?sort={key}&format=json").body)
        assert [entry["name"] for entry in document["entries"]] == ["zoo", *names]
        lines = server.get(f"/s/?sort={key}&format=ndjson").body.splitlines()
        assert [json.loads(line)["name"] for line in lines] == ["zoo", *names]
    # The headings lead there.
    page = page_of(server, "/s/?sort=size&order=asc&filter=a")
    headings = [a for tag, a in page.elements if tag == "th" and a.get("scope") == "col"]
    assert [heading.get("aria-sort") for heading in headings] == [None, "ascending", None, None]
    links = [a["href"] for tag, a in page.elements if tag == "a" and a.get("href", "").startswith("?sort=")]
    assert links == ["?sort=name&order=asc&filter=a", "?sort=size&order=desc&filter=a", "?sort=time&order=desc&filter=a",
                     "?sort=type&order=asc&filter=a"]
    for wrong in ("sort=owner", "order=up", "format=xml"):
        assert server.get(f"/s/?{wrong}").status == 400
    assert server.get("/s/?utm_source=x").status == 200


def test_the_filter_works_without_a_script(brilliant):
    server = start(brilliant, {"www/f/Photo 1.JPG": "", "www/f/photo 2.png": "", "www/f/other": "", "www/f/<b>&\"": ""})
    assert page_of(server, "/f/?filter=photo").names() == ["Photo 1.JPG", "photo 2.png"]
    assert page_of(server, "/f/?filter=O+1.jp").names() == ["Photo 1.JPG"]
    page = server.get("/f/?filter=%3Cb%3E%26%22")
    assert Page(page.body.decode()).names() == ['<b>&"']
    assert b"<b>" not in page.body
    assert b"No entry" in server.get("/f/?filter=nothing-such").body
    assert json.loads(server.get("/f/?filter=other&format=json").body)["entries"][0]["name"] == "other"
    assert json.loads(server.get("/f/?filter=other&format=ndjson").body)["name"] == "other"


# ---- names

def test_odd_names_are_linked_exactly(brilliant):
    make_odd_files(brilliant)
    server = start(brilliant)
    answer = server.get("/odd/")
    page = Page(answer.body.decode())
    contents = {follow(server, "/odd/", row["href"]).body for row in page.entries()}
    assert contents == {b"content of " + name for name in ODD_NAMES}
    assert "\u202e" not in answer.body.decode()
    entries = json.loads(server.get("/odd/?format=json").body)["entries"]
    assert {follow(server, "/odd/", entry["href"]).body for entry in entries} == contents
    entries = [json.loads(line) for line in server.get("/odd/?format=ndjson").body.splitlines()]
    assert {follow(server, "/odd/", entry["href"]).body for entry in entries} == contents


def test_names_that_no_address_can_have_are_shown_without_a_link(brilliant):
    server = start(brilliant, {"www/n/new\nline": "x", "www/n/tab\t": "x"})
    page = page_of(server, "/n/")
    assert [row["href"] for row in page.entries()] == [None, None]
    assert [entry["href"] for entry in json.loads(server.get("/n/?format=json").body)["entries"]] == [None, None]


def test_what_a_request_does_not_get_is_not_listed(brilliant):
    files = {"www/r/.hidden": "", "www/r/x.script": "#!/bin/sh\n", "www/r/shown": "", "outside/marker": "", "www/r/deep/real": ""}
    server = start(brilliant, files)
    folder = brilliant.folder / "www/r"
    (folder / "out").symlink_to(brilliant.folder / "outside")
    (folder / "out-file").symlink_to(brilliant.folder / "outside/marker")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "to-script").symlink_to("x.script")
    (folder / "inside").symlink_to("deep")
    os.mkfifo(folder / "pipe")
    names = page_of(server, "/r/").names()
    assert names == ["deep", "inside", "shown"]
    for name in names:
        assert server.get(f"/r/{name}").status in (200, 301)
    assert server.get("/r/out/").status == 403
    assert server.get("/r/../r/%2e%2e/").status in (200, 400)


# ---- many entries

def resident_peak_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+)", status.read())[1])


@pytest.mark.skipif(is_sanitized(), reason="AddressSanitizer keeps memory that has been given back")
def test_a_folder_of_100000_entries_takes_bounded_memory(brilliant):
    folder = brilliant.folder / "www/many"
    folder.mkdir(parents=True)
    for number in range(100_000):
        os.close(os.open(folder / f"some-file-{number}.txt", os.O_CREAT | os.O_WRONLY))
    server = start(brilliant)
    worker = server.worker_pids()[0]
    before = resident_peak_kib(worker)
    page = server.get("/many/")
    assert page.body.count(b"\n<tr><th scope=\"row\"") == 100_000 and b"100,000 entries" in page.body
    names = re.findall(rb">some-file-(\d+)\.txt<", page.body)
    assert names == [str(number).encode() for number in range(100_000)]
    assert page.headers["Transfer-Encoding"] == "chunked"
    lines = server.get("/many/?format=ndjson").body.splitlines()
    assert len(lines) == 100_000 and {json.loads(line)["name"] for line in lines[::997]} <= {f"some-file-{n}.txt" for n in range(100_000)}
    document = json.loads(server.get("/many/?format=json&sort=name&order=desc").body)
    assert document["entries"][0]["name"] == "some-file-99999.txt" and len(document["entries"]) == 100_000
    assert resident_peak_kib(worker) - before < MEMORY_KIB_MAX


def test_a_client_that_leaves_early_costs_nothing_more(brilliant):
    folder = brilliant.folder / "www/many"
    folder.mkdir(parents=True)
    for number in range(20_000):
        os.close(os.open(folder / f"{number}", os.O_CREAT | os.O_WRONLY))
    server = start(brilliant)
    worker = server.worker_pids()[0]

    def folders_open():
        return list(descriptors_of(worker).values()).count(str(folder))

    for query in ("", "?format=ndjson"):
        with server.connect() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(f"GET /many/{query} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    # The store keeps one for a while.
    wait_until(lambda: folders_open() <= 1, "the folders to be closed")
    assert len(page_of(server, "/many/").names()) == 20_000


# ---- README

README = """# Title

[ok](sub/) [bad](javascript:alert(1)) <script>alert(1)</script> ![far](https://example.org/x.png) ![near](p.png)
"""


def test_a_readme_is_shown_below_and_cannot_do_harm(brilliant):
    server = start(brilliant, {"www/m/README.md": README, "www/m/readme.txt": "second", "www/t/ReadMe.TXT": "<b>\n  text",
                               "www/large/README.md": "x" * 65537, "www/l/x": ""})
    body = server.get("/m/").body.decode()
    assert '<section class="readme" aria-label="README.md">\n<h2>Title</h2>' in body
    assert '<a href="sub/">ok</a> <a>bad</a> &lt;script&gt;alert(1)&lt;/script&gt; far <img src="p.png" alt="near">' in body
    assert "second" not in body
    assert '<pre class="plain">&lt;b&gt;\n  text</pre>' in server.get("/t/").body.decode()
    assert b"readme\"" not in server.get("/large/").body and b"readme\"" not in server.get("/l/").body
    assert b"readme\"" not in server.get("/m/?filter=R").body
    (brilliant.folder / "secret.md").write_text("what nobody may see")
    (brilliant.folder / "www/l/README.md").symlink_to(brilliant.folder / "secret.md")
    assert b"nobody" not in server.get("/l/").body


# ---- forms

def test_forms_for_uploads_stand_where_they_would_land(brilliant):
    server = start(brilliant, {"www/in/sub/x": "", "www/other/x": ""})

    def form(target):
        forms = [a for tag, a in page_of(server, target).elements if tag == "form" and a.get("method") == "post"]
        return forms[0]["action"] if forms else None

    assert form("/drop/in/") == "/drop/"
    assert form("/drop/in/sub/") == "/drop/sub/"
    assert form("/drop/other/") is None
    assert form("/in/") is None
    assert ("main", {"id": "listing", "data-delete": None}) in page_of(server, "/drop/other/").elements
    assert ("main", {"id": "listing"}) in page_of(server, "/in/").elements


# ---- whole folders

ARCHIVE_FILES = {"www/tree/a.txt": "a" * 1000, "www/tree/empty/.hidden": "h", "www/tree/deep/er/b.bin": b"\0\1" * 50_000,
                 "www/tree/x.script": "#!/bin/sh\n", "www/tree/ümlaut.txt": "u", "www/private/secret": "marker-of-secret"}


def unpack(server, target, kind):
    answer = server.get(f"{target}?archive={kind}")
    assert answer.status == 200, answer.body
    if kind == "zip":
        assert answer.headers["Content-Type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
            assert archive.testzip() is None
            return answer, {info.filename: None if info.is_dir() else archive.read(info) for info in archive.infolist()}
    assert answer.headers["Content-Type"] == "application/x-tar"
    with tarfile.open(fileobj=io.BytesIO(answer.body)) as archive:
        members = archive.getmembers()
        assert all(member.isfile() or member.isdir() for member in members)
        return answer, {member.name + "/" if member.isdir() else member.name: archive.extractfile(member).read() if member.isfile()
                        else None for member in members}


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_whole_folders_come_as_archives(brilliant, kind):
    server = start(brilliant, ARCHIVE_FILES | {"outside/secret": "s"})
    tree = brilliant.folder / "www/tree"
    (tree / "out").symlink_to(brilliant.folder / "outside/secret")
    (tree / "loop").symlink_to(".")
    (tree / "inside").symlink_to("a.txt")
    answer, content = unpack(server, "/packed/tree/", kind)
    assert answer.headers["Content-Disposition"] == f"attachment; filename=\"tree.{kind}\"; filename*=UTF-8''tree.{kind}"
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert content == {"tree/a.txt": b"a" * 1000, "tree/inside": b"a" * 1000, "tree/empty/": None, "tree/deep/": None,
                       "tree/deep/er/": None, "tree/deep/er/b.bin": b"\0\1" * 50_000, "tree/ümlaut.txt": b"u"}
    # What another location answers for is its business.
    whole, content = unpack(server, "/packed/", kind)
    assert "packed/tree/a.txt" in content and b"marker-of-secret" not in whole.body
    assert not any(name.startswith("packed/private") for name in content)
    # Where it is off, the word means nothing.
    assert server.get(f"/tree/?archive={kind}").headers["Content-Type"].startswith("text/html")
    assert server.get("/packed/tree/?archive=rar").status == 400
    assert b"?archive=zip" in server.get("/packed/tree/").body and b"?archive=zip" not in server.get("/tree/").body


@pytest.mark.skipif(is_sanitized(), reason="AddressSanitizer keeps memory that has been given back")
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_large_archive_is_made_while_it_is_sent(brilliant, kind):
    server = start(brilliant, {"www/big/zero": b""})
    with open(brilliant.folder / "www/big/zero", "r+b") as file:
        file.truncate(200_000_000)
    worker = server.worker_pids()[0]
    before = resident_peak_kib(worker)
    answer = server.get(f"/packed/big/?archive={kind}")
    assert len(answer.body) > 200_000_000
    assert resident_peak_kib(worker) - before < 8 * 1024
    names = zipfile.ZipFile(io.BytesIO(answer.body)).namelist() if kind == "zip" else tarfile.open(fileobj=io.BytesIO(answer.body)).getnames()
    assert names == ["big/zero"]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_that_cannot_be_right_breaks_off(brilliant, kind):
    server = start(brilliant, {"www/cut/a": "", "www/over/a": "x" * 600, "www/over/b": "x" * 600})
    assert server.get(f"/small/over/?archive={kind}").status == 403
    path = brilliant.folder / "www/cut/a"
    os.truncate(path, 50_000_000)
    with server.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.sendall(f"GET /packed/cut/?archive={kind} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        received = connection.recv(1000)
        assert received.startswith(b"HTTP/1.1 200")
        os.truncate(path, 1000)
        last = received
        try:
            while piece := connection.recv(1 << 20):
                last = (last + piece)[-5:]
        except ConnectionResetError:
            pass
        assert last != b"0\r\n\r\n"
    server.wait_log("content cut off reason=\"a file became shorter\"")


# ---- errors

def test_errors_come_as_json_for_those_who_ask_for_it(brilliant):
    server = start(brilliant)
    answer = server.get("/no", headers={"Accept": "application/json"})
    assert answer.status == 404 and answer.headers["Content-Type"] == "application/json"
    document = json.loads(answer.body)
    assert document["status"] == 404 and document["reason"] == "Not Found" and document["detail"].endswith(".")
    for accept in ("*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html, application/json"):
        assert server.get("/no", headers={"Accept": accept}).headers["Content-Type"].startswith("text/html")


# ---- in a browser

@needs("chromium")
def test_the_script_runs_under_the_policy_and_shows_local_times(brilliant):
    make_odd_files(brilliant)
    server = start(brilliant)
    dom = chromium(brilliant.folder, "--virtual-time-budget=5000", "--dump-dom", f"http://127.0.0.1:{server.port}/odd/")
    assert '<html lang="en" class="scripted">' in dom
    assert "(UTC)" not in dom and "alert(1)</a>" in dom
