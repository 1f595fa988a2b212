#include "process/scheduling.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include "base/platform.h"
#include "base/unique_fd.h"

namespace brilliant::process {

void SetProgramsApart(int nice) {
  setsid();
  if (nice == 0) return;
  setpriority(PRIO_PROCESS, 0, nice);  // among the processes of one session, or where sessions don't count
#if BRILLIANT_LINUX
  const UniqueFd group(open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC));
  const std::string text = fmt::format("{}", nice);
  if (group.valid()) [[maybe_unused]]
    const ssize_t written = write(group.get(), text.data(), text.size());
#endif
}

}  // namespace brilliant::process
