// The one way a coroutine sleeps. A Waiter is the sleeping coroutine's entry in what can wake it: a WaitSource (a
// descriptor's direction, a signal) and perhaps a Timer. The first event wins: it takes the waiter out of everything
// and puts it on the loop's ready queue with its outcome; the loop alone resumes it, so nobody is ever re-entered.
// Waiters live in the awaiting coroutine's frame and are made by EventLoop and Signal only.
#ifndef BRILLIANT_EVENT_WAITER_H_
#define BRILLIANT_EVENT_WAITER_H_

#include <coroutine>
#include <optional>

#include "base/intrusive_list.h"
#include "base/result.h"
#include "event/timer.h"

namespace brilliant::event {

class CancelScope;
class EventLoop;

using ReadyQueue = IntrusiveList<Waiter>;

class Waiter : public ListNode<Waiter> {
 public:
  explicit Waiter(ReadyQueue& ready) : ready_(ready) {}
  ~Waiter() { Disarm(); }

  // Registers in `slot` (and `timer`, if any) until queued.
  void Arm(std::coroutine_handle<> handle, Waiter** slot, Timer* timer);
  // Ends the wait, successfully or with an error. Ignored if it has ended already.
  void Queue(std::optional<ErrorCode> error);
  // Called by the loop only.
  void Resume() { handle_.resume(); }

  [[nodiscard]] std::optional<ErrorCode> error() const { return error_; }
  // A coroutine sleeps or slept with it.
  [[nodiscard]] bool armed() const { return static_cast<bool>(handle_); }

 private:
  void Disarm();

  ReadyQueue& ready_;
  std::coroutine_handle<> handle_;
  Waiter** slot_ = nullptr;
  Timer* timer_ = nullptr;
  std::optional<ErrorCode> error_;
};

// Something that coroutines wait for inside a scope: at most one waiter in each of two directions. Pinned; destroyed
// only when nobody waits.
class WaitSource : public ListNode<WaitSource> {
 public:
  WaitSource(EventLoop& loop, CancelScope& scope);
  ~WaitSource();
  WaitSource(const WaitSource&) = delete;
  WaitSource& operator=(const WaitSource&) = delete;

  [[nodiscard]] CancelScope& scope() const { return scope_; }
  [[nodiscard]] EventLoop& loop() const { return loop_; }

 protected:
  friend class CancelScope;
  friend class WaitAwaiter;
  enum Direction : int { kInput = 0, kOutput = 1 };
  // False if nobody waits in that direction.
  bool Wake(Direction direction, std::optional<ErrorCode> error);

 private:
  EventLoop& loop_;
  CancelScope& scope_;
  Waiter* waiters_[2] = {nullptr, nullptr};
};

// Awaits one direction of a source. Not a coroutine: leaf waits cost no frame.
class WaitAwaiter {
 public:
  // `ready`: there is nothing to wait for.
  WaitAwaiter(WaitSource& source, int direction, Timer* timer, bool ready);

  [[nodiscard]] bool await_ready() const noexcept;
  void await_suspend(std::coroutine_handle<> handle);
  [[nodiscard]] Result<void> await_resume() const;

 private:
  WaitSource& source_;
  const int direction_;
  Timer* const timer_;
  const bool ready_;
  Waiter waiter_;
};

}  // namespace brilliant::event

#endif  // BRILLIANT_EVENT_WAITER_H_
