"""RFC 9112, HTTP/1.1: messages, framing and connections, section by section. docs/conformance.md names these tests."""

import socket

import pytest

from clients import RawConnection
from conformance import CANARY, GET, STATUS_LINE, ask, ask_one, assert_accepted, assert_refused, start_site

CONTROLS = [byte for byte in (*range(0x20), 0x7f)]
TCHARS = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def site():
    yield from start_site()


# ---- section 2.2: message parsing

def test_empty_lines_before_a_request_are_ignored(site):
    for count in (0, 1, 2):
        assert_accepted(site, b"\r\n" * count + GET + b"\r\n")
    answers = ask(site, GET + b"\r\n" + b"\r\n\r\n" + GET + b"\r\n" + b"\r\n" + CANARY)
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert_refused(site, b"\r\n" * 3 + GET + b"\r\n", 400)


@pytest.mark.parametrize("data", [
    b"\n" + GET + b"\r\n", b"\r" + GET + b"\r\n", b" " + GET + b"\r\n", b"\t" + GET + b"\r\n", b"\0" + GET + b"\r\n",
    b"\xef\xbb\xbf" + GET + b"\r\n", b"hello\r\n\r\n", b"hello world\r\n\r\n", b": x\r\n\r\n", b"{}\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0\r\n\r\n",
    b"\x80\x2e\x01\0\x02", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"EHLO x\r\n", b"\xff\xfb\x18",
])
def test_what_is_no_request_is_refused_and_ends_the_connection(site, data):
    assert_refused(site, data, 400)


@pytest.mark.parametrize("data", [
    b"GET /a.txt HTTP/1.1\nHost: x\r\n\r\n", b"GET /a.txt HTTP/1.1\r\nHost: x\n\r\n", b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\n",
    b"GET /a.txt HTTP/1.1\nHost: x\n\n", b"GET /a.txt HTTP/1.1\r\nA: b\nHost: x\r\n\r\n",
])
def test_a_line_ends_with_cr_lf_and_nothing_less(site, data):
    assert_refused(site, data, 400)


@pytest.mark.parametrize("data", [
    b"GET\r /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /a\r.txt HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /a.txt\rHTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /a.txt HTTP/1.1\rHost: x\r\n\r\n", b"GET /a.txt HTTP/1.1\r\r\nHost: x\r\n\r\n", b"GET /a.txt HTTP/1.1\r\nHost\r: x\r\n\r\n",
    b"GET /a.txt HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", b"GET /a.txt HTTP/1.1\r\nHost: x\r\nA: b\r\r\n\r\n",
    b"GET /a.txt HTTP/1.1\r\nHost: x\r\nA: \rb\r\n\r\n", b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\rA: b\r\n\r\n", b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\r\n",
])
def test_a_bare_cr_is_invalid_everywhere(site, data):
    assert_refused(site, data, 400)


def test_lines_that_begin_with_a_blank_before_the_first_field_are_refused(site):
    for line in (b" Host: x", b"\tHost: x", b" ", b" x"):
        assert_refused(site, b"GET /a.txt HTTP/1.1\r\n" + line + b"\r\nHost: x\r\n\r\n", 400)


def test_heads_are_octets_not_text(site):
    # Bytes that are no UTF-8, and whose characters would be line ends or colons in some encodings.
    assert_accepted(site, GET + b"X: \x85\xa0\xe2\x80\xa8\xc0\x8d\xc0\x8a\xff\xfe\r\n\r\n")
    assert_refused(site, "GET /a.txt HTTP/1.1\r\nHost: x\r\nX：y\r\n\r\n".encode(), 400)
    assert_refused(site, GET.decode().encode("utf-16"), 400)


# ---- section 2.3: versions

