#include "files/exclusive_rename.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/platform.h"

namespace brilliant::files {

int RenameExclusively(int from_folder_fd, const std::string& from, int to_folder_fd, const std::string& to) {
#if BRILLIANT_LINUX
  if (renameat2(from_folder_fd, from.c_str(), to_folder_fd, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;  // what file systems without that flag say
#endif
  if (linkat(from_folder_fd, from.c_str(), to_folder_fd, to.c_str(), 0) != 0) return errno;
  if (unlinkat(from_folder_fd, from.c_str(), 0) == 0) return 0;
  const int failure = errno;
  unlinkat(to_folder_fd, to.c_str(), 0);
  return failure;
}

}  // namespace brilliant::files
