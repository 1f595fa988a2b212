// The input is content in the chunked coding and what follows it. However it is split, the decoder must say the same,
// and that is what a second, plain reading of RFC 9112 section 7.1 says.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "http/chunked_decoder.h"
#include "http/reference.h"

namespace {

namespace reference = brilliant::http::reference;
using brilliant::http::BodyStatus;
using brilliant::http::BodyStep;
using brilliant::http::ChunkedDecoder;
using brilliant::http::ChunkLimits;

// Small, so that short inputs reach them.
constexpr ChunkLimits kLimits{.extension_bytes_max = 64, .trailer_bytes_max = 128, .trailers_max = 4};

struct Outcome {
  BodyStatus status = BodyStatus::kNeedMore;
  std::string content;
  std::vector<std::string> trailers;
  uint64_t consumed = 0;
  int error_status = 0;
  uint64_t error_offset = 0;
  std::string error_reason;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome Decode(std::string_view input, size_t piece_max) {
  ChunkedDecoder decoder(kLimits);
  Outcome outcome;
  while (outcome.consumed < input.size() && outcome.status != BodyStatus::kDone) {
    const reference::ExactCopy piece(input.substr(outcome.consumed, piece_max));
    const BodyStep step = decoder.Next(piece.view());
    CHECK(step.consumed <= piece.view().size() && step.content.size() <= step.consumed);
    CHECK((step.status == BodyStatus::kContent) == !step.content.empty());
    CHECK(step.status != BodyStatus::kNeedMore || step.consumed == piece.view().size());
    CHECK(decoder.done() == (step.status == BodyStatus::kDone));
    outcome.status = step.status;
    outcome.consumed += step.consumed;
    outcome.content += step.content;
    if (step.status == BodyStatus::kError) break;
  }
  CHECK(decoder.content_bytes() == outcome.content.size());
  if (outcome.status == BodyStatus::kContent) outcome.status = BodyStatus::kNeedMore;
  for (const auto& trailer : decoder.trailers()) {
    CHECK(brilliant::http::IsAllowedInTrailer(trailer.name));
    outcome.trailers.push_back(std::string(trailer.name) + ":" + std::string(trailer.value));
  }
  if (outcome.status == BodyStatus::kError) {
    // What was consumed before the error depends on the splits; all else doesn't.
    outcome.consumed = 0;
    outcome.error_status = decoder.error().status;
    outcome.error_offset = decoder.error().offset;
    outcome.error_reason = decoder.error().reason;
    CHECK(outcome.error_status == 400 || outcome.error_status == 431);
    CHECK(outcome.error_offset <= input.size() && !outcome.error_reason.empty());
    // It stays an error, whatever comes.
    CHECK(decoder.Next("\r\n0\r\n\r\n").status == BodyStatus::kError && !decoder.done());
  }
  return outcome;
}

// ---- The plain reading: what a whole input is, by the grammar ----

struct Reading {
  bool done = false;
  std::string content;
  std::vector<std::string> trailers;
  uint64_t consumed = 0;
};

// Takes a line that ends with CR LF and has no other; nothing if there is none.
bool TakeLine(std::string_view& rest, std::string_view& line) {
  const size_t end = rest.find_first_of("\r\n");
  if (end == std::string_view::npos || rest.substr(end, 2) != "\r\n") return false;
  line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return true;
}

void SkipBlanks(std::string_view& rest) { rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size())); }

bool TakeToken(std::string_view& rest) {
  const auto end = std::ranges::find_if_not(rest, reference::IsTokenChar);
  const bool any = end != rest.begin();
  rest.remove_prefix(static_cast<size_t>(end - rest.begin()));
  return any;
}

// quoted-string, RFC 9110 section 5.6.4
bool TakeQuoted(std::string_view& rest) {
  size_t i = 1;
  while (i < rest.size() && rest[i] != '"') {
    if (rest[i] == '\\') ++i;
    if (i >= rest.size() || !reference::IsValueChar(rest[i])) return false;
    ++i;
  }
  if (i >= rest.size()) return false;
  rest.remove_prefix(i + 1);
  return true;
}

// chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
bool AreExtensions(std::string_view rest) {
  while (!rest.empty()) {
    SkipBlanks(rest);
    if (!rest.starts_with(';')) return false;
    rest.remove_prefix(1);
    SkipBlanks(rest);
    if (!TakeToken(rest)) return false;
    std::string_view after = rest;
    SkipBlanks(after);
    if (!after.starts_with('=')) continue;
    rest = after.substr(1);
    SkipBlanks(rest);
    if (!(rest.starts_with('"') ? TakeQuoted(rest) : TakeToken(rest))) return false;
  }
  return true;
}

// The size that begins `line`, which keeps its extensions; nothing if it is none.
bool TakeSize(std::string_view& line, uint64_t& size) {
  const size_t digits = std::min(line.find_first_not_of(reference::kHexDigits), line.size());
  if (digits == 0 || digits > brilliant::http::kChunkSizeDigitsMax) return false;
  const std::string number(line.substr(0, digits));
  const std::string significant = number.substr(std::min(number.find_first_not_of('0'), digits - 1));
  if (significant.size() > 16) return false;
  size = std::stoull(significant, nullptr, 16);
  line.remove_prefix(digits);
  return size <= INT64_MAX;
}

bool IsFramingField(std::string_view name) {
  const std::string lower = reference::LowerCase(name);
  return lower == "content-length" || lower == "transfer-encoding";
}

void ReadTrailers(std::string_view rest, std::string_view input, Reading& reading) {
  const size_t section = rest.size();
  std::string_view line;
  std::vector<std::string> trailers;
  for (size_t lines = 0; TakeLine(rest, line) && section - rest.size() <= kLimits.trailer_bytes_max; ++lines) {
    if (line.empty()) {
      reading.done = true;
      reading.trailers = trailers;
      reading.consumed = input.size() - rest.size();
      return;
    }
    const size_t colon = line.find(':');
    if (lines == kLimits.trailers_max || colon == std::string_view::npos) return;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = reference::Trim(line.substr(colon + 1));
    if (!reference::IsToken(name) || !std::ranges::all_of(value, reference::IsValueChar)) return;
    if (IsFramingField(name)) return;
    if (!brilliant::http::IsAllowedInTrailer(name)) continue;
    trailers.push_back(std::string(name) + ":" + std::string(value));
  }
}

Reading Read(std::string_view input) {
  Reading reading;
  std::string_view rest = input;
  std::string_view line;
  uint64_t extension_bytes = 0;
  while (TakeLine(rest, line)) {
    uint64_t size = 0;
    if (!TakeSize(line, size) || !AreExtensions(line)) return reading;
    extension_bytes += line.size();
    if (line.size() > kLimits.extension_bytes_max) return reading;
    if (extension_bytes > kLimits.extension_bytes_max + reading.content.size()) return reading;
    if (size == 0) {
      ReadTrailers(rest, input, reading);
      return reading;
    }
    reading.content += rest.substr(0, size);
    if (rest.size() < size || rest.substr(size, 2) != "\r\n") return reading;
    rest.remove_prefix(size + 2);
  }
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), std::min<size_t>(size, 2048));
  const Outcome whole = Decode(input, input.size());
  for (const size_t piece_max : {1, 2, 3, 7}) CHECK(Decode(input, piece_max) == whole);

  const Reading reading = Read(input);
  CHECK(reading.done == (whole.status == BodyStatus::kDone));
  CHECK(reading.content == whole.content);
  if (!reading.done) return 0;
  CHECK(reading.trailers == whole.trailers && reading.consumed == whole.consumed);
  // What follows is somebody else's, and is not looked at.
  const std::string_view exact = input.substr(0, reading.consumed);
  CHECK(Decode(exact, exact.size()) == whole);
  CHECK(Decode(exact.substr(0, exact.size() - 1), 5).status == BodyStatus::kNeedMore);
  return 0;
}
