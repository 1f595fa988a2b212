#include "http/request_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace brilliant::http {
namespace {

std::string Repeat(std::string_view text, size_t times) {
  std::string repeated;
  for (size_t i = 0; i < times; ++i) repeated += text;
  return repeated;
}

// A request with these field lines after a valid request line and Host.
std::string WithFields(std::string_view lines) {
  return "POST /a HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n";
}

class RequestParserTest : public testing::Test {
 protected:
  const RequestHead& ParseGood(std::string_view text) {
    text_ = text;
    parser_.Reset();
    EXPECT_EQ(parser_.Parse(text_), ParseStatus::kDone) << text_ << ": " << parser_.error().reason;
    return parser_.head();
  }

  RequestParser parser_{HeadLimits{}};
  std::string text_;
};

TEST_F(RequestParserTest, ReadsARequestOfABrowser) {
  const RequestHead& head = ParseGood(
      "GET /a/b.html?x=1&y HTTP/1.1\r\nHost: Example.com:8080\r\nUser-Agent:\t Mozilla/5.0 \t\r\nAccept:\r\n"
      "Connection: keep-alive, Upgrade\r\n\r\nrest");
  EXPECT_EQ(head.method, Method::kGet);
  EXPECT_EQ(head.method_name, "GET");
  EXPECT_EQ(head.form, TargetForm::kOrigin);
  EXPECT_EQ(head.target, "/a/b.html?x=1&y");
  EXPECT_EQ(head.path, "/a/b.html");
  EXPECT_EQ(head.query, "x=1&y");
  EXPECT_TRUE(head.has_query);
  EXPECT_EQ(head.host, "Example.com");
  EXPECT_EQ(head.port, 8080);
  EXPECT_EQ(head.version_minor, 1);
  EXPECT_EQ(head.fields.size(), 4U);
  EXPECT_EQ(head.Find("user-agent"), "Mozilla/5.0");
  EXPECT_EQ(head.Find("ACCEPT"), "");
  EXPECT_NE(head.Find("Accept").data(), nullptr);
  EXPECT_EQ(head.Find("Cookie").data(), nullptr);
  EXPECT_EQ(head.framing, Framing::kNone);
  EXPECT_TRUE(head.connection_keep_alive);
  EXPECT_FALSE(head.connection_close);
  EXPECT_FALSE(head.target_needs_encoding);
  EXPECT_EQ(parser_.head_bytes(), text_.size() - 4);
}

TEST_F(RequestParserTest, FindsTheSameWhateverTheSplitsAndWhereverTheBufferMoves) {
  const std::string request =
      "\r\nPOST http://[::1]:81/p%20q?r HTTP/1.1\r\nHost: other\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (size_t split = 0; split < request.size(); ++split) {
    RequestParser parser{HeadLimits{}};
    {
      const std::string first = request.substr(0, split);
      ASSERT_EQ(parser.Parse(first), ParseStatus::kNeedMore) << split;
    }
    const std::string whole = request + "0\r\n\r\n";
    ASSERT_EQ(parser.Parse(whole), ParseStatus::kDone) << split;
    EXPECT_EQ(parser.head_bytes(), request.size());
    EXPECT_EQ(parser.head().host, "[::1]");
    EXPECT_EQ(parser.head().path, "/p%20q");
    EXPECT_EQ(parser.head().Find("a"), "b");
    EXPECT_EQ(parser.head().framing, Framing::kChunked);
  }
}

