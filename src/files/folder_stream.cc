#include "files/folder_stream.h"

#include <fcntl.h>

#include <cerrno>

#include "files/open_file.h"

namespace brilliant::files {

Result<FolderStream> StreamOf(UniqueFd folder) {
  FolderStream stream(fdopendir(folder.get()));
  if (stream == nullptr) return SystemFailure("fdopendir");
  static_cast<void>(folder.Release());
  return stream;
}

Result<FolderStream> OpenStream(int folder_fd) {
  UniqueFd folder(openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return std::unexpected(ErrorFromOpen(errno, "opening a folder to read it"));
  return StreamOf(std::move(folder));
}

}  // namespace brilliant::files
