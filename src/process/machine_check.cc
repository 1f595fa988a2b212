#include "process/machine_check.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "base/strings.h"
#include "base/unique_fd.h"
#include "config/diagnostic.h"
#include "config/loader.h"

namespace brilliant::process {
namespace {

constexpr size_t kFindingsBytesMax = 1 << 20;

// "COUNT\n" and the text.
std::string Look(const config::Config& config, const std::optional<Identity>& identity, bool as_errors) {
  if (const Explained<void> dropped = DropPrivileges(identity); !dropped)
    return fmt::format("1\nerror: {}\n", dropped.error());
  std::vector<config::Diagnostic> diagnostics = config::CheckMachine(config);
  if (as_errors) {
    for (config::Diagnostic& diagnostic : diagnostics) diagnostic.severity = config::Severity::kError;
  }
  return fmt::format("{}\n{}", diagnostics.size(), config::Render(diagnostics));
}

void WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

// Until the end of input, the limit or the deadline.
std::string ReadAll(int fd) {
  const MonotonicTime deadline = std::chrono::steady_clock::now() + kMachineCheckTimeout;
  std::string bytes;
  char buffer[4096];
  while (bytes.size() < kFindingsBytesMax) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = left.count() > 0 ? poll(&entry, 1, static_cast<int>(left.count())) : 0;
    if (ready == 0) break;
    const ssize_t got = ready > 0 ? read(fd, buffer, sizeof buffer) : -1;
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    bytes.append(buffer, static_cast<size_t>(got));
  }
  return bytes;
}

MachineFindings Unable(std::string_view why) {
  return MachineFindings{.count = 1, .rendered = fmt::format("warning: could not check files and folders: {}\n", why)};
}

}  // namespace

MachineFindings CheckMachineAs(const config::Config& config, const std::optional<Identity>& identity, bool as_errors) {
  int ends[2] = {-1, -1};
  if (pipe(ends) != 0) return Unable(std::strerror(errno));
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  for (const int end : ends) fcntl(end, F_SETFD, FD_CLOEXEC);
  const pid_t pid = fork();
  if (pid < 0) return Unable(std::strerror(errno));
  if (pid == 0) {
    WriteAll(writer.get(), Look(config, identity, as_errors));
    _exit(0);
  }
  writer.Reset();
  const std::string answer = ReadAll(reader.get());
  kill(pid, SIGKILL);  // it has nothing more to say
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  const size_t end = answer.find('\n');
  const std::optional<uint64_t> count = ParseDecimal(std::string_view(answer).substr(0, end));
  if (end == std::string::npos || !count) return Unable("no answer in time (a network file system that is down?)");
  return MachineFindings{.count = static_cast<int>(*count), .rendered = answer.substr(end + 1)};
}

}  // namespace brilliant::process
