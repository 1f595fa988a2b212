#include "files/path_walk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "base/platform.h"
#include "files/open_file.h"

namespace brilliant::files {
namespace {

constexpr size_t kLinkBytesMax = 4'095;
// How often a component may be neither a folder nor a link before it is taken for a file: a swap can look like that.
constexpr int kNeitherMax = 3;

constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
// For folders that are only passed through: no permission to read them is needed, where the system can say so.
#if BRILLIANT_LINUX
constexpr int kPassFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;
#elif defined(O_SEARCH)
constexpr int kPassFlags = O_SEARCH | O_DIRECTORY | O_CLOEXEC;
#else
constexpr int kPassFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
#endif

UniqueFd OpenRetrying(int directory_fd, const char* name, int flags) {
  while (true) {
    UniqueFd fd(openat(directory_fd, name, flags));
    if (fd.valid() || errno != EINTR) return fd;
  }
}

// What O_NOFOLLOW says of a link, on one system or another. ENOTDIR is said of other things, too.
bool MayBeLink(int open_errno) { return open_errno == ELOOP || open_errno == EMLINK || open_errno == ENOTDIR; }

std::unexpected<Error> OpenFailure(int system_errno) {
  return std::unexpected(ErrorFromOpen(system_errno, "opening by components"));
}

class Walk {
 public:
  Walk(std::span<const DirectoryPtr> roots, bool to_folder)
      : roots_(roots), root_(roots.front().get()), to_folder_(to_folder) {}

  Result<UniqueFd> Open(std::string_view path);

 private:
  [[nodiscard]] bool inside() const { return root_ != nullptr; }
  [[nodiscard]] int here() const { return here_.valid() ? here_.get() : root_->fd.get(); }

  Result<UniqueFd> WalkPending();
  // The next component of what is pending; empty at the end.
  std::string TakeName();
  Result<void> Enter(const std::string& name);
  Result<void> GoUp();
  Result<void> FollowLink(const std::string& name, int open_errno);
  // Stands on `fd`, outside; inside again if that is a root.
  Result<void> ArriveOutside(UniqueFd fd);

