#include "server/progress_meter.h"

#include <gtest/gtest.h>

namespace brilliant::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint64_t kRate = 240;
constexpr Milliseconds kTerm{60'000};

// Waits until the client is given up; 0: it never is, in a day.
int SecondsUntilGivenUp(uint64_t rate_min, int wait_seconds, uint64_t bytes_a_wait) {
  ProgressMeter meter(rate_min, kTerm);
  for (int second = wait_seconds; second < 86'400; second += wait_seconds) {
    if (!meter.Keeps(seconds(wait_seconds), bytes_a_wait)) return second;
  }
  return 0;
}

TEST(ProgressMeter, AnHonestSlowClientGoesOnForEver) {
  EXPECT_EQ(SecondsUntilGivenUp(kRate, 1, 3'000), 0);
  EXPECT_EQ(SecondsUntilGivenUp(kRate, 5, 5 * kRate), 0);
  EXPECT_EQ(SecondsUntilGivenUp(kRate, 59, 59 * kRate), 0);
  EXPECT_EQ(SecondsUntilGivenUp(kRate, 300, 300 * kRate), 0);
}

TEST(ProgressMeter, AByteNowAndThenDoesNotHelp) {
  EXPECT_EQ(SecondsUntilGivenUp(kRate, 10, 1), 60);
  EXPECT_EQ(SecondsUntilGivenUp(kRate, 1, 1), 60);
  EXPECT_EQ(SecondsUntilGivenUp(kRate, 45, 1), 90);
  EXPECT_EQ(SecondsUntilGivenUp(kRate, 1, kRate - 1), 60);
}

TEST(ProgressMeter, AClientThatStopsIsGivenUpAfterOneTermHoweverFastItWas) {
  ProgressMeter meter(kRate, kTerm);
  EXPECT_TRUE(meter.Keeps(seconds(59), 1'000'000'000));
  EXPECT_FALSE(meter.Keeps(kTerm, 0));
}

TEST(ProgressMeter, EachTermIsJudgedByItself) {
  ProgressMeter meter(kRate, kTerm);
  EXPECT_TRUE(meter.Keeps(seconds(30), 1'000'000));
  EXPECT_TRUE(meter.Keeps(seconds(30), 0));
  EXPECT_TRUE(meter.Keeps(seconds(30), 0));
  EXPECT_FALSE(meter.Keeps(seconds(30), 0));
}

TEST(ProgressMeter, WithoutARateAByteATermIsEnough) {
  EXPECT_EQ(SecondsUntilGivenUp(0, 10, 1), 0);
  EXPECT_EQ(SecondsUntilGivenUp(0, 60, 1), 0);
  EXPECT_EQ(SecondsUntilGivenUp(0, 60, 0), 60);
}

TEST(ProgressMeter, WaitsOfNoLengthCostNothing) {
  ProgressMeter meter(kRate, kTerm);
  for (int i = 0; i < 1'000'000; ++i) EXPECT_TRUE(meter.Keeps({}, 0));
  EXPECT_TRUE(meter.Keeps(kTerm - milliseconds(1), 0));
}

TEST(ProgressMeter, TheLargestRateAndTermDoNotOverflow) {
  constexpr Milliseconds kYear{365LL * 24 * 3'600'000};
  ProgressMeter meter(1 << 20, kYear);
  EXPECT_FALSE(meter.Keeps(kYear, uint64_t{1} << 40));
  EXPECT_TRUE(meter.Keeps(kYear, uint64_t{1} << 45));
}

}  // namespace
}  // namespace brilliant::server
