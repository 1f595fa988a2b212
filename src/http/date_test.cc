#include "http/date.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace brilliant::http {
namespace {

constexpr int64_t kNow = 1'767'323'045;  // 2026-01-02T03:04:05Z

std::string ClfDate(int64_t seconds) {
  char out[kClfDateBytes];
  FormatClfDate(seconds, out);
  return std::string(out, kClfDateBytes);
}

// RFC 9110 section 5.6.7.
TEST(HttpDateTest, FormatsImfFixdate) {
  EXPECT_EQ(HttpDate(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(HttpDate(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(HttpDate(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(HttpDate(951'782'400), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(HttpDate(4'107'542'399), "Sun, 28 Feb 2100 23:59:59 GMT");
  EXPECT_EQ(HttpDate(4'107'542'400), "Mon, 01 Mar 2100 00:00:00 GMT");
}

TEST(HttpDateTest, StaysWithinFourDigitsOfYear) {
  EXPECT_EQ(HttpDate(std::numeric_limits<int64_t>::max()), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(HttpDate(std::numeric_limits<int64_t>::min()), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(HttpDateTest, FormatsTheDateOfAccessLogs) {
  EXPECT_EQ(ClfDate(784'111'777), "06/Nov/1994:08:49:37 +0000");
  EXPECT_EQ(ClfDate(kNow), "02/Jan/2026:03:04:05 +0000");
}

TEST(HttpDateTest, ReadsAllThreeFormats) {
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT", kNow), 784'111'777);
  EXPECT_EQ(ParseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT", kNow), 784'111'777);
  EXPECT_EQ(ParseHttpDate("Sun Nov  6 08:49:37 1994", kNow), 784'111'777);
  EXPECT_EQ(ParseHttpDate("Wed Nov 16 08:49:37 1994", kNow), 784'111'777 + 10 * 86'400);
  EXPECT_EQ(ParseHttpDate("Sat, 31 Dec 2016 23:59:60 GMT", kNow), 1'483'228'800);
}

TEST(HttpDateTest, ReadsWhatItFormatsEveryDayOfACentury) {
  for (int64_t day = -20'000; day < 40'000; ++day) {
    const int64_t seconds = day * 86'400 + (day * 7'919) % 86'400;
    ASSERT_EQ(ParseHttpDate(HttpDate(seconds), kNow), seconds) << day;
  }
}

// RFC 9110 section 5.6.7: the two-digit year.
TEST(HttpDateTest, TakesTheCenturyFromNow) {
  // 50 years and not a second more ahead of 2026-01-02T03:04:05Z is the future.
  EXPECT_EQ(HttpDate(ParseHttpDate("Thursday, 02-Jan-76 03:04:05 GMT", kNow).value_or(0)),
            "Thu, 02 Jan 2076 03:04:05 GMT");
  EXPECT_EQ(HttpDate(ParseHttpDate("Friday, 02-Jan-76 03:04:06 GMT", kNow).value_or(0)),
            "Fri, 02 Jan 1976 03:04:06 GMT");
  EXPECT_EQ(HttpDate(ParseHttpDate("Friday, 31-Dec-99 00:00:00 GMT", kNow).value_or(0)),
            "Fri, 31 Dec 1999 00:00:00 GMT");
  // In 2090, the year 10 is 2110.
  EXPECT_EQ(HttpDate(ParseHttpDate("Wednesday, 01-Jan-10 00:00:00 GMT", 3'786'912'000).value_or(0)),
            "Wed, 01 Jan 2110 00:00:00 GMT");
}

TEST(HttpDateTest, RefusesEverythingElse) {
  const char* const bad[] = {
      "",
      "Sun",
      "0",
      "784111777",
      "Sun, 06 Nov 1994 08:49:37",
      "Sun, 06 Nov 1994 08:49:37 GMT ",
      " Sun, 06 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 08:49:37 UTC",
      "Sun, 06 Nov 1994 08:49:37 +0000",
      "sun, 06 nov 1994 08:49:37 gmt",
      "Sun,  6 Nov 1994 08:49:37 GMT",
      "Sun, 6 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 94 08:49:37 GMT",
      "Mon, 06 Nov 1994 08:49:37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT",
      "Thu, 31 Nov 1994 08:49:37 GMT",
      "Wed, 29 Feb 1995 00:00:00 GMT",
      "Mon, 29 Feb 2100 00:00:00 GMT",
      "Sun, 06 Nox 1994 08:49:37 GMT",
      "Sun, 06 anF 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:00:00 GMT",
      "Sun, 06 Nov 1994 08:60:00 GMT",
      "Sun, 06 Nov 1994 08:49:61 GMT",
      "Sun, 06 Nov 1994 8:49:37 GMT",
      "Sun, 06 Nov -994 08:49:37 GMT",
      "Sun Nov 6 08:49:37 1994",
      "Sun Nov 06 08:49:37 1994 GMT",
      "Sun Nov  6 08:49:37 94",
      "Sunday, 06-Nov-1994 08:49:37 GMT",
      "Someday, 06-Nov-94 08:49:37 GMT",
      "Monday, 06-Nov-94 08:49:37 GMT",
      "Sunday, 06 Nov 94 08:49:37 GMT",
  };
  for (const char* text : bad) EXPECT_EQ(ParseHttpDate(text, kNow), std::nullopt) << text;
}

TEST(IsoDateTest, IsInUtcAndSortsAsText) {
  const auto iso = [](int64_t seconds) {
    char text[kIsoDateBytes];
    FormatIsoDate(seconds, text);
    return std::string(text, sizeof(text));
  };
  EXPECT_EQ(iso(784'111'777), "1994-11-06T08:49:37Z");
  EXPECT_EQ(iso(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(iso(-1), "1969-12-31T23:59:59Z");
  EXPECT_EQ(iso(INT64_MAX), "9999-12-31T23:59:59Z");
}

}  // namespace
}  // namespace brilliant::http
