#include "base/clock.h"

#include <gtest/gtest.h>

#include <chrono>

namespace brilliant {
namespace {

TEST(WallTime, GivesWholeSecondsAndMilliseconds) {
  const WallTime time{.nanoseconds = 1'767'323'045'678'999'999};
  EXPECT_EQ(time.seconds(), 1'767'323'045);
  EXPECT_EQ(time.milliseconds(), 1'767'323'045'678);
  EXPECT_LT(time, WallTime{.nanoseconds = time.nanoseconds + 1});
}

TEST(SystemTimeSource, NeverRunsBackwards) {
  const SystemTimeSource source;
  MonotonicTime last = source.Monotonic();
  for (int i = 0; i < 1000; ++i) {
    const MonotonicTime now = source.Monotonic();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(SystemTimeSource, AgreesWithTheStandardLibrary) {
  const SystemTimeSource source;
  const auto before = std::chrono::system_clock::now().time_since_epoch();
  const std::chrono::nanoseconds wall(source.Wall().nanoseconds);
  const auto after = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_LE(before, wall);
  EXPECT_GE(after, wall);
}

TEST(FakeTimeSource, StandsStillUntilMoved) {
  FakeTimeSource source;
  const MonotonicTime monotonic = source.Monotonic();
  const WallTime wall = source.Wall();
  EXPECT_EQ(source.Monotonic(), monotonic);
  EXPECT_EQ(wall.seconds(), 1'767'323'045);  // 2026-01-02T03:04:05Z
  source.Advance(std::chrono::milliseconds(1500));
  EXPECT_EQ(source.Monotonic() - monotonic, std::chrono::milliseconds(1500));
  EXPECT_EQ(source.Wall().milliseconds() - wall.milliseconds(), 1500);
}

}  // namespace
}  // namespace brilliant
