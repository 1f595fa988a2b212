#include "event/event_loop.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "event/fake_heap_operators.h"
#include "event/fake_loop.h"

namespace brilliant::event {
namespace {

// Any number will do: the poller is a fake.
constexpr int kFd = 5;

Task<void> Write(FakeLoop& fake, char name) {
  fake.seen += name;
  co_return;
}

// ---- root tasks, turns ----------------------------------------------------------------------------------------------

TEST(EventLoopTest, ARootTaskStartsInTheNextTurn) {
  FakeLoop fake;
  fake.Spawn(Write(fake, 'a'));
  EXPECT_EQ(fake.seen, "");
  EXPECT_FALSE(fake.tasks.empty());
  fake.Turn();
  EXPECT_EQ(fake.seen, "a");
  EXPECT_TRUE(fake.tasks.empty());
}

Task<void> SpawnOthers(FakeLoop& fake) {
  fake.Spawn(Write(fake, 'b'));
  fake.Spawn(Write(fake, 'c'));
  fake.seen += 'a';
  co_return;
}

TEST(EventLoopTest, ATaskSpawnedByATaskStartsInTheSameTurnButNotInside) {
  FakeLoop fake;
  fake.Spawn(SpawnOthers(fake));
  fake.Turn();
  EXPECT_EQ(fake.seen, "abc");
}

// Writes its name down when its task's frame is destroyed.
struct Argument {
  std::string* seen;
  explicit Argument(std::string& text) : seen(&text) {}
  Argument(Argument&& other) noexcept : seen(std::exchange(other.seen, nullptr)) {}
  Argument& operator=(Argument&&) = delete;
  Argument(const Argument&) = delete;
  Argument& operator=(const Argument&) = delete;
  ~Argument() {
    if (seen != nullptr) *seen += 'x';
  }
};
Task<void> Hold(FakeLoop& fake, Argument) {
  fake.seen += 'h';
  co_return;
}
Task<void> SendLater(FakeLoop& fake) {
  co_await fake.loop.SendPhase();
  fake.seen += 's';
}

TEST(EventLoopTest, ARootTaskThatEndedIsDestroyedAtTheEndOfItsTurn) {
  FakeLoop fake;
  fake.Spawn(Hold(fake, Argument(fake.seen)));
  fake.Spawn(Write(fake, 'w'));
  fake.Spawn(SendLater(fake));
  fake.Turn();
  EXPECT_EQ(fake.seen, "hwsx");
}

TEST(EventLoopTest, AnOwnerMayGoBeforeTheEndOfTheTurn) {
  FakeLoop fake;
  {
    TaskList owner;
    fake.loop.Spawn(Write(fake, 'a'), owner);
  }
  fake.Turn();
  EXPECT_EQ(fake.seen, "a");
}

Task<void> StopAfter(FakeLoop& fake, int turns) {
  for (int i = 0; i < turns; ++i) co_await fake.loop.Yield();
  fake.loop.Stop();
  fake.seen += 's';
}

TEST(EventLoopTest, StopEndsRunAfterThePresentTurn) {
  FakeLoop fake;
  fake.Spawn(StopAfter(fake, 3));
  fake.Spawn(SendLater(fake));
  fake.loop.Run();
  EXPECT_EQ(fake.loop.turns(), 4U);
  EXPECT_EQ(fake.seen, "ss");
}

TEST(EventLoopTest, TheTimeIsReadOncePerTurn) {
  FakeLoop fake;
  const MonotonicTime before = fake.loop.now();
  const WallTime wall_before = fake.loop.wall();
  fake.time.Advance(Milliseconds(7));
  EXPECT_EQ(fake.loop.now(), before);
  fake.Turn();
  EXPECT_EQ(fake.loop.now(), before + Milliseconds(7));
  EXPECT_EQ(fake.loop.wall().milliseconds(), wall_before.milliseconds() + 7);
}

// ---- yield ----------------------------------------------------------------------------------------------------------

Task<void> YieldForEver(FakeLoop& fake) {
  while (!fake.scope.reason()) {
    fake.seen += 'y';
    co_await fake.loop.Yield();
  }
}

Task<void> Read(FakeLoop& fake, Waitable& waitable) {
  waitable.ReadWouldBlock();
  while (true) {
    const Result<void> readable = co_await fake.loop.Wait(waitable, Interest::kRead);
    fake.seen += readable ? 'r' : '!';
    if (!readable) break;
    waitable.InputDrained();
  }
}

TEST(EventLoopTest, AYieldingTaskRunsOnceATurnAndStarvesNobody) {
  FakeLoop fake;
  Waitable waitable(fake.loop, fake.scope, kFd, Waitable::Kind::kConnection);
  ASSERT_TRUE(waitable.Register());
  fake.Spawn(YieldForEver(fake));
  fake.Spawn(Read(fake, waitable));
  fake.Turn();
  for (int i = 0; i < 3; ++i) {
    fake.poller->ReportReadable(kFd);
    fake.Turn();
  }
  EXPECT_EQ(fake.seen, "yyryryr");
  fake.scope.Cancel(ErrorCode::kCancelled);
  fake.Turn();
}

TEST(EventLoopTest, WhoYieldedKeepsThePollFromBlocking) {
  FakeLoop fake;
  fake.Spawn(YieldForEver(fake));
  fake.loop.Turn(true);
  fake.loop.Turn(true);
  EXPECT_EQ(fake.poller->last_timeout(), Milliseconds(0));
  EXPECT_EQ(fake.seen, "yy");
  fake.scope.Cancel(ErrorCode::kCancelled);
  fake.Turn();
  fake.loop.Turn(true);
  EXPECT_EQ(fake.poller->last_timeout(), std::nullopt);
}

// ---- send phase -----------------------------------------------------------------------------------------------------

Task<void> ReadThenSend(FakeLoop& fake, char name) {
  fake.seen += name;
  co_await fake.loop.SendPhase();
  fake.seen += static_cast<char>(name - 'a' + 'A');
}

TEST(EventLoopTest, AllReadingOfATurnComesBeforeAllSending) {
  FakeLoop fake;
  for (const char name : {'a', 'b', 'c'}) fake.Spawn(ReadThenSend(fake, name));
  fake.Turn();
  EXPECT_EQ(fake.seen, "abcABC");
}

Task<void> SendAndWake(FakeLoop& fake, Signal& wake) {
  co_await fake.loop.SendPhase();
  wake.Notify();
  fake.seen += 's';
}
Task<void> Woken(FakeLoop& fake, Signal& wake) {
  const Result<void> woken = co_await wake.Wait();
  fake.seen += woken ? 'w' : '!';
}

TEST(EventLoopTest, WhatSendersMakeReadyBelongsToTheNextTurn) {
  FakeLoop fake;
  Signal wake(fake.loop, fake.scope);
  fake.Spawn(Woken(fake, wake));
  fake.Spawn(SendAndWake(fake, wake));
  fake.Turn();
  EXPECT_EQ(fake.seen, "s");
  fake.loop.Turn(true);
  EXPECT_EQ(fake.poller->last_timeout(), Milliseconds(0)) << "it does not wait for the kernel first";
  EXPECT_EQ(fake.seen, "sw");
}

Task<void> SendTwice(FakeLoop& fake) {
  co_await fake.loop.SendPhase();
  fake.seen += '1';
  co_await fake.loop.SendPhase();
  fake.seen += '2';
}

TEST(EventLoopTest, ASenderThatWantsToSendAgainDoesSoInTheNextTurn) {
  FakeLoop fake;
  fake.Spawn(SendTwice(fake));
  fake.Turn();
  EXPECT_EQ(fake.seen, "1");
  fake.loop.Turn(true);
  EXPECT_EQ(fake.poller->last_timeout(), Milliseconds(0));
  EXPECT_EQ(fake.seen, "12");
}

// ---- bounds of a turn -----------------------------------------------------------------------------------------------

Task<void> SpawnNext(FakeLoop& fake, size_t& count) {
  ++count;
  if (!fake.scope.reason()) fake.Spawn(SpawnNext(fake, count));
  co_return;
}

TEST(EventLoopTest, ATurnResumesNoMoreThanItsLimitHoweverMuchItMakesReady) {
  FakeLoop fake;
  size_t count = 0;
  fake.Spawn(SpawnNext(fake, count));
  fake.Turn();
  EXPECT_EQ(count, kResumesPerTurnMax);
  fake.loop.Turn(true);
  EXPECT_EQ(fake.poller->last_timeout(), Milliseconds(0));
  EXPECT_EQ(count, 2 * kResumesPerTurnMax);
  fake.scope.Cancel(ErrorCode::kCancelled);
  fake.Turn();
  EXPECT_TRUE(fake.tasks.empty());
}

Task<void> CountSend(FakeLoop& fake, std::string name) {
  co_await fake.loop.SendPhase();
  fake.seen = name;
}

TEST(EventLoopTest, SendersBeyondTheLimitComeFirstInTheNextTurn) {
  FakeLoop fake;
  for (size_t i = 0; i <= kResumesPerTurnMax; ++i) fake.Spawn(CountSend(fake, std::to_string(i)));
  fake.Turn();  // starts all but one
  EXPECT_EQ(fake.seen, std::to_string(kResumesPerTurnMax - 1));
  for (size_t i = 0; i < kResumesPerTurnMax; ++i) fake.Spawn(CountSend(fake, "later"));
  fake.Turn();  // those who waited to start before go first
  EXPECT_EQ(fake.seen, "later");
  fake.Turns(2);
  EXPECT_TRUE(fake.tasks.empty());
}

Task<void> SendAgain(FakeLoop& fake, bool& sent) {
  co_await fake.loop.SendPhase();
  co_await fake.loop.SendPhase();
  sent = true;
}
Task<void> KeepSending(FakeLoop& fake) {
  while (!fake.scope.reason()) co_await fake.loop.SendPhase();
}

TEST(EventLoopTest, WhoWaitsToSendIsNotOvertakenForEver) {
  FakeLoop fake;
  for (size_t i = 0; i < kResumesPerTurnMax; ++i) fake.Spawn(KeepSending(fake));
  fake.Turn();
  bool sent = false;
  fake.Spawn(SendAgain(fake, sent));
  fake.Turns(5);
  EXPECT_TRUE(sent);
  fake.scope.Cancel(ErrorCode::kCancelled);
  fake.Turns(3);
  EXPECT_TRUE(fake.tasks.empty());
}

TEST(EventLoopTest, ATurnTakesNoMoreEventsThanItsLimit) {
  FakeLoop fake;
  Waitable waitable(fake.loop, fake.scope, kFd, Waitable::Kind::kConnection);
  ASSERT_TRUE(waitable.Register());
  fake.Spawn(Read(fake, waitable));
  fake.Turn();
  for (size_t i = 0; i <= kEventsPerTurnMax; ++i) fake.poller->ReportReadable(kFd);
  fake.Turns(3);
  EXPECT_EQ(fake.seen, "rr");
  fake.scope.Cancel(ErrorCode::kCancelled);
  fake.Turn();
}

// ---- waiting for descriptors ----------------------------------------------------------------------------------------

class WaitableTest : public ::testing::Test {
 protected:
  explicit WaitableTest(Waitable::Kind kind = Waitable::Kind::kConnection)
      : waitable_(fake_.loop, fake_.scope, kFd, kind) {
    EXPECT_TRUE(waitable_.Register());
  }
  ~WaitableTest() override {
    fake_.scope.Cancel(ErrorCode::kCancelled);
    fake_.Turns(2);
  }
  // Spawns a task that waits once and writes `name` and the outcome down.
  void Wait(Interest interest, char name, Timer* timer = nullptr);
  void Report(PollEvent event) {
    fake_.poller->Report(kFd, event);
    fake_.Turn();
  }