TEST_F(RequestParserTest, MakesTheViewsAnewForABufferThatMovedAfterwards) {
  const RequestHead& head = ParseGood("GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string moved = text_;
  ASSERT_EQ(parser_.Parse(moved), ParseStatus::kDone);
  EXPECT_EQ(head.path.data(), moved.data() + 4);
  EXPECT_EQ(head.fields[0].value.data(), moved.data() + moved.find("h\r"));
}

TEST_F(RequestParserTest, ForgetsEverythingOnReset) {
  ParseGood(
      "POST http://a:1/?q HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\nExpect: "
      "100-continue\r\n\r\n");
  EXPECT_TRUE(parser_.head().expects_continue);
  const RequestHead& head = ParseGood("GET /\xff HTTP/1.0\r\n\r\n");
  EXPECT_EQ(head.framing, Framing::kNone);
  EXPECT_EQ(head.content_length, 0U);
  EXPECT_FALSE(head.connection_close);
  EXPECT_FALSE(head.expects_continue);
  EXPECT_FALSE(head.has_query);
  EXPECT_TRUE(head.target_needs_encoding);
  EXPECT_EQ(head.host, "");
  EXPECT_EQ(head.port, 0);
  EXPECT_EQ(head.fields.size(), 0U);
  EXPECT_EQ(head.version_minor, 0);
}

TEST_F(RequestParserTest, ReusesItsMemoryForTheNextRequest) {
  const Field* const first = ParseGood(WithFields(Repeat("A: b\r\n", 90))).fields.data();
  EXPECT_EQ(ParseGood(WithFields("")).fields.data(), first);
  EXPECT_EQ(ParseGood(WithFields(Repeat("A: b\r\n", 90))).fields.data(), first);
}

TEST_F(RequestParserTest, KnowsWhetherARequestHasBegun) {
  EXPECT_EQ(parser_.Parse(""), ParseStatus::kNeedMore);
  EXPECT_EQ(parser_.Parse("\r\n\r"), ParseStatus::kNeedMore);
  EXPECT_FALSE(parser_.started());
  EXPECT_EQ(parser_.Parse("\r\n\r\nG"), ParseStatus::kNeedMore);
  EXPECT_TRUE(parser_.started());
}

// RFC 9112 section 3.2.
TEST_F(RequestParserTest, ReadsTheFourFormsOfTargets) {
  struct Case {
    const char* line;
    TargetForm form;
    const char* path;
    const char* query;
    const char* host;
    uint16_t port;
  };
  const Case cases[] = {
      {"GET /", TargetForm::kOrigin, "/", "", "field", 1},
      {"GET /?", TargetForm::kOrigin, "/", "", "field", 1},
      {"GET //x//y?a?b/c", TargetForm::kOrigin, "//x//y", "a?b/c", "field", 1},
      {"GET /[]{}|\\^`!$&'()*+,;=:@~-._%41?[]{}|\\^`%7e", TargetForm::kOrigin, "/[]{}|\\^`!$&'()*+,;=:@~-._%41",
       "[]{}|\\^`%7e", "field", 1},
      {"GET http://target", TargetForm::kAbsolute, "/", "", "target", 0},
      {"GET HTTPS://target:443?q", TargetForm::kAbsolute, "/", "q", "target", 443},
      {"GET http://target:/p", TargetForm::kAbsolute, "/p", "", "target", 0},
      {"OPTIONS http://127.0.0.1:080/p?q", TargetForm::kAbsolute, "/p", "q", "127.0.0.1", 80},
      {"OPTIONS *", TargetForm::kAsterisk, "", "", "field", 1},
      {"CONNECT target:443", TargetForm::kAuthority, "", "", "target", 443},
      {"CONNECT [2001:db8::1]:443", TargetForm::kAuthority, "", "", "[2001:db8::1]", 443},
  };
  for (const Case& c : cases) {
    const RequestHead& head = ParseGood(std::string(c.line) + " HTTP/1.1\r\nHost: field:1\r\n\r\n");
    EXPECT_EQ(head.form, c.form) << c.line;
    EXPECT_EQ(head.path, c.path) << c.line;
    EXPECT_EQ(head.query, c.query) << c.line;
    EXPECT_EQ(head.host, c.host) << c.line;
    EXPECT_EQ(head.port, c.port) << c.line;
    EXPECT_FALSE(head.target_needs_encoding) << c.line;
  }
}

// RFC 9110 section 7.4.
TEST_F(RequestParserTest, MarksTargetsThatAreHttps) {
  EXPECT_TRUE(ParseGood("GET HTTPS://h/ HTTP/1.1\r\nHost: h\r\n\r\n").target_is_https);
  EXPECT_FALSE(ParseGood("GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n").target_is_https);
  EXPECT_FALSE(ParseGood("GET /https://h/ HTTP/1.1\r\nHost: h\r\n\r\n").target_is_https);
}

TEST_F(RequestParserTest, MarksTargetsThatNeedEncoding) {
  for (const char* target : {"/\xc3\xa4", "/a\"b", "/<", "/>", "/?\x80", "/?q=\xff"}) {
    EXPECT_TRUE(ParseGood("GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n").target_needs_encoding)
        << target;
  }
}

// RFC 9110 section 7.2 and RFC 3986 section 3.2.2.
TEST_F(RequestParserTest, ReadsHosts) {
  struct Case {
    const char* value;
    const char* host;
    uint16_t port;
  };
  const Case cases[] = {
      {"a", "a", 0},
      {"a:", "a", 0},
      {"a:0", "a", 0},
      {"a:65535", "a", 65535},
      {"a:00080", "a", 80},
      {"1.2.3.4:5", "1.2.3.4", 5},
      {"[::]", "[::]", 0},
      {"[::ffff:1.2.3.4]:5", "[::ffff:1.2.3.4]", 5},
      {"[v1.a:b]", "[v1.a:b]", 0},
      {"a%2db", "a%2db", 0},
      {"x_y~!$&'()*+,;=", "x_y~!$&'()*+,;=", 0},
  };
  for (const Case& c : cases) {
    const RequestHead& head = ParseGood("GET / HTTP/1.1\r\nHost: " + std::string(c.value) + "\r\n\r\n");
    EXPECT_EQ(head.host, c.host) << c.value;
    EXPECT_EQ(head.port, c.port) << c.value;
  }
  EXPECT_EQ(ParseGood("GET / HTTP/1.0\r\n\r\n").host, "");
  EXPECT_EQ(ParseGood("GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n").host, "a");
}

// RFC 9112 sections 6.1 to 6.3, RFC 9110 section 8.6.
TEST_F(RequestParserTest, FindsTheFramingOfContent) {
  struct Case {
    const char* fields;
    Framing framing;
    uint64_t length;
  };
  const Case cases[] = {
      {"", Framing::kNone, 0},
      {"Content-Length: 0\r\n", Framing::kLength, 0},
      {"content-length: 0042\r\n", Framing::kLength, 42},
      {"Content-Length: 9223372036854775807\r\n", Framing::kLength, 9223372036854775807},
      {"Content-Length: 400, 400\r\n", Framing::kLength, 400},
      {"Content-Length: 7\r\nContent-Length: 7,07\r\n", Framing::kLength, 7},
      {"Transfer-Encoding: chunked\r\n", Framing::kChunked, 0},
      {"TRANSFER-ENCODING: \tCHUNKED\t\r\n", Framing::kChunked, 0},
      // RFC 9110 section 5.6.1.2: empty members of a list are ignored.
      {"Transfer-Encoding:,chunked\r\n", Framing::kChunked, 0},
      {"Transfer-Encoding: ,\t, chunked , ,\r\n", Framing::kChunked, 0},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n", Framing::kChunked, 0},
  };
  for (const Case& c : cases) {
    const RequestHead& head = ParseGood(WithFields(c.fields));
    EXPECT_EQ(head.framing, c.framing) << c.fields;
    EXPECT_EQ(head.content_length, c.length) << c.fields;
  }
}

// RFC 9110 section 10.1.1.
TEST_F(RequestParserTest, RecognisesExpectations) {
  EXPECT_TRUE(ParseGood(WithFields("Expect: 100-Continue\r\nContent-Length: 1\r\n")).expects_continue);
  EXPECT_TRUE(ParseGood(WithFields("Expect: ,100-continue ,\r\nTransfer-Encoding: chunked\r\n")).expects_continue);
  EXPECT_FALSE(ParseGood(WithFields("Expect: 100-continue\r\n")).expects_continue) << "no content";
  EXPECT_FALSE(ParseGood(WithFields("Expect: 100-continue\r\nContent-Length: 0\r\n")).expects_continue);
  const RequestHead& old = ParseGood("POST / HTTP/1.0\r\nExpect: 100-continue, magic\r\nContent-Length: 1\r\n\r\n");
  EXPECT_FALSE(old.expects_continue);
}

// RFC 9110 section 7.6.1.
TEST_F(RequestParserTest, ReadsConnectionOptionsOfAllLines) {
  const RequestHead& both = ParseGood(WithFields("Connection: x, Close\r\nA: b\r\nCONNECTION: ,Keep-Alive,\r\n"));
  EXPECT_TRUE(both.connection_close);
  EXPECT_TRUE(both.connection_keep_alive);
  const RequestHead& neither = ParseGood(WithFields("Connection: closed, keep-alive-not, close x\r\n"));
  EXPECT_FALSE(neither.connection_close);
  EXPECT_FALSE(neither.connection_keep_alive);
}

TEST_F(RequestParserTest, AcceptsWhatTheGrammarAllows) {
  const std::string good[] = {
      "GET / HTTP/1.0\r\n\r\n",
      "GET / HTTP/1.9\r\nHost: h\r\n\r\n",                              // RFC 9110 section 2.5: a higher minor version
      "!#$%&'*+-.^_`|~09azAZ / HTTP/1.1\r\nHost: h\r\n\r\n",            // RFC 9110 section 5.6.2, tchar
      "get / HTTP/1.1\r\nHost: h\r\n\r\n",                              // RFC 9110 section 9.1: unknown, not GET
      "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",                      // RFC 9112 section 2.2
      "GET / HTTP/1.1\r\nHost: h\r\n!#$%&'*+-.^_`|~09azAZ: x\r\n\r\n",  // RFC 9110 section 5.1
      "GET / HTTP/1.1\r\nHost: h\r\nA: \x80\xff a\tb \"(:,;\r\n\r\n",   // RFC 9110 section 5.5, obs-text
      "GET / HTTP/1.1\r\nHost:h\r\nA:\t \t\r\nB:b\r\n\r\n",             // RFC 9112 section 5.1, OWS
  };
  for (const std::string& text : good) ParseGood(text);
  EXPECT_EQ(ParseGood(good[3]).method, Method::kUnknown);
}

struct BadCase {
  std::string text;
  int status;
  size_t offset;
  const char* reason;
};

void ExpectRefused(const BadCase& c) {
  RequestParser parser{HeadLimits{}};
  EXPECT_EQ(parser.Parse(c.text), ParseStatus::kError) << c.text;
  EXPECT_EQ(parser.error().status, c.status) << c.text;
  EXPECT_EQ(parser.error().offset, c.offset) << c.text;
  EXPECT_STREQ(parser.error().reason, c.reason) << c.text;
  EXPECT_EQ(parser.Parse(c.text + "x"), ParseStatus::kError) << "an error stays";

  RequestParser slow{HeadLimits{}};
  ParseStatus status = ParseStatus::kNeedMore;
  for (size_t size = 1; size <= c.text.size() && status == ParseStatus::kNeedMore; ++size) {
    status = slow.Parse(std::string_view(c.text).substr(0, size));
  }
  EXPECT_EQ(status, ParseStatus::kError) << c.text;
  EXPECT_STREQ(slow.error().reason, c.reason) << "byte by byte: " << c.text;
}

// RFC 9112 sections 2.2, 2.3 and 3.
TEST_F(RequestParserTest, RefusesMalformedRequestLines) {
  const char* const kVersion = "This server speaks HTTP/1.1 and HTTP/1.0 only.";  // RFC 9110 section 15.6.6
  const BadCase cases[] = {
      {"\x16\x03\x01", 400, 0, "TLS handshake on a plain HTTP port"},
      {"\x80", 400, 0, "first byte that cannot begin a request"},
      {" GET / HTTP/1.1\r\n", 400, 0, "first byte that cannot begin a request"},
      {std::string(1, '\0'), 400, 0, "first byte that cannot begin a request"},
      {"\nGET", 400, 0, "LF without CR"},
      {"\rG", 400, 0, "CR without LF"},
      {"\r\n\r\n\r\nGET", 400, 4, "empty lines instead of a request line"},
      {"GET\r\n", 400, 3, "method that isn't followed by a space and a target"},
      {"GE(T / HTTP/1.1\r\n", 400, 2, "method that isn't followed by a space and a target"},
      {std::string(33, 'M'), 501, 0, "method above the limit"},
      {"GET  / HTTP/1.1\r\n", 400, 4, "empty request target"},
      {"GET /\r\n", 400, 5, "request line without an HTTP version"},
      {"GET /\n", 400, 5, "request line without an HTTP version"},
      {"GET /\t HTTP/1.1\r\n", 400, 5, "control character in the request target"},
      {"GET /a\x7f HTTP/1.1\r\n", 400, 6, "control character in the request target"},
      {std::string("GET /a\0 HTTP/1.1\r\n", 18), 400, 6, "control character in the request target"},
      {"GET /a#b HTTP/1.1\r\n", 400, 6, "fragment in the request target"},
      {"GET /a b HTTP/1.1\r\n", 400, 7, "malformed HTTP version, or a space in the request target"},
      {"GET /  HTTP/1.1\r\n", 400, 6, "malformed HTTP version, or a space in the request target"},
      {"GET / http/1.1\r\n", 400, 6, "malformed HTTP version, or a space in the request target"},
      {"GET / \r\n", 400, 6, "malformed HTTP version, or a space in the request target"},
      {"GET / HTTP/1\r\n", 400, 12, "malformed HTTP version"},
      {"GET / HTTP/01.1\r\n", 400, 12, "malformed HTTP version"},
      {"GET / HTTP/1.x\r\n", 400, 13, "malformed HTTP version"},
      {"GET / HTTP/1.10\r\n", 400, 14, "request line that doesn't end with CR LF after the version"},
      {"GET / HTTP/1.1 \r\n", 400, 14, "request line that doesn't end with CR LF after the version"},
      {"GET / HTTP/1.1\n", 400, 14, "request line that doesn't end with CR LF after the version"},
      {"GET / HTTP/1.1\r\r\n", 400, 15, "request line that doesn't end with CR LF after the version"},
      {"GET / HTTP/0.9\r\n", 505, 6, kVersion},
      {"GET / HTTP/2.0\r\n", 505, 6, kVersion},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, 6, kVersion},
  };
  for (const BadCase& c : cases) ExpectRefused(c);
}

