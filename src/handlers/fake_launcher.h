// For tests of handlers: one launcher for those that run no programs, and one whose programs the test plays itself.
#ifndef BRILLIANT_HANDLERS_FAKE_LAUNCHER_H_
#define BRILLIANT_HANDLERS_FAKE_LAUNCHER_H_

#include <optional>
#include <utility>

#include "handlers/script_launcher.h"
#include "net/control_channel.h"
#include "net/pipe_end.h"

namespace brilliant::handlers {

class FakeLauncher final : public ScriptLauncher {
 public:
  event::Task<Result<ScriptEnds>> Launch(uint32_t /*rule*/, bool /*with_input*/,
                                         event::CancelScope& /*scope*/) override {
    co_return Failure(ErrorCode::kUnavailable, "no programs here");
  }
};

// The ends of a program and its keeper are the test's.
class PlayedLauncher final : public ScriptLauncher {
 public:
  event::Task<Result<ScriptEnds>> Launch(uint32_t /*rule*/, bool with_input, event::CancelScope& /*scope*/) override {
    if (failure) co_return std::unexpected(*failure);
    auto pair = *net::ControlChannel::MakePair();
    net::PipeEnds out = *net::MakePipe(net::PipeDirection::kToUs);
    net::PipeEnds err = *net::MakePipe(net::PipeDirection::kToUs);
    net::PipeEnds in;
    if (with_input) in = *net::MakePipe(net::PipeDirection::kFromUs);
    lifeline = std::move(pair.second);
    output = std::move(out.theirs);
    errors = std::move(err.theirs);
    input = std::move(in.theirs);
    co_return ScriptEnds{.lifeline = std::move(pair.first),
                         .output = std::move(out.ours),
                         .errors = std::move(err.ours),
                         .input = std::move(in.ours)};
  }

  void TakeBack(uint32_t /*rule*/, UniqueFd back, MonotonicTime since) override {
    taken_back = std::move(back);
    free_since = since;
  }

  UniqueFd taken_back;
  MonotonicTime free_since;
  std::optional<Error> failure;  // instead
  UniqueFd lifeline;
  UniqueFd output;
  UniqueFd errors;
  UniqueFd input;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_FAKE_LAUNCHER_H_
