// The input is the raw path of a request. What NormalizePath accepts must be safe to open beneath a root, and stay the
// same when it is encoded and normalised again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/target.h"

namespace {

void CheckNormal(std::string_view path) {
  CHECK(path.starts_with('/'));
  size_t depth = 0;
  for (size_t begin = 1; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    CHECK(!segment.empty() && segment != "." && segment != "..");
    CHECK(segment.size() <= brilliant::http::kPathSegmentBytesMax);
    for (const char c : segment) CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    ++depth;
    begin = end + 1;
  }
  CHECK(depth <= brilliant::http::kPathDepthMax);
}

void CheckEncoded(std::string_view encoded) {
  CHECK(!encoded.starts_with("//"));
  for (const char c : encoded) CHECK(c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  const std::string target = brilliant::http::EncodeTarget(raw);
  CheckEncoded(target);
  CHECK(brilliant::http::EncodeTarget(target) == target);
  CheckEncoded(brilliant::http::EncodePath(raw));

  std::string storage;
  const auto normal = brilliant::http::NormalizePath(raw, storage);
  if (!normal) {
    CHECK(normal.error().offset <= raw.size() && normal.error().reason[0] != '\0');
    return 0;
  }
  CheckNormal(*normal);
  const std::string encoded = brilliant::http::EncodePath(*normal);
  std::string second_storage;
  const auto again = brilliant::http::NormalizePath(encoded, second_storage);
  CHECK(again.has_value() && *again == *normal);
  return 0;
}
