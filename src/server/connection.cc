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
  ++worker_.connection_count;
}

Connection::~Connection() {
  --worker_.connection_count;
  worker_.connection_ended.Notify();
}

}  // namespace brilliant::server
