#include "process/log_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace brilliant::process {
namespace {

Explained<UniqueFd> OpenLog(const std::string& path, const char* directive) {
  // As root, a link could point a log that lies in a user's folder at any file of the machine. A pipe nobody reads must
  // not block.
  const int follow = geteuid() == 0 ? O_NOFOLLOW : 0;
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | follow, 0644));
  if (fd.valid()) return fd;
  switch (errno) {
    case ELOOP:
      return std::unexpected(
          fmt::format("{} {} is a symbolic link, which root does not follow: name the file itself", directive, path));
    case ENOENT:
      return std::unexpected(fmt::format("cannot open {} {}: its folder does not exist: create it", directive, path));
    case EACCES:
    case EROFS:
      return std::unexpected(fmt::format("cannot open {} {}: no permission to write there", directive, path));
    default:
      return std::unexpected(fmt::format("cannot open {} {}: {}", directive, path, std::strerror(errno)));
  }
}

}  // namespace

Explained<LogFiles> OpenLogs(const config::Config& config) {
  LogFiles logs;
  if (config.access_log.target == config::AccessLog::Target::kStdout) {
    logs.access.Reset(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!logs.access.valid()) {
      return std::unexpected(fmt::format("cannot duplicate standard output: {}", std::strerror(errno)));
    }
  } else if (config.access_log.target == config::AccessLog::Target::kFile) {
    Explained<UniqueFd> fd = OpenLog(config.access_log.path, "access_log");
    if (!fd) return std::unexpected(fd.error());
    logs.access = std::move(*fd);
  }
  if (!config.error_log.path.empty()) {
    Explained<UniqueFd> fd = OpenLog(config.error_log.path, "error_log");
    if (!fd) return std::unexpected(fd.error());
    logs.error = std::move(*fd);
  }
  return logs;
}

}  // namespace brilliant::process
