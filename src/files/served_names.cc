#include "files/served_names.h"

#include <algorithm>

#include "base/strings.h"

namespace brilliant::files {

bool ServedNames::IsHidden(std::string_view name) const {
  // RFC 8615: the one dot folder that is meant for the world.
  return !dotfiles_ && name.starts_with('.') && name != ".well-known";
}

bool ServedNames::IsScript(std::string_view path) const {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return std::ranges::any_of(script_extensions_, [name](const std::string& extension) {
    return name.size() >= extension.size() && EqualsIgnoreCase(name.substr(name.size() - extension.size()), extension);
  });
}

}  // namespace brilliant::files
