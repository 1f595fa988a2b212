// The event loop of one worker: single-threaded, the only one that resumes coroutines. A turn is
//   1 poll    wait for the kernel, read the clocks once, mark what is ready, expire timers
//   2 work    resume everybody who is ready: they read, parse, answer into memory
//   3 send    resume those who wait for the turn's end to send (SendPhase): all reading comes before all sending, which
//             saves clients wake-ups and the server 10 to 15 % under load
//   4 bury    destroy the root tasks that ended
// Work that a turn's work makes ready runs in the same turn, within kResumesPerTurnMax; the rest, and who yielded, in
// the next.
//
// Created by the worker (or a test), which owns poller and time source.
#ifndef BRILLIANT_EVENT_EVENT_LOOP_H_
#define BRILLIANT_EVENT_EVENT_LOOP_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "event/cancel_scope.h"
#include "event/offload_pool.h"
#include "event/poller.h"
#include "event/task.h"
#include "event/timer.h"
#include "event/waitable.h"
#include "event/waiter.h"

namespace brilliant::event {

// Descriptors handled per turn: bounds how long the first one read waits for its answer to be sent.
inline constexpr size_t kEventsPerTurnMax = 128;
inline constexpr size_t kResumesPerTurnMax = 1024;

// A root task's entry in its TaskList. Made by EventLoop::Spawn.
class RootTask : public ListNode<RootTask> {
 public:
  static void* operator new(size_t size) { return AllocateFrame(size); }
  static void operator delete(void* memory, size_t size) { FreeFrame(memory, size); }

  RootTask(EventLoop& loop, Task<void>::Handle handle);
  ~RootTask() { handle_.destroy(); }

  // Called by the task's promise when the coroutine has run to its end.
  void Finished();

 private:
  friend class EventLoop;
  EventLoop& loop_;
  Task<void>::Handle handle_;
  Waiter start_;
};

// The root tasks of one kind that are alive (connections, acceptors). Empty before it is destroyed.
class TaskList : public IntrusiveList<RootTask> {};

class EventLoop {
 public:
  // `time` outlives the loop. `offload_threads` 0: offloaded work runs at once, on the loop (tests).
  EventLoop(std::unique_ptr<Poller> poller, const TimeSource& time, int offload_threads);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Turns until Stop(). Called once, by the worker.
  void Run();
  // One turn; `may_block` false: takes only what is ready now. For Run and for tests.
  void Turn(bool may_block);
  // Ends Run after the present turn. Called on the loop.
  void Stop() { stopping_ = true; }

  // Starts a root task at the next turn's work, or in this one if it is going on. The only way to start one.
  void Spawn(Task<void> root, TaskList& owner);

  // Result<void>: success, or kDeadline, or the reason its scope was cancelled. `timer` bounds a phase and may span
  // several waits; none: no limit.
  [[nodiscard]] WaitAwaiter Wait(Waitable& source, Interest interest, Timer* timer = nullptr);

  struct QueueAwaiter {
    explicit QueueAwaiter(ReadyQueue& ready) : queue(ready), waiter(ready) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      waiter.Arm(handle, nullptr, nullptr);
      queue.PushBack(waiter);
    }
    void await_resume() const noexcept {}
    ReadyQueue& queue;
    Waiter waiter;
  };
  // Lets everybody else run first: resumed in the next turn.
  [[nodiscard]] QueueAwaiter Yield() { return QueueAwaiter(yielded_); }
  // Resumed when the turn's work is done and sending begins.
  [[nodiscard]] QueueAwaiter SendPhase() { return QueueAwaiter(sending_); }

  // The time of this turn.
  [[nodiscard]] MonotonicTime now() const { return now_; }
  [[nodiscard]] WallTime wall() const { return wall_; }
  // For jobs of the offload pool, whose threads it serves as well.
  [[nodiscard]] const TimeSource& time_source() const { return time_; }
  [[nodiscard]] TimerClass& TimerClassFor(Milliseconds duration) { return timers_.ClassFor(duration); }
  [[nodiscard]] OffloadPool& offload() { return offload_; }
  [[nodiscard]] ReadyQueue& ready_queue() { return ready_; }
  [[nodiscard]] uint64_t turns() const { return turns_; }

 private:
  friend class Waitable;
  friend class RootTask;
  struct Registration {
    Waitable* waitable = nullptr;
    uint32_t generation = 0;
  };

  Result<void> Register(Waitable& waitable, Watch watch);
  void Change(const Waitable& waitable, Watch watch);
  void Forget(Waitable& waitable);
  void ReadClocks();
  void PollOnce(bool may_block);
  void Dispatch(const PollEvent& event);
  size_t Resume(ReadyQueue& queue, size_t count_max);
  void Bury();

  std::unique_ptr<Poller> poller_;
  const TimeSource& time_;
  MonotonicTime now_;
  WallTime wall_;
  TimerQueue timers_;
  ReadyQueue ready_;
  ReadyQueue yielded_;
  ReadyQueue sending_;
  IntrusiveList<RootTask> graveyard_;
  // By descriptor. Tokens carry a generation, so that an event for a descriptor's former owner reaches nobody.
  std::vector<Registration> registrations_;
  std::vector<PollEvent> events_;
  OffloadPool offload_;
  uint64_t turns_ = 0;
  bool stopping_ = false;
};

}  // namespace brilliant::event

#endif  // BRILLIANT_EVENT_EVENT_LOOP_H_
