#include "process/heartbeat_monitor.h"

#include <algorithm>

namespace brilliant::process {

bool HeartbeatMonitor::IsHung(uint64_t counter, MonotonicTime now) {
  const std::chrono::nanoseconds elapsed = now - observed_at_;
  observed_at_ = now;
  if (counter != counter_) {
    counter_ = counter;
    silent_ = std::chrono::nanoseconds(0);
    return false;
  }
  silent_ += std::min<std::chrono::nanoseconds>(elapsed, kInterval);
  return silent_ >= 2 * kPeriod;
}

}  // namespace brilliant::process
