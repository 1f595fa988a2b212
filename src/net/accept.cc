#include "net/accept.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/platform.h"

namespace brilliant::net {
namespace {

int AcceptNonBlocking(int listener, sockaddr_storage& peer, socklen_t& length) {
#if BRILLIANT_LINUX
  return accept4(listener, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
  const int socket = accept(listener, reinterpret_cast<sockaddr*>(&peer), &length);
  if (socket < 0) return socket;
  // The worker starts no programs, so the moment without close-on-exec reaches nobody.
  static_cast<void>(fcntl(socket, F_SETFD, FD_CLOEXEC));
  static_cast<void>(fcntl(socket, F_SETFL, O_NONBLOCK));
  return socket;
#endif
}

// What accept(2) says of a connection that ended in the queue (Linux passes network errors on).
bool IsErrorOfClient(int system_errno) {
  switch (system_errno) {
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case ETIMEDOUT:
    case EPERM:
    case EINTR:
      return true;
    default:
      return false;
  }
}

}  // namespace

void SendLastWords(int socket, std::string_view words) {
  static_cast<void>(send(socket, words.data(), words.size(), MSG_NOSIGNAL));
  static_cast<void>(shutdown(socket, SHUT_WR));
  std::array<char, 16'384> forgotten;
  static_cast<void>(recv(socket, forgotten.data(), forgotten.size(), 0));
}

Result<Accepted> TryAccept(int listener) {
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  UniqueFd socket(AcceptNonBlocking(listener, peer, length));
  if (!socket.valid()) {
    if (IsErrorOfClient(errno)) return Failure(ErrorCode::kClosed, "accept");
    return SystemFailure("accept");
  }
  return Accepted{.socket = std::move(socket), .peer = SocketAddress::FromSystem(peer, length)};
}

}  // namespace brilliant::net
