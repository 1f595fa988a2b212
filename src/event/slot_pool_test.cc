#include "event/slot_pool.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "event/fake_loop.h"

namespace brilliant::event {
namespace {

struct SlotPoolTest : testing::Test {
  // Takes a slot and keeps it until Release(name).
  Task<void> Hold(char name, CancelScope& scope) {
    Result<SlotPool::Slot> slot = co_await pool->Take(scope);
    fake.seen += slot ? std::string(1, name) : std::string("-") + name;
    if (slot) held.emplace(name, std::move(*slot));
  }
  void Ask(char name) { fake.Spawn(Hold(name, fake.scope)); }
  void Release(char name) { held.erase(name); }

  FakeLoop fake;
  std::optional<SlotPool> pool{std::in_place, fake.loop, 2};
  std::map<char, SlotPool::Slot> held;
};

TEST_F(SlotPoolTest, WhoFindsNoneWaitsInOrder) {
  for (const char name : {'a', 'b', 'c', 'd'}) Ask(name);
  fake.Turn();
  EXPECT_EQ(fake.seen, "ab");
  EXPECT_EQ(pool->free(), 0U);
  Release('b');
  fake.Turn();
  EXPECT_EQ(fake.seen, "abc");
  Ask('e');
  fake.Turn();
  Release('a');
  Release('c');
  fake.Turn();
  EXPECT_EQ(fake.seen, "abcde");
  Release('d');
  Release('e');
  EXPECT_EQ(pool->free(), 2U);
}

TEST_F(SlotPoolTest, WhoIsCancelledTakesNone) {
  CancelScope other(nullptr);
  Ask('a');
  Ask('b');
  fake.Turn();
  fake.Spawn(Hold('c', other));
  Ask('d');
  fake.Turn();
  other.Cancel(ErrorCode::kClosed);
  Release('a');  // handed to c, which is cancelled already but has not gone on yet
  fake.Turns(2);
  EXPECT_EQ(fake.seen, "ab-cd");
  fake.Spawn(Hold('e', other));
  Release('b');
  Release('d');
  fake.Turns(2);
  EXPECT_EQ(fake.seen, "ab-cd-e");
  EXPECT_EQ(pool->free(), 2U);
}

TEST_F(SlotPoolTest, ASlotMayOutliveItsPool) {
  Ask('a');
  fake.Turn();
  pool.reset();
  Release('a');
  EXPECT_TRUE(held.empty());
}

}  // namespace
}  // namespace brilliant::event
