"""Requests that two servers could understand differently: the tricks of the public lists. Behind each stands a second
request. It must never be answered where the first is refused, and exactly once where the first is accepted."""

import pytest

from conformance import CANARY, GET, ask, assert_accepted, assert_refused, start_site


@pytest.fixture(scope="module")
def site():
    yield from start_site()


EMPTY_CHUNKED = b"0\r\n\r\n"
HELLO_CHUNKED = b"5\r\nhello\r\n0\r\n\r\n"
INNER = b"GET /inner.txt HTTP/1.1\r\nHost: x\r\n\r\n"


def with_fields(fields, content=b""):
    return GET + fields + b"\r\n\r\n" + content


# ---- both kinds of framing in one request

BOTH = {
    "CL.TE": (b"Content-Length: 6\r\nTransfer-Encoding: chunked", EMPTY_CHUNKED + b"G"),
    "TE.CL": (b"Transfer-Encoding: chunked\r\nContent-Length: 4", b"5c\r\n" + INNER),
    "equal lengths": (b"Content-Length: 5\r\nTransfer-Encoding: chunked", EMPTY_CHUNKED),
    "CL.0 and TE": (b"Content-Length: 0\r\nTransfer-Encoding: chunked", EMPTY_CHUNKED),
    "TE in other letters": (b"content-length: 5\r\ntRANSFER-eNCODING: CHUNKED", EMPTY_CHUNKED),
    "an unknown coding and CL": (b"Transfer-Encoding: x\r\nContent-Length: 5", EMPTY_CHUNKED),
    "an empty TE and CL": (b"Transfer-Encoding:\r\nContent-Length: 5", EMPTY_CHUNKED),
    "TE far behind CL": (b"Content-Length: 5\r\n" + b"X: y\r\n" * 50 + b"Transfer-Encoding: chunked", EMPTY_CHUNKED),
}


@pytest.mark.parametrize("name", BOTH)
def test_a_request_with_length_and_encoding_is_refused(site, name):
    fields, content = BOTH[name]
    assert_refused(site, with_fields(fields, content), 400)


# ---- Transfer-Encoding that one would see and another would not

