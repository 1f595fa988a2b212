#include "server/acceptor.h"

#include <poll.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "net/socket_transport.h"
#include "server/proxies.h"
#include "server/serve_connection.h"

namespace brilliant::server {
namespace {

// Said to somebody who gets no connection, and no memory.
constexpr std::string_view kTooManyConnections =
    "HTTP/1.1 503 Service Unavailable\r\nServer: BrilliantServer\r\nConnection: close\r\nRetry-After: 1\r\n"
    "Content-Type: text/plain\r\nContent-Length: 44\r\n\r\nToo many connections come from your address.";

bool AnyoneWaits(int listener) {
  pollfd queue{.fd = listener, .events = POLLIN, .revents = 0};
  return poll(&queue, 1, 0) > 0;
}

}  // namespace

Acceptor::Acceptor(WorkerContext& worker, ListenerHandle listener, const ListenerHosts& hosts, uint64_t connections_max)
    : worker_(worker), listener_(std::move(listener)), hosts_(hosts), connections_max_(connections_max) {
  waitable_.emplace(worker.loop, scope_, listener_.fd.get(), event::Waitable::Kind::kShared);
}

event::Task<void> Acceptor::Run() {
  int batch = 0;
  while (!scope_.reason()) {
    if (worker_.connection_count >= connections_max_ && AnyoneWaits(listener_.fd.get())) {
      const Error full{.code = ErrorCode::kUnavailable, .context = "worker_connections"};
      co_await WaitForRoom(full);
      continue;
    }
    Result<net::Accepted> accepted = net::TryAccept(listener_.fd.get());
    if (accepted) {
      Start(std::move(*accepted));
      if (++batch % kAcceptBatch == 0) co_await worker_.loop.Yield();
      continue;
    }
    const Error error = accepted.error();
    if (error.code == ErrorCode::kClosed) continue;
    if (error.code != ErrorCode::kWouldBlock) {
      co_await WaitForRoom(error);
      continue;
    }
    waitable_->ReadWouldBlock();
    const Result<void> readable = co_await worker_.loop.Wait(*waitable_, event::Interest::kRead);
    if (!readable) break;
  }
  waitable_.reset();  // leaves the poller while the descriptor is still its own
  listener_.fd.Reset();
}

void Acceptor::Stop() {
  if (!waitable_) return;
  for (int i = 0; i < kAcceptLastMax && worker_.connection_count < connections_max_; ++i) {
    Result<net::Accepted> accepted = net::TryAccept(listener_.fd.get());
    if (!accepted && accepted.error().code != ErrorCode::kClosed) break;
    if (accepted) Start(std::move(*accepted));
  }
  scope_.Cancel(ErrorCode::kCancelled);
}

bool Acceptor::Admits(const net::Accepted& accepted) {
  const std::optional<IpAddress> address = accepted.peer.ip();
  const bool may_be_full = address && worker_.address_counter.Full(*address);
  if (!may_be_full && !hosts_.proxy_protocol()) return true;
  if (IsTrustedProxy(worker_.config, accepted.peer)) return true;
  if (hosts_.proxy_protocol()) {
    worker_.error_log.Report(stranger_reports_, log::Level::kWarn,
                             "connection refused listener={} client={} reason=\"not a trusted proxy\" "
                             "directive=trusted_proxy",
                             listener_.name, address ? accepted.peer.host() : "unix:");
    return false;
  }
  worker_.error_log.Report(address_reports_, log::Level::kWarn,
                           "connection refused listener={} client={} limit={} directive=connections_per_address",
                           listener_.name, accepted.peer.host(), worker_.config.limits.connections_per_address);
  net::SendLastWords(accepted.socket.get(), kTooManyConnections);
  return false;
}

void Acceptor::Start(net::Accepted accepted) {
  if (!Admits(accepted)) {
    worker_.counters.connections_refused.Add(1);
    return;
  }
  auto connection = std::make_unique<Connection>(worker_, hosts_, accepted.peer);
  auto transport =
      std::make_unique<net::SocketTransport>(worker_.loop, connection->scope(), std::move(accepted.socket));
  const Result<void> registered = transport->waitable().Register();
  connection->Adopt(std::move(transport));
  if (!registered) {
    worker_.counters.connections_refused.Add(1);
    return;
  }
  worker_.counters.connections_accepted.Add(1);
  worker_.loop.Spawn(ServeConnection(std::move(connection)), worker_.connection_tasks);
}

bool Acceptor::MakeRoom() {
  Connection* oldest = worker_.idle_connections.front();
  // One whose next request has come, in this very turn, is idle no more.
  while (oldest != nullptr && oldest->transport().waitable().readable()) {
    oldest = worker_.idle_connections.Next(*oldest);
  }
  if (oldest == nullptr) return false;
  oldest->LeaveIdle();
  oldest->scope().Cancel(ErrorCode::kCancelled);
  return true;
}

event::Task<void> Acceptor::WaitForRoom(Error error) {
  // A client comes before descriptors that are only kept for later requests.
  const bool out_of_descriptors = error.system_errno == EMFILE || error.system_errno == ENFILE;
  if (out_of_descriptors && worker_.files.CloseKept() > 0) co_return;
  worker_.error_log.Report(failure_reports_, log::Level::kWarn,
                           "connections wait listener={} connections={} limit={} reason={} errno={} "
                           "remedy=\"raise worker_connections, or the descriptor limit (ulimit -n, LimitNOFILE)\"",
                           listener_.name, worker_.connection_count, connections_max_, error.context,
                           error.system_errno);
  if (MakeRoom()) {
    co_await worker_.loop.Yield();
    co_return;
  }
  event::Timer timer;
  timer.Start(worker_.loop.TimerClassFor(kAcceptRetry));
  event::Signal never(worker_.loop, scope_);
  [[maybe_unused]] const Result<void> waited = co_await never.Wait(&timer);
}

}  // namespace brilliant::server
