"""Makes up what comes over connections: requests out of parts that are right, doubtful or wrong, and then damaged byte by
byte. The same numbers give the same cases, on every machine."""

import random

# Ends every case: where the content before it ends shows in who sees this request.
SENTINEL = b"GET /sentinel HTTP/1.1\r\nHost: sentinel\r\n\r\n"

METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"TRACE", b"CONNECT", b"PROPFIND", b"get", b"G!T", b"M-SEARCH",
           b"UNHEARD", b"GET\x00", b"G T", b"", b"\xc3\x84", b"PRI", b"QUERY"]
TARGETS = [b"/", b"/a/b?c=d&e", b"/%41%2f", b"//x//", b"/a[b]{c}|\\^`", b"*", b"http://h/p?q", b"http://h", b"HTTPS://h:443?q", b"h:80", b"[::1]:1",
           b"http://u@h/", b"ftp://h/", b"/\xc3\xa4", b"/a#b", b"/%", b"/%zz", b"a", b"", b"/a b", b"/\t", b"/\x7f", b"/\x00", b"/\"<>", b"?q",
           b"http://", b"http:///x", b"http://h:99999/", b"/?" + b"x" * 300, b"\\", b"/\x01", b"http://[::1]/", b"mailto:x@y", b"//h/p"]
VERSIONS = [b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/1.9", b"HTTP/2.0", b"HTTP/0.9", b"HTTP/3.1", b"http/1.1", b"HTTP/1.", b"HTTP/11.1", b"HTTP/1.1 ",
            b"HTTP /1.1", b"HTTP/1.1x", b"", b"HTTP/01.1", b"ICE/1.0", b"RTSP/1.0", b"HTTP/1,1"]
HOSTS = [b"h", b"h:80", b"", b"h:", b"[::1]", b"[::1]:8080", b"127.0.0.1", b"h:65536", b"h:x", b"u@h", b"h/p", b"h h", b"a,b", b"[::1", b"h%41", b"h%",
         b"\xc3\xa4", b"h\\", b"h?", b"h#", b"x_y", b"[v1.a]", b"::1", b"h:0080"]
LENGTHS = [b"0", b"1", b"3", b"5", b"05", b"+5", b"-1", b"5, 5", b"5,6", b"", b" 5 ", b"5 5", b"0x5", b"5.0", b"9223372036854775807", b"9223372036854775808",
           b"18446744073709551616", b"184467440737095516210", b"5,", b",5", b"\xd9\xa5", b"5;", b"1e1", b"5\x0b", b"0, 0"]
CODINGS = [b"chunked", b"Chunked", b" chunked ", b"chunked, chunked", b"gzip, chunked", b"chunked, gzip", b"identity", b"identity, chunked", b"",
           b"chunked;a=b", b"x", b"xchunked", b"chunked,", b",chunked", b"\"chunked\"", b"chunked\x0b", b"\x0bchunked", b"chunked\x00", b"gzip",
           b"chunk ed", b"deflate,chunked", b"chun\rked", b"trailers"]
OTHERS = [b"Connection: close", b"Connection: keep-alive", b"Connection: close, x", b"Connection: keep-alive, close", b"Connection: CLOSE", b"Connection:",
          b"Connection: x", b"Connection: upgrade", b"Connection: closed", b"Expect: 100-continue", b"Expect: 100-Continue, x", b"Expect: x", b"Expect:",
          b"Upgrade: h2c", b"Connection: upgrade\r\nUpgrade: h2c", b"Upgrade: websocket", b"A: b", b"a:b", b"A:\tb\t", b"A:  b  c ", b"A: \xc3\xa4", b"A: \x01", b"A: \x7f", b"A: \x00", b"A: a\rb", b"A : b",
          b"A\t: b", b" A: b", b"\tA: b", b": b", b"A", b"A b: c", b"A\xc3: b", b"A(: b", b"A: b\r\n c", b"A: b\r\n\tc", b"A: b\r\n ", b"A:", b"A: ", b"A: b\nB: c",
          b"TE: trailers", b"Trailer: X", b"Cookie: a=b", b"A;: b", b"A: \"b", b"Proxy-Connection: close", b"X_Y: z", b"Content-Type: x", b"A: \x0b", b"A:\x0cb",
          b"Content-Length : 5", b"Content_Length: 5", b"Transfer-Encoding : chunked", b"Transfer_Encoding: chunked", b"X: y\r\nX: z", b"\x00: a",
          b"Content-Length\x00: 5", b"Transfer-Encoding\x0b: chunked", b"Host : x"]
SIZES = [b"%x", b"%X", b"0%x", b"000000%x", b"%x ", b" %x", b"0x%x", b"+%x", b"-%x", b"%x;", b"%x;a", b"%x;a=b", b"%x ; a = b", b"%x;a=\"b\"", b"%x;a=\"\\\"\"",
         b"%x;a=\"b", b"%x\t", b"%x;=", b"%x;a=", b"%x,", b"%x\x00", b"%x;\x01", b"%xg", b"", b"%x.0", b"%x;a\xc3\xa4", b"%x;a;b=c;d", b"00000000000000000000%x",
         b"10000000000000000%x", b"ffffffffffffffff%x", b"%x\x0b", b"%x;a\rb", b"%x;a\nb", b"%x;\"a\"", b"%x \t;a", b"7fffffffffffffff", b"8000000000000000"]
TRAILERS = [b"X: y\r\n", b"X: y\r\nZ: w\r\n", b"X\r\n", b": y\r\n", b"X : y\r\n", b" X: y\r\n", b"Content-Length: 9\r\n", b"X: y\n", b"X: a\r\n b\r\n", b"X: \x01\r\n",
            b"Transfer-Encoding: chunked\r\n", b"X: \x00\r\n", b"\x00"]
