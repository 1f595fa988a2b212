#include "process/script_start.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <optional>

#include "base/descriptor_pipe.h"
#include "base/platform.h"
#include "base/unique_fd.h"

#if BRILLIANT_LINUX
#include <sys/prctl.h>
#endif

namespace brilliant::process {
namespace {

// The steps between fork and exec, in order; their numbers go through the status pipe.
enum class Step : int { kStreams, kLimits, kFolder, kExec };

const char* StepName(Step step) {
  switch (step) {
    case Step::kStreams:
      return "dup2";
    case Step::kLimits:
      return "setrlimit";
    case Step::kFolder:
      return "chdir";
    case Step::kExec:
      return "exec";
  }
  return "start";
}

struct StartStatus {
  Step step = Step::kExec;
  int system_errno = 0;
};

// How the new process tells which step has failed. On Linux it runs in our memory until it executes the program, and
// we wait meanwhile: it just writes it there. Elsewhere there is a pipe, which the execution closes.
class StartChannel {
 public:
#if BRILLIANT_LINUX
  Result<void> Open() { return {}; }
  // In the new process.
  [[nodiscard]] bool Keep(int /*fd*/) { return true; }
  void Tell(const StartStatus& status) {
    step_ = static_cast<int>(status.step);
    system_errno_ = status.system_errno;
  }
  // Here, after the fork. Nothing: the program runs.
  std::optional<StartStatus> Told() {
    const int step = step_;
    if (step < 0) return std::nullopt;
    return StartStatus{.step = static_cast<Step>(step), .system_errno = system_errno_};
  }

 private:
  // Compilers do not know that what is written before an _exit is read afterwards.
  volatile int step_ = -1;
  volatile int system_errno_ = 0;
#else
  Result<void> Open() {
    ASSIGN_OR_RETURN(pipe_, MakeDescriptorPipe());
    return {};
  }
  [[nodiscard]] bool Keep(int fd) {
    writer_ = fd;
    return dup2(pipe_.writer.get(), fd) >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
  }
  void Tell(const StartStatus& status) {
    const int fd = writer_ >= 0 ? writer_ : pipe_.writer.get();
    [[maybe_unused]] const ssize_t written = write(fd, &status, sizeof status);
  }
  std::optional<StartStatus> Told() {
    pipe_.writer.Reset();
    StartStatus status;
    ssize_t got = 0;
    do {
      got = read(pipe_.reader.get(), &status, sizeof status);
    } while (got < 0 && errno == EINTR);
    return got == sizeof status ? std::optional(status) : std::nullopt;
  }

 private:
  DescriptorPipe pipe_;
  int writer_ = -1;
#endif
};

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<char*> EnvironmentPointers(const std::string& environment) {
  std::vector<char*> pointers;
  pointers.reserve(static_cast<size_t>(std::ranges::count(environment, '\0')) + 1);
  for (const char* at = environment.c_str(); *at != '\0'; at += std::strlen(at) + 1) {
    pointers.push_back(const_cast<char*>(at));
  }
  pointers.push_back(nullptr);
  return pointers;
}

// All that the new process needs, prepared before: afterwards only system calls, because it shares our memory.
struct Preparation {
  const ScriptStart& start;
  ScriptStreams streams;
  char* const* arguments;
  char* const* environment;
  StartChannel& channel;
};

bool SetLimit(int resource, uint64_t value) {
  if (value == 0) return true;
  rlimit limit{};
  if (getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return false;
  limit.rlim_cur = std::min<rlim_t>(value, limit.rlim_max);
  limit.rlim_max = limit.rlim_cur;
  return setrlimit(static_cast<__rlimit_resource_t>(resource), &limit) == 0;
}

bool ApplyLimits(const ScriptLimits& limits) {
  return SetLimit(RLIMIT_AS, limits.memory_bytes) && SetLimit(RLIMIT_CPU, limits.processor_seconds) &&
         SetLimit(RLIMIT_NPROC, limits.processes);
}

bool ArrangeStreams(const ScriptStreams& streams, StartChannel& channel) {
  // None of them is 0, 1 or 2 itself: a keeper keeps those open.
  const bool placed = dup2(streams.input, STDIN_FILENO) >= 0 && dup2(streams.output, STDOUT_FILENO) >= 0 &&
                      dup2(streams.errors, STDERR_FILENO) >= 0 && channel.Keep(STDERR_FILENO + 1);
  if (!placed) return false;
#if BRILLIANT_LINUX
  // Everything else is close-on-exec already; this is the second lock.
  return close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0;
#else
  return true;
#endif
}

void UnblockSignals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void BecomeScript(const Preparation& preparation) {
  setpgid(0, 0);  // whose session: see SetProgramsApart (process/scheduling.h)
#if BRILLIANT_LINUX
  // Should the keeper die, nobody would end the script.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  UnblockSignals();
  StartStatus status{.step = Step::kStreams};
  if (ArrangeStreams(preparation.streams, preparation.channel)) {
    status.step = Step::kFolder;
    if (chdir(preparation.start.folder.c_str()) == 0) {
      status.step = Step::kLimits;
      if (ApplyLimits(preparation.start.limits)) {
        status.step = Step::kExec;
        execve(preparation.start.program.c_str(), preparation.arguments, preparation.environment);
      }
    }
  }
  status.system_errno = errno;
  preparation.channel.Tell(status);
  _exit(127);
}

// The new process runs on our stack until it executes the program, and we wait meanwhile: no page is copied.
[[gnu::noinline]] pid_t ForkScript(const Preparation& preparation) {
#if BRILLIANT_LINUX
  const pid_t pid = vfork();
#else
  const pid_t pid = fork();
#endif
  if (pid == 0) BecomeScript(preparation);
  return pid;
}

}  // namespace

void PrepareToStartScripts() {
  // What cannot be changed (SIGKILL) fails.
  for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = std::min<rlim_t>(files.rlim_cur, kScriptFilesMax);
    setrlimit(RLIMIT_NOFILE, &files);
  }
  const rlimit no_core{};
  setrlimit(RLIMIT_CORE, &no_core);
}

Result<pid_t> StartScript(const ScriptStart& start, const ScriptStreams& streams) {
  StartChannel channel;
  RETURN_IF_ERROR(channel.Open());
  const std::vector<char*> arguments = Pointers(start.arguments);
  const std::vector<char*> environment = EnvironmentPointers(start.environment);
  const Preparation preparation{.start = start,
                                .streams = streams,
                                .arguments = arguments.data(),
                                .environment = environment.data(),
                                .channel = channel};

  const pid_t pid = ForkScript(preparation);
  if (pid < 0) return SystemFailure("fork");

  const std::optional<StartStatus> failure = channel.Told();
  if (!failure) return pid;
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return std::unexpected(
      Error{.code = ErrorCode::kSystem, .system_errno = failure->system_errno, .context = StepName(failure->step)});
}

}  // namespace brilliant::process
