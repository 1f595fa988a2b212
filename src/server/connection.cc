#include "server/connection.h"

#include <algorithm>
#include <string>

namespace brilliant::server {

Connection::Connection(WorkerContext& worker, const ListenerHosts& hosts, const net::SocketAddress& peer)
    : worker_(worker), hosts_(hosts), scope_(&worker.scope), number_(++worker.connections_accepted) {
  const std::string client = peer.is_unix() ? "unix:" : peer.host();
  client_size_ = static_cast<uint8_t>(std::min(client.size(), kClientBytesMax));
  std::copy_n(client.data(), client_size_, client_);
  worker_.connections.PushBack(*this);
  worker_.counters.connections_active.Set(++worker_.connection_count);
}

Connection::~Connection() {
  LeaveIdle();
  worker_.counters.connections_active.Set(--worker_.connection_count);
  worker_.connection_ended.Notify();
}

void Connection::EnterIdle() {
  worker_.idle_connections.PushBack(*this);
  worker_.counters.connections_idle.Add(1);
}

void Connection::LeaveIdle() {
  if (!idle()) return;
  static_cast<ListNode<IdleConnections>&>(*this).Unlink();
  worker_.counters.connections_idle.Subtract(1);
}

}  // namespace brilliant::server
