// HTTP dates (RFC 9110 section 5.6.7) and the date of the common log format, between text and Unix seconds. Pure
// arithmetic on the proleptic Gregorian calendar: no locale, no time zone, no clock.
#ifndef BRILLIANT_HTTP_DATE_H_
#define BRILLIANT_HTTP_DATE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace brilliant::http {

inline constexpr size_t kHttpDateBytes = 29;
inline constexpr size_t kClfDateBytes = 26;
inline constexpr size_t kIsoDateBytes = 20;

// "Sun, 06 Nov 1994 08:49:37 GMT" (IMF-fixdate). Times outside the years 0000 to 9999 are moved to the nearest end.
void FormatHttpDate(int64_t unix_seconds, char (&out)[kHttpDateBytes]);
[[nodiscard]] std::string HttpDate(int64_t unix_seconds);

// "06/Nov/1994:08:49:37 +0000", for access logs; without brackets.
void FormatClfDate(int64_t unix_seconds, char (&out)[kClfDateBytes]);

// "1994-11-06T08:49:37Z" (RFC 3339), always in UTC.
void FormatIsoDate(int64_t unix_seconds, char (&out)[kIsoDateBytes]);

// All three formats: IMF-fixdate, rfc850-date and asctime-date. Strict: letter case, field widths, ranges and the day
// of the week must be right; a leap second (":60") is the second after. `now_seconds` decides the century of an
// rfc850-date: the latest that isn't more than 50 years ahead.
[[nodiscard]] std::optional<int64_t> ParseHttpDate(std::string_view text, int64_t now_seconds);

}  // namespace brilliant::http

#endif  // BRILLIANT_HTTP_DATE_H_
