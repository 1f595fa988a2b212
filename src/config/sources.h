// Where the text of a configuration comes from: the machine (which records what it read in a SourceBundle) or such a
// bundle. Owned by the loader for one run; the parser asks it for every file, pattern and variable.
#ifndef BRILLIANT_CONFIG_SOURCES_H_
#define BRILLIANT_CONFIG_SOURCES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/loader.h"

namespace brilliant::config {

class Sources {
 public:
  virtual ~Sources() = default;
  // `path` is absolute. kTooLarge above kFileBytesMax, kInvalid for a folder, else what the system says.
  [[nodiscard]] virtual Result<std::string> ReadFile(const std::string& path) = 0;
  // The regular files that match, sorted by bytes; none is no error. `pattern` is absolute.
  [[nodiscard]] virtual Result<std::vector<std::string>> Glob(const std::string& pattern) = 0;
  [[nodiscard]] virtual std::optional<std::string> Environment(const std::string& name) = 0;
};

// Reads from the machine and adds everything it hands out to `record`, which outlives it.
class MachineSources final : public Sources {
 public:
  MachineSources(const EnvironmentLookup& environment, SourceBundle& record)
      : environment_(environment), record_(record) {}
  [[nodiscard]] Result<std::string> ReadFile(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> Glob(const std::string& pattern) override;
  [[nodiscard]] std::optional<std::string> Environment(const std::string& name) override;

 private:
  const EnvironmentLookup& environment_;
  SourceBundle& record_;
};

// Reads from `bundle` only, which outlives it.
class BundleSources final : public Sources {
 public:
  explicit BundleSources(const SourceBundle& bundle) : bundle_(bundle) {}
  [[nodiscard]] Result<std::string> ReadFile(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> Glob(const std::string& pattern) override;
  [[nodiscard]] std::optional<std::string> Environment(const std::string& name) override;

 private:
  const SourceBundle& bundle_;
};

// True if `pattern` holds one of * ? [
[[nodiscard]] bool IsPattern(std::string_view pattern);
// `text` such that as a part of a pattern it matches only itself.
[[nodiscard]] std::string EscapePattern(std::string_view text);
// In words, for a message: "there is no such file".
[[nodiscard]] std::string ReadErrorText(const Error& error);

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_SOURCES_H_
