#include "http/target.h"

#include "base/strings.h"
#include "http/syntax.h"

namespace brilliant::http {
namespace {

constexpr char kHexDigits[] = "0123456789ABCDEF";

std::unexpected<RequestError> Fault(int status, size_t offset, const char* reason) {
  return std::unexpected(RequestError{.status = status, .offset = offset, .reason = reason});
}

bool IsDotSegment(std::string_view segment) { return segment == "." || segment == ".."; }

// Is `path` normal already, so that it can be used as it is? Never yes wrongly.
bool IsNormal(std::string_view path) {
  size_t depth = 0;
  size_t segment = 1;
  for (size_t i = 1; i <= path.size(); ++i) {
    if (i < path.size() && path[i] != '/') {
      if (path[i] == '%' || IsControl(path[i])) return false;
      continue;
    }
    const size_t size = i - segment;
    const bool is_end = i == path.size();
    if ((size == 0 && !is_end) || size > kPathSegmentBytesMax || IsDotSegment(path.substr(segment, size))) return false;
    if (size > 0) ++depth;
    segment = i + 1;
  }
  return depth <= kPathDepthMax;
}

// Appends one segment, decoded; `offset` is its place in the raw path.
std::expected<void, RequestError> AppendDecoded(std::string_view segment, size_t offset, std::string& out) {
  for (size_t i = 0; i < segment.size(); ++i) {
    const size_t at = offset + i;
    char c = segment[i];
    if (c == '%') {
      const int high = i + 2 < segment.size() ? HexValue(segment[i + 1]) : -1;
      const int low = high < 0 ? -1 : HexValue(segment[i + 2]);
      if (low < 0) return Fault(400, at, "malformed percent-encoding in the path");
      c = static_cast<char>(high * 16 + low);
      if (c == '/') return Fault(400, at, "encoded slash in the path");
      i += 2;
    }
    if (c == '\0') return Fault(400, at, "NUL in the path");
    if (IsControl(c)) return Fault(400, at, "control character in the path");
    out += c;
  }
  return {};
}

// Removes the last segment of a path that ends with a slash; false at the root.
bool RemoveLastSegment(std::string& path) {
  if (path.size() <= 1) return false;
  path.resize(path.find_last_of('/', path.size() - 2) + 1);
  return true;
}

void AppendEncoded(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 0xf];
}

std::string_view CollapseLeadingSlashes(std::string_view path) {
  while (path.starts_with("//")) path.remove_prefix(1);
  return path;
}

void AppendTarget(std::string& out, std::string_view raw) {
  for (size_t i = 0; i < raw.size(); ++i) {
    const bool is_encoding = raw[i] == '%' && FindBadPercent(raw.substr(i, 3)) == std::string_view::npos;
    if (is_encoding || raw[i] == '?' || (ClassesOf(raw[i]) & kPathChar) != 0) {
      out += raw[i];
    } else {
      AppendEncoded(out, raw[i]);
    }
  }
}

}  // namespace

std::expected<std::string_view, RequestError> NormalizePath(std::string_view raw_path, std::string& storage) {
  if (!raw_path.starts_with('/')) return Fault(400, 0, "path that doesn't begin with a slash");
  if (IsNormal(raw_path)) return raw_path;

  // `storage` always ends with the slash before the segment that comes next.
  storage.assign(1, '/');
  size_t depth = 0;
  for (size_t begin = 1; begin < raw_path.size();) {
    const size_t slash = raw_path.find('/', begin);
    const bool is_last = slash == std::string_view::npos;
    const std::string_view raw_segment = raw_path.substr(begin, is_last ? slash : slash - begin);
    const size_t segment_begin = storage.size();
    const auto decoded = AppendDecoded(raw_segment, begin, storage);
    if (!decoded) return std::unexpected(decoded.error());
    const std::string_view segment = std::string_view(storage).substr(segment_begin);

    if (IsDotSegment(segment)) {
      const bool up = segment.size() == 2;
      storage.resize(segment_begin);
      if (up && !RemoveLastSegment(storage)) return Fault(400, begin, "path that climbs above the root");
      if (up) --depth;
    } else if (!segment.empty()) {
      if (segment.size() > kPathSegmentBytesMax) return Fault(414, begin, "path segment above 255 bytes");
      if (++depth > kPathDepthMax) return Fault(414, begin, "path with more segments than the limit");
      if (!is_last) storage += '/';
    }
    begin = is_last ? raw_path.size() : slash + 1;
  }
  return std::string_view(storage);
}

std::string EncodePath(std::string_view decoded) {
  std::string out;
  out.reserve(decoded.size() + decoded.size() / 4);
  for (const char c : CollapseLeadingSlashes(decoded)) {
    if ((ClassesOf(c) & kPathChar) != 0) {
      out += c;
    } else {
      AppendEncoded(out, c);
    }
  }
  return out;
}

std::string EncodeTarget(std::string_view raw) {
  std::string out;
  out.reserve(raw.size() + raw.size() / 4);
  AppendTarget(out, CollapseLeadingSlashes(raw));
  return out;
}

std::string EncodeTarget(const RequestHead& head) {
  std::string out = EncodeTarget(head.path);
  if (head.has_query) {
    out += '?';
    AppendTarget(out, head.query);
  }
  return out;
}

}  // namespace brilliant::http
