#include "files/document_root.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <span>
#include <utility>

#include "base/platform.h"
#include "base/strings.h"
#include "files/path_walk.h"
#include "files/served_names.h"
#include "http/target.h"

#if BRILLIANT_LINUX
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace brilliant::files {
namespace {

// What the system offers for opening beneath a folder.
enum class Support : uint8_t { kNothing, kBeneath, kBeneathCached };

// The kernel reports a rename that crossed a "..": tried again this often, then walked.
[[maybe_unused]] constexpr int kRaceRetriesMax = 3;

#if BRILLIANT_LINUX

constexpr uint64_t kReadFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
constexpr uint64_t kPassFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;
constexpr uint64_t kBeneath = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;

UniqueFd OpenAt2(int directory_fd, const char* path, uint64_t flags, uint64_t resolve) {
  open_how how{};
  how.flags = flags;
  how.resolve = resolve;
  while (true) {
    UniqueFd fd(static_cast<int>(syscall(SYS_openat2, directory_fd, path, &how, sizeof(how))));
    if (fd.valid() || errno != EINTR) return fd;
  }
}

// Asks with a bad descriptor, which the kernel looks at last. A sandbox may answer EPERM.
Support DetectSupport() {
  const UniqueFd cached = OpenAt2(-1, ".", kPassFlags, kBeneath | RESOLVE_CACHED);
  if (errno == EBADF) return Support::kBeneathCached;
  const UniqueFd plain = OpenAt2(-1, ".", kPassFlags, kBeneath);
  return errno == EBADF ? Support::kBeneath : Support::kNothing;
}

Result<DirectoryPtr> TryOpenDirectory(const char* path) {
  UniqueFd fd = OpenAt2(AT_FDCWD, path, kPassFlags, RESOLVE_CACHED);
  if (!fd.valid() && errno == ENOSYS) return Failure(ErrorCode::kWouldBlock, "openat2");
  if (!fd.valid()) return std::unexpected(ErrorFromOpen(errno, "opening a root"));
  return MakeDirectory(std::move(fd));
}

#else

Support DetectSupport() { return Support::kNothing; }

Result<DirectoryPtr> TryOpenDirectory(const char*) { return Failure(ErrorCode::kWouldBlock, "opening a root"); }

#endif

// A path that the system calls can take, without a heap.
class PathBuffer {
 public:
  // At most kPathBytesMax long. "" stands for the folder itself.
  explicit PathBuffer(std::string_view path) {
    if (path.empty()) path = ".";
    std::memcpy(text_, path.data(), path.size());
    text_[path.size()] = '\0';
  }
  [[nodiscard]] const char* get() const { return text_; }

 private:
  char text_[kPathBytesMax + 1];
};

// The path has been normalised before; what it must not have would be dangerous enough to look once more.
Result<void> CheckPath(std::string_view path) {
  if (path.size() > kPathBytesMax) return Failure(ErrorCode::kTooLarge, "path too long");
  if (path.find('\0') != std::string_view::npos) return Failure(ErrorCode::kInvalid, "NUL in a path");
  size_t depth = 0;
  while (!path.empty()) {
    const size_t length = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, length);
    if (name.empty() || name == "." || name == "..") return Failure(ErrorCode::kInvalid, "path not normal");
    if (name.size() > http::kPathSegmentBytesMax) return Failure(ErrorCode::kTooLarge, "name too long");
    if (++depth > http::kPathDepthMax) return Failure(ErrorCode::kTooLarge, "path too deep");
    path.remove_prefix(std::min(length + 1, path.size()));
  }
  return {};
}

constexpr const char* kInScriptFolder = "a folder of scripts";

}  // namespace

struct DocumentRoot::State {
  struct Anchor {
    std::string path;
    DirectoryPtr directory;  // null: not opened, or missing
    MonotonicTime opened_at;
  };

  struct Reached {
    DirectoryPtr directory;
    MonotonicTime checked_at;  // `now`, or when it was opened if that is earlier
  };

