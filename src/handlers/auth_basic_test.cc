#include "handlers/auth_basic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>

#include "event/fake_loop.h"
#include "files/test_folder.h"
#include "http/request_parser.h"

namespace brilliant::handlers {
namespace {

using testing::HasSubstr;
using testing::Not;

// Of "secret" and "other", with the least cost.
constexpr std::string_view kSecret = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
constexpr std::string_view kOther = "$2y$04$abcdefghijklmnopqrstuu0HtfOlPbTiymk5tcV.3TsFPDd3SYZqu";
// Pairs with each of them, and others.
constexpr std::string_view kAnnSecret = "Basic YW5uOnNlY3JldA==";
constexpr std::string_view kAnnOther = "Basic YW5uOm90aGVy";
constexpr std::string_view kBobSecret = "Basic Ym9iOnNlY3JldA==";
constexpr std::string_view kNobodySecret = "Basic bm9ib2R5OnNlY3JldA==";

// One request that wants to come in.
struct Visitor {
  std::string head;
  std::string client = "192.0.2.1";
  http::RequestParser parser{http::HeadLimits{}};
  std::optional<AuthOutcome> outcome;
  event::CancelScope scope{nullptr};

  // "user", or the status of the refusal; "": not decided yet.
  [[nodiscard]] std::string seen() const {
    if (!outcome) return "";
    return outcome->refusal ? std::to_string(outcome->refusal->status) : outcome->user;
  }
};

struct AuthBasicTest : testing::Test {
  AuthBasicTest() { Users("ann:" + std::string(kSecret) + "\n"); }
  ~AuthBasicTest() override {
    for (Visitor& visitor : visitors) visitor.scope.Cancel(ErrorCode::kCancelled);
    loop.Turns(10);
    EXPECT_TRUE(loop.tasks.empty());
  }
  void Users(const std::string& text) { folder.Write("users", text); }

  event::Task<void> Enter(Visitor& visitor) {
    AuthOutcome outcome = co_await gate.Admit(realm, visitor.parser.head(), visitor.client, visitor.scope);
    visitor.outcome = std::move(outcome);
  }
  // A request with these fields, that has not been decided on yet.
  Visitor& Come(std::string_view fields, std::string_view client = "192.0.2.1") {
    Visitor& visitor = visitors.emplace_back();
    visitor.head = "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
    EXPECT_EQ(visitor.parser.Parse(visitor.head), http::ParseStatus::kDone);
    visitor.client = client;
    loop.Spawn(Enter(visitor));
    return visitor;
  }
  Visitor& With(std::string_view credentials, std::string_view client = "192.0.2.1") {
    return Come("Authorization: " + std::string(credentials) + "\r\n", client);
  }
  // What came of it before any time has passed.
  std::string Ask(std::string_view credentials) {
    Visitor& visitor = With(credentials);
    loop.Turns(6);
    return visitor.seen();
  }
  std::string Log() {
    error_log.Flush();
    loop.Turns(2);
    std::string text(1 << 16, '\0');
    const UniqueFd fd(open(folder.Path("log").c_str(), O_RDONLY | O_CLOEXEC));
    const ssize_t count = read(fd.get(), text.data(), text.size());
    text.resize(count > 0 ? static_cast<size_t>(count) : 0);
    return text;
  }

