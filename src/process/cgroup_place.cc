#include "process/cgroup_place.h"

#include <array>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "base/platform.h"
#include "base/strings.h"

#if BRILLIANT_LINUX
#include <sys/xattr.h>
#endif

namespace brilliant::process {
namespace {

// The fields of a line of mountinfo that matter, counted from 0; how many there are before "-" differs.
constexpr size_t kRootField = 3;
constexpr size_t kFolderField = 4;
constexpr size_t kOptionsField = 5;

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// The kernel writes blanks, tabs, newlines and backslashes as \040 and so on.
std::string Unescape(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escaped =
        text[i] == '\\' && i + 3 < text.size() && IsOctal(text[i + 1]) && IsOctal(text[i + 2]) && IsOctal(text[i + 3]);
    if (!escaped) {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
    i += 3;
  }
  return plain;
}

bool IsWritable(std::string_view options) {
  for (const std::string_view option : Split(options, ',')) {
    if (option == "rw") return true;
  }
  return false;
}

#if BRILLIANT_LINUX

bool IsDelegated(const std::string& folder) {
  for (const char* name : {"user.delegate", "trusted.delegate"}) {
    std::array<char, 2> value;
    if (getxattr(folder.c_str(), name, value.data(), value.size()) == 1 && value[0] == '1') return true;
  }
  return false;
}

#else

bool IsDelegated(const std::string& /*folder*/) { return false; }

#endif

}  // namespace

std::optional<CgroupMount> FindCgroupMount(std::string_view mountinfo) {
  for (const std::string_view line : Split(mountinfo, '\n')) {
    const size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const std::vector<std::string_view> fields = Split(line.substr(0, dash), ' ');
    const std::vector<std::string_view> kind = Split(line.substr(dash + 3), ' ');
    if (fields.size() <= kOptionsField || kind.size() < 3 || kind[0] != "cgroup2") continue;
    if (!IsWritable(fields[kOptionsField]) || !IsWritable(kind[2])) continue;
    return CgroupMount{.folder = Unescape(fields[kFolderField]), .root = Unescape(fields[kRootField])};
  }
  return std::nullopt;
}

std::string OwnCgroup(std::string_view cgroup) {
  constexpr std::string_view kPrefix = "0::";
  for (const std::string_view line : Split(cgroup, '\n')) {
    if (line.starts_with(kPrefix)) return std::string(line.substr(kPrefix.size()));
  }
  return {};
}

std::string CgroupFolder(const CgroupMount& mount, std::string_view own) {
  // Outside of the namespace's part, or removed.
  if (!own.starts_with('/') || own.starts_with("/..") || own.ends_with(" (deleted)")) return {};
  if (mount.root != "/") {
    if (!own.starts_with(mount.root)) return {};
    own.remove_prefix(mount.root.size());
    if (!own.empty() && own.front() != '/') return {};
  }
  return own.empty() || own == "/" ? mount.folder : mount.folder + std::string(own);
}

CgroupHome FindCgroupHome() {
  const std::optional<CgroupMount> mount = FindCgroupMount(ReadWhole("/proc/self/mountinfo"));
  if (!mount) return {};
  std::string own = CgroupFolder(*mount, OwnCgroup(ReadWhole("/proc/self/cgroup")));
  if (own.size() <= mount->folder.size()) return {.folder = std::move(own)};
  std::string above = own.substr(0, own.rfind('/'));
  if (IsDelegated(above)) return {.folder = std::move(above), .delegated = true};
  return {.folder = std::move(own)};
}

}  // namespace brilliant::process
