#include "event/task_group.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "event/fake_loop.h"

namespace brilliant::event {
namespace {

Task<Result<void>> Succeed(std::string& seen, char name) {
  seen += name;
  co_return Result<void>{};
}

Task<Result<void>> WaitIn(FakeLoop& fake, CancelScope& scope, Signal*& handle, char name) {
  Signal wake(fake.loop, scope);
  handle = &wake;
  const Result<void> waited = co_await wake.Wait();
  handle = nullptr;
  fake.seen += name + (" " + Outcome(waited)) + "; ";
  co_return waited;
}

Task<Result<void>> FailAfter(FakeLoop& fake, CancelScope& scope, Signal*& handle) {
  Signal wake(fake.loop, scope);
  handle = &wake;
  const Result<void> waited = co_await wake.Wait();
  handle = nullptr;
  fake.seen += "failing; ";
  if (!waited) co_return waited;
  co_return Failure(ErrorCode::kInvalid, "child");
}

// The signals of a group's children.
struct Handles {
  Signal* first = nullptr;
  Signal* second = nullptr;
};

Task<void> TwoChildren(FakeLoop& fake, Handles& handles, bool first_fails) {
  TaskGroup group(fake.loop, fake.scope);
  if (first_fails) {
    group.Start(FailAfter(fake, group.scope(), handles.first));
  } else {
    group.Start(WaitIn(fake, group.scope(), handles.first, 'a'));
  }
  group.Start(WaitIn(fake, group.scope(), handles.second, 'b'));
  const Result<void> joined = co_await group.Join();
  fake.seen += "joined " + (joined ? "ok" : std::string(joined.error().context));
}

TEST(TaskGroupTest, TheParentJoinsAllChildren) {
  FakeLoop fake;
  Handles handles;
  fake.Spawn(TwoChildren(fake, handles, false));
  fake.Turn();
  handles.first->Notify();
  fake.Turn();
  EXPECT_EQ(fake.seen, "a ok; ");
  handles.second->Notify();
  fake.Turn();
  EXPECT_EQ(fake.seen, "a ok; b ok; joined ok");
  EXPECT_TRUE(fake.tasks.empty());
}

TEST(TaskGroupTest, TheFirstErrorCancelsTheOthersAndIsTheGroups) {
  FakeLoop fake;
  Handles handles;
  fake.Spawn(TwoChildren(fake, handles, true));
  fake.Turn();
  handles.first->Notify();
  fake.Turn();
  EXPECT_EQ(fake.seen, "failing; b cancelled; joined child");
  EXPECT_EQ(fake.scope.reason(), std::nullopt) << "the parent's scope goes on";
}

TEST(TaskGroupTest, TheParentsCancellationEndsTheChildrenAndIsStillJoined) {
  FakeLoop fake;
  Handles handles;
  fake.Spawn(TwoChildren(fake, handles, false));
  fake.Turn();
  fake.scope.Cancel(ErrorCode::kClosed);
  fake.Turn();
  EXPECT_EQ(fake.seen, "a closed; b closed; joined wait");
}

Task<void> ChildrenThatNeverWait(FakeLoop& fake) {
  TaskGroup group(fake.loop, fake.scope);
  group.Start(Succeed(fake.seen, 'a'));
  group.Start(Succeed(fake.seen, 'b'));
  Result<void> joined = co_await group.Join();
  fake.seen += joined ? "." : "!";
  group.Start(Succeed(fake.seen, 'c'));
  joined = co_await group.Join();
  fake.seen += joined ? "." : "!";
}

TEST(TaskGroupTest, AGroupMayBeUsedAgainAfterJoining) {
  FakeLoop fake;
  fake.Spawn(ChildrenThatNeverWait(fake));
  fake.Turns(2);
  EXPECT_EQ(fake.seen, "ab.c.");
}

Task<void> EmptyGroup(FakeLoop& fake) {
  TaskGroup group(fake.loop, fake.scope);
  const Result<void> joined = co_await group.Join();
  fake.seen += Outcome(joined);
}

TEST(TaskGroupTest, JoiningNobodyIsDoneAtOnce) {
  FakeLoop fake;
  fake.Spawn(EmptyGroup(fake));
  fake.Turn();
  EXPECT_EQ(fake.seen, "ok");
}

Task<Result<void>> Own(std::string& seen, std::unique_ptr<Signal> owned) {
  seen += owned != nullptr ? "owns; " : "has nothing; ";
  co_return Result<void>{};
}

// What a child was given may itself belong to the group's scope, which ends with the group.
Task<void> ChildWithAnArgument(FakeLoop& fake) {
  TaskGroup group(fake.loop, fake.scope);
  auto wake = std::make_unique<Signal>(fake.loop, group.scope());
  group.Start(Own(fake.seen, std::move(wake)));
  const Result<void> joined = co_await group.Join();
  fake.seen += Outcome(joined);
}

TEST(TaskGroupTest, ChildrenAreGoneWithAllTheyOwnWhenTheParentHasJoined) {
  FakeLoop fake;
  fake.Spawn(ChildWithAnArgument(fake));
  fake.Turn();
  EXPECT_EQ(fake.seen, "owns; ok");
}

}  // namespace
}  // namespace brilliant::event
