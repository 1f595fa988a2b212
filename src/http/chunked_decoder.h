// The chunked transfer coding (RFC 9112 section 7.1), incremental at every byte boundary and without copying content.
// Strict: no bare LF, no blanks around the size, sizes to 2^63-1 without overflow; extensions are checked and ignored,
// trailer fields are kept apart from header fields, and framing fields among them refused. Owned by BodyDecoder; pure.
#ifndef BRILLIANT_HTTP_CHUNKED_DECODER_H_
#define BRILLIANT_HTTP_CHUNKED_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/request.h"
#include "http/syntax.h"

namespace brilliant::http {

// What one call of a decoder's Next() did.
enum class BodyStatus : uint8_t {
  kNeedMore,  // all input is consumed; no content in it
  kContent,   // `content` is not empty; call again with the rest of the input
  kDone,      // the content has ended; what is not consumed belongs to the next request
  kError,     // see error(); nothing is consumed
};

struct BodyStep {
  BodyStatus status = BodyStatus::kNeedMore;
  size_t consumed = 0;         // bytes of the input that are dealt with, those of `content` included
  std::string_view content{};  // a view into the input
};

struct ChunkLimits {
  size_t extension_bytes_max = 4096;  // in one chunk line; and in all lines together, beyond the content received: 400
  size_t trailer_bytes_max = 8192;    // the trailer section: 431
  size_t trailers_max = 32;           // trailer lines, those that are dropped included: 431
};

// 2^63-1 has 16 digits; the rest are leading zeros.
inline constexpr size_t kChunkSizeDigitsMax = 32;

class ChunkedDecoder {
 public:
  ChunkedDecoder() = default;
  explicit ChunkedDecoder(const ChunkLimits& limits) : limits_(limits) {}

  // Before each body. Keeps the memory.
  void Reset();

  // Deals with a prefix of `input`: framing, then at most one run of content. Ends early at content, the end or an
  // error.
  [[nodiscard]] BodyStep Next(std::string_view input);

  [[nodiscard]] bool done() const { return state_ == State::kDone; }
  // Offset: in the coded body, from its first byte.
  [[nodiscard]] const RequestError& error() const { return error_; }
  // Bytes of content handed out so far.
  [[nodiscard]] uint64_t content_bytes() const { return content_bytes_; }
  // After kDone: the trailer fields in order, without those that RFC 9110 section 6.5.1 forbids in a trailer section
  // (routing, request modifiers, authentication, content format), which are dropped. Valid until Reset().
  [[nodiscard]] std::span<const Field> trailers() const { return trailers_; }

 private:
  // What the next byte belongs to.
  enum class State : uint8_t {
    kSizeStart,
    kSize,
    kExtensionBlank,      // before a ";"
    kExtensionNameStart,  // after it
    kExtensionName,
    kExtensionNameBlank,  // before "=" or ";"
    kExtensionValueStart,
    kExtensionToken,
    kExtensionQuoted,
    kExtensionQuotedPair,
    kExtensionQuotedEnd,
    kSizeLineFeed,
    kContent,
    kContentReturn,
    kContentLineFeed,
    kTrailer,
    kDone,
    kError,
  };
  struct TrailerSpan {
    size_t line = 0;  // offset in trailer_bytes_
    FieldLineParts parts;
  };

  // These return false after a refusal.
  bool ReadFramingByte(char c);
  bool ReadSizeByte(char c);
  bool ReadExtensionByte(char c);
  bool EndExtensionPart(char c);
  bool CountExtensionByte();
  bool EndSizeLine();
  bool ReadTrailerLine();

  BodyStep TakeContent(std::string_view input, size_t at);
  // Takes bytes of one trailer line and returns how many.
  size_t ReadTrailerBytes(std::string_view input);
  bool Expect(char c, char expected, State next, const char* reason);
  bool Refuse(int status, uint64_t offset, const char* reason);

  ChunkLimits limits_;
  State state_ = State::kSizeStart;
  uint64_t position_ = 0;    // in the coded body
  uint64_t chunk_left_ = 0;  // the size while it is read, then the content still to come
  uint64_t content_bytes_ = 0;
  uint64_t extension_bytes_ = 0;     // of all lines
  size_t line_extension_bytes_ = 0;  // of this line
  size_t size_digits_ = 0;
  size_t trailer_line_ = 0;  // where the current line begins in trailer_bytes_
  size_t trailer_lines_ = 0;
  std::string trailer_bytes_;
  std::vector<TrailerSpan> trailer_spans_;
  std::vector<Field> trailers_;
  RequestError error_;
};

// May a field of this name stand in a trailer section?
[[nodiscard]] bool IsAllowedInTrailer(std::string_view name);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_CHUNKED_DECODER_H_