// RFC 9112 section 3.2, RFC 9110 sections 4.2.1, 4.2.4, 9.3.6, RFC 3986.
TEST_F(RequestParserTest, RefusesMalformedTargets) {
  const char* const kNoForm = "request target that is neither a path nor an http or https URI";
  const char* const kPercent = "malformed percent-encoding in the request target";
  const BadCase cases[] = {
      {"GET a HTTP/1.1\r\n", 400, 4, kNoForm},
      {"GET ?a HTTP/1.1\r\n", 400, 4, kNoForm},
      {"GET h:80 HTTP/1.1\r\n", 400, 4, kNoForm},
      {"GET http:a HTTP/1.1\r\n", 400, 4, kNoForm},
      {"GET http:/a HTTP/1.1\r\n", 400, 4, kNoForm},
      {"GET ftp://h/ HTTP/1.1\r\n", 400, 4, kNoForm},
      {"GET ** HTTP/1.1\r\n", 400, 4, kNoForm},
      {"GET * HTTP/1.1\r\n", 400, 4, "asterisk-form with a method other than OPTIONS"},
      {"GET http:// HTTP/1.1\r\n", 400, 11, "request target without a host"},
      {"GET http:///a HTTP/1.1\r\n", 400, 11, "request target without a host"},
      {"GET http://:80/ HTTP/1.1\r\n", 400, 11, "request target without a host"},
      {"GET http://u@h/ HTTP/1.1\r\n", 400, 12, "userinfo in an authority"},
      {"GET http://u:p@h/ HTTP/1.1\r\n", 400, 14, "userinfo in an authority"},
      {"GET http://h\\x/ HTTP/1.1\r\n", 400, 12, "byte that is not allowed in a host name"},
      {"GET http://\xff/ HTTP/1.1\r\n", 400, 11, "byte that is not allowed in a host name"},
      {"GET http://h:99999/ HTTP/1.1\r\n", 400, 17, "port above 65535"},
      {"GET /% HTTP/1.1\r\n", 400, 5, kPercent},
      {"GET /%1 HTTP/1.1\r\n", 400, 5, kPercent},
      {"GET /%41%zz HTTP/1.1\r\n", 400, 8, kPercent},
      {"GET /?100% HTTP/1.1\r\n", 400, 9, kPercent},
      {"CONNECT / HTTP/1.1\r\n", 400, 8, "byte that is not allowed in a host name"},
      {"CONNECT h HTTP/1.1\r\n", 400, 8, "CONNECT without host and port"},
      {"CONNECT h: HTTP/1.1\r\n", 400, 8, "CONNECT without host and port"},
      {"CONNECT :80 HTTP/1.1\r\n", 400, 8, "CONNECT without host and port"},
      {"CONNECT http://h:80 HTTP/1.1\r\n", 400, 13, "port that is not a number"},
  };
  for (const BadCase& c : cases) ExpectRefused(c);
}

