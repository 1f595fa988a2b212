// A connection's bytes, without waiting and without coroutines: try, and if there is nothing to do now, say
// kWouldBlock. server/ awaits readiness through waitable(). Implemented by SocketTransport and, for tests and fuzzing,
// FakeTransport. Owned by the connection.
#ifndef BRILLIANT_NET_TRANSPORT_H_
#define BRILLIANT_NET_TRANSPORT_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "event/waitable.h"

namespace brilliant::net {

// A stretch of an open file; borrows the descriptor.
struct FileSlice {
  int fd = -1;
  uint64_t offset = 0;
  size_t length = 0;
};

// What the kernel takes of an answer beyond what it has sent already (TCP). A client that reads nothing has it hold
// this much, not the megabytes that it would offer; enough for it to go on sending until the server's turn comes.
inline constexpr int kUnsentBytesMax = 131'072;
// The same for a client that takes what it gets at once: fewer turns for it.
inline constexpr int kUnsentBytesMaxPrompt = 1'048'576;

// A connection's input for a job of the offload pool, which reads while nobody else does. Owns what it needs: it may
// outlive the connection.
class InputReader {
 public:
  virtual ~InputReader() = default;
  // As Transport::TryRead.
  virtual Result<size_t> TryRead(std::span<char> into) = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;
  // How many bytes were read; 0: the peer sends no more. Errors: kWouldBlock; kClosed the connection is gone.
  virtual Result<size_t> TryRead(std::span<char> into) = 0;
  // Null: there are no descriptors left.
  [[nodiscard]] virtual std::shared_ptr<InputReader> DuplicateInput() = 0;
  // How many bytes the kernel took, of all parts in order. `more`: something follows at once, don't send a short
  // packet.
  virtual Result<size_t> TryWrite(std::span<const iovec> parts, bool more) = 0;
  // The same from a file, without copying it through user space. 0: the file ends before `slice.offset`.
  virtual Result<size_t> TrySendFile(const FileSlice& slice, bool more) = 0;
  // Sends a FIN behind what was written; the other direction stays open.
  virtual void ShutdownWrite() = 0;
  // Bytes written that the peer has not taken yet, by what its side has acknowledged. 0 if the system can't say.
  virtual uint64_t UnsentBytes() = 0;
  // The peer has shown that it reads promptly: up to kUnsentBytesMaxPrompt is taken for it from now on.
  virtual void TakeMoreAtOnce() = 0;
  // Destroying the transport will reset the connection, and what the peer has not taken is forgotten: else the kernel
  // would keep it, for a peer that may never take it.
  virtual void ResetOnClose() = 0;
  virtual event::Waitable& waitable() = 0;
};

}  // namespace brilliant::net

#endif  // BRILLIANT_NET_TRANSPORT_H_
