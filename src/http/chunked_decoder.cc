#include "http/chunked_decoder.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/strings.h"

namespace brilliant::http {
namespace {

constexpr uint64_t kChunkSizeMax = std::numeric_limits<int64_t>::max();

bool IsQuotedChar(char c) { return (ClassesOf(c) & kValueChar) != 0; }

// RFC 9110 section 6.5.1 forbids to send these, and some recipients frame the next request by them.
bool IsFramingField(std::string_view name) {
  return EqualsIgnoreCase(name, "content-length") || EqualsIgnoreCase(name, "transfer-encoding");
}

// RFC 9110 section 6.5.1: fields that must be known before the content, or that would change how the message is framed,
// routed, authorised or understood after that was decided.
constexpr auto kForbiddenInTrailer = std::to_array<std::string_view>({
    "age",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "expect",
    "expires",
    "forwarded",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "retry-after",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "www-authenticate",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
});

}  // namespace

bool IsAllowedInTrailer(std::string_view name) {
  return std::ranges::none_of(kForbiddenInTrailer,
                              [name](std::string_view forbidden) { return EqualsIgnoreCase(name, forbidden); });
}

void ChunkedDecoder::Reset() {
  state_ = State::kSizeStart;
  position_ = chunk_left_ = content_bytes_ = extension_bytes_ = 0;
  line_extension_bytes_ = size_digits_ = trailer_line_ = trailer_lines_ = 0;
  trailer_bytes_.clear();
  trailer_spans_.clear();
  trailers_.clear();
  error_ = RequestError{};
}

BodyStep ChunkedDecoder::Next(std::string_view input) {
  size_t at = 0;
  while (at < input.size() && state_ != State::kDone && state_ != State::kError) {
    if (state_ == State::kContent) return TakeContent(input, at);
    if (state_ == State::kTrailer) {
      at += ReadTrailerBytes(input.substr(at));
    } else if (ReadFramingByte(input[at])) {
      ++at;
      ++position_;
    }
  }
  if (state_ == State::kError) return BodyStep{.status = BodyStatus::kError};
  return BodyStep{.status = state_ == State::kDone ? BodyStatus::kDone : BodyStatus::kNeedMore, .consumed = at};
}

bool ChunkedDecoder::Refuse(int status, uint64_t offset, const char* reason) {
  state_ = State::kError;
  error_ = RequestError{.status = status, .offset = offset, .reason = reason};
  return false;
}

bool ChunkedDecoder::Expect(char c, char expected, State next, const char* reason) {
  if (c != expected) return Refuse(400, position_, reason);
  state_ = next;
  return true;
}

BodyStep ChunkedDecoder::TakeContent(std::string_view input, size_t at) {
  const auto size = static_cast<size_t>(std::min<uint64_t>(input.size() - at, chunk_left_));
  chunk_left_ -= size;
  content_bytes_ += size;
  position_ += size;
  if (chunk_left_ == 0) state_ = State::kContentReturn;
  return BodyStep{.status = BodyStatus::kContent, .consumed = at + size, .content = input.substr(at, size)};
}

bool ChunkedDecoder::ReadFramingByte(char c) {
  switch (state_) {
    case State::kSizeStart:
    case State::kSize:
      return ReadSizeByte(c);
    case State::kSizeLineFeed:
      return c == '\n' ? EndSizeLine() : Refuse(400, position_, "CR without LF after a chunk size");
    case State::kContentReturn:
      return Expect(c, '\r', State::kContentLineFeed, "chunk content that doesn't end with CR LF");
    case State::kContentLineFeed:
      return Expect(c, '\n', State::kSizeStart, "chunk content that doesn't end with CR LF");
    default:
      return ReadExtensionByte(c);
  }
}

bool ChunkedDecoder::ReadSizeByte(char c) {
  const int digit = HexValue(c);
  if (digit < 0) {
    if (state_ == State::kSizeStart) return Refuse(400, position_, "chunk without a size");
    return EndExtensionPart(c);
  }
  if (++size_digits_ > kChunkSizeDigitsMax) return Refuse(400, position_, "chunk size with more digits than the limit");
  if (chunk_left_ > (kChunkSizeMax - static_cast<uint64_t>(digit)) / 16) {
    return Refuse(400, position_, "chunk size above 2^63-1");
  }
  chunk_left_ = chunk_left_ * 16 + static_cast<uint64_t>(digit);
  state_ = State::kSize;
  return true;
}

// RFC 9112 section 7.1.1: chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
bool ChunkedDecoder::ReadExtensionByte(char c) {
  switch (state_) {
    case State::kExtensionBlank:
      if (!IsBlank(c) && c != ';') break;
      return EndExtensionPart(c);
    case State::kExtensionNameStart:
    case State::kExtensionName:
      if (IsTokenChar(c)) {
        state_ = State::kExtensionName;
        return CountExtensionByte();
      }
      if (state_ == State::kExtensionNameStart) {
        if (!IsBlank(c)) break;
        return CountExtensionByte();
      }
      [[fallthrough]];
    case State::kExtensionNameBlank:
      if (c == '=') {
        state_ = State::kExtensionValueStart;
      } else if (IsBlank(c)) {
        state_ = State::kExtensionNameBlank;
      } else if (c == ';' || state_ == State::kExtensionName) {
        return EndExtensionPart(c);
      } else {
        break;
      }
      return CountExtensionByte();
    case State::kExtensionValueStart:
      if (c == '"') {
        state_ = State::kExtensionQuoted;
      } else if (IsTokenChar(c)) {
        state_ = State::kExtensionToken;
      } else if (!IsBlank(c)) {
        break;
      }
      return CountExtensionByte();
    case State::kExtensionToken:
      return IsTokenChar(c) ? CountExtensionByte() : EndExtensionPart(c);
    case State::kExtensionQuoted:
      if (!IsQuotedChar(c)) break;
      if (c == '"') state_ = State::kExtensionQuotedEnd;
      if (c == '\\') state_ = State::kExtensionQuotedPair;
      return CountExtensionByte();
    case State::kExtensionQuotedPair:
      if (!IsQuotedChar(c)) break;
      state_ = State::kExtensionQuoted;
      return CountExtensionByte();
    default:
      return EndExtensionPart(c);
  }
  return Refuse(400, position_, "malformed chunk extension");
}

// After the size, a name or a value: another extension or the end of the line.
bool ChunkedDecoder::EndExtensionPart(char c) {
  if (c == '\r') {
    state_ = State::kSizeLineFeed;
    return true;
  }
  if (c != ';' && !IsBlank(c)) {
    return Refuse(400, position_, c == '\n' ? "LF without CR after a chunk size" : "malformed chunk size or extension");
  }
  state_ = c == ';' ? State::kExtensionNameStart : State::kExtensionBlank;
  return CountExtensionByte();
}

// Extensions cost work and carry nothing, so they are bounded in each line, and in all lines together by what content
// comes along.
bool ChunkedDecoder::CountExtensionByte() {
  ++line_extension_bytes_;
  ++extension_bytes_;
  if (line_extension_bytes_ <= limits_.extension_bytes_max &&
      extension_bytes_ <= limits_.extension_bytes_max + content_bytes_) {
    return true;
  }
  return Refuse(400, position_, "chunk extensions above the limit");
}

bool ChunkedDecoder::EndSizeLine() {
  state_ = chunk_left_ == 0 ? State::kTrailer : State::kContent;
  size_digits_ = line_extension_bytes_ = 0;
  return true;
}

size_t ChunkedDecoder::ReadTrailerBytes(std::string_view input) {
  const size_t line_feed = input.find('\n');
  const bool is_whole = line_feed != std::string_view::npos;
  const size_t size = is_whole ? line_feed + 1 : input.size();
  const size_t room = limits_.trailer_bytes_max - trailer_bytes_.size();
  if (size > room) {
    Refuse(431, position_ + room, "trailer section above the limit");
    return 0;
  }
  trailer_bytes_.append(input.substr(0, size));
  position_ += size;
  if (is_whole) ReadTrailerLine();
  return size;
}

bool ChunkedDecoder::ReadTrailerLine() {
  const std::string_view line(trailer_bytes_.data() + trailer_line_, trailer_bytes_.size() - 1 - trailer_line_);
  const uint64_t line_position = position_ - line.size() - 1;
  if (line == "\r") {
    for (const TrailerSpan& span : trailer_spans_) {
      const std::string_view text = std::string_view(trailer_bytes_).substr(span.line);
      const size_t value_size = span.parts.value_end - span.parts.value_begin;
      trailers_.push_back(Field{.name = text.substr(0, span.parts.name_size),
                                .value = text.substr(span.parts.value_begin, value_size)});
    }
    state_ = State::kDone;
    return true;
  }
  if (++trailer_lines_ > limits_.trailers_max) return Refuse(431, line_position, "more trailer fields than the limit");
  const auto parts = SplitFieldLine(line);
  if (!parts) return Refuse(400, line_position + parts.error().offset, parts.error().reason);
  const std::string_view name = line.substr(0, parts->name_size);
  if (IsFramingField(name)) return Refuse(400, line_position, "framing field in a trailer section");
  if (IsAllowedInTrailer(name)) {
    trailer_spans_.push_back(TrailerSpan{.line = trailer_line_, .parts = *parts});
  }
  trailer_line_ = trailer_bytes_.size();
  return true;
}

}  // namespace brilliant::http
