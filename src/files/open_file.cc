#include "files/open_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "base/platform.h"

namespace brilliant::files {
namespace {

int64_t Nanoseconds(const timespec& time) { return static_cast<int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec; }

// POSIX calls the members st_mtim and st_ctim, macOS st_mtimespec and st_ctimespec.
template <typename Status>
int64_t ModificationTimeNs(const Status& status) {
  if constexpr (requires { status.st_mtim; }) {
    return Nanoseconds(status.st_mtim);
  } else {
    return Nanoseconds(status.st_mtimespec);
  }
}

template <typename Status>
int64_t ChangeTimeNs(const Status& status) {
  if constexpr (requires { status.st_ctim; }) {
    return Nanoseconds(status.st_ctim);
  } else {
    return Nanoseconds(status.st_ctimespec);
  }
}

}  // namespace

FileIdentity IdentityOf(const OpenFile& file) {
  return FileIdentity{.device = file.device,
                      .inode = file.inode,
                      .size = file.size,
                      .mtime_ns = file.mtime_ns,
                      .ctime_ns = file.ctime_ns};
}

FileIdentity IdentityOf(const struct stat& status) {
  return FileIdentity{.device = static_cast<uint64_t>(status.st_dev),
                      .inode = static_cast<uint64_t>(status.st_ino),
                      .size = static_cast<uint64_t>(status.st_size),
                      .mtime_ns = ModificationTimeNs(status),
                      .ctime_ns = ChangeTimeNs(status)};
}

Result<void> Refresh(OpenFile& file) {
  struct stat status{};
  if (fstat(file.fd.get(), &status) != 0) return SystemFailure("fstat");
  const FileIdentity identity = IdentityOf(status);
  file.size = identity.size;
  file.mtime_ns = identity.mtime_ns;
  file.ctime_ns = identity.ctime_ns;
  file.device = identity.device;
  file.inode = identity.inode;
  file.is_directory = S_ISDIR(status.st_mode);
  file.is_regular = S_ISREG(status.st_mode);
  return {};
}

Result<FileIdentity> CurrentIdentity(int fd) {
  struct stat status{};
  if (fstat(fd, &status) != 0) return SystemFailure("fstat");
  return FileIdentity{.device = static_cast<uint64_t>(status.st_dev),
                      .inode = static_cast<uint64_t>(status.st_ino),
                      .size = static_cast<uint64_t>(status.st_size),
                      .mtime_ns = ModificationTimeNs(status),
                      .ctime_ns = ChangeTimeNs(status)};
}

Result<OpenFile> DescribeFile(UniqueFd fd) {
  OpenFile file{.fd = std::move(fd)};
  RETURN_IF_ERROR(Refresh(file));
  if (!file.is_regular && !file.is_directory) return Failure(ErrorCode::kForbidden, "neither a file nor a folder");
  return file;
}

std::string RealPath([[maybe_unused]] int fd) {
#if BRILLIANT_LINUX
  std::string path(PATH_MAX, '\0');
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = readlink(link.c_str(), path.data(), path.size());
  if (length > 0 && static_cast<size_t>(length) < path.size()) {
    path.resize(static_cast<size_t>(length));
    return path;
  }
#endif
  return {};
}

Error ErrorFromOpen(int system_errno, const char* context) {
  Error error = ErrorFromErrno(system_errno, context);
  switch (system_errno) {
    case ENXIO:
    case ENODEV:
    case ELOOP:
    case EOPNOTSUPP:  // what BSDs say of a socket
      error.code = ErrorCode::kForbidden;
      break;
    case ENAMETOOLONG:
      error.code = ErrorCode::kTooLarge;
      break;
    default:
      break;
  }
  return error;
}

}  // namespace brilliant::files
