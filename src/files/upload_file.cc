#include "files/upload_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/platform.h"
#include "files/exclusive_rename.h"
#include "files/folder_lock.h"
#include "files/unfinished_files.h"
#include "http/target.h"

namespace brilliant::files {
namespace {

// A hidden name that is taken already, by chance: another is tried this often.
constexpr int kHiddenNamesMax = 16;
// What stands under a name may change between looking and acting this often.
constexpr int kReplaceRacesMax = 100;
// What follows a dot and is longer is part of the name.
constexpr size_t kExtensionBytesMax = 64;

#if BRILLIANT_LINUX

std::string LinkOf(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

// Not without /proc: such a file could never get a name.
UniqueFd CreateUnnamed(int folder_fd) {
  UniqueFd fd(openat(folder_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, kUploadMode));
  struct stat status{};
  if (fd.valid() && fstatat(AT_FDCWD, LinkOf(fd.get()).c_str(), &status, 0) != 0) fd.Reset();
  return fd;
}

int LinkUnnamed(int fd, int folder_fd, const std::string& name) {
  return linkat(AT_FDCWD, LinkOf(fd).c_str(), folder_fd, name.c_str(), AT_SYMLINK_FOLLOW);
}

#else

UniqueFd CreateUnnamed(int) { return {}; }

int LinkUnnamed(int, int, const std::string&) {
  errno = ENOTSUP;
  return -1;
}

#endif

// RENAME_NOREPLACE and link say EEXIST of everything that is there.
bool IsTaken(const Error& error) { return error.system_errno == EEXIST; }

bool IsSameFolder(int a_fd, int b_fd) {
  struct stat a{};
  struct stat b{};
  return fstat(a_fd, &a) == 0 && fstat(b_fd, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

Result<std::optional<NamedThing>> LookAt(int folder_fd, const std::string& name) {
  struct stat status{};
  if (fstatat(folder_fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    return NamedThing{.identity = IdentityOf(status), .is_regular = S_ISREG(status.st_mode)};
  }
  if (errno == ENOENT) return std::optional<NamedThing>();
  return std::unexpected(ErrorFromOpen(errno, "fstatat"));
}

std::string FreeName(std::string_view name, int count) {
  const size_t dot = name.rfind('.');
  const bool has_extension = dot != std::string_view::npos && dot > 0 && name.size() - dot <= kExtensionBytesMax;
  const std::string suffix = fmt::format("_{}{}", count, has_extension ? name.substr(dot) : std::string_view());
  const std::string_view stem = has_extension ? name.substr(0, dot) : name;
  size_t length = std::min(stem.size(), http::kPathSegmentBytesMax - suffix.size());
  while (length > 0 && length < stem.size() && IsContinuation(stem[length])) --length;
  return std::string(stem.substr(0, length)) + suffix;
}

Result<std::shared_ptr<UploadFile>> UploadFile::Create(std::shared_ptr<const UniqueFd> folder, Kind kind) {
  UniqueFd unnamed = kind == Kind::kBest ? CreateUnnamed(folder->get()) : UniqueFd();
  if (unnamed.valid())
    return std::shared_ptr<UploadFile>(new UploadFile(std::move(folder), std::move(unnamed), std::string()));
  for (int attempt = 0; attempt < kHiddenNamesMax; ++attempt) {
    std::string name = UnfinishedName();
    UniqueFd named(openat(folder->get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kUploadMode));
    if (!named.valid() && errno != EEXIST) break;
    if (named.valid() && HoldUnfinished(named.get()))
      return std::shared_ptr<UploadFile>(new UploadFile(std::move(folder), std::move(named), std::move(name)));
  }
  Error error = ErrorFromOpen(errno, "creating a file");
  if (error.system_errno == EROFS) error.code = ErrorCode::kForbidden;
  return std::unexpected(error);
}

UploadFile::~UploadFile() {
  if (!hidden_name_.empty()) unlinkat(folder_->get(), hidden_name_.c_str(), 0);
}

// Best effort: where there is no room, writing says so.
void UploadFile::ReserveRoom(uint64_t bytes) {
#if BRILLIANT_LINUX
  if (size_ + bytes <= reserved_ || reserved_ >= expected_) return;
  const uint64_t wanted = std::min(expected_ - reserved_, std::max(bytes, std::min(size_, kReserveBytes)));
  const bool good =
      fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(reserved_), static_cast<off_t>(wanted)) == 0;
  reserved_ = good ? reserved_ + wanted : expected_;
#else
  static_cast<void>(bytes);
#endif
}

Result<void> UploadFile::Append(std::string_view bytes) {
  ReserveRoom(bytes.size());
  while (!bytes.empty()) {
    const ssize_t count = write(file_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemFailure("write");
    size_ += static_cast<uint64_t>(count);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

Result<void> UploadFile::TakeFreeName(const std::string& name) {
  if (hidden_name_.empty()) {
    if (LinkUnnamed(file_.get(), folder_->get(), name) != 0) return SystemFailure("linkat");
  } else {
    const int failure = RenameExclusively(folder_->get(), hidden_name_, folder_->get(), name);
    if (failure != 0) return std::unexpected(ErrorFromErrno(failure, "renameat2"));
    hidden_name_.clear();
  }
  return {};
}

Result<void> UploadFile::TakeNameOver(const std::string& name, bool locked) {
  if (hidden_name_.empty()) {
    // It has no name yet that anybody could remove.
    if (!locked) static_cast<void>(HoldUnfinished(file_.get()));
    std::string hidden = locked ? ReplacingName() : UnfinishedName();
    int linked = LinkUnnamed(file_.get(), folder_->get(), hidden);
    if (linked != 0 && errno == EEXIST && locked) {
      unlinkat(folder_->get(), hidden.c_str(), 0);
      linked = LinkUnnamed(file_.get(), folder_->get(), hidden);
    }
    if (linked != 0) return SystemFailure("linkat");
    hidden_name_ = std::move(hidden);
  }
  if (renameat(folder_->get(), hidden_name_.c_str(), folder_->get(), name.c_str()) != 0)
    return SystemFailure("renameat");
  hidden_name_.clear();
  return {};
}

Result<Published> UploadFile::PublishUnderFreeName(const PublishPlan& plan) {
  const int names = plan.if_taken == PublishPlan::IfTaken::kFail ? 1 : kFreeNamesMax;
  for (int count = 0; count < names; ++count) {
    std::string name = count == 0 ? plan.name : FreeName(plan.name, count);
    const Result<void> taken = TakeFreeName(name);
    if (taken) return Published{.outcome = Published::Outcome::kCreated, .name = std::move(name)};
    if (!IsTaken(taken.error())) return std::unexpected(taken.error());
  }
  return Published{.outcome = Published::Outcome::kTaken, .name = plan.name};
}

Result<Published> UploadFile::PublishOver(const PublishPlan& plan, bool locked) {
  for (int attempt = 0; attempt < kReplaceRacesMax; ++attempt) {
    ASSIGN_OR_RETURN(const std::optional<NamedThing> there, LookAt(folder_->get(), plan.name));
    if (there && !there->is_regular) return Published{.outcome = Published::Outcome::kTaken, .name = plan.name};
    const std::optional<FileIdentity> identity = there ? std::optional(there->identity) : std::nullopt;
    if (plan.expects && identity != plan.expected)
      return Published{.outcome = Published::Outcome::kChanged, .name = plan.name};
    const Result<void> taken = there ? TakeNameOver(plan.name, locked) : TakeFreeName(plan.name);
    if (taken) {
      return Published{.outcome = there ? Published::Outcome::kReplaced : Published::Outcome::kCreated,
                       .name = plan.name};
    }
    if (!IsTaken(taken.error())) return std::unexpected(taken.error());
  }
  return Published{.outcome = Published::Outcome::kChanged, .name = plan.name};
}

// An unnamed file is not counted by what counts the folder, a hidden one is. What it replaces goes.
Result<bool> UploadFile::Fits(const PublishPlan& plan, int quota_folder_fd) const {
  ASSIGN_OR_RETURN(uint64_t bytes, BytesBelow(quota_folder_fd));
  if (hidden_name_.empty()) bytes += size_;
  if (plan.if_taken == PublishPlan::IfTaken::kReplace) {
    ASSIGN_OR_RETURN(const std::optional<NamedThing> there, LookAt(folder_->get(), plan.name));
    if (there && there->is_regular) bytes -= std::min(bytes, there->identity.size);
  }
  return bytes <= plan.quota->bytes_max;
}

Result<Published> UploadFile::Publish(const PublishPlan& plan) {
  if (plan.sync_data && (plan.sync_folder ? fsync(file_.get()) : fdatasync(file_.get())) != 0)
    return SystemFailure("fsync");
  FolderLock quota_lock;
  UniqueFd quota_folder;
  if (plan.quota) {
    quota_folder = UniqueFd(open(plan.quota->folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!quota_folder.valid()) return std::unexpected(ErrorFromOpen(errno, "opening the folder of a quota"));
    quota_lock = FolderLock(quota_folder.get());
    ASSIGN_OR_RETURN(const bool fits, Fits(plan, quota_folder.get()));
    if (!fits) return Published{.outcome = Published::Outcome::kOverQuota, .name = plan.name};
  }
  Result<Published> published;
  if (plan.if_taken == PublishPlan::IfTaken::kReplace) {
    // The folder of a quota comes before those below it, for everybody. One that is both is not locked twice.
    const bool locked = quota_lock.held() && IsSameFolder(quota_lock.fd(), folder_->get());
    const FolderLock lock = locked ? FolderLock() : FolderLock(folder_->get());
    published = PublishOver(plan, locked || lock.held());
  } else {
    published = PublishUnderFreeName(plan);
  }
  const bool sync =
      plan.sync_folder && published &&
      (published->outcome == Published::Outcome::kCreated || published->outcome == Published::Outcome::kReplaced);
  if (!sync) return published;
  const UniqueFd folder(openat(folder_->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || fsync(folder.get()) != 0) return SystemFailure("fsync of a folder");
  return published;
}

}  // namespace brilliant::files
