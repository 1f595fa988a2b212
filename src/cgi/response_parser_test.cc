#include "cgi/response_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"

namespace brilliant::cgi {
namespace {

using namespace std::string_view_literals;
using testing::Test;

std::string Repeat(std::string_view text, size_t times) {
  std::string repeated;
  for (size_t i = 0; i < times; ++i) repeated += text;
  return repeated;
}

std::string Render(const http::FieldList& fields) {
  std::string text;
  http::AppendFieldLines(text, fields);
  return text;
}

// The names of what was left out, in order.
std::string LeftOut(const ScriptResponse& response) {
  std::string names;
  for (const LeftOutField& field : response.left_out) names += (names.empty() ? "" : " ") + field.name;
  return names;
}

class ResponseParserTest : public Test {
 protected:
  // What the output, which has a whole head, means.
  ScriptResponse Good(std::string_view output, OutputForm form = OutputForm::kParsedHeader) {
    ResponseParser parser(form);
    const OutputStep step = parser.Next(output);
    EXPECT_EQ(step.status, OutputStatus::kDone) << output << "\n" << Describe(parser.fault());
    content_ = output.substr(std::min(step.consumed, output.size()));
    return parser.response();
  }
  ScriptResponse GoodNonParsed(std::string_view output) { return Good(output, OutputForm::kNonParsedHeader); }

  // Why it is refused, at the latest at its end.
  OutputFault Bad(std::string_view output, OutputForm form = OutputForm::kParsedHeader) {
    ResponseParser parser(form);
    const OutputStep step = parser.Next(output);
    EXPECT_NE(step.status, OutputStatus::kDone) << output;
    if (step.status == OutputStatus::kDone) return OutputFault();
    if (step.status == OutputStatus::kNeedMore) parser.End();
    EXPECT_NE(std::string_view(parser.fault().reason), "") << output;
    EXPECT_LE(parser.fault().offset, output.size()) << output;
    return parser.fault();
  }

  std::string content_;
};

// ---- RFC 3875 section 6.2: the four kinds ----

// Section 6.2.1.
TEST_F(ResponseParserTest, DocumentResponse) {
  const ScriptResponse response = Good("Content-Type: text/html; charset=x\nX-A: b\n\n<p>\n\nhi");
  EXPECT_EQ(response.kind, ResponseKind::kDocument);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.reason_phrase, "");
  EXPECT_EQ(Render(response.fields), "Content-Type: text/html; charset=x\r\nX-A: b\r\n");
  EXPECT_EQ(content_, "<p>\n\nhi");
  EXPECT_FALSE(response.content_length.has_value());
  EXPECT_EQ(LeftOut(response), "");
}

// Section 6.2.1 and 6.3.3: the status is optional, and not passed on as a field.
TEST_F(ResponseParserTest, DocumentWithStatus) {
  const ScriptResponse response = Good("Status: 404 Nicht da\nContent-Type: text/plain\n\nx");
  EXPECT_EQ(response.kind, ResponseKind::kDocument);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.reason_phrase, "Nicht da");
  EXPECT_EQ(Render(response.fields), "Content-Type: text/plain\r\n");
}

// Section 6.3.1: without a Content-Type none is made up.
TEST_F(ResponseParserTest, StatusAloneIsEnough) {
  const ScriptResponse response = Good("Status: 304\nETag: \"a\"\n\n");
  EXPECT_EQ(response.kind, ResponseKind::kDocument);
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(Render(response.fields), "ETag: \"a\"\r\n");
  EXPECT_EQ(Render(Good("Status: 200 OK\n\nx").fields), "");
}

// Section 6.2.2.
TEST_F(ResponseParserTest, LocalRedirect) {
  const ScriptResponse response = Good("Location: /a b/../c?d=e\n\nignored");
  EXPECT_EQ(response.kind, ResponseKind::kLocalRedirect);
  EXPECT_EQ(response.location, "/a%20b/../c?d=e");
  EXPECT_TRUE(response.fields.empty());
  // What is left out or says that there is nothing doesn't count.
  EXPECT_EQ(Good("X-CGI-A: b\nLocation: /c\nDate: d\nContent-Length: 0\nServer: s\nX-A:\nConnection: close\n\n").kind,
            ResponseKind::kLocalRedirect);
}

