// The format of a line in the error log, shared by the supervisor and the workers:
//   2026-11-23T06:50:01.123Z notice: worker ready slot=1 pid=123
// Pure; any thread may call it.
#ifndef BRILLIANT_LOG_ERROR_LINE_H_
#define BRILLIANT_LOG_ERROR_LINE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace brilliant::log {

enum class Level : uint8_t { kDebug, kInfo, kNotice, kWarn, kError };

// "debug", "info", "notice", "warn", "error".
[[nodiscard]] std::string_view LevelName(Level level);

// Text beyond this many bytes is cut off, and "..." says so.
inline constexpr size_t kErrorLineTextBytesMax = 4096;

// The whole line, with the newline. Bytes that could forge a line or drive a terminal are written as \xNN: controls,
// DEL, and those of malformed UTF-8; so are the UTF-8 forms of C1 controls and of the characters that change the
// direction of text.
[[nodiscard]] std::string FormatErrorLine(WallTime time, Level level, std::string_view text);

// A value of a line in quotes; those within it stand behind a backslash.
[[nodiscard]] std::string Quoted(std::string_view text);

// Appends `text` to `line`, escaped as above.
void AppendEscaped(std::string_view text, std::string& line);

}  // namespace brilliant::log

#endif  // BRILLIANT_LOG_ERROR_LINE_H_
