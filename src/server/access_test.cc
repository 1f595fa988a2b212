// Who may do what, and in which order that is decided; and what the configuration adds to answers. Whole requests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "files/test_folder.h"
#include "handlers/auth_basic.h"
#include "server/answer_request.h"
#include "server/testing.h"

namespace brilliant::server {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kUsers =
    "ann:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n"
    "bob:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n";
constexpr std::string_view kAnn = "Authorization: Basic YW5uOnNlY3JldA==\r\n";    // ann:secret
constexpr std::string_view kBob = "Authorization: Basic Ym9iOnNlY3JldA==\r\n";    // bob:secret
constexpr std::string_view kWrong = "Authorization: Basic YW5uOnNlY3JlVA==\r\n";  // ann:secreT

struct AccessTest : testing::Test {
  AccessTest() {
    folder.Write("a.txt", "hello");
    folder.MakeFolder("dir");
    folder.MakeFolder("private");
    folder.Write("private/a.txt", "private");
    folder.Write("users", kUsers);
    Guard(server.AddLocation("/private")).root = folder.Path("private");
  }
  config::Location& Guard(config::Location& location, http::MethodSet methods = {}) {
    location.auth = config::AuthBasic{
        .realm = "Staff", .file = folder.Path("users"), .methods = methods, .position = config::Position()};
    return location;
  }
  static std::string Request(std::string_view method, std::string_view target, std::string_view fields = "") {
    return std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
  }
  TestAnswer Ask(std::string_view method, std::string_view target, std::string_view fields = "") {
    TestClient& client = server.Ask(Request(method, target, fields));
    return client.TakeOne(method == "HEAD");
  }
  int Status(std::string_view method, std::string_view target, std::string_view fields = "") {
    return Ask(method, target, fields).status;
  }

  files::TestFolder folder;
  TestServer server{folder.Path()};
};

// ---- auth_basic

// RFC 9110 section 15.5.2, RFC 7617 section 2.
TEST_F(AccessTest, WhoIsNotKnownIsAsked) {
  const TestAnswer answer = Ask("GET", "/private/a.txt");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.Field("WWW-Authenticate"), "Basic realm=\"Staff\", charset=\"UTF-8\"");
  EXPECT_EQ(answer.Field("Cache-Control"), "no-store");
  EXPECT_THAT(answer.body, HasSubstr("needs a name and a password"));
  EXPECT_FALSE(answer.closes());
  EXPECT_EQ(Status("HEAD", "/private/a.txt"), 401);
  EXPECT_EQ(Ask("GET", "/private/a.txt", kAnn).body, "private");
  EXPECT_EQ(Status("HEAD", "/private/a.txt", kAnn), 200);
  EXPECT_EQ(Ask("GET", "/a.txt").body, "hello");
}

// What a location would say to somebody it knows is not said to others.
TEST_F(AccessTest, ItComesBeforeEverythingThatTheLocationDecides) {
  config::Location& location = server.config.servers[0].locations.back();
  location.body_max = 10;
  Guard(server.AddLocation("/go")).redirect = config::Redirect{.code = 301, .target = "/secret-place"};
  const std::string large = "Content-Length: 11\r\n";
  const std::tuple<const char*, const char*, std::string, int> cases[] = {
      {"GET", "/private/none", "", 404},    {"GET", "/private", "", 301},  {"POST", "/private/a.txt", "", 405},
      {"TRACE", "/private/a.txt", "", 405}, {"GET", "/private/", "", 403}, {"OPTIONS", "/private/a.txt", "", 204},
      {"GET", "/private/a", large, 413},    {"GET", "/go", "", 301},       {"DELETE", "/go/deeper", "", 301},
  };
  for (const auto& [method, target, fields, status] : cases) {
    const TestAnswer refused = Ask(method, target, fields);
    EXPECT_EQ(refused.status, 401) << method << " " << target;
    EXPECT_EQ(refused.Field("Allow"), std::nullopt);
    EXPECT_EQ(refused.Field("Location"), std::nullopt);
    EXPECT_EQ(Status(method, target, fields + std::string(kAnn)), status) << method << " " << target;
  }
}