// Section 6.2.2: a local redirect has no other field. With others, the client is meant, and loses nothing.
TEST_F(ResponseParserTest, PathWithOtherFieldsIsForTheClient) {
  const ScriptResponse cookie = Good("Set-Cookie: a=b\nLocation: /c\n\n");
  EXPECT_EQ(cookie.kind, ResponseKind::kClientRedirect);
  EXPECT_EQ(cookie.status, 302);
  EXPECT_EQ(Render(cookie.fields), "Set-Cookie: a=b\r\nLocation: /c\r\n");
  EXPECT_EQ(Good("Location: /c\nContent-Type: text/html\n\nx").kind, ResponseKind::kClientRedirectWithDocument);
  EXPECT_EQ(Good("Location: /c\nContent-Length: 1\n\nx").kind, ResponseKind::kClientRedirect);
  EXPECT_EQ(Good("Location: /c\nX-Sendfile: /x\n\nx").kind, ResponseKind::kClientRedirect);
  EXPECT_EQ(Good("Location: /c#d\n\n").kind, ResponseKind::kClientRedirect) << "the client alone knows fragments";
}

// Section 6.2.3: 302.
TEST_F(ResponseParserTest, ClientRedirect) {
  const ScriptResponse response = Good("Location: https://h.example/a b#c\nX-CGI-X: y\n\nignored");
  EXPECT_EQ(response.kind, ResponseKind::kClientRedirect);
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(Render(response.fields), "Location: https://h.example/a%20b#c\r\n");
  EXPECT_EQ(LeftOut(response), "X-CGI-X");
  EXPECT_FALSE(Good("Location: http://h/\nContent-Length: 7\n\nignored").content_length.has_value());
}

// Section 6.2.4: with the script's status if it is a redirection, else 302.
TEST_F(ResponseParserTest, ClientRedirectWithDocument) {
  const ScriptResponse response =
      Good("Status: 303 Look there\nLocation: http://h/\nContent-Type: text/html\nContent-Length: 2\n\nhi");
  EXPECT_EQ(response.kind, ResponseKind::kClientRedirectWithDocument);
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(response.reason_phrase, "Look there");
  EXPECT_EQ(Render(response.fields), "Location: http://h/\r\nContent-Type: text/html\r\n");
  EXPECT_EQ(response.content_length, 2U);
  EXPECT_EQ(Good("Location: http://h/\nContent-Type: a/b\n\n").status, 302);
  EXPECT_EQ(Good("Status: 301\nLocation: http://h/\n\n").kind, ResponseKind::kClientRedirect);
}

// What php-cgi prints for header("Location: x"): a status, and a path or a relative reference (RFC 9110
// section 10.2.2).
TEST_F(ResponseParserTest, WithAStatusAnyReferenceIsForTheClient) {
  for (const char* location : {"/x", "x.php?a", "?a", "//h.example/x", "../x"}) {
    const ScriptResponse response =
        Good("Status: 302 Found\nLocation: " + std::string(location) + "\nContent-type: text/html\n\n");
    EXPECT_EQ(response.kind, ResponseKind::kClientRedirectWithDocument) << location;
    EXPECT_EQ(response.fields.Find("Location"), location);
  }
}

// RFC 9110 section 15.3.2: Location of what was created.
TEST_F(ResponseParserTest, LocationOfADocument) {
  const ScriptResponse response = Good("Status: 201\nLocation: /new\nContent-Type: a/b\n\nx");
  EXPECT_EQ(response.kind, ResponseKind::kDocument);
  EXPECT_EQ(Render(response.fields), "Location: /new\r\nContent-Type: a/b\r\n");
  EXPECT_EQ(Good("Status: 304\nLocation: /new\n\n").kind, ResponseKind::kDocument);
}

// ---- Sections 6.3 and 7.2: syntax ----

TEST_F(ResponseParserTest, LineEndsMayBeMixed) {
  for (const char* output : {"Content-Type: a/b\nX: y\n\n\r\nz", "Content-Type: a/b\r\nX: y\r\n\r\n\r\nz",
                             "Content-Type: a/b\r\nX: y\n\r\n\r\nz", "Content-Type: a/b\nX: y\r\n\n\r\nz"}) {
    EXPECT_EQ(Render(Good(output).fields), "Content-Type: a/b\r\nX: y\r\n") << output;
    EXPECT_EQ(content_, "\r\nz");
  }
}

