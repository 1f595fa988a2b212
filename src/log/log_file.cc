#include "log/log_file.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "base/clock.h"

namespace brilliant::log {
namespace {

using SteadyClock = std::chrono::steady_clock;

bool IsRegular(int fd) {
  struct stat status{};
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

// What one write takes of `rest`: as many whole lines as a pipe takes in one piece, or a part of a line that is longer.
std::string_view PieceOf(std::string_view rest) {
  constexpr size_t kPieceMax = PIPE_BUF - 1;  // a newline may come before it
  if (rest.size() <= kPieceMax) return rest;
  const size_t newline = rest.rfind('\n', kPieceMax - 1);
  return rest.substr(0, newline == std::string_view::npos ? kPieceMax : newline + 1);
}

}  // namespace

LogFile::LogFile(UniqueFd fd) : fd_(std::move(fd)), regular_(IsRegular(fd_.get())) {}

int LogFile::Write(std::string_view lines, size_t& written, SteadyClock::time_point deadline) {
  while (written < lines.size()) {
    const std::string_view rest = lines.substr(written);
    int error = regular_ ? 0 : WaitUntilWritable(deadline);
    if (error == 0) error = WritePiece(regular_ ? rest : PieceOf(rest), written);
    const bool try_again = error == EINTR || (error == EAGAIN && SteadyClock::now() < deadline);
    if (error == 0 || try_again) continue;
    // After a stall the same reader goes on reading there; after any other failure nobody knows who writes next.
    if (error != EAGAIN) Restart(lines, written);
    return error;
  }
  return 0;
}

// Returns 0 or errno; `written` counts on.
int LogFile::WritePiece(std::string_view piece, size_t& written) {
  char newline = '\n';
  const iovec parts[2] = {{&newline, 1}, {const_cast<char*>(piece.data()), piece.size()}};
  const ssize_t count = mid_line_ ? writev(fd_.get(), parts, 2) : writev(fd_.get(), parts + 1, 1);
  if (count < 0) return errno;
  if (count == 0) return EIO;
  written += static_cast<size_t>(count) - (mid_line_ ? 1 : 0);
  mid_line_ = false;
  return 0;
}

int LogFile::WaitUntilWritable(SteadyClock::time_point deadline) const {
  pollfd entry{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
  const auto left = std::chrono::ceil<Milliseconds>(deadline - SteadyClock::now());
  const int ready = poll(&entry, 1, static_cast<int>(std::max(Milliseconds(0), left).count()));
  if (ready < 0) return errno;
  return ready == 0 ? EAGAIN : 0;
}

void LogFile::Restart(std::string_view lines, size_t& written) {
  if (written == 0) return;
  const size_t newline = lines.rfind('\n', written - 1);
  const size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
  if (line_start == written) return;
  mid_line_ = true;
  written = line_start;
}

}  // namespace brilliant::log
