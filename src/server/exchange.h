// One burst of work on a connection: from the first byte of a request to the moment nothing more is to be read or sent.
// Lives in the frame of ServeBurst, with buffers that an idle connection does not hold.
#ifndef BRILLIANT_SERVER_EXCHANGE_H_
#define BRILLIANT_SERVER_EXCHANGE_H_

#include <cstdint>
#include <string_view>

#include "event/task.h"
#include "server/connection.h"
#include "server/exchange_buffers.h"
#include "server/progress_meter.h"
#include "server/request_body.h"
#include "server/write_response.h"

namespace brilliant::server {

// How a burst ended.
enum class BurstEnd : uint8_t {
  kIdle,    // everything is answered and sent; the connection waits for the next request
  kClose,   // orderly, and the client sends nothing more: everything is sent
  kLinger,  // the same, but the client may still be sending: it must be read for a while, or it loses the answer
  kCut,     // the connection is broken, or its answer can't be completed
};

class Exchange {
 public:
  Exchange(Connection& connection, ExchangeBuffers& buffers)
      : connection_(connection),
        buffers_(buffers),
        worker_(connection.worker()),
        send_progress_(worker_.config.limits.rate_min, worker_.config.limits.send_timeout) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  [[nodiscard]] event::Task<BurstEnd> Run();

 private:
  // Whether Run goes on with the next request.
  enum class Next : uint8_t { kRequest, kEnd };

  [[nodiscard]] event::Task<Next> ReadOn();
  [[nodiscard]] event::Task<Next> ServeRequest();
  [[nodiscard]] event::Task<Next> FinishContent(StreamRequestBody& body, QueuedResponse& queued);
  [[nodiscard]] event::Task<void> Abandon(handlers::Response response);
  [[nodiscard]] event::Task<Next> GiveWay();
  [[nodiscard]] event::Task<Result<void>> Flush();
  [[nodiscard]] Next Refuse(const http::RequestError& error);
  [[nodiscard]] bool MayPersist(const http::RequestHead& head) const;
  void Record(const http::RequestHead& head, int status, const QueuedResponse& queued);
  void CountCut(const Error& error);
  void RecordMalformed(int status, const QueuedResponse& queued);
  void WriteRecords();
  [[nodiscard]] Next EndWith(BurstEnd end) {
    end_ = end;
    return Next::kEnd;
  }

  Connection& connection_;
  ExchangeBuffers& buffers_;
  WorkerContext& worker_;
  BurstEnd end_ = BurstEnd::kIdle;
  int answered_in_turn_ = 0;
  MonotonicTime request_began_;  // of the request being read
  ProgressMeter send_progress_;
};

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_EXCHANGE_H_
