#include "server/serve_connection.h"

#include <gtest/gtest.h>

#include "files/test_folder.h"
#include "server/testing.h"

namespace brilliant::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct ServeConnectionTest : testing::Test {
  ServeConnectionTest() { folder.Write("a.txt", "hello"); }
  files::TestFolder folder;
  TestServer server{folder.Path()};
};

constexpr std::string_view kGet = "GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kGetAndClose = "GET /a.txt HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

TEST_F(ServeConnectionTest, AnswersOneRequestAfterTheOther) {
  TestClient& client = server.Connect();
  for (int i = 0; i < 3; ++i) {
    client.Send(kGet);
    server.Run();
    const TestAnswer answer = client.TakeOne();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.Field("Connection"), std::nullopt);
    EXPECT_EQ(client.Take(), "");
  }
  EXPECT_FALSE(client.closed());
  EXPECT_EQ(client.peer.writes, 3);
  EXPECT_EQ(server.counters().requests.get(), 3U);
}

TEST_F(ServeConnectionTest, ClosesAtOnceBehindTheAnswerThatTheClientCalledTheLast) {
  TestClient& client = server.Ask(kGetAndClose);
  EXPECT_TRUE(client.TakeOne().closes());
  EXPECT_TRUE(client.closed());
}

TEST_F(ServeConnectionTest, LingersIfMoreHasArrivedBehindTheLastRequest) {
  TestClient& client = server.Connect();
  client.Send(kGetAndClose);
  client.Send("GET /b HTTP/1.1\r\n");  // in the kernel, not yet read
  server.Run();
  EXPECT_TRUE(client.TakeOne().closes());
  EXPECT_EQ(client.Take(), "");
  EXPECT_TRUE(client.peer.write_shut);
  EXPECT_TRUE(client.peer.input.empty());
  EXPECT_FALSE(client.closed());
  client.End();
  server.Run();
  EXPECT_TRUE(client.closed());
}

// RFC 9112 section 9.3.
TEST_F(ServeConnectionTest, PersistsByTheRulesOfBothVersions) {
  struct Case {
    const char* version;
    const char* connection;
    bool persists;
    const char* answered;
  };
  const Case cases[] = {
      {"1.1", "", true, nullptr},
      {"1.1", "Connection: close\r\n", false, "close"},
      {"1.1", "Connection: CLOSE\r\n", false, "close"},
      {"1.1", "Connection: keep-alive, close\r\n", false, "close"},
      {"1.1", "Connection: x ,\tclose , y\r\n", false, "close"},
      {"1.1", "Connection: keep-alive\r\nConnection: close\r\n", false, "close"},
      {"1.1", "Connection: closed\r\n", true, nullptr},
      {"1.1", "Connection: x-close\r\n", true, nullptr},
      {"1.1", "Connection: keep-alive\r\n", true, nullptr},
      {"1.0", "", false, "close"},
      {"1.0", "Connection: keep-alive\r\n", true, "keep-alive"},
      {"1.0", "Connection: Keep-Alive\r\n", true, "keep-alive"},
      {"1.0", "Connection: x, keep-alive\r\n", true, "keep-alive"},
      {"1.0", "Connection: keep-alive, close\r\n", false, "close"},
      {"1.2", "", true, nullptr},
  };
  for (const Case& c : cases) {
    TestClient& client =
        server.Ask(std::string("GET /a.txt HTTP/") + c.version + "\r\nHost: h\r\n" + c.connection + "\r\n");
    const TestAnswer answer = client.TakeOne();
    EXPECT_EQ(answer.status, 200) << c.version << c.connection;
    EXPECT_EQ(client.closed(), !c.persists) << c.version << c.connection;
    const std::optional<std::string> answered = answer.Field("Connection");
    EXPECT_EQ(answered, c.answered == nullptr ? std::nullopt : std::optional<std::string>(c.answered))
        << c.version << c.connection;
  }
}

