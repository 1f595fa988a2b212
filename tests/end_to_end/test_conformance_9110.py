"""RFC 9110, HTTP semantics: methods, fields, conditions and answers, section by section. docs/conformance.md names these
tests."""

import datetime
import os
import re
import socket

import pytest

from brilliant import wait_until
from clients import RawConnection
from conformance import (CANARY, FILES, GET, MODIFIED, MODIFIED_DATE, SITE, ask, ask_one, assert_accepted, assert_refused, date_of, start_site,
                         take_answer)

LATER = "Wed, 15 Nov 2023 22:13:20 GMT"
EARLIER = "Mon, 13 Nov 2023 22:13:20 GMT"


@pytest.fixture(scope="module")
def site():
    yield from start_site()


def request(method, target, fields="", version="1.1"):
    return f"{method} {target} HTTP/{version}\r\nHost: x\r\n{fields}\r\n".encode("latin-1")


def get(server, target, fields=""):
    return ask_one(server, request("GET", target, fields))


# Requests for every kind of answer, with its status.
KINDS = [
    ("/a.txt", "", 200), ("/large.txt", "", 200), ("/", "", 200), ("/folder/", "", 200), ("/folder", "", 301), ("/folder?q=%20", "", 301),
    ("/\xe4", "", 301), ("/old", "", 308), ("/elsewhere", "", 307), ("/a.txt", "If-None-Match: *\r\n", 304), ("/large.txt", "If-None-Match: *\r\n", 304),
    ("/%00", "", 400), ("/a%2fb", "", 400), ("/../x", "", 400), ("/a#b", "", 400), ("/bare/", "", 403), ("/none", "", 404), ("/.hidden", "", 404),
    ("/a.txt", "If-Match: \"x\"\r\n", 412), ("/large.txt", "If-Match: \"x\"\r\n", 412), ("/" + "x" * 300, "", 414), ("/" + "x" * 9000, "", 414),
    ("/a.txt", "Expect: x\r\n", 417), ("https://x/a.txt", "", 421), ("/a.txt", "X: y\r\n" * 200, 431), ("/a.txt", "X: " + "y" * 40_000 + "\r\n", 431),
]
KIND_NAMES = [f"{status}-{number}" for number, (_, _, status) in enumerate(KINDS)]
ERRORS = [kind for kind in KINDS if kind[2] >= 400]


# ---- sections 2 to 4

