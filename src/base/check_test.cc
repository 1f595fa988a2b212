#include "base/check.h"

#include <gtest/gtest.h>

#include <csignal>

namespace brilliant {
namespace {

TEST(CheckDeathTest, SaysWhatAndWhereAndAborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const int number = 2;
  EXPECT_EXIT(CHECK(number == 3), ::testing::KilledBySignal(SIGABRT),
              "CHECK\\(number == 3\\) failed at .*check_test.cc:");
}

TEST(Check, EvaluatesItsConditionOnce) {
  int count = 0;
  CHECK(++count == 1);
  EXPECT_EQ(count, 1);
}

TEST(CheckDeathTest, DcheckIsThereWithoutNdebugOnly) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  int count = 0;
#ifdef NDEBUG
  DCHECK(++count == 2);
  EXPECT_EQ(count, 0);
#else
  EXPECT_DEATH(DCHECK(count == 2), "CHECK");
  DCHECK(++count == 1);
  EXPECT_EQ(count, 1);
#endif
}

}  // namespace
}  // namespace brilliant
