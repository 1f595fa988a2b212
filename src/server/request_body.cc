#include "server/request_body.h"

#include <algorithm>

#include "server/send_output.h"

namespace brilliant::server {

StreamRequestBody::StreamRequestBody(Connection& connection, ExchangeBuffers& buffers, const http::RequestHead& head)
    : connection_(connection),
      buffers_(buffers),
      content_start_(buffers.input.position()),
      progress_(connection.worker().config.limits.rate_min, connection.worker().config.limits.body_timeout),
      awaits_continue_(head.expects_continue) {
  buffers_.decoder.Start(head);
}

event::Task<Result<std::span<const char>>> StreamRequestBody::Next() {
  while (true) {
    const http::BodyStep step = buffers_.decoder.Next(buffers_.input.unread());
    buffers_.input.Consume(step.consumed);
    switch (step.status) {
      case http::BodyStatus::kContent:
        connection_.worker().counters.content_bytes_received.Add(step.content.size());
        if (buffers_.decoder.content_bytes() > bytes_max_) {
          co_return Fail({.code = ErrorCode::kTooLarge, .context = "content"});
        }
        co_return std::span<const char>(step.content);
      case http::BodyStatus::kDone:
        co_return std::span<const char>();
      case http::BodyStatus::kError:
        co_return Fail({.code = ErrorCode::kInvalid, .context = buffers_.decoder.error().reason});
      case http::BodyStatus::kNeedMore:
        break;
    }
    buffers_.input.RewindTo(content_start_);
    const Result<size_t> count = co_await ReadSome(buffers_.input.free_space());
    if (!count) co_return FailRead(count.error());
    buffers_.input.Filled(*count);
  }
}

// Only what is certainly content may go past the input buffer: what follows it belongs to the next request.
event::Task<Result<std::span<const char>>> StreamRequestBody::NextInto(std::span<char> space) {
  const uint64_t left = buffers_.decoder.remaining().value_or(0);
  if (left == 0 || !buffers_.input.unread().empty()) co_return co_await Next();
  const Result<size_t> count = co_await ReadSome(space.first(std::min<uint64_t>(space.size(), left)));
  if (!count) co_return FailRead(count.error());
  const http::BodyStep step = buffers_.decoder.Next({space.data(), *count});
  connection_.worker().counters.content_bytes_received.Add(step.content.size());
  if (buffers_.decoder.content_bytes() > bytes_max_) {
    co_return Fail({.code = ErrorCode::kTooLarge, .context = "content"});
  }
  co_return std::span<const char>(step.content);
}

// As above, and nothing that is in the buffer already may be overtaken.
StreamRequestBody::Ahead StreamRequestBody::LookAhead() {
  const uint64_t left = buffers_.decoder.remaining().value_or(0);
  const uint64_t room = bytes_max_ - std::min(bytes_max_, buffers_.decoder.content_bytes());
  if (left == 0 || room == 0 || awaits_continue_ || !buffers_.input.unread().empty()) return {};
  if (reader_ == nullptr) reader_ = connection_.transport().DuplicateInput();
  lent_ = reader_ != nullptr;
  return {.reader = reader_, .bytes = std::min(left, room)};
}

void StreamRequestBody::Took(uint64_t bytes) {
  lent_ = false;
  buffers_.decoder.Skip(bytes);
  connection_.worker().counters.content_bytes_received.Add(bytes);
  // Nobody has waited: it can't be too slow.
  static_cast<void>(progress_.Keeps({}, bytes));
}

std::unexpected<Error> StreamRequestBody::FailRead(const Error& error) {
  const bool interrupted = error.code == ErrorCode::kCancelled && !connection_.scope().reason();
  return interrupted ? std::unexpected(error) : Fail(error);
}

// The only mapping from what goes wrong with content to a status.
std::unexpected<Error> StreamRequestBody::Fail(const Error& error) {
  WorkerContext& worker = connection_.worker();
  if (!failure_ && !connection_.scope().reason()) {
    switch (error.code) {
      case ErrorCode::kInvalid:
        failure_ = buffers_.decoder.error();
        break;
      case ErrorCode::kTooLarge:
        failure_ = http::RequestError{.status = 413, .reason = ""};
        break;
      case ErrorCode::kDeadline:
        worker.counters.timeouts.Add(1);
        failure_ = http::RequestError{.status = 408, .reason = ""};
        break;
      default:
        failure_ = http::RequestError{.status = 400, .reason = "The request ended in its content."};
    }
    worker.error_log.Report(worker.malformed_reports, log::Level::kDebug,
                            "content refused client={} status={} offset={} reason=\"{}\"", buffers_.client.address,
                            failure_->status, failure_->offset, error.context);
  }
  ended_ = ended_ || error.code != ErrorCode::kTooLarge;
  return std::unexpected(error);
}

event::Task<Result<size_t>> StreamRequestBody::ReadSome(std::span<char> into) {
  if (awaits_continue_) {
    awaits_continue_ = false;
    buffers_.output.text() += "HTTP/1.1 100 Continue\r\n\r\n";
    ProgressMeter progress(connection_.worker().config.limits.rate_min,
                           connection_.worker().config.limits.send_timeout);
    const Result<void> sent = co_await SendOutput(connection_, buffers_.output, progress);
    if (!sent) {
      connection_.scope().Cancel(sent.error().code);  // it takes no answer either
      co_return std::unexpected(sent.error());
    }
  }
  std::chrono::nanoseconds waited{};
  while (true) {
    const Result<size_t> count = connection_.transport().TryRead(into);
    if (count && *count == 0) co_return Failure(ErrorCode::kClosed, "content is incomplete");
    if (count) {
      if (!progress_.Keeps(waited, *count)) co_return Failure(ErrorCode::kDeadline, "content comes too slowly");
      co_return count;
    }
    if (count.error().code != ErrorCode::kWouldBlock) co_return std::unexpected(count.error());
    const MonotonicTime began = connection_.loop().now();
    connection_.timer.Start(connection_.worker().body_timeout);
    const Result<void> readable = co_await connection_.loop().Wait(connection_.transport().waitable(),
                                                                   event::Interest::kRead, &connection_.timer);
    connection_.timer.Stop();
    if (!readable) co_return std::unexpected(readable.error());
    waited += connection_.loop().now() - began;
  }
}

bool StreamRequestBody::may_be_drained() const {
  if (lent_) return false;
  if (complete()) return true;
  if (ended_ || awaits_continue_) return false;
  return buffers_.decoder.remaining().value_or(0) <= kDrainBytesMax;
}

event::Task<void> StreamRequestBody::Drain() {
  if (!may_be_drained()) co_return;
  uint64_t drained = 0;
  bytes_max_ = UINT64_MAX;
  while (!complete() && drained <= kDrainBytesMax) {
    const Result<std::span<const char>> piece = co_await Next();
    if (!piece) co_return;
    drained += piece->size();
  }
  ended_ = true;  // more of it is not worth it
}

}  // namespace brilliant::server