TEST_F(ResponseParserTest, NamesHaveNoCaseAndValuesNoBlanksAround) {
  const ScriptResponse response = Good("CONTENT-type:a/b\nstatus: \t 500 \t\nX-a:  b\tc \xe4 \n\n");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(Render(response.fields), "CONTENT-type: a/b\r\nX-a: b\tc \xe4\r\n");
}

// Section 6.3: a null value is as if the field were not there.
TEST_F(ResponseParserTest, EmptyFieldsAreNotSent) {
  const ScriptResponse response = Good("Content-Type: a/b\nStatus:\nLocation: \nETag:\nX: \t\n\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Render(response.fields), "Content-Type: a/b\r\n");
  EXPECT_EQ(LeftOut(response), "Status Location ETag X");
  EXPECT_EQ(Bad("Content-Type:\nX: y\n\n").kind, OutputFaultKind::kNoCgiField);
}

TEST_F(ResponseParserTest, TheOutcomeDoesNotDependOnTheSplits) {
  const std::string head = "Status: 404 Gone\r\nContent-Type: a/b\nX: y\r\n\r\n";
  for (size_t split = 0; split < head.size(); ++split) {
    ResponseParser parser(OutputForm::kParsedHeader);
    const OutputStep first = parser.Next(std::string_view(head).substr(0, split));
    ASSERT_EQ(first.status, OutputStatus::kNeedMore) << split;
    ASSERT_EQ(first.consumed, split);
    const std::string rest = head.substr(split) + "\ncontent";
    const OutputStep second = parser.Next(rest);
    ASSERT_EQ(second.status, OutputStatus::kDone) << split;
    EXPECT_EQ(rest.substr(second.consumed), "\ncontent");
    EXPECT_EQ(parser.response(), Good(head));
  }
}

// ---- Section 6.3.4: fields that the server decides ----

TEST_F(ResponseParserTest, WhatIsBetweenServerAndClientIsLeftOut) {
  const ScriptResponse response = Good(
      "Content-Type: a/b\nConnection: X-Hop, close , content-type\nX-Hop: 1\nKeep-Alive: timeout=5\nx-hop: 2\n"
      "Proxy-Connection: close\nTE: trailers\nTrailer: X\nTransfer-Encoding: chunked\nUpgrade: h2c\nX-B: c\n"
      "Date: Thu, 01 Jan 1970 00:00:00 GMT\nServer: x\nX-Cgi-Foo: 1\n\n5\r\nhello\r\n0\r\n\r\n");
  EXPECT_EQ(Render(response.fields), "Content-Type: a/b\r\nX-B: c\r\n");
  EXPECT_EQ(
      LeftOut(response),
      "Connection X-Hop Keep-Alive x-hop Proxy-Connection TE Trailer Transfer-Encoding Upgrade Date Server X-Cgi-Foo");
  EXPECT_FALSE(response.content_is_chunked);
}

TEST_F(ResponseParserTest, FieldsThatMayRepeatDoInOrder) {
  const std::string lines = "Set-Cookie: a=1\r\nLink: <x>\r\nSet-Cookie: b=2\r\nVary: a\r\nVary: b\r\n";
  EXPECT_EQ(Render(Good("Content-Type: a/b\n" + lines + "\n").fields), "Content-Type: a/b\r\n" + lines);
}

// RFC 9110 section 5.3.
TEST_F(ResponseParserTest, OfSingletonsTheFirstCounts) {
  for (const char* name : {"ETag", "Last-Modified", "Expires", "Age", "Retry-After", "Content-Range",
                           "Content-Location", "Content-Disposition"}) {
    const std::string field(name);
    const ScriptResponse response =
        Good("Status: 200\n" + field + ": 1\n" + ToLower(field) + ": 2\n" + field + ": 1\n\n");
    EXPECT_EQ(Render(response.fields), field + ": 1\r\n");
    EXPECT_EQ(response.left_out.size(), 2U) << name;
  }
}

// Section 6.3: each CGI-field at most once.
TEST_F(ResponseParserTest, CgiFieldsAreNotRepeated) {
  EXPECT_EQ(Bad("Content-Type: a/b\ncontent-type: a/c\n\n").kind, OutputFaultKind::kDuplicateField);
  EXPECT_EQ(Bad("Status: 200\nStatus: 404\n\n").kind, OutputFaultKind::kDuplicateField);
  EXPECT_EQ(Bad("Location: /a\nLocation: /b\n\n").kind, OutputFaultKind::kDuplicateField);
  const ScriptResponse response = Good("Content-Type: a/b\nStatus: 404\nContent-type: a/b\nStatus: 404\n\n");
  EXPECT_EQ(Render(response.fields), "Content-Type: a/b\r\n");
  EXPECT_EQ(LeftOut(response), "Content-type Status");
}

// RFC 9110 section 8.6, RFC 9112 section 6.3.
TEST_F(ResponseParserTest, ContentLengthIsTakenOutIfItIsOne) {
  struct Case {
    const char* lines;
    std::optional<uint64_t> length;
  };
  const Case cases[] = {
      {"Content-Length: 0\n", 0},
      {"content-length: 0042\n", 42},
      {"Content-Length: 9223372036854775807\n", 9223372036854775807U},
      {"Content-Length: 5\nContent-Length: 5\n", 5},
      {"Content-Length: 5, 5\n", 5},
      {"Content-Length: 5\nContent-Length: 6\n", {}},
      {"Content-Length: 5, 6\n", {}},
      {"Content-Length: x\nContent-Length: 6\n", {}},
      {"Content-Length: 5\nContent-Length: x\nContent-Length: 5\n", {}},
      {"Content-Length: 9223372036854775808\n", {}},
      {"Content-Length: -1\n", {}},
      {"Content-Length: +1\n", {}},
      {"Content-Length: 1 2\n", {}},
      {"Content-Length: 0x10\n", {}},
      {"Content-Length: 5,\n", {}},
      {"Content-Length: 5;\n", {}},
      {"Content-Length:\n", {}},
  };
  for (const Case& c : cases) {
    const ScriptResponse response = Good("Content-Type: a/b\n" + std::string(c.lines) + "\nx");
    EXPECT_EQ(response.content_length, c.length) << c.lines;
    EXPECT_EQ(response.left_out.empty(), c.length.has_value()) << c.lines;
    EXPECT_EQ(Render(response.fields), "Content-Type: a/b\r\n") << c.lines;
  }
}

TEST_F(ResponseParserTest, SendFileIsNeverPassedOn) {
  const ScriptResponse response = Good("Content-Type: a/b\nx-sendfile: /srv/f\nX-Sendfile: /etc/passwd\n\n");
  EXPECT_EQ(response.send_file, "/srv/f");
  EXPECT_EQ(Render(response.fields), "Content-Type: a/b\r\n");
  EXPECT_EQ(LeftOut(response), "X-Sendfile");
}

TEST_F(ResponseParserTest, AFileBringsItsOwnType) {
  const ScriptResponse response = Good("X-Sendfile: /srv/f\n\n");
  EXPECT_EQ(response.kind, ResponseKind::kDocument);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.send_file, "/srv/f");
}

