#include "base/descriptor_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/platform.h"

namespace brilliant {

Result<DescriptorPipe> MakeDescriptorPipe() {
  int ends[2] = {-1, -1};
#if BRILLIANT_LINUX
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemFailure("pipe2");
#else
  if (pipe(ends) != 0) return SystemFailure("pipe");
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
#endif
  return DescriptorPipe{.reader = UniqueFd(ends[0]), .writer = UniqueFd(ends[1])};
}

}  // namespace brilliant
