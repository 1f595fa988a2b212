// One client connection: its transport, its scope and the one timer of the phase it is in. Small, because most
// connections are idle. Made by the acceptor (or a test), owned by the frame of ServeConnection.
#ifndef BRILLIANT_SERVER_CONNECTION_H_
#define BRILLIANT_SERVER_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/intrusive_list.h"
#include "base/ip_address.h"
#include "event/cancel_scope.h"
#include "event/timer.h"
#include "net/proxy_protocol.h"
#include "net/socket_address.h"
#include "net/transport.h"
#include "server/worker_context.h"

namespace brilliant::server {

class ListenerHosts;

class Connection : public ListNode<AllConnections>, public ListNode<IdleConnections> {
 public:
  // `hosts`: what is served at the listener it came through; outlives the connection, like `worker`.
  Connection(WorkerContext& worker, const ListenerHosts& hosts, const net::SocketAddress& peer);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] WorkerContext& worker() const { return worker_; }
  [[nodiscard]] event::EventLoop& loop() const { return worker_.loop; }
  [[nodiscard]] const ListenerHosts& hosts() const { return hosts_; }
  [[nodiscard]] event::CancelScope& scope() { return scope_; }
  [[nodiscard]] std::string_view client() const { return {client_, client_size_}; }
  // 0: not known, or there is none.
  [[nodiscard]] uint16_t client_port() const { return client_port_; }
  [[nodiscard]] uint64_t number() const { return number_; }

  // Whether the fields of its requests may name another client: it comes from a trusted proxy.
  [[nodiscard]] bool fields_trusted() const { return fields_trusted_; }
  // Whether a proxy's header is still to come (listen ... proxy_protocol).
  [[nodiscard]] bool awaits_introduction() const { return awaits_introduction_; }
  // Takes what that header says. Whether fields are trusted is then a matter of the client it names: the proxy that
  // wrote the header knows nothing of HTTP.
  void Introduce(const net::ProxyHeader& header);

  // Once, before serving; its waitable lives in scope().
  void Adopt(std::unique_ptr<net::Transport> transport) { transport_ = std::move(transport); }
  [[nodiscard]] net::Transport& transport() { return *transport_; }

  // Idle ones are the first to go when the worker needs room or drains.
  void EnterIdle();
  void LeaveIdle();
  [[nodiscard]] bool idle() const { return static_cast<const ListNode<IdleConnections>&>(*this).linked(); }

  // Bounds the phase the connection is in: idle, head, content, send, linger.
  event::Timer timer;
  uint64_t requests = 0;

 private:
  static constexpr size_t kClientBytesMax = IpAddress::kMadeBytesMax;

  void SetClient(std::string_view client, uint16_t port);

  WorkerContext& worker_;
  const ListenerHosts& hosts_;
  event::CancelScope scope_;
  std::unique_ptr<net::Transport> transport_;
  const uint64_t number_;
  bool fields_trusted_ : 1;
  bool awaits_introduction_ : 1;
  bool counted_ : 1;  // in worker.address_counter
  uint8_t client_size_ = 0;
  uint16_t client_port_ = 0;
  char client_[kClientBytesMax];
};

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_CONNECTION_H_
