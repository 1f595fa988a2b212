#include "event/task_group.h"

#include <utility>

namespace brilliant::event {

void TaskGroup::Start(Task<Result<void>> child) {
  ++running_;
  loop_.Spawn(RunChild(std::move(child)), children_);
}

Task<void> TaskGroup::RunChild(Task<Result<void>> child) {
  Result<void> result = co_await std::move(child);
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
