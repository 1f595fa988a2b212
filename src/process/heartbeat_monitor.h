// Decides whether a worker hangs: its counter stood still for two periods that the supervisor itself lived through.
// Time in which the supervisor did not run either (a suspended machine, a stopped process group) does not count. Pure:
// the caller has the clock.
#ifndef BRILLIANT_PROCESS_HEARTBEAT_MONITOR_H_
#define BRILLIANT_PROCESS_HEARTBEAT_MONITOR_H_

#include <cstdint>

#include "base/clock.h"

namespace brilliant::process {

class HeartbeatMonitor {
 public:
  static constexpr Milliseconds kPeriod{10'000};
  // How often to call Observe. A longer gap than this between two calls counts as this.
  static constexpr Milliseconds kInterval{2'000};

  explicit HeartbeatMonitor(MonotonicTime now) : observed_at_(now) {}

  // Takes a look at the counter. True: no change for two periods.
  [[nodiscard]] bool IsHung(uint64_t counter, MonotonicTime now);

  // The silence so far is excused.
  void Forgive() { silent_ = std::chrono::nanoseconds(0); }

 private:
  uint64_t counter_ = 0;
  MonotonicTime observed_at_;
  std::chrono::nanoseconds silent_{0};
};

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_HEARTBEAT_MONITOR_H_
