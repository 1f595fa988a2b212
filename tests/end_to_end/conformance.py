"""What the tests of conformance share: one site, requests sent as they are, and answers taken apart as strictly as RFC 9112
allows. Whatever such a test is about, every answer it gets must have the right form: `ask` sees to that."""

import datetime
import os
import re
import socket

from brilliant import Factory
from clients import RawConnection

SITE = """
error_log error.log
access_log off
lingering_timeout 60s
server {
  listen 127.0.0.1:@PORT@
  location / { root @FOLDER@/www }
  location /old { redirect_to 308 /new }
  location /elsewhere { redirect_to 307 https://example.com/x }
  location /only-head { root @FOLDER@/www; methods GET }
  location /cached { root @FOLDER@/www; cache_control public max-age=60; precompressed gzip }
  location /no-ranges { root @FOLDER@/www; max_ranges 0 }
  location /upload { root @FOLDER@/www; methods GET POST; upload_path /; body_max 1k }
}
server {
  listen 127.0.0.1:@PORT@
  server_name other.test
  location / { root @FOLDER@/other }
}
"""
FILES = {"www/a.txt": "content of a", "www/canary.txt": "canary", "www/inner.txt": "inner", "www/index.html": "start",
         "www/folder/index.html": "folder", "www/bare/x": "", "www/large.txt": "0123456789abcdef" * 20_000,
         "other/a.txt": "a of the other host"}
MODIFIED = 1_700_000_000
MODIFIED_DATE = "Tue, 14 Nov 2023 22:13:20 GMT"

GET = b"GET /a.txt HTTP/1.1\r\nHost: x\r\n"
CANARY = b"GET /canary.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5]\d\d) ([\t\x20-\x7e\x80-\xff]*)")
FIELD_LINE = re.compile(rb"(" + TOKEN + rb"): ([\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")
FIXDATE = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT")


def start_site():
    """A generator for a module's fixture: one server for all tests that change nothing about it."""
    factory = Factory()
    try:
        server = factory.start(SITE, files=FILES, error_log="error.log", workers=1)
        for path in (factory.folder / "www").iterdir():
            os.utime(path, (MODIFIED, MODIFIED))
        yield server
    finally:
        factory.close()


class Answer:
    """One answer: status, fields in order, content."""

    def __init__(self, status, reason, fields, body):
        self.status = status
        self.reason = reason
        self.fields = fields  # (name in small letters, value), as text
        self.body = body

    def __getitem__(self, name):
        """The value of a field; None if there is none."""
        return dict(self.fields).get(name.lower())

    @property
    def closes(self):
        return self["Connection"] == "close"

    def __repr__(self):
        return f"{self.status} {self.fields} {self.body[:100]!r}"


def date_of(text):
    assert FIXDATE.fullmatch(text), text
    return datetime.datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=datetime.timezone.utc)


def take_chunks(raw):
    body = b""
    while True:
        line, end, raw = raw.partition(b"\r\n")
        assert end and re.fullmatch(rb"[0-9a-f]+", line), line
        size = int(line, 16)
        body += raw[:size]
        assert len(raw) >= size + 2 and raw[size:size + 2] == b"\r\n"
        raw = raw[size + 2:]
        if size == 0:
            return body, raw


def take_answer(raw, to_head):
    """The first answer in `raw`, and what follows it. Fails if it is not exactly as RFC 9110 and RFC 9112 want it."""
    head, end, raw = raw.partition(b"\r\n\r\n")
    assert end, f"no end of the head: {head!r}"
    lines = head.split(b"\r\n")
    line = STATUS_LINE.fullmatch(lines[0])
    assert line, lines[0]
    status = int(line[1])
    fields = []
    for text in lines[1:]:
        field = FIELD_LINE.fullmatch(text)
        assert field, text  # no bare CR or LF, no folding, one SP behind the colon
        fields.append((field[1].decode().lower(), (field[2] or b"").decode("latin-1")))
    names = [name for name, _ in fields]
    assert len(names) == len(set(names)), f"a field twice: {names}"
    values = dict(fields)
    has_content = not (to_head or status < 200 or status in (204, 304))
    assert not ("transfer-encoding" in values and "content-length" in values)
    if status < 200 or status == 204:
        assert "transfer-encoding" not in values and "content-length" not in values
    if status >= 200:
        date_of(values["date"])
    for name in ("last-modified", "expires"):
        if name in values:
            date_of(values[name])
    if not has_content:
        return Answer(status, line[2].decode(), fields, b""), raw
    if "transfer-encoding" in values:
        assert values["transfer-encoding"] == "chunked"
        body, raw = take_chunks(raw)
        return Answer(status, line[2].decode(), fields, body), raw
    length = int(values["content-length"])
    assert len(raw) >= length
    if length and status != 206:  # what continues what a client has says only what is needed for that
        assert "content-type" in values
    return Answer(status, line[2].decode(), fields, raw[:length]), raw[length:]


def ask(server, data, to_head=False):
    """Sends `data` as it is, then ends the client's side: all answers up to the end of the connection. `to_head`: they
    answer HEAD requests."""
    with RawConnection(server) as connection:
        connection.send(data)
        connection.socket.shutdown(socket.SHUT_WR)
        raw = connection.file.read()
    answers = []
    while raw:
        answer, raw = take_answer(raw, to_head)
        answers.append(answer)
    return answers


def ask_one(server, data, to_head=False):
    answers = ask(server, data, to_head)
    assert len(answers) == 1, answers
    return answers[0]


def assert_refused(server, data, status):
    """`data` is refused with that status, the connection ends with it, and what comes behind it is never answered."""
    answers = ask(server, data + CANARY, to_head=data.lstrip(b"\r\n").startswith(b"HEAD "))
    assert [answer.status for answer in answers] == [status], (data, answers)
    assert answers[0].closes, data


def assert_accepted(server, data, status=200):
    """`data` is one request that is answered with that status, and the request behind it is answered, once."""
    answers = ask(server, data + CANARY)
    assert [answer.status for answer in answers] == [status, 200], (data, answers)
    assert answers[1].body == b"canary"
    return answers[0]