// ---- A whole response where a header is expected ----

TEST_F(ResponseParserTest, AStatusLineCountsAsStatus) {
  const ScriptResponse response = Good("HTTP/1.0 404 Not here\r\nContent-Type: a/b\r\n\r\nx");
  EXPECT_EQ(response.kind, ResponseKind::kDocument);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.reason_phrase, "Not here");
  EXPECT_EQ(Good("HTTP/1.1 204 No Content\n\n").status, 204);
  EXPECT_EQ(Good("HTTP/1.1 302 Found\nLocation: /x\n\n").kind, ResponseKind::kClientRedirect);
  EXPECT_EQ(Good("HTTP/1.1 404 a\nStatus: 404 b\n\n").reason_phrase, "b");
  EXPECT_EQ(Bad("HTTP/1.1 404 a\nStatus: 200\n\n").kind, OutputFaultKind::kDuplicateField);
  EXPECT_EQ(Bad("HTTP/1.1 100 Continue\n\n").kind, OutputFaultKind::kBadStatus);
  EXPECT_EQ(Bad("Content-Type: a/b\nHTTP/1.1 200 OK\n\n").kind, OutputFaultKind::kNotAField) << "the first line only";
}

// ---- Section 5: nph- scripts ----

// Section 5.2: a complete HTTP response.
TEST_F(ResponseParserTest, NonParsedHeader) {
  const ScriptResponse response = GoodNonParsed(
      "HTTP/1.1 203 Fine so\r\nContent-Type: a/b\r\nContent-Length: 2\r\nConnection: close\r\n"
      "Date: x\r\nStatus: 404\r\nX: y\r\n\r\nhi");
  EXPECT_EQ(response.kind, ResponseKind::kDocument);
  EXPECT_EQ(response.status, 203);
  EXPECT_EQ(response.reason_phrase, "Fine so");
  EXPECT_EQ(response.content_length, 2U);
  EXPECT_EQ(Render(response.fields), "Content-Type: a/b\r\nX: y\r\n");
  EXPECT_EQ(LeftOut(response), "Connection Date Status");
  EXPECT_EQ(content_, "hi");
  EXPECT_EQ(GoodNonParsed("HTTP/1.0 200\n\n").status, 200) << "no CGI-field is needed";
}

