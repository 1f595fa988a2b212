#include "server/answer_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "files/test_folder.h"
#include "server/testing.h"

namespace brilliant::server {
namespace {

using testing::HasSubstr;
using testing::Not;

struct AnswerRequestTest : testing::Test {
  AnswerRequestTest() {
    folder.Write("a.txt", "hello");
    folder.MakeFolder("dir");
    folder.Write("dir/index.html", "start");
  }
  TestAnswer Ask(std::string_view method, std::string_view target, std::string_view fields = "") {
    const std::string line = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n";
    return server.Ask(line + std::string(fields) + "\r\n").TakeOne(method == "HEAD");
  }
  files::TestFolder folder;
  TestServer server{folder.Path()};
};

// RFC 9110 sections 9.1 and 15.6.2.
TEST_F(AnswerRequestTest, MethodsThatNobodyKnowsAreNotImplemented) {
  for (const char* method : {"BREW", "get", "PROPFIND", "Get", "GETT"}) {
    EXPECT_EQ(Ask(method, "/a.txt").status, 501) << method;
  }
  EXPECT_EQ(Ask("CONNECT", "h:80").status, 501);
}

// RFC 9110 section 15.5.6.
TEST_F(AnswerRequestTest, MethodsThatALocationDoesNotAnswerAreNotAllowed) {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "TRACE"}) {
    const TestAnswer answer = Ask(method, "/a.txt");
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.Field("Allow"), "GET, HEAD, OPTIONS") << method;
    EXPECT_FALSE(answer.closes());
  }
}

