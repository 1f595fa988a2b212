// The supervisor's own lines in the error log: few, and written at once. A log that does not take them (a full pipe)
// costs the line, never the supervisor's time. Owned by the supervisor; one thread.
#ifndef BRILLIANT_PROCESS_SUPERVISOR_LOG_H_
#define BRILLIANT_PROCESS_SUPERVISOR_LOG_H_

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "config/config.h"
#include "log/error_line.h"

namespace brilliant::process {

class SupervisorLog {
 public:
  // Lines below `least` are left out. An invalid `fd` is standard error.
  explicit SupervisorLog(log::Level least) : least_(least) {}

  // From now on.
  void Redirect(UniqueFd fd, log::Level least);

  // Words and key=value pairs; each line of `text` becomes a line of its own.
  void Write(log::Level level, std::string_view text);

  template <typename... Args>
  void Notice(fmt::format_string<Args...> format, Args&&... args) {
    Write(log::Level::kNotice, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void Warn(fmt::format_string<Args...> format, Args&&... args) {
    Write(log::Level::kWarn, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void Error(fmt::format_string<Args...> format, Args&&... args) {
    Write(log::Level::kError, fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  void WriteLine(std::string_view line);

  UniqueFd fd_;
  log::Level least_;
  SystemTimeSource time_;
  uint64_t lost_ = 0;  // lines that the log did not take
};

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_SUPERVISOR_LOG_H_
