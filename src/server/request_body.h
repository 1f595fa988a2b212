// The content of one request, pulled from its connection on demand. Lives in the frame that serves the request;
// handlers see it as handlers::RequestBody.
#ifndef BRILLIANT_SERVER_REQUEST_BODY_H_
#define BRILLIANT_SERVER_REQUEST_BODY_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "handlers/api.h"
#include "http/request.h"
#include "server/connection.h"
#include "server/exchange_buffers.h"
#include "server/progress_meter.h"

namespace brilliant::server {

// Content that is read and thrown away so that the connection can persist; more than that is not worth it.
inline constexpr uint64_t kDrainBytesMax = 262'144;
// Room for content behind the head in the input buffer.
inline constexpr size_t kContentSpace = 16'384;

class StreamRequestBody final : public handlers::RequestBody {
 public:
  // The content begins at `buffers.input`'s first unread byte; kContentSpace bytes of room follow (requests without
  // content need none). Nothing else may be waiting to be sent while content is read.
  StreamRequestBody(Connection& connection, ExchangeBuffers& buffers, const http::RequestHead& head);

  // Content beyond this many bytes fails with kTooLarge.
  void set_bytes_max(uint64_t bytes_max) { bytes_max_ = bytes_max; }
  [[nodiscard]] uint64_t bytes_max() const { return bytes_max_; }

  event::Task<Result<std::span<const char>>> Next() override;
  event::Task<Result<std::span<const char>>> NextInto(std::span<char> space) override;
  Ahead LookAhead() override;
  void Took(uint64_t bytes) override;
  [[nodiscard]] bool client_half_closed() const override { return connection_.transport().waitable().input_ended(); }
  void Interrupt() override { connection_.transport().waitable().InterruptRead(); }

  [[nodiscard]] bool complete() const { return buffers_.decoder.complete(); }
  // Whether what is left may be little enough for Drain. Not if the client waits for 100 (Continue) and gets a final
  // answer instead: it may send its content or not, so only closing is safe (RFC 9110 section 10.1.1).
  [[nodiscard]] bool may_be_drained() const;
  // Reads what the handler left, if it is little. Not complete() after it: the connection must end.
  [[nodiscard]] event::Task<void> Drain();

  // What was wrong with the content, once reading it has failed for that: the answer's status, and why.
  [[nodiscard]] const std::optional<http::RequestError>& failure() const { return failure_; }

 private:
  [[nodiscard]] event::Task<Result<size_t>> ReadSome(std::span<char> into);
  std::unexpected<Error> FailRead(const Error& error);
  std::unexpected<Error> Fail(const Error& error);

  Connection& connection_;
  ExchangeBuffers& buffers_;
  const char* const content_start_;
  uint64_t bytes_max_ = UINT64_MAX;
  ProgressMeter progress_;
  std::shared_ptr<net::InputReader> reader_;
  std::optional<http::RequestError> failure_;
  bool awaits_continue_;
  bool lent_ = false;   // to a job, which has not told yet what it has read
  bool ended_ = false;  // nothing more can be read
};

}  // namespace brilliant::server

#endif  // BRILLIANT_SERVER_REQUEST_BODY_H_
