// The input is what a client sent. However it is split, the parser must say the same; what it accepts must be clean.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/check.h"
#include "http/request_parser.h"
#include "http/response_head.h"

namespace {

using brilliant::http::Field;
using brilliant::http::HeadLimits;
using brilliant::http::ParseStatus;
using brilliant::http::RequestHead;
using brilliant::http::RequestParser;

// Small, so that short inputs reach them.
constexpr HeadLimits kLimits{.head_bytes_max = 1024, .target_bytes_max = 256, .fields_max = 16};

// A copy in memory of its exact size: AddressSanitizer sees any byte read beyond it.
class ExactCopy {
 public:
  explicit ExactCopy(std::string_view text) : bytes_(new char[text.size()]), size_(text.size()) {
    std::ranges::copy(text, bytes_.get());
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_;
};

void CheckInside(std::string_view view, std::string_view head) {
  if (view.empty()) return;
  CHECK(view.data() >= head.data() && view.data() + view.size() <= head.data() + head.size());
}

void CheckLineEnds(std::string_view head) {
  CHECK(head.ends_with("\r\n"));
  CHECK(head.find('\0') == std::string_view::npos);
  for (size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '\n') CHECK(i > 0 && head[i - 1] == '\r');
    if (head[i] == '\r') CHECK(i + 1 < head.size() && head[i + 1] == '\n');
  }
}

void CheckHead(const RequestHead& head, std::string_view text) {
  CheckLineEnds(text);
  for (const std::string_view view : {head.method_name, head.target, head.query, head.host}) CheckInside(view, text);
  if (head.path != "/") CheckInside(head.path, text);
  CHECK(brilliant::http::IsToken(head.method_name));
  CHECK(!head.target.empty() && head.target.find_first_of(" \t#\x7f") == std::string_view::npos);
  CHECK(head.has_query || head.query.empty());
  CHECK(head.fields.size() <= kLimits.fields_max && head.target.size() <= kLimits.target_bytes_max);
  for (const Field& field : head.fields) {
    CheckInside(field.name, text);
    CheckInside(field.value, text);
    CHECK(brilliant::http::IsToken(field.name));
    CHECK(brilliant::http::IsFieldValue(field.value));
  }
  const bool has_encoding = head.Find("Transfer-Encoding").data() != nullptr;
  const bool has_length = head.Find("Content-Length").data() != nullptr;
  CHECK(!(has_encoding && has_length));
  CHECK(has_encoding == (head.framing == brilliant::http::Framing::kChunked));
  CHECK(has_length == (head.framing == brilliant::http::Framing::kLength));
  CHECK(head.version_minor == 0 || head.Find("Host").data() != nullptr);
}

// Parses in pieces of sizes that follow from `seed`; each piece moves the buffer. Compares with the outcome at one go.
void CompareWithSplits(std::string_view input, uint32_t seed, ParseStatus expected, const RequestParser& whole) {
  RequestParser parser(kLimits);
  ParseStatus status = ParseStatus::kNeedMore;
  size_t size = 0;
  while (status == ParseStatus::kNeedMore && size < input.size()) {
    seed = seed * 1'664'525 + 1'013'904'223;
    size = std::min(input.size(), size + 1 + (seed >> 24) % 32 * (seed >> 16 & 1));
    const ExactCopy copy(input.substr(0, size));
    status = parser.Parse(copy.view());
    if (status == ParseStatus::kDone) CheckHead(parser.head(), copy.view().substr(0, parser.head_bytes()));
  }
  CHECK(status == expected);
  CHECK(parser.started() == whole.started());
  if (status == ParseStatus::kDone) {
    CHECK(parser.head_bytes() == whole.head_bytes());
    CHECK(parser.head().content_length == whole.head().content_length);
    CHECK(parser.head().framing == whole.head().framing);
    CHECK(parser.head().fields.size() == whole.head().fields.size());
  }
  if (status == ParseStatus::kError) {
    CHECK(parser.error().status == whole.error().status);
    CHECK(parser.error().offset == whole.error().offset);
    CHECK(parser.error().reason == whole.error().reason);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), std::min<size_t>(size, 2048));
  const ExactCopy copy(input);
  RequestParser whole(kLimits);
  const ParseStatus status = input.empty() ? ParseStatus::kNeedMore : whole.Parse(copy.view());
  if (status == ParseStatus::kDone) {
    CHECK(whole.head_bytes() <= kLimits.head_bytes_max);
    CheckHead(whole.head(), copy.view().substr(0, whole.head_bytes()));
  }
  if (status == ParseStatus::kError) {
    CHECK(whole.error().status >= 400 && whole.error().status <= 599);
    CHECK(whole.error().offset <= input.size() && whole.error().reason[0] != '\0');
  }
  for (const uint32_t seed : {0U, 1U, static_cast<uint32_t>(size)}) CompareWithSplits(input, seed, status, whole);
  return 0;
}
