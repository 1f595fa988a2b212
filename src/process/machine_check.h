// Asks, before the workers do, whether the machine has what the configuration names, as the user the workers will be:
// in a throw-away child process that becomes that user.
#ifndef BRILLIANT_PROCESS_MACHINE_CHECK_H_
#define BRILLIANT_PROCESS_MACHINE_CHECK_H_

#include <optional>
#include <string>

#include "base/clock.h"
#include "config/config.h"
#include "process/privileges.h"

namespace brilliant::process {

inline constexpr Milliseconds kMachineCheckTimeout{10'000};  // a dead network file system

struct MachineFindings {
  int count = 0;         // of diagnostics
  std::string rendered;  // ready to be printed
};

// `as_errors`: they are worded as errors instead of warnings.
[[nodiscard]] MachineFindings CheckMachineAs(const config::Config& config, const std::optional<Identity>& identity,
                                             bool as_errors);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_MACHINE_CHECK_H_
