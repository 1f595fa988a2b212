#include "files/removal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace brilliant::files {
namespace {

RemovableKind KindOf(mode_t mode) {
  if (S_ISREG(mode)) return RemovableKind::kFile;
  if (S_ISLNK(mode)) return RemovableKind::kLink;
  if (S_ISDIR(mode)) return RemovableKind::kFolder;
  return RemovableKind::kOther;
}

}  // namespace

Result<RemovableEntry> LookUpEntry(int folder_fd, const std::string& name) {
  struct stat status{};
  if (fstatat(folder_fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return SystemFailure("fstatat");
  return RemovableEntry{.kind = KindOf(status.st_mode), .identity = IdentityOf(status)};
}

Result<Removable> FindRemovable(const DocumentRoot& root, std::string_view path, MonotonicTime now) {
  ASSIGN_OR_RETURN(ParentFolder parent, root.OpenParent(path, now));
  ASSIGN_OR_RETURN(const RemovableEntry entry, LookUpEntry(parent.folder.get(), parent.name));
  if (entry.kind == RemovableKind::kOther) return Failure(ErrorCode::kForbidden, "neither a file nor a folder");
  if (path.ends_with('/') && entry.kind != RemovableKind::kFolder) return Failure(ErrorCode::kNotFound, "no folder");
  Removable thing{.folder = std::make_shared<const UniqueFd>(std::move(parent.folder)),
                  .name = std::move(parent.name),
                  .entry = entry,
                  .content = std::nullopt};
  if (entry.kind == RemovableKind::kFile) thing.content = entry.identity;
  if (entry.kind == RemovableKind::kLink) {
    const Result<OpenFile> target = root.Open(path, now);
    if (target && target->is_regular) thing.content = IdentityOf(*target);
  }
  return thing;
}

Result<void> Remove(const Removable& thing, bool unchanged) {
  const int folder = thing.folder->get();
  if (unchanged) {
    ASSIGN_OR_RETURN(const RemovableEntry now, LookUpEntry(folder, thing.name));
    if (now.identity != thing.entry.identity) return Failure(ErrorCode::kInvalid, "changed meanwhile");
  }
  const int flags = thing.entry.kind == RemovableKind::kFolder ? AT_REMOVEDIR : 0;
  if (unlinkat(folder, thing.name.c_str(), flags) == 0) return {};
  if (errno == EEXIST) errno = ENOTEMPTY;  // POSIX allows both
  return SystemFailure("unlinkat");
}

}  // namespace brilliant::files
