#include "net/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/platform.h"
#include "net/transport.h"

#if BRILLIANT_LINUX
#include <linux/filter.h>
#endif

namespace brilliant::net {
namespace {

// How many sockets on one address get connections evenly.
#if BRILLIANT_LINUX
constexpr int kBalanceOption = SO_REUSEPORT;
#elif defined(SO_REUSEPORT_LB)
constexpr int kBalanceOption = SO_REUSEPORT_LB;  // FreeBSD
#else
constexpr int kBalanceOption = 0;  // macOS has SO_REUSEPORT, but gives everything to one socket
#endif

Result<void> TurnOn(int fd, int level, int option, const char* context) {
  const int on = 1;
  if (setsockopt(fd, level, option, &on, sizeof on) != 0) return SystemFailure(context);
  return {};
}

Result<UniqueFd> OpenSocket(int family) {
#if BRILLIANT_LINUX
  UniqueFd fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return SystemFailure("socket");
#else
  UniqueFd fd(socket(family, SOCK_STREAM, 0));
  if (!fd.valid()) return SystemFailure("socket");
  if (fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0) return SystemFailure("fcntl");
  if (fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK) != 0) return SystemFailure("fcntl");
#endif
  return fd;
}

Result<UniqueFd> Bind(const SocketAddress& address, bool balanced) {
  ASSIGN_OR_RETURN(UniqueFd fd, OpenSocket(address.family()));
  if (!address.is_unix()) {
    RETURN_IF_ERROR(TurnOn(fd.get(), SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR"));
    if (balanced) RETURN_IF_ERROR(TurnOn(fd.get(), SOL_SOCKET, kBalanceOption, "SO_REUSEPORT"));
    RETURN_IF_ERROR(TurnOn(fd.get(), IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY"));  // accepted sockets inherit it
#ifdef TCP_NOTSENT_LOWAT
    const int bytes_max = kUnsentBytesMax;  // and this; a system that can't just holds more
    static_cast<void>(setsockopt(fd.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes_max, sizeof bytes_max));
#endif
  }
  // `*` is two sockets, one per family: the IPv6 one must leave IPv4 to the other.
  if (address.family() == AF_INET6) RETURN_IF_ERROR(TurnOn(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY"));
  if (bind(fd.get(), address.data(), address.length()) != 0) return SystemFailure("bind");
  return fd;
}

Result<UniqueFd> BindAndListen(const SocketAddress& address, bool balanced, int backlog) {
  ASSIGN_OR_RETURN(UniqueFd fd, Bind(address, balanced));
  if (listen(fd.get(), backlog) != 0) return SystemFailure("listen");
  return fd;
}

// The first socket of a balanced group, taken so that a second instance is noticed.
Result<UniqueFd> ListenAlone(const SocketAddress& address, int backlog) {
#if BRILLIANT_LINUX
  // Exclusive until it listens, which the kernel checks atomically; only then may others of this process join.
  ASSIGN_OR_RETURN(UniqueFd fd, BindAndListen(address, false, backlog));
  RETURN_IF_ERROR(TurnOn(fd.get(), SOL_SOCKET, kBalanceOption, "SO_REUSEPORT"));
  return fd;
#else
  {
    ASSIGN_OR_RETURN(const UniqueFd probe, BindAndListen(address, false, backlog));
  }
  return BindAndListen(address, true, backlog);
#endif
}

Result<ListenerGroup> OpenTcpListeners(const SocketAddress& address, const ListenOptions& options) {
  const int count = kBalanceOption == 0 ? 1 : options.sockets;
  ListenerGroup group;
  ASSIGN_OR_RETURN(UniqueFd first,
                   count == 1 ? BindAndListen(address, false, options.backlog) : ListenAlone(address, options.backlog));
  ASSIGN_OR_RETURN(group.address, SocketAddress::OfSocket(first.get()));
  group.sockets.push_back(std::move(first));
  while (static_cast<int>(group.sockets.size()) < count) {
    ASSIGN_OR_RETURN(UniqueFd next, BindAndListen(group.address, true, options.backlog));
    group.sockets.push_back(std::move(next));
  }
  return group;
}

// A socket file whose program is gone refuses connections; anything else is not ours to remove.
bool IsStaleSocket(const SocketAddress& address) {
  struct stat status{};
  if (lstat(address.path().c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const Result<UniqueFd> probe = OpenSocket(AF_UNIX);
  if (!probe) return false;
  return connect(probe->get(), address.data(), address.length()) != 0 && errno == ECONNREFUSED;
}

Result<ListenerGroup> OpenUnixListener(const SocketAddress& address, const ListenOptions& options) {
  Result<UniqueFd> fd = Bind(address, false);
  if (!fd && fd.error().system_errno == EADDRINUSE && IsStaleSocket(address)) {
    if (unlink(address.path().c_str()) != 0) return SystemFailure("unlink");
    fd = Bind(address, false);
  }
  if (!fd) return std::unexpected(fd.error());
  // Connecting needs the right to write; who may reach the socket is the folder's business.
  if (chmod(address.path().c_str(), 0666) != 0) return SystemFailure("chmod");
  if (listen(fd->get(), options.backlog) != 0) return SystemFailure("listen");
  ListenerGroup group;
  group.address = address;
  group.sockets.push_back(std::move(*fd));
  return group;
}

std::string ExplainUnixError(const SocketAddress& address, const Error& error) {
  const std::string path = address.path();
  switch (error.system_errno) {
    case EADDRINUSE: {
      struct stat status{};
      if (lstat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode)) {
        return fmt::format("{}: a file of that name exists and is no socket: remove it or choose another path", path);
      }
      return fmt::format("{} is in use by another program: stop it or choose another path with listen", path);
    }
    case ENOENT:
    case ENOTDIR:
      return fmt::format("cannot create the socket {}: its folder does not exist", path);
    case EACCES:
    case EPERM:
    case EROFS:
      return fmt::format("cannot create the socket {}: no permission to write to its folder", path);
    default:
      return fmt::format("cannot listen on unix:{}: {}", path, std::strerror(error.system_errno));
  }
}

}  // namespace

Result<ListenerGroup> OpenListeners(const SocketAddress& address, const ListenOptions& options) {
  CHECK(options.sockets >= 1 && options.sockets <= kListenersPerAddressMax);
  return address.is_unix() ? OpenUnixListener(address, options) : OpenTcpListeners(address, options);
}

std::string ExplainListenError(const SocketAddress& address, const Error& error) {
  if (address.is_unix()) return ExplainUnixError(address, error);
  const std::string text = address.ToString();
  switch (error.system_errno) {
    case EADDRINUSE:
      return fmt::format("{} is in use by another program: stop it or choose another port with listen or --listen",
                         text);
    case EACCES:
    case EPERM:
      return fmt::format(
          "no permission to listen on {}: ports below 1024 need root (or CAP_NET_BIND_SERVICE); choose a port from "
          "1024 on",
          text);
    case EADDRNOTAVAIL:
      return fmt::format("{} is not an address of this machine: use one of its own, or * for all", text);
    case EAFNOSUPPORT:
      return fmt::format("cannot listen on {}: this machine has no IPv{}", text, address.family() == AF_INET6 ? 6 : 4);
    case EMFILE:
    case ENFILE:
      return fmt::format("cannot listen on {}: too many open files: raise the limit (ulimit -n) or lower workers",
                         text);
    default:
      return fmt::format("cannot listen on {}: {} ({})", text, std::strerror(error.system_errno), error.context);
  }
}

void StopQueueing([[maybe_unused]] int listener) {
#if BRILLIANT_LINUX
  // A filter that drops every packet: clients try again and are refused once the socket is closed, instead of being
  // accepted into a queue that is about to be reset. Unix sockets refuse the option, and need no such thing.
  sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{.len = 1, .filter = &drop_all};
  setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
#endif
}

Result<FileIdentity> IdentifyFile(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return SystemFailure("lstat");
  return FileIdentity{.device = status.st_dev, .inode = status.st_ino};
}

void RemoveSocketFile(const std::string& path, const FileIdentity& identity) {
  const Result<FileIdentity> now = IdentifyFile(path);
  if (now && *now == identity) unlink(path.c_str());
}

}  // namespace brilliant::net
