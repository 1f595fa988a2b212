#include "process/cgroup_pool.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>
#include <vector>

#include "base/strings.h"

namespace brilliant::process {
namespace {

UniqueFd OpenIn(const std::string& folder, const char* name, int flags) {
  return UniqueFd(open((folder + "/" + name).c_str(), flags | O_CLOEXEC));
}

bool WriteText(int fd, std::string_view text) {
  // One write is one command to the kernel; it is taken whole or not at all.
  return fd >= 0 && pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

std::string LimitText(uint64_t value) { return value == 0 ? "max" : fmt::format("{}", value); }

bool MakeFolder(const std::string& folder) { return mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST; }

// One by one, so that the one that is missing does not stop the other. What can't be had is seen in the leaves.
void EnableControllers(const std::string& folder) {
  const UniqueFd control = OpenIn(folder, "cgroup.subtree_control", O_WRONLY);
  for (const std::string_view command : {"+pids", "+memory"}) WriteText(control.get(), command);
}

std::vector<std::string> FoldersIn(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(opendir(folder.c_str()), &closedir);
  if (listing == nullptr) return names;
  while (const dirent* entry = readdir(listing.get())) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

bool IsAlive(pid_t pid) { return kill(pid, 0) == 0 || errno != ESRCH; }

}  // namespace

std::optional<CgroupLeaf> CgroupLeaf::Make(const std::string& folder) {
  if (!MakeFolder(folder)) return std::nullopt;
  CgroupLeaf leaf;
  leaf.processes_ = OpenIn(folder, "cgroup.procs", O_WRONLY);
  if (!leaf.processes_.valid()) return std::nullopt;
  leaf.kill_ = OpenIn(folder, "cgroup.kill", O_WRONLY);
  leaf.processes_max_ = OpenIn(folder, "pids.max", O_WRONLY);
  leaf.memory_max_ = OpenIn(folder, "memory.max", O_WRONLY);
  if (leaf.memory_max_.valid()) leaf.memory_events_ = OpenIn(folder, "memory.events", O_RDONLY);
  leaf.Kill();
  return leaf;
}

bool CgroupLeaf::Enter() const { return WriteText(processes_.get(), "0"); }

bool CgroupLeaf::Kill() const { return WriteText(kill_.get(), "1"); }

void CgroupLeaf::TakeLowDescriptors() {
  for (UniqueFd* descriptor : {&processes_, &kill_, &processes_max_, &memory_max_, &memory_events_}) {
    descriptor->TakeLowestNumber();
  }
}

void CgroupLeaf::SetLimits(const CgroupLimits& limits) {
  if (limits_ == limits) return;
  limits_ = limits;
  WriteText(processes_max_.get(), LimitText(limits.processes == 0 ? 0 : limits.processes + 1));
  WriteText(memory_max_.get(), LimitText(limits.memory_bytes));
}

uint64_t CgroupLeaf::OutOfMemoryKills() const {
  constexpr std::string_view kField = "\noom_kill ";
  std::array<char, 1024> bytes;
  const ssize_t count = memory_events_.valid() ? pread(memory_events_.get(), bytes.data(), bytes.size(), 0) : 0;
  std::string_view text(bytes.data(), static_cast<size_t>(std::max<ssize_t>(count, 0)));
  const size_t field = text.find(kField);
  if (field == std::string_view::npos) return 0;
  text.remove_prefix(field + kField.size());
  return ParseDecimal(text.substr(0, text.find('\n'))).value_or(0);
}

CgroupPool::CgroupPool(const CgroupHome& home, size_t leaves) {
  if (home.folder.empty() || leaves == 0) return;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  leaves = std::min<size_t>({leaves, kCgroupLeavesMax, files.rlim_cur / 4 / kLeafDescriptors});
  const std::string own = fmt::format("{}/{}{}", home.folder, kCgroupPrefix, getpid());
  if (home.delegated) EnableControllers(home.folder);
  if (!MakeFolder(own)) return;
  EnableControllers(own);
  while (leaves_.size() < leaves) {
    std::optional<CgroupLeaf> leaf = CgroupLeaf::Make(fmt::format("{}/{}", own, leaves_.size()));
    if (!leaf) break;
    leaves_.push_back(std::move(*leaf));
  }
  for (CgroupLeaf& leaf : leaves_) free_.push_back(&leaf);
}

CgroupLeaf* CgroupPool::Take() {
  if (free_.empty()) return nullptr;
  CgroupLeaf* leaf = free_.front();
  free_.pop_front();
  return leaf;
}

void CgroupPool::GiveBack(CgroupLeaf* leaf) {
  if (leaf == nullptr) return;
  leaf->Kill();
  free_.push_back(leaf);
}

void CgroupPool::LeaveOthers(const CgroupLeaf* leaf) {
  for (CgroupLeaf& other : leaves_) {
    if (&other != leaf) other = CgroupLeaf();
  }
  for (CgroupLeaf& own : leaves_) {
    if (&own == leaf) own.TakeLowDescriptors();
  }
}

void CgroupPool::KillAll() const {
  for (const CgroupLeaf& leaf : leaves_) leaf.Kill();
}

void SweepCgroups(const std::string& home) {
  if (home.empty()) return;
  for (const std::string& name : FoldersIn(home)) {
    if (!name.starts_with(kCgroupPrefix)) continue;
    const std::optional<uint64_t> maker = ParseDecimal(std::string_view(name).substr(kCgroupPrefix.size()));
    if (!maker || IsAlive(static_cast<pid_t>(*maker))) continue;
    const std::string folder = home + "/" + name;
    // The kernel keeps what is in use: that falls to a later sweep.
    for (const std::string& leaf : FoldersIn(folder)) rmdir((folder + "/" + leaf).c_str());
    rmdir(folder.c_str());
  }
}

}  // namespace brilliant::process
