// Keeps a fault that repeats from flooding the error log: ErrorLog::Report asks it. Works on the loop's time.
#ifndef BRILLIANT_LOG_RATE_LIMIT_H_
#define BRILLIANT_LOG_RATE_LIMIT_H_

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "log/error_line.h"

namespace brilliant::log {

// Of one RateLimit: reports in a window; the rest of the window is only counted.
inline constexpr uint32_t kReportsPerWindowMax = 10;
inline constexpr Milliseconds kReportWindow{10'000};

// The memory of one place in the program that reports: a member of the object that does. Leaves its log by itself when
// it is destroyed.
class RateLimit : public ListNode<RateLimit> {
 public:
  RateLimit() = default;

 private:
  friend class ErrorLog;
  MonotonicTime window_end_;
  uint32_t reports_ = 0;     // in this window
  uint64_t suppressed_ = 0;  // in this window
  Level level_ = Level::kNotice;
  std::string_view format_;  // of the last report that was suppressed: a literal
};

}  // namespace brilliant::log

#endif  // BRILLIANT_LOG_RATE_LIMIT_H_
