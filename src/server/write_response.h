// Turns a Response into bytes to send. How the end of the content is marked (RFC 9112 section 6.3) and whether the
// connection persists (section 9.3) is decided here and nowhere else.
#ifndef BRILLIANT_SERVER_WRITE_RESPONSE_H_
#define BRILLIANT_SERVER_WRITE_RESPONSE_H_

#include <cstdint>
#include <memory>

#include "event/task.h"
#include "handlers/api.h"
#include "server/connection.h"
#include "server/output_queue.h"
#include "server/progress_meter.h"

namespace brilliant::server {

// Pieces of streamed content sent before other connections get their turn; or kSendChunkBytes.
inline constexpr int kPiecesPerTurnMax = 64;

// What the answer must suit.
struct ResponseTerms {
  bool head_only = false;    // the request was a HEAD
  int version_minor = 1;     // of the request
  bool may_persist = false;  // the client and the server's limits allow another request
};

struct QueuedResponse {
  bool persists = false;
  uint64_t content_begin = 0;  // position in the output where the content begins
  // Content that is still to be made: StreamContent must follow.
  // or, if not `streams` (an answer to HEAD, a 304), nothing but its Finish().
  std::unique_ptr<handlers::BodySource> source = nullptr;
  bool streams = false;
  bool chunked = false;
};

// Queues the head and all content that exists. Sends nothing.
[[nodiscard]] QueuedResponse QueueResponse(Connection& connection, OutputQueue& output, const ResponseTerms& terms,
                                           handlers::Response response);

// Makes and sends the content of `queued.source`. On an error the connection must be cut: the client sees that the
// answer is incomplete, because the last chunk (or an orderly close) is missing.
[[nodiscard]] event::Task<Result<void>> StreamContent(Connection& connection, OutputQueue& output,
                                                      QueuedResponse& queued, ProgressMeter& progress);

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_WRITE_RESPONSE_H_
