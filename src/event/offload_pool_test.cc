#include "event/offload_pool.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "event/fake_loop.h"
#include "event/offload.h"

namespace brilliant::event {
namespace {

// Remembers which thread destroyed it: stands for a descriptor that a job owns.
class Probe {
 public:
  explicit Probe(std::atomic<std::thread::id>& destroyed_by) : destroyed_by_(&destroyed_by) {}
  Probe(Probe&& other) noexcept : destroyed_by_(std::exchange(other.destroyed_by_, nullptr)) {}
  Probe& operator=(Probe&&) = delete;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  ~Probe() {
    if (destroyed_by_ != nullptr) *destroyed_by_ = std::this_thread::get_id();
  }

 private:
  std::atomic<std::thread::id>* destroyed_by_;
};

// A loop with the real poller and threads.
struct RealLoop {
  explicit RealLoop(int threads) : loop(*MakePoller(), time, threads) {}
  void TurnUntil(const std::function<bool()>& done) {
    while (!done()) loop.Turn(true);
  }

  SystemTimeSource time;
  EventLoop loop;
  CancelScope scope{nullptr};
  TaskList tasks;
};

// ---- without threads ------------------------------------------------------------------------------------------------

Task<void> Add(FakeLoop& fake, int a, int b) {
  auto call = [a, b]() -> Result<int> { return a + b; };
  const Result<int> sum = co_await Offload(fake.loop, fake.scope, std::move(call));
  fake.seen += sum ? std::to_string(*sum) : "failed";
}
Task<void> Fail(FakeLoop& fake) {
  auto call = []() -> Result<int> { return Failure(ErrorCode::kNotFound, "call"); };
  const Result<int> result = co_await Offload(fake.loop, fake.scope, std::move(call));
  fake.seen += result ? "worked" : result.error().context;
}

TEST(OffloadTest, TheCallsValueOrErrorIsTheCallers) {
  FakeLoop fake;
  fake.Spawn(Add(fake, 40, 2));
  fake.Turn();
  EXPECT_EQ(fake.seen, "") << "delivered by a later turn";
  fake.loop.Turn(true);
  EXPECT_EQ(fake.seen, "42");
  fake.Spawn(Fail(fake));
  fake.Turns(2);
  EXPECT_EQ(fake.seen, "42call");
}

Task<void> Touch(FakeLoop& fake, int& runs) {
  auto call = [&runs]() -> Result<void> {
    ++runs;
    return {};
  };
  const Result<void> result = co_await Offload(fake.loop, fake.scope, std::move(call));
  fake.seen += Outcome(result);
}

TEST(OffloadTest, ACancelledScopeSubmitsNothing) {
  FakeLoop fake;
  int runs = 0;
  fake.scope.Cancel(ErrorCode::kClosed);
  fake.Spawn(Touch(fake, runs));
  fake.Turns(2);
  EXPECT_EQ(fake.seen, "closed");
  EXPECT_EQ(runs, 0);
}

TEST(OffloadTest, CancellingEndsTheWaitAndTheResultIsDropped) {
  FakeLoop fake;
  int runs = 0;
  fake.Spawn(Touch(fake, runs));
  fake.Turn();
  fake.scope.Cancel(ErrorCode::kDeadline);
  fake.Turns(2);
  EXPECT_EQ(fake.seen, "deadline");
  EXPECT_EQ(runs, 1);
}

TEST(OffloadTest, PostedWorkRuns) {
  FakeLoop fake;
  int runs = 0;
  EXPECT_TRUE(fake.loop.offload().TryPost([&runs] { ++runs; }));
  EXPECT_EQ(runs, 1);
}

class Chained final : public OffloadPool::Job {
 public:
  Chained(OffloadPool& pool, int& left) : pool_(pool), left_(left) {}
  void Run() override { --left_; }
  void Deliver() override {
    if (left_ > 0) delivered_ = pool_.TrySubmit(std::make_shared<Chained>(pool_, left_));
  }

