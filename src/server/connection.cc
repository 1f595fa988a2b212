#include "server/connection.h"

#include <string>

#include "server/proxies.h"
#include "server/router.h"

namespace brilliant::server {

Connection::Connection(WorkerContext& worker, const ListenerHosts& hosts, const net::SocketAddress& peer)
    : worker_(worker),
      hosts_(hosts),
      scope_(&worker.scope),
      number_(++worker.connections_accepted),
      fields_trusted_(IsTrustedProxy(worker.config, peer)),
      awaits_introduction_(hosts.proxy_protocol()),
      counted_(worker.address_counter.enabled() && !fields_trusted_ && !peer.is_unix()) {
  SetClient(peer.is_unix() ? "unix:" : peer.host(), peer.port());
  if (counted_) worker_.address_counter.Add(peer.ip().value_or(IpAddress()));
  worker_.connections.PushBack(*this);
  worker_.counters.connections_active.Set(++worker_.connection_count);
}

Connection::~Connection() {
  LeaveIdle();
  if (counted_) worker_.address_counter.Remove(IpAddress::Parse(client()).value_or(IpAddress()));
  worker_.counters.connections_active.Set(--worker_.connection_count);
  worker_.connection_ended.Notify();
}

void Connection::SetClient(std::string_view client, uint16_t port) {
  client_port_ = port;
  client_size_ = static_cast<uint8_t>(client.copy(client_, kClientBytesMax));
}

void Connection::Introduce(const net::ProxyHeader& header) {
  awaits_introduction_ = false;
  fields_trusted_ = false;
  if (header.client == net::ProxyHeader::Client::kUnix) SetClient("unix:", 0);
  if (header.client != net::ProxyHeader::Client::kIp) return;
  SetClient(header.address.ToString(), header.port);
  fields_trusted_ = worker_.config.trusted_proxies.Contains(header.address);
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
