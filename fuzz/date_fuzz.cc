// The input is a date as text, and its first eight bytes are a time as a number. Every text that is read must be, to
// the letter, what the C library writes for the time read, in one of the three formats of RFC 9110 section 5.6.7; and
// everything the C library writes in them must be read.
#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <tuple>

#include "base/check.h"
#include "http/date.h"

namespace {

using brilliant::http::FormatClfDate;
using brilliant::http::FormatHttpDate;
using brilliant::http::kClfDateBytes;
using brilliant::http::kHttpDateBytes;
using brilliant::http::ParseHttpDate;

constexpr int64_t kYear0 = -62'167'219'200;
constexpr int64_t kYear10000 = 253'402'300'800;
// Nobody lives near the ends of time, where two digits may mean a year that four can't write.
constexpr int64_t kYear100 = -59'011'459'200;
constexpr int64_t kYear9900 = 250'246'540'800;

bool IsWritable(int64_t seconds) { return seconds >= kYear0 && seconds < kYear10000; }

std::tm Civil(int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm civil{};
  CHECK(gmtime_r(&time, &civil) != nullptr);
  return civil;
}

std::string Name(const char* format, const std::tm& civil) {
  std::array<char, 16> name;
  return {name.data(), std::strftime(name.data(), name.size(), format, &civil)};
}

// The three formats, by the C library; the day of the last one may have a zero or a blank in front. With `leap_second`,
// a time that ends a minute is written as its 61st second.
std::array<std::string, 4> Renderings(int64_t seconds, bool leap_second) {
  const std::tm civil = Civil(seconds);
  const int year = civil.tm_year + 1900;
  const int second = civil.tm_sec + (leap_second ? 1 : 0);
  const std::string clock = fmt::format("{:02}:{:02}:{:02}", civil.tm_hour, civil.tm_min, second);
  const std::string day = Name("%a", civil);
  const std::string month = Name("%b", civil);
  return {fmt::format("{}, {:02} {} {:04} {} GMT", day, civil.tm_mday, month, year, clock),
          fmt::format("{}, {:02}-{}-{:02} {} GMT", Name("%A", civil), civil.tm_mday, month, (year % 100 + 100) % 100,
                      clock),
          fmt::format("{} {} {:2} {} {:04}", day, month, civil.tm_mday, clock, year),
          fmt::format("{} {} {:02} {} {:04}", day, month, civil.tm_mday, clock, year)};
}

void CheckWritten(int64_t seconds) {
  char text[kHttpDateBytes];
  FormatHttpDate(seconds, text);
  CHECK(std::string_view(text, kHttpDateBytes) == Renderings(seconds, false)[0]);
  char clf[kClfDateBytes];
  FormatClfDate(seconds, clf);
  const std::tm civil = Civil(seconds);
  CHECK(std::string_view(clf, kClfDateBytes) == fmt::format("{:02}/{}/{:04}:{:02}:{:02}:{:02} +0000", civil.tm_mday,
                                                            Name("%b", civil), civil.tm_year + 1900, civil.tm_hour,
                                                            civil.tm_min, civil.tm_sec));
}

void CheckReadBack(int64_t seconds) {
  for (const std::string& text : Renderings(seconds, false)) CHECK(ParseHttpDate(text, seconds) == seconds);
  if (Civil(seconds).tm_sec != 59 || !IsWritable(seconds + 1)) return;
  for (const std::string& text : Renderings(seconds, true)) CHECK(ParseHttpDate(text, seconds) == seconds + 1);
}

// Is `text` what the C library writes for the time before the second that it was read as?
bool IsRendering(std::string_view text, int64_t seconds, bool leap_second) {
  for (const std::string& rendering : Renderings(leap_second ? seconds - 1 : seconds, leap_second)) {
    if (text == rendering) return true;
  }
  return false;
}

// RFC 9110 section 5.6.7: a two-digit year is the latest that is not more than 50 years ahead.
void CheckCentury(int64_t seconds, int64_t now_seconds) {
  const auto moment = [](const std::tm& civil, int years) {
    return std::tuple(civil.tm_year + years, civil.tm_mon, civil.tm_mday, civil.tm_hour, civil.tm_min, civil.tm_sec);
  };
  const std::tm now = Civil(now_seconds);
  // A leap second counts as one that has begun.
  CHECK(moment(Civil(seconds - 1), 0) <= moment(now, 50));
  CHECK(moment(Civil(seconds), 100) > moment(now, 50));
}

void CheckRead(std::string_view text, int64_t now_seconds) {
  const auto seconds = ParseHttpDate(text, now_seconds);
  if (!seconds) return;
  const bool leap_second = text.find(":60") != std::string_view::npos;
  CHECK(IsRendering(text, *seconds, leap_second));
  const bool two_digits = text.find('-') != std::string_view::npos;
  CHECK(two_digits || (IsWritable(leap_second ? *seconds - 1 : *seconds)));
  if (two_digits) CheckCentury(*seconds, now_seconds);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  int64_t number = 0;
  if (size >= sizeof(number)) std::memcpy(&number, data, sizeof(number));
  // Of all numbers, few are within the years that can be written: fold them there as well.
  for (const int64_t seconds : {number, number % kYear10000}) {
    char any[kHttpDateBytes];
    FormatHttpDate(seconds, any);
    if (IsWritable(seconds)) CheckWritten(seconds);
    if (seconds >= kYear100 && seconds < kYear9900) CheckReadBack(seconds);
  }
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const int64_t now_seconds : {int64_t{0}, int64_t{1'767'323'045}, number % kYear9900}) {
    if (now_seconds >= kYear100) CheckRead(text, now_seconds);
  }
  return 0;
}
