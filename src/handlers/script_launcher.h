// How a handler gets a program run: implemented by server/, which knows the spawner. One per worker; used on the loop.
#ifndef BRILLIANT_HANDLERS_SCRIPT_LAUNCHER_H_
#define BRILLIANT_HANDLERS_SCRIPT_LAUNCHER_H_

#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "event/cancel_scope.h"
#include "event/task.h"

namespace brilliant::handlers {

// Our ends of what connects us to a program; non-blocking.
struct ScriptEnds {
  // The order goes in (cgi/spawn_protocol.h), reports come out. Closing it ends the program and all it has started.
  UniqueFd lifeline;
  UniqueFd output;
  UniqueFd errors;
  UniqueFd input;  // invalid: the program has an empty input
  uint32_t rule = 0;
};

class ScriptLauncher {
 public:
  virtual ~ScriptLauncher() = default;
  // Asks for a keeper for a program of that rule (config::CgiRules). kUnavailable: there is no spawner, and none came
  // within a moment, or no descriptors; kDeadline; the reason why `scope` was cancelled.
  virtual event::Task<Result<ScriptEnds>> Launch(uint32_t rule, bool with_input, event::CancelScope& scope) = 0;

  // The lifeline of a program of that rule, of which nothing is left, and whose keeper has said then that it is free
  // (kFree).
  virtual void TakeBack(uint32_t /*rule*/, UniqueFd /*lifeline*/, MonotonicTime /*free_since*/) {}

  // How many programs this worker has at the moment; whoever holds the ends of one counts it.
  [[nodiscard]] size_t programs() const { return programs_; }
  void CountProgram() { ++programs_; }
  void UncountProgram() { --programs_; }

 private:
  size_t programs_ = 0;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_SCRIPT_LAUNCHER_H_
