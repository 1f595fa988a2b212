#include "log/error_line.h"

#include <chrono>
#include <iterator>

#include "fmt/format.h"

namespace brilliant::log {
namespace {

// Of the UTF-8 sequence at the start of `text`; 0 if it is malformed (RFC 3629 section 4) or cut off.
size_t SequenceLength(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xc2 && first <= 0xdf     ? 2
                        : (first >= 0xe0 && first <= 0xef) ? 3
                        : first >= 0xf0 && first <= 0xf4   ? 4
                                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool surrogate = first == 0xed && byte(1) > 0x9f;
  const bool beyond = first == 0xf4 && byte(1) > 0x8f;
  return overlong || surrogate || beyond ? 0 : length;
}

// A whole, well-formed sequence that would act on a terminal or hide what stands next to it.
bool IsUnsafe(std::string_view sequence) {
  const auto first = static_cast<uint8_t>(sequence[0]);
  if (sequence.size() == 1) return first < 0x20 || first == 0x7f;
  const auto second = static_cast<uint8_t>(sequence[1]);
  if (sequence.size() == 2) return (first == 0xc2 && second < 0xa0) || sequence == "\xd8\x9c";  // C1, U+061C
  if (sequence.size() != 3 || first != 0xe2) return false;
  const auto third = static_cast<uint8_t>(sequence[2]);
  if (second == 0x80) return third == 0x8e || third == 0x8f || (third >= 0xa8 && third <= 0xae);  // U+200E-F, U+2028-E
  return second == 0x81 && third >= 0xa6 && third <= 0xa9;                                        // U+2066-9
}

}  // namespace

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kNotice:
      return "notice";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "error";
}

void AppendEscaped(std::string_view text, std::string& line) {
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
    if (length == 0 || IsUnsafe(sequence)) {
      for (const char c : sequence) fmt::format_to(std::back_inserter(line), "\\x{:02x}", static_cast<uint8_t>(c));
    } else {
      line += sequence;
    }
    text.remove_prefix(sequence.size());
  }
}

std::string FormatErrorLine(WallTime time, Level level, std::string_view text) {
  using std::chrono::days;
  const std::chrono::sys_time<Milliseconds> instant{Milliseconds(time.milliseconds())};
  const auto midnight = std::chrono::floor<days>(instant);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss<Milliseconds> clock(instant - midnight);
  std::string line =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z {}: ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                  clock.minutes().count(), clock.seconds().count(), clock.subseconds().count(), LevelName(level));
  AppendEscaped(text.substr(0, kErrorLineTextBytesMax), line);
  if (text.size() > kErrorLineTextBytesMax) line += "...";
  line += '\n';
  return line;
}

}  // namespace brilliant::log
