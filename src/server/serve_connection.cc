#include "server/serve_connection.h"

#include <span>
#include <utility>

#include "server/exchange.h"

namespace brilliant::server {
namespace {

// Not inlined: the compiler would put this frame into that of ServeConnection, and an idle connection would hold both.
[[gnu::noinline]] event::Task<BurstEnd> ServeBurst(Connection& connection) {
  ExchangeLease lease(connection.worker().exchange_pool);
  Exchange exchange(connection, *lease);
  co_return co_await exchange.Run();
}

// RFC 9112 section 9.6: closing while the client still sends would reset the connection and could destroy the answer
// before the client has read it. So: no more from us, then read and forget what comes until the client is done too.
[[gnu::noinline]] event::Task<void> LingeringClose(Connection& connection) {
  WorkerContext& worker = connection.worker();
  const MonotonicTime end = worker.loop.now() + worker.config.limits.lingering_time;
  connection.transport().ShutdownWrite();
  while (true) {
    const Result<size_t> count = connection.transport().TryRead(worker.discarded);
    if (count && *count == 0) break;
    if (worker.loop.now() >= end || connection.scope().reason()) break;
    connection.timer.Start(worker.lingering_timeout);
    if (count) {
      co_await connection.loop().Yield();
      continue;
    }
    if (count.error().code != ErrorCode::kWouldBlock) break;
    const Result<void> readable =
        co_await connection.loop().Wait(connection.transport().waitable(), event::Interest::kRead, &connection.timer);
    if (!readable) break;
  }
}

// How long the connection may wait for its next request, or for its first.
event::TimerClass& IdleTimeout(const Connection& connection) {
  WorkerContext& worker = connection.worker();
  if (worker.draining) return worker.drain_idle;
  return connection.requests == 0 ? worker.header_timeout : worker.keepalive_timeout;
}

}  // namespace

event::Task<void> ServeConnection(std::unique_ptr<Connection> connection) {
  BurstEnd end = BurstEnd::kIdle;
  while (end == BurstEnd::kIdle) {
    connection->timer.Start(IdleTimeout(*connection));
    connection->EnterIdle();
    const Result<void> readable = co_await connection->loop().Wait(connection->transport().waitable(),
                                                                   event::Interest::kRead, &connection->timer);
    connection->LeaveIdle();
    connection->timer.Stop();
    if (!readable) break;
    end = co_await ServeBurst(*connection);
  }
  if (end == BurstEnd::kLinger) co_await LingeringClose(*connection);
}

}  // namespace brilliant::server
