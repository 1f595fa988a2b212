// An open descriptor with what is known of it: what DocumentRoot opens, FileStore keeps and responses send from. Made
// by DescribeFile, immutable once shared; any thread may read one.
#ifndef BRILLIANT_FILES_OPEN_FILE_H_
#define BRILLIANT_FILES_OPEN_FILE_H_

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace brilliant::files {

// What tells one state of a file from another: if all of it is the same, so is the content (but see FileStore for files
// that changed just now).
struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size = 0;
  int64_t mtime_ns = 0;
  int64_t ctime_ns = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

// An open descriptor and what was true of it when it was opened. Immutable; shared by the store and the responses that
// send from it: read it with pread or sendfile at an offset, and read a folder through a descriptor of one's own
// (`openat(fd, ".", ...)`), because the descriptor's own position belongs to nobody.
struct OpenFile {
  UniqueFd fd;
  uint64_t size = 0;
  int64_t mtime_ns = 0;
  int64_t ctime_ns = 0;
  uint64_t device = 0;
  uint64_t inode = 0;
  bool is_directory = false;
  bool is_regular = false;
  // When its path is known to have named it.
  MonotonicTime checked_at{};
};
using OpenFilePtr = std::shared_ptr<const OpenFile>;

[[nodiscard]] FileIdentity IdentityOf(const OpenFile& file);
[[nodiscard]] FileIdentity IdentityOf(const struct stat& status);

// What is true of it now.
[[nodiscard]] Result<FileIdentity> CurrentIdentity(int fd);

// Asks the file system about `fd`. kForbidden for what is neither a regular file nor a folder.
[[nodiscard]] Result<OpenFile> DescribeFile(UniqueFd fd);
// Asks again.
[[nodiscard]] Result<void> Refresh(OpenFile& file);

// The path of an open file, without any link in it; empty where the system can't say.
[[nodiscard]] std::string RealPath(int fd);

// ErrorFromErrno for calls that open by name: a socket, a device without a driver and too many links are kForbidden, a
// name too long for the file system is kTooLarge, EAGAIN stays kWouldBlock.
[[nodiscard]] Error ErrorFromOpen(int system_errno, const char* context);

}  // namespace brilliant::files

#endif  // BRILLIANT_FILES_OPEN_FILE_H_