TEST_F(AccessTest, ItComesAfterWhatTheRequestItselfSays) {
  EXPECT_EQ(Status("GET", "/private/%00"), 400);
  EXPECT_EQ(Status("BREW", "/private/a.txt"), 501);
  EXPECT_EQ(Status("OPTIONS", "*"), 204);
  EXPECT_EQ(Ask("GET", "/private/\xff").Field("Location"), "/private/%FF");
  EXPECT_EQ(Status("GET", "/x/../private/./a.txt"), 401);
  EXPECT_EQ(Status("GET", "/%70rivate/a.txt"), 401);
  EXPECT_EQ(Status("GET", "//private//a.txt"), 401);
}

TEST_F(AccessTest, MethodsThatAreNotListedAreFree) {
  config::Location& location = Guard(server.AddLocation("/dav"), {http::Method::kPut});
  location.root = folder.Path();
  location.methods = {http::Method::kGet, http::Method::kPut};
  EXPECT_EQ(Ask("GET", "/dav/a.txt").body, "hello");
  EXPECT_EQ(Status("OPTIONS", "/dav/a.txt"), 204);
  EXPECT_EQ(Status("DELETE", "/dav/a.txt"), 405);
  EXPECT_EQ(Status("PUT", "/dav/a.txt", "Content-Length: 0\r\n"), 401);
  EXPECT_EQ(Status("PUT", "/dav/a.txt", "Content-Length: 0\r\n" + std::string(kAnn)), 204);
}

// RFC 9110 section 10.1.1: the final answer instead of 100 (Continue); who gets it may send the content or not.
TEST_F(AccessTest, NobodyIsToldToSendContentForNothing) {
  const std::string content = "Content-Length: 3\r\nExpect: 100-continue\r\n";
  TestClient& client = server.Ask(Request("PUT", "/private/a.txt", content));
  const TestAnswer answer = client.TakeOne();
  EXPECT_EQ(answer.status, 401);
  EXPECT_TRUE(answer.closes());
  EXPECT_TRUE(client.peer.write_shut);

  TestClient& guessing = server.Ask(Request("PUT", "/private/a.txt", content + std::string(kWrong)));
  EXPECT_EQ(guessing.Take(), "") << "nor while a wrong password waits";
  server.Advance(handlers::kRefusalDelay);
  EXPECT_EQ(guessing.TakeOne().status, 401);
}

TEST_F(AccessTest, ContentThatComesUnaskedIsReadAndTheConnectionPersists) {
  TestClient& client = server.Ask(Request("POST", "/private/a.txt", "Content-Length: 3\r\n") + "abc" +
                                  Request("GET", "/private/a.txt", kAnn));
  const TestAnswer refused = client.TakeOne();
  EXPECT_EQ(refused.status, 401);
  EXPECT_FALSE(refused.closes());
  EXPECT_EQ(client.TakeOne().body, "private");
}

TEST_F(AccessTest, AWrongPasswordWaitsAndOthersDoNot) {
  TestClient& guessing = server.Ask(Request("GET", "/private/a.txt", kWrong));
  EXPECT_EQ(guessing.Take(), "");
  EXPECT_EQ(Ask("GET", "/private/a.txt", kAnn).body, "private");
  server.Advance(handlers::kRefusalDelay);
  const TestAnswer answer = guessing.TakeOne();
  EXPECT_EQ(answer.status, 401);
  EXPECT_FALSE(answer.closes());
  guessing.Send(Request("GET", "/private/a.txt", kBob));
  server.Run();
  EXPECT_EQ(guessing.TakeOne().body, "private");
  EXPECT_THAT(server.ErrorLines(), HasSubstr("password refused client=192.0.2.7 user=ann"));
}

TEST_F(AccessTest, WhoLeavesWhileAWrongPasswordWaitsIsGone) {
  TestClient& guessing = server.Ask(Request("GET", "/private/a.txt", kWrong));
  guessing.Reset();
  server.Run();
  EXPECT_TRUE(guessing.closed());
}

// RFC 9110 section 5.3.
TEST_F(AccessTest, SeveralAuthorizationFieldsAreRefused) {
  EXPECT_EQ(Status("GET", "/private/a.txt", std::string(kAnn) + std::string(kAnn)), 400);
  EXPECT_EQ(Status("GET", "/a.txt", std::string(kAnn) + std::string(kAnn)), 200) << "where nobody asks";
}

TEST_F(AccessTest, WithoutItsFileNobodyComesIn) {
  folder.Remove("users");
  const TestAnswer answer = Ask("GET", "/private/a.txt", kAnn);
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, Not(HasSubstr("users")));
  EXPECT_THAT(server.ErrorLines(), HasSubstr("password file not read"));
}

