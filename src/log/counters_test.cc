#include "log/counters.h"

#include <gtest/gtest.h>

#include <cstring>
#include <new>

namespace brilliant::log {
namespace {

TEST(CountersTest, ResponsesAreCountedByClass) {
  Counters counters;
  for (const int status : {100, 200, 206, 301, 404, 500, 599}) counters.CountResponse(status);
  const uint64_t expected[5] = {1, 2, 1, 1, 2};
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(counters.responses[i].get(), expected[i]) << i;
}

TEST(CountersTest, ANumberThatIsNoStatusCountsNowhere) {
  Counters counters;
  for (const int status : {0, -200, 99, 600}) counters.CountResponse(status);
  for (const Counter& count : counters.responses) EXPECT_EQ(count.get(), 0U);
}

TEST(CountersTest, GaugesGoUpAndDown) {
  Counters counters;
  counters.connections_active.Add(3);
  counters.connections_active.Subtract(1);
  EXPECT_EQ(counters.connections_active.get(), 2U);
  counters.connections_active.Set(0);
  EXPECT_EQ(counters.connections_active.get(), 0U);
}

TEST(CountersTest, ZeroedMemoryIsValid) {
  alignas(Counters) unsigned char memory[sizeof(Counters)];
  std::memset(memory, 0, sizeof memory);
  const auto* counters = std::launder(reinterpret_cast<const Counters*>(memory));
  EXPECT_EQ(counters->error_lines_dropped.get(), 0U);
}

}  // namespace
}  // namespace brilliant::log