TEST_F(ServeConnectionTest, EndsAfterKeepaliveRequests) {
  server.config.limits.keepalive_requests = 3;
  TestClient& client = server.Connect();
  for (int i = 1; i <= 3; ++i) {
    client.Send(kGet);
    server.Run();
    EXPECT_EQ(client.TakeOne().closes(), i == 3) << i;
  }
  EXPECT_TRUE(client.peer.write_shut);  // the client did not know: linger
  EXPECT_FALSE(client.closed());
}

TEST_F(ServeConnectionTest, ClosesAConnectionThatIsIdleTooLongWithoutAWord) {
  TestClient& client = server.Ask(kGet);
  static_cast<void>(client.Take());
  server.Advance(seconds(75) - milliseconds(1));
  EXPECT_FALSE(client.closed());
  server.Advance(milliseconds(1));
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.Take(), "");
}

TEST_F(ServeConnectionTest, ClosesAConnectionThatNeverAsksWithoutAWord) {
  TestClient& client = server.Connect();
  server.Run();
  server.Advance(seconds(30));
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.Take(), "");
  EXPECT_EQ(server.AccessLines(), "");
}

TEST_F(ServeConnectionTest, AnswersAHeadThatTakesTooLong) {
  TestClient& client = server.Connect();
  client.Send("GET /a.txt HT");
  server.Run();
  for (int i = 0; i < 29; ++i) {  // progress does not help: the limit is for the whole head
    server.Advance(seconds(1));
    client.Send(i == 0 ? "TP/1.1\r\nHost: h\r\n" : "A: b\r\n");
    server.Run();
  }
  EXPECT_EQ(client.Take(), "");
  server.Advance(seconds(1));
  const TestAnswer answer = client.TakeOne();
  EXPECT_EQ(answer.status, 408);
  EXPECT_TRUE(answer.closes());
  EXPECT_TRUE(client.peer.write_shut);
  EXPECT_EQ(server.counters().timeouts.get(), 1U);
}

TEST_F(ServeConnectionTest, AByteAtTheLastMomentGivesTheHeadNoSecondTerm) {
  TestClient& client = server.Connect();
  client.Send("GET /a.txt HTTP/1.1\r\n");
  server.Run();
  server.loop.time.Advance(seconds(30));
  client.Send("A");  // in the same turn as the end of the term
  server.Run();
  EXPECT_EQ(client.TakeOne().status, 408);
}

// RFC 9112 section 2.2: empty lines before a request are no request.
TEST_F(ServeConnectionTest, EmptyLinesAloneAreNoRequest) {
  TestClient& late = server.Ask("\r\n");
  server.Advance(seconds(80));
  EXPECT_TRUE(late.closed());
  EXPECT_EQ(late.Take(), "");

  TestClient& ended = server.Ask("\r\n");
  ended.End();
  server.Run();
  EXPECT_TRUE(ended.closed());
  EXPECT_EQ(ended.Take(), "");

  TestClient& behind_request = server.Ask(std::string(kGet) + "\r\n");
  EXPECT_EQ(behind_request.TakeOne().status, 200);
  behind_request.Send(kGet);
  server.Run();
  EXPECT_EQ(behind_request.TakeOne().status, 200);
}

TEST_F(ServeConnectionTest, AHalfClosedClientGetsItsAnswers) {
  TestClient& client = server.Connect();
  client.Send(std::string(kGet) + std::string(kGet));
  client.End();
  server.Run();
  EXPECT_EQ(client.TakeOne().status, 200);
  EXPECT_EQ(client.TakeOne().status, 200);
  EXPECT_TRUE(client.closed());
}

TEST_F(ServeConnectionTest, AHeadThatEndsWithTheInputIsRefused) {
  TestClient& client = server.Connect();
  client.Send("GET /a.txt HTTP/1.1\r\nHos");
  client.End();
  server.Run();
  const TestAnswer answer = client.TakeOne();
  EXPECT_EQ(answer.status, 400);
  EXPECT_TRUE(answer.closes());
  EXPECT_TRUE(client.closed());
}

