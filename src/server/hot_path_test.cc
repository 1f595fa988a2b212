// The promise of the hot path: a small file that is in memory costs one read, one write and no heap memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "event/fake_heap.h"
#include "event/fake_heap_operators.h"
#include "files/test_folder.h"
#include "server/testing.h"

namespace brilliant::server {
namespace {

// Takes everything, allocates nothing, counts the calls.
class CountingTransport final : public net::Transport {
 public:
  struct Calls {
    std::string_view input;
    int reads = 0;
    int writes = 0;
    size_t bytes_written = 0;
  };
  CountingTransport(event::EventLoop& loop, event::CancelScope& scope, int fd, Calls& calls)
      : calls_(calls), waitable_(loop, scope, fd, event::Waitable::Kind::kConnection) {}

  Result<size_t> TryRead(std::span<char> into) override {
    ++calls_.reads;
    const size_t count = std::min(into.size(), calls_.input.size());
    if (count == 0) {
      waitable_.ReadWouldBlock();
      return Failure(ErrorCode::kWouldBlock, "recv");
    }
    std::copy_n(calls_.input.data(), count, into.data());
    calls_.input.remove_prefix(count);
    if (count < into.size()) waitable_.InputDrained();
    return count;
  }
  std::shared_ptr<net::InputReader> DuplicateInput() override { return nullptr; }
  Result<size_t> TryWrite(std::span<const iovec> parts, bool /*more*/) override {
    ++calls_.writes;
    size_t count = 0;
    for (const iovec& part : parts) count += part.iov_len;
    calls_.bytes_written += count;
    return count;
  }
  Result<size_t> TrySendFile(const net::FileSlice& /*slice*/, bool /*more*/) override {
    return Failure(ErrorCode::kSystem, "sendfile");
  }
  void ShutdownWrite() override {}
  uint64_t UnsentBytes() override { return 0; }
  void TakeMoreAtOnce() override {}
  void ResetOnClose() override {}
  event::Waitable& waitable() override { return waitable_; }

 private:
  Calls& calls_;
  event::Waitable waitable_;
};

struct HotPathTest : testing::Test {
  static constexpr int kFd = 2'000;

  HotPathTest() : HotPathTest([](config::Location&) {}) {}
  explicit HotPathTest(void (*configure)(config::Location&)) {
    configure(server.config.servers.front().locations.front());
    folder.Write("a.txt", "hello");
    folder.MakeFolder("dir");
    folder.Write("dir/index.html", "start");
    folder.MakeFolder("packed");
    folder.Write("packed/a.css", "plain");
    folder.Write("packed/a.css.br", "br");
    folder.Write("packed/large.css", std::string(100'000, 'x'));  // not kept in memory, but its neighbour is
    folder.Write("packed/large.css.br", "br");
    folder.Write("packed/a.css.gz", "gz");
    config::Location& packed = server.AddLocation("/packed");
    packed.root = folder.Path("packed");
    packed.precompressed = {http::ContentCoding::kBrotli, http::ContentCoding::kZstd, http::ContentCoding::kGzip};
    auto connection = std::make_unique<Connection>(server.context(), server.Hosts(), net::SocketAddress());
    connection->Adopt(std::make_unique<CountingTransport>(server.loop.loop, connection->scope(), kFd, calls));
    EXPECT_TRUE(connection->transport().waitable().Register());
    server.loop.loop.Spawn(ServeConnection(std::move(connection)), server.context().connection_tasks);
    server.loop.Turn();
  }
  // One request on the connection, as what the last one of several cost.
  void Measure(std::string_view request) {
    for (int i = 0; i < 5; ++i) {
      calls = CountingTransport::Calls{.input = request};
      server.loop.poller->ReportReadable(kFd);
      const size_t before = event::AllocationCount();
      server.loop.Turn();
      allocations = event::AllocationCount() - before;
    }
  }
  files::TestFolder folder;
  TestServer server{folder.Path()};
  CountingTransport::Calls calls;
  size_t allocations = 0;
};

TEST_F(HotPathTest, AFileInMemoryCostsOneReadOneWriteAndNoAllocation) {
  for (const std::string_view request : {"GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n",
                                         "GET /dir/ HTTP/1.1\r\nHost: h\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n",
                                         "HEAD /a.txt HTTP/1.1\r\nHost: h\r\n\r\n",
                                         "GET /a.txt HTTP/1.1\r\nHost: h\r\nIf-None-Match: \"x\", *\r\n\r\n"}) {
    Measure(request);
    EXPECT_EQ(calls.reads, 1) << request;
    EXPECT_EQ(calls.writes, 1) << request;
    EXPECT_GT(calls.bytes_written, 100U) << request;
    if (event::kHeapCounted) {
      EXPECT_EQ(allocations, 0U) << request;
    }
  }
}

// So do its compressed neighbours, those that are there and those that are not.
TEST_F(HotPathTest, ANeighbourInMemoryCostsNothingMore) {
  for (const auto& [target, accept] : std::initializer_list<std::pair<std::string, std::string>>{
           {"a.css", "br"},
           {"a.css", "gzip, br, zstd"},
           {"a.css", "zstd"},
           {"a.css", "gzip;q=0"},
           {"a.css", "zstd, identity;q=0"},
           {"large.css", "zstd, br;q=0.5"},
       }) {
    const std::string request =
        "GET /packed/" + target + " HTTP/1.1\r\nHost: h\r\nAccept-Encoding: " + accept + "\r\n\r\n";
    Measure(request);
    EXPECT_EQ(calls.reads, 1) << request;
    EXPECT_EQ(calls.writes, 1) << request;
    EXPECT_GT(calls.bytes_written, 100U) << request;
    if (event::kHeapCounted) {
      EXPECT_EQ(allocations, 0U) << request;
    }
  }
}

struct HotPathWithFieldsTest : HotPathTest {
  HotPathWithFieldsTest()
      : HotPathTest([](config::Location& location) {
          location.add_headers = {{.name = "Content-Security-Policy", .value = std::string(200, 'x')},
                                  {.name = "Server", .value = "", .always = true}};
          location.cache_control = "public, max-age=31536000, immutable";
          location.auth =
              config::AuthBasic{.realm = "r", .file = "/none", .methods = {http::Method::kPut}, .position = {}};
        }) {}
};

TEST_F(HotPathWithFieldsTest, WhatTheConfigurationAddsCostsNoAllocation) {
  for (const std::string_view request :
       {"GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a.txt HTTP/1.1\r\nHost: h\r\nIf-None-Match: *\r\n\r\n"}) {
    Measure(request);
    EXPECT_EQ(calls.reads, 1) << request;
    EXPECT_EQ(calls.writes, 1) << request;
    EXPECT_GT(calls.bytes_written, 300U) << request;
    if (event::kHeapCounted) {
      EXPECT_EQ(allocations, 0U) << request;
    }
  }
}

TEST_F(HotPathTest, PipelinedRequestsCostOneReadAndOneWriteTogether) {
  std::string requests;
  for (int i = 0; i < 16; ++i) requests += "GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n";
  Measure(requests);
  EXPECT_EQ(calls.reads, 1);
  EXPECT_EQ(calls.writes, 1);
  if (event::kHeapCounted) {
    EXPECT_EQ(allocations, 0U);
  }
}

}  // namespace
}  // namespace brilliant::server
