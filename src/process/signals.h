// Signals as input of a poll() loop: the handler only notes the signal and makes a pipe readable. One object per
// process, owned by the supervisor.
#ifndef BRILLIANT_PROCESS_SIGNALS_H_
#define BRILLIANT_PROCESS_SIGNALS_H_

#include <span>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace brilliant::process {

class SignalPipe {
 public:
  // Catches `signals` from now on, for the rest of the process's life. In a child of a process that has one, it takes
  // the place of that.
  [[nodiscard]] static Result<SignalPipe> Open(std::span<const int> signals);

  // Readable when Take() would return something.
  [[nodiscard]] int fd() const { return reader_.get(); }
  // The signals that came since the last call, each once, in ascending order.
  [[nodiscard]] std::vector<int> Take();

 private:
  explicit SignalPipe(UniqueFd reader) : reader_(std::move(reader)) {}
  UniqueFd reader_;
};

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_SIGNALS_H_
