// The value of a script's Location field (RFC 3875 section 6.3.2). For the files of cgi/ only; pure.
#ifndef BRILLIANT_CGI_LOCATION_H_
#define BRILLIANT_CGI_LOCATION_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace brilliant::cgi {

// As long as a request-target may be by default; counted after encoding.
inline constexpr size_t kLocationBytesMax = 8192;

enum class LocationForm : uint8_t {
  kLocalPath,  // a path and perhaps a query, which the server itself can look up: begins with "/", has no fragment
  kAbsolute,   // a URI with a scheme
  kRelative,   // any other reference (RFC 3986 section 4.2): for the client only
};

[[nodiscard]] LocationForm FormOfLocation(std::string_view value);

// As it is sent to a client: what may not stand in a URI (blanks, quotes, raw bytes, a "%" alone) is percent-encoded,
// all else is left as it is. The error is a literal that says why it can't be sent.
[[nodiscard]] std::expected<std::string, const char*> EncodeLocation(std::string_view value);

// A local path as an origin-form target that is sure to be routed: encoded, and its path one that http::NormalizePath
// accepts.
[[nodiscard]] std::expected<std::string, const char*> MakeLocalTarget(std::string_view value);

}  // namespace brilliant::cgi

#endif  // BRILLIANT_CGI_LOCATION_H_