 private:
  OffloadPool& pool_;
  int& left_;
  bool delivered_ = false;
};

TEST(OffloadTest, AJobMaySubmitAnotherWhenItIsDelivered) {
  FakeLoop fake;
  int left = 3;
  EXPECT_TRUE(fake.loop.offload().TrySubmit(std::make_shared<Chained>(fake.loop.offload(), left)));
  EXPECT_EQ(left, 2);
  fake.Turn();
  EXPECT_EQ(left, 1);
  fake.Turns(2);
  EXPECT_EQ(left, 0);
}

// ---- with threads ---------------------------------------------------------------------------------------------------

Task<void> AskForThread(RealLoop& real, std::vector<std::thread::id>& threads) {
  auto call = []() -> Result<std::thread::id> { return std::this_thread::get_id(); };
  const Result<std::thread::id> thread = co_await Offload(real.loop, real.scope, std::move(call));
  if (thread) threads.push_back(*thread);
}

TEST(OffloadThreadsTest, CallsRunElsewhereAndTheirCallersGoOnOnTheLoop) {
  RealLoop real(3);
  std::vector<std::thread::id> threads;
  for (int i = 0; i < 200; ++i) real.loop.Spawn(AskForThread(real, threads), real.tasks);
  real.TurnUntil([&real] { return real.tasks.empty(); });
  ASSERT_EQ(threads.size(), 200U);
  for (const std::thread::id thread : threads) EXPECT_NE(thread, std::this_thread::get_id());
}

Task<void> Blocked(RealLoop& real, Probe probe, std::latch& release, std::string& outcome) {
  auto call = [probe = std::move(probe), &release]() -> Result<void> {
    release.wait();
    return {};
  };
  const Result<void> result = co_await Offload(real.loop, real.scope, std::move(call));
  outcome = Outcome(result);
}

TEST(OffloadThreadsTest, AnAbandonedCallGoesOnAloneAndWhatItOwnsIsDestroyedOnTheLoop) {
  std::atomic<std::thread::id> destroyed_by;
  std::latch release(1);
  std::string outcome;
  RealLoop real(1);
  real.loop.Spawn(Blocked(real, Probe(destroyed_by), release, outcome), real.tasks);
  real.loop.Turn(false);
  real.scope.Cancel(ErrorCode::kClosed);
  real.TurnUntil([&outcome] { return !outcome.empty(); });
  EXPECT_EQ(outcome, "closed");
  EXPECT_EQ(destroyed_by.load(), std::thread::id()) << "the call still runs";
  release.count_down();
  real.TurnUntil([&destroyed_by] { return destroyed_by.load() != std::thread::id(); });
  EXPECT_EQ(destroyed_by.load(), std::this_thread::get_id());
}

Task<void> Refused(RealLoop& real, ErrorCode& code) {
  auto call = []() -> Result<void> { return {}; };
  const Result<void> result = co_await Offload(real.loop, real.scope, std::move(call));
  if (!result) code = result.error().code;
}

TEST(OffloadThreadsTest, BeyondItsLimitTheQueueRefuses) {
  RealLoop real(1);
  std::latch started(1);
  std::latch release(1);
  std::atomic<size_t> runs = 0;
  ASSERT_TRUE(real.loop.offload().TryPost([&started, &release] {
    started.count_down();
    release.wait();
  }));
  started.wait();
  for (size_t i = 0; i < kOffloadQueueMax; ++i) ASSERT_TRUE(real.loop.offload().TryPost([&runs] { ++runs; })) << i;
  EXPECT_FALSE(real.loop.offload().TryPost([&runs] { ++runs; }));
  ErrorCode code = ErrorCode::kSystem;
  real.loop.Spawn(Refused(real, code), real.tasks);
  real.loop.Turn(false);
  EXPECT_EQ(code, ErrorCode::kUnavailable);
  EXPECT_TRUE(real.tasks.empty());
  release.count_down();
  real.loop.offload().Stop();
  EXPECT_EQ(runs, kOffloadQueueMax) << "what was accepted runs before the threads end";
}

TEST(OffloadThreadsTest, AStoppedPoolRefuses) {
  RealLoop real(2);
  real.loop.offload().Stop();
  real.loop.offload().Stop();
  EXPECT_FALSE(real.loop.offload().TryPost([] {}));
}

TEST(OffloadThreadsTest, SignalsAreLeftToTheLoopsThread) {
  RealLoop real(1);
  sigset_t blocked;
  sigemptyset(&blocked);
  ASSERT_TRUE(real.loop.offload().TryPost([&blocked] { pthread_sigmask(SIG_SETMASK, nullptr, &blocked); }));
  real.loop.offload().Stop();
  for (const int number : {SIGTERM, SIGHUP, SIGINT, SIGPIPE, SIGCHLD, SIGXFSZ}) {
    EXPECT_EQ(sigismember(&blocked, number), 1) << number;
  }
  sigset_t here;
  pthread_sigmask(SIG_SETMASK, nullptr, &here);
  EXPECT_EQ(sigismember(&here, SIGTERM), 0);
}

TEST(OffloadThreadsTest, AJobThatEndsWakesALoopThatSleeps) {
  RealLoop real(1);
  std::latch release(1);
  std::atomic<std::thread::id> destroyed_by;
  std::string outcome;
  real.loop.Spawn(Blocked(real, Probe(destroyed_by), release, outcome), real.tasks);
  real.loop.Turn(false);
  std::thread releaser([&release] { release.count_down(); });
  real.TurnUntil([&outcome] { return !outcome.empty(); });  // has no timer: only the job can end its sleep
  EXPECT_EQ(outcome, "ok");
  releaser.join();
}

}  // namespace
}  // namespace brilliant::event
