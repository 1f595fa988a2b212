// The error log of one worker: what the operator has to know, a line each (log/error_line.h). Writing never blocks,
// fails or throws: lines go through a bounded queue to the offload pool, and those that find no room are counted. A
// fault that repeats is reported through a RateLimit, so that no client can fill a disk with it.
//
// Owned by the worker; called on the loop's thread only. It is destroyed before its loop, which then writes what is
// left.
#ifndef BRILLIANT_LOG_ERROR_LOG_H_
#define BRILLIANT_LOG_ERROR_LOG_H_

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "base/unique_fd.h"
#include "event/event_loop.h"
#include "log/error_line.h"
#include "log/line_writer.h"
#include "log/rate_limit.h"

namespace brilliant::log {

// Text made by Report is cut there.
inline constexpr size_t kReportBytesMax = 2048;

class ErrorLog {
 public:
  // Lines below `least` are left out. An invalid `fd` is standard error, whose flags are left as they are.
  ErrorLog(event::EventLoop& loop, UniqueFd fd, Level least);
  ErrorLog(const ErrorLog&) = delete;
  ErrorLog& operator=(const ErrorLog&) = delete;
  ~ErrorLog();

  // One line: `text` is words and key=value pairs. For what happens rarely (start, stop, reload).
  void Write(Level level, std::string_view text);

  // The same for what may repeat: at most kReportsPerWindowMax lines per kReportWindow and site. When the window is
  // over, one line says how many were suppressed:
  //   error_log.Report(accept_failures_, Level::kError, "accept failed errno={}", error.system_errno);
  // False if it was suppressed or is below `least`.
  template <typename... Args>
  bool Report(RateLimit& site, Level level, fmt::format_string<Args...> format, Args&&... args) {
    const fmt::string_view literal = format;
    if (!enabled(level) || !Admit(site, level, {literal.data(), literal.size()})) return false;
    std::array<char, kReportBytesMax> text;
    const auto result = fmt::format_to_n(text.data(), text.size(), format, std::forward<Args>(args)...);
    Write(level, std::string_view(text.data(), std::min(result.size, text.size())));
    return true;
  }
  [[nodiscard]] bool enabled(Level level) const { return level >= least_; }

  // Reports what RateLimits suppressed in windows that are over, and tries again to write what could not be written.
  // Called once a second by the worker's heartbeat.
  void Flush();
  // Lines from now on go to `fd` (invalid: standard error), those before it to the old descriptor, in order.
  void Reopen(UniqueFd fd);
  [[nodiscard]] uint64_t lines_dropped() const { return writer_.lines_dropped(); }

 private:
  [[nodiscard]] bool Admit(RateLimit& site, Level level, std::string_view format);
  void ReportSuppressed(RateLimit& site);

  event::EventLoop& loop_;
  const Level least_;
  IntrusiveList<RateLimit> suppressing_;  // oldest window first
  LineWriter writer_;
};

}  // namespace brilliant::log

#endif  // BRILLIANT_LOG_ERROR_LOG_H_
