#include "process/scheduling.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "base/platform.h"
#include "base/unique_fd.h"

#if BRILLIANT_LINUX
#include <sys/syscall.h>
#endif

namespace brilliant::process {
namespace {

#if BRILLIANT_LINUX
// sched_setattr(2), of which the C library has no declaration and the kernel's own clashes with the C library.
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes);
  uint32_t policy = 0;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime_ns = 0;
  uint64_t deadline_ns = 0;
  uint64_t period_ns = 0;
};
static_assert(sizeof(SchedulingAttributes) == 48);
#endif

}  // namespace

void TakeShortTurns() {
#if BRILLIANT_LINUX
  SchedulingAttributes attributes;
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  attributes.runtime_ns = static_cast<uint64_t>(std::chrono::nanoseconds(kWorkerSlice).count());
  // What an older kernel says to it does not matter.
  syscall(SYS_sched_setattr, 0, &attributes, 0);
#endif
}

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
