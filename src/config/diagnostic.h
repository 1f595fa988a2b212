// What the configuration's checks say: where, what and how to mend it. Produced by config/ only, printed by main and
// the supervisor.
#ifndef BRILLIANT_CONFIG_DIAGNOSTIC_H_
#define BRILLIANT_CONFIG_DIAGNOSTIC_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace brilliant::config {

enum class Severity : uint8_t { kError, kWarning };

struct Diagnostic {
  Severity severity = Severity::kError;
  Position position;  // line 0: about the file, or about nothing in the text
  int length = 1;     // columns to underline
  std::string message;
  std::string hint;  // "did you mean ...", "write 5g"; may be empty
  std::string line;  // the text of the line, for the excerpt; empty: no excerpt
};

// The message with its excerpt, as in the manual, ending in a newline:
//   site.conf:7:3: error: unknown directive "autoindx" in a location block
//     7 |   autoindx on
//       |   ^~~~~~~~ did you mean "autoindex"?
[[nodiscard]] std::string Render(const Diagnostic& diagnostic);
[[nodiscard]] std::string Render(std::span<const Diagnostic> diagnostics);

[[nodiscard]] bool HasErrors(std::span<const Diagnostic> diagnostics);

}  // namespace brilliant::config

#endif  // BRILLIANT_CONFIG_DIAGNOSTIC_H_
