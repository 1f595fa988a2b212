// Paths as the configuration means them: text in, absolute normalised text out. Nothing here looks at the disk, so a
// path means the same on every machine and for every process.
#ifndef BRILLIANT_CONFIG_PATHS_H_
#define BRILLIANT_CONFIG_PATHS_H_

#include <string>
#include <string_view>

#include "config/values.h"

namespace brilliant::config {

// Relative paths are below `folder`. Absolute ones are below `prefix` if there is one. `..` may not climb above "/",
// nor out of the prefix. The result has no "." or "..", no empty segment and no slash at its end, unless it is "/"
// alone. `folder` and `prefix` (or empty) are such paths themselves.
[[nodiscard]] Parsed<std::string> ResolvePath(std::string_view text, std::string_view folder, std::string_view prefix);

// The path of a program: as above, but an absolute one ignores the prefix.
[[nodiscard]] Parsed<std::string> ResolveProgram(std::string_view text, std::string_view folder);

// True if `path` is `folder` or below it, by whole segments. Both absolute and normalised.
[[nodiscard]] bool IsWithin(std::string_view path, std::string_view folder);

// `folder` + `rest`, which begins with "/"; without a double slash.
[[nodiscard]] std::string JoinPath(std::string_view folder, std::string_view rest);

// All but the last segment: "/etc" of "/etc/x.conf", "/" of "/x.conf", "" of "x.conf".
[[nodiscard]] std::string_view ParentPath(std::string_view path);

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_PATHS_H_
