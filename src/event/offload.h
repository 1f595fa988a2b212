// Offload: awaits a blocking call on the pool. The call is a function object that owns all it uses:
//   auto call = [path = std::move(path)] { return StatFile(path); };
//   Result<FileStatus> status = co_await Offload(loop, scope, std::move(call));
// (The lambda stands in a statement of its own: CONTRIBUTING.md, "Coroutines".)
#ifndef BRILLIANT_EVENT_OFFLOAD_H_
#define BRILLIANT_EVENT_OFFLOAD_H_

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "event/event_loop.h"

namespace brilliant::event {

template <typename Call>
class OffloadedCall final : public OffloadPool::Job {
 public:
  using Value = std::invoke_result_t<Call&>;

  OffloadedCall(Call call, Signal* done) : call_(std::move(call)), done_(done) {}
  void Run() override { value_.emplace(call_()); }
  void Deliver() override {
    if (done_ != nullptr) done_->Notify();
  }
  // Nobody waits any more.
  void Abandon() { done_ = nullptr; }
  Value TakeValue() { return std::move(*value_); }

 private:
  Call call_;
  Signal* done_;
  std::optional<Value> value_;
};

// `Call` returns a Result<T>, which is what the caller gets; kUnavailable if the pool's queue is full, or the reason
// why `scope` was cancelled: before, and the call is not made, or meanwhile, and it goes on alone and its result is
// dropped.
template <typename Call>
Task<std::invoke_result_t<Call&>> Offload(EventLoop& loop, CancelScope& scope, Call call) {
  if (scope.reason()) co_return Failure(*scope.reason(), "offload");
  Signal done(loop, scope);
  const auto job = std::make_shared<OffloadedCall<Call>>(std::move(call), &done);
  if (!loop.offload().TrySubmit(job)) co_return Failure(ErrorCode::kUnavailable, "offload queue");
  const Result<void> waited = co_await done.Wait();
  job->Abandon();
  if (!waited) co_return std::unexpected(waited.error());
  co_return job->TakeValue();
}

}  // namespace brilliant::event

#endif  // BRILLIANT_EVENT_OFFLOAD_H_
