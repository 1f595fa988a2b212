// The input is content in the chunked coding and what follows it. However it is split, the decoder must say the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "http/chunked_decoder.h"
#include "http/response_head.h"

namespace {

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

// Feeds pieces in memory of their exact size: AddressSanitizer sees any byte read beyond one.
Outcome Decode(std::string_view input, size_t piece_max) {
  ChunkedDecoder decoder(kLimits);
  Outcome outcome;
  while (outcome.consumed < input.size() && outcome.status != BodyStatus::kDone) {
    const std::string_view piece = input.substr(outcome.consumed, piece_max);
    const std::unique_ptr<char[]> copy(new char[piece.size()]);
    std::ranges::copy(piece, copy.get());
    const BodyStep step = decoder.Next(std::string_view(copy.get(), piece.size()));
    CHECK(step.consumed <= piece.size() && step.content.size() <= step.consumed);
    CHECK((step.status == BodyStatus::kContent) == !step.content.empty());
    CHECK(step.status != BodyStatus::kNeedMore || step.consumed == piece.size());
    CHECK(decoder.done() == (step.status == BodyStatus::kDone));
    outcome.status = step.status;
    outcome.consumed += step.consumed;
    outcome.content += step.content;
    if (step.status == BodyStatus::kError) break;
  }
  CHECK(decoder.content_bytes() == outcome.content.size());
  if (outcome.status == BodyStatus::kContent) outcome.status = BodyStatus::kNeedMore;
  for (const auto& trailer : decoder.trailers()) {
    CHECK(brilliant::http::IsToken(trailer.name) && brilliant::http::IsFieldValue(trailer.value));
    CHECK(brilliant::http::IsAllowedInTrailer(trailer.name));
    outcome.trailers.push_back(std::string(trailer.name) + ":" + std::string(trailer.value));
  }
  if (outcome.status == BodyStatus::kError) {
    // What was consumed before the error depends on the splits; all else doesn't.
    outcome.consumed = 0;
    outcome.error_status = decoder.error().status;
    outcome.error_offset = decoder.error().offset;
    outcome.error_reason = decoder.error().reason;
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), std::min<size_t>(size, 2048));
  const Outcome whole = Decode(input, input.size());
  for (const size_t piece_max : {1, 2, 3, 7}) CHECK(Decode(input, piece_max) == whole);
  return 0;
}
