#include "handlers/script_body.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace brilliant::handlers {

std::unexpected<Error> ScriptBody::CutOff(ErrorCode code, const char* cause, std::string_view remedy) const {
  exchange_->ReportCut({.text = cause, .remedy = remedy}, terms_.reports);
  return Failure(code, cause);
}

event::Task<Result<std::span<const char>>> ScriptBody::NextOutput() {
  const Result<std::span<const char>> output = co_await exchange_->Read();
  if (!output && output.error().code == ErrorCode::kDeadline && !exchange_->content_error()) {
    exchange_->ReportCut(exchange_->TimeoutCause(), terms_.reports);
  }
  co_return output;
}

event::Task<Result<std::span<const char>>> ScriptBody::NextRaw() {
  if (!pending_.empty()) co_return std::exchange(pending_, {});
  const Result<std::span<const char>> output = co_await NextOutput();
  if (!output || !output->empty()) co_return output;
  // Nothing but the way it ended tells whether it has printed all.
  co_await exchange_->AwaitEnd();
  if (exchange_->end() && exchange_->end()->signal != 0) {
    co_return CutOff(ErrorCode::kClosed, "a signal has ended the program before its answer was complete",
                     "what it has printed to its errors may say why");
  }
  co_return output;
}

event::Task<Result<std::span<const char>>> ScriptBody::NextDecoded() {
  while (true) {
    const http::BodyStep step = decoder_.Next(std::string_view(pending_.data(), pending_.size()));
    pending_ = pending_.subspan(step.consumed);
    if (step.status == http::BodyStatus::kContent) co_return std::span<const char>(step.content);
    if (step.status == http::BodyStatus::kDone) co_return std::span<const char>();
    if (step.status == http::BodyStatus::kError) {
      co_return CutOff(ErrorCode::kClosed, decoder_.error().reason,
                       "print content in the chunked coding, or no coding");
    }
    const Result<std::span<const char>> more = co_await NextOutput();
    if (!more) co_return more;
    if (more->empty()) {
      co_return CutOff(ErrorCode::kClosed, "the output ends inside a chunk", "print all of it, and a last chunk of 0");
    }
    pending_ = *more;
  }
}

event::Task<Result<std::span<const char>>> ScriptBody::Next() {
  const bool has_length = length().has_value();
  // What is beyond the promised length is nobody's: the program is ended without reading it.
  if (has_length && sent_ == *terms_.length) co_return std::span<const char>();
  Result<std::span<const char>> piece = std::span<const char>();
  if (terms_.chunked) {
    piece = co_await NextDecoded();
  } else {
    piece = co_await NextRaw();
  }
  if (!piece) co_return piece;
  if (piece->empty() && has_length) {
    co_return CutOff(ErrorCode::kClosed, "the output is shorter than its Content-Length",
                     "print as much as is promised, or no Content-Length");
  }
  if (has_length) piece = piece->first(static_cast<size_t>(std::min<uint64_t>(piece->size(), *terms_.length - sent_)));
  sent_ += piece->size();
  if (sent_ > terms_.bytes_max) {
    co_return CutOff(ErrorCode::kTooLarge, "the output is larger than cgi_output_max",
                     "find out what the program prints so much, or raise cgi_output_max");
  }
  co_return piece;
}

event::Task<void> ScriptBody::Finish() { co_await exchange_->Finish(); }

}  // namespace brilliant::handlers
