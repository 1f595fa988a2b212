#include "process/self_path.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string_view>

#include "base/platform.h"

namespace brilliant::process {
namespace {

constexpr char kProcSelf[] = "/proc/self/exe";

std::string Resolve(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(path.c_str(), nullptr), &std::free);
  return resolved != nullptr && access(resolved.get(), X_OK) == 0 ? std::string(resolved.get()) : std::string();
}

// As the shell found it.
std::string FindInPath(std::string_view name) {
  const char* variable = std::getenv("PATH");
  std::string_view folders = variable == nullptr ? "/usr/local/bin:/usr/bin:/bin" : variable;
  while (!folders.empty()) {
    const size_t colon = folders.find(':');
    const std::string found = Resolve(fmt::format("{}/{}", folders.substr(0, colon), name));
    if (!found.empty()) return found;
    folders = colon == std::string_view::npos ? std::string_view() : folders.substr(colon + 1);
  }
  return {};
}

}  // namespace

Explained<std::string> SelfPath(const char* argv0) {
#if BRILLIANT_LINUX
  if (access(kProcSelf, X_OK) == 0) return kProcSelf;
#endif
  const std::string_view name = argv0 == nullptr ? "" : argv0;
  const std::string path = name.find('/') != std::string_view::npos ? Resolve(std::string(name)) : FindInPath(name);
  if (path.empty()) {
    return std::unexpected(
        fmt::format("cannot find the program's own file ({} is not mounted?): start it by its full path", kProcSelf));
  }
  return path;
}

}  // namespace brilliant::process
