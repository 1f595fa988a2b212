// The README of a folder, as it is shown below its listing.
#ifndef BRILLIANT_HANDLERS_README_H_
#define BRILLIANT_HANDLERS_README_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "files/document_root.h"

namespace brilliant::handlers {

// Compared without case; the earlier goes before the later.
inline constexpr std::array<std::string_view, 2> kReadmeNames = {"README.md", "README.txt"};
// A larger one is not shown.
inline constexpr size_t kReadmeBytesMax = 65'536;

// As HTML: Markdown if `path` ends with ".md", else the text as it is. Empty if it can't be read, as a request could
// not, or is too large. Blocks.
[[nodiscard]] std::string ReadmeHtml(const files::DocumentRoot& root, std::string_view path, MonotonicTime now);

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_README_H_