// RFC 9112 sections 2.2, 5, 5.1 and 5.2, RFC 9110 section 5.5. Offsets count from the request line, 18 bytes.
TEST_F(RequestParserTest, RefusesMalformedFieldLines) {
  const auto line = [](std::string_view text) { return "POST /a HTTP/1.1\r\n" + std::string(text) + "\r\n\r\n"; };
  const char* const kName = "byte that is not allowed in a field name";
  const char* const kBlank = "blank in or after a field name";
  const char* const kFold = "field line that begins with a blank (obsolete line folding)";
  const BadCase cases[] = {
      {line("Host : h"), 400, 22, kBlank},
      {line("Host\t: h"), 400, 22, kBlank},
      {line("Ho st: h"), 400, 20, kBlank},
      {line(" Host: h"), 400, 18, kFold},
      {line("Host: h\r\n folded"), 400, 27, kFold},
      {line("Host: h\r\n\tfolded"), 400, 27, kFold},
      {line(": h"), 400, 18, "empty field name"},
      {line("Host"), 400, 22, "field line without a colon"},
      {line("H(st: h"), 400, 19, kName},
      {line("\x80: h"), 400, 18, kName},
      {line("\"a\": h"), 400, 18, kName},
      {line(std::string("A\0: h", 5)), 400, 19, kName},
      {line("A: b\nC: d"), 400, 22, "LF without CR"},
      {"POST /a HTTP/1.1\r\nHost: h\r\n\n", 400, 27, "LF without CR"},
      {line("A: b\rC: d"), 400, 22, "CR without LF in a field line"},
      {line("A: b\r"), 400, 22, "CR without LF in a field line"},
      {line("A\rB: c"), 400, 19, "CR without LF in a field line"},
      {line("\rB: c"), 400, 18, "CR without LF in a field line"},
      {line(std::string("A: b\0", 5)), 400, 22, "NUL in a field value"},
      {line("A: 12345678\x01"), 400, 29, "control character in a field value"},
      {line("A: 1234567\x7f"
            "9"),
       400, 28, "control character in a field value"},
      {line("A: \x1f"), 400, 21, "control character in a field value"},
      {line("A: \x1b[31m"), 400, 21, "control character in a field value"},
  };
  for (const BadCase& c : cases) ExpectRefused(c);
}