TEST_F(ServeConnectionTest, LingersUntilTheClientIsDoneAndForgetsWhatItSends) {
  TestClient& client = server.Ask("BAD\r\n\r\n");
  EXPECT_EQ(client.TakeOne().status, 400);
  EXPECT_TRUE(client.peer.write_shut);
  for (int i = 0; i < 4; ++i) {
    client.Send(kGet);
    server.Run();
  }
  EXPECT_TRUE(client.peer.input.empty());
  EXPECT_EQ(client.Take(), "");
  EXPECT_FALSE(client.closed());
  client.End();
  server.Run();
  EXPECT_TRUE(client.closed());
}

TEST_F(ServeConnectionTest, LingersNoLongerThanItsTermHoweverMuchTheClientSends) {
  TestClient& client = server.Ask("BAD\r\n\r\n");
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(client.closed()) << i;
    client.Send(kGet);
    server.Advance(seconds(3));
  }
  client.Send(kGet);
  server.Run();
  EXPECT_TRUE(client.closed());
}

TEST_F(ServeConnectionTest, LingersNoLongerThanTheClientIsSilent) {
  TestClient& client = server.Ask("BAD\r\n\r\n");
  server.Advance(seconds(4));
  client.Send(kGet);
  server.Run();
  server.Advance(seconds(5) - milliseconds(1));
  EXPECT_FALSE(client.closed());
  server.Advance(milliseconds(1));
  EXPECT_TRUE(client.closed());
}

TEST_F(ServeConnectionTest, EndsWithItsClient) {
  TestClient& idle = server.Ask(kGet);
  TestClient& in_head = server.Ask("GET /");
  TestClient& lingering = server.Ask("BAD\r\n\r\n");
  TestClient& sending = server.Connect();
  sending.peer.write_bytes_max = 10;
  sending.Send(kGet);
  server.Run();
  EXPECT_EQ(sending.peer.output.size(), 10U);
  for (TestClient* client : {&idle, &in_head, &lingering, &sending}) {
    EXPECT_FALSE(client->closed());
    client->Reset();
  }
  server.Run();
  for (TestClient* client : {&idle, &in_head, &lingering, &sending}) EXPECT_TRUE(client->closed());
  EXPECT_EQ(server.context().connection_count, 0U);
  EXPECT_EQ(server.counters().responses_cut.get(), 1U);
}

TEST_F(ServeConnectionTest, ADrainingWorkerAnswersOnceMoreAndSaysGoodbye) {
  TestClient& client = server.Ask(kGet);
  static_cast<void>(client.Take());
  server.Drain();
  server.Advance(seconds(4));
  client.Send(kGet);
  server.Run();
  EXPECT_TRUE(client.TakeOne().closes());
}

TEST_F(ServeConnectionTest, ADrainingWorkerClosesIdleConnectionsAfterDrainIdle) {
  TestClient& client = server.Ask(kGet);
  static_cast<void>(client.Take());
  server.Drain();
  server.Advance(seconds(5) - milliseconds(1));
  EXPECT_FALSE(client.closed());
  server.Advance(milliseconds(1));
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.Take(), "");
}

TEST_F(ServeConnectionTest, AnIdleConnectionHoldsNoBuffers) {
  ExchangePool& pool = server.context().exchange_pool;
  server.Ask(kGet);
  EXPECT_TRUE(server.last_connection->idle());
  std::unique_ptr<ExchangeBuffers> given_back = pool.Take();
  const ExchangeBuffers* const first = given_back.get();
  pool.Give(std::move(given_back));
  server.Ask(kGet);
  EXPECT_EQ(pool.Take().get(), first);
  server.Ask("GET /a");
  EXPECT_FALSE(server.last_connection->idle());
}

}  // namespace
}  // namespace brilliant::server
