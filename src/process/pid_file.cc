#include "process/pid_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/unique_fd.h"

namespace brilliant::process {
namespace {

std::string OwnText() { return fmt::format("{}\n", getpid()); }

}  // namespace

PidFile& PidFile::operator=(PidFile&& other) noexcept {
  if (this != &other) {
    Remove();
    path_ = std::exchange(other.path_, {});
  }
  return *this;
}

Explained<PidFile> PidFile::Write(const std::string& path) {
  const std::string temporary = fmt::format("{}.{}", path, getpid());
  const auto failure = [&path] {
    const std::string hint =
        errno == ENOENT ? ": its folder does not exist: create it" : fmt::format(": {}", std::strerror(errno));
    return std::unexpected(fmt::format("cannot write pid_file {}{}", path, hint));
  };
  unlink(temporary.c_str());  // left by a dead process that had our pid
  {
    const UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!fd.valid()) return failure();
    const std::string text = OwnText();
    if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return failure();
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    const auto result = failure();
    unlink(temporary.c_str());
    return result;
  }
  PidFile file;
  file.path_ = path;
  return file;
}

void PidFile::Remove() {
  if (path_.empty()) return;
  char text[32] = "";
  const UniqueFd fd(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const ssize_t length = fd.valid() ? read(fd.get(), text, sizeof text) : -1;
  if (length > 0 && std::string_view(text, static_cast<size_t>(length)) == OwnText()) unlink(path_.c_str());
  path_.clear();
}

}  // namespace brilliant::process
