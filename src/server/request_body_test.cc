#include "server/request_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "files/test_folder.h"
#include "server/testing.h"

namespace brilliant::server {
namespace {

using std::chrono::seconds;

// Answers with the content it was sent; if it could not be read, with something that nobody may see.
class EchoHandler final : public handlers::Handler {
 public:
  // `job_bytes`: what it may, it reads as a job of the offload pool would, so much at a time.
  explicit EchoHandler(uint64_t job_bytes = 0) : job_bytes_(job_bytes) {}
  event::Task<handlers::Answer> Handle(const handlers::Request& /*request*/, handlers::RequestBody& body,
                                       const handlers::HandlerContext& /*context*/) const override {
    handlers::Response response;
    handlers::MemoryBody echo;
    while (true) {
      if (job_bytes_ > 0) ReadAhead(body, echo.bytes);
      const Result<std::span<const char>> piece = co_await body.Next();
      if (!piece) {
        response.status = 599;
        break;
      }
      if (piece->empty()) break;
      echo.bytes.append(piece->data(), piece->size());
    }
    response.body = std::move(echo);
    co_return response;
  }

 private:
  void ReadAhead(handlers::RequestBody& body, std::string& bytes) const {
    const handlers::RequestBody::Ahead ahead = body.LookAhead();
    if (ahead.reader == nullptr) return;
    std::string space(std::min(ahead.bytes, job_bytes_), '\0');
    const size_t count = ahead.reader->TryRead(space).value_or(0);
    body.Took(count);
    bytes.append(space, 0, count);
  }

