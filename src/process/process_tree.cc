#include "process/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>

#include "base/platform.h"
#include "base/strings.h"
#include "base/unique_fd.h"

#if BRILLIANT_LINUX
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

namespace brilliant::process {
namespace {

// The fields of /proc/PID/stat after the name, counted from 0: state, ppid, ..., starttime.
constexpr size_t kStateField = 0;
constexpr size_t kParentField = 1;
constexpr size_t kStartField = 19;

#if BRILLIANT_LINUX

// Rounds of stopping before killing: each finds what was forked during the one before.
constexpr int kStopRoundsMax = 8;

std::optional<ProcessEntry> ReadProcess(std::string_view pid) {
  const UniqueFd file(open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return std::nullopt;
  std::array<char, 1024> text;
  const ssize_t length = read(file.get(), text.data(), text.size());
  if (length <= 0) return std::nullopt;
  const ProcessEntry entry = ParseProcessStat({text.data(), static_cast<size_t>(length)});
  return entry.pid > 0 ? std::optional(entry) : std::nullopt;
}

std::vector<ProcessEntry> AllProcesses() {
  std::vector<ProcessEntry> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc"), &closedir);
  if (folder == nullptr) return all;
  while (const dirent* name = readdir(folder.get())) {
    if (!IsDigit(name->d_name[0])) continue;
    if (const std::optional<ProcessEntry> entry = ReadProcess(name->d_name)) all.push_back(*entry);
  }
  return all;
}

// To that process and no other: if the pid has come to mean another one since, to nobody.
void SignalProcess(const ProcessEntry& entry, int signal) {
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, entry.pid, 0)));
  if (!process.valid()) return;
  const std::optional<ProcessEntry> now = ReadProcess(fmt::format("{}", entry.pid));
  if (!now || now->started_at != entry.started_at) return;
  syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0);
}

#endif

}  // namespace

ProcessEntry ParseProcessStat(std::string_view stat) {
  // "PID (name) STATE PPID ...": the name may hold anything, ") " too.
  const size_t name_begin = stat.find(" (");
  const size_t name_end = stat.rfind(") ");
  if (name_begin == std::string_view::npos || name_end == std::string_view::npos || name_end < name_begin) return {};
  ProcessEntry entry;
  const std::optional<uint64_t> pid = ParseDecimal(stat.substr(0, name_begin));
  std::string_view rest = stat.substr(name_end + 2);
  for (size_t field = 0; field <= kStartField; ++field) {
    const size_t blank = rest.find(' ');
    if (blank == std::string_view::npos) return {};
    const std::string_view text = rest.substr(0, blank);
    rest.remove_prefix(blank + 1);
    const std::optional<uint64_t> number = ParseDecimal(text);
    if (field == kStateField && !text.empty()) entry.state = text.front();
    if (field == kParentField && number) entry.parent = static_cast<pid_t>(*number);
    if (field == kStartField && number) entry.started_at = *number;
  }
  entry.pid = static_cast<pid_t>(pid.value_or(0));
  return entry;
}

std::vector<ProcessEntry> DescendantsIn(const std::vector<ProcessEntry>& all, pid_t ancestor) {
  std::vector<ProcessEntry> found;
  std::vector<pid_t> parents = {ancestor};
  // Level by level. A process is the child of one parent, so nothing is found twice.
  while (!parents.empty()) {
    std::vector<pid_t> children;
    for (const ProcessEntry& entry : all) {
      if (entry.pid == entry.parent || std::ranges::find(parents, entry.parent) == parents.end()) continue;
      children.push_back(entry.pid);
      found.push_back(entry);
    }
    parents = std::move(children);
  }
  return found;
}

#if BRILLIANT_LINUX

std::vector<ProcessEntry> Descendants(pid_t ancestor) {
  std::vector<ProcessEntry> found = DescendantsIn(AllProcesses(), ancestor);
  std::erase_if(found, [](const ProcessEntry& entry) { return entry.state == 'Z' || entry.state == 'X'; });
  return found;
}

bool BecomeSubreaper() { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0; }

void SignalDescendants(int signal, pid_t /*leader*/) {
  for (const ProcessEntry& entry : Descendants(getpid())) SignalProcess(entry, signal);
}

void KillDescendants(pid_t /*leader*/) {
  std::vector<ProcessEntry> found;
  for (int round = 0; round < kStopRoundsMax; ++round) {
    found = Descendants(getpid());
    bool all_stopped = true;
    for (const ProcessEntry& entry : found) {
      if (entry.state == 'T') continue;
      all_stopped = false;
      SignalProcess(entry, SIGSTOP);
    }
    if (all_stopped) break;
  }
  for (const ProcessEntry& entry : found) SignalProcess(entry, SIGKILL);
}

#else

std::vector<ProcessEntry> Descendants(pid_t /*ancestor*/) { return {}; }

bool BecomeSubreaper() { return false; }

void SignalDescendants(int signal, pid_t leader) { kill(-leader, signal); }

void KillDescendants(pid_t leader) { kill(-leader, SIGKILL); }

#endif

}  // namespace brilliant::process
