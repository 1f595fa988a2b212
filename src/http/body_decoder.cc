#include "http/body_decoder.h"

#include <algorithm>

namespace brilliant::http {

void BodyDecoder::Start(Framing framing, uint64_t content_length) {
  framing_ = framing;
  length_ = left_ = framing == Framing::kLength ? content_length : 0;
  chunked_.Reset();
}

BodyStep BodyDecoder::Next(std::string_view input) {
  if (framing_ == Framing::kChunked) return chunked_.Next(input);
  if (left_ == 0) return BodyStep{.status = BodyStatus::kDone};
  if (input.empty()) return BodyStep{.status = BodyStatus::kNeedMore};
  const auto size = static_cast<size_t>(std::min<uint64_t>(input.size(), left_));
  left_ -= size;
  return BodyStep{.status = BodyStatus::kContent, .consumed = size, .content = input.substr(0, size)};
}

void BodyDecoder::Skip(uint64_t bytes) { left_ -= std::min(bytes, left_); }

bool BodyDecoder::complete() const { return framing_ == Framing::kChunked ? chunked_.done() : left_ == 0; }

std::optional<uint64_t> BodyDecoder::remaining() const {
  if (framing_ == Framing::kChunked && !chunked_.done()) return std::nullopt;
  return left_;
}

uint64_t BodyDecoder::content_bytes() const {
  return framing_ == Framing::kChunked ? chunked_.content_bytes() : length_ - left_;
}

}  // namespace brilliant::http