  const uint64_t job_bytes_;
};

// Nobody hears what its job has read.
class ForgetfulHandler final : public handlers::Handler {
 public:
  event::Task<handlers::Answer> Handle(const handlers::Request& /*request*/, handlers::RequestBody& body,
                                       const handlers::HandlerContext& /*context*/) const override {
    static_cast<void>(body.LookAhead());
    co_return handlers::Response{};
  }
};

constexpr uint64_t kBodyMax = 100'000;

struct RequestBodyTest : testing::Test {
  RequestBodyTest() { server.ServeWith(std::make_unique<EchoHandler>(), kBodyMax); }
  files::TestFolder folder;
  TestServer server{folder.Path()};
};

std::string Post(std::string_view fields) { return "POST /e HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n"; }

TEST_F(RequestBodyTest, ContentArrivesWholeHoweverItIsSent) {
  std::string content;
  for (int i = 0; content.size() < 90'000; ++i) content += std::to_string(i) + ",";
  const std::string request = Post("Content-Length: " + std::to_string(content.size()) + "\r\n") + content;
  for (const size_t piece : {size_t{1'000}, size_t{16'384}, size_t{50'000}, request.size()}) {
    TestClient& client = server.Connect();
    for (size_t at = 0; at < request.size(); at += piece) {
      client.Send(std::string_view(request).substr(at, piece));
      if (piece != 1'000) server.Run();
    }
    client.Send(Post("Content-Length: 2\r\n") + "ab");
    server.Run();
    EXPECT_EQ(client.TakeOne().body, content) << piece;
    EXPECT_EQ(client.TakeOne().body, "ab") << piece;
  }
}

TEST_F(RequestBodyTest, JobsReadContentAndNothingElse) {
  std::string content;
  for (int i = 0; content.size() < 90'000; ++i) content += std::to_string(i) + ",";
  const std::string request = Post("Content-Length: " + std::to_string(content.size()) + "\r\n") + content;
  for (const uint64_t job_bytes : {uint64_t{1}, uint64_t{5'000}, kBodyMax}) {
    server.ServeWith(std::make_unique<EchoHandler>(job_bytes), kBodyMax);
    for (const size_t piece : {size_t{1'000}, size_t{16'384}, size_t{50'000}, request.size()}) {
      TestClient& client = server.Connect();
      for (size_t at = 0; at < request.size(); at += piece) {
        client.Send(std::string_view(request).substr(at, piece));
        server.Run();
      }
      client.Send(Post("Content-Length: 2\r\n") + "ab" + Post("Content-Length: 2\r\n") + "cd");
      server.Run();
      EXPECT_EQ(client.TakeOne().body, content) << piece;
      EXPECT_EQ(client.TakeOne().body, "ab") << piece;
      EXPECT_EQ(client.TakeOne().body, "cd") << piece;
      EXPECT_LE(client.peer.inputs_duplicated, 3);
    }
    TestClient& cut = server.Connect();
    cut.Send(std::string_view(request).substr(0, 60'000));
    server.Run();
    cut.End();
    server.Run();
    EXPECT_EQ(cut.TakeOne().status, 400);
    TestClient& chunked = server.Ask(Post("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n\r\n");
    EXPECT_EQ(chunked.TakeOne().body, "abc");
    EXPECT_EQ(chunked.peer.inputs_duplicated, 0) << "only who reads chunks knows where they end";
  }
}

TEST_F(RequestBodyTest, TheConnectionEndsIfItIsUnknownWhatAJobHasRead) {
  server.ServeWith(std::make_unique<ForgetfulHandler>(), kBodyMax);
  TestClient& client = server.Ask(Post("Content-Length: 5\r\n") + "hello" + Post("Content-Length: 0\r\n"));
  EXPECT_FALSE(client.TakeOne().closes()) << "the content was there already";
  EXPECT_EQ(client.TakeOne().status, 200);
  TestClient& other = server.Ask(Post("Content-Length: 50000\r\n"));
  const TestAnswer answer = other.TakeOne();
  EXPECT_TRUE(answer.closes());
}

TEST_F(RequestBodyTest, JobsReadNothingBeforeTheClientWasAskedForIt) {
  server.ServeWith(std::make_unique<EchoHandler>(kBodyMax), kBodyMax);
  TestClient& client = server.Ask(Post("Content-Length: 5\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(client.Take(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("hello");
  server.Run();
  EXPECT_EQ(client.TakeOne().body, "hello");
}

TEST_F(RequestBodyTest, ChunkedContentIsDecodedAtEverySplit) {
  const std::string request = Post("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n2;n=v\r\nde\r\n0\r\nT: x\r\n\r\n" +
                              Post("Content-Length: 1\r\n") + "f";
  for (size_t split = 1; split < request.size(); ++split) {
    TestClient& client = server.Connect();
    client.Send(request.substr(0, split));
    server.Run();
    client.Send(request.substr(split));
    server.Run();
    ASSERT_EQ(client.TakeOne().body, "abcde") << split;
    ASSERT_EQ(client.TakeOne().body, "f") << split;
  }
}

// RFC 9110 section 10.1.1.
TEST_F(RequestBodyTest, AContinueIsSentWhenTheContentIsWantedAndNotThereYet) {
  TestClient& client = server.Ask(Post("Content-Length: 5\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(client.Take(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("hel");
  server.Run();
  EXPECT_EQ(client.Take(), "");
  client.Send("lo");
  server.Run();
  const TestAnswer answer = client.TakeOne();
  EXPECT_EQ(answer.body, "hello");
  EXPECT_FALSE(answer.closes());
  EXPECT_THAT(server.AccessLines(), testing::HasSubstr("\" 200 5 "));

  TestClient& hasty = server.Ask(Post("Content-Length: 5\r\nExpect: 100-continue\r\n") + "hello");
  EXPECT_EQ(hasty.TakeOne().status, 200);
}

TEST_F(RequestBodyTest, AContinueComesBehindTheAnswersBeforeIt) {
  TestClient& client =
      server.Ask(Post("Content-Length: 1\r\n") + "a" + Post("Content-Length: 1\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(client.TakeOne().body, "a");
  EXPECT_EQ(client.Take(), "HTTP/1.1 100 Continue\r\n\r\n");
}

// RFC 9110 section 10.1.1: an expectation in HTTP/1.0 is ignored.
TEST_F(RequestBodyTest, Http10ClientsGetNoContinue) {
  TestClient& client = server.Ask("POST /e HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Take(), "");
}

TEST_F(RequestBodyTest, ContentAboveTheLimitFailsAndEndsTheConnectionIfTooMuchIsLeft) {
  TestClient& announced = server.Ask(Post("Content-Length: " + std::to_string(kBodyMax + 1) + "\r\n"));
  EXPECT_EQ(announced.TakeOne().status, 413);
  TestClient& chunked = server.Ask(Post("Transfer-Encoding: chunked\r\n"));
  for (int i = 0; i < 3; ++i) chunked.Send("c000\r\n" + std::string(49'152, 'x') + "\r\n");
  server.Run();
  const TestAnswer answer = chunked.TakeOne();
  EXPECT_EQ(answer.status, 413);
  EXPECT_TRUE(answer.closes());
  EXPECT_TRUE(chunked.peer.write_shut);
  EXPECT_EQ(server.Ask(Post("Content-Length: " + std::to_string(kBodyMax) + "\r\n") + std::string(kBodyMax, 'x'))
                .TakeOne()
                .body.size(),
            kBodyMax);
}

TEST_F(RequestBodyTest, ContentThatEndsEarlyIsNeverTakenForWhole) {
  for (const std::string& start :
       {Post("Content-Length: 10\r\n") + "hello", Post("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n"}) {
    TestClient& client = server.Ask(start);
    client.End();
    server.Run();
    const TestAnswer answer = client.TakeOne();
    EXPECT_EQ(answer.status, 400);
    EXPECT_TRUE(answer.closes());
    EXPECT_TRUE(client.closed());
  }
}

TEST_F(RequestBodyTest, ContentThatStopsIsAnswered408AfterItsTerm) {
  TestClient& client = server.Ask(Post("Content-Length: 10\r\n") + "hello");
  server.Advance(seconds(59));
  EXPECT_EQ(client.Take(), "");
  server.Advance(seconds(1));
  const TestAnswer answer = client.TakeOne();
  EXPECT_EQ(answer.status, 408);
  EXPECT_TRUE(answer.closes());
  EXPECT_TRUE(client.peer.write_shut);  // and lingers, so that the answer can be read
  EXPECT_FALSE(client.closed());
  EXPECT_EQ(server.counters().timeouts.get(), 1U);
  EXPECT_THAT(server.AccessLines(), testing::HasSubstr("\"POST /e HTTP/1.1\" 408 "));
}

TEST_F(RequestBodyTest, ContentThatTricklesIsAnswered408) {
  TestClient& client = server.Ask(Post("Content-Length: 1000\r\n"));
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(client.Take(), "") << i;
    server.Advance(seconds(10));
    client.Send("x");
    server.Run();
  }
  EXPECT_EQ(client.TakeOne().status, 408);
}

TEST_F(RequestBodyTest, ContentOf3KilobytesASecondArrivesHoweverLongItTakes) {
  server.ServeWith(std::make_unique<EchoHandler>(), 64 << 20);
  TestClient& client = server.Ask(Post("Content-Length: 21600000\r\n"));
  for (int i = 0; i < 2 * 60 * 60 / 20; ++i) {  // two hours
    server.loop.time.Advance(seconds(20));
    client.Send(std::string(60'000, 'x'));
    server.loop.Turns(2);
  }
  server.Run();
  const TestAnswer answer = client.TakeOne();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body.size(), 21'600'000U);
}

TEST_F(RequestBodyTest, WithoutALeastRateAByteInTimeIsEnough) {
  server.config.limits.rate_min = 0;
  TestClient& client = server.Ask(Post("Content-Length: 10\r\n"));
  for (int i = 0; i < 10; ++i) {
    server.Advance(seconds(59));
    client.Send("x");
    server.Run();
  }
  EXPECT_EQ(client.TakeOne().body, "xxxxxxxxxx");
}

TEST_F(RequestBodyTest, MalformedChunksAre400) {
  TestClient& client = server.Ask(Post("Transfer-Encoding: chunked\r\n") + "5\r\nhelloX\r\n0\r\n\r\n");
  const TestAnswer answer = client.TakeOne();
  EXPECT_EQ(answer.status, 400);
  EXPECT_TRUE(answer.closes());
  EXPECT_EQ(client.Take(), "");
}

TEST_F(RequestBodyTest, AClientThatIsGoneEndsTheHandler) {
  TestClient& client = server.Ask(Post("Content-Length: 10\r\n") + "hello");
  client.Reset();
  server.Run();
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.Take(), "");
}

}  // namespace
}  // namespace brilliant::server
