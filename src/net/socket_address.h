// A socket's address as a value: IPv4, IPv6 or the path of a unix socket, always numeric. Converts between the texts of
// the configuration and the logs and what the system calls take. Owns nothing; any thread may use it.
#ifndef BRILLIANT_NET_SOCKET_ADDRESS_H_
#define BRILLIANT_NET_SOCKET_ADDRESS_H_

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"

namespace brilliant::net {

class SocketAddress {
 public:
  // No address: family AF_UNSPEC, ToString() "unknown".
  SocketAddress() = default;

  // `host` is an IPv4 or IPv6 address in digits, without brackets and without a zone. Error: kInvalid.
  [[nodiscard]] static Result<SocketAddress> FromIp(std::string_view host, uint16_t port);
  // Errors: kInvalid for an empty path or one with a NUL, kTooLarge for one the system cannot hold (about 100 bytes).
  [[nodiscard]] static Result<SocketAddress> FromUnixPath(std::string_view path);
  // What accept() or getsockname() filled in.
  [[nodiscard]] static SocketAddress FromSystem(const sockaddr_storage& storage, socklen_t length);
  // Of a bound socket. Error: kSystem.
  [[nodiscard]] static Result<SocketAddress> OfSocket(int fd);

  [[nodiscard]] int family() const { return storage_.ss_family; }
  [[nodiscard]] bool is_unix() const { return family() == AF_UNIX; }
  [[nodiscard]] const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] socklen_t length() const { return length_; }

  // Nothing for unix and for no address.
  [[nodiscard]] std::optional<IpAddress> ip() const;
  // The address in digits without brackets, "::ffff:" of a mapped IPv4 address left out; empty for unix.
  [[nodiscard]] std::string host() const;
  [[nodiscard]] uint16_t port() const;     // 0 for unix
  [[nodiscard]] std::string path() const;  // empty unless unix; empty for a unix socket without a name
  // 127.0.0.0/8, ::1 or unix.
  [[nodiscard]] bool is_loopback() const;

  // "127.0.0.1:80", "[::1]:80", "unix:/run/x.sock".
  [[nodiscard]] std::string ToString() const;

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

}  // namespace brilliant::net

#endif  // BRILLIANT_NET_SOCKET_ADDRESS_H_
