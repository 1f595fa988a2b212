#include "event/waiter.h"

#include "base/check.h"
#include "event/cancel_scope.h"
#include "event/event_loop.h"

namespace brilliant::event {

void Waiter::Arm(std::coroutine_handle<> handle, Waiter** slot, Timer* timer) {
  handle_ = handle;
  slot_ = slot;
  timer_ = timer;
  if (slot_ != nullptr) {
    CHECK(*slot_ == nullptr);  // one waiter a direction
    *slot_ = this;
  }
  if (timer_ != nullptr) {
    CHECK(timer_->waiter_ == nullptr);
    timer_->waiter_ = this;
  }
}

void Waiter::Queue(std::optional<ErrorCode> error) {
  if (linked()) return;
  Disarm();
  error_ = error;
  ready_.PushBack(*this);
}

void Waiter::Disarm() {
  if (slot_ != nullptr) *slot_ = nullptr;
  if (timer_ != nullptr) timer_->waiter_ = nullptr;
  slot_ = nullptr;
  timer_ = nullptr;
}

WaitSource::WaitSource(EventLoop& loop, CancelScope& scope) : loop_(loop), scope_(scope) {
  scope.sources_.PushBack(*this);
}

WaitSource::~WaitSource() { CHECK(waiters_[kInput] == nullptr && waiters_[kOutput] == nullptr); }

bool WaitSource::Wake(Direction direction, std::optional<ErrorCode> error) {
  if (waiters_[direction] == nullptr) return false;
  waiters_[direction]->Queue(error);
  return true;
}

WaitAwaiter::WaitAwaiter(WaitSource& source, int direction, Timer* timer, bool ready)
    : source_(source), direction_(direction), timer_(timer), ready_(ready), waiter_(source.loop().ready_queue()) {}

bool WaitAwaiter::await_ready() const noexcept {
  return ready_ || source_.scope().reason() || (timer_ != nullptr && timer_->expired());
}

void WaitAwaiter::await_suspend(std::coroutine_handle<> handle) {
  waiter_.Arm(handle, &source_.waiters_[direction_], timer_);
}

Result<void> WaitAwaiter::await_resume() const {
  // Cancelling wins over readiness: what is cancelled does no further work.
  if (const std::optional<ErrorCode> reason = source_.scope().reason()) return Failure(*reason, "wait");
  if (waiter_.error()) return Failure(*waiter_.error(), "wait");
  // Had it slept, a timer that expired first would have said so; one that expired since came too late.
  const bool slept = waiter_.armed();
  if (!ready_ && !slept && timer_ != nullptr && timer_->expired()) return Failure(ErrorCode::kDeadline, "wait");
  return {};
}

}  // namespace brilliant::event