LINE_ENDS = [b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n ", b" \r\n", b"\r\n\r\n", b"\x0b\r\n", b"\x00\r\n", b""]
LEADING = [b"\r\n", b"\r\n\r\n", b"\r\n\r\n\r\n", b"\n", b" ", b"\r", b"\t", b"\x00", b"\xef\xbb\xbf", b"\x16\x03\x01", b"\n\n"]
INTERESTING = [b"\r", b"\n", b"\r\n", b"\x00", b" ", b"\t", b":", b",", b";", b"\"", b"\\", b"0", b"1", b"a", b"\x0b", b"\x0c", b"\x7f", b"\x80", b"\xff", b"%", b"#", b"?", b"/",
               b"@", b"[", b"]", b"=", b"-", b"+", b"x", b"chunked", b"\r\n\r\n", b"\xc2\x85", b"\xa0"]


class Maker:
    """One case. Most parts are right, so that what is wrong is seen on its own."""

    def __init__(self, seed, number):
        self.random = random.Random(f"{seed}/{number}")
        # How likely any one part is to be something else than the usual.
        self.oddness = self.random.choice([0.0, 0.03, 0.08, 0.2])

    def odd(self):
        return self.random.random() < self.oddness

    def pick(self, usual, others):
        return self.random.choice(others) if self.odd() else usual

    def chance(self, probability):
        return self.random.random() < probability

    def line_end(self):
        return self.random.choice(LINE_ENDS) if self.chance(self.oddness / 8) else b"\r\n"

    def content(self):
        return self.random.choice([b"", b"a", b"abc", b"hello", b"0\r\n\r\n", SENTINEL, b"\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"x" * 40])

    def chunk(self, content):
        size = self.pick(b"%x", SIZES)
        line = size.replace(b"%x", b"%x" % len(content)).replace(b"%X", b"%X" % len(content))
        return line + self.line_end() + content + self.line_end()

    def chunked(self):
        body = b"".join(self.chunk(self.content() or b"z") for _ in range(self.random.randrange(4)))
        body += self.pick(b"0", [b"00", b"0;a=b", b"0 ", b"-0", b"0x0", b"", b"000000000000000000000000000000000000", b"0;a=\"b\""]) + self.line_end()
        if self.chance(0.2):
            body += self.random.choice(TRAILERS[:2] if not self.odd() else TRAILERS)
        return body + self.line_end()

    def framing(self):
        """Field lines that announce content, and the content."""
        kind = self.random.choice(["none", "none", "length", "chunked", "both", "any"]) if self.odd() else self.random.choice(["none", "length", "chunked"])
        if kind == "none":
            return [], b""
        if kind == "length":
            content = self.content()
            return [b"Content-Length: " + self.pick(b"%d" % len(content), LENGTHS)], content
        if kind == "chunked":
            return [b"Transfer-Encoding: " + self.pick(b"chunked", CODINGS)], self.chunked()
        fields = [b"Content-Length: " + self.random.choice(LENGTHS) for _ in range(self.random.randrange(3))]
        fields += [b"Transfer-Encoding: " + self.random.choice(CODINGS) for _ in range(self.random.randrange(3))]
        if kind == "both":
            fields += [b"Content-Length: 5", b"Transfer-Encoding: chunked"]
        self.random.shuffle(fields)
        return fields, self.chunked() if self.chance(0.6) else self.content()

    def request(self):
        fields, content = self.framing()
        usual = b"POST" if fields else b"GET"
        method = self.pick(usual, METHODS)
        target = self.pick(b"h:80" if method == b"CONNECT" else b"/", TARGETS)
        version = b"HTTP/1.0" if self.chance(0.05) else self.pick(b"HTTP/1.1", VERSIONS)
        if version == b"HTTP/1.0" and self.chance(0.5):
            fields.append(b"Connection: keep-alive")
        line = method + self.pick(b" ", [b"  ", b"\t", b"", b"\x0b"]) + target + self.pick(b" ", [b"  ", b"\t", b"", b" \t"]) + version
        if not self.odd() or self.chance(0.5):
            fields.append(b"Host: " + self.pick(b"h", HOSTS))
        for _ in range(self.random.randrange(3)):
            fields.append(self.random.choice(OTHERS) if self.odd() else self.random.choice([b"A: b", b"X: y", b"Accept: */*"]))
        if fields and self.odd():
            fields.append(self.random.choice(fields))
        self.random.shuffle(fields)
        leading = self.random.choice(LEADING) if self.chance(self.oddness / 2) else b""
        lines = b"".join(part + self.line_end() for part in [line, *fields])
        return leading + lines + self.line_end() + content

    def damage(self, data):
        """One edit of some bytes."""
        at = self.random.randrange(len(data) + 1)
        until = min(len(data), at + self.random.choice([1, 1, 1, 2, 4, 16]))
        edit = self.random.randrange(4)
        if edit == 0:
            return data[:at] + self.random.choice(INTERESTING) + data[at:]
        if edit == 1:
            return data[:at] + self.random.choice(INTERESTING) + data[until:]
        if edit == 2:
            return data[:at] + data[until:]
        return data[:until] + data[at:until] + data[until:]

    def case(self):
        data = b"".join(self.request() for _ in range(self.random.choice([1, 1, 1, 2, 3])))
        if self.chance(0.3):
            for _ in range(self.random.choice([1, 1, 2, 3])):
                data = self.damage(data)
        return data + SENTINEL


def make_case(seed, number):
    return Maker(seed, number).case()
