#include "net/listener.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "base/platform.h"

namespace brilliant::net {
namespace {

using ::testing::HasSubstr;

SocketAddress Loopback(uint16_t port = 0) { return *SocketAddress::FromIp("127.0.0.1", port); }

UniqueFd Connect(const SocketAddress& address) {
  UniqueFd fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(fd.get(), address.data(), address.length()), 0) << address.ToString();
  return fd;
}

int OptionOf(int fd, int level, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  getsockopt(fd, level, option, &value, &length);
  return value;
}

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/brilliant-listener-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() {
    unlink(File().c_str());
    rmdir(path_.c_str());
  }
  [[nodiscard]] std::string File() const { return path_ + "/s"; }

 private:
  std::string path_;
};

TEST(ListenerTest, ListensNonBlockingCloseOnExecWithoutDelay) {
  const Result<ListenerGroup> group = OpenListeners(Loopback(), {.sockets = 1});
  ASSERT_TRUE(group);
  ASSERT_EQ(group->sockets.size(), 1u);
  const int fd = group->sockets[0].get();
  EXPECT_NE(group->address.port(), 0);
  EXPECT_NE(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(OptionOf(fd, SOL_SOCKET, SO_ACCEPTCONN), 0);
  EXPECT_NE(OptionOf(fd, SOL_SOCKET, SO_REUSEADDR), 0);
  EXPECT_NE(OptionOf(fd, IPPROTO_TCP, TCP_NODELAY), 0);
  linger value{};
  socklen_t length = sizeof value;
  ASSERT_EQ(getsockopt(fd, SOL_SOCKET, SO_LINGER, &value, &length), 0);
  EXPECT_EQ(value.l_onoff, 0);
}

TEST(ListenerTest, ASecondInstanceIsNoticedWhateverTheNumberOfSockets) {
  for (const int first_count : {1, 4}) {
    const Result<ListenerGroup> first = OpenListeners(Loopback(), {.sockets = first_count});
    ASSERT_TRUE(first);
    for (const int second_count : {1, 4}) {
      const Result<ListenerGroup> second = OpenListeners(first->address, {.sockets = second_count});
      ASSERT_FALSE(second) << first_count << " then " << second_count;
      EXPECT_EQ(second.error().system_errno, EADDRINUSE);
    }
  }
}

TEST(ListenerTest, AnAddressIsFreeAtOnceAfterItsConnectionsWereClosedByTheServer) {
  SocketAddress address;
  {
    Result<ListenerGroup> group = OpenListeners(Loopback(), {.sockets = 2});
    ASSERT_TRUE(group);
    address = group->address;
    const UniqueFd client = Connect(address);
    pollfd entries[2] = {{group->sockets[0].get(), POLLIN, 0}, {group->sockets.back().get(), POLLIN, 0}};
    ASSERT_GT(poll(entries, 2, 10'000), 0);
    const UniqueFd accepted(accept(entries[0].revents != 0 ? entries[0].fd : entries[1].fd, nullptr, nullptr));
    ASSERT_TRUE(accepted.valid());
    shutdown(accepted.get(), SHUT_RDWR);  // the server closes first: its end goes to TIME_WAIT
  }
  EXPECT_TRUE(OpenListeners(address, {.sockets = 2}));
}

#if BRILLIANT_LINUX
TEST(ListenerTest, EverySocketOfAGroupGetsConnections) {
  const Result<ListenerGroup> group = OpenListeners(Loopback(), {.sockets = 4});
  ASSERT_TRUE(group);
  ASSERT_EQ(group->sockets.size(), 4u);
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(Connect(group->address));
  // 200 fair draws leave one of four sockets empty with a probability of 4 * 0.75^200 < 10^-24.
  for (const UniqueFd& listener : group->sockets) {
    pollfd entry{listener.get(), POLLIN, 0};
    EXPECT_EQ(poll(&entry, 1, 10'000), 1);
  }
}

TEST(ListenerTest, AStoppedQueueKeepsWhatItHasAndTakesNoMore) {
  const Result<ListenerGroup> group = OpenListeners(Loopback(), {.sockets = 1});
  ASSERT_TRUE(group);
  const UniqueFd early = Connect(group->address);
  StopQueueing(group->sockets[0].get());
  const UniqueFd late(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  EXPECT_EQ(connect(late.get(), group->address.data(), group->address.length()), -1);
  EXPECT_EQ(errno, EINPROGRESS);
  EXPECT_TRUE(UniqueFd(accept(group->sockets[0].get(), nullptr, nullptr)).valid());
  EXPECT_FALSE(UniqueFd(accept(group->sockets[0].get(), nullptr, nullptr)).valid());
  pollfd entry{late.get(), POLLOUT, 0};
  EXPECT_EQ(poll(&entry, 1, 0), 0);
}
#endif

TEST(ListenerTest, BothFamiliesOfAWildcardTakeTheSamePort) {
  const Result<ListenerGroup> v6 = OpenListeners(*SocketAddress::FromIp("::", 0), {.sockets = 2});
  if (!v6) GTEST_SKIP() << "no IPv6 here";
  EXPECT_NE(OptionOf(v6->sockets[0].get(), IPPROTO_IPV6, IPV6_V6ONLY), 0);
  EXPECT_TRUE(OpenListeners(*SocketAddress::FromIp("0.0.0.0", v6->address.port()), {.sockets = 2}));
}

TEST(ListenerTest, AUnixSocketIsOneForAllAndOpenToOtherUsers) {
  const Folder folder;
  const SocketAddress address = *SocketAddress::FromUnixPath(folder.File());
  const Result<ListenerGroup> group = OpenListeners(address, {.sockets = 4});
  ASSERT_TRUE(group);
  EXPECT_EQ(group->sockets.size(), 1u);
  struct stat status{};
  ASSERT_EQ(stat(folder.File().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0666u);
  EXPECT_TRUE(Connect(address).valid());
}

TEST(ListenerTest, AUnixSocketInUseIsNeverTakenAway) {
  const Folder folder;
  const SocketAddress address = *SocketAddress::FromUnixPath(folder.File());
  const Result<ListenerGroup> first = OpenListeners(address, {});
  ASSERT_TRUE(first);
  const Result<ListenerGroup> second = OpenListeners(address, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().system_errno, EADDRINUSE);
  EXPECT_THAT(ExplainListenError(address, second.error()), HasSubstr("in use by another program"));
  EXPECT_TRUE(Connect(address).valid());
}

TEST(ListenerTest, AStaleUnixSocketIsReplaced) {
  const Folder folder;
  const SocketAddress address = *SocketAddress::FromUnixPath(folder.File());
  {
    ASSERT_TRUE(OpenListeners(address, {}));
  }
  ASSERT_EQ(access(folder.File().c_str(), F_OK), 0);
  const Result<ListenerGroup> group = OpenListeners(address, {});
  ASSERT_TRUE(group);
  EXPECT_TRUE(Connect(address).valid());
}

TEST(ListenerTest, AnOrdinaryFileInTheWayIsKept) {
  const Folder folder;
  std::ofstream(folder.File()) << "precious";
  const SocketAddress address = *SocketAddress::FromUnixPath(folder.File());
  const Result<ListenerGroup> group = OpenListeners(address, {});
  ASSERT_FALSE(group);
  EXPECT_THAT(ExplainListenError(address, group.error()), HasSubstr("is no socket"));
  std::string text;
  std::ifstream(folder.File()) >> text;
  EXPECT_EQ(text, "precious");
}

TEST(ListenerTest, OnlyTheSocketFileThatIsMeantIsRemoved) {
  const Folder folder;
  const SocketAddress address = *SocketAddress::FromUnixPath(folder.File());
  const Result<ListenerGroup> group = OpenListeners(address, {});
  ASSERT_TRUE(group);
  const Result<FileIdentity> identity = IdentifyFile(folder.File());
  ASSERT_TRUE(identity);
  RemoveSocketFile(folder.File(), FileIdentity{.device = identity->device, .inode = identity->inode + 1});
  EXPECT_EQ(access(folder.File().c_str(), F_OK), 0);
  RemoveSocketFile(folder.File(), *identity);
  EXPECT_EQ(IdentifyFile(folder.File()).error().code, ErrorCode::kNotFound);
}

TEST(ListenerTest, ErrorsSayWhatToDo) {
  struct Case {
    int system_errno;
    const char* text;
  };
  const Case cases[] = {
      {EADDRINUSE, "127.0.0.1:80 is in use by another program: stop it or choose another port with listen or --listen"},
      {EACCES, "ports below 1024 need root"},
      {EADDRNOTAVAIL, "127.0.0.1:80 is not an address of this machine"},
      {EMFILE, "too many open files"},
      {EIO, "cannot listen on 127.0.0.1:80: Input/output error"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(ExplainListenError(Loopback(80), ErrorFromErrno(c.system_errno, "bind")), HasSubstr(c.text));
  }
  const SocketAddress path = *SocketAddress::FromUnixPath("/nowhere/s");
  EXPECT_THAT(ExplainListenError(path, ErrorFromErrno(ENOENT, "bind")), HasSubstr("its folder does not exist"));
  EXPECT_THAT(ExplainListenError(path, ErrorFromErrno(EACCES, "bind")), HasSubstr("no permission"));
}

TEST(ListenerTest, AnAddressOfAnotherMachineIsRefused) {
  const SocketAddress address = *SocketAddress::FromIp("192.0.2.1", 0);  // RFC 5737: nobody's
  const Result<ListenerGroup> group = OpenListeners(address, {});
  ASSERT_FALSE(group);
  EXPECT_EQ(group.error().system_errno, EADDRNOTAVAIL);
}

}  // namespace
}  // namespace brilliant::net
