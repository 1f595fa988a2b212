#include "cgi/script_path.h"

#include <algorithm>

namespace brilliant::cgi {
namespace {

// The index of the longest extension that `name` ends with; how many there are if it has none of them.
size_t ExtensionOf(std::string_view name, std::span<const std::string> extensions) {
  size_t found = extensions.size();
  for (size_t i = 0; i < extensions.size(); ++i) {
    const bool is_longer = found == extensions.size() || extensions[i].size() > extensions[found].size();
    if (is_longer && name.ends_with(extensions[i])) found = i;
  }
  return found;
}

}  // namespace

bool ScriptSplitReader::Next(ScriptSplit& split) {
  while (component_ < path_.size()) {
    const size_t begin = component_;
    const size_t end = std::min(path_.find('/', begin), path_.size());
    component_ = end + 1;
    const size_t extension = ExtensionOf(path_.substr(begin, end - begin), extensions_);
    if (extension == extensions_.size()) continue;
    split = ScriptSplit{.script_name = path_.substr(0, end), .path_info = path_.substr(end), .extension = extension};
    return true;
  }
  return false;
}

bool IsNonParsedHeaderScript(std::string_view path) { return path.substr(path.rfind('/') + 1).starts_with("nph-"); }

}  // namespace brilliant::cgi