// There are no local redirects without a parsed header: the response is the client's.
TEST_F(ResponseParserTest, NonParsedHeaderRedirectsClientsOnly) {
  const ScriptResponse response = GoodNonParsed("HTTP/1.1 302 Found\nLocation: /a b\n\nx");
  EXPECT_EQ(response.kind, ResponseKind::kDocument);
  EXPECT_EQ(Render(response.fields), "Location: /a%20b\r\n");
}

// RFC 9112 sections 6.1 and 6.3.
TEST_F(ResponseParserTest, NonParsedHeaderMayBeChunked) {
  const ScriptResponse response =
      GoodNonParsed("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n");
  EXPECT_TRUE(response.content_is_chunked);
  EXPECT_FALSE(response.content_length.has_value());
  EXPECT_TRUE(response.fields.empty());
  for (const char* coding : {"gzip", "gzip, chunked", "chunked, chunked", "chunked;a=b", "identity", "xchunked"}) {
    EXPECT_EQ(
        Bad("HTTP/1.1 200 OK\nTransfer-Encoding: " + std::string(coding) + "\n\n", OutputForm::kNonParsedHeader).kind,
        OutputFaultKind::kBadCoding)
        << coding;
  }
  EXPECT_EQ(
      Bad("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n", OutputForm::kNonParsedHeader)
          .kind,
      OutputFaultKind::kBadCoding);
}

TEST_F(ResponseParserTest, NonParsedHeaderNeedsAStatusLine) {
  for (const char* output :
       {"Content-Type: a/b\n\nx", "\n", "HTTP/1.1\n\n", "HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\n\n",
        "HTTP/1.1 101 x\n\n", "HTTP/1.1 20 x\n\n", "<html>\n", "\xef\xbb\xbfHTTP/1.1 200 OK\n\n"}) {
    EXPECT_EQ(Bad(output, OutputForm::kNonParsedHeader).kind, OutputFaultKind::kBadStatusLine) << output;
  }
}

// ---- Every bad form ----

