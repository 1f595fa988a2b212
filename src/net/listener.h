// Listening sockets: one address becomes a group of them, one per worker, among which the kernel spreads new
// connections. Called by the supervisor only, which then holds them for as long as the address is configured: closing
// one would reset the clients in its queue.
#ifndef BRILLIANT_NET_LISTENER_H_
#define BRILLIANT_NET_LISTENER_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "net/socket_address.h"

namespace brilliant::net {

inline constexpr int kListenersPerAddressMax = 1024;

struct ListenOptions {
  int backlog = 4096;
  // Sockets wanted, 1 to kListenersPerAddressMax. Fewer come where the system cannot balance: unix sockets, macOS.
  int sockets = 1;
};

struct ListenerGroup {
  SocketAddress address;          // as bound: the port is known even where 0 was asked for
  std::vector<UniqueFd> sockets;  // listening, non-blocking, close-on-exec; at least one
};

// Binds and listens. No other program, and no second instance of this one, shares the address afterwards: that is an
// error here (EADDRINUSE), never a silent sharing of clients. A unix socket that nobody listens on any more is
// replaced; its new file may be connected to by everybody who can reach its folder.
[[nodiscard]] Result<ListenerGroup> OpenListeners(const SocketAddress& address, const ListenOptions& options);

// One line for the user, with the remedy: why OpenListeners(address) failed.
[[nodiscard]] std::string ExplainListenError(const SocketAddress& address, const Error& error);

// Lets no further connection into the queue of a TCP listener, those in it can still be accepted. For an address that
// goes away. Nothing where the system has no way to do so.
void StopQueueing(int listener);

// Which file a unix socket is, to remove later that one only.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
// Error: kNotFound.
[[nodiscard]] Result<FileIdentity> IdentifyFile(const std::string& path);
// Removes the unix socket's file if it still is the one meant.
void RemoveSocketFile(const std::string& path, const FileIdentity& identity);

}  // namespace brilliant::net

#endif  // BRILLIANT_NET_LISTENER_H_
