#include "event/cancel_scope.h"

#include <gtest/gtest.h>

#include <string>

#include "event/fake_loop.h"

namespace brilliant::event {
namespace {

Task<void> WaitFor(FakeLoop& fake, Signal& wake, char name) {
  const Result<void> waited = co_await wake.Wait();
  fake.seen += name + (" " + Outcome(waited)) + "; ";
}

TEST(CancelScopeTest, CancellingEndsWaitsWithItsReasonLaterFromTheLoop) {
  FakeLoop fake;
  Signal wake(fake.loop, fake.scope);
  fake.Spawn(WaitFor(fake, wake, 'a'));
  fake.Turn();
  fake.scope.Cancel(ErrorCode::kClosed);
  EXPECT_EQ(fake.seen, "") << "nobody is resumed by who cancels";
  fake.Turn();
  EXPECT_EQ(fake.seen, "a closed; ");
}

TEST(CancelScopeTest, CancellingIsSticky) {
  FakeLoop fake;
  Signal early(fake.loop, fake.scope);
  fake.scope.Cancel(ErrorCode::kDeadline);
  Signal late(fake.loop, fake.scope);
  fake.Spawn(WaitFor(fake, early, 'a'));
  fake.Spawn(WaitFor(fake, late, 'b'));
  fake.Turn();
  EXPECT_EQ(fake.seen, "a deadline; b deadline; ");
}

TEST(CancelScopeTest, TheFirstReasonStays) {
  FakeLoop fake;
  fake.scope.Cancel(ErrorCode::kDeadline);
  fake.scope.Cancel(ErrorCode::kClosed);
  EXPECT_EQ(fake.scope.reason(), ErrorCode::kDeadline);
}

TEST(CancelScopeTest, CancellingGoesDownwardOnly) {
  FakeLoop fake;
  CancelScope request(&fake.scope);
  CancelScope sibling(&fake.scope);
  Signal connection_signal(fake.loop, fake.scope);
  Signal request_signal(fake.loop, request);
  Signal sibling_signal(fake.loop, sibling);
  fake.Spawn(WaitFor(fake, connection_signal, 'c'));
  fake.Spawn(WaitFor(fake, request_signal, 'r'));
  fake.Spawn(WaitFor(fake, sibling_signal, 's'));
  fake.Turn();
  request.Cancel(ErrorCode::kDeadline);
  fake.Turn();
  EXPECT_EQ(fake.seen, "r deadline; ");
  fake.scope.Cancel(ErrorCode::kClosed);
  fake.Turn();
  EXPECT_EQ(fake.seen, "r deadline; c closed; s closed; ");
  EXPECT_EQ(request.reason(), ErrorCode::kDeadline) << "its own reason came first";
}

TEST(CancelScopeTest, AScopeBelowACancelledOneIsBornCancelled) {
  CancelScope parent(nullptr);
  parent.Cancel(ErrorCode::kClosed);
  const CancelScope child(&parent);
  EXPECT_EQ(child.reason(), ErrorCode::kClosed);
}

TEST(CancelScopeTest, AScopeThatEndedIsNotCancelledWithItsParent) {
  CancelScope parent(nullptr);
  {
    const CancelScope child(&parent);
  }
  parent.Cancel(ErrorCode::kClosed);
  EXPECT_EQ(parent.reason(), ErrorCode::kClosed);
}

TEST(CancelScopeTest, CancellingWinsOverAWakeUpOfTheSameTurn) {
  FakeLoop fake;
  Signal wake(fake.loop, fake.scope);
  fake.Spawn(WaitFor(fake, wake, 'a'));
  fake.Turn();
  wake.Notify();
  fake.scope.Cancel(ErrorCode::kCancelled);
  fake.Turn();
  EXPECT_EQ(fake.seen, "a cancelled; ");
}

Task<void> CleanUp(FakeLoop& fake, Signal& wake, CancelScope& cleanup) {
  const Result<void> waited = co_await wake.Wait();
  fake.seen += Outcome(waited);
  Signal linger(fake.loop, cleanup);
  Timer timer;
  timer.Start(fake.loop.TimerClassFor(Milliseconds(10)));
  const Result<void> lingered = co_await linger.Wait(&timer);
  fake.seen += " then " + Outcome(lingered);
}

TEST(CancelScopeTest, AfterCancellationATaskMayWaitInAnotherScope) {
  FakeLoop fake;
  CancelScope cleanup(nullptr);
  Signal wake(fake.loop, fake.scope);
  fake.Spawn(CleanUp(fake, wake, cleanup));
  fake.Turn();
  fake.scope.Cancel(ErrorCode::kCancelled);
  fake.Turn();
  fake.Advance(Milliseconds(10));
  EXPECT_EQ(fake.seen, "cancelled then deadline");
}

TEST(CancelScopeDeathTest, AScopeOutlivesWhatWaitsInIt) {
  EXPECT_DEATH(
      {
        CancelScope parent(nullptr);
        auto* child = new CancelScope(&parent);
        (void)child;
      },
      "children_.empty");
}

}  // namespace
}  // namespace brilliant::event
