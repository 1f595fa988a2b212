#include "files/mime_types.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/strings.h"

namespace brilliant::files {
namespace {

struct MimeType {
  std::string_view extension;
  std::string_view type;
};

constexpr MimeType kTable[] = {
#include "files/mime_table.inc"
};
static_assert(std::ranges::is_sorted(kTable, {}, &MimeType::extension), "the table is searched by halves");

std::string_view ExtensionOf(std::string_view path) {
  // npos + 1 is 0: the whole path is the name.
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view() : name.substr(dot + 1);
}

}  // namespace

MimeTypes::MimeTypes(const std::map<std::string, std::string>& overrides, std::string default_type)
    : overrides_(overrides.begin(), overrides.end()), default_type_(std::move(default_type)) {}

std::string_view MimeTypes::TypeOf(std::string_view path) const {
  const std::string_view extension = ExtensionOf(path);
  if (extension.empty() || extension.size() > kExtensionBytesMax) return default_type_;
  char buffer[kExtensionBytesMax];
  std::ranges::transform(extension, buffer, [](char c) { return ToLower(c); });
  const std::string_view wanted(buffer, extension.size());

  const auto override_found = overrides_.find(wanted);
  if (override_found != overrides_.end()) return override_found->second;
  const auto* found = std::ranges::lower_bound(kTable, wanted, {}, &MimeType::extension);
  if (found == std::end(kTable) || found->extension != wanted) return default_type_;
  return found->type;
}

}  // namespace brilliant::files
