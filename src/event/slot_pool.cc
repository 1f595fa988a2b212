#include "event/slot_pool.h"

namespace brilliant::event {

struct SlotPool::Waiter : ListNode<Waiter> {
  Waiter(EventLoop& loop, CancelScope& scope) : handed_over(loop, scope) {}
  Signal handed_over;
};

SlotPool::SlotPool(EventLoop& loop, size_t slots) : loop_(loop), state_(std::make_shared<State>()) {
  state_->free = slots;
}

SlotPool::Slot::~Slot() {
  if (state_ == nullptr) return;
  if (Waiter* next = state_->waiting.PopFront()) {
    next->handed_over.Notify();
  } else {
    ++state_->free;
  }
}

Task<Result<SlotPool::Slot>> SlotPool::Take(CancelScope& scope) {
  if (scope.reason()) co_return Failure(*scope.reason(), "slot");
  if (state_->free > 0) {
    --state_->free;
    co_return Slot(state_);
  }
  Waiter waiter(loop_, scope);
  state_->waiting.PushBack(waiter);
  const Result<void> waited = co_await waiter.handed_over.Wait();
  if (waited) co_return Slot(state_);
  // Cancelled; if the slot came all the same, before this went on, it goes to the next.
  if (!waiter.linked()) const Slot given_back(state_);
  co_return std::unexpected(waited.error());
}

}  // namespace brilliant::event
