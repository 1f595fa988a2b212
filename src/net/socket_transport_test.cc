#include "net/socket_transport.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "event/event_loop.h"
#include "net/accept.h"
#include "net/listener.h"

namespace brilliant::net {
namespace {

// A transport over a socket pair, with the real poller; the test holds the other end.
struct SocketTransportTest : testing::Test {
  SocketTransportTest() : loop(event::MakePoller().value(), time, 0) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    for (const int end : ends) EXPECT_EQ(fcntl(end, F_SETFL, O_NONBLOCK), 0);
    other = UniqueFd(ends[0]);
    transport = std::make_unique<SocketTransport>(loop, scope, UniqueFd(ends[1]));
    EXPECT_TRUE(transport->waitable().Register());
    loop.Turn(false);
  }
  void SendToTransport(std::string_view bytes) {
    EXPECT_EQ(write(other.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  // All that has arrived at the other end.
  std::string Receive() {
    std::string all;
    std::array<char, 65'536> bytes;
    for (ssize_t count = 0; (count = read(other.get(), bytes.data(), bytes.size())) > 0;) {
      all.append(bytes.data(), static_cast<size_t>(count));
    }
    return all;
  }
  static UniqueFd FileWith(std::string_view content) {
    std::string path = "/tmp/brilliant-transport-XXXXXX";
    UniqueFd fd(mkstemp(path.data()));
    EXPECT_EQ(unlink(path.c_str()), 0);
    EXPECT_EQ(write(fd.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
    return fd;
  }
  Result<size_t> Write(const std::vector<std::string>& parts, bool more = false) {
    std::vector<iovec> vectors;
    for (const std::string& part : parts) {
      vectors.push_back({.iov_base = const_cast<char*>(part.data()), .iov_len = part.size()});
    }
    return transport->TryWrite(vectors, more);
  }

  SystemTimeSource time;
  event::EventLoop loop;
  event::CancelScope scope{nullptr};
  UniqueFd other;
  std::unique_ptr<SocketTransport> transport;
};

TEST_F(SocketTransportTest, AReadThatGetsLessThanItAskedForHasDrainedTheSocket) {
  SendToTransport("hello");
  loop.Turn(false);
  std::array<char, 5> exact;
  EXPECT_EQ(transport->TryRead(exact), 5U);
  EXPECT_TRUE(transport->waitable().readable());
  EXPECT_EQ(transport->TryRead(exact).error().code, ErrorCode::kWouldBlock);
  EXPECT_FALSE(transport->waitable().readable());
  SendToTransport("hi");
  loop.Turn(false);
  EXPECT_TRUE(transport->waitable().readable());
  EXPECT_EQ(transport->TryRead(exact), 2U);
  EXPECT_FALSE(transport->waitable().readable());
}

TEST_F(SocketTransportTest, TheEndOfInputStaysReadable) {
  SendToTransport("hello");
  ASSERT_EQ(shutdown(other.get(), SHUT_WR), 0);
  loop.Turn(false);
  std::array<char, 100> bytes;
  EXPECT_EQ(transport->TryRead(bytes), 5U);
  EXPECT_TRUE(transport->waitable().readable());
  EXPECT_EQ(transport->TryRead(bytes), 0U);
  EXPECT_EQ(transport->TryRead(bytes), 0U);
  EXPECT_FALSE(scope.reason());  // half-closed: answers can still be sent
}

TEST_F(SocketTransportTest, PartsLeaveInOrderInOneCall) {
  EXPECT_EQ(Write({"a"}), 1U);
  EXPECT_EQ(Write({"bc", "", "def"}, true), 5U);
  EXPECT_EQ(Write({"g"}), 1U);
  EXPECT_EQ(Receive(), "abcdefg");
}

TEST_F(SocketTransportTest, AFullSocketSaysSoAndWakesWhenThereIsRoom) {
  const std::string large(10 << 20, 'x');
  const Result<size_t> first = Write({large, "more"});
  ASSERT_TRUE(first);
  EXPECT_LT(*first, large.size());
  EXPECT_FALSE(transport->waitable().writable());
  EXPECT_EQ(Write({"a"}).error().code, ErrorCode::kWouldBlock);
  EXPECT_EQ(Receive().size(), *first);
  loop.Turn(false);
  EXPECT_TRUE(transport->waitable().writable());
  EXPECT_EQ(Write({"a"}), 1U);
}

TEST_F(SocketTransportTest, FilesAreSentFromTheirOffset) {
  const UniqueFd file = FileWith("0123456789");
  EXPECT_EQ(transport->TrySendFile({.fd = file.get(), .offset = 3, .length = 4}, false), 4U);
  EXPECT_EQ(transport->TrySendFile({.fd = file.get(), .offset = 8, .length = 100}, false), 2U);
  EXPECT_TRUE(transport->waitable().writable());
  EXPECT_EQ(transport->TrySendFile({.fd = file.get(), .offset = 10, .length = 1}, false), 0U);
  EXPECT_EQ(transport->TrySendFile({.fd = file.get(), .offset = 99, .length = 1}, false), 0U);
  EXPECT_EQ(Receive(), "345689");
}

TEST_F(SocketTransportTest, ALargeFileArrivesWholeThroughAFullSocket) {
  std::string content;
  for (int i = 0; content.size() < 3'000'000; ++i) content += std::to_string(i);
  const UniqueFd file = FileWith(content);
  std::string received;
  int waits = 0;
  for (size_t at = 0; at < content.size();) {
    const Result<size_t> sent =
        transport->TrySendFile({.fd = file.get(), .offset = at, .length = content.size() - at}, true);
    if (sent) {
      at += *sent;
      continue;
    }
    ASSERT_EQ(sent.error().code, ErrorCode::kWouldBlock);
    EXPECT_FALSE(transport->waitable().writable());
    ++waits;
    received += Receive();
    loop.Turn(false);
    ASSERT_TRUE(transport->waitable().writable());
  }
  received += Receive();
  EXPECT_GT(waits, 0);
  EXPECT_TRUE(received == content);
}

// A pair of connected TCP sockets, as a listener gives them.
struct TcpTransportTest : ::testing::Test {
  TcpTransportTest() {
    Result<ListenerGroup> group = OpenListeners(SocketAddress::FromIp("127.0.0.1", 0).value(), ListenOptions());
    const int buffer_bytes = 16'384;
    setsockopt(client.get(), SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    EXPECT_EQ(connect(client.get(), group->address.data(), group->address.length()), 0);
    Result<Accepted> accepted = TryAccept(group->sockets[0].get());
    server = accepted->socket.get();
    transport.emplace(loop, scope, std::move(accepted->socket));
  }
  // Until the kernel takes no more; how much that was.
  size_t Fill() {
    const std::string bytes(65'536, 'x');
    size_t filled = 0;
    while (true) {
      const iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
      const Result<size_t> count = transport->TryWrite({&part, 1}, false);
      if (!count) return filled;
      filled += *count;
    }
  }
  FakeTimeSource time;
  event::EventLoop loop{event::MakePoller().value(), time, 0};
  event::CancelScope scope{nullptr};
  UniqueFd client{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  int server = -1;
  std::optional<SocketTransport> transport;
};

TEST_F(TcpTransportTest, WhatThePeerHasNotTakenIsKnown) {
  EXPECT_EQ(transport->UnsentBytes(), 0U);
  const size_t filled = Fill();
  const uint64_t unsent = transport->UnsentBytes();
  EXPECT_GT(unsent, 0U);
  EXPECT_LE(unsent, filled);
  std::string taken(filled, '\0');
  EXPECT_EQ(recv(client.get(), taken.data(), filled, MSG_WAITALL), static_cast<ssize_t>(filled));
  // The acknowledgement is on its way at the latest.
  while (transport->UnsentBytes() > 0) sched_yield();
}

#ifdef TCP_NOTSENT_LOWAT
TEST_F(TcpTransportTest, AReaderThatTakesNothingHasTheKernelHoldLittleUntilItIsKnownToBePrompt) {
  const size_t filled = Fill();
  EXPECT_LE(transport->UnsentBytes(), static_cast<uint64_t>(kUnsentBytesMax) + 2 * 65'536);
  int bytes_max = 0;
  socklen_t length = sizeof bytes_max;
  ASSERT_EQ(getsockopt(server, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes_max, &length), 0);
  EXPECT_EQ(bytes_max, kUnsentBytesMax);
  transport->TakeMoreAtOnce();
  ASSERT_EQ(getsockopt(server, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes_max, &length), 0);
  EXPECT_EQ(bytes_max, kUnsentBytesMaxPrompt);
  EXPECT_GT(filled, 0U);
}
#endif

TEST_F(TcpTransportTest, AResetForgetsWhatWasNotTaken) {
  Fill();
  transport->ResetOnClose();
  transport.reset();
  std::string taken(4 << 20, '\0');
  ssize_t count = 1;
  while (count > 0) count = recv(client.get(), taken.data(), taken.size(), 0);
  EXPECT_EQ(count, -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(SocketTransportTest, ShutdownWriteEndsTheOutputAndLeavesTheInput) {
  EXPECT_EQ(Write({"last"}), 4U);
  transport->ShutdownWrite();
  EXPECT_EQ(Receive(), "last");
  char byte;
  EXPECT_EQ(read(other.get(), &byte, 1), 0);
  SendToTransport("still");
  std::array<char, 100> bytes;
  EXPECT_EQ(transport->TryRead(bytes), 5U);
  EXPECT_EQ(Write({"x"}).error().code, ErrorCode::kClosed);
}

TEST_F(SocketTransportTest, APeerThatIsGoneIsAnErrorAndNoSignalAndCancelsTheScope) {
  const UniqueFd file = FileWith("0123456789");
  other.Reset();
  EXPECT_EQ(Write({"x"}).error().code, ErrorCode::kClosed);
  EXPECT_EQ(Write({"x", "y"}).error().code, ErrorCode::kClosed);
  loop.Turn(false);
  EXPECT_EQ(scope.reason(), ErrorCode::kClosed);
}

}  // namespace
}  // namespace brilliant::net
