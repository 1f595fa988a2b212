// For tests of handlers that run no programs.
#ifndef BRILLIANT_HANDLERS_FAKE_LAUNCHER_H_
#define BRILLIANT_HANDLERS_FAKE_LAUNCHER_H_

#include "handlers/script_launcher.h"

namespace brilliant::handlers {

class FakeLauncher final : public ScriptLauncher {
 public:
  event::Task<Result<ScriptEnds>> Launch(uint32_t /*rule*/, bool /*with_input*/,
                                         event::CancelScope& /*scope*/) override {
    co_return Failure(ErrorCode::kUnavailable, "no programs here");
  }
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_FAKE_LAUNCHER_H_
