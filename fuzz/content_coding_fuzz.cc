// The input is field lines. Whatever they accept, what is preferred was offered and named, each once, and the order
// of the offer decides nothing but between equals.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/strings.h"
#include "http/content_coding.h"
#include "http/request_parser.h"

namespace {

using brilliant::http::CodingList;
using brilliant::http::ContentCoding;
using brilliant::http::PreferredCodings;

constexpr std::array<ContentCoding, 3> kOffered = {ContentCoding::kBrotli, ContentCoding::kZstd, ContentCoding::kGzip};

size_t CountOf(const CodingList& list, ContentCoding coding) {
  return static_cast<size_t>(std::ranges::count(list, coding));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view lines(reinterpret_cast<const char*>(data), size);
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n\r\n";
  brilliant::http::RequestParser parser({});
  if (parser.Parse(text) != brilliant::http::ParseStatus::kDone) return 0;

  const CodingList preferred = PreferredCodings(parser.head(), kOffered);
  const std::string said = brilliant::ToLower(lines);
  for (const ContentCoding coding : kOffered) {
    const size_t count = CountOf(preferred, coding);
    CHECK(count <= 1);
    const bool named = said.contains(NameOf(coding)) || said.contains('*');
    CHECK(count == 0 || (named && said.contains("accept-encoding")));
    // Asked about alone, the verdict on it is the same.
    const std::array<ContentCoding, 1> alone = {coding};
    CHECK(CountOf(PreferredCodings(parser.head(), alone), coding) == count);
  }
  CHECK(CountOf(preferred, ContentCoding::kIdentity) == 0);

  std::array<ContentCoding, 3> reversed = kOffered;
  std::ranges::reverse(reversed);
  const CodingList again = PreferredCodings(parser.head(), reversed);
  CHECK(std::ranges::is_permutation(preferred, again));
  return 0;
}
