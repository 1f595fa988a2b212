#include "server/send_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "files/test_folder.h"
#include "server/testing.h"

namespace brilliant::server {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

std::string Numbers(size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i) text += std::to_string(i) + "\n";
  text.resize(bytes);
  return text;
}

struct SendOutputTest : testing::Test {
  SendOutputTest() { folder.Write("small", "hello"); }
  // Lets the client take more until nothing is left to send; returns how often that was needed.
  int TakeAll(TestClient& client) {
    int times = 0;
    for (size_t before = SIZE_MAX; before != client.peer.output.size(); ++times) {
      before = client.peer.output.size();
      client.TakeMore();
      server.Run();
    }
    return times - 1;
  }
  files::TestFolder folder;
  TestServer server{folder.Path()};
};

std::string Get(std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

TEST_F(SendOutputTest, HeadAndContentAreExactHoweverLittleTheKernelTakes) {
  const std::string requests = Get("/small") + Get("/none") + Get("/small");
  const std::string whole = server.Ask(requests).Take();
  for (size_t step = 1; step < whole.size(); ++step) {
    TestClient& client = server.Connect();
    client.peer.write_bytes_max = step;
    client.Send(requests);
    server.Run();
    const int times = TakeAll(client);
    ASSERT_EQ(client.peer.output, whole) << step;
    ASSERT_EQ(static_cast<size_t>(times), (whole.size() - 1) / step) << step;
  }
}

TEST_F(SendOutputTest, AKernelThatIsFullIsWaitedForAndNotAskedAgain) {
  TestClient& client = server.Connect();
  client.peer.write_refusals = 2;
  client.Send(Get("/small"));
  server.Run();
  EXPECT_EQ(client.peer.write_refusals, 1);
  client.TakeMore();
  server.Run();
  EXPECT_EQ(client.peer.write_refusals, 0);
  EXPECT_EQ(client.Take(), "");
  client.TakeMore();
  server.Run();
  EXPECT_EQ(client.TakeOne().body, "hello");
}

TEST_F(SendOutputTest, LargeFilesAreExactHoweverTheyAreInterrupted) {
  const std::string content = Numbers(700'001);
  folder.Write("large", content);
  for (const size_t step : {size_t{999}, size_t{65'536}, size_t{262'144}, size_t{262'145}, size_t{10'000'000}}) {
    TestClient& client = server.Connect();
    client.peer.write_bytes_max = step;
    client.peer.write_refusals = 1;
    client.Send(Get("/large") + Get("/small") + Get("/large"));
    server.Run();
    TakeAll(client);
    EXPECT_EQ(client.TakeOne().body, content) << step;
    EXPECT_EQ(client.TakeOne().body, "hello") << step;
    EXPECT_EQ(client.TakeOne().body, content) << step;
    EXPECT_EQ(client.Take(), "");
  }
  EXPECT_EQ(server.counters().responses_cut.get(), 0U);
}

TEST_F(SendOutputTest, HeadOfALargeFileSendsNoContent) {
  folder.Write("large", Numbers(100'000));
  TestClient& client = server.Ask("HEAD /large HTTP/1.1\r\nHost: h\r\n\r\n" + Get("/small"));
  EXPECT_EQ(client.TakeOne(true).Field("Content-Length"), "100000");
  EXPECT_EQ(client.TakeOne().body, "hello");
}

TEST_F(SendOutputTest, AnEmptyFileHasLengthZero) {
  folder.Write("empty", "");
  TestClient& client = server.Ask(Get("/empty") + Get("/small"));
  const TestAnswer answer = client.TakeOne();
  EXPECT_EQ(answer.Field("Content-Length"), "0");
  EXPECT_EQ(client.TakeOne().body, "hello");
}

TEST_F(SendOutputTest, AFileThatBecomesShorterIsCutLoggedAndCounted) {
  folder.Write("large", Numbers(300'000));
  TestClient& client = server.Connect();
  client.peer.write_bytes_max = 100'000;
  client.Send(Get("/large") + Get("/small"));
  server.Run();
  ASSERT_EQ(truncate(folder.Path("large").c_str(), 150'000), 0);
  TakeAll(client);
  const TestAnswer answer = client.TakeOne();
  EXPECT_EQ(answer.Field("Content-Length"), "300000");
  EXPECT_FALSE(answer.complete);
  EXPECT_EQ(answer.body.size(), 150'000U);
  EXPECT_EQ(client.Take(), "");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(server.counters().responses_cut.get(), 1U);
  EXPECT_THAT(server.ErrorLines(), HasSubstr("a file became shorter while it was sent"));
  EXPECT_THAT(server.AccessLines(), HasSubstr("\"GET /large HTTP/1.1\" 200 150000 "));
}

TEST_F(SendOutputTest, AFileThatIsReplacedIsSentAsItWas) {
  const std::string content = Numbers(300'000);
  folder.Write("large", content);
  TestClient& client = server.Connect();
  client.peer.write_bytes_max = 100'000;
  client.Send(Get("/large"));
  server.Run();
  folder.Write("new", "short");
  folder.Rename("new", "large");
  TakeAll(client);
  EXPECT_EQ(client.TakeOne().body, content);
}

TEST_F(SendOutputTest, AClientThatTakesNothingIsCutAfterItsTerm) {
  folder.Write("large", Numbers(300'000));
  TestClient& client = server.Connect();
  client.peer.write_bytes_max = 1'000;
  client.Send(Get("/large"));
  server.Run();
  server.Advance(seconds(59));
  EXPECT_FALSE(client.closed());
  server.Advance(seconds(1));
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(client.peer.reset_on_close);
  EXPECT_EQ(server.counters().timeouts.get(), 1U);
  EXPECT_EQ(server.counters().responses_cut.get(), 1U);
  EXPECT_THAT(server.ErrorLines(), HasSubstr("debug: answer taken too slowly: connection cut client=192.0.2.7 "));
  EXPECT_THAT(server.AccessLines(), HasSubstr("\"GET /large HTTP/1.1\" 200 "));
}

TEST_F(SendOutputTest, AClientThatTakesALittleNowAndThenIsCut) {
  folder.Write("large", Numbers(300'000));
  TestClient& client = server.Connect();
  client.peer.write_bytes_max = 1'000;
  client.Send(Get("/large"));
  server.Run();
  for (int i = 0; i < 6; ++i) {
    EXPECT_FALSE(client.closed()) << i;
    server.Advance(seconds(10));
    client.TakeMore();
    server.Run();
  }
  EXPECT_TRUE(client.closed());
}

// At 3 KB/s, it is minutes before a buffer of the kernel has room again.
TEST_F(SendOutputTest, WhatAClientTakesFromTheKernelsBufferCounts) {
  const std::string content = Numbers(300'000);
  folder.Write("large", content);
  TestClient& client = server.Connect();
  client.peer.write_bytes_max = 100'000;
  client.peer.unsent_bytes = 4 << 20;  // of earlier answers
  client.Send(Get("/large"));
  server.Run();
  const uint64_t sent = client.peer.output.size();
  for (int minute = 0; minute < 20; ++minute) {
    client.TakeSome(60 * 3'000);
    server.Advance(seconds(60));
    ASSERT_FALSE(client.closed()) << minute;
  }
  ASSERT_EQ(client.peer.output.size(), sent);
  TakeAll(client);
  EXPECT_EQ(client.TakeOne().body, content);
}

TEST_F(SendOutputTest, AReaderThatTakesAtOnceWhatItGetsGetsMoreAtOnce) {
  folder.Write("large", Numbers(300'000));
  for (const int milliseconds : {0, 19, 20, 1'000}) {
    TestClient& client = server.Connect();
    client.peer.write_bytes_max = 100'000;
    client.Send(Get("/large"));
    server.Run();
    EXPECT_FALSE(client.peer.takes_more_at_once);
    server.Advance(std::chrono::milliseconds(milliseconds));
    client.TakeMore();
    server.Run();
    EXPECT_EQ(client.peer.takes_more_at_once, milliseconds < 20) << milliseconds;
  }
}

TEST_F(SendOutputTest, AFullKernelBufferHidesNobodyWhoTakesTooLittle) {
  folder.Write("large", Numbers(300'000));
  TestClient& client = server.Connect();
  client.peer.write_bytes_max = 100'000;
  client.Send(Get("/large"));
  server.Run();
  client.TakeSome(60 * 239);
  server.Advance(seconds(60));
  EXPECT_TRUE(client.closed());
}

TEST_F(SendOutputTest, AClientThatReadsSlowlyGetsEveryByteOfTenMebibytes) {
  const std::string content = Numbers(10 << 20);
  folder.Write("large", content);
  TestClient& client = server.Connect();
  client.peer.write_bytes_max = 14'480;
  client.Send(Get("/large"));
  server.Run();
  size_t rounds = 0;
  while (client.peer.output.size() < content.size()) {
    ASSERT_LT(++rounds, 1'000U);
    server.loop.time.Advance(seconds(5));
    client.TakeMore();
    server.loop.Turns(2);
  }
  server.Run();
  TakeAll(client);
  EXPECT_EQ(client.TakeOne().body, content);
  EXPECT_FALSE(client.closed());
}

TEST_F(SendOutputTest, AFastReaderOfALargeFileLeavesOthersTheirTurn) {
  folder.Write("large", Numbers(5 << 20));
  TestClient& greedy = server.Connect();
  greedy.Send(Get("/large"));
  server.loop.Turns(2);
  TestClient& modest = server.Connect();
  modest.Send(Get("/small"));
  server.loop.Turns(3);
  EXPECT_EQ(modest.TakeOne().body, "hello");
  EXPECT_LE(greedy.peer.output.size(), 7 * kSendChunkBytes);
  server.Run();
  EXPECT_TRUE(greedy.TakeOne().complete);
}

}  // namespace
}  // namespace brilliant::server
