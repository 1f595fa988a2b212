#include "config/paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "config/limits.h"
#include "config/text.h"

namespace brilliant::config {
namespace {

size_t CountSegments(std::string_view path) {
  return path.size() <= 1 ? 0 : static_cast<size_t>(std::count(path.begin(), path.end(), '/'));
}

// Appends the segments of `text` to those of `base`; `..` may not leave fewer than `least`.
Parsed<std::string> Append(std::string_view base, std::string_view text, size_t least) {
  std::vector<std::string_view> segments;
  for (std::string_view rest : {base, text}) {
    while (!rest.empty()) {
      const size_t slash = std::min(rest.find('/'), rest.size());
      const std::string_view segment = rest.substr(0, slash);
      rest.remove_prefix(std::min(slash + 1, rest.size()));
      if (segment.empty() || segment == ".") continue;
      if (segment != "..") {
        segments.push_back(segment);
      } else if (segments.size() <= least) {
        return std::unexpected(ValueError{
            fmt::format("{} climbs above {}", Quoted(text), least == 0 ? "/" : "the prefix"), "remove a \"..\""});
      } else {
        segments.pop_back();
      }
    }
  }
  std::string result;
  for (const std::string_view segment : segments) {
    result += '/';
    result += segment;
  }
  if (result.size() > kPathBytesMax) {
    return std::unexpected(ValueError{fmt::format("a path of more than {} bytes", kPathBytesMax), ""});
  }
  return result.empty() ? "/" : result;
}

Parsed<void> CheckText(std::string_view text) {
  if (text.empty()) return std::unexpected(ValueError{"the path is empty", "name a file or a folder"});
  if (text == "~" || text.starts_with("~/")) {
    return std::unexpected(ValueError{"~ does not stand for your home folder here", "write ${HOME} or the whole path"});
  }
  return {};
}

}  // namespace

Parsed<std::string> ResolvePath(std::string_view text, std::string_view folder, std::string_view prefix) {
  if (Parsed<void> checked = CheckText(text); !checked) return std::unexpected(checked.error());
  if (text.starts_with('/')) return Append(prefix, text, CountSegments(prefix));
  const bool inside = !prefix.empty() && IsWithin(folder, prefix);
  return Append(folder, text, inside ? CountSegments(prefix) : 0);
}

Parsed<std::string> ResolveProgram(std::string_view text, std::string_view folder) {
  return ResolvePath(text, folder, "");
}

bool IsWithin(std::string_view path, std::string_view folder) {
  if (folder == "/") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string JoinPath(std::string_view folder, std::string_view rest) {
  if (rest == "/") return std::string(folder);
  if (folder == "/") return std::string(rest);
  return std::string(folder) + std::string(rest);
}

std::string_view ParentPath(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  return path.substr(0, std::max<size_t>(slash, 1));
}

}  // namespace brilliant::config