TEST_F(ResponseParserTest, RefusesWhatIsNoHeadAndSaysWhere) {
  struct Case {
    std::string_view output;
    OutputFaultKind kind;
    uint64_t line;
    uint64_t offset;
    std::string_view excerpt;
  };
  const Case cases[] = {
      // Section 6.1: a non-empty response. Section 6.2: one or more fields, then an empty line.
      {"", OutputFaultKind::kNoOutput, 1, 0, ""},
      {"\n", OutputFaultKind::kNoFields, 1, 0, ""},
      {"\r\n<p>", OutputFaultKind::kNoFields, 1, 0, ""},
      {"Content-Type: a/b", OutputFaultKind::kEndInsideHead, 1, 17, "Content-Type: a/b"},
      {"Content-Type: a/b\n", OutputFaultKind::kEndInsideHead, 2, 18, ""},
      {"Content-Type: a/b\r\n\r", OutputFaultKind::kEndInsideHead, 2, 20, "\\x0d"},
      {"hello", OutputFaultKind::kEndInsideHead, 1, 5, "hello"},
      // Section 6.3: name, colon, value, on one line.
      {"hello\n", OutputFaultKind::kNotAField, 1, 5, "hello"},
      {"<html>\n", OutputFaultKind::kNotAField, 1, 0, "<html>"},
      {"Content-Type: a/b\nHello, world\n", OutputFaultKind::kNotAField, 2, 23, "Hello, world"},
      {"Traceback (most recent call last):\n", OutputFaultKind::kNotAField, 1, 9, "Traceback (most recent call last):"},
      {": x\n\n", OutputFaultKind::kNotAField, 1, 0, ": x"},
      {"A : x\n\n", OutputFaultKind::kNotAField, 1, 1, "A : x"},
      {"A\t: x\n\n", OutputFaultKind::kNotAField, 1, 1, "A\\x09: x"},
      {"A: x\n b\n\n", OutputFaultKind::kNotAField, 2, 5, " b"},
      {"A: x\n\tB: c\n\n", OutputFaultKind::kNotAField, 2, 5, "\\x09B: c"},
      {"A(b): x\n\n", OutputFaultKind::kNotAField, 1, 1, "A(b): x"},
      {"\xef\xbb\xbf"
       "A: x\n\n",
       OutputFaultKind::kNotAField, 1, 0,
       "\\xef\\xbb\\xbf"
       "A: x"},
      {"A\0: x\n\n"sv, OutputFaultKind::kNotAField, 1, 1, "A\\x00: x"},
      {"A\r: x\n\n", OutputFaultKind::kNotAField, 1, 1, "A\\x0d: x"},
      // CR, LF and NUL never get into a value.
      {"A: x\rSet-Cookie: y\n\n", OutputFaultKind::kBadValue, 1, 4, "A: x\\x0dSet-Cookie: y"},
      {"A: x\r\r\n\n", OutputFaultKind::kBadValue, 1, 4, "A: x\\x0d"},
      {"A: \0x\n\n"sv, OutputFaultKind::kBadValue, 1, 3, "A: \\x00x"},
      {"A: x\x1b[2J\n\n", OutputFaultKind::kBadValue, 1, 4, "A: x\\x1b[2J"},
      {"A: x\x7f\n\n", OutputFaultKind::kBadValue, 1, 4, "A: x\\x7f"},
      {"A: x\n\r\r\n", OutputFaultKind::kNotAField, 2, 5, "\\x0d"},
      // Section 6.3: at least one CGI-field.
      {"A: x\nB: y\n\nz", OutputFaultKind::kNoCgiField, 1, 0, "A: x"},
      {"Warning: mysql_connect(): failed\n\n", OutputFaultKind::kNoCgiField, 1, 0, "Warning: mysql_connect(): failed"},
      // Section 6.3.3.
      {"A: x\nStatus: OK\n\n", OutputFaultKind::kBadStatus, 2, 5, "Status: OK"},
      {"Status: 4040\n\n", OutputFaultKind::kBadStatus, 1, 0, "Status: 4040"},
      {"Status: 101 Switching Protocols\n\n", OutputFaultKind::kBadStatus, 1, 0, "Status: 101 Switching Protocols"},
      {"Status: 103\n\n", OutputFaultKind::kBadStatus, 1, 0, "Status: 103"},
      {"Status: 600\n\n", OutputFaultKind::kBadStatus, 1, 0, "Status: 600"},
      {"Status: HTTP/1.1 200 OK\n\n", OutputFaultKind::kBadStatus, 1, 0, "Status: HTTP/1.1 200 OK"},
      {"HTTP/1.1 OK\n\n", OutputFaultKind::kBadStatus, 1, 0, "HTTP/1.1 OK"},
      // Section 6.3.2.
      {"Location: x\n\n", OutputFaultKind::kBadLocation, 1, 0, "Location: x"},
      {"Location: ?a=b\n\n", OutputFaultKind::kBadLocation, 1, 0, "Location: ?a=b"},
      {"Location: /../x\n\n", OutputFaultKind::kBadLocation, 1, 0, "Location: /../x"},
      {"Location: /%00\n\n", OutputFaultKind::kBadLocation, 1, 0, "Location: /%00"},
  };
  for (const Case& c : cases) {
    const OutputFault fault = Bad(c.output);
    EXPECT_EQ(static_cast<int>(fault.kind), static_cast<int>(c.kind)) << c.output << ": " << fault.reason;
    EXPECT_EQ(fault.line, c.line) << c.output;
    EXPECT_EQ(fault.offset, c.offset) << c.output;
    EXPECT_EQ(fault.excerpt, c.excerpt) << c.output;
  }
}

// The fault is known when its line is: a script that floods without a header is not read on.
TEST_F(ResponseParserTest, RefusesAtTheFirstBadLine) {
  ResponseParser parser(OutputForm::kParsedHeader);
  EXPECT_EQ(parser.Next("Content-Type: a/b\nhel").status, OutputStatus::kNeedMore);
  EXPECT_EQ(parser.Next("lo\n").status, OutputStatus::kError);
  EXPECT_EQ(parser.Next("more").status, OutputStatus::kError);
  parser.End();
  EXPECT_EQ(parser.fault().kind, OutputFaultKind::kNotAField);
}

