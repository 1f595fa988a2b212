#include "cgi/location.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "http/syntax.h"
#include "http/target.h"

namespace brilliant::cgi {
namespace {

constexpr const char* kTooLong = "Location above the limit";

// RFC 3986 section 2: unreserved and reserved; "%" is judged apart.
bool IsUriChar(char c) {
  return (http::ClassesOf(c) & http::kPathChar) != 0 || c == '?' || c == '#' || c == '[' || c == ']';
}

// RFC 3986 section 3.1, and something behind the colon.
bool HasScheme(std::string_view value) {
  const size_t colon = value.find(':');
  if (colon == std::string_view::npos || colon + 1 == value.size() || !IsAlpha(value.front())) return false;
  return std::ranges::all_of(value.substr(0, colon),
                             [](char c) { return IsAlpha(c) || IsDigit(c) || c == '+' || c == '-' || c == '.'; });
}

}  // namespace

LocationForm FormOfLocation(std::string_view value) {
  if (value.starts_with('/')) return value.contains('#') ? LocationForm::kRelative : LocationForm::kLocalPath;
  return !value.empty() && HasScheme(value) ? LocationForm::kAbsolute : LocationForm::kRelative;
}

std::expected<std::string, const char*> EncodeLocation(std::string_view value) {
  std::string encoded;
  for (size_t i = 0; i < value.size(); ++i) {
    const bool is_encoding = value[i] == '%' && http::FindBadPercent(value.substr(i, 3)) == std::string_view::npos;
    if (is_encoding || IsUriChar(value[i])) {
      encoded += value[i];
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(value[i]));
    }
    if (encoded.size() > kLocationBytesMax) return std::unexpected(kTooLong);
  }
  return encoded;
}

std::expected<std::string, const char*> MakeLocalTarget(std::string_view value) {
  std::string target = http::EncodeTarget(value);
  if (target.size() > kLocationBytesMax) return std::unexpected(kTooLong);
  std::string storage;
  const auto path = http::NormalizePath(std::string_view(target).substr(0, target.find('?')), storage);
  if (!path) return std::unexpected(path.error().reason);
  return target;
}

}  // namespace brilliant::cgi
