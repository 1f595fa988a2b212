#include "base/clock.h"

#include <ctime>

#include "base/check.h"

namespace brilliant {
namespace {

int64_t Read(clockid_t clock) {
  timespec now{};
  CHECK(clock_gettime(clock, &now) == 0);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

MonotonicTime SystemTimeSource::Monotonic() const {
  return MonotonicTime(std::chrono::nanoseconds(Read(CLOCK_MONOTONIC)));
}

WallTime SystemTimeSource::Wall() const { return WallTime{.nanoseconds = Read(CLOCK_REALTIME)}; }

}  // namespace brilliant
