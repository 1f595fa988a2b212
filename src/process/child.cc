#include "process/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "base/descriptor_pipe.h"
#include "base/platform.h"
#include "base/unique_fd.h"

namespace brilliant::process {
namespace {

constexpr int kOperatorSignals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH};

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// All that the new process needs, prepared before fork(): afterwards only system calls.
struct Preparation {
  const char* executable;
  char* const* arguments;
  char* const* environment;
  const std::vector<int>& descriptors;
  int null_device;
  int status_pipe;
};

[[noreturn]] void BecomeProgram(const Preparation& preparation) {
  for (const int signal : kOperatorSignals) std::signal(signal, SIG_IGN);
  bool good = dup2(preparation.null_device, STDIN_FILENO) >= 0 && dup2(preparation.null_device, STDOUT_FILENO) >= 0;
  for (const int fd : preparation.descriptors) good = good && fcntl(fd, F_SETFD, 0) == 0;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (good) execve(preparation.executable, preparation.arguments, preparation.environment);
  const int failure = errno;
  [[maybe_unused]] const ssize_t written = write(preparation.status_pipe, &failure, sizeof failure);
  _exit(127);
}

}  // namespace

std::string SignalName(int signal) {
  static constexpr std::pair<int, const char*> kNames[] = {
      {SIGABRT, "SIGABRT"}, {SIGALRM, "SIGALRM"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},   {SIGHUP, "SIGHUP"},
      {SIGILL, "SIGILL"},   {SIGINT, "SIGINT"},   {SIGKILL, "SIGKILL"}, {SIGPIPE, "SIGPIPE"}, {SIGQUIT, "SIGQUIT"},
      {SIGSEGV, "SIGSEGV"}, {SIGSYS, "SIGSYS"},   {SIGTERM, "SIGTERM"}, {SIGTRAP, "SIGTRAP"}, {SIGUSR1, "SIGUSR1"},
      {SIGUSR2, "SIGUSR2"}, {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"},
  };
  for (const auto& [number, name] : kNames) {
    if (number == signal) return name;
  }
  return fmt::format("signal {}", signal);
}

std::string ExitStatus::ToString() const {
  if (signal == 0) return fmt::format("exit={}", code);
  return fmt::format("signal={}{}", SignalName(signal), core ? " core=yes" : "");
}

ExitStatus DecodeStatus(int status) {
  ExitStatus result;
  if (WIFSIGNALED(status)) {
    result.signal = WTERMSIG(status);
#if defined(WCOREDUMP)
    result.core = WCOREDUMP(status);
#endif
  } else {
    result.code = WEXITSTATUS(status);
  }
  return result;
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) pid_ = std::exchange(other.pid_, -1);
  return *this;
}

Result<Child> Child::Start(const ChildProgram& program) {
  const UniqueFd null_device(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null_device.valid()) return SystemFailure("open /dev/null");
  ASSIGN_OR_RETURN(DescriptorPipe status, MakeDescriptorPipe());
  const std::vector<char*> arguments = Pointers(program.arguments);
  const std::vector<char*> environment = Pointers(program.environment);
  const Preparation preparation{.executable = program.executable.c_str(),
                                .arguments = arguments.data(),
                                .environment = environment.data(),
                                .descriptors = program.descriptors,
                                .null_device = null_device.get(),
                                .status_pipe = status.writer.get()};
  // No signal may reach our handlers in the new process.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) BecomeProgram(preparation);
  const int fork_errno = errno;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return std::unexpected(ErrorFromErrno(fork_errno, "fork"));
  Child child;
  child.pid_ = pid;
  status.writer.Reset();
  int failure = 0;
  ssize_t got = 0;
  do {
    got = read(status.reader.get(), &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof failure) return child;  // the pipe was closed by exec
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return std::unexpected(ErrorFromErrno(failure, "exec"));
}

std::optional<ExitStatus> Child::TryReap() {
  if (!running()) return std::nullopt;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  pid_ = -1;
  return DecodeStatus(status);
}

void Child::Signal(int signal) const {
  if (running()) kill(pid_, signal);
}

bool Child::IsStopped() const {
#if BRILLIANT_LINUX
  const UniqueFd file(open(fmt::format("/proc/{}/stat", pid_).c_str(), O_RDONLY | O_CLOEXEC));
  char text[256];
  const ssize_t length = file.valid() ? read(file.get(), text, sizeof text) : -1;
  if (length <= 0) return false;
  // "PID (name) STATE ...": the name may hold anything, ")" too.
  const std::string_view line(text, static_cast<size_t>(length));
  const size_t end = line.rfind(") ");
  return end != std::string_view::npos && end + 2 < line.size() && (line[end + 2] == 'T' || line[end + 2] == 't');
#else
  return false;
#endif
}

}  // namespace brilliant::process
