#include "base/unique_fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/check.h"

namespace brilliant {

void UniqueFd::Reset(int fd) {
  const int old_fd = std::exchange(fd_, fd);
  if (old_fd < 0) return;
  const int saved_errno = errno;
  // EINTR: Linux and the BSDs have released the descriptor all the same; a second close could hit another thread's.
  const int closed = close(old_fd);
  CHECK(closed == 0 || errno != EBADF);  // a double close would reach another connection: stop before it does
  errno = saved_errno;
}

void UniqueFd::TakeLowestNumber() {
  if (fd_ < 0) return;
  const int lowest = fcntl(fd_, F_DUPFD_CLOEXEC, 0);
  if (lowest < 0) return;
  UniqueFd duplicate(lowest);
  if (lowest < fd_) *this = std::move(duplicate);
}

}  // namespace brilliant
