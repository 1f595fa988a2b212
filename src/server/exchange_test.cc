#include "server/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "files/test_folder.h"
#include "server/testing.h"

namespace brilliant::server {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

struct ExchangeTest : testing::Test {
  ExchangeTest() {
    folder.Write("a.txt", "hello");
    for (int i = 0; i < 40; ++i) folder.Write("n" + std::to_string(i), "file " + std::to_string(i));
    server.config.limits.header_timeout = seconds(30);
  }
  files::TestFolder folder;
  TestServer server{folder.Path()};
};

std::string Get(std::string_view path, std::string_view fields = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}

// ---- Pipelining (RFC 9112 section 9.3.2) ----

TEST_F(ExchangeTest, PipelinedRequestsAreAnsweredInOrderInOneWrite) {
  std::string requests;
  for (int i = 0; i < 10; ++i) requests += Get("/n" + std::to_string(i));
  TestClient& client = server.Ask(requests);
  EXPECT_EQ(client.peer.writes, 1);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.TakeOne().body, "file " + std::to_string(i));
  EXPECT_EQ(client.Take(), "");
}

TEST_F(ExchangeTest, MoreRequestsThanATurnAllowsAreAnsweredAllTheSame) {
  std::string requests;
  for (int i = 0; i < 40; ++i) requests += Get("/n" + std::to_string(i));
  TestClient& client = server.Ask(requests);
  EXPECT_EQ(client.peer.writes, (40 + kRequestsPerTurnMax - 1) / kRequestsPerTurnMax);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(client.TakeOne().body, "file " + std::to_string(i));
}

TEST_F(ExchangeTest, AConnectionThatAlwaysAsksLeavesOthersTheirTurn) {
  std::string requests;
  for (int i = 0; i < 300; ++i) requests += Get("/a.txt");
  TestClient& greedy = server.Connect();
  TestClient& modest = server.Connect();
  greedy.Send(requests);
  modest.Send(Get("/a.txt"));
  server.loop.Turns(2);
  EXPECT_EQ(modest.TakeOne().status, 200);
  EXPECT_LE(greedy.peer.writes, 2);
  server.Run();
  for (int i = 0; i < 300; ++i) ASSERT_EQ(greedy.TakeOne().body, "hello") << i;
}

TEST_F(ExchangeTest, NothingIsReadBehindTheLastRequest) {
  TestClient& client = server.Ask(Get("/n1") + Get("/n2", "Connection: close\r\n") + Get("/n3"));
  EXPECT_EQ(client.TakeOne().body, "file 1");
  const TestAnswer last = client.TakeOne();
  EXPECT_EQ(last.body, "file 2");
  EXPECT_TRUE(last.closes());
  EXPECT_EQ(client.Take(), "");
  EXPECT_TRUE(client.peer.write_shut);
  EXPECT_EQ(server.counters().requests.get(), 2U);
}

TEST_F(ExchangeTest, AnswersLeaveBeforeARequestIsWhole) {
  TestClient& client = server.Ask(Get("/n1") + "GET /n2 HT");
  EXPECT_EQ(client.TakeOne().body, "file 1");
  client.Send("TP/1.1\r\nHost: h\r\n\r\n");
  server.Run();
  EXPECT_EQ(client.TakeOne().body, "file 2");
}

