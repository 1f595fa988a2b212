// The content of one request, whatever its framing (RFC 9112 section 6): none, by Content-Length or chunked. The one
// way server/ reads content. Content is handed out as views into the caller's input; a body cut short is never
// complete.
//
// One decoder serves all requests of a connection in turn; its owner calls Start() before each.
#ifndef BRILLIANT_HTTP_BODY_DECODER_H_
#define BRILLIANT_HTTP_BODY_DECODER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http/chunked_decoder.h"
#include "http/request.h"

namespace brilliant::http {

class BodyDecoder {
 public:
  BodyDecoder() = default;
  explicit BodyDecoder(const ChunkLimits& limits) : chunked_(limits) {}

  // `content_length` counts for Framing::kLength only.
  void Start(Framing framing, uint64_t content_length);
  void Start(const RequestHead& head) { Start(head.framing, head.content_length); }

  // Deals with a prefix of `input` (see BodyStep). With kLength the last content is a step of its own: complete() is
  // true after it, and the next call says kDone without consuming anything.
  [[nodiscard]] BodyStep Next(std::string_view input);

  // With kLength: so many bytes of the content, of those remaining(), have been taken past this decoder.
  void Skip(uint64_t bytes);

  // All of the body has been consumed, the end of the chunked coding included. Never true for a body cut short.
  [[nodiscard]] bool complete() const;
  // Content still to come; nothing while that is unknown (chunked, not yet complete).
  [[nodiscard]] std::optional<uint64_t> remaining() const;
  // Content handed out so far, in bytes.
  [[nodiscard]] uint64_t content_bytes() const;
  [[nodiscard]] const RequestError& error() const { return chunked_.error(); }
  // See ChunkedDecoder::trailers().
  [[nodiscard]] std::span<const Field> trailers() const { return chunked_.trailers(); }

 private:
  Framing framing_ = Framing::kNone;
  uint64_t length_ = 0;
  uint64_t left_ = 0;
  ChunkedDecoder chunked_;
};

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_BODY_DECODER_H_
