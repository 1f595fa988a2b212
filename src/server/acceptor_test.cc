#include "server/acceptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "net/listener.h"
#include "server/connection.h"

namespace brilliant::server {
namespace {

constexpr uint64_t kConnectionsMax = 3;

// A worker with a real poller and real sockets, but a clock that stands still.
struct AcceptorTest : testing::Test {
  AcceptorTest() {
    hosts.Add(host, {});
    acceptor.emplace(worker, ListenerHandle{.fd = std::move(group.sockets.front()), .name = "l"}, hosts,
                     kConnectionsMax);
    EXPECT_TRUE(acceptor->Register());
    loop.Spawn(acceptor->Run(), tasks);
  }
  ~AcceptorTest() override {
    acceptor->Stop();
    worker.scope.Cancel(ErrorCode::kCancelled);
    while (!tasks.empty() || !worker.connection_tasks.empty()) loop.Turn(false);
  }
  void Turns() {
    for (int i = 0; i < 10; ++i) loop.Turn(false);
  }
  [[nodiscard]] UniqueFd Connect() const {
    UniqueFd client(socket(AF_INET, SOCK_STREAM, 0));
    if (connect(client.get(), group.address.data(), group.address.length()) != 0) return {};
    return client;
  }
  // Whether the server has closed it.
  static bool Closed(const UniqueFd& client) {
    char byte;
    return recv(client.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }

  FakeTimeSource time;
  event::EventLoop loop{event::MakePoller().value(), time, 0};
  config::Config config;
  log::ErrorLog error_log{loop, UniqueFd(open("/dev/null", O_WRONLY | O_CLOEXEC)), log::Level::kDebug};
  log::AccessLog access_log{loop, UniqueFd(), log::AccessFormat::kCombined, error_log};
  files::FileStore files{loop, 0};
  WorkerContext worker{loop, config, files, access_log, error_log};
  files::MimeTypes types{{}, "application/octet-stream"};
  VirtualHost host{config::Server(), types, error_log};
  ListenerHosts hosts;
  net::ListenerGroup group{
      net::OpenListeners(net::SocketAddress::FromIp("127.0.0.1", 0).value(), net::ListenOptions()).value()};
  std::optional<Acceptor> acceptor;
  event::TaskList tasks;
};

TEST_F(AcceptorTest, TakesEverybodyInTheQueueAndWhoComesLater) {
  const UniqueFd first = Connect();
  const UniqueFd second = Connect();
  Turns();
  EXPECT_EQ(worker.connection_count, 2U);
  const UniqueFd third = Connect();
  Turns();
  EXPECT_EQ(worker.connection_count, 3U);
  EXPECT_EQ(worker.counters.connections_accepted.get(), 3U);
}

TEST_F(AcceptorTest, AtTheLimitTheLongestIdleConnectionIsGivenUpForSomebodyWhoWaitsOnly) {
  std::vector<UniqueFd> clients;
  for (uint64_t i = 0; i < kConnectionsMax; ++i) clients.push_back(Connect());
  Turns();
  time.Advance(kAcceptRetry);
  Turns();
  EXPECT_EQ(worker.connection_count, kConnectionsMax);
  for (const UniqueFd& client : clients) EXPECT_FALSE(Closed(client));

  clients.push_back(Connect());
  Turns();
  EXPECT_EQ(worker.connection_count, kConnectionsMax);
  EXPECT_TRUE(Closed(clients[0]));
  for (size_t i = 1; i < clients.size(); ++i) EXPECT_FALSE(Closed(clients[i])) << i;
}

TEST_F(AcceptorTest, WithoutAnIdleConnectionEverybodyWaitsUntilOneEnds) {
  std::vector<UniqueFd> clients;
  for (uint64_t i = 0; i < kConnectionsMax; ++i) {
    clients.push_back(Connect());
    EXPECT_EQ(write(clients.back().get(), "G", 1), 1);
  }
  Turns();
  const UniqueFd waiting = Connect();
  Turns();
  EXPECT_EQ(worker.connections_accepted, kConnectionsMax);
  clients.pop_back();
  Turns();
  time.Advance(kAcceptRetry);
  Turns();
  EXPECT_EQ(worker.connections_accepted, kConnectionsMax + 1);
}

TEST_F(AcceptorTest, StopTakesTheQueueAndClosesTheListener) {
  const UniqueFd queued = Connect();
  acceptor->Stop();
  Turns();
  EXPECT_TRUE(tasks.empty());
  EXPECT_EQ(worker.connection_count, 1U);
  EXPECT_FALSE(Connect().valid());
  acceptor->Stop();
}

}  // namespace
}  // namespace brilliant::server
