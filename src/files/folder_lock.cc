#include "files/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "files/folder_stream.h"
#include "files/open_file.h"
#include "http/target.h"

namespace brilliant::files {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

Result<uint64_t> BytesOf(UniqueFd fd, size_t depth) {
  if (depth > http::kPathDepthMax) return Failure(ErrorCode::kTooLarge, "folders nested too deep");
  ASSIGN_OR_RETURN(const FolderStream folder, StreamOf(std::move(fd)));
  uint64_t bytes = 0;
  while (true) {
    errno = 0;
    const dirent* const entry = readdir(folder.get());
    if (entry == nullptr && errno != 0) return SystemFailure("readdir");
    if (entry == nullptr) return bytes;
    if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
    struct stat status{};
    if (fstatat(dirfd(folder.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;  // gone meanwhile
    if (S_ISREG(status.st_mode)) bytes += static_cast<uint64_t>(status.st_size);
    if (!S_ISDIR(status.st_mode)) continue;
    UniqueFd below(openat(dirfd(folder.get()), entry->d_name, kFolderFlags));
    if (!below.valid() && errno == ENOENT) continue;
    if (!below.valid()) return std::unexpected(ErrorFromOpen(errno, "counting a folder"));
    ASSIGN_OR_RETURN(const uint64_t more, BytesOf(std::move(below), depth + 1));
    bytes += more;
  }
}

}  // namespace

FolderLock::FolderLock(int folder_fd) {
  UniqueFd fd(openat(folder_fd, ".", kFolderFlags));
  if (!fd.valid()) return;
  int locked = flock(fd.get(), LOCK_EX);
  while (locked != 0 && errno == EINTR) locked = flock(fd.get(), LOCK_EX);
  if (locked == 0) fd_ = std::move(fd);
}

Result<uint64_t> BytesBelow(int folder_fd) {
  UniqueFd fd(openat(folder_fd, ".", kFolderFlags));
  if (!fd.valid()) return std::unexpected(ErrorFromOpen(errno, "counting a folder"));
  return BytesOf(std::move(fd), 0);
}

}  // namespace brilliant::files
