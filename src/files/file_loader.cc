#include "files/file_loader.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/platform.h"

#if BRILLIANT_LINUX
#include <linux/magic.h>
#include <sys/vfs.h>
#endif

namespace brilliant::files {
namespace {

constexpr size_t kReadAheadPieceBytes = 65'536;

ssize_t ReadRetrying(int fd, char* into, size_t count, uint64_t offset) {
  while (true) {
    const ssize_t got = pread(fd, into, count, static_cast<off_t>(offset));
    if (got >= 0 || errno != EINTR) return got;
  }
}

#if BRILLIANT_LINUX

// tmpfs can't read without waiting, because it never waits.
bool LivesInMemory(int fd) {
  struct statfs file_system{};
  if (fstatfs(fd, &file_system) != 0) return false;
  return file_system.f_type == TMPFS_MAGIC || file_system.f_type == RAMFS_MAGIC;
}

ssize_t TryRead(int fd, char* into, size_t count, uint64_t offset) {
  const iovec part{.iov_base = into, .iov_len = count};
  const ssize_t got = preadv2(fd, &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
  const bool unsupported = got < 0 && (errno == EOPNOTSUPP || errno == ENOSYS);
  if (!unsupported) return got;
  if (LivesInMemory(fd)) return ReadRetrying(fd, into, count, offset);
  errno = EAGAIN;
  return -1;
}

#else

ssize_t TryRead(int, char*, size_t, uint64_t) {
  errno = EAGAIN;
  return -1;
}

#endif

// As much as there is, up to `size` bytes.
Result<std::string> ReadContent(int fd, uint64_t size, Patience patience) {
  std::string content(size, '\0');
  size_t filled = 0;
  while (filled < content.size()) {
    char* into = content.data() + filled;
    const size_t count = content.size() - filled;
    const ssize_t got =
        patience == Patience::kNone ? TryRead(fd, into, count, filled) : ReadRetrying(fd, into, count, filled);
    if (got < 0) return SystemFailure("reading a file");
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  content.resize(filled);
  return content;
}

bool IsSmall(const OpenFile& file) { return file.is_regular && file.size <= kSmallFileBytesMax; }

// Leaves `content` empty if the file doesn't hold still.
Result<void> ReadWhole(LoadedFile& loaded, Patience patience) {
  OpenFile& file = loaded.file;
  for (int attempt = 0; attempt < kReadAttemptsMax && IsSmall(file); ++attempt) {
    const FileIdentity before = IdentityOf(file);
    ASSIGN_OR_RETURN(std::string content, ReadContent(file.fd.get(), file.size, patience));
    RETURN_IF_ERROR(Refresh(file));
    if (IdentityOf(file) == before && content.size() == file.size) {
      loaded.content = std::move(content);
      break;
    }
  }
  return {};
}

}  // namespace

Result<LoadedFile> LoadFile(const LoadRequest& request, Patience patience) {
  LoadedFile loaded;
  ASSIGN_OR_RETURN(loaded.file, patience == Patience::kNone ? request.root.TryOpen(request.path, request.now)
                                                            : request.root.Open(request.path, request.now));
  loaded.unchanged = request.known == IdentityOf(loaded.file);
  if (!loaded.unchanged) RETURN_IF_ERROR(ReadWhole(loaded, patience));
  return loaded;
}

bool IsResident([[maybe_unused]] const OpenFile& file, [[maybe_unused]] uint64_t offset,
                [[maybe_unused]] uint64_t length) {
#if BRILLIANT_LINUX
  if (length == 0) return true;
  char byte;
  // The end first: it is what is missing when only a part was read ahead. 0 is the end of a file cut short.
  return TryRead(file.fd.get(), &byte, 1, offset + length - 1) >= 0 && TryRead(file.fd.get(), &byte, 1, offset) >= 0;
#else
  return true;
#endif
}

Result<void> ReadAhead(const OpenFile& file, uint64_t offset, uint64_t length) {
  const uint64_t end = offset + length;
#if BRILLIANT_LINUX
  // Advice only: reading below is what counts.
  static_cast<void>(
      posix_fadvise(file.fd.get(), static_cast<off_t>(offset), static_cast<off_t>(length), POSIX_FADV_WILLNEED));
#endif
  std::array<char, kReadAheadPieceBytes> scratch;
  while (offset < end) {
    const auto count = static_cast<size_t>(std::min<uint64_t>(scratch.size(), end - offset));
    const ssize_t got = ReadRetrying(file.fd.get(), scratch.data(), count, offset);
    if (got < 0) return SystemFailure("reading ahead");
    if (got == 0) break;
    offset += static_cast<uint64_t>(got);
  }
  return {};
}

}  // namespace brilliant::files