@pytest.mark.parametrize("version, status", [
    (b"HTTP/1.0", 200), (b"HTTP/1.1", 200), (b"HTTP/1.2", 200), (b"HTTP/1.9", 200), (b"HTTP/0.9", 505), (b"HTTP/0.0", 505), (b"HTTP/2.0", 505),
    (b"HTTP/3.0", 505), (b"HTTP/9.9", 505), (b"HTTP/1", 400), (b"HTTP/2", 400), (b"HTTP/1.", 400), (b"HTTP/.1", 400), (b"HTTP/1.10", 400),
    (b"HTTP/11.1", 400), (b"HTTP/01.1", 400), (b"HTTP/1.01", 400), (b"HTTP/1.1x", 400), (b"HTTP/1,1", 400), (b"HTTP/-1.1", 400), (b"HTTP/ 1.1", 400),
    (b"HTTP/1 .1", 400), (b"HTTP /1.1", 400), (b"http/1.1", 400), (b"Http/1.1", 400), (b"HTTP1.1", 400), (b"HTTPS/1.1", 400), (b"XTTP/1.1", 400),
    (b"HTTP/1.a", 400), (b"HTTP/+1.1", 400), (b"HTTP/1.1 HTTP/1.1", 400), (b"", 400),
])
def test_versions(site, version, status):
    request = b"GET /a.txt " + version + b"\r\nHost: x\r\nConnection: keep-alive\r\n\r\n"
    if status == 200:
        assert_accepted(site, request)  # the answer says HTTP/1.1, or it would not be accepted
    else:
        assert_refused(site, request, status)


