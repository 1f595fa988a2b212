#include "event/timer.h"

#include <gtest/gtest.h>

#include <string>

#include "event/fake_loop.h"

namespace brilliant::event {
namespace {

constexpr Milliseconds kShort{100};
constexpr Milliseconds kLong{1000};

Task<void> Sleep(FakeLoop& fake, TimerClass& timer_class, char name) {
  Signal never(fake.loop, fake.scope);
  Timer timer;
  timer.Start(timer_class);
  const Result<void> slept = co_await never.Wait(&timer);
  fake.seen += name;
  fake.seen += slept ? '!' : slept.error().code == ErrorCode::kDeadline ? ' ' : '?';
}

TEST(TimerTest, ATimerExpiresAfterItsDurationAndNotBefore) {
  FakeLoop fake;
  fake.Spawn(Sleep(fake, fake.loop.TimerClassFor(kShort), 'a'));
  fake.Turn();
  fake.Advance(kShort - std::chrono::nanoseconds(1));
  EXPECT_EQ(fake.seen, "");
  fake.Advance(std::chrono::nanoseconds(1));
  EXPECT_EQ(fake.seen, "a ");
}

TEST(TimerTest, TimersOfOneClassExpireInTheOrderTheyStarted) {
  FakeLoop fake;
  TimerClass& timer_class = fake.loop.TimerClassFor(kShort);
  for (const char name : {'a', 'b', 'c'}) fake.Spawn(Sleep(fake, timer_class, name));
  fake.Turn();
  fake.Advance(Milliseconds(10));
  fake.Spawn(Sleep(fake, timer_class, 'd'));
  fake.Turn();
  fake.Advance(Milliseconds(90));
  EXPECT_EQ(fake.seen, "a b c ");
  fake.Advance(Milliseconds(10));
  EXPECT_EQ(fake.seen, "a b c d ");
}

TEST(TimerTest, ClassesDoNotDelayEachOther) {
  FakeLoop fake;
  fake.Spawn(Sleep(fake, fake.loop.TimerClassFor(kLong), 'l'));
  fake.Spawn(Sleep(fake, fake.loop.TimerClassFor(kShort), 's'));
  fake.Turn();
  fake.Advance(kShort);
  EXPECT_EQ(fake.seen, "s ");
  fake.Advance(kLong);
  EXPECT_EQ(fake.seen, "s l ");
}

TEST(TimerTest, ThereIsOneClassADuration) {
  FakeLoop fake;
  EXPECT_EQ(&fake.loop.TimerClassFor(kShort), &fake.loop.TimerClassFor(kShort));
  EXPECT_NE(&fake.loop.TimerClassFor(kShort), &fake.loop.TimerClassFor(kLong));
  EXPECT_EQ(fake.loop.TimerClassFor(kLong).duration(), kLong);
}

TEST(TimerTest, ATimerStaysExpiredUntilItIsStartedOrStopped) {
  FakeLoop fake;
  TimerClass& timer_class = fake.loop.TimerClassFor(kShort);
  Timer timer;
  EXPECT_FALSE(timer.running() || timer.expired());
  timer.Start(timer_class);
  EXPECT_TRUE(timer.running());
  fake.Advance(kShort);
  EXPECT_TRUE(timer.expired());
  EXPECT_FALSE(timer.running());
  fake.Advance(kShort);
  EXPECT_TRUE(timer.expired());
  timer.Start(timer_class);
  EXPECT_TRUE(timer.running());
  EXPECT_FALSE(timer.expired());
  timer.Stop();
  fake.Advance(kShort);
  EXPECT_FALSE(timer.running() || timer.expired());
}

TEST(TimerTest, RestartingPutsATimerBehindTheOthers) {
  FakeLoop fake;
  TimerClass& timer_class = fake.loop.TimerClassFor(kShort);
  Timer first;
  Timer second;
  first.Start(timer_class);
  second.Start(timer_class);
  fake.Advance(Milliseconds(50));
  first.Start(timer_class);
  fake.Advance(Milliseconds(50));
  EXPECT_FALSE(first.expired());
  EXPECT_TRUE(second.expired());
  fake.Advance(Milliseconds(50));
  EXPECT_TRUE(first.expired());
}

TEST(TimerTest, ATimerMayChangeItsClassWhileItRuns) {
  FakeLoop fake;
  Timer timer;
  timer.Start(fake.loop.TimerClassFor(kShort));
  timer.Start(fake.loop.TimerClassFor(kLong));
  fake.Advance(kShort);
  EXPECT_FALSE(timer.expired());
  fake.Advance(kLong);
  EXPECT_TRUE(timer.expired());
}

TEST(TimerTest, ATimerMayBeDestroyedWhileItRuns) {
  FakeLoop fake;
  {
    Timer timer;
    timer.Start(fake.loop.TimerClassFor(kShort));
  }
  fake.Advance(kShort);
  fake.loop.Turn(true);
  EXPECT_EQ(fake.poller->last_timeout(), std::nullopt);
}

Task<void> WaitTwice(FakeLoop& fake, Signal& wake, Timer& timer) {
  for (int i = 0; i < 3; ++i) {
    const Result<void> waited = co_await wake.Wait(&timer);
    fake.seen += Outcome(waited) + " ";
  }
}

TEST(TimerTest, OneTimerBoundsSeveralWaits) {
  FakeLoop fake;
  Signal wake(fake.loop, fake.scope);
  Timer timer;
  timer.Start(fake.loop.TimerClassFor(kShort));
  fake.Spawn(WaitTwice(fake, wake, timer));
  fake.Turn();
  fake.Advance(Milliseconds(60));
  wake.Notify();
  fake.Turn();
  EXPECT_EQ(fake.seen, "ok ");
  fake.Advance(Milliseconds(40));
  // The third wait begins after it has expired and ends at once.
  EXPECT_EQ(fake.seen, "ok deadline deadline ");
}

TEST(TimerTest, RestartingATimerDuringAWaitProlongsIt) {
  FakeLoop fake;
  Signal wake(fake.loop, fake.scope);
  Timer timer;
  timer.Start(fake.loop.TimerClassFor(kShort));
  fake.Spawn(WaitTwice(fake, wake, timer));
  fake.Turn();
  fake.Advance(Milliseconds(60));
  timer.Start(fake.loop.TimerClassFor(kShort));
  fake.Advance(Milliseconds(60));
  EXPECT_EQ(fake.seen, "");
  fake.Advance(Milliseconds(40));
  EXPECT_EQ(fake.seen, "deadline deadline deadline ");
}

TEST(TimerTest, AWaitWithAStoppedTimerHasNoLimit) {
  FakeLoop fake;
  Signal wake(fake.loop, fake.scope);
  Timer timer;
  fake.Spawn(WaitTwice(fake, wake, timer));
  fake.Turn();
  fake.Advance(std::chrono::hours(24));
  EXPECT_EQ(fake.seen, "");
  fake.scope.Cancel(ErrorCode::kCancelled);
  fake.Turn();
  EXPECT_EQ(fake.seen, "cancelled cancelled cancelled ");
}

TEST(TimerTest, ThePollWaitsForTheNextTimerRoundedUpToAMillisecond) {
  FakeLoop fake;
  const auto poll_timeout = [&fake] {
    fake.loop.Turn(true);
    return fake.poller->last_timeout();
  };
  EXPECT_EQ(poll_timeout(), std::nullopt);
  Timer later;
  Timer sooner;
  later.Start(fake.loop.TimerClassFor(kLong));
  EXPECT_EQ(poll_timeout(), kLong);
  sooner.Start(fake.loop.TimerClassFor(kShort));
  EXPECT_EQ(poll_timeout(), kShort);
  fake.Advance(std::chrono::nanoseconds(1));
  EXPECT_EQ(poll_timeout(), kShort) << "99.999999 ms left";
  fake.Advance(Milliseconds(99));
  EXPECT_EQ(poll_timeout(), Milliseconds(1)) << "0.999999 ms left";
  fake.Advance(Milliseconds(1));
  EXPECT_TRUE(sooner.expired());
  EXPECT_EQ(poll_timeout(), Milliseconds(900)) << "899.999999 ms left";
}

}  // namespace
}  // namespace brilliant::event
