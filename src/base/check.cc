#include "base/check.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace brilliant {

void CheckFailed(const char* condition, const char* file, int line) {
  char text[512];
  const int length = std::snprintf(text, sizeof text, "brilliantserver: internal error: CHECK(%s) failed at %s:%d\n",
                                   condition, file, line);
  if (length > 0) {
    const size_t count = static_cast<size_t>(length) < sizeof text ? static_cast<size_t>(length) : sizeof text - 1;
    // One write, no stdio buffers: the process may be in any state. Nothing can be done when it fails.
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text, count);
  }
  std::abort();
}

}  // namespace brilliant
