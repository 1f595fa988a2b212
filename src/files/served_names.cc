#include "files/served_names.h"

#include <algorithm>

#include "base/strings.h"
#include "files/unfinished_files.h"

namespace brilliant::files {

bool HasExtension(std::string_view name, const std::vector<std::string>& extensions) {
  return std::ranges::any_of(extensions, [name](const std::string& extension) {
    return name.size() >= extension.size() && EqualsIgnoreCase(name.substr(name.size() - extension.size()), extension);
  });
}

bool ServedNames::IsHidden(std::string_view name) const {
  if (!name.starts_with('.')) return false;
  // RFC 8615: the one dot folder that is meant for the world.
  return dotfiles_ ? IsUnfinishedName(name) : name != ".well-known";
}

bool ServedNames::IsScript(std::string_view path) const {
  return HasExtension(path.substr(path.rfind('/') + 1), script_extensions_);
}

}  // namespace brilliant::files
