#include "files/unfinished_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "base/strings.h"
#include "base/unique_fd.h"
#include "files/folder_stream.h"

namespace brilliant::files {
namespace {

constexpr std::string_view kPrefix = ".upload-";
constexpr size_t kDigits = 16;
// "Replacin", as digits: nobody happens to call a file so.
constexpr std::string_view kReplacing = ".upload-5265706c6163696e";

bool TryLock(int fd) {
  int locked = flock(fd, LOCK_EX | LOCK_NB);
  while (locked != 0 && errno == EINTR) locked = flock(fd, LOCK_EX | LOCK_NB);
  return locked == 0;
}

// It may have got its own name meanwhile, and even be gone: so the name is looked at when the file is locked.
void RemoveIfLeft(int folder_fd, const char* name) {
  const UniqueFd file(openat(folder_fd, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.valid() || !TryLock(file.get())) return;
  struct stat held{};
  struct stat named{};
  if (fstat(file.get(), &held) != 0 || fstatat(folder_fd, name, &named, AT_SYMLINK_NOFOLLOW) != 0) return;
  const bool is_left =
      held.st_dev == named.st_dev && held.st_ino == named.st_ino && S_ISREG(named.st_mode) && named.st_uid == geteuid();
  if (is_left) unlinkat(folder_fd, name, 0);
}

}  // namespace

std::string UnfinishedName() {
  std::random_device random;
  return fmt::format("{}{:08x}{:08x}", kPrefix, random(), random());
}

std::string ReplacingName() { return std::string(kReplacing); }

bool IsUnfinishedName(std::string_view name) {
  return name.size() == kPrefix.size() + kDigits && name.starts_with(kPrefix) &&
         std::ranges::all_of(name.substr(kPrefix.size()), [](char c) { return HexValue(c) >= 0 && ToLower(c) == c; });
}

bool HoldUnfinished(int fd) {
  if (!TryLock(fd)) return errno != EWOULDBLOCK;
  struct stat status{};
  return fstat(fd, &status) != 0 || status.st_nlink != 0;
}

void SweepUnfinished(int folder_fd) {
  const Result<FolderStream> folder = OpenStream(folder_fd);
  if (!folder) return;
  while (const dirent* entry = readdir(folder->get())) {
    const std::string_view name = entry->d_name;
    if (IsUnfinishedName(name) && name != kReplacing) RemoveIfLeft(folder_fd, entry->d_name);
  }
}

bool SweepTimes::Take(std::string_view folder, MonotonicTime now) {
  const auto known = times_.find(folder);
  if (known != times_.end()) {
    const bool due = now - known->second >= kSweepInterval;
    if (due) known->second = now;
    return due;
  }
  if (times_.size() >= kSweptFoldersMax) times_.clear();
  times_.emplace(folder, now);
  return true;
}

}  // namespace brilliant::files