  const std::span<const DirectoryPtr> roots_;
  const Directory* root_;  // what the walk is beneath now; null: outside
  const bool to_folder_;   // what is wanted is a folder, to look things up below it
  UniqueFd here_;          // the folder reached; none: root_ itself
  std::string entered_;    // the names from root_ to here_, none of them a link, each with a slash behind it
  std::string pending_;    // what is left to walk
  int links_ = 0;
  int steps_ = 0;
  int neither_ = 0;
};

Result<UniqueFd> Walk::Open(std::string_view path) {
  pending_ = path;
  Result<UniqueFd> opened = WalkPending();
  // One answer for all that is outside: it isn't told what is there.
  const bool hide = !inside() && (opened || opened.error().code != ErrorCode::kUnavailable);
  if (hide) return Failure(ErrorCode::kForbidden, "a symbolic link leads out of its root and of symlink_roots");
  return opened;
}

Result<UniqueFd> Walk::WalkPending() {
  while (true) {
    if (++steps_ > kWalkStepsMax) return Failure(ErrorCode::kTooLarge, "path with too many components");
    const std::string name = TakeName();
    if (name.empty()) break;
    if (name == ".") continue;
    if (name == "..") {
      RETURN_IF_ERROR(GoUp());
      continue;
    }
    const bool is_last = pending_.empty();
    if (!is_last || !inside() || to_folder_) {
      RETURN_IF_ERROR(Enter(name));
      continue;
    }
    UniqueFd file = OpenRetrying(here(), name.c_str(), kReadFlags | O_NOFOLLOW);
    if (file.valid()) return file;
    const int open_errno = errno;
    if (open_errno == ENOTDIR || !MayBeLink(open_errno)) return OpenFailure(open_errno);
    RETURN_IF_ERROR(FollowLink(name, open_errno));
  }
  if (!inside()) return OpenFailure(EACCES);
  UniqueFd folder = OpenRetrying(here(), ".", to_folder_ ? kPassFlags : kReadFlags | O_DIRECTORY);
  if (!folder.valid()) return OpenFailure(errno);
  return folder;
}

std::string Walk::TakeName() {
  const size_t begin = pending_.find_first_not_of('/');
  if (begin == std::string::npos) {
    pending_.clear();
    return {};
  }
  const size_t end = std::min(pending_.find('/', begin), pending_.size());
  std::string name = pending_.substr(begin, end - begin);
  pending_.erase(0, end);
  return name;
}

Result<void> Walk::Enter(const std::string& name) {
  UniqueFd folder = OpenRetrying(here(), name.c_str(), kPassFlags | O_NOFOLLOW);
  if (!folder.valid()) {
    const int open_errno = errno;
    if (!MayBeLink(open_errno)) return OpenFailure(open_errno);
    return FollowLink(name, open_errno);
  }
  if (!inside()) return ArriveOutside(std::move(folder));
  here_ = std::move(folder);
  entered_ += name;
  entered_ += '/';
  return {};
}

// Never opens ".." inside: the folder may have been moved out of the root since it was entered. Walks down again from
// the root instead.
Result<void> Walk::GoUp() {
  if (inside() && !entered_.empty()) {
    entered_.pop_back();
    entered_.erase(entered_.rfind('/') + 1);
    pending_.insert(0, entered_);
    entered_.clear();
    here_.Reset();
    return {};
  }
  UniqueFd parent = OpenRetrying(here(), "..", kPassFlags);
  if (!parent.valid()) return OpenFailure(errno);
  return ArriveOutside(std::move(parent));
}

Result<void> Walk::FollowLink(const std::string& name, int open_errno) {
  char target[kLinkBytesMax + 1];
  const ssize_t count = readlinkat(here(), name.c_str(), target, sizeof(target));
  if (count < 0 && errno == EINVAL) {
    // No link, or no longer: looked at once more.
    if (++neither_ >= kNeitherMax) return OpenFailure(open_errno);
    pending_.insert(0, name);
    return {};
  }
  if (count < 0) return OpenFailure(errno);
  if (count == 0) return OpenFailure(ENOENT);
  if (++links_ > kSymbolicLinksMax) return OpenFailure(ELOOP);
  const auto length = static_cast<size_t>(count);
  if (length > kLinkBytesMax || pending_.size() + length > kWalkPathBytesMax) return OpenFailure(ENAMETOOLONG);
  pending_.insert(0, target, length);
  if (target[0] != '/') return {};
  UniqueFd top = OpenRetrying(AT_FDCWD, "/", kPassFlags);
  if (!top.valid()) return OpenFailure(errno);
  return ArriveOutside(std::move(top));
}

Result<void> Walk::ArriveOutside(UniqueFd fd) {
  root_ = nullptr;
  entered_.clear();
  struct stat status{};
  const int described = fstat(fd.get(), &status);
  here_ = std::move(fd);
  if (described != 0) return OpenFailure(errno);
  for (const DirectoryPtr& root : roots_) {
    if (root->device != static_cast<uint64_t>(status.st_dev)) continue;
    if (root->inode != static_cast<uint64_t>(status.st_ino)) continue;
    root_ = root.get();
    here_.Reset();
    break;
  }
  return {};
}

}  // namespace

Result<DirectoryPtr> MakeDirectory(UniqueFd fd) {
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) return SystemFailure("fstat of a root");
  Directory directory{.fd = std::move(fd),
                      .device = static_cast<uint64_t>(status.st_dev),
                      .inode = static_cast<uint64_t>(status.st_ino)};
  return std::make_shared<const Directory>(std::move(directory));
}

Result<DirectoryPtr> OpenDirectory(const char* path) {
  UniqueFd fd = OpenRetrying(AT_FDCWD, path, kPassFlags);
  if (!fd.valid()) return std::unexpected(ErrorFromOpen(errno, "opening a root"));
  return MakeDirectory(std::move(fd));
}

Result<UniqueFd> OpenByWalk(std::span<const DirectoryPtr> roots, std::string_view path) {
  Walk walk(roots, false);
  return walk.Open(path);
}

Result<UniqueFd> OpenFolderByWalk(std::span<const DirectoryPtr> roots, std::string_view path) {
  Walk walk(roots, true);
  return walk.Open(path);
}

}  // namespace brilliant::files
