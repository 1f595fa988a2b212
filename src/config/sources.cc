#include "config/sources.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/unique_fd.h"
#include "config/limits.h"

namespace brilliant::config {
namespace {

Result<std::string> ReadAll(int fd) {
  std::string text;
  char chunk[16'384];
  while (true) {
    const ssize_t count = read(fd, chunk, sizeof chunk);
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemFailure("read");
    if (text.size() + static_cast<size_t>(count) > kFileBytesMax) return Failure(ErrorCode::kTooLarge, "file");
    text.append(chunk, static_cast<size_t>(count));
  }
}

bool IsRegularFile(const char* path) {
  struct stat status{};
  return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

Result<std::string> MachineSources::ReadFile(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd.valid()) return SystemFailure("open");
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) return SystemFailure("fstat");
  if (S_ISDIR(status.st_mode)) return std::unexpected(Error{ErrorCode::kInvalid, EISDIR, "open"});
  Result<std::string> text = ReadAll(fd.get());
  if (text) record_.files[path] = *text;
  return text;
}

Result<std::vector<std::string>> MachineSources::Glob(const std::string& pattern) {
  glob_t matches{};
  const int status = glob(pattern.c_str(), GLOB_NOSORT, nullptr, &matches);
  std::vector<std::string> paths;
  if (status == 0) {
    for (size_t i = 0; i < matches.gl_pathc && paths.size() <= kIncludeFilesMax; ++i) {
      if (IsRegularFile(matches.gl_pathv[i])) paths.emplace_back(matches.gl_pathv[i]);
    }
  }
  globfree(&matches);
  if (status != 0 && status != GLOB_NOMATCH) return Failure(ErrorCode::kSystem, "glob");
  std::sort(paths.begin(), paths.end());
  record_.globs[pattern] = paths;
  return paths;
}

std::optional<std::string> MachineSources::Environment(const std::string& name) {
  std::optional<std::string> value = environment_ ? environment_(name) : std::nullopt;
  if (value) record_.environment[name] = *value;
  return value;
}

Result<std::string> BundleSources::ReadFile(const std::string& path) {
  const auto found = bundle_.files.find(path);
  if (found == bundle_.files.end()) return Failure(ErrorCode::kNotFound, "bundle");
  if (found->second.size() > kFileBytesMax) return Failure(ErrorCode::kTooLarge, "file");
  return found->second;
}

Result<std::vector<std::string>> BundleSources::Glob(const std::string& pattern) {
  const auto found = bundle_.globs.find(pattern);
  if (found == bundle_.globs.end()) return Failure(ErrorCode::kNotFound, "bundle");
  return found->second;
}

std::optional<std::string> BundleSources::Environment(const std::string& name) {
  const auto found = bundle_.environment.find(name);
  if (found == bundle_.environment.end()) return std::nullopt;
  return found->second;
}

bool IsPattern(std::string_view pattern) { return pattern.find_first_of("*?[") != std::string_view::npos; }

std::string EscapePattern(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string ReadErrorText(const Error& error) {
  if (error.code == ErrorCode::kTooLarge) {
    return fmt::format("it has more than {} KiB: is it a configuration?", kFileBytesMax / 1024);
  }
  if (error.system_errno == EISDIR) return "it is a folder";
  if (error.code == ErrorCode::kNotFound) return "there is no such file";
  if (error.system_errno == EACCES) return "permission denied";
  if (error.system_errno != 0) return std::strerror(error.system_errno);
  return ErrorCodeName(error.code);
}

}  // namespace brilliant::config