TEST_F(AccessTest, TheLogNamesWhoCameIn) {
  std::string requests;
  for (const std::string_view fields : {kAnn, kBob, std::string_view(), kAnn}) {
    requests += Request("GET", fields.empty() ? "/a.txt" : "/private/a.txt", fields);
  }
  server.Ask(requests + Request("GET", "/private/a.txt"));
  const std::string lines = server.AccessLines();
  std::string users;
  for (size_t line = 0; line < lines.size(); line = lines.find('\n', line) + 1) {
    const size_t begin = lines.find(" - ", line) + 3;
    users += lines.substr(begin, lines.find(' ', begin) - begin) + " ";
  }
  EXPECT_EQ(users, "ann bob - ann - ");
}

TEST_F(AccessTest, TheUsersNameIsEscapedInTheLog) {
  folder.Write("users", "a \"b:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n");
  EXPECT_EQ(Status("GET", "/private/a.txt", "Authorization: Basic YSAiYjpzZWNyZXQ=\r\n"), 200);
  EXPECT_THAT(server.AccessLines(), HasSubstr(" - a\\x20\\x22b ["));
}

// A handler that tells who asks, or sends "/to-NAME" on to "/NAME".
class Teller final : public handlers::Handler {
 public:
  event::Task<handlers::Answer> Handle(const handlers::Request& request, handlers::RequestBody& /*body*/,
                                       const handlers::HandlerContext& /*context*/) const override {
    constexpr std::string_view kTo = "/to-";
    if (request.path.starts_with(kTo))
      co_return handlers::LocalRedirect{"/" + std::string(request.path.substr(kTo.size()))};
    handlers::Response response;
    response.body = handlers::MemoryBody{"user=" + std::string(request.user)};
    co_return response;
  }
};

TEST_F(AccessTest, HandlersLearnWhoAsksAndLocalRedirectsOpenNoDoor) {
  config::AuthBasic auth{.realm = "Staff", .file = folder.Path("users"), .methods = {}, .position = {}};
  server.ServeWith(std::make_unique<Teller>());
  auto route = std::make_unique<Route>();
  route->path = "/staff";
  route->methods = {http::Method::kGet};
  route->body_max = UINT64_MAX;
  route->auth.emplace(auth);
  route->handler = std::make_unique<Teller>();
  server.AddRoute(std::move(route));
  EXPECT_EQ(Ask("GET", "/x", kAnn).body, "user=");
  EXPECT_EQ(Ask("GET", "/staff", kAnn).body, "user=ann");
  EXPECT_EQ(Ask("GET", "/to-staff", kBob).body, "user=bob");
  EXPECT_EQ(Status("GET", "/to-staff"), 401);
}

// ---- Pages of other sites

constexpr std::string_view kOther = "Origin: http://evil.example\r\n";

struct CrossSiteTest : AccessTest {
  CrossSiteTest() {
    config::Location& location = server.AddLocation("/files");
    location.root = folder.Path();
    location.methods = {http::Method::kGet, http::Method::kPost, http::Method::kPut, http::Method::kDelete};
    location.upload_path = "/";
    location.allowed_origins = {"https://app.example"};
  }
};

TEST_F(CrossSiteTest, PagesOfOtherSitesDoNotChangeFiles) {
  const std::pair<std::string, const char*> cases[] = {
      {std::string(kOther), "The Origin of this request is another site"},
      {"Origin: http://h.evil.example\r\n", "The Origin of this request is another site"},
      {"Origin: null\r\n", "Origin \"null\""},
      {"Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site"},
      {"Sec-Fetch-Site: same-site\r\n", "Sec-Fetch-Site"},
      {"Origin: http://h\r\nSec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site"},
  };
  for (const char* method : {"POST", "PUT", "DELETE"}) {
    for (const auto& [fields, sentence] : cases) {
      const TestAnswer answer = Ask(method, "/files/none", fields);
      EXPECT_EQ(answer.status, 403) << method << " " << fields;
      const std::string escaped = std::string(sentence) == "Origin \"null\"" ? "Origin &quot;null&quot;" : sentence;
      EXPECT_THAT(answer.body, HasSubstr(escaped)) << method;
    }
  }
  EXPECT_THAT(server.ErrorLines(),
              HasSubstr("cross-site request refused, see allowed_origins: method=POST host=h port=0 "
                        "origin=http://evil.example"));
}

