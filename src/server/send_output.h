// The only place that writes to a connection: empties its OutputQueue into the transport.
#ifndef BRILLIANT_SERVER_SEND_OUTPUT_H_
#define BRILLIANT_SERVER_SEND_OUTPUT_H_

#include "base/result.h"
#include "event/task.h"
#include "server/connection.h"
#include "server/output_queue.h"
#include "server/progress_meter.h"

namespace brilliant::server {

// Bytes of a file per call, and bytes sent before other connections get their turn.
inline constexpr size_t kSendChunkBytes = 262'144;

// Everything at once, if it is all in memory and the kernel takes it: false if something is left, or on an error, which
// SendOutput then meets again. No frame, no allocation: the hot path.
[[nodiscard]] bool TrySendAtOnce(Connection& connection, OutputQueue& output);

// Sends all of `output`, waiting as often as it takes for a client that keeps client_rate_min, by what it has taken:
// the kernel's buffer neither hides a client that takes nothing nor makes a slow one look like that. Errors: kDeadline;
// kClosed; kInvalid, a file has become shorter than was promised: the connection must be cut. `progress`: of the client
// as a reader, since the burst began.
[[nodiscard]] event::Task<Result<void>> SendOutput(Connection& connection, OutputQueue& output,
                                                   ProgressMeter& progress);

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_SEND_OUTPUT_H_
