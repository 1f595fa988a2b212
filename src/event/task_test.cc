#include "event/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "event/fake_loop.h"

namespace brilliant::event {
namespace {

// Writes its name down when it is destroyed.
class Witness {
 public:
  Witness(std::string& seen, char name) : seen_(&seen), name_(name) {}
  Witness(Witness&& other) noexcept : seen_(std::exchange(other.seen_, nullptr)), name_(other.name_) {}
  Witness& operator=(Witness&&) = delete;
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness() {
    if (seen_ != nullptr) *seen_ += name_;
  }

 private:
  std::string* seen_;
  char name_;
};

Task<void> Write(std::string& seen, char name) {
  seen += name;
  co_return;
}

Task<void> Keep(Witness, std::string& seen) {
  const Witness local(seen, 'l');
  seen += 'k';
  co_return;
}

Task<std::unique_ptr<int>> MakeNumber(int value) { co_return std::make_unique<int>(value); }

Task<Result<int>> Half(int value) {
  if (value % 2 != 0) co_return Failure(ErrorCode::kInvalid, "odd");
  co_return value / 2;
}

Task<Result<int>> Quarter(int value) {
  CO_ASSIGN_OR_RETURN(const int half, co_await Half(value));
  co_return co_await Half(half);
}

Task<int> Depth(int depth) {
  if (depth == 0) co_return 0;
  const int below = co_await Depth(depth - 1);
  co_return below + 1;
}

TEST(TaskTest, ATaskRunsOnlyWhenItIsAwaited) {
  FakeLoop fake;
  {
    const Task<void> never = Write(fake.seen, 'x');
  }
  EXPECT_EQ(fake.seen, "");
}

TEST(TaskTest, ATaskThatIsNeverAwaitedDestroysItsArguments) {
  FakeLoop fake;
  {
    Witness argument(fake.seen, 'a');
    const Task<void> never = Keep(std::move(argument), fake.seen);
  }
  EXPECT_EQ(fake.seen, "a");
}

Task<void> AwaitKeep(FakeLoop& fake) {
  Witness argument(fake.seen, 'a');
  co_await Keep(std::move(argument), fake.seen);
  fake.seen += '.';
}
TEST(TaskTest, AnAwaitedTaskIsGoneWhenItsParentGoesOn) {
  FakeLoop fake;
  fake.Spawn(AwaitKeep(fake));
  fake.Turn();
  EXPECT_EQ(fake.seen, "kla.");
}

Task<void> AwaitValues(FakeLoop& fake) {
  const std::unique_ptr<int> number = co_await MakeNumber(7);
  fake.seen += std::to_string(*number);
  const Result<int> good = co_await Quarter(20);
  fake.seen += good ? " " + std::to_string(*good) : " failed";
  const Result<int> bad = co_await Quarter(10);
  fake.seen += bad ? " worked" : " " + std::string(bad.error().context);
}
TEST(TaskTest, ValuesAndErrorsComeBackToTheParent) {
  FakeLoop fake;
  fake.Spawn(AwaitValues(fake));
  fake.Turn();
  EXPECT_EQ(fake.seen, "7 5 odd");
}

Task<void> AwaitDeep(FakeLoop& fake) {
  const int depth = co_await Depth(1000);
  fake.seen += std::to_string(depth);
}
TEST(TaskTest, TasksNest) {
  FakeLoop fake;
  fake.Spawn(AwaitDeep(fake));
  fake.Turn();
  EXPECT_EQ(fake.seen, "1000");
}

Task<void> AwaitMany(FakeLoop& fake) {
  int sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const int depth = co_await Depth(1);
    sum += depth;
  }
  fake.seen += std::to_string(sum);
}
TEST(TaskTest, ALoopOfAwaitsThatNeverSuspendIsNoRecursion) {
  FakeLoop fake;
  fake.Spawn(AwaitMany(fake));
  fake.Turn();
  EXPECT_EQ(fake.seen, "10000");
}

}  // namespace
}  // namespace brilliant::event
