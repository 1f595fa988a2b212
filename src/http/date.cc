#include "http/date.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/strings.h"

namespace brilliant::http {
namespace {

constexpr std::string_view kDayNames = "SunMonTueWedThuFriSat";
constexpr std::array<std::string_view, 7> kLongDayNames = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                           "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonthNames = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kEarliest = -62'167'219'200;  // 0000-01-01T00:00:00Z
constexpr int64_t kLatest = 253'402'300'799;    // 9999-12-31T23:59:59Z

struct CivilTime {
  int year = 0;
  int month = 0;  // 0 to 11
  int day = 0;    // 1 to 31
  int hour = 0;
  int minute = 0;
  int second = 0;
  int weekday = 0;  // 0: Sunday
};

// Days since 1970-01-01 of the first of a month. Years are counted from March, so that a leap day ends its year.
constexpr int64_t DaysBeforeMonth(int year, int month) {
  const int64_t shifted_year = month < 2 ? year - 1 : year;
  const int64_t shifted_month = (month + 10) % 12;
  const int64_t era = (shifted_year >= 0 ? shifted_year : shifted_year - 399) / 400;
  const int64_t year_of_era = shifted_year - era * 400;
  const int64_t day_of_year = (153 * shifted_month + 2) / 5;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}
static_assert(DaysBeforeMonth(1970, 0) == 0);
static_assert(DaysBeforeMonth(2000, 2) == 11'017);

constexpr int DaysInMonth(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[static_cast<size_t>(month)] + (month == 1 && leap ? 1 : 0);
}

constexpr int WeekdayOf(int64_t days) { return static_cast<int>(((days + 4) % 7 + 7) % 7); }

// The inverse of DaysBeforeMonth, for the years 0000 to 9999.
CivilTime CivilFromSeconds(int64_t unix_seconds) {
  const int64_t seconds = std::clamp(unix_seconds, kEarliest, kLatest);
  const int64_t days = (seconds - kEarliest) / kSecondsPerDay + kEarliest / kSecondsPerDay;
  const int64_t second_of_day = seconds - days * kSecondsPerDay;
  const int64_t shifted = days + 719'468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const int64_t day_of_era = shifted - era * 146'097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>((shifted_month + 2) % 12);
  return CivilTime{
      .year = static_cast<int>(year_of_era + era * 400) + (month < 2 ? 1 : 0),
      .month = month,
      .day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5) + 1,
      .hour = static_cast<int>(second_of_day / 3'600),
      .minute = static_cast<int>(second_of_day / 60 % 60),
      .second = static_cast<int>(second_of_day % 60),
      .weekday = WeekdayOf(days),
  };
}

std::optional<int64_t> SecondsFromCivil(const CivilTime& time) {
  // A leap second may be named; Unix time has none, so it is the first second of the next minute.
  const bool in_range = time.day >= 1 && time.day <= DaysInMonth(time.year, time.month) && time.hour <= 23 &&
                        time.minute <= 59 && time.second <= 60;
  if (!in_range) return std::nullopt;
  const int64_t days = DaysBeforeMonth(time.year, time.month) + time.day - 1;
  if (WeekdayOf(days) != time.weekday) return std::nullopt;
  const int second_of_day = time.hour * 3'600 + time.minute * 60 + time.second;
  return days * kSecondsPerDay + second_of_day;
}

void PutDigits(char* out, int value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

void PutName(char* out, std::string_view names, int index) {
  std::memcpy(out, names.data() + static_cast<ptrdiff_t>(index) * 3, 3);
}

void PutTimeOfDay(char* out, const CivilTime& time) {
  PutDigits(out, time.hour, 2);
  PutDigits(out + 3, time.minute, 2);
  PutDigits(out + 6, time.second, 2);
}

// Reads fixed parts of a date, left to right; remembers whether one didn't fit.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : rest_(text) {}

  void Literal(std::string_view literal) {
    ok_ = ok_ && rest_.starts_with(literal);
    if (ok_) rest_.remove_prefix(literal.size());
  }
  int Number(size_t width) {
    ok_ = ok_ && rest_.size() >= width;
    int value = 0;
    for (size_t i = 0; ok_ && i < width; ++i) {
      ok_ = IsDigit(rest_[i]);
      value = value * 10 + (rest_[i] - '0');
    }
    if (ok_) rest_.remove_prefix(width);
    return ok_ ? value : 0;
  }
  // The index of a three-letter name.
  int Name(std::string_view names) {
    ok_ = ok_ && rest_.size() >= 3;
    const size_t at = ok_ ? names.find(rest_.substr(0, 3)) : 0;
    ok_ = ok_ && at % 3 == 0 && at < names.size();
    if (!ok_) return 0;
    rest_.remove_prefix(3);
    return static_cast<int>(at / 3);
  }
  int LongDayName() {
    const auto found = std::ranges::find_if(kLongDayNames, [this](std::string_view n) { return rest_.starts_with(n); });
    ok_ = ok_ && found != kLongDayNames.end();
    if (!ok_) return 0;
    rest_.remove_prefix(found->size());
    return static_cast<int>(found - kLongDayNames.begin());
  }
  void TimeOfDay(CivilTime& time) {
    time.hour = Number(2);
    Literal(":");
    time.minute = Number(2);
    Literal(":");
    time.second = Number(2);
  }
  [[nodiscard]] bool Peek(char c) const { return rest_.starts_with(c); }
  [[nodiscard]] bool AtEnd() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<int64_t> ParseFixdate(std::string_view text) {
  DateReader reader(text);
  CivilTime time;
  time.weekday = reader.Name(kDayNames);
  reader.Literal(", ");
  time.day = reader.Number(2);
  reader.Literal(" ");
  time.month = reader.Name(kMonthNames);
  reader.Literal(" ");
  time.year = reader.Number(4);
  reader.Literal(" ");
  reader.TimeOfDay(time);
  reader.Literal(" GMT");
  return reader.AtEnd() ? SecondsFromCivil(time) : std::nullopt;
}

// "Sun Nov  6 08:49:37 1994"
std::optional<int64_t> ParseAsctime(std::string_view text) {
  DateReader reader(text);
  CivilTime time;
  time.weekday = reader.Name(kDayNames);
  reader.Literal(" ");
  time.month = reader.Name(kMonthNames);
  reader.Literal(" ");
  const bool one_digit = reader.Peek(' ');
  if (one_digit) reader.Literal(" ");
  time.day = reader.Number(one_digit ? 1 : 2);
  reader.Literal(" ");
  reader.TimeOfDay(time);
  reader.Literal(" ");
  time.year = reader.Number(4);
  return reader.AtEnd() ? SecondsFromCivil(time) : std::nullopt;
}

// "Sunday, 06-Nov-94 08:49:37 GMT"
std::optional<int64_t> ParseRfc850(std::string_view text, int64_t now_seconds) {
  DateReader reader(text);
  CivilTime time;
  time.weekday = reader.LongDayName();
  reader.Literal(", ");
  time.day = reader.Number(2);
  reader.Literal("-");
  time.month = reader.Name(kMonthNames);
  reader.Literal("-");
  const int two_digits = reader.Number(2);
  reader.Literal(" ");
  reader.TimeOfDay(time);
  reader.Literal(" GMT");
  if (!reader.AtEnd()) return std::nullopt;

  // RFC 9110 section 5.6.7: what appears to be more than 50 years ahead is the latest such year in the past.
  const CivilTime now = CivilFromSeconds(now_seconds);
  time.year = now.year - now.year % 100 + 100 + two_digits;
  const auto in_year = [](const CivilTime& t) { return std::array{t.month, t.day, t.hour, t.minute, t.second}; };
  const auto too_far_ahead = [&] {
    const int ahead = time.year - now.year;
    return ahead > 50 || (ahead == 50 && in_year(time) > in_year(now));
  };
  while (too_far_ahead()) time.year -= 100;
  return SecondsFromCivil(time);
}

}  // namespace

void FormatHttpDate(int64_t unix_seconds, char (&out)[kHttpDateBytes]) {
  const CivilTime time = CivilFromSeconds(unix_seconds);
  std::memcpy(out, "Sun, 06 Nov 1994 08:49:37 GMT", kHttpDateBytes);
  PutName(out, kDayNames, time.weekday);
  PutDigits(out + 5, time.day, 2);
  PutName(out + 8, kMonthNames, time.month);
  PutDigits(out + 12, time.year, 4);
  PutTimeOfDay(out + 17, time);
}

std::string HttpDate(int64_t unix_seconds) {
  char text[kHttpDateBytes];
  FormatHttpDate(unix_seconds, text);
  return std::string(text, kHttpDateBytes);
}

void FormatClfDate(int64_t unix_seconds, char (&out)[kClfDateBytes]) {
  const CivilTime time = CivilFromSeconds(unix_seconds);
  std::memcpy(out, "06/Nov/1994:08:49:37 +0000", kClfDateBytes);
  PutDigits(out, time.day, 2);
  PutName(out + 3, kMonthNames, time.month);
  PutDigits(out + 7, time.year, 4);
  PutTimeOfDay(out + 12, time);
}

void FormatIsoDate(int64_t unix_seconds, char (&out)[kIsoDateBytes]) {
  const CivilTime time = CivilFromSeconds(unix_seconds);
  std::memcpy(out, "0000-00-00T00:00:00Z", kIsoDateBytes);
  PutDigits(out, time.year, 4);
  PutDigits(out + 5, time.month + 1, 2);
  PutDigits(out + 8, time.day, 2);
  PutTimeOfDay(out + 11, time);
}

std::optional<int64_t> ParseHttpDate(std::string_view text, int64_t now_seconds) {
  if (text.size() < 4) return std::nullopt;
  if (text[3] == ',') return ParseFixdate(text);
  if (text[3] == ' ') return ParseAsctime(text);
  return ParseRfc850(text, now_seconds);
}

}  // namespace brilliant::http