  files::TestFolder folder;
  event::FakeLoop loop;
  log::ErrorLog error_log{loop.loop,
                          UniqueFd(open(folder.Path("log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)),
                          log::Level::kDebug};
  config::AuthBasic settings{.realm = "Staff", .file = folder.Path("users"), .methods = {}, .position = {}};
  AuthRealm realm{settings};
  PasswordGate gate{loop.loop, error_log};
  std::deque<Visitor> visitors;
};

// RFC 9110 sections 11.6.1 and 15.5.2, RFC 7617 section 2.
TEST_F(AuthBasicTest, WhoShowsNothingIsAskedAtOnce) {
  for (const char* fields : {"", "Authorization: Bearer x\r\n", "Authorization: Basic !\r\n",
                             "Authorization: Basic\r\n", "Authorization: Basic YW4AbjpzZWNyZXQ=\r\n"}) {
    Visitor& visitor = Come(fields);
    loop.Turn();
    EXPECT_EQ(visitor.seen(), "401") << fields;
  }
  const http::FieldList& challenge = visitors.front().outcome->refusal->fields;
  EXPECT_EQ(challenge.size(), 1U);
  EXPECT_EQ(challenge.Find("WWW-Authenticate"), "Basic realm=\"Staff\", charset=\"UTF-8\"");
}

TEST_F(AuthBasicTest, SeveralFieldsAreRefusedEvenIfEachIsRight) {
  const std::string field = "Authorization: " + std::string(kAnnSecret) + "\r\n";
  Visitor& visitor = Come(field + field);
  loop.Turns(6);
  EXPECT_EQ(visitor.seen(), "400");
}

TEST_F(AuthBasicTest, TheRightPasswordComesIn) {
  EXPECT_EQ(Ask(kAnnSecret), "ann");
  EXPECT_EQ(Ask("basic   YW5uOnNlY3JldA=="), "ann");
}

TEST_F(AuthBasicTest, AWrongOneIsAnsweredLate) {
  for (const std::string_view credentials : {kAnnOther, kNobodySecret, std::string_view("Basic YW5uOg==")}) {
    Visitor& visitor = With(credentials);
    loop.Turns(20);
    EXPECT_EQ(visitor.seen(), "") << credentials;
    loop.Advance(kRefusalDelay - Milliseconds(1));
    EXPECT_EQ(visitor.seen(), "") << credentials;
    loop.Advance(Milliseconds(1));
    EXPECT_EQ(visitor.seen(), "401") << credentials;
    EXPECT_TRUE(visitor.outcome->refusal->fields.Contains("WWW-Authenticate"));
  }
  EXPECT_THAT(Log(), HasSubstr("notice: password refused client=192.0.2.1 user=nobody file=" + settings.file));
  EXPECT_THAT(Log(), Not(HasSubstr("other")));
  EXPECT_THAT(Log(), Not(HasSubstr("secret")));
}

TEST_F(AuthBasicTest, WhatWasRightIsRememberedAndCostsNoHash) {
  EXPECT_EQ(Ask(kAnnSecret), "ann");
  Visitor& again = With(kAnnSecret);
  loop.Turn();  // a hash would come back from the pool in the next one
  EXPECT_EQ(again.seen(), "ann");
  EXPECT_EQ(Ask(kAnnOther), "") << "only that one is remembered";
  loop.Advance(kPasswordKnownFor);
  Visitor& later = With(kAnnSecret);
  loop.Turn();
  EXPECT_EQ(later.seen(), "");
  loop.Turns(5);
  EXPECT_EQ(later.seen(), "ann");
}

TEST_F(AuthBasicTest, AChangeOfTheFileCountsWithinASecond) {
  EXPECT_EQ(Ask(kAnnSecret), "ann");
  Users("bob:" + std::string(kSecret) + "\nann:" + std::string(kOther) + "\n");
  EXPECT_EQ(Ask(kBobSecret), "") << "a look at the file is worth a second";
  loop.Advance(kPasswordFileFreshFor);
  EXPECT_EQ(Ask(kAnnSecret), "") << "remembered, but not for this hash";
  EXPECT_EQ(Ask(kAnnOther), "ann");
  EXPECT_EQ(Ask(kBobSecret), "bob");
  Users("bob:" + std::string(kSecret) + "\n");
  loop.Advance(kPasswordFileFreshFor);
  EXPECT_EQ(Ask(kAnnOther), "");
  EXPECT_EQ(Ask(kBobSecret), "bob");
}

TEST_F(AuthBasicTest, WithoutItsFileNobodyComesInAndTheLogSaysWhatToDo) {
  EXPECT_EQ(Ask(kAnnSecret), "ann");
  folder.Remove("users");
  loop.Advance(kPasswordFileFreshFor);
  EXPECT_EQ(Ask(kAnnSecret), "500");
  EXPECT_EQ(Ask("Basic !"), "401");
  EXPECT_THAT(Log(),
              HasSubstr("error: password file not read, nobody comes in: the user of the workers must be able to "
                        "read it file=" +
                        settings.file + " call=open reason=\"No such file or directory\""));
  Users("ann:" + std::string(kSecret) + "\n");
  EXPECT_EQ(Ask(kAnnSecret), "500") << "for a second";
  loop.Advance(kPasswordFileFreshFor);
  EXPECT_EQ(Ask(kAnnSecret), "ann");
}

TEST_F(AuthBasicTest, WithAFileThatCanNotBeUnderstoodNobodyComesIn) {
  EXPECT_EQ(Ask(kAnnSecret), "ann");
  Users("ann:" + std::string(kSecret) + "\nwhat is this?\n");
  loop.Advance(kPasswordFileFreshFor);
  EXPECT_EQ(Ask(kAnnSecret), "500");
  EXPECT_THAT(Log(), HasSubstr("error: password file not understood, nobody comes in: "));
  EXPECT_THAT(Log(), HasSubstr("htpasswd -B"));
  EXPECT_THAT(Log(), HasSubstr(" line=2 reason=\"the line has no colon\""));
}

TEST_F(AuthBasicTest, WeakHashesLetNobodyInAndTheLogSaysHowToMakeGoodOnes) {
  Users("ann:secret\nbob:" + std::string(kSecret) + "\n");
  EXPECT_EQ(Ask(kAnnSecret), "");
  EXPECT_EQ(Ask(kBobSecret), "bob");
  loop.Advance(kRefusalDelay);
  EXPECT_EQ(visitors.front().seen(), "401");
  const std::string log = Log();
  EXPECT_THAT(log, HasSubstr("warn: password file has hashes of a kind that lets nobody in"));
  EXPECT_THAT(log, HasSubstr("htpasswd -B"));
  EXPECT_THAT(log, HasSubstr("entries=1 first_line=1"));
}

TEST_F(AuthBasicTest, ADamagedHashIsReported) {
  Users("ann:$2y$99$abc\n");
  EXPECT_EQ(Ask(kAnnSecret), "");
  loop.Advance(kRefusalDelay);
  EXPECT_EQ(visitors.front().seen(), "401");
  EXPECT_THAT(Log(), HasSubstr("a hash in the password file is damaged"));
}

TEST_F(AuthBasicTest, OneClientMayTrySoManyTimesAtOnce) {
  EXPECT_EQ(Ask(kAnnSecret), "ann");
  for (size_t i = 0; i < kAttemptsPerClientMax; ++i) With(kAnnOther);
  loop.Turns(4 * static_cast<int>(kAttemptsPerClientMax));
  EXPECT_EQ(Ask(kAnnOther), "503");
  EXPECT_TRUE(visitors.back().outcome->refusal->fields.Contains("Retry-After"));
  EXPECT_EQ(Ask(kAnnSecret), "ann") << "who is known needs no attempt";
  Visitor& elsewhere = With("Basic YW5uOnNlY3JldA==", "192.0.2.2");
  loop.Turns(6);
  EXPECT_EQ(elsewhere.seen(), "ann");
  loop.Advance(kRefusalDelay);
  EXPECT_EQ(visitors[1].seen(), "401");
  EXPECT_EQ(Ask(kAnnOther), "") << "there is room again";
}

TEST_F(AuthBasicTest, AllTogetherMayTrySoManyTimesAtOnce) {
  for (size_t i = 0; i < kAttemptsMax; ++i) With(kAnnOther, "192.0.2." + std::to_string(i / 16));
  loop.Turns(4 * static_cast<int>(kAttemptsMax));
  Visitor& one_more = With(kAnnSecret, "198.51.100.1");
  loop.Turns(6);
  EXPECT_EQ(one_more.seen(), "503");
  loop.Advance(kRefusalDelay);
  loop.Turns(2);
  Visitor& later = With(kAnnSecret, "198.51.100.1");
  loop.Turns(6);
  EXPECT_EQ(later.seen(), "ann");
}

TEST_F(AuthBasicTest, WhoLeavesMakesRoom) {
  for (size_t i = 0; i < kAttemptsPerClientMax; ++i) With(kAnnOther);
  loop.Turns(4 * static_cast<int>(kAttemptsPerClientMax));
  visitors[0].scope.Cancel(ErrorCode::kClosed);
  loop.Turns(2);
  EXPECT_EQ(Ask(kAnnSecret), "ann");
}

TEST_F(AuthBasicTest, SomeMethodsMayBeFree) {
  for (const http::Method method : {http::Method::kGet, http::Method::kOptions, http::Method::kTrace}) {
    EXPECT_TRUE(realm.Guards(method));
  }
  settings.methods = {http::Method::kPut, http::Method::kDelete};
  EXPECT_TRUE(realm.Guards(http::Method::kPut));
  EXPECT_FALSE(realm.Guards(http::Method::kGet));
  EXPECT_FALSE(realm.Guards(http::Method::kOptions));
}

// ---- with threads

struct AuthBasicThreadsTest : testing::Test {
  event::Task<void> Enter(Visitor& visitor) {
    AuthOutcome outcome = co_await gate.Admit(realm, visitor.parser.head(), visitor.client, visitor.scope);
    visitor.outcome = std::move(outcome);
  }
  void Come(Visitor& visitor) {
    visitor.head = "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: " + std::string(kAnnSecret) + "\r\n\r\n";
    ASSERT_EQ(visitor.parser.Parse(visitor.head), http::ParseStatus::kDone);
    loop.Spawn(Enter(visitor), tasks);
  }

  files::TestFolder folder;
  SystemTimeSource time;
  event::EventLoop loop{*event::MakePoller(), time, 2};
  event::TaskList tasks;
  log::ErrorLog error_log{loop, UniqueFd(open("/dev/null", O_WRONLY | O_CLOEXEC)), log::Level::kDebug};
  config::AuthBasic settings{.realm = "r", .file = folder.Path("users"), .methods = {}, .position = {}};
  AuthRealm realm{settings};
  PasswordGate gate{loop, error_log};
};

TEST_F(AuthBasicThreadsTest, ManyAtOnceComeInOneAfterTheOther) {
  folder.Write("users", "ann:" + std::string(kSecret) + "\n");
  std::deque<Visitor> visitors;
  for (int i = 0; i < 20; ++i) Come(visitors.emplace_back());
  while (!tasks.empty()) loop.Turn(true);
  for (const Visitor& visitor : visitors) EXPECT_EQ(visitor.seen(), "ann");
}

TEST_F(AuthBasicThreadsTest, WithoutRoomInThePoolItIsUnavailable) {
  folder.Write("users", "ann:" + std::string(kSecret) + "\n");
  loop.offload().Stop();
  Visitor visitor;
  Come(visitor);
  loop.Turn(false);
  EXPECT_EQ(visitor.seen(), "503");
  EXPECT_TRUE(visitor.outcome->refusal->fields.Contains("Retry-After"));
}

}  // namespace
}  // namespace brilliant::handlers
