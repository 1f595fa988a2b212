#include "files/upload_place.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "files/folder_lock.h"
#include "files/unfinished_files.h"

namespace brilliant::files {
namespace {

constexpr mode_t kFolderMode = 0755;  // as far as the umask allows

// "a/b" for "a/b/c", one after the other from the root.
Result<void> MakeFolders(const DocumentRoot& root, std::string_view path, MonotonicTime now) {
  for (size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    ASSIGN_OR_RETURN(const ParentFolder parent, root.OpenParent(path.substr(0, slash), now));
    if (mkdirat(parent.folder.get(), parent.name.c_str(), kFolderMode) != 0 && errno != EEXIST)
      return std::unexpected(ErrorFromOpen(errno, "mkdirat"));
  }
  return {};
}

Result<ParentFolder> OpenFolderOf(const UploadTarget& target) {
  Result<ParentFolder> parent = target.root.OpenParent(target.path, target.now);
  const bool missing = !parent && parent.error().code == ErrorCode::kNotFound;
  if (!missing || !target.make_folders) return parent;
  RETURN_IF_ERROR(MakeFolders(target.root, target.path, target.now));
  return target.root.OpenParent(target.path, target.now);
}

// A file system that doesn't say is taken to have enough.
uint64_t FreeBytes(int folder_fd) {
  struct statvfs status{};
  if (fstatvfs(folder_fd, &status) != 0 || status.f_blocks == 0) return UINT64_MAX;
  return static_cast<uint64_t>(status.f_bavail) * status.f_frsize;
}

Result<uint64_t> LeftOf(const FolderQuota& quota) {
  const UniqueFd folder(open(quota.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return std::unexpected(ErrorFromOpen(errno, "opening the folder of a quota"));
  ASSIGN_OR_RETURN(const uint64_t used, BytesBelow(folder.get()));
  return used < quota.bytes_max ? quota.bytes_max - used : 0;
}

}  // namespace

Result<UploadPlace> OpenUploadPlace(const UploadTarget& target) {
  ASSIGN_OR_RETURN(ParentFolder parent, OpenFolderOf(target));
  UploadPlace place;
  place.folder = std::make_shared<const UniqueFd>(std::move(parent.folder));
  place.name = std::move(parent.name);
  ASSIGN_OR_RETURN(place.there, LookAt(place.folder->get(), place.name));
  ASSIGN_OR_RETURN(place.file, UploadFile::Create(place.folder));
  if (target.sweep && place.file->has_hidden_name()) SweepUnfinished(place.folder->get());
  place.free_bytes = FreeBytes(place.folder->get());
  if (target.quota) {
    ASSIGN_OR_RETURN(place.quota_left, LeftOf(*target.quota));
  }
  return place;
}

}  // namespace brilliant::files
