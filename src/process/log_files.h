// The log files of one generation, opened by the supervisor (workers may not: they run as another user, later in a
// sandbox) and handed to the workers as descriptors.
#ifndef BRILLIANT_PROCESS_LOG_FILES_H_
#define BRILLIANT_PROCESS_LOG_FILES_H_

#include "base/unique_fd.h"
#include "config/config.h"
#include "process/explained.h"

namespace brilliant::process {

struct LogFiles {
  UniqueFd access;  // invalid: off
  UniqueFd error;   // invalid: standard error
};

// Opens what `config` names, for appending; files are created with mode 0644. Standard output is duplicated.
[[nodiscard]] Explained<LogFiles> OpenLogs(const config::Config& config);

}  // namespace brilliant::process

#endif  // BRILLIANT_PROCESS_LOG_FILES_H_
