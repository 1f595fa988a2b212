#include "files/folder_reader.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace brilliant::files {

Result<FolderReader> FolderReader::Open(const OpenFile& folder, Place place) {
  ASSIGN_OR_RETURN(FolderStream stream, OpenStream(folder.fd.get()));
  return FolderReader(std::move(stream), std::move(place));
}

Result<std::optional<FolderEntry>> FolderReader::Next(MonotonicTime now) {
  while (true) {
    errno = 0;
    const dirent* const found = readdir(folder_.get());
    if (found == nullptr && errno != 0) return SystemFailure("readdir");
    if (found == nullptr) return std::nullopt;
    const std::string_view name = found->d_name;
    if (name == "." || name == ".." || !place_.names->Contains(name)) continue;
    const std::optional<FolderEntry> entry = Describe(name, now);
    if (entry) return entry;
  }
}

std::optional<FolderEntry> FolderReader::Describe(std::string_view name, MonotonicTime now) const {
  struct stat status{};
  if (fstatat(dirfd(folder_.get()), name.data(), &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  FolderEntry entry{.name = name, .mtime_seconds = status.st_mtime};
  if (S_ISREG(status.st_mode)) {
    entry.size = static_cast<uint64_t>(status.st_size);
    return entry;
  }
  entry.kind = EntryKind::kFolder;
  if (S_ISDIR(status.st_mode)) return entry;
  return S_ISLNK(status.st_mode) ? DescribeLink(name, now) : std::nullopt;
}

// Opened as a request would open it, so that it is judged by the same rules.
std::optional<FolderEntry> FolderReader::DescribeLink(std::string_view name, MonotonicTime now) const {
  const Result<OpenFile> file = place_.root.Open(place_.path + std::string(name), now);
  if (!file) return std::nullopt;
  return FolderEntry{.name = name,
                     .kind = file->is_directory ? EntryKind::kFolder : EntryKind::kFile,
                     .size = file->is_directory ? 0 : file->size,
                     .mtime_seconds = WallTime{.nanoseconds = file->mtime_ns}.seconds(),
                     .is_link = true};
}

}  // namespace brilliant::files
