#include "log/error_line.h"

#include <fmt/format.h>

#include <chrono>
#include <iterator>

#include "log/escape.h"

namespace brilliant::log {

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

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
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
