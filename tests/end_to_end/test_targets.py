"""Request targets over raw sockets, with real files of such names: each spelling has the one answer that
docs/serving-files.md says, and none of ten thousand yields a byte from outside the root."""

import collections
import json
import os
import pathlib
import random
import re

import pytest

from brilliant import Factory, is_alive
from clients import RawConnection, descriptors_of
from test_logs import COMBINED, UNSAFE

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs/serving-files.md"
MARKER = b"what-nobody-may-see-5e2f"

# By the first column of the table in docs/serving-files.md: (target, what comes of it): the name of the file whose content
# comes, (301, its Location), or the status.
LONGEST = "n" * 255
DEEPEST = "/d" * 127
ANSWERS = {
    "Percent-encoding": [
        ("/%61.txt", "a.txt"), ("/a%2Etxt", "a.txt"), ("/a%2etxt", "a.txt"), ("/two%20words", "two words"), ("/%3Fquery", "?query"),
        ("/%23hash", "#hash"), ("/100%25", "100%"), ("/+plus", "+plus"), ("/%2Bplus", "+plus")],
    "Encoding of an encoding: `%2541`": [
        ("/%2541", "%41"), ("/%41", 404), ("/%252e%252e/a.txt", 404), ("/%252e%252e%252fa.txt", 404), ("/folder%252Fa.txt", 404)],
    "`%` without two hexadecimal digits": [
        ("/%", 400), ("/%4", 400), ("/%zz", 400), ("/a.txt%", 400), ("/%u0061.txt", 400), ("/a.txt?%", 400), ("/a.txt?q=%4", 400)],
    "`.` and `..` as segments, `%2e` too": [
        ("/./a.txt", "a.txt"), ("/folder/../a.txt", "a.txt"), ("/folder/%2e%2E/a.txt", "a.txt"), ("/folder/.%2e/a.txt", "a.txt"),
        ("/nothing/../a.txt", "a.txt"), ("/folder/.", "folder/index.html"), ("/folder/x/..", "folder/index.html"), ("/%2e/a.txt", "a.txt"),
        ("/folder/..", "index.html"), ("/...a", 404), ("/a..b", "a..b")],
    "More `..` than folders": [
        ("/..", 400), ("/../a.txt", 400), ("/%2e%2e/a.txt", 400), ("/folder/../../www/a.txt", 400), ("//../a.txt", 400), ("/./../a.txt", 400),
        ("http://h/../a.txt", 400)],
    "`%2F`": [("/folder%2fa.txt", 400), ("/folder%2Fa.txt", 400), ("/..%2fa.txt", 400), ("/%2Fa.txt", 400), ("/a.txt?%2f", "a.txt")],
    "NUL and other control characters": [
        ("/a.txt%00", 400), ("/a.txt%00.html", 400), ("/%00/../a.txt", 400), ("/a%0d%0aX:%20y", 400), ("/%1f", 400), ("/%7f", 400), ("/%09", 400),
        ("/a.txt\x00", 400), ("/a.txt\x01", 400), ("/a.txt\t", 400), ("/a.txt\x7f", 400), ("/a.txt?\x01", 400), ("/a.txt?%00", "a.txt")],
    "Backslash": [
        ("/back\\slash", "back\\slash"), ("/back%5Cslash", "back\\slash"), ("/folder\\page.html", 404), ("/..\\a.txt", 404),
        ("/folder/..\\..\\a.txt", 404), ("/folder/..%5c..%5ca.txt", 404)],
    "Several slashes": [
        ("//a.txt", "a.txt"), ("/folder//page.html", "folder/page.html"), ("///folder///", "folder/index.html"), ("//folder", (301, "/folder/"))],
    "A name of more than 255 bytes, more than 128 folders": [
        ("/" + LONGEST, LONGEST), ("/" + "%6E" * 255, LONGEST), ("/n" + LONGEST, 414), ("/" + "%6E" * 256, 414), ("/n" + LONGEST + "/../a.txt", 414),
        (DEEPEST + "/x", 404), (DEEPEST + "/x/x", 414)],
    "A target of more than 8192 bytes": [("/a.txt?" + "q" * 8185, "a.txt"), ("/a.txt?" + "q" * 8186, 414), ("/" + "q" * 8192, 414)],
    "Bytes that are no UTF-8, encoded": [
        ("/%FF%FE", b"\xff\xfe"), ("/%C3%A4", "ä"), ("/a%CC%88", "a\u0308"), ("/%C0%AE%C0%AE/a.txt", 404), ("/%C0%AFa.txt", 404),
        ("/%EF%BC%8E%EF%BC%8E/a.txt", 404), ("/%E4", 404)],
    "`[` `]` `{` `}` `|` `\\` `^` and the backtick, raw": [
        ("/[x]{y}|^`", "[x]{y}|^`"), ("/%5Bx%5D%7By%7D%7C%5E%60", "[x]{y}|^`"), ("/a.txt?a[]={b}|c\\d^e`f", "a.txt")],
    "`\"`, `<`, `>` and bytes from 0x80, raw, in path or query": [
        ("/ä", (301, "/%C3%A4")), ("/\"quote\"", (301, "/%22quote%22")), ("/<b>", (301, "/%3Cb%3E")), ("/a.txt?ä=<\">", (301, "/a.txt?%C3%A4=%3C%22%3E")),
        ("//evil.example/ä", (301, "/evil.example/%C3%A4")), ("/[x]?ä", (301, "/%5Bx%5D?%C3%A4"))],
    "`#` and space": [("/a.txt#x", 400), ("/a.txt#", 400), ("/a.txt?#", 400), ("/two words", 400), ("/a.txt ", 400)],
    "`;` and whatever else a URI may hold": [
        ("/semi;colon", "semi;colon"), ("/a.txt;x=y", 404), ("/..;/a.txt", 404), ("/folder/..;/a.txt", 404), ("/!$&'()*+,=:@~", "!$&'()*+,=:@~")],
}
NAMES = sorted({name for cases in ANSWERS.values() for _, name in cases if isinstance(name, (str, bytes))} - {"index.html"}, key=os.fsencode)


