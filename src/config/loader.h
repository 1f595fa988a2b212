// From the text of a configuration file to a Config. Called by main (--check), the supervisor (start, reload) and, with
// the sources the supervisor already read, by each worker. Blocking; never on an event loop.
#ifndef BRILLIANT_CONFIG_LOADER_H_
#define BRILLIANT_CONFIG_LOADER_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/diagnostic.h"

namespace brilliant::config {

// All the text a configuration is made of: the main file, what `include` found, and the environment values that ${NAME}
// took. Reading it once and handing it on makes every process see the same configuration.
struct SourceBundle {
  std::string main_path;                                  // as given by the user: messages show it so
  std::string folder;                                     // absolute, of the main file: relative paths start here
  bool generated = false;                                 // by quick mode, not written by a user (config/quick.h)
  std::string prefix;                                     // --prefix, absolute, or empty
  std::map<std::string, std::string> files;               // absolute path -> text
  std::map<std::string, std::vector<std::string>> globs;  // include pattern (absolute) -> paths, sorted
  std::map<std::string, std::string> environment;

  // The absolute path of the main file: its key in `files`.
  [[nodiscard]] std::string MainFile() const;

  // Length-prefixed bytes for a descriptor between two processes of the same build. Deserialize refuses anything that
  // Serialize does not write (kInvalid), and more than kBundleBytesMax (kTooLarge).
  [[nodiscard]] std::string Serialize() const;
  [[nodiscard]] static Result<SourceBundle> Deserialize(std::string_view bytes);
};

struct LoadResult {
  std::optional<Config> config;         // absent exactly if there are errors
  std::vector<Diagnostic> diagnostics;  // all errors and warnings of the text, in the order of the text
  SourceBundle sources;
};

using EnvironmentLookup = std::function<std::optional<std::string>(std::string_view name)>;

// Reads and checks `path` and what it includes. `prefix` empty: none; else a folder, relative ones to the working
// directory. Never binds, never looks at the machine beyond these files.
[[nodiscard]] LoadResult LoadFile(const std::string& path, const std::string& prefix,
                                  const EnvironmentLookup& environment);
// The same from memory; reads no file.
[[nodiscard]] LoadResult LoadBundle(const SourceBundle& sources);

// What the configuration names but the machine does not have, as the calling user sees it: roots that do not exist or
// cannot be entered (naming the path component and the permission that blocks), error pages and programs that cannot be
// read. All warnings.
[[nodiscard]] std::vector<Diagnostic> CheckMachine(const Config& config);

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_LOADER_H_
