#include "server/write_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "files/test_folder.h"
#include "server/testing.h"

namespace brilliant::server {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

// Makes `pieces`, one a call, and then ends or fails.
class PieceSource final : public handlers::BodySource {
 public:
  PieceSource(std::vector<std::string> pieces, bool fails, int& calls)
      : pieces_(std::move(pieces)), fails_(fails), calls_(calls) {}
  event::Task<void> Finish() override { co_return; }
  event::Task<Result<std::span<const char>>> Next() override {
    ++calls_;
    current_.assign(current_.size(), '#');  // what was given before may be reused
    if (next_ == pieces_.size()) {
      if (fails_) co_return Failure(ErrorCode::kDeadline, "source");
      co_return std::span<const char>();
    }
    current_ = pieces_[next_++];
    co_return std::span<const char>(current_);
  }

 private:
  const std::vector<std::string> pieces_;
  const bool fails_;
  int& calls_;
  size_t next_ = 0;
  std::string current_;
};

class StreamHandler final : public handlers::Handler {
 public:
  explicit StreamHandler(std::vector<std::string> pieces, bool fails = false)
      : pieces_(std::move(pieces)), fails_(fails) {}
  event::Task<handlers::Answer> Handle(const handlers::Request& /*request*/, handlers::RequestBody& /*body*/,
                                       const handlers::HandlerContext& /*context*/) const override {
    handlers::Response response;
    response.fields.Add("Content-Type", "text/plain");
    response.body = std::make_unique<PieceSource>(pieces_, fails_, calls);
    co_return response;
  }
  mutable int calls = 0;

