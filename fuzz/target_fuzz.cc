// The input is the raw path of a request, or its whole target. NormalizePath must say what a second, plain
// implementation of RFC 3986 section 5.2.4 says; what it accepts must be safe to open beneath a root; and whatever a
// redirect encodes must lead to the same path.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "http/reference.h"
#include "http/request_parser.h"
#include "http/target.h"

namespace {

namespace http = brilliant::http;
namespace reference = brilliant::http::reference;

struct Expected {
  int status = 0;  // 0: accepted
  std::string path;
};

int StatusOfSegment(std::string_view raw, std::string_view decoded) {
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '%' && !reference::IsEncoded(raw, i)) return 400;
    if (raw[i] == '%') i += 2;
  }
  for (const char c : decoded) {
    if (c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return 400;
  }
  return 0;
}

Expected NormalizeBySegments(std::string_view raw) {
  if (!raw.starts_with('/')) return {.status = 400, .path = {}};
  const std::vector<std::string_view> raw_segments = reference::Split(raw.substr(1), "/");
  std::vector<std::string> segments;
  bool is_folder = true;
  for (const std::string_view raw_segment : raw_segments) {
    const std::string segment = reference::PercentDecode(raw_segment);
    if (const int status = StatusOfSegment(raw_segment, segment); status != 0) return {.status = status, .path = {}};
    is_folder = segment.empty() || segment == "." || segment == "..";
    if (segment == ".." && segments.empty()) return {.status = 400, .path = {}};
    if (segment == "..") segments.pop_back();
    if (is_folder) continue;
    segments.push_back(segment);
    const bool too_much = segment.size() > http::kPathSegmentBytesMax || segments.size() > http::kPathDepthMax;
    if (too_much) return {.status = 414, .path = {}};
  }
  Expected expected;
  for (const std::string& segment : segments) expected.path += "/" + segment;
  if (is_folder) expected.path += "/";
  return expected;
}

void CheckNormal(std::string_view path) {
  CHECK(path.starts_with('/') && path.find("//") == std::string_view::npos);
  CHECK(path.find("/../") == std::string_view::npos && path.find("/./") == std::string_view::npos);
  CHECK(!path.ends_with("/..") && !path.ends_with("/."));
}

// What Location fields may hold: RFC 3986, and no second server (section 4.2, "//host").
void CheckEncoded(std::string_view encoded, std::string_view others) {
  CHECK(!encoded.starts_with("//"));
  for (size_t i = 0; i < encoded.size(); ++i) {
    CHECK(reference::IsPlainUriChar(encoded[i]) || others.contains(encoded[i]) || reference::IsEncoded(encoded, i));
  }
}

std::string_view WithOneLeadingSlash(std::string_view path) {
  while (path.starts_with("//")) path.remove_prefix(1);
  return path;
}

void CheckEncoding(std::string_view raw) {
  const std::string target = http::EncodeTarget(raw);
  CheckEncoded(target, ":@/?");
  CHECK(http::EncodeTarget(target) == target);
  CHECK(reference::PercentDecode(target) == reference::PercentDecode(WithOneLeadingSlash(raw)));
  const std::string path = http::EncodePath(raw);
  CheckEncoded(path, ":@/");
  CHECK(reference::PercentDecode(path) == WithOneLeadingSlash(raw));
}

void CheckNormalizing(std::string_view raw) {
  const reference::ExactCopy copy(raw);
  std::string storage = "what was there before";
  const auto normal = http::NormalizePath(copy.view(), storage);
  const Expected expected = NormalizeBySegments(raw);
  if (!normal) {
    CHECK(normal.error().status == expected.status);
    CHECK(normal.error().offset <= raw.size() && normal.error().reason[0] != '\0');
    return;
  }
  CHECK(expected.status == 0 && *normal == expected.path);
  CheckNormal(*normal);
  const std::string encoded = http::EncodePath(*normal);
  std::string second_storage;
  const auto again = http::NormalizePath(encoded, second_storage);
  CHECK(again.has_value() && *again == *normal && http::EncodePath(*again) == encoded);
}

std::string NormalOf(std::string_view raw_path) {
  std::string storage;
  const auto normal = http::NormalizePath(raw_path, storage);
  return normal ? std::string(*normal) : std::to_string(normal.error().status);
}

// A client that is sent to the encoded target asks for what it asked for, and is not sent again.
void CheckRedirect(std::string_view raw) {
  const std::string first_text = "GET " + std::string(raw) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  http::RequestParser first({});
  if (first.Parse(first_text) != http::ParseStatus::kDone || first.head().target != raw) return;
  const std::string target = http::EncodeTarget(first.head());
  const std::string second_text = "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
  http::RequestParser second({.target_bytes_max = 3 * http::HeadLimits().target_bytes_max});
  CHECK(second.Parse(second_text) == http::ParseStatus::kDone);
  CHECK(second.head().form == http::TargetForm::kOrigin && !second.head().target_needs_encoding);
  CHECK(NormalOf(second.head().path) == NormalOf(first.head().path));
  CHECK(second.head().has_query == first.head().has_query);
  CHECK(reference::PercentDecode(second.head().query) == reference::PercentDecode(first.head().query));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  CheckEncoding(raw);
  CheckNormalizing(raw);
  CheckRedirect(raw);
  return 0;
}
