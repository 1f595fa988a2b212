// Time as the server sees it: a monotonic time for time-outs and the wall clock (whole seconds and nanoseconds) for
// Date, logs and validators. The event loop reads both once per turn; nobody else asks the kernel for the time.
#ifndef BRILLIANT_BASE_CLOCK_H_
#define BRILLIANT_BASE_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace brilliant {

using Milliseconds = std::chrono::milliseconds;
using MonotonicTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

// The same number in every process of the machine.
[[nodiscard]] inline uint64_t MicrosecondsOf(MonotonicTime time) {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
}

// Nanoseconds since 1970-01-01T00:00:00Z.
struct WallTime {
  int64_t nanoseconds = 0;
  [[nodiscard]] int64_t seconds() const { return nanoseconds / 1'000'000'000; }
  [[nodiscard]] int64_t milliseconds() const { return nanoseconds / 1'000'000; }
  friend auto operator<=>(const WallTime&, const WallTime&) = default;
};

// Where the event loop gets the time from. Owned by whoever creates the loop; outlives it.
class TimeSource {
 public:
  virtual ~TimeSource() = default;
  [[nodiscard]] virtual MonotonicTime Monotonic() const = 0;
  [[nodiscard]] virtual WallTime Wall() const = 0;
};

// The machine's clocks.
class SystemTimeSource final : public TimeSource {
 public:
  [[nodiscard]] MonotonicTime Monotonic() const override;
  [[nodiscard]] WallTime Wall() const override;
};

// A clock that stands still until a test moves it. Starts at 2026-01-02T03:04:05Z.
class FakeTimeSource final : public TimeSource {
 public:
  [[nodiscard]] MonotonicTime Monotonic() const override { return monotonic_; }
  [[nodiscard]] WallTime Wall() const override { return wall_; }
  void Advance(std::chrono::nanoseconds by) {
    monotonic_ += by;
    wall_.nanoseconds += by.count();
  }

 private:
  MonotonicTime monotonic_{std::chrono::hours(1)};
  WallTime wall_{.nanoseconds = 1'767'323'045'000'000'000};
};

}  // namespace brilliant

#endif  // BRILLIANT_BASE_CLOCK_H_