// RFC 9112 section 3.2: 400 for a missing, repeated or invalid Host, whatever the form of the target.
TEST_F(RequestParserTest, RefusesRequestsWithoutOneValidHost) {
  const BadCase cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", 400, 16, "HTTP/1.1 request without a Host field"},
      {"GET http://h/ HTTP/1.1\r\n\r\n", 400, 24, "HTTP/1.1 request without a Host field"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400, 31, "more than one Host field"},
      {"GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n", 400, 31, "more than one Host field"},
      {"GET / HTTP/1.1\r\nHost:\r\n", 400, 21, "empty host"},
      {"GET / HTTP/1.0\r\nHost: \r\n", 400, 22, "empty host"},
      {"GET / HTTP/1.1\r\nHost: :80\r\n", 400, 22, "empty host"},
      {"OPTIONS * HTTP/1.1\r\nHost:\r\n", 400, 25, "empty host"},
      {"GET / HTTP/1.1\r\nHost: a b\r\n", 400, 23, "byte that is not allowed in a host name"},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n", 400, 23, "byte that is not allowed in a host name"},
      {"GET / HTTP/1.1\r\nHost: a, b\r\n", 400, 24, "byte that is not allowed in a host name"},
      {"GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n", 400, 22, "byte that is not allowed in a host name"},
      {"GET / HTTP/1.1\r\nHost: u@h\r\n", 400, 23, "userinfo in an authority"},
      {"GET / HTTP/1.1\r\nHost: a:65536\r\n", 400, 28, "port above 65535"},
      {"GET / HTTP/1.1\r\nHost: a:-1\r\n", 400, 24, "port that is not a number"},
      {"GET / HTTP/1.1\r\nHost: a:8x\r\n", 400, 25, "port that is not a number"},
      {"GET / HTTP/1.1\r\nHost: ::1\r\n", 400, 23, "port that is not a number"},
      {"GET / HTTP/1.1\r\nHost: [::1\r\n", 400, 22, "IP literal without a closing bracket"},
      {"GET / HTTP/1.1\r\nHost: [::g]\r\n", 400, 23, "malformed IP literal"},
      {"GET / HTTP/1.1\r\nHost: []\r\n", 400, 23, "malformed IP literal"},
      {"GET / HTTP/1.1\r\nHost: [1.2.3.4]\r\n", 400, 23, "malformed IP literal"},
      {"GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n", 400, 23, "malformed IP literal"},
      {"GET / HTTP/1.1\r\nHost: [v1.]\r\n", 400, 23, "malformed IP literal"},
      {"GET / HTTP/1.1\r\nHost: [::1]x\r\n", 400, 27, "byte that is not allowed in a host name"},
      {"GET / HTTP/1.1\r\nHost: a%2\r\n", 400, 23, "malformed percent-encoding in a host name"},
      {"GET http://h/ HTTP/1.1\r\nHost: a b\r\n", 400, 31, "byte that is not allowed in a host name"},
  };
  for (const BadCase& c : cases) ExpectRefused(c);
}

