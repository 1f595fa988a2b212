#include "event/task_group.h"

#include <utility>

namespace brilliant::event {

void TaskGroup::Start(Task<Result<void>> child) {
  ++running_;
  loop_.Spawn(RunChild(std::move(child)), children_);
}

Task<void> TaskGroup::RunChild(Task<Result<void>> child) {
  Result<void> result;
  {
    // The child's frame goes with its arguments: they may belong to the group's scope, which the parent may now end.
    Task<Result<void>> running = std::move(child);
    result = co_await std::move(running);
  }
  if (!result && first_error_) {
    first_error_ = result;
    scope_.Cancel(ErrorCode::kCancelled);
  }
  --running_;
  ended_.Notify();
}

Task<Result<void>> TaskGroup::Join() {
  while (running_ > 0) {
    const Result<void> ended = co_await ended_.Wait();
    CHECK(ended);
  }
  co_return first_error_;
}

}  // namespace brilliant::event