  // The folder of `anchors[index]`; opens it if it was opened too long ago.
  Result<Reached> Reach(size_t index, MonotonicTime now, bool may_block);
  // What was opened for `path`, unless it is withheld.
  Result<OpenFile> Describe(UniqueFd fd, std::string_view path, MonotonicTime checked_at) const;
  // Whether that is one of the withheld folders, or lies in one.
  [[nodiscard]] bool IsInWithheldFolder(int fd) const;
  // By components.
  Result<OpenFile> Walk(std::string_view path, MonotonicTime now);
  // All folders that there are; the root first. `checked_at` becomes the earliest time at which one was looked for.
  Result<std::vector<DirectoryPtr>> ReachAll(MonotonicTime now, MonotonicTime& checked_at);
  // A folder, to look things up below it.
  Result<UniqueFd> OpenFolder(std::string_view path, MonotonicTime now);

  Support support = Support::kNothing;
  std::vector<std::string> withheld;          // extensions
  std::vector<std::string> withheld_folders;  // with a slash at the end
  bool expects_changes = false;
  std::mutex mutex;
  std::vector<Anchor> anchors;  // the root, then symlink_roots. Paths are constant, the rest is guarded by `mutex`
};

Result<DocumentRoot::State::Reached> DocumentRoot::State::Reach(size_t index, MonotonicTime now, bool may_block) {
  Anchor& anchor = anchors[index];
  {
    const std::lock_guard lock(mutex);
    const bool fresh = anchor.directory != nullptr && now - anchor.opened_at < kFreshFor;
    if (fresh) return Reached{.directory = anchor.directory, .checked_at = std::min(now, anchor.opened_at)};
  }
  ASSIGN_OR_RETURN(DirectoryPtr directory,
                   may_block ? OpenDirectory(anchor.path.c_str()) : TryOpenDirectory(anchor.path.c_str()));
  const std::lock_guard lock(mutex);
  if (anchor.directory == nullptr || anchor.opened_at <= now) {
    anchor.directory = directory;
    anchor.opened_at = now;
  }
  return Reached{.directory = std::move(directory), .checked_at = now};
}

Result<OpenFile> DocumentRoot::State::Describe(UniqueFd fd, std::string_view path, MonotonicTime checked_at) const {
  if (!withheld.empty() && !HasExtension(path, withheld) && HasExtension(RealPath(fd.get()), withheld)) {
    return Failure(ErrorCode::kForbidden, "a link to a script");
  }
  if (IsInWithheldFolder(fd.get())) return Failure(ErrorCode::kForbidden, kInScriptFolder);
  ASSIGN_OR_RETURN(OpenFile file, DescribeFile(std::move(fd)));
  file.checked_at = checked_at;
  return file;
}

bool DocumentRoot::State::IsInWithheldFolder(int fd) const {
  if (withheld_folders.empty()) return false;
  const std::string real = RealPath(fd) + '/';
  return std::ranges::any_of(withheld_folders, [&real](const std::string& folder) { return real.starts_with(folder); });
}

Result<std::vector<DirectoryPtr>> DocumentRoot::State::ReachAll(MonotonicTime now, MonotonicTime& checked_at) {
  std::vector<DirectoryPtr> roots;
  for (size_t i = 0; i < anchors.size(); ++i) {
    Result<Reached> root = Reach(i, now, true);
    if (!root) {
      const bool fatal = i == 0 || root.error().code == ErrorCode::kUnavailable;
      if (fatal) return std::unexpected(root.error());
      continue;  // a symlink root that isn't there allows nothing
    }
    roots.push_back(std::move(root->directory));
    checked_at = std::min(checked_at, root->checked_at);
  }
  return roots;
}

Result<OpenFile> DocumentRoot::State::Walk(std::string_view path, MonotonicTime now) {
  MonotonicTime checked_at = now;
  ASSIGN_OR_RETURN(const std::vector<DirectoryPtr> roots, ReachAll(now, checked_at));
  ASSIGN_OR_RETURN(UniqueFd fd, OpenByWalk(roots, path));
  return Describe(std::move(fd), path, checked_at);
}

Result<UniqueFd> DocumentRoot::State::OpenFolder(std::string_view path, MonotonicTime now) {
#if BRILLIANT_LINUX
  for (int attempt = 0; support != Support::kNothing && attempt < kRaceRetriesMax; ++attempt) {
    ASSIGN_OR_RETURN(const Reached root, Reach(0, now, true));
    UniqueFd fd = OpenAt2(root.directory->fd.get(), PathBuffer(path).get(), kPassFlags, kBeneath);
    if (fd.valid()) return fd;
    if (errno == EXDEV || errno == ENOSYS) break;
    if (errno != EAGAIN) return std::unexpected(ErrorFromOpen(errno, "openat2"));
  }
#endif
  ASSIGN_OR_RETURN(const std::vector<DirectoryPtr> roots, ReachAll(now, now));
  return OpenFolderByWalk(roots, path);
}

