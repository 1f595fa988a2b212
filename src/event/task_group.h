// TaskGroup: child tasks that run beside their parent inside one scope, for true duplex work (request content in,
// answer out). The first child that fails cancels the others; the parent always joins before the group is destroyed.
#ifndef BRILLIANT_EVENT_TASK_GROUP_H_
#define BRILLIANT_EVENT_TASK_GROUP_H_

#include "base/check.h"
#include "event/event_loop.h"

namespace brilliant::event {

class TaskGroup {
 public:
  // Children wait in `scope()`, a child of `parent`.
  TaskGroup(EventLoop& loop, CancelScope& parent)
      : loop_(loop), scope_(&parent), join_scope_(nullptr), ended_(loop, join_scope_) {}
  ~TaskGroup() { CHECK(running_ == 0); }
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  [[nodiscard]] CancelScope& scope() { return scope_; }
  void Start(Task<Result<void>> child);
  // Waits for all children, also when the parent's scope is cancelled (they end soon then). The first error, if any.
  [[nodiscard]] Task<Result<void>> Join();

 private:
  Task<void> RunChild(Task<Result<void>> child);

  EventLoop& loop_;
  CancelScope scope_;
  CancelScope join_scope_;  // never cancelled: joining is what makes cancelling safe
  Signal ended_;
  TaskList children_;
  size_t running_ = 0;
  Result<void> first_error_;
};

}  // namespace brilliant::event

#endif  // BRILLIANT_EVENT_TASK_GROUP_H_
