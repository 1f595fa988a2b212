// The kinds of values that words of a configuration hold: numbers, sizes, times, switches, names. Pure functions; a
// wrong word comes back as a message and a hint, which the builder puts at the word's place.
#ifndef BRILLIANT_CONFIG_VALUES_H_
#define BRILLIANT_CONFIG_VALUES_H_

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/content_coding.h"

namespace brilliant::config {

struct ValueError {
  std::string message;
  std::string hint;  // may be empty
};

template <typename T>
using Parsed = std::expected<T, ValueError>;

inline constexpr uint64_t kSizeMax = INT64_MAX;
// Plain digits above this look like a mistake in the original dialect, whose sizes were of 32 bits.
inline constexpr uint64_t kPlainBodyMax = 2'147'483'647;
inline constexpr Milliseconds kTimeMax{365LL * 24 * 60 * 60 * 1000};

// "off" or "on".
[[nodiscard]] Parsed<bool> ParseSwitch(std::string_view text);
// Decimal digits from `least` to `most`.
[[nodiscard]] Parsed<uint64_t> ParseCount(std::string_view text, uint64_t least, uint64_t most);
// "512", "64k", "10m", "2g": bytes, up to kSizeMax.
[[nodiscard]] Parsed<uint64_t> ParseSize(std::string_view text);
// ParseSize, but plain digits only up to kPlainBodyMax.
[[nodiscard]] Parsed<uint64_t> ParseBodyMax(std::string_view text);
// "500ms", "30s", "5m", "1h", plain digits are seconds; from `least` to kTimeMax.
[[nodiscard]] Parsed<Milliseconds> ParseTime(std::string_view text, Milliseconds least);
// "text/html", in lower case.
[[nodiscard]] Parsed<std::string> ParseMediaType(std::string_view text);
// A charset's name (RFC 2978: a token), as written.
[[nodiscard]] Parsed<std::string> ParseCharset(std::string_view text);
// The name of a content coding that files may be compressed in beforehand.
[[nodiscard]] Parsed<http::ContentCoding> ParseFileCoding(std::string_view text);
// A host name for `server_name`, in lower case: "example.com", "*.example.com", ".example.com", "127.0.0.1", "[::1]",
// "".
[[nodiscard]] Parsed<std::string> ParseServerName(std::string_view text);
// An origin that browsers may send: scheme, host and, if it isn't the scheme's own, port; in lower case.
[[nodiscard]] Parsed<std::string> ParseAllowedOrigin(std::string_view text);
// The path of a `location`, without a slash at its end unless it is "/".
[[nodiscard]] Parsed<std::string> ParseLocationPath(std::string_view text);
// A URI reference for a Location field (RFC 3986), as written.
[[nodiscard]] Parsed<std::string> ParseRedirectTarget(std::string_view text);
// "." and a file extension, as written.
[[nodiscard]] Parsed<std::string> ParseScriptExtension(std::string_view text);
// The name of an environment variable that `cgi_env` may set.
[[nodiscard]] Parsed<std::string> ParseEnvironmentName(std::string_view text);

// RFC 9110 section 5.6.2: one or more tchar.
[[nodiscard]] bool IsToken(std::string_view text);

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_VALUES_H_
