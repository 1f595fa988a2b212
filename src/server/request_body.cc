#include "server/request_body.h"

#include "server/send_output.h"

namespace brilliant::server {

StreamRequestBody::StreamRequestBody(Connection& connection, ExchangeBuffers& buffers, const http::RequestHead& head)
    : connection_(connection),
      buffers_(buffers),
      content_start_(buffers.input.position()),
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
        if (buffers_.decoder.content_bytes() > bytes_max_) co_return Failure(ErrorCode::kTooLarge, "content");
        co_return std::span<const char>(step.content);
      case http::BodyStatus::kDone:
        co_return std::span<const char>();
      case http::BodyStatus::kError:
        failed_ = true;
        co_return Failure(ErrorCode::kInvalid, buffers_.decoder.error().reason);
      case http::BodyStatus::kNeedMore:
        break;
    }
    const Result<void> more = co_await ReadMore();
    if (!more) {
      failed_ = true;
      co_return std::unexpected(more.error());
    }
  }
}

event::Task<Result<void>> StreamRequestBody::ReadMore() {
  if (awaits_continue_) {
    awaits_continue_ = false;
    buffers_.output.text() += "HTTP/1.1 100 Continue\r\n\r\n";
    const Result<void> sent = co_await SendOutput(connection_, buffers_.output);
    if (!sent) co_return sent;
  }
  buffers_.input.RewindTo(content_start_);
  while (true) {
    const Result<size_t> count = connection_.transport().TryRead(buffers_.input.free_space());
    if (count && *count == 0) co_return Failure(ErrorCode::kClosed, "content is incomplete");
    if (count) {
      buffers_.input.Filled(*count);
      co_return Result<void>();
    }
    if (count.error().code != ErrorCode::kWouldBlock) co_return std::unexpected(count.error());
    connection_.timer.Start(connection_.worker().body_timeout);
    const Result<void> readable = co_await connection_.loop().Wait(connection_.transport().waitable(),
                                                                   event::Interest::kRead, &connection_.timer);
    connection_.timer.Stop();
    if (!readable) co_return readable;
  }
}

bool StreamRequestBody::may_be_drained() const {
  if (complete()) return true;
  if (failed_ || awaits_continue_) return false;
  return buffers_.decoder.remaining().value_or(0) <= kDrainBytesMax;
}

event::Task<bool> StreamRequestBody::Drain() {
  if (!may_be_drained()) co_return false;
  uint64_t drained = 0;
  bytes_max_ = UINT64_MAX;
  while (!complete() && drained <= kDrainBytesMax) {
    const Result<std::span<const char>> piece = co_await Next();
    if (!piece) co_return false;
    drained += piece->size();
  }
  co_return complete();
}

}  // namespace brilliant::server
