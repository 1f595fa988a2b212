#include "server/proxies.h"

#include <optional>

#include "net/proxy_protocol.h"

namespace brilliant::server {

bool IsTrustedProxy(const config::Config& config, const net::SocketAddress& peer) {
  if (peer.is_unix()) return config.unix_proxies_trusted;
  if (config.trusted_proxies.empty()) return false;
  const std::optional<IpAddress> address = peer.ip();
  return address && config.trusted_proxies.Contains(*address);
}

event::Task<bool> ReadProxyHeader(Connection& connection, InputBuffer& input) {
  static_assert(net::kProxyHeaderBytesMax < InputBuffer::kBytesInitial);
  WorkerContext& worker = connection.worker();
  net::Transport& transport = connection.transport();
  connection.timer.Start(worker.header_timeout);
  while (true) {
    net::ProxyHeader header;
    const net::ProxyStatus status = net::ParseProxyHeader(input.unread(), header);
    if (status == net::ProxyStatus::kMalformed) {
      worker.error_log.Report(worker.proxy_reports, log::Level::kWarn,
                              "malformed PROXY protocol header: connection closed proxy={} directive=\"listen ... "
                              "proxy_protocol\"",
                              connection.client());
      co_return false;
    }
    if (status == net::ProxyStatus::kDone) {
      input.Consume(header.bytes);
      connection.Introduce(header);
      co_return true;
    }
    const Result<size_t> count = transport.TryRead(input.free_space());
    if (count && *count == 0) co_return false;
    if (count) {
      input.Filled(*count);
      continue;
    }
    if (count.error().code != ErrorCode::kWouldBlock) co_return false;
    const Result<void> readable =
        co_await worker.loop.Wait(transport.waitable(), event::Interest::kRead, &connection.timer);
    if (readable) continue;
    if (readable.error().code == ErrorCode::kDeadline) worker.counters.timeouts.Add(1);
    co_return false;
  }
}

http::ForwardedClient NamedClient(const Connection& connection, const http::RequestHead& head) {
  const config::Config& config = connection.worker().config;
  http::ForwardedClient client = http::ReadForwarded(head.fields, config.forwarded_field, config.trusted_proxies);
  if (client.address.empty()) {
    client.address = connection.client();
    client.port = connection.client_port();
  }
  if (client.scheme.empty()) client.scheme = "http";
  return client;
}

}  // namespace brilliant::server
