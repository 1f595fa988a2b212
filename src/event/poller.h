// The kernel's readiness interface behind the event loop: epoll, kqueue, or a fake one for tests. Descriptors are
// registered once, edge-triggered; only ready ones are reported, nothing is scanned. Owned by the
// EventLoop; only Wake may be called from another thread.
#ifndef BRILLIANT_EVENT_POLLER_H_
#define BRILLIANT_EVENT_POLLER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/result.h"

namespace brilliant::event {

struct PollEvent {
  uint64_t token = 0;
  bool readable = false;
  bool writable = false;
  bool input_ended = false;   // the peer sent its last byte (FIN); what it sent before may still be unread
  bool output_ended = false;  // the peer takes no more, or we have shut this direction down ourselves
  bool hangup = false;        // both directions are gone, or the descriptor is in error
};

// What of a descriptor is watched. Of a socket between two processes, each read of the other side makes room to write,
// and would wake whoever watches for it.
// The end of input and the loss of the descriptor are reported always.
enum class Watch : uint8_t { kBoth, kInput, kOutput };

class Poller {
 public:
  virtual ~Poller() = default;
  // Reports `fd` with `token` from now on. A token may come back more than once per Poll, a direction each.
  virtual Result<void> Add(int fd, uint64_t token, Watch watch) = 0;
  // For a descriptor that was added; input that is there already is reported again. A poller may go on reporting more.
  virtual void Change(int fd, uint64_t token, Watch watch) = 0;
  // Reports `fd` no more. `closing`: it is about to be closed and no other process holds it, which makes some kernels
  // forget it without being asked.
  virtual void Remove(int fd, bool closing) = 0;
  // Waits for at most `timeout` (none: without end) and fills `into`; returns how many. An interruption by a signal is
  // 0.
  virtual Result<size_t> Poll(std::span<PollEvent> into, std::optional<Milliseconds> timeout) = 0;
  // Ends a Poll that is going on or comes next. Any thread.
  virtual void Wake() = 0;
};

// The poller this build was configured for (BRILLIANT_POLLER).
[[nodiscard]] Result<std::unique_ptr<Poller>> MakePoller();

}  // namespace brilliant::event

#endif  // BRILLIANT_EVENT_POLLER_H_