TEST_F(CrossSiteTest, PagesOfThisSiteAndOfAllowedOnesAndProgramsDo) {
  for (const char* fields :
       {"", "Origin: http://h\r\nSec-Fetch-Site: same-origin\r\n", "Sec-Fetch-Site: none\r\n", "Origin: https://h\r\n",
        "Origin: https://app.example\r\nSec-Fetch-Site: cross-site\r\n"}) {
    for (const char* method : {"POST", "PUT", "DELETE"})
      EXPECT_NE(Status(method, "/files/none/x", fields), 403) << fields;
  }
}

TEST_F(CrossSiteTest, ReadingIsForEverybodyAndNothingIsSaidToOtherOrigins) {
  EXPECT_EQ(Status("OPTIONS", "/files/a.txt", kOther), 204);
  for (const char* method : {"GET", "OPTIONS"}) {
    const TestAnswer answer = Ask(method, "/files/a.txt", kOther);
    EXPECT_THAT(answer.head, Not(HasSubstr("Access-Control"))) << method;
  }
  EXPECT_EQ(Ask("GET", "/files/a.txt", kOther).body, "hello");
  EXPECT_EQ(Status("DELETE", "/a.txt", kOther), 405) << "where nobody may";
}

// RFC 9110 section 10.1.1: the answer instead of 100 (Continue).
TEST_F(CrossSiteTest, ContentIsNotAskedFor) {
  const std::string expecting = std::string(kOther) + "Content-Length: 3\r\nExpect: 100-continue\r\n";
  const TestAnswer answer = Ask("POST", "/files/", expecting);
  EXPECT_EQ(answer.status, 403);
  EXPECT_TRUE(answer.closes());
}

TEST_F(CrossSiteTest, WhatIsNoFileIsNotGuarded) {
  server.AddLocation("/go").redirect = config::Redirect{.code = 307, .target = "/elsewhere"};
  EXPECT_EQ(Status("POST", "/go", kOther), 307);
  server.ServeWith(std::make_unique<Teller>());  // as a program
  EXPECT_EQ(Status("POST", "/x", kOther), 200);
}

// ---- Names that lead here without being ours (DNS rebinding)

TEST_F(AccessTest, WithHostCheckOnlyKnownNamesAreAnswered) {
  server.config.servers[0].host_check = config::HostCheck::kOn;
  server.config.servers[0].names = {"files.example"};
  const auto ask = [&](const std::string& host) {
    return server.Ask("GET /a.txt HTTP/1.1\r\nHost: " + host + "\r\n\r\n").TakeOne();
  };
  for (const char* host : {"files.example", "localhost:8080", "127.0.0.1", "192.0.2.1:80", "[::1]:80"}) {
    EXPECT_EQ(ask(host).body, "hello") << host;
  }
  const TestAnswer refused = ask("evil.example:8080");
  EXPECT_EQ(refused.status, 421);
  EXPECT_THAT(refused.body, HasSubstr("answers to localhost, to IP addresses, and to the names it was given"));
  EXPECT_EQ(server.Ask("GET http://evil.example/a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n").TakeOne().status, 421);
}

// ---- add_header, cache_control