def test_the_preface_of_http_2_is_told_what_is_spoken_here(site):
    answer = ask_one(site, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
    assert (answer.status, answer.closes) == (505, True)
    assert b"HTTP/1.1" in answer.body


def test_http_0_9_is_refused(site):
    for data in (b"GET /a.txt\r\n", b"GET /a.txt\n", b"GET /\r\n\r\n"):
        assert_refused(site, data, 400)


# ---- section 3: the request line

@pytest.mark.parametrize("line", [
    b"GET  /a.txt HTTP/1.1", b"GET /a.txt  HTTP/1.1", b"GET /a.txt HTTP/1.1 ", b" GET /a.txt HTTP/1.1", b"GET\t/a.txt HTTP/1.1",
    b"GET /a.txt\tHTTP/1.1", b"GET /a.txt HTTP/1.1\t", b"GET\x0b/a.txt HTTP/1.1", b"GET /a.txt\x0cHTTP/1.1", b"GET /a b HTTP/1.1",
    b"GET HTTP/1.1", b"GET  HTTP/1.1", b"/a.txt HTTP/1.1", b"GET /a.txt HTTP/1.1 x", b"GET\xa0/a.txt HTTP/1.1", b"GET/a.txt HTTP/1.1",
])
def test_white_space_in_the_request_line_is_one_sp(site, line):
    assert_refused(site, line + b"\r\nHost: x\r\n\r\n", 400)


def test_a_method_is_a_token(site):
    for byte in range(1, 256):
        method = b"GE" + bytes([byte]) + b"T"
        if byte in TCHARS:
            assert_accepted(site, method + b" /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", 501)
        elif bytes([byte]) != b" ":
            assert_refused(site, method + b" /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", 400)


def test_a_method_longer_than_any_is_not_implemented(site):
    assert_accepted(site, b"M" * 32 + b" /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", 501)
    for length in (33, 10_000, 100_000):
        assert_refused(site, b"M" * length + b" /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", 501)


def test_methods_are_case_sensitive(site):
    for method in (b"get", b"Get", b"gET", b"head", b"options"):
        assert_accepted(site, method + b" /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", 501)


def test_request_lines_of_8000_octets_are_read(site):
    line = b"GET /a.txt?%s HTTP/1.1"
    long_line = line % (b"q" * (8000 - len(line % b"")))
    assert len(long_line) == 8000
    assert_accepted(site, long_line + b"\r\nHost: x\r\n\r\n")


def test_a_target_above_the_limit_is_414(site):
    assert_accepted(site, b"GET /a.txt?" + b"q" * (8192 - 7) + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    for length in (8192 - 6, 20_000, 200_000):
        assert_refused(site, b"GET /a.txt?" + b"q" * length + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414)


# ---- section 3.2: targets and Host

@pytest.mark.parametrize("target", [
    b"a.txt", b"?a", b"a.txt/", b"x:80", b"http:/a.txt", b"http:a.txt", b"http:", b"http://", b"http:///a.txt", b"http://:80/a.txt",
    b"http://u@x/a.txt", b"http://u:p@x/a.txt", b"http://@x/", b"http://x:99999/a.txt", b"http://x:8x/", b"http://x y/", b"http://[::1/a.txt", b"http://[]/",
    b"ftp://x/a.txt", b"file:///a.txt", b"mailto:x@y", b"urn:x", b"https:///a.txt", b"*", b"**", b"/a#b", b"http://x/a#b", b"/a\x7f", b"/%", b"/%4", b"/%zz", b"/a%",
])
def test_targets_of_no_form_are_refused(site, target):
    assert_refused(site, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n", 400)


def test_controls_in_a_target_are_refused(site):
    for byte in CONTROLS:
        assert_refused(site, b"GET /a" + bytes([byte]) + b".txt HTTP/1.1\r\nHost: x\r\n\r\n", 400)


def test_origin_form_and_absolute_form_are_the_same(site):
    for target in (b"/a.txt", b"http://x/a.txt", b"HTTP://X:80/a.txt", b"http://x:/a.txt?q", b"http://[::1]:8080/a.txt", b"http://127.0.0.1/a.txt"):
        assert assert_accepted(site, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n").body == b"content of a"
    assert assert_accepted(site, b"GET http://x HTTP/1.1\r\nHost: x\r\n\r\n").body == b"start"
    assert assert_accepted(site, b"GET http://x?q HTTP/1.1\r\nHost: x\r\n\r\n").body == b"start"
    assert ask_one(site, b"GET http://x/a.txt HTTP/1.0\r\n\r\n").body == b"content of a"


def test_absolute_form_wins_over_host(site):
    other = b"a of the other host"
    assert assert_accepted(site, b"GET http://other.test/a.txt HTTP/1.1\r\nHost: x\r\n\r\n").body == other
    assert assert_accepted(site, b"GET http://OTHER.test:123/a.txt HTTP/1.1\r\nHost: x\r\n\r\n").body == other
    assert assert_accepted(site, b"GET http://other.test/a.txt HTTP/1.1\r\nHost:\r\n\r\n").body == other
    assert assert_accepted(site, b"GET http://x/a.txt HTTP/1.1\r\nHost: other.test\r\n\r\n").body == b"content of a"
    assert assert_accepted(site, b"GET /a.txt HTTP/1.1\r\nHost: other.test\r\n\r\n").body == other


def test_absolute_form_does_not_replace_host(site):
    assert_refused(site, b"GET http://x/a.txt HTTP/1.1\r\n\r\n", 400)
    assert_refused(site, b"GET http://x/a.txt HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400)
    assert_refused(site, b"GET http://x/a.txt HTTP/1.1\r\nHost: a b\r\n\r\n", 400)


def test_authority_form_is_for_connect_which_is_not_implemented(site):
    for target in (b"x:80", b"[::1]:443", b"127.0.0.1:65535"):
        assert_accepted(site, b"CONNECT " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n", 501)
    for method in (b"GET", b"OPTIONS", b"POST"):
        assert_refused(site, method + b" x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 400)


def test_asterisk_form_is_for_options(site):
    assert assert_accepted(site, b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 204)["Allow"] == "GET, HEAD, OPTIONS"
    assert ask_one(site, b"OPTIONS * HTTP/1.0\r\n\r\n").status == 204
    for method in (b"GET", b"HEAD", b"POST", b"DELETE", b"PUT"):
        assert_refused(site, method + b" * HTTP/1.1\r\nHost: x\r\n\r\n", 400)
    assert_refused(site, b"OPTIONS ** HTTP/1.1\r\nHost: x\r\n\r\n", 400)


def test_a_request_without_host_is_refused(site):
    for line in (b"GET /a.txt", b"HEAD /a.txt", b"GET http://x/", b"OPTIONS *", b"CONNECT x:80", b"POST /a.txt", b"BREW /a.txt"):
        for minor in (b"1", b"2", b"9"):
            assert_refused(site, line + b" HTTP/1." + minor + b"\r\nAccept: */*\r\n\r\n", 400)
    assert ask_one(site, b"GET /a.txt HTTP/1.0\r\n\r\n").status == 200


def test_more_than_one_host_is_refused(site):
    for version in (b"HTTP/1.0", b"HTTP/1.1"):
        for fields in (b"Host: x\r\nHost: x", b"Host: x\r\nhost: y", b"Host: x\r\nA: b\r\nHOST:", b"Host: \r\nHost: x", b"Host: x, y"):
            assert_refused(site, b"GET /a.txt " + version + b"\r\n" + fields + b"\r\n\r\n", 400)


@pytest.mark.parametrize("host", [
    b"", b" ", b":", b":80", b"a b", b"a\tb", b"a/b", b"a\\b", b"a?b", b"a#b", b"u@a", b"u:p@a", b"@", b"a@", b"http://a", b"a:b", b"a:80:80", b"a:-1",
    b"a:+80", b"a:65536", b"a:99999999999999999999", b"a:0x50", b"::1", b"[::1", b"::1]", b"[]", b"[1.2.3.4]", b"[::g]", b"[::1]a", b"[::1]:x", b"[v1.]",
    b"[fe80::1%25eth0]", b"a<b", b"a>b", b"\"a\"", b"a|b", b"{a}", b"a^b", b"a`b", b"\xc3\xa4", b"a%", b"a%2", b"a%zz", b"a\x80",
])
def test_an_invalid_host_is_refused(site, host):
    for version in (b"HTTP/1.0", b"HTTP/1.1"):
        assert_refused(site, b"GET /a.txt " + version + b"\r\nHost: " + host + b"\r\n\r\n", 400)


@pytest.mark.parametrize("host", [
    b"a", b"A.B-c_d~", b"a.", b"a:", b"a:0", b"a:00080", b"a:65535", b"127.0.0.1", b"127.0.0.1:80", b"[::1]", b"[::ffff:1.2.3.4]:80", b"[v1.a:b]",
    b"a%41", b"!$&'()*+,;=", b"xn--bcher-kva.example", b"a" * 300, b"\ta ",
])
def test_a_valid_host_is_accepted(site, host):
    assert_accepted(site, b"GET /a.txt HTTP/1.1\r\nHost:" + host + b"\r\n\r\n")


# ---- section 5: field lines

def test_blanks_around_a_value_do_not_count(site):
    tag = ask_one(site, GET + b"\r\n")["ETag"].encode()
    for value in (tag, b" " + tag, b"\t" + tag, b" \t " + tag + b"\t \t", tag + b" " * 1000):
        assert assert_accepted(site, GET + b"If-None-Match:" + value + b"\r\n\r\n", 304).body == b""


def test_a_field_name_is_a_token(site):
    for byte in range(256):
        line = b"X" + bytes([byte]) + b"Y: z"
        if byte in TCHARS or byte == ord(":"):
            assert_accepted(site, GET + line + b"\r\n\r\n")
        else:
            assert_refused(site, GET + line + b"\r\n\r\n", 400)


@pytest.mark.parametrize("line", [
    b"X : y", b"X\t: y", b"X \t : y", b"X\x0b: y", b"X\x0c: y", b"X\0: y", b"X\xa0: y", b"X Y: z", b": y", b":", b"X", b" X: y", b"Host : x", b"X\r\n: y",
])
def test_nothing_stands_between_a_name_and_its_colon(site, line):
    assert_refused(site, GET + line + b"\r\n\r\n", 400)


@pytest.mark.parametrize("lines", [
    b"X: y\r\n z", b"X: y\r\n\tz", b"X:\r\n y", b"X: y\r\n \r\nZ: z", b"X: y\r\n \t", b"Host: x\r\n .evil", b"X: y\r\n  Content-Length: 5",
])
def test_folded_lines_are_refused_with_an_explanation(site, lines):
    request = b"GET /a.txt HTTP/1.1\r\nX-First: host\r\n" + lines + b"\r\n\r\n"
    assert_refused(site, request, 400)
    assert b"line folding" in ask(site, request)[0].body


def test_controls_in_a_value_are_refused(site):
    for byte in CONTROLS:
        for value in (b"a" + bytes([byte]) + b"b", bytes([byte]) + b"b", b"a" + bytes([byte])):
            if byte == 9:
                assert_accepted(site, GET + b"X: " + value + b"\r\n\r\n")
            else:
                assert_refused(site, GET + b"X: " + value + b"\r\n\r\n", 400)


def test_other_octets_in_a_value_are_opaque(site):
    assert_accepted(site, GET + b"X: " + bytes(byte for byte in range(0x20, 0x100) if byte != 0x7f) + b"\r\n\r\n")


# ---- section 6: message body. (Most of it is in test_smuggling.py.)

def test_length_and_encoding_together_end_the_connection(site):
    assert_refused(site, GET + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)


def test_answers_to_http_1_0_are_not_chunked(site):
    # Nothing here has content of unknown length; what is checked is that an answer to 1.0 never differs in its framing.
    for target in (b"/a.txt", b"/large.txt", b"/nothing", b"/old", b"/bare/"):
        old = ask_one(site, b"GET " + target + b" HTTP/1.0\r\n\r\n")
        new = ask(site, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")[0]
        assert old["Transfer-Encoding"] is None
        assert (old.status, old.body) == (new.status, new.body)


def test_known_codings_that_are_not_implemented_are_501(site):
    for coding in (b"gzip", b"deflate", b"compress", b"x-gzip", b"br", b"gzip;q=1", b"zstd;a=\"b\""):
        assert_refused(site, GET + b"Transfer-Encoding: " + coding + b", chunked\r\n\r\n0\r\n\r\n", 501)
        assert_refused(site, GET + b"Transfer-Encoding: " + coding + b"\r\n\r\n0\r\n\r\n", 400)


# ---- section 8: incomplete messages

@pytest.mark.parametrize("data", [GET, b"GET", b"GET /a.txt", b"GET /a.txt HTTP/1.1", b"GET /a.txt HTTP/1.1\r\n", GET + b"X", GET + b"\r"])
def test_a_head_that_ends_early_is_refused(site, data):
    answer = ask_one(site, data)
    assert (answer.status, answer.closes) == (400, True)


@pytest.mark.parametrize("rest", [b"", b"5\r\nhel", b"5\r\nhello", b"5\r\nhello\r\n", b"0\r\n", b"0\r\nX: y\r\n", b"0\r\n\r"])
def test_chunks_that_end_early_are_refused(site, rest):
    answer = ask_one(site, GET + b"Transfer-Encoding: chunked\r\n\r\n" + rest)
    assert (answer.status, answer.closes) == (400, True)


def test_content_that_ends_early_is_no_request_of_its_own(site):
    # What nobody wants is answered before it is skipped; what is missing is never made up from what was meant as a request.
    for content in (b"", b"hello", CANARY):
        assert [answer.status for answer in ask(site, GET + b"Content-Length: 1000\r\n\r\n" + content)] == [200]


# ---- section 9: connections

@pytest.mark.parametrize("version, options, persists", [
    (b"1.1", b"", True), (b"1.1", b"Connection: keep-alive\r\n", True), (b"1.1", b"Connection: close\r\n", False), (b"1.1", b"connection: CLOSE\r\n", False),
    (b"1.1", b"Connection: keep-alive, close\r\n", False), (b"1.1", b"Connection: close, keep-alive\r\n", False),
    (b"1.1", b"Connection: x\r\nConnection: close\r\n", False), (b"1.1", b"Connection: ,, close ,\r\n", False), (b"1.1", b"Connection: closed\r\n", True),
    (b"1.1", b"Connection: not-close\r\n", True), (b"1.1", b"Connection:\r\n", True), (b"1.1", b"Proxy-Connection: close\r\n", True),
    (b"1.1", b"Keep-Alive: timeout=0\r\n", True), (b"1.2", b"", True), (b"1.0", b"", False), (b"1.0", b"Connection: keep-alive\r\n", True),
    (b"1.0", b"Connection: Keep-Alive\r\n", True), (b"1.0", b"Connection: keep-alive, close\r\n", False), (b"1.0", b"Proxy-Connection: keep-alive\r\n", False),
    (b"1.0", b"Keep-Alive: timeout=100\r\n", False),
])
def test_persistence(site, version, options, persists):
    answers = ask(site, b"GET /a.txt HTTP/" + version + b"\r\nHost: x\r\n" + options + b"\r\n" + CANARY)
    assert len(answers) == (2 if persists else 1)
    assert answers[0].closes is not persists
    assert (answers[0]["Connection"] == "keep-alive") is (version == b"1.0" and persists)


def test_answers_come_in_the_order_of_the_requests(site):
    requests = b"GET /large.txt HTTP/1.1\r\nHost: x\r\n\r\n" + GET + b"\r\n" + b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n" + CANARY
    assert [len(answer.body) if answer.status == 200 else answer.status for answer in ask(site, requests)] == [320_000, 12, 404, 6]


def test_a_thousand_pipelined_requests_are_answered(site):
    answers = ask(site, (GET + b"\r\n") * 999 + CANARY)
    assert [answer.status for answer in answers] == [200] * 1000
    assert answers[-1].body == b"canary"


@pytest.mark.parametrize("request_line, fields", [
    (b"GET /a.txt", b""), (b"GET /large.txt", b""), (b"GET /none", b""), (b"GET /old", b""), (b"POST /a.txt", b"Content-Length: 5\r\n"), (b"BREW /a.txt", b""),
    (b"OPTIONS *", b""), (b"GET /a.txt", b"If-None-Match: *\r\n"),
])
def test_close_is_answered_with_close_and_nothing_behind_it_is_processed(site, request_line, fields):
    content = b"hello" if b"Length" in fields else b""
    answers = ask(site, request_line + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + fields + b"\r\n" + content + CANARY)
    assert len(answers) == 1
    assert answers[0].closes


def test_an_early_answer_says_whether_the_rest_is_read(site):
    # Little: it is read and forgotten. Much: the connection ends, and the answer says so.
    assert not assert_accepted(site, GET + b"Content-Length: 100000\r\n\r\n" + b"x" * 100_000).closes
    answers = ask(site, GET + b"Content-Length: 1000000\r\n\r\n" + b"x" * 1_000_000 + CANARY)
    assert [(answer.status, answer.closes) for answer in answers] == [(200, True)]


def test_a_connection_is_closed_gracefully(site):
    # First the server's side only: what the client still sends is taken, and no reset destroys the answer.
    with RawConnection(site) as connection:
        connection.send(b"nonsense\r\n\r\n" + b"x" * 100_000)
        raw = connection.file.read()
        assert STATUS_LINE.match(raw) and raw.endswith(b"</html>\n")
        connection.send(b"x" * 100_000)
        connection.socket.shutdown(socket.SHUT_WR)


def test_content_without_framing_is_never_waited_for(site):
    with RawConnection(site) as connection:
        connection.send(b"POST /a.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.read().status == 405
        assert connection.get("/canary.txt").body == b"canary"