TEST_F(ResponseParserTest, EachLimitIsReachedAndNotPassed) {
  const std::string head = "Content-Type: a/b\nX: 1\n\n";
  const OutputLimits exact{.head_bytes_max = head.size(), .fields_max = 2};
  ResponseParser fits(OutputForm::kParsedHeader, exact);
  EXPECT_EQ(fits.Next(head + "content").status, OutputStatus::kDone);

  ResponseParser too_large(OutputForm::kParsedHeader, {.head_bytes_max = head.size() - 1, .fields_max = 2});
  EXPECT_EQ(too_large.Next(head).status, OutputStatus::kError);
  EXPECT_EQ(too_large.fault().kind, OutputFaultKind::kHeadTooLarge);
  EXPECT_EQ(too_large.fault().offset, head.size() - 1);

  ResponseParser too_many(OutputForm::kParsedHeader, {.head_bytes_max = head.size(), .fields_max = 1});
  EXPECT_EQ(too_many.Next(head).status, OutputStatus::kError);
  EXPECT_EQ(too_many.fault().kind, OutputFaultKind::kTooManyFields);
  EXPECT_EQ(too_many.fault().line, 2U);

  EXPECT_EQ(Bad(std::string(OutputLimits().head_bytes_max + 1, 'x')).kind, OutputFaultKind::kHeadTooLarge);
  EXPECT_EQ(Bad("Content-Type: a/b\n" + Repeat("X: y\n", OutputLimits().fields_max) + "\n").kind,
            OutputFaultKind::kTooManyFields);
  EXPECT_EQ(Bad("Location: http://h/" + std::string(8192, 'x') + "\n\n").kind, OutputFaultKind::kBadLocation);
}

// Limits above what a response can hold (http::FieldList) don't help.
TEST_F(ResponseParserTest, AResponseHoldsOnlySoMuch) {
  const OutputLimits large{.head_bytes_max = 1 << 20, .fields_max = 10'000};
  ResponseParser many(OutputForm::kParsedHeader, large);
  EXPECT_EQ(many.Next("Status: 200\n" + Repeat("X: y\n", http::FieldList::kFieldsMax + 1) + "\n").status,
            OutputStatus::kError);
  EXPECT_EQ(many.fault().kind, OutputFaultKind::kHeadTooLarge);
  ResponseParser wide(OutputForm::kParsedHeader, large);
  EXPECT_EQ(wide.Next("Status: 200\nX: " + std::string(http::FieldList::kBytesMax, 'y') + "\n\n").status,
            OutputStatus::kError);
  EXPECT_EQ(wide.fault().kind, OutputFaultKind::kHeadTooLarge);
}

// ---- What is said about a fault ----

TEST(OutputFaultTest, IsDescribedForTheScriptsAuthor) {
  const OutputFault fault = MakeFault(OutputFaultKind::kNotAField, 2, 24, "field line without a colon", "a\"\\\n\xff");
  EXPECT_EQ(Describe(fault), "line 2, byte 24: field line without a colon: \"a\"\\\\x0a\\xff\"");
  EXPECT_EQ(Describe(MakeFault(OutputFaultKind::kEndInsideHead, 3, 9, "end", "")), "line 3, byte 9: end");
  EXPECT_EQ(Describe(MakeFault(OutputFaultKind::kNoOutput, 1, 0, "no output", "")), "no output");
}

TEST(OutputFaultTest, ExcerptsAreShort) {
  const std::string exact(kExcerptBytesMax, 'x');
  EXPECT_EQ(MakeFault(OutputFaultKind::kNotAField, 1, 0, "r", exact).excerpt, exact);
  EXPECT_EQ(MakeFault(OutputFaultKind::kNotAField, 1, 0, "r", exact + "y").excerpt, exact + "...");
  const std::string escaped = MakeFault(OutputFaultKind::kNotAField, 1, 0, "r", std::string(100, '\1')).excerpt;
  EXPECT_EQ(escaped, Repeat("\\x01", kExcerptBytesMax / 4) + "...");
}

TEST(OutputFaultTest, EveryKindHasARemedy) {
  for (int kind = 0; kind <= static_cast<int>(OutputFaultKind::kBadCoding); ++kind) {
    const std::string_view remedy = RemedyFor(static_cast<OutputFaultKind>(kind));
    EXPECT_FALSE(remedy.empty() || remedy.ends_with('.')) << kind;
  }
}

}  // namespace
}  // namespace brilliant::cgi
