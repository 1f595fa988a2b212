#include "cgi/meta_variables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/request_parser.h"

namespace brilliant::cgi {
namespace {

using namespace std::string_view_literals;

class MetaVariablesTest : public testing::Test {
 protected:
  // The environment of a request with this first line and these field lines, "Host: h" among them.
  Environment Make(std::string_view line, std::string_view lines = "") {
    const Result<MetaVariables> made =
        Try(std::string(line) + " HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n");
    EXPECT_TRUE(made.has_value()) << made.error().context;
    made_ = made ? *made : MetaVariables();
    return made_.environment;
  }

  Result<MetaVariables> Try(std::string text) {
    text_ = std::move(text);
    parser_.Reset();
    EXPECT_EQ(parser_.Parse(text_), http::ParseStatus::kDone) << text_ << parser_.error().reason;
    return MakeMetaVariables(parser_.head(), facts_, options_);
  }

  RequestFacts facts_{.script_name = "/x.py",
                      .script_filename = "/srv/x.py",
                      .document_root = "/srv",
                      .server_name = "fallback.example",
                      .server_port = 8080,
                      .remote_address = "192.0.2.1",
                      .remote_port = 40'000,
                      .server_software = "BrilliantServer/1.0"};
  VariableOptions options_;
  http::RequestParser parser_{http::HeadLimits{.head_bytes_max = 1 << 20, .fields_max = 10'000}};
  std::string text_;
  MetaVariables made_;
};

TEST_F(MetaVariablesTest, AWholeEnvironment) {
  facts_.path_info = "/a b";
  facts_.path_translated = "/srv/a b";
  facts_.content_length = 3;
  const Environment environment =
      Make("POST /x.py/a%20b?q=%20+", "Content-Type: text/plain\r\nContent-Length: 3\r\nAccept-Language: de\r\n");
  const std::string_view expected[] = {
      "CONTENT_LENGTH=3",
      "GATEWAY_INTERFACE=CGI/1.1",
      "PATH_INFO=/a b",
      "PATH_TRANSLATED=/srv/a b",
      "QUERY_STRING=q=%20+",
      "REMOTE_ADDR=192.0.2.1",
      "REMOTE_HOST=192.0.2.1",
      "REQUEST_METHOD=POST",
      "SCRIPT_NAME=/x.py",
      "SERVER_NAME=h",
      "SERVER_PORT=8080",
      "SERVER_PROTOCOL=HTTP/1.1",
      "SERVER_SOFTWARE=BrilliantServer/1.0",
      "DOCUMENT_ROOT=/srv",
      "REMOTE_PORT=40000",
      "REQUEST_SCHEME=http",
      "REQUEST_URI=/x.py/a%20b?q=%20+",
      "SCRIPT_FILENAME=/srv/x.py",
      "REDIRECT_STATUS=200",
      "CONTENT_TYPE=text/plain",
      "HTTP_HOST=h",
      "HTTP_ACCEPT_LANGUAGE=de",
  };
  std::vector<std::string_view> assignments;
  for (size_t i = 0; i < environment.size(); ++i) assignments.push_back(environment[i].assignment);
  EXPECT_EQ(assignments, std::vector<std::string_view>(std::begin(expected), std::end(expected)));
}

// RFC 3875 sections 4.1.1 and 4.1.11.
TEST_F(MetaVariablesTest, AuthTypeAndRemoteUserComeFromTheServerAlone) {
  const std::string_view lines = "Authorization: Basic eDp5\r\nAuth-Type: Basic\r\nRemote-User: root\r\n";
  EXPECT_FALSE(Make("GET /x.py", lines).Contains("AUTH_TYPE"));
  EXPECT_FALSE(made_.environment.Contains("REMOTE_USER"));
  facts_.auth_type = "Basic";
  facts_.remote_user = "x";
  EXPECT_EQ(Make("GET /x.py", lines).Find("AUTH_TYPE"), "Basic");
  EXPECT_EQ(made_.environment.Find("REMOTE_USER"), "x");
}

// RFC 3875 section 4.1.2: if and only if there is content; its length after decoding.
TEST_F(MetaVariablesTest, ContentLengthIsThatOfTheContentThereIs) {
  EXPECT_FALSE(Make("GET /x.py").Contains("CONTENT_LENGTH"));
  facts_.content_length = 0;
  EXPECT_EQ(Make("POST /x.py", "Content-Length: 0\r\n").Find("CONTENT_LENGTH"), "0");
  facts_.content_length = UINT64_MAX;
  EXPECT_EQ(Make("POST /x.py", "Transfer-Encoding: chunked\r\n").Find("CONTENT_LENGTH"), "18446744073709551615");
  EXPECT_FALSE(made_.environment.Contains("HTTP_TRANSFER_ENCODING"));
  facts_.content_length.reset();
  EXPECT_FALSE(Make("POST /x.py", "Content-Length: 7\r\n").Contains("CONTENT_LENGTH")) << "the caller's word counts";
}

// RFC 3875 section 4.1.3: set if the field is there, never guessed.
TEST_F(MetaVariablesTest, ContentTypeIsTheFields) {
  EXPECT_FALSE(Make("POST /x.py", "Content-Length: 3\r\n").Contains("CONTENT_TYPE"));
  EXPECT_EQ(Make("POST /x.py", "Content-Type: A/b;c=d\r\nContent-Length: 3\r\n").Find("CONTENT_TYPE"), "A/b;c=d");
  EXPECT_EQ(Make("GET /x.py", "content-type: a/b\r\nCONTENT-TYPE: c/d\r\n").Find("CONTENT_TYPE"), "a/b, c/d");
}

// RFC 3875 sections 4.1.5 and 4.1.6: PATH_TRANSLATED is null if PATH_INFO is.
TEST_F(MetaVariablesTest, PathTranslatedComesWithPathInfoOnly) {
  facts_.path_translated = "/srv/x";
  EXPECT_FALSE(Make("GET /x.py").Contains("PATH_INFO"));
  EXPECT_FALSE(made_.environment.Contains("PATH_TRANSLATED"));
  facts_.path_info = "/Case/%2e";  // decoded once, case kept
  EXPECT_EQ(Make("GET /x.py").Find("PATH_INFO"), "/Case/%2e");
  EXPECT_EQ(made_.environment.Find("PATH_TRANSLATED"), "/srv/x");
}

// RFC 3875 section 4.1.7: always set, still encoded.
TEST_F(MetaVariablesTest, QueryStringIsAlwaysSet) {
  EXPECT_TRUE(Make("GET /x.py").Contains("QUERY_STRING"));
  EXPECT_EQ(made_.environment.Find("QUERY_STRING"), "");
  EXPECT_EQ(Make("GET /x.py?").Find("QUERY_STRING"), "");
  EXPECT_EQ(Make("GET /x.py?a=%41?&b").Find("QUERY_STRING"), "a=%41?&b");
}

// RFC 3875 sections 4.1.8 and 4.1.9 (the address may stand for the name); 4.1.10: REMOTE_IDENT is optional.
TEST_F(MetaVariablesTest, RemoteAddressIsANumber) {
  facts_.remote_address = "2001:db8::1";
  EXPECT_EQ(Make("GET /x.py").Find("REMOTE_ADDR"), "2001:db8::1");
  EXPECT_EQ(made_.environment.Find("REMOTE_HOST"), "2001:db8::1");
  EXPECT_FALSE(made_.environment.Contains("REMOTE_IDENT"));
  facts_.remote_address = "";
  facts_.remote_port = 0;
  EXPECT_TRUE(Make("GET /x.py").Contains("REMOTE_ADDR")) << "must be set";
  EXPECT_FALSE(made_.environment.Contains("REMOTE_HOST"));
  EXPECT_FALSE(made_.environment.Contains("REMOTE_PORT"));
}

// RFC 3875 section 4.1.12: the client's method, with its case; HEAD stays HEAD (section 4.3.3).
TEST_F(MetaVariablesTest, RequestMethodIsTheClients) {
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "REPORT"}) {
    EXPECT_EQ(Make(std::string(method) + " /x.py").Find("REQUEST_METHOD"), method);
  }
}

// RFC 3875 section 4.1.13: must be set, also if it is empty.
TEST_F(MetaVariablesTest, ScriptNameIsAlwaysSet) {
  facts_.script_name = "";
  facts_.path_info = "/a";
  EXPECT_TRUE(Make("GET /a").Contains("SCRIPT_NAME"));
  EXPECT_EQ(made_.environment.Find("SCRIPT_NAME"), "");
}

// RFC 3875 section 4.1.14: hostname, IPv4 address or bracketed IPv6 address; nothing else that Host may hold.
TEST_F(MetaVariablesTest, ServerNameIsAHostNameOrAnAddress) {
  struct Case {
    const char* host;
    const char* server_name;
  };
  const Case cases[] = {
      {"Example.COM", "example.com"},        {"example.com:81", "example.com"},
      {"a-b_c.example.", "a-b_c.example."},  {"192.0.2.7:80", "192.0.2.7"},
      {"[2001:DB8::1]:80", "[2001:db8::1]"}, {"[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"},
      {"$(reboot)", "fallback.example"},     {"a'b", "fallback.example"},
      {"a;b", "fallback.example"},           {"a%20b", "fallback.example"},
      {"[v1.a:(x)]", "fallback.example"},
  };
  for (const Case& c : cases) {
    const Result<MetaVariables> made = Try("GET / HTTP/1.1\r\nHost: " + std::string(c.host) + "\r\n\r\n");
    ASSERT_TRUE(made.has_value());
    EXPECT_EQ(made->environment.Find("SERVER_NAME"), c.server_name) << c.host;
  }
  EXPECT_EQ(Try("GET / HTTP/1.0\r\n\r\n")->environment.Find("SERVER_NAME"), "fallback.example");
}

// RFC 3875 section 4.1.15: the port the request came in on, also if it is the default one; the Host field has no say.
TEST_F(MetaVariablesTest, ServerPortIsTheListeners) {
  facts_.server_port = 80;
  EXPECT_EQ(Try("GET / HTTP/1.1\r\nHost: h:81\r\n\r\n")->environment.Find("SERVER_PORT"), "80");
}

// RFC 3875 section 4.1.16; RFC 9110 section 2.5: a higher minor version is understood as the one known.
TEST_F(MetaVariablesTest, ServerProtocolIsTheRequests) {
  EXPECT_EQ(Try("GET / HTTP/1.0\r\n\r\n")->environment.Find("SERVER_PROTOCOL"), "HTTP/1.0");
  EXPECT_EQ(Try("GET / HTTP/1.1\r\nHost: h\r\n\r\n")->environment.Find("SERVER_PROTOCOL"), "HTTP/1.1");
  EXPECT_EQ(Try("GET / HTTP/1.7\r\nHost: h\r\n\r\n")->environment.Find("SERVER_PROTOCOL"), "HTTP/1.1");
}

TEST_F(MetaVariablesTest, SchemeAndHttpsAreTheServersWord) {
  EXPECT_FALSE(Make("GET /", "HTTPS: on\r\nHttps: on\r\n").Contains("HTTPS"));
  EXPECT_FALSE(made_.environment.Contains("HTTP_HTTPS"));
  facts_.scheme = "https";
  EXPECT_EQ(Make("GET /").Find("HTTPS"), "on");
  EXPECT_EQ(made_.environment.Find("REQUEST_SCHEME"), "https");
}

TEST_F(MetaVariablesTest, RequestUriIsThePathAndQueryAsSent) {
  EXPECT_EQ(Make("GET //x.py/%7e/../a?").Find("REQUEST_URI"), "//x.py/%7e/../a?");
  EXPECT_EQ(Make("GET http://other:81/x.py?a").Find("REQUEST_URI"), "/x.py?a");
  EXPECT_EQ(Make("GET https://other").Find("REQUEST_URI"), "/");
  EXPECT_EQ(Make("GET http://other?a").Find("REQUEST_URI"), "/?a");
}

// RFC 9112 section 3.2.2.
TEST_F(MetaVariablesTest, TheAuthorityOfTheTargetTakesThePlaceOfHost) {
  EXPECT_EQ(Make("GET http://other:81/").Find("HTTP_HOST"), "other:81");
  EXPECT_EQ(made_.environment.Find("SERVER_NAME"), "other");
  EXPECT_EQ(Make("GET http://other/").Find("HTTP_HOST"), "other");
  EXPECT_EQ(Try("GET / HTTP/1.1\r\nHost: A:81\r\n\r\n")->environment.Find("HTTP_HOST"), "A:81");
  EXPECT_FALSE(Try("GET / HTTP/1.0\r\n\r\n")->environment.Contains("HTTP_HOST"));
}

// RFC 3875 section 4.1.18: upper case, "_" for "-"; several fields become one value with the same meaning.
TEST_F(MetaVariablesTest, FieldsBecomeVariables) {
  const Environment environment = Make("GET /",
                                       "X-Foo: 1\r\nUser-agent: A \"b\"\r\nx-FOO: 2, 3\r\nCookie: a=1\r\nX-1: "
                                       "\xe4\r\nX-foo:\r\ncookie: b=2\r\n-: d\r\n");
  EXPECT_EQ(environment.Find("HTTP_X_FOO"), "1, 2, 3, ");
  EXPECT_EQ(environment.Find("HTTP_USER_AGENT"), "A \"b\"");
  EXPECT_EQ(environment.Find("HTTP_COOKIE"), "a=1; b=2") << "RFC 9113 section 8.2.3";
  EXPECT_EQ(environment.Find("HTTP_X_1"), "\xe4");
  EXPECT_EQ(environment.Find("HTTP__"), "d");
  EXPECT_EQ(made_.odd_fields, 0U);
}

// Every field whose variable could be taken for another one's.
TEST_F(MetaVariablesTest, OddNamesHaveNoVariable) {
  const Environment environment = Make(
      "GET /", "X_Forwarded_For: 1\r\nX.Forwarded.For: 2\r\nRemote_User: root\r\nX-Real: 3\r\nX~Y: 4\r\nX|Y: 5\r\n");
  EXPECT_FALSE(environment.Contains("HTTP_X_FORWARDED_FOR"));
  EXPECT_FALSE(environment.Contains("HTTP_REMOTE_USER"));
  EXPECT_EQ(environment.Find("HTTP_X_REAL"), "3");
  EXPECT_EQ(made_.odd_fields, 5U);
  EXPECT_EQ(made_.first_odd_field, "X_Forwarded_For");
}

// RFC 3875 sections 4.1.18 and 9.2; CVE-2016-5385 (httpoxy), CVE-2018-1283.
TEST_F(MetaVariablesTest, SomeFieldsNeverHaveAVariable) {
  const char* fields[] = {"Authorization",
                          "Proxy-Authorization",
                          "Content-Type",
                          "Connection",
                          "Keep-Alive",
                          "Proxy-Connection",
                          "TE",
                          "Trailer",
                          "Upgrade",
                          "HTTP2-Settings",
                          "Proxy",
                          "PROXY",
                          "Https",
                          "Session"};
  for (const char* field : fields) {
    const Environment environment = Make("GET /", std::string(field) + ": x\r\n");
    for (size_t i = 0; i < environment.size(); ++i) {
      const std::string_view name = environment[i].name;
      EXPECT_TRUE(!name.starts_with("HTTP_") || name == "HTTP_HOST") << field << " " << name;
    }
  }
  EXPECT_FALSE(Make("POST /", "Content-Length: 1\r\nExpect: 100-continue\r\n").Contains("HTTP_CONTENT_LENGTH"));
  EXPECT_FALSE(made_.environment.Contains("HTTP_EXPECT"));
}

TEST_F(MetaVariablesTest, AuthorizationIsPassedOnIfAsked) {
  options_.pass_authorization = true;
  EXPECT_EQ(Make("GET /", "authorization: Bearer t\r\nProxy-Authorization: x\r\n").Find("HTTP_AUTHORIZATION"),
            "Bearer t");
  EXPECT_FALSE(made_.environment.Contains("HTTP_PROXY_AUTHORIZATION"));
}

// A client can't take away what a proxy in front has added: names in Connection hide no field.
TEST_F(MetaVariablesTest, ConnectionHidesNoField) {
  EXPECT_EQ(Make("GET /", "Connection: close, X-Real-IP\r\nX-Real-IP: 192.0.2.9\r\n").Find("HTTP_X_REAL_IP"),
            "192.0.2.9");
}

TEST_F(MetaVariablesTest, ShellFunctionsAreBytesAndCanBeBlanked) {
  const std::string_view lines = "User-Agent: () { :;}; reboot\r\nX: a\r\nX: () { :;}\r\nContent-Type: () { x\r\n";
  EXPECT_EQ(Make("GET /", lines).Find("HTTP_USER_AGENT"), "() { :;}; reboot");
  options_.blank_shell_functions = true;
  EXPECT_EQ(Make("GET /", lines).Find("HTTP_USER_AGENT"), "");
  EXPECT_FALSE(made_.environment.Contains("CONTENT_TYPE"));
  EXPECT_EQ(made_.environment.Find("HTTP_X"), "a, () { :;}") << "harmless: only the beginning counts";
}

// RFC 3875 section 6.2.2: the request is that for the new target; its content is not there any more.
TEST_F(MetaVariablesTest, ALocalRedirectSaysWhereItCameFrom) {
  facts_.redirect = RedirectFacts{.path = "/first x.py", .query = "a=%20"};
  const Environment environment = Make("GET /x.py", "Content-Type: a/b\r\nContent-Encoding: gzip\r\nContent: c\r\n");
  EXPECT_EQ(environment.Find("REDIRECT_URL"), "/first x.py");
  EXPECT_EQ(environment.Find("REDIRECT_QUERY_STRING"), "a=%20");
  EXPECT_EQ(environment.Find("REQUEST_URI"), "/x.py");
  EXPECT_FALSE(environment.Contains("CONTENT_TYPE"));
  EXPECT_FALSE(environment.Contains("HTTP_CONTENT_ENCODING"));
  EXPECT_EQ(environment.Find("HTTP_CONTENT"), "c");
  facts_.redirect.reset();
  EXPECT_FALSE(Make("GET /x.py").Contains("REDIRECT_URL"));
  EXPECT_EQ(made_.environment.Find("REDIRECT_STATUS"), "200");
}

TEST_F(MetaVariablesTest, ConfiguredVariablesAreAdded) {
  const std::vector<std::pair<std::string, std::string>> configured = {
      {"PATH", "/bin"}, {"http_proxy", "p"}, {"E", ""}};
  options_.configured = configured;
  const Environment environment = Make("GET /", "Proxy: evil\r\n");
  EXPECT_EQ(environment.Find("PATH"), "/bin");
  EXPECT_EQ(environment.Find("http_proxy"), "p");
  EXPECT_TRUE(environment.Contains("E"));
}

// CVE-2025-65082: also those that this request doesn't have.
TEST_F(MetaVariablesTest, ConfiguredVariablesOverrideNothing) {
  for (const char* name :
       {"REMOTE_USER", "AUTH_TYPE", "REMOTE_IDENT", "CONTENT_LENGTH", "REQUEST_METHOD", "HTTPS", "SCRIPT_FILENAME",
        "DOCUMENT_ROOT", "REQUEST_URI", "REMOTE_PORT", "REDIRECT_STATUS", "HTTP_PROXY", "HTTP_X", "A=B", "", "1A"}) {
    const std::vector<std::pair<std::string, std::string>> configured = {{name, "x"}};
    options_.configured = configured;
    const Result<MetaVariables> made = Try("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_FALSE(made.has_value()) << name;
    EXPECT_EQ(made.error().code, ErrorCode::kInvalid) << name;
  }
  const std::vector<std::pair<std::string, std::string>> twice = {{"A", "1"}, {"A", "2"}};
  options_.configured = twice;
  EXPECT_EQ(Try("GET / HTTP/1.1\r\nHost: h\r\n\r\n").error().code, ErrorCode::kInvalid);
}

TEST_F(MetaVariablesTest, WhatDoesNotFitIsRefused) {
  const std::string large(Environment::kVariableBytesMax, 'x');
  EXPECT_EQ(Try("GET / HTTP/1.1\r\nHost: h\r\nX: " + large + "\r\n\r\n").error().code, ErrorCode::kTooLarge);
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (size_t i = 0; i < Environment::kVariablesMax; ++i) many += "X" + std::to_string(i) + ": a\r\n";
  EXPECT_EQ(Try(many + "\r\n").error().code, ErrorCode::kTooLarge);
  facts_.remote_user = "a\0b"sv;
  EXPECT_EQ(Try("GET / HTTP/1.1\r\nHost: h\r\n\r\n").error().code, ErrorCode::kInvalid);
}

// A head at the default limits always fits.
TEST_F(MetaVariablesTest, ALargeHeadFits) {
  std::string lines;
  for (size_t i = 0; i < 98; ++i) lines += "X" + std::to_string(i) + ": " + std::string(200, 'v') + "\r\n";
  const std::string target = "/" + std::string(8191 - 1, 'q');
  facts_.script_name = facts_.path_info = facts_.path_translated = facts_.script_filename = target;
  EXPECT_EQ(Make("GET " + target, lines).Find("HTTP_X97").size(), 200U);
}

}  // namespace
}  // namespace brilliant::cgi
