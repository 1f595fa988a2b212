#include "process/supervisor_log.h"

#include <poll.h>
#include <unistd.h>

#include <string>

namespace brilliant::process {

void SupervisorLog::Redirect(UniqueFd fd, log::Level least) {
  fd_ = std::move(fd);
  least_ = least;
}

void SupervisorLog::Write(log::Level level, std::string_view text) {
  if (level < least_) return;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    WriteLine(log::FormatErrorLine(time_.Wall(), level, text.substr(0, end)));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

void SupervisorLog::WriteLine(std::string_view line) {
  const int fd = fd_.valid() ? fd_.get() : STDERR_FILENO;
  // A pipe or terminal that is ready takes PIPE_BUF bytes without blocking, which is a little less than the longest
  // line.
  pollfd entry{.fd = fd, .events = POLLOUT, .revents = 0};
  if (poll(&entry, 1, 0) != 1 || (entry.revents & POLLOUT) == 0) {
    ++lost_;
    return;
  }
  if (lost_ > 0) {
    const std::string note =
        log::FormatErrorLine(time_.Wall(), log::Level::kWarn, fmt::format("lines lost count={}", lost_));
    lost_ = 0;
    WriteLine(note);
  }
  if (write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ++lost_;
}

}  // namespace brilliant::process
