// Proxies in front of the server: which are trusted (`trusted_proxy`), and for whom they speak, by the header of the
// PROXY protocol at the start of a connection or by a field of each request.
#ifndef BRILLIANT_SERVER_PROXIES_H_
#define BRILLIANT_SERVER_PROXIES_H_

#include "config/config.h"
#include "event/task.h"
#include "http/forwarded.h"
#include "http/request.h"
#include "net/socket_address.h"
#include "server/connection.h"
#include "server/exchange_buffers.h"

namespace brilliant::server {

[[nodiscard]] bool IsTrustedProxy(const config::Config& config, const net::SocketAddress& peer);

// Reads and consumes the header that comes before all requests (listen ... proxy_protocol), within
// client_header_timeout from its first byte, which the head after it shares. False: the connection must end,
// unanswered.
[[nodiscard]] event::Task<bool> ReadProxyHeader(Connection& connection, InputBuffer& input);

// Who asks, with nothing empty: the client of the connection, unless the peer may name another and does.
[[nodiscard]] http::ForwardedClient NamedClient(const Connection& connection, const http::RequestHead& head);
[[nodiscard]] inline http::ForwardedClient ClientOf(const Connection& connection, const http::RequestHead& head) {
  if (connection.fields_trusted()) return NamedClient(connection, head);
  return {.address = connection.client(), .scheme = "http", .port = connection.client_port()};
}

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_PROXIES_H_
