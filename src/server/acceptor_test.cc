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
  explicit AcceptorTest(config::Config configuration = {}) : config(std::move(configuration)) {
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
  VirtualHost host{config::Server(), RuleNumbers(), types, error_log};
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

// ---- Who may connect

std::string ReadAll(const UniqueFd& client) {
  std::string text(65'536, '\0');
  const ssize_t count = recv(client.get(), text.data(), text.size(), MSG_DONTWAIT);
  text.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return text;
}

struct AddressLimitTest : AcceptorTest {
  AddressLimitTest() : AcceptorTest(Limited()) {}
  static config::Config Limited() {
    config::Config config;
    config.limits.connections_per_address = 2;
    return config;
  }
};

TEST_F(AddressLimitTest, AnAddressWithTooManyConnectionsIsToldSo) {
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 2; ++i) clients.push_back(Connect());
  Turns();
  const UniqueFd surplus = Connect();
  EXPECT_EQ(write(surplus.get(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 27), 27);
  Turns();
  const std::string answer = ReadAll(surplus);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\nRetry-After: "), std::string::npos);
  EXPECT_NE(answer.find("\r\nContent-Length: " + std::to_string(answer.size() - answer.find("\r\n\r\n") - 4) + "\r\n"),
            std::string::npos);
  EXPECT_TRUE(Closed(surplus));
  EXPECT_EQ(worker.connection_count, 2U);
  EXPECT_EQ(worker.counters.connections_refused.get(), 1U);

  clients.pop_back();
  Turns();
  const UniqueFd next = Connect();
  Turns();
  EXPECT_EQ(worker.connection_count, 2U);
  EXPECT_EQ(ReadAll(next), "");
}

TEST_F(AddressLimitTest, TrustedProxiesAreExempt) {
  config.trusted_proxies.Add({.first = *IpAddress::Parse("127.0.0.1")});
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(Connect());
  Turns();
  EXPECT_EQ(worker.connection_count, 3U);
  EXPECT_EQ(worker.address_counter.size(), 0U);
}

TEST_F(AcceptorTest, OnlyTrustedProxiesMaySpeakTheProxyProtocol) {
  hosts.set_proxy_protocol(true);
  const UniqueFd stranger = Connect();
  Turns();
  EXPECT_TRUE(Closed(stranger));
  EXPECT_EQ(worker.connection_count, 0U);
  EXPECT_EQ(worker.counters.connections_refused.get(), 1U);

  config.trusted_proxies.Add({.first = *IpAddress::Parse("127.0.0.1")});
  const UniqueFd proxy = Connect();
  Turns();
  EXPECT_FALSE(Closed(proxy));
  EXPECT_EQ(worker.connection_count, 1U);
}

}  // namespace
}  // namespace brilliant::server
