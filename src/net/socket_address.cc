#include "net/socket_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace brilliant::net {
namespace {

constexpr size_t kUnixPathOffset = offsetof(sockaddr_un, sun_path);

// sockaddr_storage may be read and written as the address of its family.
template <typename T>
T Get(const sockaddr_storage& storage) {
  T address;
  std::memcpy(&address, &storage, sizeof address);
  return address;
}

}  // namespace

Result<SocketAddress> SocketAddress::FromIp(std::string_view host, uint16_t port) {
  const std::string text(host);
  SocketAddress address;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (text.find('\0') != std::string::npos) return Failure(ErrorCode::kInvalid, "address with a NUL");
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&address.storage_, &v4, sizeof v4);
    address.length_ = sizeof v4;
    return address;
  }
  if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&address.storage_, &v6, sizeof v6);
    address.length_ = sizeof v6;
    return address;
  }
  return Failure(ErrorCode::kInvalid, "not an IPv4 or IPv6 address in digits");
}

Result<SocketAddress> SocketAddress::FromUnixPath(std::string_view path) {
  sockaddr_un address{};
  if (path.empty() || path.find('\0') != std::string_view::npos)
    return Failure(ErrorCode::kInvalid, "unix socket path");
  if (path.size() >= sizeof address.sun_path) return Failure(ErrorCode::kTooLarge, "unix socket path");
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  SocketAddress result;
  std::memcpy(&result.storage_, &address, sizeof address);
  result.length_ = static_cast<socklen_t>(kUnixPathOffset + path.size() + 1);
  return result;
}

SocketAddress SocketAddress::FromSystem(const sockaddr_storage& storage, socklen_t length) {
  SocketAddress address;
  address.length_ = length < sizeof storage ? length : static_cast<socklen_t>(sizeof storage);
  // Only the bytes that the system said it wrote: the rest may be anything.
  std::memcpy(&address.storage_, &storage, address.length_);
  return address;
}

Result<SocketAddress> SocketAddress::OfSocket(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return SystemFailure("getsockname");
  return FromSystem(storage, length);
}

std::optional<IpAddress> SocketAddress::ip() const {
  const auto of_bytes = [](const auto& bytes) {
    return IpAddress::FromBytes({reinterpret_cast<const char*>(&bytes), sizeof bytes});
  };
  if (family() == AF_INET) return of_bytes(Get<sockaddr_in>(storage_).sin_addr);
  if (family() == AF_INET6) return of_bytes(Get<sockaddr_in6>(storage_).sin6_addr);
  return std::nullopt;
}

std::string SocketAddress::host() const {
  const std::optional<IpAddress> address = ip();
  return address ? address->ToString() : std::string();
}

uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(Get<sockaddr_in>(storage_).sin_port);
  if (family() == AF_INET6) return ntohs(Get<sockaddr_in6>(storage_).sin6_port);
  return 0;
}

std::string SocketAddress::path() const {
  if (!is_unix() || length_ <= kUnixPathOffset) return {};
  const auto address = Get<sockaddr_un>(storage_);
  return std::string(address.sun_path, strnlen(address.sun_path, length_ - kUnixPathOffset));
}

bool SocketAddress::is_loopback() const {
  if (is_unix()) return true;
  if (family() == AF_INET) return (ntohl(Get<sockaddr_in>(storage_).sin_addr.s_addr) >> 24) == 127;
  if (family() != AF_INET6) return false;
  const auto v6 = Get<sockaddr_in6>(storage_);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) return v6.sin6_addr.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

std::string SocketAddress::ToString() const {
  if (is_unix()) return fmt::format("unix:{}", path());
  const std::string text = host();
  if (text.empty()) return "unknown";
  return text.find(':') == std::string::npos ? fmt::format("{}:{}", text, port())
                                             : fmt::format("[{}]:{}", text, port());
}

}  // namespace brilliant::net