@pytest.mark.parametrize("target, fields, status", KINDS, ids=KIND_NAMES)
def test_every_kind_of_answer_has_the_form_of_the_grammar(site, target, fields, status):
    answer = get(site, target, fields)  # which takes it apart: status line, field lines, dates, framing
    assert answer.status == status
    assert answer.reason
    assert abs(date_of(answer["Date"]) - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(minutes=1)


def test_references_of_the_server_can_be_followed(site):
    # Encoding makes targets longer: what the server would not take, it does not lead to.
    for length in (2000, 2700, 2731, 2732, 5000):
        answer = get(site, "/?" + "\xff" * length)
        if answer.status == 301:
            assert get(site, answer["Location"]).status == 200
        else:
            assert answer.status == 414
            assert length > 2700


def test_hosts_are_compared_without_case_and_port(site):
    for host in ("other.test", "OTHER.Test", "other.test:80", "other.test:9999", "other.test.", "other.test:"):
        assert ask_one(site, f"GET /a.txt HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).body == b"a of the other host"


def test_percent_encoding_and_dots_are_normalised(site):
    for target in ("/%61.txt", "/a%2Etxt", "/a%2etxt", "/./a.txt", "/folder/../a.txt", "/%2e/a.txt", "//a.txt"):
        assert get(site, target).body == b"content of a", target


def test_a_request_for_an_https_resource_is_misdirected_here(site):
    for target in (b"https://x/a.txt", b"HTTPS://x:443/", b"https://x"):
        answer = assert_accepted(site, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: y\r\nX-Forwarded-Proto: https\r\n\r\n", 421)
        assert b"content of a" not in answer.body


def test_a_trusted_gateway_may_have_secured_the_connection(brilliant):
    server = brilliant.start("trusted_proxy 127.0.0.1\n" + SITE, files=FILES, error_log="error.log", workers=1)
    for scheme, status in (("https", 200), ("http", 421), ("", 421)):
        fields = f"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: {scheme}\r\n" if scheme else ""
        assert get(server, "https://x/a.txt", fields).status == status


# ---- section 5: fields

def test_field_names_are_compared_without_case(site):
    tag = get(site, "/a.txt")["ETag"]
    for name in ("If-None-Match", "if-none-match", "IF-NONE-MATCH", "iF-nONE-mATCH"):
        assert get(site, "/a.txt", f"{name}: {tag}\r\n").status == 304
    for name in ("If_None_Match", "If-None-Matc", "If-None-Match-", "X-If-None-Match"):
        assert get(site, "/a.txt", f"{name}: {tag}\r\n").status == 200


def test_unknown_fields_are_ignored(site):
    for field in ("X-Unknown: y", "Content-Location: /other", "Content-Range: bytes 0-1/2", "Content-Encoding: gzip", "Content-Type: nonsense",
                  "Date: nonsense", "Date: Sun, 06 Nov 1994 08:49:37 GMT", "From: a@b", "Referer: nonsense", "User-Agent: ((((", "Cookie: =;=", "Trailer: Host",
                  "Via: 1.1 x", "Max-Forwards: 0", "TE: trailers, gzip;q=0.5", "DNT: x", "Origin: null", "Forwarded: for=;", "X-Forwarded-For: 1, 2",
                  "X-HTTP-Method-Override: DELETE", "X-Original-URL: /none", "X-Rewrite-URL: /none", "X-Forwarded-Host: other.test", "Proxy: x"):
        answer = assert_accepted(site, GET + field.encode() + b"\r\n\r\n")
        assert answer.body == b"content of a", field


def test_nothing_is_done_before_the_head_is_whole(site):
    with RawConnection(site) as connection:
        connection.send(b"GET /a.txt HTTP/1.1\r\nHost: x\r\n")
        connection.send(b"If-None-Match: *\r\n")
        connection.send(b"X: y\r\n\r\n")
        assert connection.read().status == 304


@pytest.mark.parametrize("fields, status", [
    ("X: " + "y" * 30_000, 200), ("X: " + "y" * 32_768, 431), ("X: " + "y" * 1_000_000, 431), ("X" * 40_000 + ": y", 431), ("X" * 1_000_000, 431),
    ("\r\n".join(f"X{n}: y" for n in range(99)), 200), ("\r\n".join(f"X{n}: y" for n in range(100)), 431), ("\r\n".join("X: y" for n in range(100_000)), 431),
    ("\r\n".join(f"X{n}: {n}" for n in range(100_000)), 431), ("Cookie: " + "a=b; " * 20_000, 431),
], ids=range(10))
def test_more_or_larger_fields_than_the_limits_are_431(site, fields, status):
    if status == 200:
        assert_accepted(site, GET + fields.encode() + b"\r\n\r\n")
    else:
        assert_refused(site, GET + fields.encode() + b"\r\n\r\n", status)


def test_empty_members_of_lists_are_ignored(site):
    tag = get(site, "/a.txt")["ETag"]
    for value in (f",{tag}", f"{tag},", f", ,,{tag} ,, ", f'"x",,{tag}', f"\t,\t{tag}\t,\t"):
        assert get(site, "/a.txt", f"If-None-Match: {value}\r\n").status == 304, value
        assert get(site, "/a.txt", f"If-Match: {value}\r\n").status == 200, value
    assert len(ask(site, GET + b"Connection: ,,close,\r\n\r\n" + CANARY)) == 1
    assert_accepted(site, GET + b"Transfer-Encoding: , ,chunked,\r\n\r\n0\r\n\r\n")
    assert_refused(site, GET + b"Expect: ,x,\r\n\r\n", 417)


@pytest.mark.parametrize("date, status", [
    (MODIFIED_DATE, 304), ("Tuesday, 14-Nov-23 22:13:20 GMT", 304), ("Tue Nov 14 22:13:20 2023", 304),
    ("Tue, 14 Nov 2023 22:13:19 GMT", 200), ("Tuesday, 14-Nov-23 22:13:19 GMT", 200), ("Tue Nov 14 22:13:19 2023", 200),
    ("Fri Dec  1 00:00:00 2023", 304), ("Friday, 01-Dec-23 00:00:00 GMT", 304),
    ("Thursday, 06-Nov-80 08:49:37 GMT", 200),  # 1980: what seems to be more than 50 years ahead is past
    ("Tue, 14 Nov 2023 22:13:60 GMT", 304),
    # No dates, so the condition does not count.
    ("tue, 14 nov 2023 22:13:20 gmt", 200), ("Tue, 14 Nov 2023 22:13:20", 200), ("Tue, 14 Nov 2023 22:13:20 UTC", 200), ("Tue, 14 Nov 2023 22:13:20 +0000", 200),
    ("14 Nov 2023 22:13:20 GMT", 200), ("2023-11-14T22:13:20Z", 200), ("1700000000", 200), ("Wed, 14 Nov 2023 22:13:20 GMT", 200),
    ("Tue, 14 Nov 2023 24:13:20 GMT", 200), ("Fri, 31 Nov 2023 22:13:20 GMT", 200), ("Tue,  14 Nov 2023 22:13:20 GMT", 200), ("", 200),
])
def test_dates_in_all_three_formats(site, date, status):
    assert get(site, "/a.txt", f"If-Modified-Since: {date}\r\n").status == status


# ---- section 6: messages

def test_versions_of_answers(site):
    # The form of every answer says HTTP/1.1 (conformance.py); here: also where the request says less or more.
    for version in ("1.0", "1.1", "1.2", "1.9"):
        assert ask_one(site, request("GET", "/a.txt", version=version)).status == 200
    for version in ("2.0", "3.0"):
        assert ask_one(site, request("GET", "/a.txt", version=version)).status == 505


def test_trailers_change_nothing(site):
    tag = get(site, "/a.txt")["ETag"]
    for trailer in (f"If-None-Match: {tag}", "Host: other.test", "Connection: close", "Expect: x", "Content-Range: bytes 0-0/1", "Range: bytes=0-0", "Authorization: x"):
        answer = assert_accepted(site, GET + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n" + trailer.encode() + b"\r\n\r\n")
        assert answer.body == b"content of a", trailer


# ---- section 7: connections and upgrades

def test_nothing_is_upgraded(site):
    upgrades = ["h2c", "websocket", "TLS/1.0", "HTTP/2.0, h2c", "x"]
    for upgrade in upgrades:
        fields = f"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {upgrade}\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"
        answer = assert_accepted(site, GET + fields.encode())
        assert (answer.body, answer["Upgrade"]) == (b"content of a", None)
    assert ask_one(site, request("GET", "/a.txt", "Connection: Upgrade\r\nUpgrade: h2c\r\n", version="1.0")).status == 200


def test_max_forwards_means_nothing_to_the_last_server(site):
    plain = ask_one(site, request("OPTIONS", "/a.txt"))
    for value in ("0", "1", "10", "-1", "x", "99999999999999999999", ""):
        for target in ("/a.txt", "*"):
            answer = ask_one(site, request("OPTIONS", target, f"Max-Forwards: {value}\r\n"))
            assert (answer.status, answer["Allow"]) == (204, plain["Allow"]), value


# ---- section 8: representations

def test_validators_and_metadata(site):
    for target, size, content_type in (("/a.txt", "12", "text/plain; charset=utf-8"), ("/large.txt", "320000", "text/plain; charset=utf-8"),
                                       ("/index.html", "5", "text/html; charset=utf-8")):
        answer = get(site, target)
        assert answer["Content-Length"] == size == str(len(answer.body))
        assert answer["Content-Type"] == content_type
        assert answer["Last-Modified"] == MODIFIED_DATE
        assert re.fullmatch(r'"[!#-~]+"', answer["ETag"])
        assert answer["Content-Encoding"] is None


def test_entity_tags_follow_the_content_and_do_not_tell_the_inode(brilliant):
    server = brilliant.start(SITE, files=FILES, error_log="error.log", workers=1)
    path = brilliant.folder / "www/a.txt"

    def replace(content, modified):
        new = brilliant.folder / "new"
        new.write_bytes(content)
        os.utime(new, (modified, modified))
        inode = new.stat().st_ino
        new.rename(path)
        answer = wait_until(lambda: (a := get(server, "/a.txt")) and a.body == content and a, "the new content")
        assert f"{inode:x}" not in re.split(r'[^0-9a-f]+', answer["ETag"])
        assert str(inode) not in answer["ETag"]
        return answer["ETag"]

    first = replace(b"1", MODIFIED)
    assert not first.startswith("W/")
    assert replace(b"22", MODIFIED) != first  # another size
    assert replace(b"3", MODIFIED + 1) != first  # another time
    assert replace(b"1", MODIFIED) == first  # the same on every machine that has this file, whatever its inode


def test_a_file_that_has_just_changed_has_a_weak_tag(brilliant):
    server = brilliant.start(SITE, files=FILES, error_log="error.log", workers=1)
    path = brilliant.folder / "www/a.txt"
    path.write_bytes(b"just now")
    tomorrow = datetime.datetime.now().timestamp() + 86_400  # as young as can be, however slow the machine
    os.utime(path, (tomorrow, tomorrow))
    answer = get(server, "/a.txt")
    assert answer["ETag"].startswith('W/"')
    assert get(server, "/a.txt", f"If-None-Match: {answer['ETag']}\r\n").status == 304
    assert get(server, "/a.txt", f"If-Match: {answer['ETag']}\r\n").status == 412  # strong comparison


def test_last_modified_is_never_in_the_future(brilliant):
    server = brilliant.start(SITE, files=FILES, error_log="error.log", workers=1)
    tomorrow = datetime.datetime.now().timestamp() + 86_400
    for name in ("a.txt", "large.txt"):
        (brilliant.folder / "www" / name).write_bytes((brilliant.folder / "www" / name).read_bytes())
        os.utime(brilliant.folder / "www" / name, (tomorrow, tomorrow))
        answer = get(server, f"/{name}")
        assert date_of(answer["Last-Modified"]) <= date_of(answer["Date"])


# ---- section 9: methods

@pytest.mark.parametrize("target, fields, status", KINDS, ids=KIND_NAMES)
def test_head_is_get_without_content(site, target, fields, status):
    of_get = get(site, target, fields)
    of_head = ask_one(site, request("HEAD", target, fields), to_head=True)
    assert of_head.status == of_get.status == status
    assert [field for field in of_head.fields if field[0] != "date"] == [field for field in of_get.fields if field[0] != "date"]


def test_nothing_follows_the_head_of_an_answer_to_head(site):
    for target, fields, _ in KINDS:
        if "#" in target or len(target) > 8192 or len(fields) > 100:  # refused, so that the connection ends
            continue
        with RawConnection(site) as connection:
            connection.send(request("HEAD", target, fields) + CANARY)
            connection.socket.shutdown(socket.SHUT_WR)
            _, rest = take_answer(connection.file.read(), to_head=True)
            assert rest == b"" if "Expect" in fields else take_answer(rest, to_head=False)[0].body == b"canary", target


def test_unknown_methods_are_not_implemented(site):
    for method in ("BREW", "PROPFIND", "MKCOL", "LOCK", "SEARCH", "PURGE", "DEBUG", "TRACK", "QUERY", "PRI", "GETX", "X"):
        for target in ("/a.txt", "/none", "/old", "/only-head"):
            assert ask_one(site, request(method, target)).status == 501, method


def test_methods_that_are_not_allowed_are_405_with_allow(site):
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE"):
        for target in ("/a.txt", "/none", "/folder", "/large.txt", "/only-head/a.txt"):
            answer = ask_one(site, request(method, target))
            assert (answer.status, answer["Allow"]) == (405, "GET, HEAD, OPTIONS"), (method, target)
    assert ask_one(site, request("PUT", "/upload/x"))["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert get(site, "/a.txt").body == b"content of a"


def test_trace_is_allowed_nowhere(site):
    for target in ("/a.txt", "/none", "/old", "/elsewhere", "/upload/x", "*"):
        answer = ask_one(site, request("TRACE", target, "Cookie: secret\r\n"))
        assert answer.status == 405
        assert "TRACE" not in answer["Allow"]
        assert b"secret" not in answer.body


def test_connect_is_not_implemented_and_needs_a_port(site):
    assert ask_one(site, b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n").status == 501
    for target in (b"x", b"x:", b":80", b"x:99999", b"x:x", b"x:-1", b"/", b"*"):
        assert_refused(site, b"CONNECT " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n", 400)


def test_options_says_what_is_allowed(site):
    for target, allow in (("*", "GET, HEAD, OPTIONS"), ("/a.txt", "GET, HEAD, OPTIONS"), ("/none", "GET, HEAD, OPTIONS"),
                          ("/upload/x", "GET, HEAD, POST, OPTIONS"), ("http://x/a.txt", "GET, HEAD, OPTIONS")):
        for fields, content in (("", b""), ("Content-Length: 5\r\nContent-Type: text/plain\r\n", b"hello")):
            answer = assert_accepted(site, request("OPTIONS", target, fields) + content, 204)
            assert answer["Allow"] == allow, target
    assert ask_one(site, request("OPTIONS", "/old")).status == 308


def test_content_of_get_changes_nothing(site):
    for method in ("GET", "HEAD"):
        answers = ask(site, request(method, "/a.txt", "Content-Length: 5\r\nConnection: close\r\n") + b"hello", to_head=method == "HEAD")
        assert [(answer.status, answer["Content-Length"]) for answer in answers] == [(200, "12")]


# ---- section 10: context of requests and answers

def test_nobody_is_told_to_continue_here(site):
    # Nothing here takes content, so the answer is known from the head, and it is the only one.
    for method, target, status in (("GET", "/a.txt", 200), ("POST", "/a.txt", 405), ("PUT", "/none", 405), ("POST", "/old", 308), ("POST", "/upload/x", 413),
                                   ("BREW", "/", 501)):
        with RawConnection(site) as connection:
            connection.send(request(method, target, "Content-Length: 5000\r\nExpect: 100-continue\r\n"))
            reply = connection.read()
            # The client may send its content or not: only the end of the connection is unambiguous.
            assert (reply.status, reply.persists) == (status, False), target
            connection.send(b"x" * 5000 + CANARY)
            connection.socket.shutdown(socket.SHUT_WR)
            assert connection.ended()


def test_an_expectation_without_content_is_met(site):
    for fields in ("Expect: 100-continue\r\n", "Expect: 100-Continue\r\nContent-Length: 0\r\n", "Expect: 100-continue, 100-CONTINUE\r\n"):
        assert_accepted(site, request("GET", "/a.txt", fields))


def test_an_expectation_of_http_1_0_is_ignored(site):
    for value in ("100-continue", "x", "x=y"):
        assert ask_one(site, request("GET", "/a.txt", f"Expect: {value}\r\n", version="1.0")).status == 200
        answers = ask(site, request("POST", "/a.txt", f"Expect: {value}\r\nContent-Length: 5\r\n", version="1.0") + b"hello")
        assert [answer.status for answer in answers] == [405]


def test_other_expectations_fail(site):
    for value in ("x", "100-continued", "100", "100-continue;a=b", "100-continue, x", "x=100-continue", '"100-continue"', "x=\"100-continue\""):
        assert_refused(site, request("GET", "/a.txt", f"Expect: {value}\r\n"), 417)
    assert_refused(site, request("GET", "/a.txt", "Expect: 100-continue\r\nExpect: x\r\n"), 417)


def test_the_server_field_names_no_version(site):
    for target, fields, _ in KINDS:
        assert get(site, target, fields)["Server"] == "BrilliantServer"


# ---- section 12: negotiation

def test_preferences_that_cannot_be_met_are_disregarded(site):
    for fields in ("Accept: application/x", "Accept: */*;q=0", "Accept-Language: tlh", "Accept-Charset: x", "Accept-Encoding: x", "Accept-Encoding:",
                   "Accept: ;;;", "Accept-Encoding: identity;q=1.0000"):
        answer = get(site, "/a.txt", fields + "\r\n")
        assert (answer.status, answer.body, answer["Content-Encoding"]) == (200, b"content of a", None), fields


# ---- section 13: conditions

ETAG = "@"  # stands for the entity tag of the file
CONDITIONS = [
    # 13.1.1 If-Match: strong comparison
    ([("If-Match", ETAG)], 200), ([("If-Match", "*")], 200), ([("If-Match", '"x"')], 412), ([("If-Match", f'"x", {ETAG}')], 200),
    ([("If-Match", '"x"'), ("If-Match", ETAG)], 200), ([("If-Match", '"x"'), ("If-Match", '"y"')], 412), ([("If-Match", f"W/{ETAG}")], 412),
    ([("If-Match", f"w/{ETAG}")], 412), ([("If-Match", "x")], 412), ([("If-Match", "")], 412), ([("If-Match", '"')], 412), ([("If-Match", '"*"')], 412),
    # 13.1.2 If-None-Match: weak comparison
    ([("If-None-Match", ETAG)], 304), ([("If-None-Match", "*")], 304), ([("If-None-Match", '"x"')], 200), ([("If-None-Match", f'"x" , {ETAG}')], 304),
    ([("If-None-Match", f"W/{ETAG}")], 304), ([("If-None-Match", '"x"'), ("If-None-Match", ETAG)], 304), ([("If-None-Match", '"x, y", "z"')], 200),
    ([("If-None-Match", "x")], 200), ([("If-None-Match", "")], 200), ([("If-None-Match", '"*"')], 200), ([("If-None-Match", f'"a,b", {ETAG}')], 304),
    # 13.1.3 If-Modified-Since
    ([("If-Modified-Since", MODIFIED_DATE)], 304), ([("If-Modified-Since", LATER)], 304), ([("If-Modified-Since", EARLIER)], 200),
    ([("If-Modified-Since", "x")], 200), ([("If-Modified-Since", LATER), ("If-Modified-Since", LATER)], 200),
    ([("If-Modified-Since", f"{LATER}, {LATER}")], 200),
    # 13.1.4 If-Unmodified-Since
    ([("If-Unmodified-Since", MODIFIED_DATE)], 200), ([("If-Unmodified-Since", LATER)], 200), ([("If-Unmodified-Since", EARLIER)], 412),
    ([("If-Unmodified-Since", "x")], 200), ([("If-Unmodified-Since", EARLIER), ("If-Unmodified-Since", EARLIER)], 200),
    # 13.2.2 the order
    ([("If-Match", ETAG), ("If-Unmodified-Since", EARLIER)], 200),
    ([("If-Match", '"x"'), ("If-Unmodified-Since", LATER)], 412),
    ([("If-None-Match", '"x"'), ("If-Modified-Since", LATER)], 200),
    ([("If-None-Match", ETAG), ("If-Modified-Since", EARLIER)], 304),
    ([("If-Match", '"x"'), ("If-None-Match", ETAG)], 412),
    ([("If-Match", ETAG), ("If-None-Match", ETAG)], 304),
    ([("If-None-Match", ETAG), ("If-Match", '"x"')], 412),
    ([("If-Unmodified-Since", EARLIER), ("If-None-Match", ETAG)], 412),
    ([("If-Unmodified-Since", LATER), ("If-Modified-Since", LATER)], 304),
    ([("If-Match", ETAG), ("If-Unmodified-Since", EARLIER), ("If-None-Match", '"x"'), ("If-Modified-Since", LATER)], 200),
]


def condition_fields(conditions, tag):
    return "".join(f"{name}: {value.replace(ETAG, tag)}\r\n" for name, value in conditions)


@pytest.mark.parametrize("conditions, status", CONDITIONS)
def test_conditions(site, conditions, status):
    for target in ("/a.txt", "/large.txt"):  # from memory and from the disk
        fields = condition_fields(conditions, get(site, target)["ETag"])
        for method in ("GET", "HEAD"):
            assert ask_one(site, request(method, target, fields), to_head=method == "HEAD").status == status, (method, target)


@pytest.mark.parametrize("method, target, status", [
    ("GET", "/none", 404), ("GET", "/folder", 301), ("GET", "/old", 308), ("GET", "/bare/", 403), ("GET", "/%00", 400), ("POST", "/a.txt", 405),
    ("DELETE", "/a.txt", 405), ("PUT", "/a.txt", 405), ("BREW", "/a.txt", 501), ("OPTIONS", "/a.txt", 204), ("OPTIONS", "*", 204), ("TRACE", "/a.txt", 405),
])
def test_conditions_do_not_count_where_the_answer_is_another_anyway(site, method, target, status):
    for fields in ('If-Match: "x"\r\n', "If-None-Match: *\r\n", f"If-Modified-Since: {LATER}\r\n", f"If-Unmodified-Since: {EARLIER}\r\n"):
        assert ask_one(site, request(method, target, fields)).status == status, fields


def test_a_304_has_the_fields_of_the_200_that_it_must_have(site):
    for target in ("/a.txt", "/large.txt", "/", "/cached/a.txt", "/cached/large.txt"):
        whole = get(site, target)
        assert (whole["Vary"], whole["Cache-Control"]) == (("Accept-Encoding", "public, max-age=60") if "cached" in target else (None, None))
        for condition in (f"If-None-Match: {whole['ETag']}\r\n", f"If-Modified-Since: {LATER}\r\n"):
            not_modified = get(site, target, condition)
            assert not_modified.status == 304
            for name in ("ETag", "Vary", "Cache-Control", "Content-Location", "Expires"):
                assert not_modified[name] == whole[name], name
            # No other metadata of the representation: the client has it.
            for name in ("Content-Type", "Content-Length", "Content-Encoding", "Last-Modified", "Transfer-Encoding"):
                assert not_modified[name] is None, name


IF_RANGES = [
    (ETAG, 206), (MODIFIED_DATE, 206), (f"W/{ETAG}", 200), (f"w/{ETAG}", 200), ('"x"', 200), (f'"x", {ETAG}', 200), (f"{ETAG}, {ETAG}", 200), ("*", 200),
    ("x", 200), ("", 200), (LATER, 200), (EARLIER, 200), ("Tue, 14 Nov 2023 22:13:21 GMT", 200), (f"{MODIFIED_DATE}, {MODIFIED_DATE}", 200),
]


@pytest.mark.parametrize("value, status", IF_RANGES)
def test_if_range_compares_exactly(site, value, status):
    for target in ("/a.txt", "/large.txt"):
        whole = get(site, target)
        value_sent = value.replace(ETAG, whole["ETag"])
        answer = get(site, target, f"Range: bytes=2-4\r\nIf-Range: {value_sent}\r\n")
        assert answer.status == status
        assert answer.body == (whole.body[2:5] if status == 206 else whole.body)


def test_if_range_counts_with_range_only(site):
    tag = get(site, "/a.txt")["ETag"]
    for value in (tag, '"x"', MODIFIED_DATE, EARLIER):
        assert get(site, "/a.txt", f"If-Range: {value}\r\n").body == b"content of a"
        answer = get(site, "/no-ranges/a.txt", f"If-Range: {value}\r\nRange: bytes=0-0\r\n")
        assert (answer.status, answer.body, answer["Accept-Ranges"]) == (200, b"content of a", None)


# ---- section 14: ranges. (Most of it is in test_ranges.py.)

def test_range_units_are_compared_without_case(site):
    for unit in ("bytes", "Bytes", "BYTES"):
        answer = get(site, "/a.txt", f"Range: {unit}=0-2\r\n")
        assert (answer.status, answer.body, answer["Content-Range"]) == (206, b"con", "bytes 0-2/12")
    for unit in ("byte", "bytess", "lines", "none", ""):
        assert get(site, "/a.txt", f"Range: {unit}=0-2\r\n").status == 200


def test_range_is_for_get_alone(site):
    for fields in ("Range: bytes=0-2\r\n", "Range: bytes=99999999-\r\n", 'Range: bytes=0-2\r\nIf-Range: "x"\r\n'):
        for method, target in (("HEAD", "/a.txt"), ("HEAD", "/large.txt"), ("POST", "/a.txt"), ("OPTIONS", "/a.txt"), ("BREW", "/a.txt"), ("DELETE", "/a.txt")):
            with_range = ask_one(site, request(method, target, fields), to_head=method == "HEAD")
            without = ask_one(site, request(method, target), to_head=method == "HEAD")
            assert with_range.status == without.status
            assert [field for field in with_range.fields if field[0] != "date"] == [field for field in without.fields if field[0] != "date"]


def test_partial_answers_have_the_fields_of_the_whole(site):
    of_the_message = {"date", "content-length", "content-range"}
    for target in ("/a.txt", "/large.txt", "/cached/a.txt", "/cached/large.txt"):
        whole = get(site, target)
        expected = [field for field in whole.fields if field[0] not in of_the_message]
        part = get(site, target, "Range: bytes=3-5\r\n")
        assert part.status == 206
        assert [field for field in part.fields if field[0] not in of_the_message] == expected
        parts = get(site, target, "Range: bytes=0-0,1000-1000\r\n") if "large" in target else None
        if parts:
            assert parts["Content-Type"].startswith("multipart/byteranges; boundary=") and parts["Content-Range"] is None
            expected = [field for field in expected if field[0] != "content-type"]
            assert [field for field in parts.fields if field[0] not in of_the_message | {"content-type"}] == expected
        continued = get(site, target, f"Range: bytes=3-5\r\nIf-Range: {whole['ETag']}\r\n")
        assert continued.status == 206
        for name in ("ETag", "Vary", "Cache-Control", "Content-Location", "Expires"):
            assert continued[name] == whole[name], name
        for name in ("Last-Modified", "Content-Type"):
            assert continued[name] is None, name


# ---- section 15: answers

@pytest.mark.parametrize("target, fields, status", ERRORS, ids=[f"{status}-{number}" for number, (_, _, status) in enumerate(ERRORS)])
def test_an_error_explains_itself(site, target, fields, status):
    answer = get(site, target, fields)
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert str(status).encode() in answer.body and answer.reason.encode() in answer.body
    assert answer["Cache-Control"] == "no-store"


def test_redirects_have_a_location_and_a_note(site):
    for target, status, location in (("/folder", 301, "/folder/"), ("/old", 308, "/new"), ("/elsewhere", 307, "https://example.com/x"), ("/\xe4", 301, "/%E4")):
        answer = get(site, target)
        assert (answer.status, answer["Location"]) == (status, location)
        assert f'href="{location}"'.encode() in answer.body


# ---- section 17 and what attackers have tried

def test_no_answer_tells_where_the_files_are(site):
    for target, fields, _ in KINDS:
        for method in ("GET", "POST", "OPTIONS", "BREW"):
            answer = ask_one(site, request(method, target, fields))
            text = repr(answer.fields).encode() + answer.body
            for secret in (str(site.folder).encode(), b"/www/", b"errno", b".cc:", b"Debian", b"clang", b"0.1"):
                assert secret not in text, (method, target, secret)


def test_no_redirect_leads_to_the_host_a_client_names(site):
    for host in ("evil.example", "evil.example:80", "x"):
        for target in ("/folder", "//folder", "http://evil.example/folder", "/folder?q", "/./folder"):
            answer = ask_one(site, f"GET {target} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Host: evil.example\r\n\r\n".encode())
            assert answer.status == 301
            assert re.fullmatch(r"/folder/(\?q)?", answer["Location"])
            assert b"evil" not in answer.body
    for target in ("//evil.example/..", "//evil.example/../folder", "/%2fevil.example/..", "/\\evil.example/../folder", "///evil.example/%2e%2e/folder"):
        location = get(site, target)["Location"]
        assert location is None or re.match(r"/(?![/\\])", location), location


def test_no_field_of_a_request_comes_back(site):
    for target, fields, _ in KINDS:
        answer = get(site, target, fields + "X-Marker: reflected-marker\r\nUser-Agent: reflected-marker\r\nReferer: reflected-marker\r\n")
        assert b"reflected-marker" not in answer.body and "reflected-marker" not in repr(answer.fields)


def test_encoded_line_ends_never_reach_a_head(site):
    for target in ("/folder?a%0d%0aX-Injected:%20yes", "/\xe4?%0d%0aX-Injected:%20yes", "/%0d%0aX-Injected:%20yes", "/folder%0d%0aX-Injected:yes", "/old%0aX-Injected:y"):
        assert get(site, target)["X-Injected"] is None