TEST_F(ExchangeTest, RequestsThatFillTheInputBufferManyTimesAreAllAnswered) {
  const std::string filler = "X-Filler: " + std::string(5'000, 'x') + "\r\n";
  std::string requests;
  for (int i = 0; i < 40; ++i) requests += Get("/n" + std::to_string(i), filler);
  TestClient& client = server.Ask(requests);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(client.TakeOne().body, "file " + std::to_string(i));
  EXPECT_THAT(server.AccessLines(), HasSubstr("\"GET /n39 HTTP/1.1\" 200 7 "));
}

// ---- However the bytes arrive ----

TEST_F(ExchangeTest, EverySplitOfTheInputGivesTheSameAnswers) {
  const std::string input = "\r\n" + Get("/n1", "A: b\r\n") +
                            "POST /a.txt HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n" + "\r\nhello" +
                            "HEAD /n2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
                            "2;x=\"y\"\r\nab\r\n0\r\nT: u\r\n\r\n" + Get("/n3") + "BAD\r\n\r\n";
  const std::string whole = server.Ask(input).Take();
  ASSERT_THAT(whole, HasSubstr("file 3"));
  for (size_t split = 1; split < input.size(); ++split) {
    TestClient& client = server.Connect();
    client.Send(input.substr(0, split));
    server.Run();
    client.Send(input.substr(split));
    server.Run();
    ASSERT_EQ(client.Take(), whole) << split;
  }
  TestClient& client = server.Connect();
  for (const char c : input) {
    client.Send({&c, 1});
    server.loop.Turns(3);
  }
  server.Run();
  EXPECT_EQ(client.Take(), whole);
}

// ---- Content that nobody wants ----

TEST_F(ExchangeTest, ContentIsSkippedAndTheNextRequestAnswered) {
  for (const size_t size : {size_t{1}, size_t{5'000}, size_t{100'000}, size_t{kDrainBytesMax}}) {
    TestClient& client = server.Ask(Get("/a.txt", "Content-Length: " + std::to_string(size) + "\r\n"));
    EXPECT_EQ(client.TakeOne().status, 200) << size;
    client.Send(std::string(size, 'x') + Get("/n1"));
    server.Run();
    EXPECT_EQ(client.TakeOne().body, "file 1") << size;
    EXPECT_FALSE(client.peer.write_shut);
  }
}

TEST_F(ExchangeTest, ContentTooLargeToSkipEndsTheConnection) {
  TestClient& client = server.Ask(Get("/a.txt", "Content-Length: " + std::to_string(kDrainBytesMax + 1) + "\r\n"));
  const TestAnswer answer = client.TakeOne();
  EXPECT_EQ(answer.body, "hello");
  EXPECT_TRUE(answer.closes());
  client.Send(Get("/n1"));
  server.Run();
  EXPECT_EQ(client.Take(), "");
  EXPECT_TRUE(client.peer.write_shut);
}

TEST_F(ExchangeTest, ChunkedContentIsSkippedToItsEnd) {
  TestClient& client = server.Ask(Get("/a.txt", "Transfer-Encoding: chunked\r\n"));
  client.Send("3\r\nabc\r\n5\r\nGET /");
  server.Run();
  EXPECT_EQ(client.Take(), "");  // whether it is a request at all is not known yet
  client.Send("\r\n0\r\nTrailer: x\r\n\r\n" + Get("/n2"));
  server.Run();
  EXPECT_EQ(client.TakeOne().status, 200);
  EXPECT_EQ(client.TakeOne().body, "file 2");
}

TEST_F(ExchangeTest, ChunkedContentThatDoesNotEndIsNotSkippedForEver) {
  TestClient& client = server.Ask(Get("/a.txt", "Transfer-Encoding: chunked\r\n"));
  for (int i = 0; i < 5; ++i) client.Send("10000\r\n" + std::string(65'536, 'x') + "\r\n");
  server.Run();
  const TestAnswer answer = client.TakeOne();
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.closes());
  EXPECT_TRUE(client.peer.write_shut);
  EXPECT_EQ(client.Take(), "");
}

// RFC 9112 section 7.1: however the bytes arrive and whoever would have answered.
TEST_F(ExchangeTest, MalformedChunksAre400AndNothingBehindThemIsParsed) {
  for (const std::string_view path : {"/a.txt", "/none", "/%00"}) {
    for (const std::string_view chunks : {"zz\r\n", "3\r\nabcX\r\n0\r\n\r\n", "3\nabc\r\n0\r\n\r\n", "-1\r\n"}) {
      const std::string head = Get(path, "Transfer-Encoding: chunked\r\n");
      TestClient& at_once = server.Ask(head + std::string(chunks) + Get("/n1"));
      TestClient& late = server.Ask(head);
      EXPECT_EQ(late.Take(), "");
      late.Send(std::string(chunks) + Get("/n1"));
      server.Run();
      for (TestClient* client : {&at_once, &late}) {
        const TestAnswer answer = client->TakeOne();
        EXPECT_EQ(answer.status, 400) << path << chunks;
        EXPECT_TRUE(answer.closes()) << path << chunks;
        EXPECT_EQ(client->Take(), "") << path << chunks;
        EXPECT_TRUE(client->peer.write_shut);
      }
    }
  }
}

TEST_F(ExchangeTest, ChunksThatStopAreAnswered408) {
  TestClient& client = server.Ask(Get("/a.txt", "Transfer-Encoding: chunked\r\n") + "3\r\nab");
  server.Advance(seconds(60));
  const TestAnswer answer = client.TakeOne();
  EXPECT_EQ(answer.status, 408);
  EXPECT_TRUE(answer.closes());
  EXPECT_TRUE(client.peer.write_shut);
  EXPECT_EQ(server.counters().timeouts.get(), 1U);
}

TEST_F(ExchangeTest, ContentThatStopsEndsTheConnection) {
  TestClient& client = server.Ask(Get("/a.txt", "Content-Length: 10\r\n") + "abc");
  EXPECT_EQ(client.TakeOne().status, 200);
  server.Advance(seconds(59));
  EXPECT_FALSE(client.peer.write_shut);
  server.Advance(seconds(1));
  EXPECT_TRUE(client.peer.write_shut);
  server.Advance(seconds(5));
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.Take(), "");
}

// RFC 9110 section 10.1.1: a final answer at once; the client may send its content or not, so the connection ends.
TEST_F(ExchangeTest, ExpectationsThatTurnOutUselessAreAnsweredWithoutAContinue) {
  TestClient& client = server.Ask(Get("/a.txt", "Content-Length: 5\r\nExpect: 100-continue\r\n"));
  const TestAnswer answer = client.TakeOne();
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.closes());
  EXPECT_TRUE(client.peer.write_shut);
}