 private:
  const std::vector<std::string> pieces_;
  const bool fails_;
};

struct WriteResponseTest : testing::Test {
  StreamHandler& Serve(std::vector<std::string> pieces, bool fails = false) {
    auto handler = std::make_unique<StreamHandler>(std::move(pieces), fails);
    StreamHandler& reference = *handler;
    server.ServeWith(std::move(handler));
    return reference;
  }
  files::TestFolder folder;
  TestServer server{folder.Path()};
};

constexpr std::string_view kGet = "GET /s HTTP/1.1\r\nHost: h\r\n\r\n";

// RFC 9112 section 7.1.
TEST_F(WriteResponseTest, ContentOfUnknownLengthIsChunked) {
  Serve({"one", std::string(20, 'x'), "three"});
  TestClient& client = server.Ask(kGet);
  const std::string output = client.peer.output;
  EXPECT_THAT(output, HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_THAT(output, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(output, EndsWith("\r\n\r\n3\r\none\r\n14\r\n" + std::string(20, 'x') + "\r\n5\r\nthree\r\n0\r\n\r\n"));
  EXPECT_FALSE(client.closed());
  client.Send(kGet);
  server.Run();
  EXPECT_EQ(client.Take(), output + output);
}

TEST_F(WriteResponseTest, EmptyContentOfUnknownLengthIsOneLastChunk) {
  Serve({});
  EXPECT_THAT(server.Ask(kGet).Take(), EndsWith("chunked\r\n\r\n0\r\n\r\n"));
}

// RFC 9112 section 6.3, item 8: HTTP/1.0 knows no chunks.
TEST_F(WriteResponseTest, ForHttp10TheEndOfTheConnectionEndsTheContent) {
  Serve({"one", "two"});
  TestClient& client = server.Ask("GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const TestAnswer answer = client.TakeOne();
  EXPECT_TRUE(answer.closes());
  EXPECT_TRUE(answer.until_close);
  EXPECT_EQ(answer.body, "onetwo");
  EXPECT_EQ(answer.Field("Transfer-Encoding"), std::nullopt);
  EXPECT_TRUE(client.peer.write_shut);
}

TEST_F(WriteResponseTest, HeadDoesNotMakeTheContent) {
  const StreamHandler& handler = Serve({"one"});
  TestClient& client = server.Ask("HEAD /s HTTP/1.1\r\nHost: h\r\n\r\n");
  const TestAnswer answer = client.TakeOne(true);
  EXPECT_EQ(answer.Field("Content-Type"), "text/plain");
  EXPECT_EQ(answer.Field("Content-Length"), std::nullopt);
  EXPECT_FALSE(answer.closes());
  EXPECT_EQ(client.Take(), "");
  EXPECT_EQ(handler.calls, 0);
}

TEST_F(WriteResponseTest, ContentThatFailsIsCutBeforeItsLastChunk) {
  Serve({"one"}, true);
  TestClient& client = server.Ask(std::string(kGet) + std::string(kGet));
  const TestAnswer answer = client.TakeOne();
  EXPECT_FALSE(answer.complete);
  EXPECT_EQ(answer.body, "one");
  EXPECT_EQ(client.Take(), "");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(server.counters().responses_cut.get(), 1U);
  // The client is not to blame.
  EXPECT_EQ(server.counters().timeouts.get(), 0U);
  EXPECT_EQ(server.ErrorLines(), "");
  EXPECT_FALSE(client.peer.reset_on_close);
}

TEST_F(WriteResponseTest, PiecesLeaveBeforeTheNextIsMade) {
  const StreamHandler& handler = Serve({"one", "two", "three"});
  TestClient& client = server.Connect();
  client.peer.write_bytes_max = 7;
  client.Send(kGet);
  server.Run();
  int calls_before = handler.calls;
  while (handler.calls < 3) {
    client.TakeMore();
    server.Run();
    EXPECT_LE(handler.calls, calls_before + 1);
    calls_before = handler.calls;
  }
  while (!client.peer.output.ends_with("0\r\n\r\n")) {
    client.TakeMore();
    server.Run();
  }
  EXPECT_EQ(client.TakeOne().body, "onetwothree");
}

TEST_F(WriteResponseTest, AClientThatLeavesEndsTheMaking) {
  const StreamHandler& handler = Serve(std::vector<std::string>(1'000, "piece"));
  TestClient& client = server.Connect();
  client.peer.write_bytes_max = 20;
  client.Send(kGet);
  server.Run();
  client.Reset();
  server.Run();
  EXPECT_TRUE(client.closed());
  EXPECT_LT(handler.calls, 1'000);
}

TEST_F(WriteResponseTest, ContentThatIsAlwaysThereLeavesOthersTheirTurn) {
  const StreamHandler& handler = Serve(std::vector<std::string>(10'000, "piece"));
  TestClient& greedy = server.Connect();
  greedy.Send(kGet);
  server.loop.Turns(3);
  EXPECT_LE(handler.calls, 3 * kPiecesPerTurnMax);
  greedy.Reset();
  server.Run();
  EXPECT_LE(handler.calls, 4 * kPiecesPerTurnMax);
  EXPECT_TRUE(greedy.closed());

  const StreamHandler& large = Serve(std::vector<std::string>(100, std::string(100'000, 'x')));
  server.Connect().Send(kGet);
  server.loop.Turns(3);
  EXPECT_LE(large.calls, 9);
}

TEST_F(WriteResponseTest, LongContentTakesNoMoreMemoryThanShortContent) {
  Serve(std::vector<std::string>(20'000, std::string(100, 'x')));
  TestClient& client = server.Ask(kGet);
  EXPECT_EQ(client.TakeOne().body.size(), 2'000'000U);
  // What the connection has given back would hold all chunk sizes, had they been collected.
  EXPECT_LT(server.context().exchange_pool.Take()->output.text().capacity(), 20'000U);
}

TEST_F(WriteResponseTest, ALineOfTheLogSurvivesTheRequestsBehindIt) {
  Serve({"one"});
  std::string requests;
  for (int i = 0; i < 50; ++i) {
    requests += "POST /number-" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 3000\r\n\r\n" +
                std::string(3'000, 'z');
  }
  TestClient& client = server.Connect();
  for (size_t i = 0; i < requests.size(); i += 1'777) client.Send(std::string_view(requests).substr(i, 1'777));
  server.Run();
  const std::string lines = server.AccessLines();
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(lines, HasSubstr("\"POST /number-" + std::to_string(i) + " HTTP/1.1\" 200 ")) << i;
  }
}

TEST_F(WriteResponseTest, ALineOfTheLogIsWrittenWhenItsAnswerIsSent) {
  Serve({"one"});
  TestClient& client = server.Ask(std::string(kGet) + "GET /half");
  EXPECT_THAT(server.AccessLines(), HasSubstr("\"GET /s HTTP/1.1\" 200 "));
  EXPECT_FALSE(client.closed());
}

TEST_F(WriteResponseTest, ManySmallStreamsInARowLeaveOthersTheirTurn) {
  const StreamHandler& handler = Serve({"x"});
  TestClient& greedy = server.Connect();
  for (int i = 0; i < 300; ++i) greedy.Send(kGet);
  server.loop.Turns(3);
  EXPECT_LE(handler.calls, 3 * 2 * kRequestsPerTurnMax);
  server.Run();
  EXPECT_EQ(handler.calls, 300 * 2);
}

// RFC 9110 sections 6.6.1 and 15.2.
TEST_F(WriteResponseTest, EveryFinalAnswerHasADate) {
  folder.Write("a.txt", "hello");
  for (const char* target : {"/a.txt", "/none", "/%00"}) {
    const TestAnswer answer = server.Ask(std::string("GET ") + target + " HTTP/1.1\r\nHost: h\r\n\r\n").TakeOne();
    EXPECT_EQ(answer.Field("Date"), "Fri, 02 Jan 2026 03:04:05 GMT") << target;
    EXPECT_EQ(answer.Field("Server"), "BrilliantServer") << target;
  }
}

}  // namespace
}  // namespace brilliant::server
