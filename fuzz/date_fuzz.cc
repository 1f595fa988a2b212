// The input is a date as text, and its first eight bytes are a time as a number. What is read must be written and read
// alike.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/check.h"
#include "http/date.h"

namespace {

using brilliant::http::FormatHttpDate;
using brilliant::http::kHttpDateBytes;
using brilliant::http::ParseHttpDate;

constexpr int64_t kYear0 = -62'167'219'200;
constexpr int64_t kYear10000 = 253'402'300'800;

void CheckRoundTrip(int64_t seconds, int64_t now_seconds) {
  char text[kHttpDateBytes];
  FormatHttpDate(seconds, text);
  CHECK(ParseHttpDate(std::string_view(text, kHttpDateBytes), now_seconds) == seconds);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  int64_t number = 0;
  if (size >= sizeof(number)) std::memcpy(&number, data, sizeof(number));
  char out[brilliant::http::kClfDateBytes];
  brilliant::http::FormatClfDate(number, out);
  char any[kHttpDateBytes];
  FormatHttpDate(number, any);
  if (number >= kYear0 && number < kYear10000) CheckRoundTrip(number, 0);

  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const int64_t now_seconds : {int64_t{0}, int64_t{1'767'323'045}, number}) {
    const auto seconds = ParseHttpDate(text, now_seconds);
    // Two-digit years may be read as some that four digits can't write, if now is close to the ends of time.
    if (seconds && *seconds >= kYear0 && *seconds < kYear10000) CheckRoundTrip(*seconds, now_seconds);
  }
  return 0;
}
