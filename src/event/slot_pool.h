// A bounded number of slots for work that must not go on in any number at once. Who finds none waits, in order. A slot
// is a value: it may be moved into a job for the offload pool, so that the work itself is counted, whether or not
// somebody still waits for it; it may outlive the pool, and is destroyed on the loop's thread.
#ifndef BRILLIANT_EVENT_SLOT_POOL_H_
#define BRILLIANT_EVENT_SLOT_POOL_H_

#include <cstddef>
#include <memory>
#include <utility>

#include "event/event_loop.h"

namespace brilliant::event {

class SlotPool {
  struct Waiter;
  struct State {
    size_t free = 0;
    IntrusiveList<Waiter> waiting;
  };

 public:
  class Slot {
   public:
    Slot(Slot&&) noexcept = default;
    Slot& operator=(Slot&&) = delete;
    ~Slot();

   private:
    friend class SlotPool;
    explicit Slot(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
  };

  // `loop` outlives the pool; nobody waits when it is destroyed.
  SlotPool(EventLoop& loop, size_t slots);

  // Waits for a slot; or the reason why `scope` was cancelled.
  [[nodiscard]] Task<Result<Slot>> Take(CancelScope& scope);

  [[nodiscard]] size_t free() const { return state_->free; }

 private:
  EventLoop& loop_;
  std::shared_ptr<State> state_;
};

}  // namespace brilliant::event

#endif  // BRILLIANT_EVENT_SLOT_POOL_H_
