// Takes connections from one listener, in small batches, and starts ServeConnection for each. Out of descriptors it
// never spins or dies: it gives up the connection that has been idle the longest, or waits.
#ifndef BRILLIANT_SERVER_ACCEPTOR_H_
#define BRILLIANT_SERVER_ACCEPTOR_H_

#include <cstdint>
#include <optional>

#include "event/cancel_scope.h"
#include "event/task.h"
#include "event/waitable.h"
#include "log/error_log.h"
#include "net/accept.h"
#include "server/router.h"
#include "server/worker.h"
#include "server/worker_context.h"

namespace brilliant::server {

// Connections accepted before everybody else gets a turn.
inline constexpr int kAcceptBatch = 16;
// Taken from the queue at most when the listener is about to be left.
inline constexpr int kAcceptLastMax = 65'536;
// How long to wait when there is neither a descriptor nor an idle connection to give up.
inline constexpr Milliseconds kAcceptRetry{50};

class Acceptor {
 public:
  // `worker` and `hosts` outlive the acceptor. `connections_max`: of the worker.
  Acceptor(WorkerContext& worker, ListenerHandle listener, const ListenerHosts& hosts, uint64_t connections_max);

  [[nodiscard]] Result<void> Register() { return waitable_->Register(); }
  // A root task; ends after Stop, with the listener closed: clients of an address that goes away are refused, not left
  // waiting.
  [[nodiscard]] event::Task<void> Run();
  // Takes what is queued now, then no more. Harmless when it has been called before.
  void Stop();

 private:
  void Start(net::Accepted accepted);
  // Whether this peer may have a connection. Says why not, to the log and perhaps to the peer.
  [[nodiscard]] bool Admits(const net::Accepted& accepted);
  // Gives up an idle connection; false if there is none.
  bool MakeRoom();
  [[nodiscard]] event::Task<void> WaitForRoom(Error error);

  WorkerContext& worker_;
  ListenerHandle listener_;
  const ListenerHosts& hosts_;
  const uint64_t connections_max_;
  event::CancelScope scope_{nullptr};
  std::optional<event::Waitable> waitable_;  // while the listener is open
  log::RateLimit failure_reports_;
  log::RateLimit stranger_reports_;
  log::RateLimit address_reports_;
};

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_ACCEPTOR_H_