TEST_F(AccessTest, FieldsAreAddedToAnswersAndWithAlwaysToErrors) {
  server.config.servers[0].locations[0].add_headers = {{.name = "X-Some", .value = "1"},
                                                       {.name = "X-All", .value = "2", .always = true}};
  folder.Write("large.txt", std::string(100'000, 'x'));
  for (const char* target : {"/a.txt", "/dir", "/large.txt"}) {
    EXPECT_EQ(Ask("GET", target).Field("X-Some"), "1") << target;
    EXPECT_EQ(Ask("HEAD", target).Field("X-All"), "2") << target;
  }
  EXPECT_EQ(Ask("OPTIONS", "/a.txt").Field("X-Some"), "1");
  for (const char* target : {"/none", "/dir/"}) {
    EXPECT_EQ(Ask("GET", target).Field("X-Some"), std::nullopt) << target;
    EXPECT_EQ(Ask("GET", target).Field("X-All"), "2") << target;
  }
  EXPECT_EQ(Ask("POST", "/a.txt").Field("X-All"), "2");
  EXPECT_EQ(Ask("GET", "/a.txt", "If-Match: \"x\"\r\n").Field("X-All"), "2");
  EXPECT_EQ(Ask("GET", "/a.txt", "If-None-Match: *\r\n").Field("X-Some"), "1");
  EXPECT_EQ(Ask("GET", "/private/a.txt", kAnn).Field("X-All"), std::nullopt) << "of another location";
}

TEST_F(AccessTest, AnswersOfNoLocationHaveTheServersFields) {
  server.config.servers[0].locations[0].path = "/only";
  server.config.servers[0].add_headers = {{.name = "X-Some", .value = "1"},
                                          {.name = "X-All", .value = "2", .always = true}};
  EXPECT_EQ(Ask("GET", "/none").Field("X-All"), "2");
  EXPECT_EQ(Ask("GET", "/%00").Field("X-All"), "2");
  EXPECT_EQ(Ask("OPTIONS", "*").Field("X-Some"), "1");
  EXPECT_EQ(Ask("GET", "/\xff").Field("X-Some"), "1");
  EXPECT_EQ(server.Ask("BAD\r\n\r\n").TakeOne().Field("X-All"), "2");
  EXPECT_EQ(server.Ask("BAD\r\n\r\n").TakeOne().Field("X-Some"), std::nullopt);
}

TEST_F(AccessTest, ConfiguredFieldsTakeThePlaceOfTheServersOwn) {
  server.config.servers[0].locations[0].add_headers = {
      {.name = "Server", .value = "mine"},
      {.name = "X-Content-Type-Options", .value = "other", .always = true},
      {.name = "Content-Security-Policy", .value = "default-src *", .always = true}};
  for (const std::string_view fields : {std::string_view(), std::string_view("If-None-Match: *\r\n")}) {
    const TestAnswer answer = Ask("GET", "/a.txt", fields);
    EXPECT_EQ(answer.Field("Server"), "mine");
    EXPECT_EQ(answer.Field("X-Content-Type-Options"), "other");
    EXPECT_NE(answer.Field("Date"), std::nullopt);
  }
  const TestAnswer part = Ask("GET", "/a.txt", "Range: bytes=1-2\r\n");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.Field("X-Content-Type-Options"), "other");
  const TestAnswer error = Ask("GET", "/none");
  EXPECT_EQ(error.Field("Server"), "BrilliantServer");
  EXPECT_EQ(error.Field("X-Content-Type-Options"), "other");
  EXPECT_EQ(error.Field("Content-Security-Policy"), "default-src *");
}

// RFC 9110 section 15.4.5: a 304 has the Cache-Control that the 200 would have had.
TEST_F(AccessTest, CacheControlIsForFiles) {
  server.config.servers[0].locations[0].cache_control = "public, max-age=60";
  folder.Write("large.txt", std::string(100'000, 'x'));
  for (const char* target : {"/a.txt", "/large.txt"}) {
    EXPECT_EQ(Ask("GET", target).Field("Cache-Control"), "public, max-age=60") << target;
    EXPECT_EQ(Ask("HEAD", target).Field("Cache-Control"), "public, max-age=60") << target;
    const TestAnswer unchanged = Ask("GET", target, "If-None-Match: *\r\n");
    EXPECT_EQ(unchanged.status, 304);
    EXPECT_EQ(unchanged.Field("Cache-Control"), "public, max-age=60") << target;
  }
  // RFC 9110 section 15.3.7: and so has a part.
  for (const char* range : {"Range: bytes=1-2\r\n", "Range: bytes=0-0,2-2\r\n"}) {
    for (const char* target : {"/a.txt", "/large.txt"}) {
      const TestAnswer part = Ask("GET", target, range);
      EXPECT_EQ(part.status, 206) << target;
      EXPECT_EQ(part.Field("Cache-Control"), "public, max-age=60") << target << " " << range;
    }
  }
  EXPECT_EQ(Ask("GET", "/a.txt", "Range: bytes=9-\r\n").Field("Cache-Control"), "no-store");
  EXPECT_EQ(Ask("GET", "/none").Field("Cache-Control"), "no-store");
  EXPECT_EQ(Ask("GET", "/a.txt", "If-Match: \"x\"\r\n").Field("Cache-Control"), "no-store");
  EXPECT_EQ(Ask("GET", "/dir").Field("Cache-Control"), std::nullopt) << "a redirect is no file";
  EXPECT_EQ(Ask("OPTIONS", "/a.txt").Field("Cache-Control"), std::nullopt);
}

}  // namespace
}  // namespace brilliant::server
