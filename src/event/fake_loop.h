// A loop for tests: its clock stands still, the test says what is ready, and offloaded work runs at once.
#ifndef BRILLIANT_EVENT_FAKE_LOOP_H_
#define BRILLIANT_EVENT_FAKE_LOOP_H_

#include <memory>
#include <string>

#include "base/clock.h"
#include "event/event_loop.h"
#include "event/fake_poller.h"

namespace brilliant::event {

struct FakeLoop {
  FakeLoop() : poller(new FakePoller), loop(std::unique_ptr<Poller>(poller), time, 0) {}

  void Spawn(Task<void> root) { loop.Spawn(std::move(root), tasks); }
  void Turn() { loop.Turn(false); }
  void Turns(int count) {
    for (int i = 0; i < count; ++i) Turn();
  }
  void Advance(std::chrono::nanoseconds by) {
    time.Advance(by);
    Turn();
  }

  FakeTimeSource time;
  FakePoller* poller;  // the loop owns it
  EventLoop loop;
  CancelScope scope{nullptr};
  TaskList tasks;
  std::string seen;  // what the test's tasks write down
};

// How a wait ended: "ok", "deadline", "cancelled", "closed" or "failed".
inline std::string Outcome(const Result<void>& result) {
  if (result) return "ok";
  if (result.error().code == ErrorCode::kDeadline) return "deadline";
  if (result.error().code == ErrorCode::kCancelled) return "cancelled";
  return result.error().code == ErrorCode::kClosed ? "closed" : "failed";
}

}  // namespace brilliant::event

#endif  // BRILLIANT_EVENT_FAKE_LOOP_H_
