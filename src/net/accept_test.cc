#include "net/accept.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "net/listener.h"

namespace brilliant::net {
namespace {

struct AcceptTest : testing::Test {
  AcceptTest() : group(OpenListeners(SocketAddress::FromIp("127.0.0.1", 0).value(), ListenOptions()).value()) {}
  [[nodiscard]] int listener() const { return group.sockets.front().get(); }
  [[nodiscard]] UniqueFd Connect() const {
    UniqueFd client(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(group.address.port());
    EXPECT_EQ(connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return client;
  }
  ListenerGroup group;
};

TEST_F(AcceptTest, AnEmptyQueueWouldBlock) { EXPECT_EQ(TryAccept(listener()).error().code, ErrorCode::kWouldBlock); }

TEST_F(AcceptTest, AConnectionIsNonBlockingClosedOnExecAndKnowsItsPeer) {
  const UniqueFd client = Connect();
  const Result<Accepted> accepted = TryAccept(listener());
  ASSERT_TRUE(accepted);
  EXPECT_NE(fcntl(accepted->socket.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(accepted->socket.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(accepted->peer.ToString(), SocketAddress::OfSocket(client.get())->ToString());
  EXPECT_EQ(TryAccept(listener()).error().code, ErrorCode::kWouldBlock);
}

TEST_F(AcceptTest, AClientThatHasGivenUpIsNoErrorOfTheListener) {
  {
    const UniqueFd client = Connect();
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ASSERT_EQ(setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
  }
  const UniqueFd patient = Connect();
  int taken = 0;
  for (int i = 0; i < 2; ++i) {
    const Result<Accepted> accepted = TryAccept(listener());
    if (accepted && accepted->peer.ToString() == SocketAddress::OfSocket(patient.get())->ToString()) ++taken;
    if (!accepted) {
      EXPECT_NE(accepted.error().code, ErrorCode::kSystem);
    }
  }
  EXPECT_EQ(taken, 1);
}

TEST_F(AcceptTest, WithoutDescriptorsTheConnectionStaysInTheQueue) {
  const UniqueFd client = Connect();
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const Result<Accepted> refused = TryAccept(listener());
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(TryAccept(listener()));
}

TEST_F(AcceptTest, WhatIsNoListenerIsASystemError) {
  const UniqueFd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(TryAccept(file.get()).error().code, ErrorCode::kSystem);
}

}  // namespace
}  // namespace brilliant::net
