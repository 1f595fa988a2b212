// Time-outs without a heap: all timers of one duration stand in one FIFO, because whoever starts later ends later.
// Starting and stopping are O(1) and allocate nothing. A timer expires once, stays expired until started again, and
// wakes the coroutine that waits with it (EventLoop::Wait). Timers live in the frames or objects whose phase they
// bound.
#ifndef BRILLIANT_EVENT_TIMER_H_
#define BRILLIANT_EVENT_TIMER_H_

#include <deque>
#include <optional>

#include "base/clock.h"
#include "base/intrusive_list.h"

namespace brilliant::event {

class TimerClass;
class Waiter;

class Timer : public ListNode<Timer> {
 public:
  // (Re)starts it: it expires one duration of `timer_class` after the loop's current time.
  void Start(TimerClass& timer_class);
  void Stop() {
    Unlink();
    expired_ = false;
  }
  [[nodiscard]] bool running() const { return linked(); }
  [[nodiscard]] bool expired() const { return expired_; }

 private:
  friend class TimerQueue;
  friend class Waiter;
  MonotonicTime at_;
  Waiter* waiter_ = nullptr;
  bool expired_ = false;
};

// The FIFO of one duration. Lives as long as the loop.
class TimerClass {
 public:
  TimerClass(const MonotonicTime& now, Milliseconds duration) : now_(now), duration_(duration) {}
  [[nodiscard]] Milliseconds duration() const { return duration_; }

 private:
  friend class Timer;
  friend class TimerQueue;
  const MonotonicTime& now_;
  const Milliseconds duration_;
  IntrusiveList<Timer> timers_;
};

// All classes of one loop.
class TimerQueue {
 public:
  // `now` is the loop's time, read once per turn; it must outlive the queue.
  explicit TimerQueue(const MonotonicTime& now) : now_(now) {}

  // The class of that duration; made on first use. Durations come from the configuration, so there are few: call it at
  // set-up, not per request.
  [[nodiscard]] TimerClass& ClassFor(Milliseconds duration);
  // When the next timer expires.
  [[nodiscard]] std::optional<MonotonicTime> Next() const;
  // Takes the timers that expire now out of their FIFOs and queues those who wait with them.
  void Expire();

 private:
  const MonotonicTime& now_;
  std::deque<TimerClass> classes_;
};

}  // namespace brilliant::event

#endif  // BRILLIANT_EVENT_TIMER_H_