ENCODING_REFUSED = {
    "unknown": (b"Transfer-Encoding: xchunked", 400),
    "prefix": (b"Transfer-Encoding: chunke", 400),
    "suffix": (b"Transfer-Encoding: chunkedx", 400),
    "hyphen": (b"Transfer-Encoding: chunked-", 400),
    "quoted": (b'Transfer-Encoding: "chunked"', 400),
    "apostrophes": (b"Transfer-Encoding: 'chunked'", 400),
    "identity": (b"Transfer-Encoding: identity", 400),
    "then identity": (b"Transfer-Encoding: chunked, identity", 400),
    "then identity, two lines": (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", 400),
    "then unknown, two lines": (b"Transfer-Encoding: chunked\r\nTransfer-encoding: x", 400),
    "then gzip": (b"Transfer-Encoding: chunked, gzip", 400),
    "twice": (b"Transfer-Encoding: chunked, chunked", 400),
    "twice, two lines": (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
    "twice without a comma": (b"Transfer-Encoding: chunked chunked", 400),
    "parameter": (b"Transfer-Encoding: chunked;x=1", 400),
    "empty parameter": (b"Transfer-Encoding: chunked;", 400),
    "empty": (b"Transfer-Encoding:", 400),
    "only commas": (b"Transfer-Encoding: ,,", 400),
    "identity first": (b"Transfer-Encoding: identity, chunked", 501),
    "gzip first": (b"Transfer-Encoding: gzip, chunked", 501),
    "gzip first, two lines": (b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 501),
    "gzip alone": (b"Transfer-Encoding: gzip", 400),
    "comma within quotes": (b'Transfer-Encoding: x;a="b, chunked', 400),
    "SP before the colon": (b"Transfer-Encoding : chunked", 400),
    "HTAB before the colon": (b"Transfer-Encoding\t: chunked", 400),
    "VT before the colon": (b"Transfer-Encoding\x0b: chunked", 400),
    "CR before the colon": (b"Transfer-Encoding\r: chunked", 400),
    "line end before the colon": (b"Transfer-Encoding\r\n : chunked", 400),
    "SP at the beginning": (b" Transfer-Encoding: chunked", 400),
    "HTAB at the beginning": (b"\tTransfer-Encoding: chunked", 400),
    "VT at the beginning": (b"\x0bTransfer-Encoding: chunked", 400),
    "SP in the name": (b"Transfer Encoding: chunked", 400),
    "NUL in the name": (b"Transfer\0-Encoding: chunked", 400),
    "NUL behind the name": (b"Transfer-Encoding\0: chunked", 400),
    "0xA0 behind the name": (b"Transfer-Encoding\xa0: chunked", 400),
    "0xFF before the name": (b"\xffTransfer-Encoding: chunked", 400),
    "no colon": (b"Transfer-Encoding chunked", 400),
    "two colons": (b"Transfer-Encoding:: chunked", 400),
    "equals sign": (b"Transfer-Encoding= chunked", 400),
    "VT before the value": (b"Transfer-Encoding: \x0bchunked", 400),
    "FF before the value": (b"Transfer-Encoding: \x0cchunked", 400),
    "NUL before the value": (b"Transfer-Encoding: \0chunked", 400),
    "NUL behind the value": (b"Transfer-Encoding: chunked\0", 400),
    "VT behind the value": (b"Transfer-Encoding: chunked\x0b", 400),
    "DEL behind the value": (b"Transfer-Encoding: chunked\x7f", 400),
    "0x85 behind the value": (b"Transfer-Encoding: chunked\x85", 400),
    "0xA0 before the value": (b"Transfer-Encoding: \xa0chunked", 400),
    "letters that look alike": ("Transfer-Encoding: chun\u212aed".encode(), 400),
    "bare LF behind the value": (b"Transfer-Encoding: chunked\nX: y", 400),
    "bare LF before the line": (b"X: y\nTransfer-Encoding: chunked", 400),
    "bare CR behind the value": (b"Transfer-Encoding: chunked\rX: y", 400),
    "bare CR before the line": (b"X: y\rTransfer-Encoding: chunked", 400),
    "two CR": (b"Transfer-Encoding: chunked\r", 400),
    "folded value": (b"Transfer-Encoding:\r\n chunked", 400),
    "folded within the value": (b"Transfer-Encoding: chun\r\n ked", 400),
    "folded into another field": (b"X: y\r\n\tTransfer-Encoding: chunked", 400),
    "folded with a comma": (b"Transfer-Encoding: chunked\r\n , identity", 400),
}
ENCODING_ACCEPTED = {
    "plain": b"Transfer-Encoding: chunked",
    "no blank": b"Transfer-Encoding:chunked",
    "HTAB": b"Transfer-Encoding:\tchunked\t",
    "many blanks": b"Transfer-Encoding: \t \t chunked \t ",
    "capital letters": b"TRANSFER-ENCODING: CHUNKED",
    "mixed letters": b"tRaNsFeR-eNcOdInG: cHuNkEd",
    "empty member before": b"Transfer-Encoding: , chunked",  # RFC 9110 section 5.6.1.2
    "empty member behind": b"Transfer-Encoding: chunked,",
    "empty line before": b"Transfer-Encoding:\r\nTransfer-Encoding: chunked",
}
# Names that are none of the two, whatever somebody else makes of them. The length says what the content is.
NO_ENCODING = [b"Transfer_Encoding: chunked", b"Transfer.Encoding: chunked", b"Transfer-Encodin: chunked", b"Transfer-Encodings: chunked",
               b"X-Transfer-Encoding: chunked", b"TE: chunked", b"Content-Encoding: chunked", b"Transfer-Encoding|: chunked",
               b"Content_Length: 99", b"Content.Length: 99", b"Content-Lengt: 99", b"X-Content-Length: 99", b"HTTP_CONTENT_LENGTH: 99"]


@pytest.mark.parametrize("name", ENCODING_REFUSED)
def test_a_doubtful_encoding_is_refused(site, name):
    fields, status = ENCODING_REFUSED[name]
    assert_refused(site, with_fields(fields, HELLO_CHUNKED), status)


@pytest.mark.parametrize("name", ENCODING_ACCEPTED)
def test_the_chunked_coding_is_recognised(site, name):
    for content in (EMPTY_CHUNKED, HELLO_CHUNKED):
        assert_accepted(site, with_fields(ENCODING_ACCEPTED[name], content))


@pytest.mark.parametrize("field", NO_ENCODING)
def test_names_that_only_resemble_those_of_framing_frame_nothing(site, field):
    assert_accepted(site, with_fields(field + b"\r\nContent-Length: 5", EMPTY_CHUNKED))
    assert_accepted(site, with_fields(field))


def test_encoding_in_http_1_0_is_refused(site):
    for fields in (b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"Transfer-Encoding: identity"):
        assert_refused(site, b"GET /a.txt HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n" + fields + b"\r\n\r\n" + EMPTY_CHUNKED, 400)


# ---- Content-Length

LENGTH_REFUSED = {
    "plus": b"Content-Length: +5",
    "minus": b"Content-Length: -5",
    "minus zero": b"Content-Length: -0",
    "hexadecimal": b"Content-Length: 0x5",
    "binary": b"Content-Length: 0b101",
    "letter behind": b"Content-Length: 5a",
    "fraction": b"Content-Length: 5.0",
    "exponent": b"Content-Length: 5e0",
    "underscore": b"Content-Length: 1_0",
    "apostrophe": b"Content-Length: 1'0",
    "two numbers": b"Content-Length: 5 5",
    "semicolon": b"Content-Length: 5;",
    "quoted": b'Content-Length: "5"',
    "empty": b"Content-Length:",
    "blank": b"Content-Length: \t ",
    "comma": b"Content-Length: ,",
    "empty member before": b"Content-Length: ,5",
    "empty member behind": b"Content-Length: 5,",
    "empty member between": b"Content-Length: 5,,5",
    "different members": b"Content-Length: 5, 6",
    "different lines": b"Content-Length: 5\r\nContent-Length: 6",
    "different lines, other letters": b"Content-Length: 5\r\ncontent-length: 0",
    "equal, then different": b"Content-Length: 5, 5\r\nContent-Length: 6",
    "number, then empty": b"Content-Length: 5\r\nContent-Length:",
    "number, then nonsense": b"Content-Length: 5\r\nContent-Length: x",
    "2^63": b"Content-Length: 9223372036854775808",
    "2^64+5": b"Content-Length: 18446744073709551621",
    "2^128+5": b"Content-Length: 340282366920938463463374607431768211461",
    "1,000 digits": b"Content-Length: " + b"9" * 1000,
    "NUL behind": b"Content-Length: 5\0",
    "VT before": b"Content-Length: \x0b5",
    "FF behind": b"Content-Length: 5\x0c",
    "0xA0 before": b"Content-Length: \xa05",
    "digits of another script": "Content-Length: \u0665".encode(),
    "full-width digit": "Content-Length: \uff15".encode(),
    "SP before the colon": b"Content-Length : 5",
    "HTAB before the colon": b"Content-Length\t: 5",
    "NUL in the name": b"Content-\0Length: 5",
    "SP at the beginning": b" Content-Length: 5",
    "folded": b"Content-Length:\r\n 5",
    "folded behind": b"Content-Length: 5\r\n 0",
    "bare LF": b"Content-Length: 5\nX: y",
    "bare CR": b"Content-Length: 5\rX: y",
    "LF within": b"X: y\nContent-Length: 5",
    "no colon": b"Content-Length 5",
}
LENGTH_ACCEPTED = {
    "plain": b"Content-Length: 5",
    "no blank": b"Content-Length:5",
    "blanks": b"Content-Length: \t5\t ",
    "zeros": b"Content-Length: 0000000000000000000000000000005",
    "letters": b"cONTENT-lENGTH: 5",
    "equal members": b"Content-Length: 5, 5,5",
    "equal lines": b"Content-Length: 5\r\nContent-Length: 5",
    "equal with zeros": b"Content-Length: 5\r\nContent-Length: 05",
}


@pytest.mark.parametrize("name", LENGTH_REFUSED)
def test_a_doubtful_length_is_refused(site, name):
    assert_refused(site, with_fields(LENGTH_REFUSED[name], b"hello"), 400)


@pytest.mark.parametrize("name", LENGTH_ACCEPTED)
def test_a_length_is_recognised(site, name):
    assert_accepted(site, with_fields(LENGTH_ACCEPTED[name], b"hello"))


def test_a_request_within_content_is_content(site):
    assert_accepted(site, with_fields(b"Content-Length: %d" % len(INNER), INNER))
    assert_accepted(site, with_fields(b"Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (len(INNER), INNER)))
    assert_accepted(site, b"POST /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(INNER), INNER), 405)


def test_a_request_without_framing_has_no_content(site):
    # What stands behind it is a request of its own, and is answered as one.
    for first in (GET + b"\r\n", b"POST /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", GET + b"Content-Length: 0\r\n\r\n"):
        assert [answer.body == b"inner" for answer in ask(site, first + INNER + CANARY)] == [False, True, False]
    answers = ask(site, GET + b"\r\nhello\r\n\r\n" + CANARY)
    assert [answer.status for answer in answers] == [200, 400]


def test_content_that_is_larger_than_all_that_comes_swallows_it(site):
    for length in (b"4294967301", b"9223372036854775807"):  # 2^32 + 5: no number is cut
        assert_refused(site, with_fields(b"Content-Length: " + length, b"hello"), 413)


# ---- chunks

CHUNKS_ACCEPTED = {
    "none": EMPTY_CHUNKED,
    "one": HELLO_CHUNKED,
    "several": b"1\r\nh\r\n4\r\nello\r\n" + EMPTY_CHUNKED,
    "letters": b"a\r\n0123456789\r\nA\r\n0123456789\r\n" + EMPTY_CHUNKED,
    "zeros": b"00005\r\nhello\r\n00000\r\n\r\n",
    "32 digits": b"0" * 31 + b"5\r\nhello\r\n" + EMPTY_CHUNKED,
    "CR LF in content": b"4\r\n\r\n\r\n\r\n" + EMPTY_CHUNKED,
    "a last chunk in content": b"7\r\n0\r\n\r\n\r\n\r\n" + EMPTY_CHUNKED,
    "extension": b"5;name=value\r\nhello\r\n" + EMPTY_CHUNKED,
    "extension without a value": b"5;name\r\nhello\r\n" + EMPTY_CHUNKED,
    "quoted extension": b'5;name="a;\\"b, c"\r\nhello\r\n' + EMPTY_CHUNKED,
    "blanks around an extension": b"5 \t; name = value\r\nhello\r\n" + EMPTY_CHUNKED,
    "several extensions": b"5;a;b=c;d=\"e\"\r\nhello\r\n0;last\r\n\r\n",
    "trailer": b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-Other:\r\n\r\n",
    "trailer with a host": b"5\r\nhello\r\n0\r\nHost: other.test\r\nConnection: close\r\n\r\n",
}
CHUNKS_MALFORMED = {
    "0x": b"0x5\r\nhello\r\n",
    "plus": b"+5\r\nhello\r\n",
    "minus": b"-5\r\nhello\r\n",
    "minus zero": b"-0\r\n\r\n",
    "SP before": b" 5\r\nhello\r\n",
    "HTAB before": b"\t5\r\nhello\r\n",
    "SP behind": b"5 \r\nhello\r\n",
    "no size": b"\r\nhello\r\n",
    "letter": b"5g\r\nhello\r\n",
    "comma": b"5,5\r\nhello\r\n",
    "underscore": b"0_5\r\nhello\r\n",
    "NUL": b"5\0\r\nhello\r\n",
    "digits of another script": "\u0665\r\nhello\r\n".encode(),
    "33 digits": b"0" * 32 + b"5\r\nhello\r\n",
    "2^63": b"8000000000000000\r\nhello\r\n",
    "2^64": b"10000000000000000\r\n\r\n",
    "2^64+5": b"10000000000000005\r\nhello\r\n",
    "2^64-1": b"ffffffffffffffff\r\nhello\r\n",
    "bare LF behind the size": b"5\nhello\r\n",
    "bare CR behind the size": b"5\rhello\r\n",
    "two CR": b"5\r\r\nhello\r\n",
    "bare LF behind content": b"5\r\nhello\n",
    "bare CR behind content": b"5\r\nhello\r0\r\n",
    "two bytes behind content": b"5\r\nhelloXX",
    "content too long": b"4\r\nhello\r\n",
    "nothing behind content": b"5\r\nhello0\r\n\r\n",
    "bare LF everywhere": b"5\nhello\n0\n\n",
    "bare LF behind the last chunk": b"0\n\r\n",
    "bare LF at the end": b"0\r\n\n",
    "bare CR at the end": b"0\r\n\r",
    "semicolon alone": b"5;\r\nhello\r\n",
    "two semicolons": b"5;;a\r\nhello\r\n",
    "extension without a name": b"5;=a\r\nhello\r\n",
    "extension with an empty value": b"5;a=\r\nhello\r\n",
    "extension with bare LF": b"5;a\nhello\r\n",
    "extension with bare CR": b"5;a\rb\r\nhello\r\n",
    "extension with an open quote": b'5;a="b\r\nhello\r\n',
    "extension with LF in quotes": b'5;a="\n"\r\nhello\r\n',
    "extension with NUL": b"5;a=\0\r\nhello\r\n",
    "blank behind an extension": b"5;a=b \r\nhello\r\n",
    "extensions above the limit": b"5;" + b"a" * 5000 + b"\r\nhello\r\n",
    "trailer with a blank before the colon": b"0\r\nX : y\r\n\r\n",
    "trailer with a length": b"5\r\nhello\r\n0\r\nContent-Length: 99\r\n\r\n",
    "trailer with an encoding": b"5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "trailer folded": b"0\r\nX: y\r\n z\r\n\r\n",
    "trailer with NUL": b"0\r\nX: \0\r\n\r\n",
    "trailer without a colon": b"0\r\nX\r\n\r\n",
    "trailer with bare LF": b"0\r\nX: y\n\r\n",
    "trailer above the limit": b"0\r\nX: " + b"y" * 9000 + b"\r\n\r\n",
    "trailers above the limit": b"0\r\n" + b"X: y\r\n" * 40 + b"\r\n",
}


@pytest.mark.parametrize("name", CHUNKS_ACCEPTED)
def test_chunks_are_skipped_to_their_end(site, name):
    assert_accepted(site, with_fields(b"Transfer-Encoding: chunked", CHUNKS_ACCEPTED[name]))


@pytest.mark.parametrize("name", CHUNKS_MALFORMED)
def test_malformed_chunks_are_refused(site, name):
    status = 431 if name in ("trailer above the limit", "trailers above the limit") else 400
    assert_refused(site, with_fields(b"Transfer-Encoding: chunked", CHUNKS_MALFORMED[name]), status)