void DocumentRoot::Withhold(std::vector<std::string> extensions, const std::vector<std::string>& folders) {
  state_->withheld = std::move(extensions);
  for (const std::string& folder : folders) {
    const UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    state_->withheld_folders.push_back((fd.valid() ? RealPath(fd.get()) : folder) + '/');
  }
}

void DocumentRoot::ExpectChanges() { state_->expects_changes = true; }

bool DocumentRoot::expects_changes() const { return state_->expects_changes; }

DocumentRoot::DocumentRoot(std::string path, std::vector<std::string> symlink_roots, Method method)
    : state_(std::make_shared<State>()) {
  if (method == Method::kKernel) state_->support = DetectSupport();
  state_->anchors.push_back(State::Anchor{.path = std::move(path), .directory = nullptr, .opened_at = {}});
  for (std::string& symlink_root : symlink_roots) {
    state_->anchors.push_back(State::Anchor{.path = std::move(symlink_root), .directory = nullptr, .opened_at = {}});
  }
}

const std::string& DocumentRoot::path() const { return state_->anchors.front().path; }

Result<OpenFile> DocumentRoot::Open(std::string_view path, MonotonicTime now) const {
  RETURN_IF_ERROR(CheckPath(path));
#if BRILLIANT_LINUX
  for (int attempt = 0; state_->support != Support::kNothing && attempt < kRaceRetriesMax; ++attempt) {
    ASSIGN_OR_RETURN(const State::Reached root, state_->Reach(0, now, true));
    UniqueFd fd = OpenAt2(root.directory->fd.get(), PathBuffer(path).get(), kReadFlags, kBeneath);
    if (fd.valid()) return state_->Describe(std::move(fd), path, root.checked_at);
    if (errno == EXDEV || errno == ENOSYS) break;
    if (errno != EAGAIN) return std::unexpected(ErrorFromOpen(errno, "openat2"));
  }
#endif
  Result<OpenFile> file = state_->Walk(path, now);
  // Opening doesn't wait for a lease of somebody else (a file server's) to be given back.
  if (!file && file.error().code == ErrorCode::kWouldBlock) return Failure(ErrorCode::kUnavailable, "file is leased");
  return file;
}

Result<ParentFolder> DocumentRoot::OpenParent(std::string_view path, MonotonicTime now) const {
  RETURN_IF_ERROR(CheckPath(path));
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return Failure(ErrorCode::kInvalid, "the root has no name");
  const size_t slash = path.rfind('/');
  const bool below = slash != std::string_view::npos;
  ASSIGN_OR_RETURN(UniqueFd folder, state_->OpenFolder(below ? path.substr(0, slash) : "", now));
  if (state_->IsInWithheldFolder(folder.get())) return Failure(ErrorCode::kForbidden, kInScriptFolder);
  return ParentFolder{.folder = std::move(folder), .name = std::string(below ? path.substr(slash + 1) : path)};
}

Result<OpenFile> DocumentRoot::TryOpen(std::string_view path, [[maybe_unused]] MonotonicTime now) const {
  RETURN_IF_ERROR(CheckPath(path));
#if BRILLIANT_LINUX
  if (state_->support == Support::kBeneathCached) {
    ASSIGN_OR_RETURN(const State::Reached root, state_->Reach(0, now, false));
    UniqueFd fd = OpenAt2(root.directory->fd.get(), PathBuffer(path).get(), kReadFlags, kBeneath | RESOLVE_CACHED);
    if (fd.valid()) return state_->Describe(std::move(fd), path, root.checked_at);
    const bool needs_open = errno == EXDEV || errno == ENOSYS;
    if (!needs_open) return std::unexpected(ErrorFromOpen(errno, "openat2"));
  }
#endif
  return Failure(ErrorCode::kWouldBlock, "opening beneath a root");
}

}  // namespace brilliant::files
