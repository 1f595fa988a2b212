// The pure decisions of the supervisor: which listeners a worker gets, when it is replaced, when it hangs.
#include <gtest/gtest.h>

#include <set>

#include "process/heartbeat_monitor.h"
#include "process/listener_plan.h"
#include "process/respawn_policy.h"

namespace brilliant::process {
namespace {

TEST(ListenerPlanTest, EveryListenerHasAWorkerAndEveryWorkerAListener) {
  for (size_t listeners = 1; listeners <= 9; ++listeners) {
    for (int workers = 1; workers <= 9; ++workers) {
      std::multiset<size_t> all;
      for (int slot = 0; slot < workers; ++slot) {
        const std::vector<size_t> mine = ListenersOfSlot(listeners, slot, workers);
        ASSERT_FALSE(mine.empty()) << listeners << " " << workers << " " << slot;
        all.insert(mine.begin(), mine.end());
      }
      for (size_t i = 0; i < listeners; ++i) EXPECT_TRUE(all.contains(i)) << listeners << " " << workers << " " << i;
      // Shared only where there are too few.
      EXPECT_EQ(all.size(), std::max(listeners, static_cast<size_t>(workers)));
    }
  }
}

TEST(ListenerPlanTest, AWorkerKeepsItsOwnWhenNothingChanges) {
  EXPECT_EQ(ListenersOfSlot(4, 2, 4), (std::vector<size_t>{2}));
  EXPECT_EQ(ListenersOfSlot(4, 0, 2), (std::vector<size_t>{0, 2}));
  EXPECT_EQ(ListenersOfSlot(1, 3, 4), (std::vector<size_t>{0}));
  EXPECT_EQ(ListenersOfSlot(2, 3, 4), (std::vector<size_t>{1}));
}

TEST(RespawnPolicyTest, AWorkerThatLivedIsReplacedAtOnce) {
  RespawnPolicy policy;
  EXPECT_EQ(policy.AfterDeath(Milliseconds(1'000)), Milliseconds(0));
  EXPECT_EQ(policy.AfterDeath(Milliseconds(3'600'000)), Milliseconds(0));
  EXPECT_EQ(policy.short_lives(), 0);
}

TEST(RespawnPolicyTest, ShortLivesDoubleTheWaitUpToItsLimit) {
  RespawnPolicy policy;
  const int expected_ms[] = {100, 200, 400, 800, 1'600, 3'200, 6'400, 10'000, 10'000};
  for (const int delay_ms : expected_ms) EXPECT_EQ(policy.AfterDeath(std::nullopt), Milliseconds(delay_ms));
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(policy.AfterDeath(Milliseconds(999)), RespawnPolicy::kLongestDelay);
}

TEST(RespawnPolicyTest, ALifeBetweenThemStartsTheCountAnew) {
  RespawnPolicy policy;
  EXPECT_EQ(policy.AfterDeath(std::nullopt), Milliseconds(100));
  EXPECT_EQ(policy.AfterDeath(Milliseconds(0)), Milliseconds(200));
  EXPECT_EQ(policy.AfterDeath(Milliseconds(1'000)), Milliseconds(0));
  EXPECT_EQ(policy.AfterDeath(std::nullopt), Milliseconds(100));
}

class HeartbeatMonitorTest : public ::testing::Test {
 protected:
  // Looks at a counter at every interval for that long; true as soon as it counts as hung.
  bool Observe(uint64_t counter, Milliseconds time) {
    for (Milliseconds passed(0); passed < time; passed += HeartbeatMonitor::kInterval) {
      time_.Advance(HeartbeatMonitor::kInterval);
      if (monitor_.IsHung(counter, time_.Monotonic())) return true;
    }
    return false;
  }

  FakeTimeSource time_;
  HeartbeatMonitor monitor_{time_.Monotonic()};
};

TEST_F(HeartbeatMonitorTest, TwoSilentPeriodsAreAHang) {
  EXPECT_FALSE(Observe(1, 2 * HeartbeatMonitor::kPeriod - HeartbeatMonitor::kInterval));
  EXPECT_TRUE(Observe(1, 2 * HeartbeatMonitor::kInterval));
}

TEST_F(HeartbeatMonitorTest, ABeatBetweenThemIsEnough) {
  for (uint64_t counter = 1; counter < 100; ++counter) {
    EXPECT_FALSE(Observe(counter, 2 * HeartbeatMonitor::kPeriod - HeartbeatMonitor::kInterval));
  }
}

TEST_F(HeartbeatMonitorTest, TimeTheSupervisorSleptThroughCountsAsOneInterval) {
  EXPECT_FALSE(Observe(1, HeartbeatMonitor::kPeriod));
  time_.Advance(std::chrono::hours(8));
  EXPECT_FALSE(monitor_.IsHung(1, time_.Monotonic()));
  EXPECT_TRUE(Observe(1, HeartbeatMonitor::kPeriod));
}

TEST_F(HeartbeatMonitorTest, ExcusedSilenceStartsTheCountAnew) {
  EXPECT_FALSE(Observe(1, HeartbeatMonitor::kPeriod));
  monitor_.Forgive();
  EXPECT_FALSE(Observe(1, 2 * HeartbeatMonitor::kPeriod - HeartbeatMonitor::kInterval));
  EXPECT_TRUE(Observe(1, HeartbeatMonitor::kInterval));
}

}  // namespace
}  // namespace brilliant::process