// RFC 9110 section 9.3.7.
TEST_F(AnswerRequestTest, OptionsSaysWhatIsAllowed) {
  server.AddLocation("/up").root = folder.Path();
  server.config.servers[0].locations.back().methods = {http::Method::kPost};
  const TestAnswer location = Ask("OPTIONS", "/up/x");
  EXPECT_EQ(location.status, 204);
  EXPECT_EQ(location.Field("Allow"), "POST, OPTIONS");
  EXPECT_EQ(location.Field("Content-Length"), std::nullopt);  // RFC 9110 section 8.6
  const TestAnswer whole_server = Ask("OPTIONS", "*");
  EXPECT_EQ(whole_server.status, 204);
  EXPECT_EQ(whole_server.Field("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(Ask("GET", "*").status, 400);
}

TEST_F(AnswerRequestTest, WithoutALocationThereIsNothing) {
  server.config.servers[0].locations.front().path = "/only";
  EXPECT_EQ(Ask("GET", "/a.txt").status, 404);
  EXPECT_EQ(Ask("GET", "/only/a.txt").status, 200);
  EXPECT_EQ(Ask("GET", "/onlya.txt").status, 404);
}

TEST_F(AnswerRequestTest, RedirectsGoWhereTheConfigurationSaysWhateverTheMethod) {
  server.AddLocation("/old").redirect = config::Redirect{.code = 308, .target = "https://example.com/new?a=b"};
  for (const char* method : {"GET", "POST", "DELETE", "OPTIONS"}) {
    const TestAnswer answer = Ask(method, "/old/page?x=y");
    EXPECT_EQ(answer.status, 308) << method;
    EXPECT_EQ(answer.Field("Location"), "https://example.com/new?a=b");
    EXPECT_THAT(answer.body, HasSubstr("<a href=\"https://example.com/new?a=b\">"));
  }
  EXPECT_EQ(Ask("HEAD", "/old").status, 308);
}

// RFC 9110 section 9.3.8: it would show scripts what they may not see, so nothing answers it.
TEST_F(AnswerRequestTest, TraceIsAllowedNowhere) {
  server.AddLocation("/old").redirect = config::Redirect{.code = 308, .target = "/new"};
  for (const char* target : {"/a.txt", "/old", "/none", "*"}) EXPECT_EQ(Ask("TRACE", target).status, 405) << target;
  EXPECT_EQ(Ask("TRACE", "/old").Field("Allow"), "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH");
  EXPECT_EQ(Ask("TRACE", "*").Field("Allow"), "GET, HEAD, OPTIONS");
}

// RFC 9110 section 7.4.
TEST_F(AnswerRequestTest, AConnectionThatIsNotSecuredHasNoHttpsResources) {
  for (const char* method : {"GET", "HEAD", "OPTIONS", "POST"}) {
    EXPECT_EQ(Ask(method, "https://h/a.txt").status, 421) << method;
    EXPECT_NE(Ask(method, "http://h/a.txt").status, 421) << method;
  }
}

TEST_F(AnswerRequestTest, FoldersAreRedirectedToTheirSlashWithTheirQuery) {
  const std::pair<const char*, const char*> cases[] = {
      {"/dir", "/dir/"},
      {"/dir?a=b&c", "/dir/?a=b&c"},
      {"/dir?", "/dir/?"},
      {"/./x/../dir?%41%c3", "/dir/?%41%c3"},
      {"http://other.example/dir?q", "/dir/?q"},
      {"//dir", "/dir/"},
      {"//evil.example/..%2e/dir", nullptr},
      {"//evil.example/../dir", "/dir/"},
      {"///evil.example/../../dir", nullptr},  // climbs
      {"/\\evil.example/../dir", "/dir/"},
  };
  for (const auto& [target, location] : cases) {
    const TestAnswer answer = Ask("GET", target);
    if (location == nullptr) {
      EXPECT_GE(answer.status, 400) << target;
      continue;
    }
    EXPECT_EQ(answer.status, 301) << target;
    EXPECT_EQ(answer.Field("Location"), location) << target;
  }
}

TEST_F(AnswerRequestTest, NoFolderRedirectLeadsToAnotherHost) {
  folder.MakeFolder("evil.example");
  folder.MakeFolder("\\evil.example");
  for (const char* target : {"//evil.example", "////evil.example", "/.//evil.example", "/%2e//evil.example",
                             "/dir/..//evil.example", "/\\evil.example", "//\\evil.example", "/%5cevil.example"}) {
    const TestAnswer answer = Ask("GET", target);
    EXPECT_EQ(answer.status, 301) << target;
    const std::string location = answer.Field("Location").value_or("");
    EXPECT_TRUE(location == "/evil.example/" || location == "/%5Cevil.example/") << target << " " << location;
  }
}

TEST_F(AnswerRequestTest, RawBytesInATargetAreAskedForAgainEncodedOrRefused) {
  const TestAnswer get = Ask("GET", "/\xc3\xa9t\xc3\xa9.html?q=\"<\xff>\"&%41");
  EXPECT_EQ(get.status, 301);
  EXPECT_EQ(get.Field("Location"), "/%C3%A9t%C3%A9.html?q=%22%3C%FF%3E%22&%41");
  EXPECT_EQ(Ask("HEAD", "/\xff").status, 301);
  EXPECT_EQ(Ask("POST", "/\xff").status, 400);
  EXPECT_EQ(Ask("GET", "//\xff.example/").Field("Location"), "/%FF.example/");
}

// RFC 9110 section 2.3.
TEST_F(AnswerRequestTest, NoRedirectLeadsToATargetAboveTheLimit) {
  const uint64_t target_bytes_max = server.config.limits.target_bytes_max;
  const size_t fits = (target_bytes_max - 2) / 3;
  EXPECT_EQ(Ask("GET", "/?" + std::string(fits, '\xff')).status, 301);
  EXPECT_EQ(Ask("GET", "/?" + std::string(fits + 1, '\xff')).status, 414);
  EXPECT_EQ(Ask("GET", "/dir?" + std::string(target_bytes_max - 5, 'a')).status, 414);  // one more with its slash
  EXPECT_EQ(Ask("GET", "/dir?" + std::string(target_bytes_max - 6, 'a')).status, 301);
}

TEST_F(AnswerRequestTest, TargetsThatHaveNoNormalPathAreRefused) {
  for (const char* target : {"/%00", "/a%2fb", "/%2e%2e/x", "/../x", "/%zz", "/%0a", "/%7f"}) {
    EXPECT_EQ(Ask("GET", target).status, 400) << target;
  }
  EXPECT_EQ(Ask("GET", "/" + std::string(256, 'a')).status, 414);
}

TEST_F(AnswerRequestTest, AnnouncedContentAboveTheLimitIsRefusedAtOnce) {
  server.config.servers[0].locations[0].methods.Add(http::Method::kPost);
  server.config.servers[0].locations[0].body_max = 100;
  EXPECT_EQ(Ask("POST", "/a.txt", "Content-Length: 100\r\n").status, 403);  // there is no upload_path
  EXPECT_EQ(Ask("POST", "/a.txt", "Content-Length: 101\r\n").status, 413);
  EXPECT_TRUE(Ask("POST", "/a.txt", "Content-Length: 9000000000000\r\n").closes());
}

// RFC 9110 section 7.2, RFC 9112 section 3.2.2.
TEST_F(AnswerRequestTest, TheHostChoosesTheServer) {
  config::Server second = server.config.servers[0];
  second.names = {"b.example", "*.c.example"};
  folder.MakeFolder("second");
  folder.Write("second/a.txt", "second");
  second.locations[0].root = folder.Path("second");
  server.config.servers.push_back(std::move(second));
  const std::pair<const char*, const char*> cases[] = {
      {"GET /a.txt HTTP/1.1\r\nHost: a.example", "hello"},
      {"GET /a.txt HTTP/1.1\r\nHost: b.example", "second"},
      {"GET /a.txt HTTP/1.1\r\nHost: B.Example.:8080", "second"},
      {"GET /a.txt HTTP/1.1\r\nHost: x.y.c.example:80", "second"},
      {"GET /a.txt HTTP/1.1\r\nHost: c.example", "hello"},
      {"GET http://b.example/a.txt HTTP/1.1\r\nHost: a.example", "second"},
      {"GET http://a.example/a.txt HTTP/1.1\r\nHost: b.example", "hello"},
      {"GET /a.txt HTTP/1.0", "hello"},
      {"GET /a.txt HTTP/1.0\r\nHost: b.example", "second"},
  };
  for (const auto& [request, body] : cases) {
    EXPECT_EQ(server.Ask(std::string(request) + "\r\n\r\n").TakeOne().body, body) << request;
  }
}

TEST_F(AnswerRequestTest, ErrorPagesComeFromTheServerThatWasAskedFor) {
  folder.Write("404.html", "<p>not here</p>");
  folder.Write("all.txt", "sorry");
  config::ErrorPage not_found{.codes = {404, 410}, .path = folder.Path("404.html"), .position = {}};
  config::ErrorPage all{.codes = {}, .path = folder.Path("all.txt"), .position = {}};
  server.config.servers[0].error_pages = {not_found, all};
  const TestAnswer missing = Ask("GET", "/none");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body, "<p>not here</p>");
  EXPECT_EQ(missing.Field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(Ask("POST", "/none").body, "sorry");
  EXPECT_EQ(Ask("HEAD", "/none").Field("Content-Length"), "15");
  EXPECT_EQ(server.Ask("BAD\r\n\r\n").TakeOne().body, "sorry");
}

TEST_F(AnswerRequestTest, BuiltInPagesShowTheTargetAsText) {
  const TestAnswer answer = Ask("GET", "/none/'&x;");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(answer.body, HasSubstr("<code>/none/&#39;&amp;x;</code>"));
  EXPECT_THAT(answer.Field("Content-Security-Policy").value_or(""), HasSubstr("default-src 'none'"));
  const TestAnswer malformed = server.Ask("<script>alert(1)</script>\r\n\r\n").TakeOne();
  EXPECT_EQ(malformed.status, 400);
  EXPECT_THAT(malformed.body, Not(HasSubstr("<script>")));
}

// A handler that sends the first `times` requests on to the next of "/1", "/2" ...
class Forwarder final : public handlers::Handler {
 public:
  explicit Forwarder(int times) : times_(times) {}
  event::Task<handlers::Answer> Handle(const handlers::Request& request, handlers::RequestBody& /*body*/,
                                       const handlers::HandlerContext& /*context*/) const override {
    const std::string seen = std::string(request.path) + "?" + std::string(request.head.query);
    EXPECT_EQ(seen, calls_ == 0 ? "/start?" : "/" + std::to_string(calls_) + "?from=x");
    EXPECT_EQ(request.head.method, calls_ == 0 ? http::Method::kPost : http::Method::kGet);
    if (calls_ == times_) {
      handlers::Response response;
      response.body = handlers::MemoryBody{"arrived"};
      co_return response;
    }
    ++calls_;
    co_return handlers::LocalRedirect{"/x/../" + std::to_string(calls_) + "?from=x"};
  }

 private:
  const int times_;
  mutable int calls_ = 0;
};

TEST_F(AnswerRequestTest, LocalRedirectsAreFollowedSoManyTimes) {
  server.ServeWith(std::make_unique<Forwarder>(kLocalRedirectsMax));
  EXPECT_EQ(Ask("POST", "/start").body, "arrived");
  server.ServeWith(std::make_unique<Forwarder>(kLocalRedirectsMax + 1));
  EXPECT_EQ(Ask("POST", "/start").status, 500);
  EXPECT_NE(
      server.ErrorLines().find("local redirects in a circle, see Location in docs/cgi.md: target=/start redirects=10 "
                               "next=/x/../11?from=x"),
      std::string::npos);
}

}  // namespace
}  // namespace brilliant::server
