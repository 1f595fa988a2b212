// Taking one connection from a listener's queue.
#ifndef BRILLIANT_NET_ACCEPT_H_
#define BRILLIANT_NET_ACCEPT_H_

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

}  // namespace brilliant::net

#endif  // BRILLIANT_NET_ACCEPT_H_
