#include "event/event_loop.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace brilliant::event {
namespace {

constexpr uint64_t Token(int fd, uint32_t generation) {
  return (static_cast<uint64_t>(generation) << 32) | static_cast<uint32_t>(fd);
}

}  // namespace

std::coroutine_handle<> PromiseBase::Finish() noexcept {
  if (parent_) return parent_;
  CHECK(root_ != nullptr);
  root_->Finished();
  return std::noop_coroutine();
}

RootTask::RootTask(EventLoop& loop, Task<void>::Handle handle)
    : loop_(loop), handle_(handle), start_(loop.ready_queue()) {
  handle_.promise().set_root(this);
  start_.Arm(handle_, nullptr, nullptr);
  start_.Queue(std::nullopt);
}

void RootTask::Finished() { loop_.graveyard_.PushBack(*this); }

EventLoop::EventLoop(std::unique_ptr<Poller> poller, const TimeSource& time, int offload_threads)
    : poller_(std::move(poller)),
      time_(time),
      timers_(now_),
      events_(kEventsPerTurnMax),
      offload_(offload_threads, *poller_) {
  ReadClocks();
}

EventLoop::~EventLoop() {
  // Jobs that nobody waits for any more are destroyed before the registrations they may hold.
  offload_.Stop();
  Bury();
}

void EventLoop::Run() {
  while (!stopping_) Turn(true);
}

void EventLoop::Turn(bool may_block) {
  ++turns_;
  ready_.Splice(yielded_);
  PollOnce(may_block);
  timers_.Expire();
  offload_.DeliverCompleted();
  size_t budget = kResumesPerTurnMax;
  while (budget > 0 && !ready_.empty()) budget -= Resume(ready_, budget);
  // What the senders make ready belongs to the next turn: a client that reads fast cannot hold the loop here.
  ReadyQueue senders;
  senders.Splice(sending_);
  Resume(senders, kResumesPerTurnMax);
  // Those who had no turn come before those who want another.
  senders.Splice(sending_);
  sending_.Splice(senders);
  Bury();
}

void EventLoop::Spawn(Task<void> root, TaskList& owner) { owner.PushBack(*new RootTask(*this, root.Release())); }

WaitAwaiter EventLoop::Wait(Waitable& source, Interest interest, Timer* timer) {
  const bool ready = interest == Interest::kRead ? source.readable() : source.writable();
  return {source, static_cast<int>(interest), timer, ready};
}

Result<void> EventLoop::Register(Waitable& waitable, Watch watch) {
  const auto index = static_cast<size_t>(waitable.fd());
  if (index >= registrations_.size()) registrations_.resize(std::max(index + 1, registrations_.size() * 2));
  Registration& registration = registrations_[index];
  CHECK(registration.waitable == nullptr);
  ++registration.generation;
  RETURN_IF_ERROR(poller_->Add(waitable.fd(), Token(waitable.fd(), registration.generation), watch));
  registration.waitable = &waitable;
  return {};
}

void EventLoop::Change(const Waitable& waitable, Watch watch) {
  const Registration& registration = registrations_[static_cast<size_t>(waitable.fd())];
  poller_->Change(waitable.fd(), Token(waitable.fd(), registration.generation), watch);
}

void EventLoop::Forget(Waitable& waitable) {
  registrations_[static_cast<size_t>(waitable.fd())].waitable = nullptr;
  poller_->Remove(waitable.fd(), waitable.kind_ != Waitable::Kind::kShared && !waitable.stays_open_);
}

void EventLoop::ReadClocks() {
  now_ = time_.Monotonic();
  wall_ = time_.Wall();
}

void EventLoop::PollOnce(bool may_block) {
  std::optional<Milliseconds> timeout = Milliseconds(0);
  if (may_block && ready_.empty() && sending_.empty()) {
    const std::optional<MonotonicTime> next = timers_.Next();
    timeout.reset();
    // Rounded up: waking a fraction of a millisecond early would spin.
    if (next) timeout = std::max(Milliseconds(0), std::chrono::ceil<Milliseconds>(*next - now_));
  }
  const Result<size_t> count = poller_->Poll(events_, timeout);
  CHECK(count);  // only a programmer's error makes a poll fail
  ReadClocks();
  for (size_t i = 0; i < *count; ++i) Dispatch(events_[i]);
}

void EventLoop::Dispatch(const PollEvent& event) {
  const auto index = static_cast<size_t>(event.token & 0xffffffff);
  const auto generation = static_cast<uint32_t>(event.token >> 32);
  if (index >= registrations_.size()) return;
  const Registration& registration = registrations_[index];
  if (registration.waitable == nullptr || registration.generation != generation) return;
  registration.waitable->Apply(event);
}

size_t EventLoop::Resume(ReadyQueue& queue, size_t count_max) {
  size_t count = 0;
  while (count < count_max) {
    Waiter* waiter = queue.PopFront();
    if (waiter == nullptr) break;
    waiter->Resume();
    ++count;
  }
  return count;
}

void EventLoop::Bury() {
  while (RootTask* root = graveyard_.PopFront()) delete root;
}

Waitable::Waitable(EventLoop& loop, CancelScope& scope, int fd, Kind kind)
    : WaitSource(loop, scope), fd_(fd), kind_(kind) {}

Waitable::~Waitable() {
  if (registered_) loop().Forget(*this);
}

Result<void> Waitable::Register(Watch watch) {
  RETURN_IF_ERROR(loop().Register(*this, watch));
  registered_ = true;
  return {};
}

void Waitable::Mute() {
  loop().Change(*this, Watch::kOutput);
  muted_ = true;
}

void Waitable::Unmute() {
  loop().Change(*this, Watch::kBoth);
  muted_ = false;
}

void Waitable::Apply(const PollEvent& event) {
  output_ended_ = output_ended_ || event.output_ended;
  input_ended_ = input_ended_ || event.input_ended || event.hangup;
  const bool gone = event.hangup || (input_ended_ && output_ended_);
  if (event.readable || input_ended_) {
    const bool was_readable = std::exchange(readable_, true);
    const bool is_heard = Wake(kInput, std::nullopt);
    if (was_readable && !is_heard && !muted_ && kind_ == Kind::kConnection) Mute();
  }
  if (event.writable || gone) {
    writable_ = true;
    Wake(kOutput, std::nullopt);
  }
  if (gone && kind_ == Kind::kConnection) scope().Cancel(ErrorCode::kClosed);
}

}  // namespace brilliant::event