// RFC 9112 sections 6.1 and 6.3, RFC 9110 section 8.6. Values begin after 27 bytes and the field name.
TEST_F(RequestParserTest, RefusesAmbiguousFraming) {
  const char* const kNumber = "Content-Length that is no number below 2^63";
  const char* const kMalformed = "malformed Transfer-Encoding";
  const char* const kNotLast = "transfer coding that doesn't end with chunked";
  const char* const kLengthAndEncoding = "Transfer-Encoding together with Content-Length";
  const auto length = [](std::string_view value) {
    return WithFields("Content-Length:" + std::string(value) + "\r\n");
  };
  const auto encoding = [](std::string_view value) {
    return WithFields("Transfer-Encoding:" + std::string(value) + "\r\n");
  };
  const BadCase cases[] = {
      {length(""), 400, 42, "empty Content-Length"},
      {length("+1"), 400, 42, kNumber},
      {length("-1"), 400, 42, kNumber},
      {length("0x1"), 400, 42, kNumber},
      {length("1 2"), 400, 42, kNumber},
      {length("1."), 400, 42, kNumber},
      {length("1,"), 400, 42, kNumber},
      {length(",1"), 400, 42, kNumber},
      {length("1,,1"), 400, 42, kNumber},
      {length("9223372036854775808"), 400, 42, kNumber},
      {length("18446744073709551617"), 400, 42, kNumber},
      {length("\"1\""), 400, 42, kNumber},
      {length("1,2"), 400, 42, "Content-Length values that differ"},
      {WithFields("Content-Length:1\r\nContent-Length:2\r\n"), 400, 60, "Content-Length values that differ"},
      {WithFields("Content-Length:1\r\nTransfer-Encoding:chunked\r\n"), 400, 63, kLengthAndEncoding},
      {WithFields("Transfer-Encoding:chunked\r\nContent-Length:1\r\n"), 400, 69,
       "Content-Length together with Transfer-Encoding"},
      {encoding(""), 400, 45, kNotLast},
      {encoding(","), 400, 45, kNotLast},
      {encoding(";"), 400, 46, kMalformed},
      {encoding("chunked,;a=b"), 400, 57, kMalformed},
      {encoding("chunked,, chunked"), 400, 55, "chunked coding applied twice"},
      {encoding("chunked chunked"), 400, 53, kMalformed},
      {encoding("\"chunked\""), 400, 45, kMalformed},
      {encoding("chunked;"), 400, 45, "parameters on the chunked coding"},
      {encoding("chunked ; a=b"), 400, 45, "parameters on the chunked coding"},
      {encoding("chunked, chunked"), 400, 54, "chunked coding applied twice"},
      {WithFields("Transfer-Encoding:chunked\r\nTransfer-Encoding:chunked\r\n"), 400, 72,
       "chunked coding applied twice"},
      {encoding("gzip"), 400, 45, kNotLast},
      {encoding("identity"), 400, 45, kNotLast},
      {encoding("xchunked"), 400, 45, kNotLast},
      {encoding("chunked, gzip"), 400, 45, kNotLast},
      {WithFields("Transfer-Encoding:chunked\r\nTransfer-Encoding:identity\r\n"), 400, 72, kNotLast},
      {encoding("gzip, chunked"), 501, 45, "transfer coding other than chunked"},
      {encoding("gzip;a=\"x,chunked\\\",\";b, chunked"), 501, 45, "transfer coding other than chunked"},
      {"POST / HTTP/1.0\r\nTransfer-Encoding:chunked\r\n\r\n", 400, 35, "Transfer-Encoding in an HTTP/1.0 request"},
  };
  for (const BadCase& c : cases) ExpectRefused(c);
}

