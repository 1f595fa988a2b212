#include "handlers/password_memory.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace brilliant::handlers {
namespace {

constexpr MonotonicTime kNow{std::chrono::hours(1)};

TEST(PasswordMemoryTest, KnowsWhatItWasToldAndNothingElse) {
  PasswordMemory memory;
  EXPECT_FALSE(memory.Knows("", "", kNow));
  EXPECT_FALSE(memory.Knows("ann:secret", "$2y$x", kNow));
  memory.Remember("ann:secret", "$2y$x", kNow);
  EXPECT_TRUE(memory.Knows("ann:secret", "$2y$x", kNow));
  EXPECT_FALSE(memory.Knows("ann:secret2", "$2y$x", kNow));
  EXPECT_FALSE(memory.Knows("bob:secret", "$2y$x", kNow));
  EXPECT_FALSE(memory.Knows("ann:secret", "$2y$y", kNow)) << "the line in the file has changed";
}

TEST(PasswordMemoryTest, ForgetsAfterAWhile) {
  PasswordMemory memory;
  memory.Remember("ann:secret", "$2y$x", kNow);
  EXPECT_TRUE(memory.Knows("ann:secret", "$2y$x", kNow + kPasswordKnownFor - Milliseconds(1)));
  EXPECT_FALSE(memory.Knows("ann:secret", "$2y$x", kNow + kPasswordKnownFor));
  memory.Remember("ann:secret", "$2y$x", kNow + kPasswordKnownFor);
  EXPECT_TRUE(memory.Knows("ann:secret", "$2y$x", kNow + kPasswordKnownFor));
}

TEST(PasswordMemoryTest, HoldsSoManyAndTheOldestGoFirst) {
  const auto memory = std::make_unique<PasswordMemory>();
  constexpr size_t kMany = 20 * PasswordMemory::kSets * PasswordMemory::kSetSize;
  const auto pair = [](size_t i) { return "user" + std::to_string(i) + ":x"; };
  for (size_t i = 0; i < kMany; ++i) memory->Remember(pair(i), "$2y$x", kNow + Milliseconds(i));
  size_t known = 0;
  for (size_t i = 0; i < kMany; ++i) known += memory->Knows(pair(i), "$2y$x", kNow) ? 1 : 0;
  EXPECT_EQ(known, PasswordMemory::kSets * PasswordMemory::kSetSize);
  EXPECT_TRUE(memory->Knows(pair(kMany - 1), "$2y$x", kNow));
  EXPECT_FALSE(memory->Knows(pair(0), "$2y$x", kNow));
}

TEST(PasswordMemoryTest, EachProcessHasKeysOfItsOwn) {
  PasswordMemory one;
  const auto other = std::make_unique<PasswordMemory>();
  one.Remember("ann:secret", "$2y$x", kNow);
  EXPECT_FALSE(other->Knows("ann:secret", "$2y$x", kNow));
}

}  // namespace
}  // namespace brilliant::handlers
