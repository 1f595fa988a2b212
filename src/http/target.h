// From the raw path of a request-target to the one path that routing, files and scripts use, and back to text that
// is safe in a Location field or a link. Decoding happens once, here and nowhere else. Pure.
#ifndef BRILLIANT_HTTP_TARGET_H_
#define BRILLIANT_HTTP_TARGET_H_

#include <concepts>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "http/request.h"

namespace brilliant::http {

inline constexpr size_t kPathSegmentBytesMax = 255;  // NAME_MAX of every file system served from: 414 above it
inline constexpr size_t kPathDepthMax = 128;         // segments: 414 above it

// The decoded, normal path: begins with "/", has no empty, "." or ".." segment and keeps a slash at the end ("/a/." is
// "/a/").
// - Percent-encoding is decoded once; %00, %2F and control characters are refused (400): no file name has them, and
//   a decoded slash would mean two different paths to two readers.
// - Dot segments, encoded ones too, are removed (RFC 3986 section 5.2.4); a path that climbs above the root is refused
// (400) and not
//   clamped, because every honest client removes them itself and what is left is probing.
// - Several slashes count as one. A backslash is a plain byte. Bytes need not be UTF-8: file names are bytes.
// Returns a view of `raw_path` if nothing had to change, else of `storage`, whose old text is lost. The error's offset
// is in `raw_path`.
[[nodiscard]] std::expected<std::string_view, RequestError> NormalizePath(std::string_view raw_path,
                                                                          std::string& storage);
// The result may be a view of the path, which must outlive it.
void NormalizePath(std::same_as<std::string> auto&& temporary_path, std::string& storage) = delete;

// Percent-encodes a decoded path for a Location field or a link: only unreserved characters, sub-delims, ":", "@" and
// "/" are left as they are, so the text has no CR, LF, quote or backslash. Several leading slashes become one, for
// "//host" would name another server. A "%" is encoded. A path relative to a folder may be given as well; if its first
// segment has a ":", the caller puts "./" before it.
[[nodiscard]] std::string EncodePath(std::string_view decoded);

// A raw path, or path "?" query, with everything encoded that a URI may not hold (raw bytes, quotes, brackets,
// backslash); valid percent-encoding stays, so encoding twice changes nothing. Several leading slashes become one. For
// redirects of targets that have RequestHead::target_needs_encoding.
[[nodiscard]] std::string EncodeTarget(std::string_view raw);
// The same for the path and query of a request, without its authority.
[[nodiscard]] std::string EncodeTarget(const RequestHead& head);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_TARGET_H_