// RFC 9110 section 10.1.1.
TEST_F(RequestParserTest, RefusesUnknownExpectations) {
  ExpectRefused({WithFields("Expect: magic\r\n"), 417, 35, "expectation other than 100-continue"});
  ExpectRefused({WithFields("Expect: 100-continue, a=b\r\n"), 417, 35, "expectation other than 100-continue"});
}

TEST_F(RequestParserTest, HoldsTheTargetLimitWhileTheTargetIsStillIncomplete) {
  RequestParser parser{HeadLimits{.target_bytes_max = 100}};
  EXPECT_EQ(parser.Parse("GET /" + std::string(99, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"), ParseStatus::kDone);
  parser.Reset();
  EXPECT_EQ(parser.Parse("GET /" + std::string(99, 'a')), ParseStatus::kNeedMore);
  EXPECT_EQ(parser.Parse("GET /" + std::string(100, 'a')), ParseStatus::kError);
  EXPECT_EQ(parser.error().status, 414);
  EXPECT_EQ(parser.error().offset, 4U);
}

TEST_F(RequestParserTest, HoldsTheHeadLimitWhileTheHeadIsStillIncomplete) {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(100, 'a') + "\r\n\r\n";
  RequestParser fits{HeadLimits{.head_bytes_max = head.size()}};
  EXPECT_EQ(fits.Parse(head + "body"), ParseStatus::kDone);
  RequestParser tight{HeadLimits{.head_bytes_max = head.size() - 1}};
  const std::string_view incomplete(head);
  EXPECT_EQ(tight.Parse(incomplete.substr(0, head.size() - 2)), ParseStatus::kNeedMore);
  EXPECT_EQ(tight.Parse(incomplete.substr(0, head.size() - 1)), ParseStatus::kError);
  EXPECT_EQ(tight.error().status, 431);
  EXPECT_EQ(tight.head().target, "/") << "for the access log";
}

TEST_F(RequestParserTest, HoldsTheFieldLimitBeforeTheLineIsComplete) {
  RequestParser parser{HeadLimits{.fields_max = 3}};
  const std::string three = "GET / HTTP/1.1\r\nHost: h\r\n" + Repeat("A: b\r\n", 2);
  EXPECT_EQ(parser.Parse(three + "\r\n"), ParseStatus::kDone);
  parser.Reset();
  EXPECT_EQ(parser.Parse(three), ParseStatus::kNeedMore);
  EXPECT_EQ(parser.Parse(three + "A"), ParseStatus::kError);
  EXPECT_EQ(parser.error().status, 431);
  EXPECT_EQ(parser.error().offset, three.size());
}

TEST_F(RequestParserTest, KeepsMethodAndTargetOfARefusedRequest) {
  EXPECT_EQ(parser_.Parse("HEAD /x HTTP/1.1\r\nA\r\n"), ParseStatus::kError);
  EXPECT_EQ(parser_.head().method, Method::kHead);
  EXPECT_EQ(parser_.head().method_name, "HEAD");
  EXPECT_EQ(parser_.head().target, "/x");
}

}  // namespace
}  // namespace brilliant::http