TEST_F(ExchangeTest, OtherExpectationsAre417) {
  EXPECT_EQ(server.Ask(Get("/a.txt", "Expect: 200-ok\r\n")).TakeOne().status, 417);
}

// ---- What is no request ----

TEST_F(ExchangeTest, MalformedHeadsGetOneAnswerAndNothingBehindThemIsParsed) {
  struct Case {
    std::string input;
    int status;
  };
  const Case cases[] = {
      {"GET /a.txt HTTP/1.1\nHost: h\n\n", 400},
      {"GET /a.txt HTTP/1.1\r\n\r\n", 400},
      {"GET /a.txt HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET /a.txt HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 2\r\n\r\n", 400},
      {"GET /a.txt HTTP/1.1\r\nHost: h\r\nContent-Length: 400, 400\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"GET /a.txt HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 400},
      {"GET /a.txt HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", 400},
      {"GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
      {"GET /a.txt HTTP/1.1\r\nHost: h\r\nA: " + std::string(40'000, 'a') + "\r\n\r\n", 431},
      {"GET /a.txt HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {std::string(40, 'G') + " / HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {"\x16\x03\x01\x02", 400},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
  };
  for (const Case& c : cases) {
    TestClient& client = server.Ask(c.input + Get("/n1"));
    const TestAnswer answer = client.TakeOne();
    EXPECT_EQ(answer.status, c.status) << c.input.substr(0, 60);
    EXPECT_TRUE(answer.closes()) << c.input.substr(0, 60);
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(client.Take(), "") << c.input.substr(0, 60);
    EXPECT_TRUE(client.peer.write_shut);
  }
  EXPECT_EQ(server.counters().responses[3].get() + server.counters().responses[4].get(), std::size(cases));
}

TEST_F(ExchangeTest, AMalformedHeadIsAnsweredBehindTheRequestsBeforeIt) {
  TestClient& client = server.Ask(Get("/n1") + "\x01");
  EXPECT_EQ(client.peer.writes, 1);
  EXPECT_EQ(client.TakeOne().body, "file 1");
  EXPECT_EQ(client.TakeOne().status, 400);
}

// RFC 9110 section 9.3.2: no content in an answer to HEAD, not even in that to a malformed one.
TEST_F(ExchangeTest, AMalformedHeadRequestIsAnsweredWithoutContent) {
  TestClient& client = server.Ask("HEAD /a.txt HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client.TakeOne(true).status, 400);
  EXPECT_EQ(client.Take(), "");
}

// ---- The access log ----

TEST_F(ExchangeTest, LinesSayWhatWasSentInTheOrderOfTheRequests) {
  server.Ask(Get("/a.txt", "Referer: http://r/\r\nUser-Agent: Agent 1\r\n") +
             "HEAD /a.txt HTTP/1.1\r\nHost: h\r\n\r\n" + Get("/none?q") + "BAD \x01\r\n\r\n");
  const std::string lines = server.AccessLines();
  const std::string prefix = "192.0.2.7 - - [02/Jan/2026:03:04:05 +0000] ";
  EXPECT_THAT(lines, testing::StartsWith(prefix + "\"GET /a.txt HTTP/1.1\" 200 5 \"http://r/\" \"Agent 1\"\n" + prefix +
                                         "\"HEAD /a.txt HTTP/1.1\" 200 0 \"-\" \"-\"\n" + prefix +
                                         "\"GET /none?q HTTP/1.1\" 404 "));
  EXPECT_THAT(lines, HasSubstr(prefix + "\"BAD \\x01\" 400 "));
  EXPECT_EQ(std::ranges::count(lines, '\n'), 4);
}

TEST_F(ExchangeTest, JsonLinesNumberConnectionsAndRequests) {
  server.access_format = log::AccessFormat::kJson;
  server.Ask(Get("/a.txt"));
  server.Ask(Get("/n1") + Get("/n2"));
  const std::string lines = server.AccessLines();
  EXPECT_THAT(lines, HasSubstr(R"("target":"/n2")"));
  EXPECT_THAT(lines, HasSubstr(R"("connection":2,"request":2)"));
  EXPECT_THAT(lines, HasSubstr(R"("host":"h")"));
}

TEST_F(ExchangeTest, AnAnswerThatIsCutIsLoggedWithTheBytesThatWereSent) {
  TestClient& client = server.Connect();
  client.peer.write_bytes_max = 1;
  client.Send(Get("/a.txt"));
  server.Run();
  const size_t head_bytes = server.Ask(Get("/a.txt")).peer.output.size() - 5;
  client.peer.write_bytes_max = head_bytes + 2;  // 1 + head + 2 - 1
  client.peer.write_bytes_max -= 1;
  client.TakeMore();
  server.Run();
  EXPECT_EQ(client.peer.output.size(), head_bytes + 2);
  client.Reset();
  server.Run();
  EXPECT_TRUE(client.closed());
  EXPECT_THAT(server.AccessLines(), HasSubstr("\"GET /a.txt HTTP/1.1\" 200 2 "));
}

TEST_F(ExchangeTest, LinesSayHowLongARequestTook) {
  server.access_format = log::AccessFormat::kJson;
  TestClient& client = server.Ask("GET /a.txt HTTP/1.1\r\n");
  server.Advance(std::chrono::milliseconds(1'250));
  client.Send("Host: h\r\n\r\n" + Get("/n1"));
  server.Run();
  const std::string lines = server.AccessLines();
  EXPECT_THAT(lines, HasSubstr("\"duration_ms\":1250"));
  EXPECT_THAT(lines, HasSubstr("\"duration_ms\":0"));
}

}  // namespace
}  // namespace brilliant::server