def raw(target):
    return target.encode() if isinstance(target, str) else target


@pytest.fixture(scope="module")
def site():
    factory = Factory()
    try:
        server = factory.start("""
            access_log off
            server {
              listen 127.0.0.1:@PORT@
              location / { root @FOLDER@/www }
            }
        """, files={"www/index.html": "content of index.html"}, workers=1)
        for name in NAMES:
            path = os.fsencode(factory.folder / "www") + b"/" + raw(name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(b"content of " + raw(name))
        yield server
    finally:
        factory.close()


def ask(server, target, method=b"GET"):
    with RawConnection(server) as connection:
        connection.send(method + b" " + raw(target) + b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        return connection.read(head_only=method == b"HEAD")


@pytest.mark.parametrize("what", ANSWERS)
def test_every_spelling_has_its_answer(site, what):
    for target, expected in ANSWERS[what]:
        reply = ask(site, target)
        if isinstance(expected, int):
            assert (target, reply.status) == (target, expected)
        elif isinstance(expected, tuple):
            assert (target, reply.status, reply.fields["location"]) == (target, *expected)
        else:
            assert (target, reply.status, reply.body) == (target, 200, b"content of " + raw(expected))
        assert (target, ask(site, target, b"HEAD").status) == (target, reply.status)


def test_the_table_of_the_guide_has_the_same_rows():
    section = DOCUMENT.read_text().split("### Spellings\n")[1].split("\n#")[0]
    assert re.findall(r"^\| (.+?) +\| .* \|$", section.replace("\\|", "|"), re.MULTILINE) == ["what is sent", *ANSWERS]


def test_a_redirect_to_the_encoded_target_leads_to_the_file(site):
    for target, name in (("/ä", "ä"), ("/folder/../ä", "ä")):
        location = ask(site, target).fields["location"]
        reply = ask(site, location)
        assert (reply.status, reply.body) == (200, b"content of " + raw(name))


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH"])
def test_other_methods_are_not_redirected(site, method):
    for target in ("/ä", "/a.txt?<", "/\""):
        assert (target, ask(site, target, method).status) == (target, 400)


def test_every_byte_has_an_answer_in_path_and_query(site):
    refused = {0x09, 0x0a, 0x0d, 0x20, 0x23, 0x25, 0x7f, *range(0x20)}
    redirected = {*b'"<>', *range(0x80, 0x100)}
    for byte in range(256):
        for target, status in ((b"/x%cy" % byte, 200 if byte in b"/?" else 404), (b"/a.txt?x%cy" % byte, 200)):
            expected = 400 if byte in refused else 301 if byte in redirected else status
            # "/x/y" and the path of "/x?y" are nothing either.
            expected = 404 if expected == 200 and target.startswith(b"/x") else expected
            assert (target, ask(site, target).status) == (target, expected)


# ---- nothing leads out of the root

DOTS = [b"..", b"%2e%2e", b"%2E%2E", b".%2e", b"%2e.", b"%252e%252e", b"%25%32%65%25%32%65", b"..%00", b"%00..", b"..;", b"..;x=y", b"..%3b", b"..%20", b". .",
        b"%c0%ae%c0%ae", b"%e0%80%ae%e0%80%ae", b"%f0%80%80%ae%f0%80%80%ae", b"%uff0e%uff0e", b"..%5c", b"..%09", b"..%0d", b"..%0a", "．．".encode(),
        b"%ef%bc%8e%ef%bc%8e", b"....", b"...", b"..\\", b"%2e%2e%2e%2e", b".", b"%2e", b"..%01", b"..%ff", b"\xff\xfe..", b"..%e2%80%8b", b"..?", b"..#", b"..%23", b"..%3f",
        b".%00", b".%00.", b"..%c0%80", "‥".encode(), b"%e2%80%a5", b"..~", b"~", b"..::$DATA", b"..%2e", b"%2e%2e%00", b"..%", b"..%4"]
SLASHES = [b"/", b"%2f", b"%2F", b"\\", b"%5c", b"%5C", b"//", b"/./", b"/%2e/", b"%252f", b"%25%32%66", b"%c0%af", b"%e0%80%af", b"%f0%80%80%af", b"/%00/", b"\\/", b"/\\",
           b"/;/", b"%ef%bc%8f", "／".encode(), "∕".encode(), b"%e2%88%95", b"%u2215", b"/;x/", b"/ ", b"/%20", b"///", b"/x/..//", b"|", b":"]
STARTS = [b"/", b"//", b"/folder/", b"/folder", b"/img/", b"/img", b"/img/x/", b"/folder/page.html/", b"/\\", b"/%2f", b"", b"/./", b"/nothing/", b"/..;/", b"/%2e%2e/",
          b"http://h/", b"http://h", b"http://h/img/", b"/folder/folder2/", b"/x%00/", b"/?", b"/folder/%2e/", b"/link/", b"file://", b"http://h/..", b"*", b"/~"]
ENDS = [b"secret.txt", b"secret%2etxt", b"secret.txt/", b"secret.txt%00", b"secret.txt%00.html", b"secret.txt;.html", b"secret.txt?x", b"secret.txt%20", b"www2/secret.txt",
        b"./secret.txt", b"SECRET.TXT", b"secret.txt%3f.html", b"%73ecret.txt", b"site/secret.txt", b"secret.txt%0a", b"secret.txt."]


def make_targets(folder, count):
    """Deterministic, and different from one another."""
    chosen = random.Random(20260)
    absolute = [os.fsencode(folder) + b"/secret.txt", os.fsencode(folder) + b"/site/secret.txt", b"etc/passwd", b"/etc/passwd", b"proc/self/root/etc/passwd",
                b"proc/self/cwd/secret.txt"]
    targets = {start + path: None for path in absolute for start in STARTS}
    for dots in DOTS:
        for slash in SLASHES:
            targets[b"/" + dots + slash + b"secret.txt"] = None
    while len(targets) < count:
        climbs = [chosen.choice(DOTS) + chosen.choice(SLASHES) for _ in range(chosen.randrange(1, 7))]
        if chosen.random() < 0.5:  # the same again and again, as scanners do
            climbs = climbs[:1] * len(climbs)
        if chosen.random() < 0.2:
            climbs.insert(chosen.randrange(len(climbs) + 1), b"folder" + chosen.choice(SLASHES))
        targets[chosen.choice(STARTS) + b"".join(climbs) + chosen.choice(ENDS + absolute)] = None
    return list(targets)


def ask_all(server, targets):
    """The answers to all of them, pipelined; a refusal that closes the connection costs a new one."""
    answers = []
    while len(answers) < len(targets):
        batch = targets[len(answers):len(answers) + 200]
        with RawConnection(server) as connection:
            connection.send(b"".join(b"GET " + target + b" HTTP/1.1\r\nHost: h\r\n\r\n" for target in batch))
            for _ in batch:
                answers.append(connection.read())
                if not answers[-1].persists:
                    break
    return answers


def start_guarded(brilliant, access_log):
    """A root with secrets beside and above it, and with names inside that look like ways out."""
    config = f"""
        error_log error.log
        access_log {access_log}
        server {{
          listen 127.0.0.1:@PORT@
          location / {{ root @FOLDER@/site/www; dotfiles on }}
          location /img {{ root @FOLDER@/site/www/pictures; dotfiles on }}
          location /proof {{ root @FOLDER@/proof }}
        }}
    """
    inside = ["index.html", "folder/index.html", "folder/page.html", "folder/folder2/a", "pictures/x/a", "..;/secret.txt", "..\\/secret.txt", "%2e%2e/secret.txt", "... /secret.txt",
              ".../secret.txt", "..../secret.txt", ".. /secret.txt", ". ./secret.txt", "．．/secret.txt", "..~/secret.txt"]
    secrets = ["secret.txt", "site/secret.txt", "site/www2/secret.txt", "site/pictures/secret.txt", "proof/secret.txt"]
    files = {f"site/www/{name}": "inside" for name in inside} | {name: MARKER for name in secrets}
    server = brilliant.start(config, files=files, error_log="error.log", workers=1)
    (brilliant.folder / "site/www/link").symlink_to("..")
    return server


def check_answer(target, reply):
    assert MARKER not in reply.body, target
    assert b"root:" not in reply.body, target
    assert reply.status in (200, 301, 400, 403, 404, 414), (target, reply.status)
    if reply.status == 200:
        assert reply.body == b"inside", target
    if reply.status == 301:
        location = reply.fields["location"]
        assert re.fullmatch(r"/(?!/)[-A-Za-z0-9._~!$&'()*+,;=:@/?%]*", location), (target, location)


def check_log_line(line, log_format):
    assert not UNSAFE.search(line), line
    if log_format == "json":
        assert 200 <= json.loads(line)["status"] < 500
    else:
        assert COMBINED.fullmatch(line), line


@pytest.mark.parametrize("log_format, count", [("combined", 10_000), ("json", 3_000)])
def test_no_spelling_of_a_target_leaves_the_root(brilliant, log_format, count):
    server = start_guarded(brilliant, f"access.log {log_format}")
    # The eye that looks for the marker would see it.
    assert ask(server, "/proof/secret.txt").body == MARKER
    worker = server.ready_pids()[0]

    targets = make_targets(brilliant.folder, count)
    assert len(targets) == count
    answers = ask_all(server, targets)
    for target, reply in zip(targets, answers):
        check_answer(target, reply)
    # Each kind of answer is there, so that the corpus tests something.
    statuses = collections.Counter(reply.status for reply in answers)
    assert all(statuses[status] > 10 for status in (200, 301, 400, 403, 404)), statuses
    # Where a client is sent to, the answer is as safe, and no further redirect than to a folder's slash.
    locations = sorted({reply.fields["location"].encode() for reply in answers if reply.status == 301})
    for location, reply in zip(locations, ask_all(server, locations)):
        check_answer(location, reply)
        assert reply.status != 301 or reply.fields["location"].encode() == re.sub(rb"^[^?]*", lambda m: m[0] + b"/", location), location
    assert is_alive(worker)
    if os.path.isdir("/proc/self/fd"):
        # What is kept open is the roots and what is beneath them.
        held = [link.removeprefix(f"{brilliant.folder}/") for link in descriptors_of(worker).values() if link.startswith(str(brilliant.folder))]
        assert "site/www" in held
        assert all(re.match(r"(site/www|proof)(/|$)|[a-z0-9-]+\.log$", link) for link in held), held

    assert server.stop() == 0
    lines = (brilliant.folder / "access.log").read_text().split("\n")[:-1]
    assert len(lines) == 1 + len(targets) + len(locations)
    for line in lines:
        check_log_line(line, log_format)
    # No answer tells a path of the machine to somebody who has not said it.
    folder = os.fsencode(brilliant.folder)
    assert not any(folder in reply.body and folder not in target for target, reply in zip(targets, answers))
