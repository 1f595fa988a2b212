#include "cgi/status_value.h"

#include <algorithm>

#include "base/strings.h"
#include "http/syntax.h"

namespace brilliant::cgi {
namespace {

constexpr size_t kStatusDigits = 3;
constexpr std::string_view kVersionPrefix = "HTTP/";

}  // namespace

std::expected<StatusValue, const char*> ParseStatusValue(std::string_view value) {
  int code = 0;
  size_t digits = 0;
  for (; digits < value.size() && IsDigit(value[digits]); ++digits) {
    if (digits == kStatusDigits) return std::unexpected("status of more than three digits");
    code = code * 10 + (value[digits] - '0');
  }
  if (digits < kStatusDigits) return std::unexpected("status that doesn't begin with three digits");
  if (digits < value.size() && !http::IsBlank(value[digits])) {
    return std::unexpected("status with something else than a blank after its digits");
  }
  if (code < 200) return std::unexpected("status below 200: a script can't send interim answers");
  if (code > 599) return std::unexpected("status above 599");
  return StatusValue{.code = code, .reason = TrimBlanks(value.substr(digits))};
}

bool LooksLikeStatusLine(std::string_view line) { return line.starts_with(kVersionPrefix); }

std::expected<StatusValue, const char*> ParseStatusLine(std::string_view line) {
  if (!LooksLikeStatusLine(line)) return std::unexpected("first line that is no status line");
  const size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return std::unexpected("status line without a status");
  const std::string_view version = line.substr(kVersionPrefix.size(), blank - kVersionPrefix.size());
  const auto is_version_char = [](char c) { return IsDigit(c) || c == '.'; };
  if (version.empty() || !std::ranges::all_of(version, is_version_char)) {
    return std::unexpected("status line without an HTTP version");
  }
  if (http::FindBadValueByte(line) != std::string_view::npos) {
    return std::unexpected("control character in the status line");
  }
  return ParseStatusValue(TrimBlanks(line.substr(blank)));
}

}  // namespace brilliant::cgi
