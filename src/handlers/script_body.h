// The content of a response that a program makes: its output, as it comes. Owned by the response.
#ifndef BRILLIANT_HANDLERS_SCRIPT_BODY_H_
#define BRILLIANT_HANDLERS_SCRIPT_BODY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "handlers/api.h"
#include "handlers/script_exchange.h"
#include "http/chunked_decoder.h"

namespace brilliant::handlers {

class ScriptBody final : public BodySource {
 public:
  struct Terms {
    std::optional<uint64_t> length;   // that the program has promised
    bool chunked = false;             // its output is in the chunked coding
    uint64_t bytes_max = UINT64_MAX;  // more is cut off
    log::RateLimit& reports;          // of answers that were cut off; the handler's
  };
  // `first`: what of the content has been read with the head; a view into the exchange's buffer.
  ScriptBody(std::unique_ptr<ScriptExchange> exchange, std::span<const char> first, const Terms& terms)
      : exchange_(std::move(exchange)), pending_(first), terms_(terms) {}

  [[nodiscard]] bool first_is_there() const override { return !pending_.empty() || length() == 0; }
  [[nodiscard]] std::optional<uint64_t> length() const override {
    return terms_.chunked ? std::nullopt : terms_.length;
  }
  // An output that ends before its promised length, or goes beyond its limit, is an error: the client must see that it
  // is not whole. What goes beyond its promised length is cut off.
  event::Task<Result<std::span<const char>>> Next() override;
  event::Task<void> Finish() override;

 private:
  // The error, after its line in the log.
  std::unexpected<Error> CutOff(ErrorCode code, const char* cause, std::string_view remedy) const;
  event::Task<Result<std::span<const char>>> NextOutput();
  event::Task<Result<std::span<const char>>> NextRaw();
  event::Task<Result<std::span<const char>>> NextDecoded();

  std::unique_ptr<ScriptExchange> exchange_;
  std::span<const char> pending_;
  const Terms terms_;
  http::ChunkedDecoder decoder_;
  uint64_t sent_ = 0;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_SCRIPT_BODY_H_
