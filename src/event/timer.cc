#include "event/timer.h"

#include <algorithm>

#include "event/waiter.h"

namespace brilliant::event {

void Timer::Start(TimerClass& timer_class) {
  expired_ = false;
  at_ = timer_class.now_ + timer_class.duration_;
  timer_class.timers_.PushBack(*this);
}

TimerClass& TimerQueue::ClassFor(Milliseconds duration) {
  for (TimerClass& timer_class : classes_) {
    if (timer_class.duration_ == duration) return timer_class;
  }
  return classes_.emplace_back(now_, duration);
}

std::optional<MonotonicTime> TimerQueue::Next() const {
  std::optional<MonotonicTime> next;
  for (const TimerClass& timer_class : classes_) {
    const Timer* first = timer_class.timers_.front();
    if (first != nullptr) next = next ? std::min(*next, first->at_) : first->at_;
  }
  return next;
}

void TimerQueue::Expire() {
  for (TimerClass& timer_class : classes_) {
    for (Timer* first = timer_class.timers_.front(); first != nullptr && first->at_ <= now_;
         first = timer_class.timers_.front()) {
      first->Unlink();
      first->expired_ = true;
      if (first->waiter_ != nullptr) first->waiter_->Queue(ErrorCode::kDeadline);
    }
  }
}

}  // namespace brilliant::event