  FakeLoop fake_;
  Waitable waitable_;
};

Task<void> WaitOnce(FakeLoop& fake, Waitable& waitable, std::pair<Interest, char> what, Timer* timer) {
  const Result<void> waited = co_await fake.loop.Wait(waitable, what.first, timer);
  fake.seen += what.second + (" " + Outcome(waited)) + "; ";
}
void WaitableTest::Wait(Interest interest, char name, Timer* timer) {
  fake_.Spawn(WaitOnce(fake_, waitable_, {interest, name}, timer));
  fake_.Turn();
}

TEST_F(WaitableTest, BothDirectionsCountAsReadyUntilAnAttemptSaysOtherwise) {
  Wait(Interest::kRead, 'r');
  Wait(Interest::kWrite, 'w');
  EXPECT_EQ(fake_.seen, "r ok; w ok; ");
}

TEST_F(WaitableTest, EachDirectionHasItsOwnWaiter) {
  waitable_.ReadWouldBlock();
  waitable_.WriteWouldBlock();
  Wait(Interest::kRead, 'r');
  Wait(Interest::kWrite, 'w');
  Report({.writable = true});
  EXPECT_EQ(fake_.seen, "w ok; ");
  Report({.readable = true});
  EXPECT_EQ(fake_.seen, "w ok; r ok; ");
}

TEST_F(WaitableTest, AnEdgeThatNobodyWaitedForIsRemembered) {
  waitable_.ReadWouldBlock();
  Report({.readable = true});
  Wait(Interest::kRead, 'r');
  EXPECT_EQ(fake_.seen, "r ok; ");
  waitable_.InputDrained();
  Wait(Interest::kRead, 's');
  EXPECT_EQ(fake_.seen, "r ok; ") << "drained: it waits for the next edge";
}

Task<void> WaitInScope(FakeLoop& fake, CancelScope& scope) {
  Signal wake(fake.loop, scope);
  const Result<void> waited = co_await wake.Wait();
  fake.seen += "handler " + Outcome(waited) + "; ";
}

TEST_F(WaitableTest, AClientThatSendsWhileNobodyReadsIsNotListenedTo) {
  waitable_.ReadWouldBlock();
  Report({.readable = true});
  EXPECT_EQ(fake_.poller->watch(kFd), Watch::kBoth) << "that there is something is news";
  Report({.readable = true});
  EXPECT_EQ(fake_.poller->watch(kFd), Watch::kOutput) << "that there is more is not";
  Wait(Interest::kRead, 'r');
  EXPECT_EQ(fake_.seen, "r ok; ");
  EXPECT_EQ(fake_.poller->watch(kFd), Watch::kOutput) << "it may have left some";
  waitable_.InputDrained();
  EXPECT_EQ(fake_.poller->watch(kFd), Watch::kBoth);
  Wait(Interest::kRead, 's');
  Report({.readable = true});
  EXPECT_EQ(fake_.seen, "r ok; s ok; ");
  EXPECT_EQ(fake_.poller->watch(kFd), Watch::kBoth);
}

TEST_F(WaitableTest, AHangupIsHeardEvenOfAClientThatIsNotListenedTo) {
  CancelScope request(&fake_.scope);
  fake_.Spawn(WaitInScope(fake_, request));
  Report({.readable = true});
  EXPECT_EQ(fake_.poller->watch(kFd), Watch::kOutput);
  Report({.hangup = true});
  EXPECT_EQ(fake_.seen, "handler closed; ");
}

TEST_F(WaitableTest, AnEndOfInputIsRememberedAndReadable) {
  waitable_.ReadWouldBlock();
  Report({.readable = true, .input_ended = true});
  waitable_.InputDrained();
  EXPECT_TRUE(waitable_.readable()) << "the kernel will not say it again";
  Wait(Interest::kRead, 'r');
  EXPECT_EQ(fake_.seen, "r ok; ");
}

TEST_F(WaitableTest, AnEndOfInputCancelsNothing) {
  waitable_.WriteWouldBlock();
  Wait(Interest::kWrite, 'w');
  Report({.readable = true, .input_ended = true});
  EXPECT_EQ(fake_.seen, "");
  EXPECT_EQ(fake_.scope.reason(), std::nullopt);
}

TEST_F(WaitableTest, AHangupOfAConnectionEndsAllThatIsDoneForIt) {
  CancelScope request(&fake_.scope);
  fake_.Spawn(WaitInScope(fake_, request));
  waitable_.ReadWouldBlock();
  Wait(Interest::kRead, 'r');
  Report({.readable = true, .hangup = true});
  EXPECT_EQ(fake_.seen, "r closed; handler closed; ");
}

class PrivateWaitableTest : public WaitableTest {
 protected:
  PrivateWaitableTest() : WaitableTest(Waitable::Kind::kPrivate) {}
};

TEST_F(PrivateWaitableTest, AHangupOfAnythingElseMakesBothDirectionsReady) {
  waitable_.ReadWouldBlock();
  waitable_.WriteWouldBlock();
  Wait(Interest::kRead, 'r');
  Wait(Interest::kWrite, 'w');
  Report({.hangup = true});
  EXPECT_EQ(fake_.seen, "r ok; w ok; ");
  EXPECT_EQ(fake_.scope.reason(), std::nullopt);
  waitable_.InputDrained();
  EXPECT_TRUE(waitable_.readable());
}

TEST_F(WaitableTest, ReadinessThatComesBeforeTheDeadlineInOneTurnWins) {
  Timer timer;
  timer.Start(fake_.loop.TimerClassFor(Milliseconds(100)));
  waitable_.ReadWouldBlock();
  Wait(Interest::kRead, 'r', &timer);
  fake_.time.Advance(Milliseconds(100));
  Report({.readable = true});
  EXPECT_EQ(fake_.seen, "r ok; ");
  EXPECT_TRUE(timer.expired());
  waitable_.InputDrained();
  Wait(Interest::kRead, 's', &timer);
  EXPECT_EQ(fake_.seen, "r ok; s deadline; ");
}

TEST_F(WaitableTest, ADeadlineThatPassedBeforeReadinessWins) {
  Timer timer;
  timer.Start(fake_.loop.TimerClassFor(Milliseconds(100)));
  waitable_.ReadWouldBlock();
  Wait(Interest::kRead, 'r', &timer);
  fake_.Advance(Milliseconds(100));
  Report({.readable = true});
  EXPECT_EQ(fake_.seen, "r deadline; ");
}

TEST_F(WaitableTest, WhatIsReadyIsReadyWhateverTheTimerSays) {
  Timer timer;
  timer.Start(fake_.loop.TimerClassFor(Milliseconds(100)));
  fake_.Advance(Milliseconds(100));
  Wait(Interest::kRead, 'r', &timer);
  EXPECT_EQ(fake_.seen, "r ok; ");
}

TEST_F(WaitableTest, AWaitThatEndedLeavesItsTimerAlone) {
  Timer timer;
  timer.Start(fake_.loop.TimerClassFor(Milliseconds(100)));
  waitable_.ReadWouldBlock();
  Wait(Interest::kRead, 'r', &timer);
  Report({.readable = true});
  fake_.Advance(Milliseconds(100));
  EXPECT_EQ(fake_.seen, "r ok; ");
  EXPECT_TRUE(timer.expired());
}

TEST(WaitableLifeTest, AnEventForTheDescriptorsFormerOwnerReachesNobody) {
  FakeLoop fake;
  CancelScope former_scope(nullptr);
  std::optional<Waitable> former(std::in_place, fake.loop, former_scope, kFd, Waitable::Kind::kConnection);
  ASSERT_TRUE(former->Register());
  fake.poller->Report(kFd, {.readable = true, .hangup = true});  // with the former owner's token
  former.reset();
  Waitable successor(fake.loop, fake.scope, kFd, Waitable::Kind::kConnection);
  ASSERT_TRUE(successor.Register());
  successor.ReadWouldBlock();
  fake.Turn();
  EXPECT_FALSE(successor.readable());
  EXPECT_EQ(fake.scope.reason(), std::nullopt);
  EXPECT_EQ(former_scope.reason(), std::nullopt);
}

TEST(WaitableLifeTest, AnEventForAnUnknownDescriptorReachesNobody) {
  FakeLoop fake;
  {
    Waitable gone(fake.loop, fake.scope, kFd, Waitable::Kind::kPrivate);
    ASSERT_TRUE(gone.Register());
    fake.poller->ReportReadable(kFd);
  }
  fake.Turn();
  EXPECT_EQ(fake.scope.reason(), std::nullopt);
}

Task<void> OwnWaitable(FakeLoop& fake, int fd, std::optional<Waitable>& other) {
  Waitable mine(fake.loop, fake.scope, fd, Waitable::Kind::kPrivate);
  const Result<void> registered = mine.Register();
  mine.ReadWouldBlock();
  const Result<void> readable = co_await fake.loop.Wait(mine, Interest::kRead);
  fake.seen += registered && readable ? 'r' : '!';
  other.reset();
}

TEST(WaitableLifeTest, ATaskMayEndAnotherDescriptorWhoseEventCameInTheSameTurn) {
  FakeLoop fake;
  std::optional<Waitable> other(std::in_place, fake.loop, fake.scope, kFd + 1, Waitable::Kind::kPrivate);
  ASSERT_TRUE(other->Register());
  fake.Spawn(OwnWaitable(fake, kFd, other));
  fake.Turn();
  fake.poller->ReportReadable(kFd);
  fake.poller->ReportReadable(kFd + 1);
  fake.Turn();
  fake.Turn();
  EXPECT_EQ(fake.seen, "r");
}

TEST(WaitableLifeTest, AWaitableThatWasNeverRegisteredMayGo) {
  FakeLoop fake;
  const Waitable waitable(fake.loop, fake.scope, kFd, Waitable::Kind::kPrivate);
  EXPECT_EQ(waitable.fd(), kFd);
}

// ---- signals --------------------------------------------------------------------------------------------------------

TEST(SignalTest, ANotificationBeforeTheWaitIsKeptOnce) {
  FakeLoop fake;
  Signal wake(fake.loop, fake.scope);
  wake.Notify();
  wake.Notify();
  fake.Spawn(Woken(fake, wake));
  fake.Turn();
  EXPECT_EQ(fake.seen, "w");
  fake.Spawn(Woken(fake, wake));
  fake.Turn();
  EXPECT_EQ(fake.seen, "w");
  wake.Notify();
  fake.Turn();
  EXPECT_EQ(fake.seen, "ww");
}

TEST(SignalTest, ClearForgets) {
  FakeLoop fake;
  Signal wake(fake.loop, fake.scope);
  wake.Notify();
  wake.Clear();
  fake.Spawn(Woken(fake, wake));
  fake.Turn();
  EXPECT_EQ(fake.seen, "");
  fake.scope.Cancel(ErrorCode::kCancelled);
  fake.Turn();
  EXPECT_EQ(fake.seen, "!");
}

TEST(SignalDeathTest, OnlyOneMayWait) {
  EXPECT_DEATH(
      {
        FakeLoop fake;
        Signal wake(fake.loop, fake.scope);
        fake.Spawn(Woken(fake, wake));
        fake.Spawn(Woken(fake, wake));
        fake.Turn();
      },
      "slot_ == nullptr");
}

// ---- memory ---------------------------------------------------------------------------------------------------------

Task<Result<void>> Nested(FakeLoop& fake, Waitable& waitable, Timer& timer) {
  timer.Start(fake.loop.TimerClassFor(Milliseconds(100)));
  const Result<void> readable = co_await fake.loop.Wait(waitable, Interest::kRead, &timer);
  waitable.InputDrained();
  co_return readable;
}
Task<void> Serve(FakeLoop& fake, Waitable& waitable, int& served) {
  Timer timer;
  waitable.ReadWouldBlock();
  while (true) {
    const Result<void> readable = co_await Nested(fake, waitable, timer);
    if (!readable) break;
    co_await fake.loop.SendPhase();
    co_await fake.loop.Yield();
    ++served;
  }
}

TEST(EventLoopTest, WaitingAndResumingTakesNothingFromTheHeap) {
  if (!kHeapCounted) GTEST_SKIP() << "the sanitizers have their own heap";
  FakeLoop fake;
  Waitable waitable(fake.loop, fake.scope, kFd, Waitable::Kind::kConnection);
  ASSERT_TRUE(waitable.Register());
  int served = 0;
  fake.Spawn(Serve(fake, waitable, served));
  fake.Turn();
  size_t before = 0;
  for (int i = 0; i < 100; ++i) {
    if (i == 50) before = AllocationCount();
    fake.poller->ReportReadable(kFd);
    fake.Turns(3);
  }
  EXPECT_EQ(served, 100);
  EXPECT_LE(AllocationCount() - before, 2U) << "50 rounds; the fake poller's own queue takes a block now and then";
  fake.scope.Cancel(ErrorCode::kCancelled);
  fake.Turn();
}

}  // namespace
}  // namespace brilliant::event
