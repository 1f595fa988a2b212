// Taking one connection from a listener's queue.
#ifndef BRILLIANT_NET_ACCEPT_H_
#define BRILLIANT_NET_ACCEPT_H_

#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "net/socket_address.h"

namespace brilliant::net {

struct Accepted {
  UniqueFd socket;  // non-blocking, close-on-exec
  SocketAddress peer;
};

// Errors: kWouldBlock, the queue is empty (or another process was quicker); kClosed, the client has given up meanwhile:
// take the next; kUnavailable, out of descriptors or memory; kSystem, the listener is unusable.
[[nodiscard]] Result<Accepted> TryAccept(int listener);

// For a client that is not served: sends `words`, as far as that goes without waiting, and reads what it has sent so
// far, so that closing the socket, which is next, does not reset the connection before they are read.
void SendLastWords(int socket, std::string_view words);

}  // namespace brilliant::net

#endif  // BRILLIANT_NET_ACCEPT_H_
